"""Field specifications: how kustomize says which fields of which kinds a label, an image or a count goes into.

A path like `spec/template/metadata/labels` steps through every item of a list on its way. `create` makes what is
missing, but never an item of a list; `[]` after a name says that a list is expected there, which is not made either.
The tables are kustomize's defaults (`api/internal/konfig/builtinpluginconsts`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import is_not

from srcip_lint.documents import Place
from srcip_lint.kustomize.member import Member
from srcip_lint.kustomize.tree import (
    MAX_PATH,
    Fields,
    Node,
    child,
    fields_of,
    is_mapping,
    is_null,
    is_undetermined,
    items_of,
    nest,
    text,
    with_field,
    with_items,
)

_STEP = re.compile(r"(?:\\/|[^/])+")


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field of the objects of a group, version and kind; an empty one of these means any."""

    path: str
    kind: str = ""
    group: str = ""
    version: str = ""
    create: bool = False

    def selects(self, group: str, version: str, kind: str) -> bool:
        if self.kind and self.kind != kind:
            return False
        return (not self.group or self.group == group) and (not self.version or self.version == version)


@lru_cache(maxsize=1024)
def steps(path: str) -> tuple[str, ...]:
    """The names on the way to a field; a slash inside a name is written with a backslash."""
    return tuple(step.replace("\\/", "/") for step in _STEP.findall(path))


Change = Callable[["Node | None"], "Node | None"]
"""What becomes of a field; it is given None where there is none, and may give None to make none."""


def apply(member: Member, specs: Iterable[FieldSpec], change: Change) -> Member:
    """The object with every specified field changed."""
    node = member.node
    group, _, version = text(node, "apiVersion").rpartition("/")
    kind = text(node, "kind")
    for spec in specs:
        if spec.selects(group, version, kind) and len(steps(spec.path)) <= MAX_PATH:
            node = _walk(node, steps(spec.path), change, create=spec.create)
    return member.at(node)


def _walk(node: Node, path: tuple[str, ...], change: Change, *, create: bool) -> Node:
    """The node with the field changed; the very same node where nothing is."""
    if not path:
        return change(node) or node
    items = items_of(node)
    if items is not None:
        walked = tuple(_walk(item, path, change, create=create) for item in items)
        return with_items(node, walked) if any(map(is_not, walked, items)) else node
    name, rest = path[0].removesuffix("[]"), path[1:]
    below = child(node, name)
    if not is_mapping(node) or is_undetermined(below):
        return node
    if below is None or is_null(below):
        made = change(None) if create and not path[0].endswith("[]") else None
        return with_field(node, name, nest(rest, made)) if made is not None else node
    field = _walk(below, rest, change, create=create)
    return with_field(node, name, field) if field is not below else node


def entries(added: Mapping[str, Node], place: Place) -> Change:
    """A change that sets entries of a mapping: labels, say. A mapping that is missing stands at `place`."""

    def change(node: Node | None) -> Node | None:
        if is_null(node):
            return Fields(added, place)
        fields = fields_of(node)
        return Fields({**fields, **added}, node.place) if fields is not None and node is not None else node

    return change


_TEMPLATE = "spec/template/"
_TEMPLATED = (
    ("ReplicationController", "", "v1"),
    ("Deployment", "", ""),
    ("ReplicaSet", "", ""),
    ("DaemonSet", "", ""),
    ("StatefulSet", "apps", ""),
    ("Job", "batch", ""),
)


def _metadata(field: str) -> tuple[FieldSpec, ...]:
    return (
        FieldSpec(f"metadata/{field}", create=True),
        *(FieldSpec(f"{_TEMPLATE}metadata/{field}", kind, group, version, True) for kind, group, version in _TEMPLATED),
        FieldSpec(f"spec/jobTemplate/metadata/{field}", "CronJob", "batch", create=True),
        FieldSpec(f"spec/jobTemplate/{_TEMPLATE}metadata/{field}", "CronJob", "batch", create=True),
    )


METADATA_LABELS = (FieldSpec("metadata/labels", create=True),)
TEMPLATE_LABELS = _metadata("labels")
ANNOTATIONS = tuple(
    spec if spec.kind != "StatefulSet" else FieldSpec(spec.path, spec.kind, create=True)
    for spec in _metadata("annotations")
)
CLAIM_LABELS = (FieldSpec("spec/volumeClaimTemplates[]/metadata/labels", "StatefulSet", "apps", create=True),)

_AFFINITIES = tuple(
    f"{_TEMPLATE}spec/affinity/{name}/{rest}/labelSelector/matchLabels"
    for name in ("podAffinity", "podAntiAffinity")
    for rest in (
        "preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm",
        "requiredDuringSchedulingIgnoredDuringExecution",
    )
)
_SPREAD = f"{_TEMPLATE}spec/topologySpreadConstraints/labelSelector/matchLabels"

COMMON_LABELS = (
    FieldSpec("spec/selector", "Service", version="v1", create=True),
    FieldSpec("spec/selector", "ReplicationController", version="v1", create=True),
    *(FieldSpec("spec/selector/matchLabels", kind, create=True) for kind in ("Deployment", "ReplicaSet", "DaemonSet")),
    FieldSpec("spec/selector/matchLabels", "StatefulSet", "apps", create=True),
    *CLAIM_LABELS,
    *(FieldSpec(path, kind, "apps") for kind in ("Deployment", "StatefulSet") for path in (*_AFFINITIES, _SPREAD)),
    FieldSpec("spec/selector/matchLabels", "Job", "batch"),
    FieldSpec("spec/jobTemplate/spec/selector/matchLabels", "CronJob", "batch"),
    FieldSpec("spec/selector/matchLabels", "PodDisruptionBudget", "policy"),
    *(
        FieldSpec(f"spec/{way}podSelector/matchLabels", "NetworkPolicy", "networking.k8s.io")
        for way in ("", "ingress/from/", "egress/to/")
    ),
    *TEMPLATE_LABELS,
)
"""`spec/selector` of a Service is made where it is missing: a Service that has none gets one."""

IMAGES = tuple(
    FieldSpec(f"{prefix}spec/{path}")
    for prefix in ("", _TEMPLATE, f"spec/jobTemplate/{_TEMPLATE}")
    for path in ("containers[]/image", "initContainers[]/image", "volumes[]/image/reference")
)
"""Wherever a pod spec stands. kustomize looks for `containers` at any depth; the kinds read here hold them at these."""

COUNTED = ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet")
REPLICAS = tuple(FieldSpec("spec/replicas", kind, create=True) for kind in COUNTED)
