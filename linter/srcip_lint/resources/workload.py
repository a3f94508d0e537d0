"""Everything that makes pods, and what scales it.

Replica defaults: Kubernetes `apps/v1` (1), `autoscaling/v2` minReplicas (1), KEDA ScaledObject minReplicaCount (0).
"""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.resources.fields import Field, Located, Unknown
from srcip_lint.resources.objects import Object, read_object
from srcip_lint.resources.pods import PodTemplate, read_template
from srcip_lint.resources.service import ServicePort
from srcip_lint.resources.updates import Update, read_update

SCALABLE = frozenset(
    {"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout", "DeploymentConfig"}
)
"""The kinds that keep a number of replicas, wherever the scheduler puts them."""


@dataclass(frozen=True, eq=False, slots=True)
class Workload:
    """A Pod or what makes pods. `replicas` is None for a kind that has none (Pod, Job, CronJob, DaemonSet)."""

    object: Object
    template: PodTemplate
    replicas: Located[int | Unknown] | None
    update: Update
    claims: bool
    """Does each pod hold a PersistentVolumeClaim, from the template or from volumeClaimTemplates?"""

    @property
    def kind(self) -> str:
        return self.object.kind

    @property
    def place(self) -> Place:
        """The place to show for a workload: its kind, not its whole text."""
        return self.object.place.at("kind")

    @property
    def strategy(self) -> Located[str | Unknown | None]:
        """The update strategy's type, written or by default; None for a kind that has none."""
        return self.update.type

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

    `minimum` is how few replicas it may leave while there is something to do. A ScaledObject may name another number
    for the time when there is not (`idle`), and says by `triggers` of which types it looks for something to do: None
    where that cannot be read.
    """

    object: Object
    target_kind: str
    target_name: str
    minimum: Located[int | Unknown]
    idle: Located[int | Unknown | None]
    triggers: tuple[str | Unknown, ...] | None = ()


def target_number(port: ServicePort, workload: Workload) -> int | None:
    """The container port a Service port means in a workload; None where a name resolves to nothing that was read."""
    target = port.target_port.value
    if isinstance(target, int):
        return target
    for container in workload.template.containers:
        for declared in container.ports:
            if isinstance(target, str) and declared.name.value == target and isinstance(declared.number.value, int):
                return declared.number.value
    return None


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
        update=read_update(spec, found.kind),
        claims=template.claims or bool(found.kind == "StatefulSet" and spec.field("volumeClaimTemplates").raw),
    )


def _template_field(root: Field, kind: str) -> Field:
    if kind == "Pod":
        return root
    spec = root.field("spec")
    return spec.field("jobTemplate", "spec", "template") if kind == "CronJob" else spec.field("template")


def read_autoscaler(root: Field) -> Autoscaler:
    """What a HorizontalPodAutoscaler or ScaledObject does to the workload it names."""
    found = read_object(root)
    spec = root.field("spec")
    target = spec.field("scaleTargetRef")
    is_keda = found.kind == "ScaledObject"
    minimum = spec.field("minReplicaCount").integer(0) if is_keda else spec.field("minReplicas").integer(1)
    return Autoscaler(
        found,
        _name(target.field("kind"), "Deployment" if is_keda else ""),
        _name(target.field("name"), ""),
        minimum,
        spec.field("idleReplicaCount").integer(None) if is_keda else Located(None, spec.place, written=False),
        _triggers(spec.field("triggers")) if is_keda else (),
    )


def _triggers(field: Field) -> tuple[str | Unknown, ...] | None:
    found = tuple(item.field("type").text("").value for item in field.items())
    return found if field.absent or isinstance(field.raw, list) else None


def read_rollout_reference(root: Field) -> Autoscaler | None:
    """An Argo Rollout that borrows a Deployment's template also decides its replicas."""
    reference = root.field("spec", "workloadRef")
    if reference.absent:
        return None
    found = read_object(root)
    replicas = root.field("spec", "replicas").integer(1)
    idle = Located(None, reference.place, written=False)
    return Autoscaler(
        found, _name(reference.field("kind"), "Deployment"), _name(reference.field("name"), ""), replicas, idle
    )


def _name(field: Field, default: str) -> str:
    value = field.text(default).value
    return value if isinstance(value, str) else ""
