"""Names and namespaces: what a kustomization calls its objects, and whoever refers to them by name.

References are mended once, at the root, when every name is final (kustomize `api/filters/nameref`). The content hash
that kustomize adds to the name of a generated ConfigMap is left out, from the name and from the references alike: it
changes with every edit, and a finding must not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from srcip_lint.kustomize.field_specs import FieldSpec, apply
from srcip_lint.kustomize.layers import Text
from srcip_lint.kustomize.member import Identity, Member, cluster_scoped
from srcip_lint.kustomize.tree import Node, Written, at, scalar, text

_KEEPS_NAME = (
    ("", "Namespace"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
)
_NAME = ("metadata", "name")


def placed_in(member: Member, namespace: Text) -> Member:
    """The object in a namespace; a Namespace object takes the name. What stands in no namespace stays as it is."""
    identity, value = member.identity, Written(namespace.value, namespace.place)
    if identity.kind == "Namespace" and not identity.group:
        return member.remembered().put(_NAME, value)
    if cluster_scoped(identity.group, identity.kind):
        return member
    return member.remembered().put(("metadata", "namespace"), value)


def renamed(member: Member, prefix: str, suffix: str) -> Member:
    """The object with a prefix and a suffix to its name. The name stays where it was written."""
    original = member.original
    name = at(member.node, *_NAME)
    written = scalar(name)
    if (original.group, original.kind) in _KEEPS_NAME or not isinstance(written, str) or name is None:
        return member
    known = replace(
        member,
        prefixes=(*member.prefixes, *([prefix] if prefix else ())),
        suffixes=(*member.suffixes, *([suffix] if suffix else ())),
    )
    return known.remembered().put(_NAME, Written(f"{prefix}{written}{suffix}", name.place))


@dataclass(frozen=True, slots=True)
class Reference:
    """Fields that hold the name of an object of a kind (an empty group or version means any)."""

    kind: str
    specs: tuple[FieldSpec, ...]
    group: str = ""
    version: str = ""

    def names(self, identity: Identity) -> bool:
        return FieldSpec("", self.kind, self.group, self.version).selects(
            identity.group, identity.version, identity.kind
        )


_SCALED = FieldSpec("spec/scaleTargetRef/name", "HorizontalPodAutoscaler")
_POD_SPECS = (
    ("Pod", "spec"),
    *((kind, "spec/template/spec") for kind in ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job")),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
)
_CONFIG_MAP_FIELDS = (
    "volumes/configMap/name",
    "volumes/projected/sources/configMap/name",
    *(
        f"{containers}/{field}"
        for containers in ("containers", "initContainers")
        for field in ("env/valueFrom/configMapKeyRef/name", "envFrom/configMapRef/name")
    ),
)
_SERVICE_FIELDS = (
    FieldSpec("spec/serviceName", "StatefulSet", "apps"),
    FieldSpec("spec/rules/http/paths/backend/serviceName", "Ingress"),
    FieldSpec("spec/backend/serviceName", "Ingress"),
    FieldSpec("spec/rules/http/paths/backend/service/name", "Ingress"),
    FieldSpec("spec/defaultBackend/service/name", "Ingress"),
    FieldSpec("spec/rules/backendRefs/name", "HTTPRoute"),
)
REFERENCES = (
    *(Reference(kind, (_SCALED,)) for kind in ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet")),
    Reference(
        "ConfigMap",
        (
            *(FieldSpec(f"{prefix}/{field}", kind) for kind, prefix in _POD_SPECS for field in _CONFIG_MAP_FIELDS),
            FieldSpec("metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap", "Ingress"),
        ),
        version="v1",
    ),
    Reference("Service", _SERVICE_FIELDS, version="v1"),
)
"""kustomize's own table, as far as the kinds are read here. A custom resource's references are mended by nobody."""


_Candidates = Mapping[str, Sequence[Member]]
"""Renamed objects by each of their former names."""


def mended(members: Sequence[Member]) -> list[Member]:
    """The objects with every reference to a renamed one following the name."""
    renamed_ones = [member for member in members if member.previous]
    wanted = [(each, found) for each in REFERENCES if (found := _by_former_name(each, renamed_ones))]
    return [_mend(member, wanted) for member in members] if wanted else list(members)


def _by_former_name(reference: Reference, members: Iterable[Member]) -> dict[str, list[Member]]:
    found: dict[str, list[Member]] = {}
    for member in members:
        if any(map(reference.names, member.identities)):
            for name in {former.name for former in member.previous}:
                found.setdefault(name, []).append(member)
    return found


def _mend(member: Member, wanted: Iterable[tuple[Reference, _Candidates]]) -> Member:
    referrer = member
    for reference, candidates in wanted:
        member = apply(member, reference.specs, _following(referrer, candidates))
    return member


def _following(referrer: Member, candidates: _Candidates) -> Callable[[Node | None], Node | None]:
    def change(node: Node | None) -> Node | None:
        name = scalar(node)
        target = _target(referrer, candidates.get(name, ())) if isinstance(name, str) else None
        return Written(text(target.node, *_NAME), node.place) if target and node is not None else node

    return change


def _target(referrer: Member, candidates: Sequence[Member]) -> Member | None:
    """The object that a name meant before it was renamed: in the referrer's namespace, changed by the same layers."""
    found = [each for each in candidates if _together(referrer, each)]
    if len(found) > 1:
        found = [each for each in found if _alike(referrer, each, or_none=True)]
    if len(found) > 1:
        found = [each for each in found if _alike(referrer, each, or_none=False)]
    names = {text(each.node, *_NAME) for each in found}
    return found[0] if len(names) == 1 else None


def _together(referrer: Member, other: Member) -> bool:
    one, two = referrer.identity.namespace, other.identity.namespace
    return not one or not two or one == two


def _alike(one: Member, other: Member, *, or_none: bool) -> bool:
    """Did the same layers, counted from the outermost, put the same prefixes and suffixes to both names?"""
    pairs = ((one.prefixes, other.prefixes), (one.suffixes, other.suffixes))
    return all(_end_alike(mine, theirs) or (or_none and not (mine and theirs)) for mine, theirs in pairs)


def _end_alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    shared = min(len(one), len(other))
    return one[len(one) - shared :] == other[len(other) - shared :] if shared else one == other
