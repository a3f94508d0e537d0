"""Everything that makes pods, and what scales it.

Replica defaults: Kubernetes `apps/v1` (1), `autoscaling/v2` minReplicas (1), KEDA ScaledObject minReplicaCount (0).
"""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.resources.fields import Field, Located, Unknown, placeholder
from srcip_lint.resources.objects import Object, read_object
from srcip_lint.resources.pods import PodTemplate, read_template

SCALABLE = frozenset(
    {"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout", "DeploymentConfig"}
)
"""The kinds that keep a number of replicas, wherever the scheduler puts them."""


_ROLLING: dict[str, tuple[int | str, int | str]] = {
    "Deployment": ("25%", "25%"),
    "DaemonSet": (0, 1),
    "StatefulSet": (0, 1),
}
"""The kinds that update their pods in turn, with the defaults of maxSurge and maxUnavailable (`apps/v1`)."""


@dataclass(frozen=True, eq=False, slots=True)
class Rolling:
    """The bounds of a rolling update, each a count or a percentage: how many pods there may be more than the replicas,
    and how many of these may be missing."""

    surge: Located[int | str | Unknown]
    unavailable: Located[int | str | Unknown]


@dataclass(frozen=True, eq=False, slots=True)
class Workload:
    """A Pod or what makes pods. `replicas` is None for a kind that has none (Pod, Job, CronJob, DaemonSet)."""

    object: Object
    template: PodTemplate
    replicas: Located[int | Unknown] | None
    strategy: Located[str | Unknown | None]
    claims: bool
    """Does each pod hold a PersistentVolumeClaim, from the template or from volumeClaimTemplates?"""
    rolling: Rolling | None = None
    """How a rolling update goes; None for a kind that has none. The strategy says whether there is one."""

    @property
    def kind(self) -> str:
        return self.object.kind

    @property
    def place(self) -> Place:
        """The place to show for a workload: its kind, not its whole text."""
        return self.object.place.at("kind")

    @property
    def scalable(self) -> bool:
        return self.object.kind in SCALABLE

    @property
    def partial(self) -> bool:
        """A patch or fragment: no pod runs without a container."""
        return not self.template.containers


@dataclass(frozen=True, eq=False, slots=True)
class Autoscaler:
    """A HorizontalPodAutoscaler, a KEDA ScaledObject, or a Rollout that takes over a Deployment (`workloadRef`).

    `minimum` is how few replicas it may leave.
    """

    object: Object
    target_kind: str
    target_name: str
    minimum: Located[int | Unknown]


def read_workload(root: Field) -> Workload:
    """The workload at `root`, whatever its kind."""
    found = read_object(root)
    spec = root.field("spec")
    template_field = _template_field(root, found.kind)
    template = read_template(template_field)
    return Workload(
        object=found,
        template=template,
        replicas=spec.field("replicas").integer(1) if found.kind in SCALABLE else None,
        strategy=_strategy(spec, found.kind),
        claims=template.claims or bool(found.kind == "StatefulSet" and spec.field("volumeClaimTemplates").raw),
        rolling=_rolling(spec, found.kind),
    )


def _template_field(root: Field, kind: str) -> Field:
    if kind == "Pod":
        return root
    spec = root.field("spec")
    return spec.field("jobTemplate", "spec", "template") if kind == "CronJob" else spec.field("template")


def _strategy(spec: Field, kind: str) -> Located[str | Unknown | None]:
    """The update strategy's type. An Argo Rollout has its own, named by the key."""
    if kind not in _ROLLING:
        return Located(None, spec.place, written=False)
    strategy = spec.field(_strategy_field(kind))
    unknown = placeholder(strategy.raw)
    return Located(unknown, strategy.place) if unknown else strategy.field("type").text("RollingUpdate")


def _strategy_field(kind: str) -> str:
    return "strategy" if kind == "Deployment" else "updateStrategy"


def _rolling(spec: Field, kind: str) -> Rolling | None:
    if kind not in _ROLLING:
        return None
    surge, unavailable = _ROLLING[kind]
    rolling = spec.field(_strategy_field(kind), "rollingUpdate")
    unknown = placeholder(rolling.raw)
    if unknown:
        return Rolling(Located(unknown, rolling.place), Located(unknown, rolling.place))
    return Rolling(
        rolling.field("maxSurge").int_or_text(surge), rolling.field("maxUnavailable").int_or_text(unavailable)
    )


def read_autoscaler(root: Field) -> Autoscaler:
    """What a HorizontalPodAutoscaler or ScaledObject does to the workload it names."""
    found = read_object(root)
    spec = root.field("spec")
    target = spec.field("scaleTargetRef")
    is_keda = found.kind == "ScaledObject"
    minimum = spec.field("minReplicaCount").integer(0) if is_keda else spec.field("minReplicas").integer(1)
    return Autoscaler(
        found, _name(target.field("kind"), "Deployment" if is_keda else ""), _name(target.field("name"), ""), minimum
    )


def read_rollout_reference(root: Field) -> Autoscaler | None:
    """An Argo Rollout that borrows a Deployment's template also decides its replicas."""
    reference = root.field("spec", "workloadRef")
    if reference.absent:
        return None
    found = read_object(root)
    replicas = root.field("spec", "replicas").integer(1)
    return Autoscaler(found, _name(reference.field("kind"), "Deployment"), _name(reference.field("name"), ""), replicas)


def _name(field: Field, default: str) -> str:
    value = field.text(default).value
    return value if isinstance(value, str) else ""
