"""The pod template: what decides where a pod may run, what it listens on, and how it is spread.

Defaults and semantics: Kubernetes API `core/v1` types.go (TopologySpreadConstraint, Affinity, ContainerPort, Probe,
PodReadinessGate).
"""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.resources.fields import Field, Located, Unknown, placeholder
from srcip_lint.resources.selectors import Labels, Requirement, Selector, label_selector, requirement_values
from srcip_lint.resources.volumes import Mount, Volume, read_mount, read_volume

HOSTNAME = "kubernetes.io/hostname"


@dataclass(frozen=True, eq=False, slots=True)
class ContainerPort:
    name: Located[str | Unknown | None]
    number: Located[int | Unknown | None]
    protocol: Located[str | Unknown]
    host_port: Located[int | Unknown | None]


@dataclass(frozen=True, eq=False, slots=True)
class Container:
    place: Place
    name: Located[str | Unknown | None]
    image: Located[str | Unknown | None]
    ports: tuple[ContainerPort, ...]
    environment: tuple[tuple[str, str | None], ...]
    """Literal variables; the value is None where it comes from elsewhere (`valueFrom`) or is a placeholder."""
    readiness_probe: Located[bool | Unknown]
    """Is one written? Without one a container is ready as soon as it runs."""
    startup_probe: Located[bool | Unknown]
    """Is one written? Until it has succeeded once, the container is not ready."""
    arguments: tuple[str, ...] = ()
    """`command` and `args` as they are written, `$(NAME)` references included."""
    mounts: tuple[Mount, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class SpreadConstraint:
    """A topologySpreadConstraint. `selector` is None where it is null, which counts no pod at all."""

    place: Place
    topology_key: Located[str | Unknown | None]
    when_unsatisfiable: Located[str | Unknown]
    max_skew: Located[int | Unknown]
    min_domains: Located[int | Unknown | None]
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
    """A pod (anti-)affinity term. `own_namespace` says that it looks at the pod's own namespace only; `selector` is
    None where it is null, which selects no pod; of the pods that it selects, those with the pod's own values of the
    `mismatch_label_keys` are left out."""

    place: Place
    required: bool
    topology_key: Located[str | Unknown | None]
    selector: Selector | None
    selector_place: Place
    own_namespace: bool
    mismatch_label_keys: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Toleration:
    key: str | None
    operator: str
    value: str | None
    effect: str | None


@dataclass(frozen=True, eq=False, slots=True)
class PodTemplate:
    """What is common to all pods of a workload. `node_terms` is a disjunction of conjunctions; empty means no
    condition."""

    place: Place
    labels: Labels
    labels_place: Place
    annotations: Labels
    containers: tuple[Container, ...]
    host_network: Located[bool | Unknown]
    node_name: Located[str | Unknown | None]
    node_selector: Labels
    node_terms: tuple[tuple[Requirement, ...], ...]
    tolerations: tuple[Toleration, ...]
    spread: tuple[SpreadConstraint, ...]
    anti_affinity: tuple[AffinityTerm, ...]
    affinity: tuple[AffinityTerm, ...]
    claims: bool
    """Does it mount a PersistentVolumeClaim?"""
    readiness_gates: Located[bool | Unknown]
    """Does it wait, to be ready, for conditions that something outside the pod sets?"""
    obscured: bool = False
    """Could something that decides where the pods run not be read as a whole (`affinity: ${AFFINITY}`)?"""
    labels_obscured: bool = False
    """Could the labels not be read as a whole (`labels: ${LABELS}`), or the key of one?"""
    volumes: tuple[Volume, ...] = ()
    sidecars: tuple[Container, ...] = ()
    """The init containers that keep running beside the others (`restartPolicy: Always`)."""


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
        readiness_gates=_written_list(spec.field("readinessGates")),
        obscured=_obscured(spec),
        labels_obscured=_labels_obscured(metadata),
        volumes=tuple(read_volume(item) for item in spec.field("volumes").items()),
        sidecars=tuple(_container(item) for item in spec.field("initContainers").items() if _keeps_running(item)),
    )


def _obscured(spec: Field) -> bool:
    affinity, spread = spec.field("affinity"), spec.field("topologySpreadConstraints")
    repelling = affinity.field("podAntiAffinity")
    lists = [spread, _terms(repelling, "required"), _terms(repelling, "preferred")]
    mappings = [affinity, repelling, affinity.field("nodeAffinity"), spec.field("nodeSelector")]
    mappings += [item for field in lists for item in field.items()]
    return not all(_readable(field, list) for field in lists) or not all(_readable(field, dict) for field in mappings)


def _labels_obscured(metadata: Field) -> bool:
    labels = metadata.field("labels")
    readable = _readable(metadata, dict) and _readable(labels, dict)
    return not readable or any(placeholder(key) for key in labels.raw or ())


def _readable(field: Field, kind: type) -> bool:
    return field.absent or (isinstance(field.raw, kind) and not placeholder(field.raw))


def _keeps_running(item: Field) -> bool:
    return item.field("restartPolicy").text(None).value == "Always"


def _written_list(field: Field) -> Located[bool | Unknown]:
    """Does a list hold anything?"""
    unknown = placeholder(field.raw)
    return Located(unknown or bool(field.items()), field.place, written=not field.absent)


def _probe(item: Field, name: str) -> Located[bool | Unknown]:
    """Is a probe written? Of a container that is a placeholder as a whole nothing is known."""
    found = item.field(name)
    unknown = placeholder(item.raw)
    return Located(unknown, found.place) if unknown else found.presence()


def _container(item: Field) -> Container:
    return Container(
        place=item.place,
        name=item.field("name").text(None),
        image=item.field("image").text(None),
        ports=tuple(_container_port(port) for port in item.field("ports").items()),
        environment=tuple(_variable(variable) for variable in item.field("env").items()),
        readiness_probe=_probe(item, "readinessProbe"),
        startup_probe=_probe(item, "startupProbe"),
        arguments=tuple(
            word.raw for name in ("command", "args") for word in item.field(name).items() if isinstance(word.raw, str)
        ),
        mounts=tuple(read_mount(mount) for mount in item.field("volumeMounts").items()),
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
    values = requirement_values(item.field("values"))
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
        selector=_selector_of(item),
        selector_place=item.field("labelSelector").place,
    )


def _affinity_terms(field: Field) -> tuple[AffinityTerm, ...]:
    return (
        *(_affinity_term(item, required=True) for item in _terms(field, "required").items()),
        *(_affinity_term(item.field("podAffinityTerm"), required=False) for item in _terms(field, "preferred").items()),
    )


def _terms(field: Field, strength: str) -> Field:
    """The `required` or `preferred` terms of a pod (anti-)affinity."""
    return field.field(f"{strength}DuringSchedulingIgnoredDuringExecution")


def _selector_of(item: Field) -> Selector | None:
    """The labelSelector of a constraint or term; an item that cannot be read may have one that selects anything."""
    return label_selector(item.field("labelSelector")) if _readable(item, dict) else Selector(unknown=True)


def _affinity_term(item: Field, *, required: bool) -> AffinityTerm:
    keys = (key.text("").value for key in item.field("mismatchLabelKeys").items())
    return AffinityTerm(
        place=item.place,
        required=required,
        topology_key=item.field("topologyKey").text(None),
        selector=_selector_of(item),
        selector_place=item.field("labelSelector").place,
        own_namespace=item.field("namespaces").absent and item.field("namespaceSelector").absent,
        mismatch_label_keys=tuple(key for key in keys if isinstance(key, str)),
    )
