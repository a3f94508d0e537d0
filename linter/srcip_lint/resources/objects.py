"""What every Kubernetes object has: its identity, labels and annotations, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.finding import ObjectRef
from srcip_lint.resources.fields import Field, Unknown, placeholder
from srcip_lint.resources.selectors import Answer, Labels


@dataclass(frozen=True, eq=False, slots=True)
class Object:
    """The identity of an object. An absent namespace is None: whatever `kubectl -n` says, not `default`."""

    place: Place
    group: str
    version: str
    kind: str
    namespace: str | None
    name: str
    labels: Labels
    annotations: Mapping[str, str | Unknown]
    generated: bool = False
    """Is `name` only the prefix (`generateName`) of a name that the API server makes up?"""
    controller: tuple[str, str] | None = None
    """Kind and name of the object that made this one and keeps it, as in a dump of a cluster; None for what was
    written."""

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef(self.group, self.kind, self.namespace, self.name)

    @property
    def folder(self) -> tuple[str, ...]:
        """The folder of its scope: its file's, or that of the kustomization that renders it."""
        return self.place.document.folder

    @property
    def stream(self) -> str:
        """What it is applied together with: its file, or the kustomization that renders it."""
        return self.place.document.stream

    @property
    def path(self) -> str:
        """The file it stands in; where several make it up, the one that the others change."""
        return self.place.source.path

    @property
    def files(self) -> frozenset[str]:
        """The paths of all files that something of it is written in."""
        return self.place.document.files

    def holds(self, at: Place) -> bool:
        """Does a place stand in this object?"""
        return at.document is self.place.document and at.path[: len(self.place.path)] == self.place.path

    def same_manifest(self, other: Object) -> bool:
        """Is the other one made of the same manifest, by another way that leads to it?"""
        mine, theirs = self.place.origin, other.place.origin
        return mine.document is theirs.document and mine.path == theirs.path

    def annotation(self, key: str) -> str | None:
        """The annotation's value where it is written and known."""
        value = self.annotations.get(key)
        return value if isinstance(value, str) else None


def read_object(root: Field) -> Object:
    """The identity of an object. Raises nothing: what is missing is empty."""
    metadata = root.field("metadata")
    group, _, version = _text(root.field("apiVersion")).rpartition("/")
    namespace = metadata.field("namespace")
    name = _text(metadata.field("name"))
    return Object(
        place=root.place,
        group=group,
        version=version,
        kind=_text(root.field("kind")),
        namespace=_text(namespace) or None,
        name=name or _text(metadata.field("generateName")),
        labels=metadata.field("labels").text_map(),
        annotations=metadata.field("annotations").text_map(),
        generated=not name,
        controller=_controller(metadata.field("ownerReferences")),
    )


def _controller(references: Field) -> tuple[str, str] | None:
    owners = (owner for owner in references.items() if owner.field("controller").raw is True)
    return next(((_text(owner.field("kind")), _text(owner.field("name"))) for owner in owners), None)


def same_namespace(one: str | None, other: str | None) -> Answer:
    """Are two objects in one namespace? Two absent ones are (one `kubectl apply`); an absent and a named one may be."""
    if one == other:
        return Answer.YES
    if one is None or other is None or placeholder(one) or placeholder(other):
        return Answer.UNKNOWN
    return Answer.NO


def _text(field: Field) -> str:
    """The text as it is written, placeholders and all: two objects named alike by one placeholder are one."""
    if isinstance(field.raw, str):
        return field.raw
    value = field.text("").value
    return value if isinstance(value, str) else ""
