"""A kustomization file as a value: what it puts together, and what it changes.

A list that is none makes the layer incomplete; any other value of a wrong type is left out. The order in which things
are applied is kustomize's (`api/internal/target`), not that of the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.kustomize.field_specs import CLAIM_LABELS, COMMON_LABELS, METADATA_LABELS, TEMPLATE_LABELS, FieldSpec
from srcip_lint.kustomize.selection import Target, target
from srcip_lint.kustomize.tree import Node, Written, at, child, fields_of, is_null, items_of, scalar, text

GROUP = "kustomize.config.k8s.io"


@dataclass(frozen=True, eq=False, slots=True)
class Text:
    """A scalar and where it stands."""

    value: str
    place: Place


@dataclass(frozen=True, eq=False, slots=True)
class Labels:
    """Labels to set, in the fields that the specifications name."""

    pairs: Mapping[str, Node]
    place: Place
    specs: tuple[FieldSpec, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Patch:
    """A patch: its text, the path of its file, or its value. `target` is None where the patch names its object."""

    written: Text | None = None
    path: Text | None = None
    value: Node | None = None
    target: Target | None = None
    may_rename: bool = False
    may_change_kind: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Image:
    """An image by its name, and what to make of name, tag and digest; None leaves them as they are."""

    name: str
    new_name: Text | None
    new_tag: Text | None
    digest: Text | None
    tag_suffix: Text | None


@dataclass(frozen=True, eq=False, slots=True)
class Replicas:
    name: str
    count: Written


@dataclass(frozen=True, eq=False, slots=True)
class Generator:
    """A ConfigMap to make: `files` are `path` or `key=path`, `literals` are `key=value`, `envs` name files of such."""

    name: str
    namespace: Text | None
    behavior: str
    files: tuple[Text, ...]
    literals: tuple[Text, ...]
    envs: tuple[Text, ...]
    labels: Mapping[str, Node]
    annotations: Mapping[str, Node]
    place: Place


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """One kustomization. `folder` is the absolute path that its references start from.

    `opaque` says what rewrites the objects in a way that is not followed; `incomplete` what adds objects that cannot be
    seen. `attached` are files that belong to it and are no manifests.
    """

    place: Place
    folder: str
    resources: tuple[Text, ...] = ()
    components: tuple[Text, ...] = ()
    namespace: Text | None = None
    prefix: str = ""
    suffix: str = ""
    labels: tuple[Labels, ...] = ()
    annotations: Mapping[str, Node] | None = None
    merges: tuple[Patch, ...] = ()
    patches: tuple[Patch, ...] = ()
    operations: tuple[Patch, ...] = ()
    images: tuple[Image, ...] = ()
    replicas: tuple[Replicas, ...] = ()
    generators: tuple[Generator, ...] = ()
    replacements: tuple[Node, ...] = ()
    configurations: tuple[Text, ...] = ()
    own_schema: bool = False
    opaque: Place | None = None
    incomplete: tuple[Place, ...] = ()
    attached: tuple[Text, ...] = ()

    @property
    def changes(self) -> int:
        """How often the layer goes through its objects, at most."""
        lists = (self.labels, self.merges, self.patches, self.operations, self.images, self.replicas, self.generators)
        aims = sum(len(entries(child(each, "targets"))) for each in self.replacements)
        return 1 + sum(map(len, lists)) + len(self.replacements) + aims

    @property
    def namespace_set(self) -> Text | None:
        return self.namespace if self.namespace and self.namespace.value else None


MAX_ENTRIES = 10_000
"""How many entries of one of its lists a kustomization may have; more are not looked at."""

_UNSEEN = ("generators", "helmCharts", "helmChartInflationGenerator")
_LISTS = (
    "configMapGenerator",
    "labels",
    "replacements",
    "resources",
    "bases",
    "components",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "images",
    "replicas",
)
_ATTACHED = ("crds", "configurations", "generators", "transformers", "validators")


def is_kustomization(node: Node) -> bool:
    """Is a document of a file with a kustomization's name one? Kind and version may be absent."""
    group, kind = text(node, "apiVersion").rpartition("/")[0], text(node, "kind")
    return fields_of(node) is not None and group in ("", GROUP) and kind in ("", "Kustomization", "Component")


def read_layer(node: Node, folder: str) -> Layer:
    """The kustomization at `node`."""
    return Layer(
        place=node.place,
        folder=folder,
        resources=(*texts(child(node, "resources")), *texts(child(node, "bases"))),
        components=texts(child(node, "components")),
        namespace=text_at(node, "namespace"),
        prefix=text(node, "namePrefix"),
        suffix=text(node, "nameSuffix"),
        labels=tuple(_labels(node)),
        annotations=fields_of(child(node, "commonAnnotations")),
        merges=merges(child(node, "patchesStrategicMerge")),
        patches=patches(child(node, "patches")),
        operations=patches(child(node, "patchesJson6902")),
        images=(*images(child(node, "images")), *images(child(node, "imageTags"))),
        replicas=tuple(_replicas(child(node, "replicas"))),
        generators=tuple(_generators(node)),
        replacements=entries(child(node, "replacements")),
        configurations=texts(child(node, "configurations")),
        own_schema=not is_null(child(node, "openapi")),
        opaque=_filled(node, "transformers"),
        incomplete=(*(place for name in _UNSEEN if (place := _filled(node, name))), *_misread(node)),
        attached=tuple(_attached(node)),
    )


def entries(node: Node | None) -> tuple[Node, ...]:
    """The items of a list, up to the bound; none where it is no list."""
    return (items_of(node) or ())[:MAX_ENTRIES]


def texts(node: Node | None) -> tuple[Text, ...]:
    """The strings of a list."""
    return tuple(found for item in entries(node) if (found := as_text(item)))


def as_text(node: Node | None) -> Text | None:
    """A string or a number as text, with its place."""
    value = scalar(node)
    if node is None or isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return Text(str(value), node.place)


def text_at(node: Node | None, name: str) -> Text | None:
    return as_text(child(node, name))


def _filled(node: Node, name: str) -> Place | None:
    """The place of a field that holds something."""
    below = child(node, name)
    return below.place if below is not None and (items_of(below) or fields_of(below)) else None


def _misread(node: Node) -> Iterator[Place]:
    """The fields that must be lists and are none, or too long ones."""
    for name in _LISTS:
        below = child(node, name)
        items = items_of(below)
        if below is not None and not is_null(below) and (items is None or len(items) > MAX_ENTRIES):
            yield below.place


def _labels(node: Node) -> Iterator[Labels]:
    for item in entries(child(node, "labels")):
        pairs = fields_of(child(item, "pairs"))
        if pairs:
            yield Labels(pairs, item.place.at("pairs"), (*_label_specs(item), *_own_specs(child(item, "fields"))))
    common = child(node, "commonLabels")
    pairs = fields_of(common)
    if pairs and common is not None:
        yield Labels(pairs, common.place, COMMON_LABELS)


def _label_specs(item: Node) -> tuple[FieldSpec, ...]:
    if scalar(child(item, "includeSelectors")) is True:
        return COMMON_LABELS
    specs = TEMPLATE_LABELS if scalar(child(item, "includeTemplates")) is True else METADATA_LABELS
    return (*specs, *CLAIM_LABELS) if scalar(child(item, "includeVolumeClaimTemplates")) is True else specs


def _own_specs(node: Node | None) -> Iterator[FieldSpec]:
    for item in entries(node):
        path, kind, group, version = (text(item, name) for name in ("path", "kind", "group", "version"))
        yield FieldSpec(path, kind, group, version, scalar(child(item, "create")) is True)


def merges(node: Node | None) -> tuple[Patch, ...]:
    """The entries of `patchesStrategicMerge`: a path, or the patch itself; Flux takes the patch as an object."""
    return tuple(_merge(item) for item in entries(node))


def _merge(item: Node) -> Patch:
    found = as_text(item)
    if found is None:
        return Patch(value=item)
    is_text = "\n" in found.value or ": " in found.value
    return Patch(written=found) if is_text else Patch(path=found)


def patches(node: Node | None) -> tuple[Patch, ...]:
    """The entries of `patches` or `patchesJson6902`. Flux takes the operations of the latter as a list."""
    return tuple(_patch(item) for item in entries(node))


def _patch(item: Node) -> Patch:
    content, selector, options = child(item, "patch"), child(item, "target"), child(item, "options")
    return Patch(
        written=as_text(content),
        path=text_at(item, "path"),
        value=content if content is not None and items_of(content) is not None else None,
        target=target(selector) if selector is not None and not is_null(selector) else None,
        may_rename=scalar(child(options, "allowNameChange")) is True,
        may_change_kind=scalar(child(options, "allowKindChange")) is True,
    )


def images(node: Node | None) -> Iterator[Image]:
    """The entries of `images`."""
    for item in entries(node):
        new = (text_at(item, name) for name in ("newName", "newTag", "digest", "tagSuffix"))
        yield Image(text(item, "name"), *new)


def _replicas(node: Node | None) -> Iterator[Replicas]:
    for item in entries(node):
        count = child(item, "count")
        if isinstance(count, Written):
            yield Replicas(text(item, "name"), count)


def _generators(node: Node) -> Iterator[Generator]:
    shared = child(node, "generatorOptions")
    for item in entries(child(node, "configMapGenerator")):
        own = child(item, "options")
        single = text_at(item, "env")
        yield Generator(
            name=text(item, "name"),
            namespace=text_at(item, "namespace"),
            behavior=text(item, "behavior"),
            files=texts(child(item, "files")),
            literals=texts(child(item, "literals")),
            envs=(*texts(child(item, "envs")), *([single] if single else [])),
            labels={**(fields_of(at(shared, "labels")) or {}), **(fields_of(at(own, "labels")) or {})},
            annotations={**(fields_of(at(shared, "annotations")) or {}), **(fields_of(at(own, "annotations")) or {})},
            place=item.place,
        )


def _attached(node: Node) -> Iterator[Text]:
    for name in _ATTACHED:
        yield from texts(child(node, name))
    for path in (
        at(node, "openapi", "path"),
        *(child(item, "path") for item in entries(child(node, "replacements"))),
    ):
        found = as_text(path)
        if found:
            yield found
    for secret in entries(child(node, "secretGenerator")):
        yield from (*texts(child(secret, "files")), *texts(child(secret, "envs")))
