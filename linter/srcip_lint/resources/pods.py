"""The pod template: what decides where a pod may run, what it listens on, and how it is spread.

Defaults and semantics: Kubernetes API `core/v1` types.go (TopologySpreadConstraint, Affinity, ContainerPort).
"""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.resources.fields import Field, Located, Unknown
from srcip_lint.resources.selectors import Labels, Requirement, Selector, label_selector

HOSTNAME = "kubernetes.io/hostname"


@dataclass(frozen=True, eq=False, slots=True)
class ContainerPort:
    name: Located[str | None | Unknown]
    number: Located[int | None | Unknown]
    protocol: Located[str | Unknown]
    host_port: Located[int | None | Unknown]


@dataclass(frozen=True, eq=False, slots=True)
class Container:
    place: Place
    name: Located[str | None | Unknown]
    image: Located[str | None | Unknown]
    ports: tuple[ContainerPort, ...]
    environment: tuple[tuple[str, str | None], ...]
    """Literal variables; the value is None where it comes from elsewhere (`valueFrom`) or is a placeholder."""


@dataclass(frozen=True, eq=False, slots=True)
class SpreadConstraint:
    """A topologySpreadConstraint. `selector` is None where it is null, which counts no pod at all."""

    place: Place
    topology_key: Located[str | None | Unknown]
    when_unsatisfiable: Located[str | Unknown]
    max_skew: Located[int | Unknown]
    min_domains: Located[int | None | Unknown]
    node_taints_policy: Located[str | Unknown]
    node_affinity_policy: Located[str | Unknown]
    match_label_keys: tuple[str, ...]
    selector: Selector | None
    selector_place: Place

    @property
    def hard(self) -> bool:
        return self.when_unsatisfiable.value == "DoNotSchedule"


@dataclass(frozen=True, eq=False, slots=True)
class AffinityTerm:
    """A pod (anti-)affinity term. `own_namespace` says that it looks at the pod's own namespace only."""

    place: Place
    required: bool
    topology_key: Located[str | None | Unknown]
    selector: Selector | None
    own_namespace: bool


@dataclass(frozen=True, eq=False, slots=True)
class Toleration:
    key: str | None
    operator: str
    value: str | None
    effect: str | None


@dataclass(frozen=True, eq=False, slots=True)
class PodTemplate:
    """What is common to all pods of a workload. `node_terms` is a disjunction of conjunctions; empty means no condition."""

    place: Place
    labels: Labels
    labels_place: Place
    annotations: Labels
    containers: tuple[Container, ...]
    host_network: Located[bool | Unknown]
    node_name: Located[str | None | Unknown]
    node_selector: Labels
    node_terms: tuple[tuple[Requirement, ...], ...]
    tolerations: tuple[Toleration, ...]
    spread: tuple[SpreadConstraint, ...]
    anti_affinity: tuple[AffinityTerm, ...]
    affinity: tuple[AffinityTerm, ...]
    claims: bool
    """Does it mount a PersistentVolumeClaim?"""


def read_template(root: Field) -> PodTemplate:
    """A pod template, or a Pod itself: both have metadata and a pod spec."""
    spec, metadata = root.field("spec"), root.field("metadata")
    affinity = spec.field("affinity")
    node_affinity = affinity.field("nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    return PodTemplate(
        place=root.place,
        labels=metadata.field("labels").text_map(),
        labels_place=metadata.field("labels").place,
        annotations=metadata.field("annotations").text_map(),
        containers=tuple(_container(item) for item in spec.field("containers").items()),
        host_network=spec.field("hostNetwork").boolean(default=False),
        node_name=spec.field("nodeName").text(None),
        node_selector=spec.field("nodeSelector").text_map(),
        node_terms=tuple(_node_term(item) for item in node_affinity.field("nodeSelectorTerms").items()),
        tolerations=tuple(_toleration(item) for item in spec.field("tolerations").items()),
        spread=tuple(_spread(item) for item in spec.field("topologySpreadConstraints").items()),
        anti_affinity=_affinity_terms(affinity.field("podAntiAffinity")),
        affinity=_affinity_terms(affinity.field("podAffinity")),
        claims=any(not item.field("persistentVolumeClaim").absent for item in spec.field("volumes").items()),
    )


def _container(item: Field) -> Container:
    return Container(
        place=item.place,
        name=item.field("name").text(None),
        image=item.field("image").text(None),
        ports=tuple(_container_port(port) for port in item.field("ports").items()),
        environment=tuple(_variable(variable) for variable in item.field("env").items()),
    )


def _container_port(item: Field) -> ContainerPort:
    return ContainerPort(
        name=item.field("name").text(None),
        number=item.field("containerPort").integer(None),
        protocol=item.field("protocol").choice(("TCP", "UDP", "SCTP"), "TCP"),
        host_port=item.field("hostPort").integer(None),
    )


def _variable(item: Field) -> tuple[str, str | None]:
    name, value = item.field("name").text("").value, item.field("value").text(None).value
    return (name if isinstance(name, str) else "", value if isinstance(value, str) else None)


def _node_term(item: Field) -> tuple[Requirement, ...]:
    conditions = [*item.field("matchExpressions").items(), *item.field("matchFields").items()]
    return tuple(_node_requirement(condition) for condition in conditions)


def _node_requirement(item: Field) -> Requirement:
    key, operator = item.field("key").text("").value, item.field("operator").text("").value
    values = tuple(value.text("").value for value in item.field("values").items())
    return Requirement(key if isinstance(key, str) else "", operator if isinstance(operator, str) else "", values)


def _toleration(item: Field) -> Toleration:
    def text(name: str) -> str | None:
        value = item.field(name).text(None).value
        return value if isinstance(value, str) else None

    return Toleration(text("key"), text("operator") or "Equal", text("value"), text("effect"))


def _spread(item: Field) -> SpreadConstraint:
    keys = (key.text("").value for key in item.field("matchLabelKeys").items())
    policies = ("Honor", "Ignore")
    return SpreadConstraint(
        place=item.place,
        topology_key=item.field("topologyKey").text(None),
        when_unsatisfiable=item.field("whenUnsatisfiable").choice(("DoNotSchedule", "ScheduleAnyway"), "DoNotSchedule"),
        max_skew=item.field("maxSkew").integer(1),
        min_domains=item.field("minDomains").integer(None),
        node_taints_policy=item.field("nodeTaintsPolicy").choice(policies, "Ignore"),
        node_affinity_policy=item.field("nodeAffinityPolicy").choice(policies, "Honor"),
        match_label_keys=tuple(key for key in keys if isinstance(key, str)),
        selector=label_selector(item.field("labelSelector")),
        selector_place=item.field("labelSelector").place,
    )


def _affinity_terms(field: Field) -> tuple[AffinityTerm, ...]:
    required = field.field("requiredDuringSchedulingIgnoredDuringExecution").items()
    preferred = field.field("preferredDuringSchedulingIgnoredDuringExecution").items()
    return (
        *(_affinity_term(item, required=True) for item in required),
        *(_affinity_term(item.field("podAffinityTerm"), required=False) for item in preferred),
    )


def _affinity_term(item: Field, *, required: bool) -> AffinityTerm:
    return AffinityTerm(
        place=item.place,
        required=required,
        topology_key=item.field("topologyKey").text(None),
        selector=label_selector(item.field("labelSelector")),
        own_namespace=item.field("namespaces").absent and item.field("namespaceSelector").absent,
    )
