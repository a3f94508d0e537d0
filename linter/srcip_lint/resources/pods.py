"""The pod template: what decides where a pod may run, what it listens on, and how it is spread.

Defaults and semantics: Kubernetes API `core/v1` types.go (TopologySpreadConstraint, Affinity, ContainerPort, Probe,
PodReadinessGate).
"""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.resources.fields import Field, Located, Unknown, placeholder
from srcip_lint.resources.selectors import (
    Labels,
    Requirement,
    Selector,
    label_selector,
    requirement_values,
    unreadable,
)
from srcip_lint.resources.volumes import Mount, Volume, read_mount, read_volume

HOSTNAME = "kubernetes.io/hostname"
NODE_NAME = "metadata.name"
"""The one field that `matchFields` of a node affinity may look at."""

_NODE_OPERATORS = {
    "In": (1, None),
    "NotIn": (1, None),
    "Exists": (0, 0),
    "DoesNotExist": (0, 0),
    "Gt": (1, 1),
    "Lt": (1, 1),
}
"""The operators on a node's labels, each with how many values it takes at least and at most."""


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
    pre_stop: Located[bool | Unknown]
    """Is a hook written that holds up the SIGTERM when the pod is to end (`lifecycle.preStop`)?"""
    ports: tuple[ContainerPort, ...]
    environment: tuple[tuple[str, str | None], ...]
    """Literal variables; the value is None where it comes from elsewhere (`valueFrom`) or is a placeholder."""
    readiness_probe: Located[bool | Unknown]
    """Is one written? Without one a container is ready as soon as it runs."""
    startup_probe: Located[bool | Unknown]
    """Is one written? Until it has succeeded once, the container is not ready."""
    arguments: tuple[str, ...] = ()
    """`command` and `args` as they are written, `$(NAME)` references included."""
    argument_places: tuple[Place, ...] = ()
    """Where each of them stands."""
    arguments_obscured: bool = False
    """Could the arguments not be read as a whole (`args: ${ARGS}`)?"""
    mounts: tuple[Mount, ...] = ()
    has_more_variables: bool = False
    """May it have variables that are not read: of `envFrom`, or of a list that is a placeholder?"""


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
    match_label_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeTerm:
    """One of the alternatives of a required node affinity: conditions on a node's labels and on its name
    (`matchFields`), all of which must hold. A term without any matches no node."""

    labels: tuple[Requirement, ...] = ()
    names: tuple[Requirement, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Toleration:
    """What a pod puts up with. Without a key it is any taint, without an effect any effect; Unknown where a placeholder
    stands."""

    key: str | Unknown | None
    operator: str | Unknown
    value: str | Unknown | None
    effect: str | Unknown | None


@dataclass(frozen=True, eq=False, slots=True)
class PodTemplate:
    """What is common to all pods of a workload. Of `node_terms` one must hold; none at all is no condition."""

    place: Place
    labels: Labels
    labels_place: Place
    annotations: Labels
    containers: tuple[Container, ...]
    host_network: Located[bool | Unknown]
    grace_period: Located[int | Unknown]
    """How many seconds its containers have to end: terminationGracePeriodSeconds, 30 by default."""
    node_name: Located[str | Unknown | None]
    node_selector: Labels
    node_terms: tuple[NodeTerm, ...]
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
    affinity_obscured: bool = False
    """Could what draws the pods to other pods (`podAffinity`) not be read as a whole?"""
    labels_obscured: bool = False
    """Could the labels not be read as a whole (`labels: ${LABELS}`), or the key of one?"""
    volumes: tuple[Volume, ...] = ()
    sidecars: tuple[Container, ...] = ()
    """The init containers that keep running beside the others (`restartPolicy: Always`)."""

    @property
    def choice_place(self) -> Place | None:
        """Where the pods' nodes are chosen: by name, by labels, or by affinity; None where nothing chooses them."""
        if self.node_name.value is not None:
            return self.node_name.place
        if self.node_selector:
            return self.place.at("spec", "nodeSelector")
        required = ("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
        return self.place.at(*required) if self.node_terms else None


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
        grace_period=spec.field("terminationGracePeriodSeconds").integer(30),
        node_name=spec.field("nodeName").text(None),
        node_selector=_without_placeholders(spec.field("nodeSelector").text_map()),
        node_terms=_node_terms(node_affinity),
        tolerations=_tolerations(spec.field("tolerations")),
        spread=tuple(_spread(item) for item in spec.field("topologySpreadConstraints").items()),
        anti_affinity=_affinity_terms(affinity.field("podAntiAffinity")),
        affinity=_affinity_terms(affinity.field("podAffinity")),
        claims=any(not item.field("persistentVolumeClaim").absent for item in spec.field("volumes").items()),
        readiness_gates=_written_list(spec.field("readinessGates")),
        obscured=_obscured(spec),
        affinity_obscured=_affinity_obscured(affinity.field("podAffinity")),
        labels_obscured=_labels_obscured(metadata),
        volumes=tuple(read_volume(item) for item in spec.field("volumes").items()),
        sidecars=tuple(_container(item) for item in spec.field("initContainers").items() if _keeps_running(item)),
    )


def _without_placeholders(labels: Labels) -> Labels:
    """The labels whose keys are known; the template is obscured where one is not."""
    return {key: value for key, value in labels.items() if not placeholder(key)}


def _obscured(spec: Field) -> bool:
    affinity, spread = spec.field("affinity"), spec.field("topologySpreadConstraints")
    repelling = affinity.field("podAntiAffinity")
    lists = [spread, _terms(repelling, "required"), _terms(repelling, "preferred")]
    mappings = [affinity, repelling, affinity.field("nodeAffinity"), spec.field("nodeSelector")]
    mappings += [item for field in lists for item in field.items()]
    readable = all(_readable(field, list) for field in lists) and all(_readable(field, dict) for field in mappings)
    return not readable or any(placeholder(key) for key, _ in spec.field("nodeSelector").pairs())


def _affinity_obscured(drawing: Field) -> bool:
    required = _terms(drawing, "required")
    return not (_readable(drawing, dict) and _readable(required, list)) or not all(
        _readable(item, dict) for item in required.items()
    )


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
    commands = (item.field("command"), item.field("args"))
    words = [word for field in commands for word in field.items() if isinstance(word.raw, str)]
    return Container(
        place=item.place,
        name=item.field("name").text(None),
        image=item.field("image").text(None),
        pre_stop=_hook(item.field("lifecycle")),
        ports=tuple(_container_port(port) for port in item.field("ports").items()),
        environment=tuple(_variable(variable) for variable in item.field("env").items()),
        readiness_probe=_probe(item, "readinessProbe"),
        startup_probe=_probe(item, "startupProbe"),
        arguments=tuple(word.raw for word in words),
        argument_places=tuple(word.place for word in words),
        arguments_obscured=not all(_readable(field, list) for field in commands),
        mounts=tuple(read_mount(mount) for mount in item.field("volumeMounts").items()),
        has_more_variables=not item.field("envFrom").absent or not _readable(item.field("env"), list),
    )


def _hook(lifecycle: Field) -> Located[bool | Unknown]:
    """Is a preStop hook written? Of a lifecycle that is a placeholder as a whole nothing is known."""
    found, unknown = lifecycle.field("preStop"), placeholder(lifecycle.raw)
    return Located(unknown, found.place) if unknown else found.presence()


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


def _node_terms(affinity: Field) -> tuple[NodeTerm, ...]:
    """The alternatives of a required node affinity; one that may be anything where they cannot be read."""
    field = affinity.field("nodeSelectorTerms")
    terms = tuple(_node_term(item) for item in field.items())
    is_whole = _readable(affinity, dict) and _readable(field, list)
    return terms if is_whole else (NodeTerm((_not_read(field),)),)


def _node_term(item: Field) -> NodeTerm:
    labels, names = _conditions(item.field("matchExpressions")), _conditions(item.field("matchFields"))
    if not _readable(item, dict):
        return NodeTerm((_not_read(item),))
    elsewhere = unreadable(Unknown("a field that cannot be matched"))
    return NodeTerm(labels, tuple(name if name.key == NODE_NAME else elsewhere for name in names))


def _conditions(field: Field) -> tuple[Requirement, ...]:
    conditions = tuple(_node_requirement(condition) for condition in field.items())
    return conditions if _readable(field, list) else (_not_read(field),)


def _node_requirement(item: Field) -> Requirement:
    """One condition; what the API rejects may be meant as anything."""
    key, operator = item.field("key").text("").value, item.field("operator").text("").value
    values = requirement_values(item.field("values"))
    if not isinstance(key, str) or placeholder(key) or not isinstance(operator, str):
        return _not_read(item)
    least, most = _NODE_OPERATORS.get(operator, (0, -1))
    is_whole = least <= len(values) and (most is None or len(values) <= most)
    return Requirement(key, operator, values) if key and is_whole else _not_read(item)


def _not_read(field: Field) -> Requirement:
    return unreadable(placeholder(field.raw) or Unknown("a condition that cannot be read"))


def _tolerations(field: Field) -> tuple[Toleration, ...]:
    """The tolerations; one that may be anything where they cannot be read."""
    tolerations = tuple(_toleration(item) for item in field.items())
    return tolerations if _readable(field, list) else (_any_toleration(field),)


def _toleration(item: Field) -> Toleration:
    key, operator, value, effect = (
        item.field(name).text(None).value or None for name in ("key", "operator", "value", "effect")
    )
    return Toleration(key, operator or "Equal", value, effect) if _readable(item, dict) else _any_toleration(item)


def _any_toleration(field: Field) -> Toleration:
    unknown = placeholder(field.raw) or Unknown("a toleration that cannot be read")
    return Toleration(unknown, unknown, unknown, unknown)


def _spread(item: Field) -> SpreadConstraint:
    policies = ("Honor", "Ignore")
    return SpreadConstraint(
        place=item.place,
        topology_key=item.field("topologyKey").text(None),
        when_unsatisfiable=item.field("whenUnsatisfiable").choice(("DoNotSchedule", "ScheduleAnyway"), "DoNotSchedule"),
        max_skew=item.field("maxSkew").integer(1),
        min_domains=item.field("minDomains").integer(None),
        node_taints_policy=item.field("nodeTaintsPolicy").choice(policies, "Ignore"),
        node_affinity_policy=item.field("nodeAffinityPolicy").choice(policies, "Honor"),
        match_label_keys=_words(item.field("matchLabelKeys")),
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
    return AffinityTerm(
        place=item.place,
        required=required,
        topology_key=item.field("topologyKey").text(None),
        selector=_selector_of(item),
        selector_place=item.field("labelSelector").place,
        own_namespace=item.field("namespaces").absent and item.field("namespaceSelector").absent,
        mismatch_label_keys=_words(item.field("mismatchLabelKeys")),
        match_label_keys=_words(item.field("matchLabelKeys")),
    )


def _words(field: Field) -> tuple[str, ...]:
    """The strings of a list, without what is none."""
    values = (item.text("").value for item in field.items())
    return tuple(value for value in values if isinstance(value, str))
