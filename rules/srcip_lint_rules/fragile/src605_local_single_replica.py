"""Behind `externalTrafficPolicy: Local`, the address follows one pod.

Under Local a load balancer that looks at where the pods are sends packets only to nodes with a ready pod. With one
replica that is one node: each reschedule moves the address there, and there is nothing to fall back to until the new
pod is ready. The pods of a normal repository are often one replica for good reasons, so this is a hint; where the
client's address is required, going back to `Cluster` is no way out, and it is a warning.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, or NodePort behind a front that checks its health.
- `local`: its external traffic policy is Local.
- `follows-endpoints`: the way in is known to leave out nodes without a ready pod; otherwise SRC301 speaks.
- `one-workload`: it selects one workload only.
- `one-replica`: that runs one replica, written or by default, or an autoscaler may leave one.

It is **info**; a **warning** where the client's address is required (by the annotation
`srcip-lint.io/require-client-ip` or `requireClientIP` in the configuration). Where the one replica is the API's
default, it is assumed that no autoscaler outside the files sets another number (unless `closedWorld` is declared).

## Silent when

- `recreate-with-claim`: the pod has a PersistentVolumeClaim and the Deployment's strategy is Recreate: one writer is
  meant.
- `claim-templates`: a StatefulSet whose one pod has a volume of its own: the same pattern.
- `bare-pod`: Pods and Jobs, which no one runs twice.
- `replicas-unknown`: the number of replicas is a placeholder, or autoscalers contradict each other.
- `unread-autoscaler`: the number is the default, and something beside the Service that may hold an autoscaler was not
  read.
- `alternatives`: files define the workload in several ways, and one of them runs more replicas.
- `pinned`: the workload is bound to a node by its name: whoever wrote it chose that.
- `one-node`: there is only one node that takes ordinary pods, by `nodes` in the configuration or the Node objects
  read.
- `not-by-node`: the load balancer connects to the pods themselves, so it does not matter to it where they stand.
- `unknown-selection`: what the Service selects is not known: a placeholder, or files that contradict each other.
- `headless`: the Service has no cluster IP, so no node handles packets for it.

## Bad

```yaml
# given loadBalancer: metallb-l2
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local  # want info "The address follows the one pod of Deployment web"
  selector:
    app: web
  ports:
    - port: 80
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: nginx
          image: nginx:1.27
```

## Good

```yaml
# given loadBalancer: metallb-l2
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: web
  ports:
    - port: 80
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          nodeTaintsPolicy: Honor
          labelSelector:
            matchLabels:
              app: web
          matchLabelKeys: [pod-template-hash]
      containers:
        - name: nginx
          image: nginx:1.27
```

## Fix

Run two replicas or more, on different nodes (SRC601 shows the constraint); with an autoscaler, set its minimum to
two. On a cluster with one node declare `nodes`; where one pod is meant, ignore the rule there and say why.

## Sources

- Kubernetes `apps/v1` (replicas defaults to 1), `autoscaling/v2` (minReplicas defaults to 1).
- MetalLB `speaker/layer2_controller.go` (`nodesWithEndpoint`), `speaker/bgp_controller.go` (`noLocalEndpoints`).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import (
    Diagnosis,
    Model,
    Related,
    Rule,
    Service,
    Severity,
    WayIn,
    Workload,
    required_here,
)

_MINIMUM = {"HorizontalPodAutoscaler": "minReplicas", "ScaledObject": "minReplicaCount"}


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service."""
    for service in model.local_services:
        selection, way = model.selected(service), model.following_way(service)
        if not selection.known or way is None or not way.on_one_node or model.siting.one_node(service):
            continue
        if all(len(world) == 1 and _is_lone(model, service, world[0]) for world in selection.worlds):
            yield _lonely(model, service, way, selection.worlds[0][0])


def _is_lone(model: Model, service: Service, workload: Workload) -> bool:
    is_sure = model.pods.replicas_written(workload) or not model.bundle.has_gap(service)
    is_meant = _one_writer(workload) or model.pods.pinned(workload)
    return model.siting.replicas(workload) == 1 and is_sure and not is_meant


def _one_writer(workload: Workload) -> bool:
    """Is a second pod not to run beside the first, because of the volume that it writes to?"""
    return workload.claims and not (workload.kind == "Deployment" and workload.strategy.value == "RollingUpdate")


def _lonely(model: Model, service: Service, way: WayIn, workload: Workload) -> Diagnosis:
    requirement = model.required(service)
    no_way_out = f" Going back to Cluster is no way out: {requirement.why}." if requirement else ""
    return Diagnosis(
        at=service.external_traffic_policy.place,
        message=f"The address follows the one pod of {workload.object.ref}: {way.on_one_node}, and whenever the pod is "
        f"rescheduled nothing answers until it is ready again.{no_way_out}",
        severity=Severity.WARNING if requirement else Severity.INFO,
        object=service.object,
        related=(
            _count(model, workload),
            *required_here(requirement),
        ),
        assumptions=_assumptions(model, workload),
        fixes=_fixes(model, workload),
    )


def _count(model: Model, workload: Workload) -> Related:
    owner = model.pods.replicas_owner(workload)
    field = _MINIMUM.get(owner.kind, "replicas")
    is_written = model.pods.replicas_written(workload)
    words = f"{field} is 1, written here" if is_written else f"{field} is not written, and 1 is the default"
    return Related(model.pods.replicas_place(workload), words, owner)


def _assumptions(model: Model, workload: Workload) -> tuple[str, ...]:
    if model.pods.replicas_written(workload) or model.environment.closed_world:
        return ()
    is_scaled = model.pods.replicas_owner(workload) is not workload.object
    return () if is_scaled else (f"no autoscaler outside these files sets the replicas of {workload.object.ref}",)


def _fixes(model: Model, workload: Workload) -> tuple[str, ...]:
    field = _MINIMUM.get(model.pods.replicas_owner(workload).kind, "replicas")
    return (
        f"set {field} to 2 or more, and keep the pods on different nodes with the constraint that SRC601 shows",
        "declare `nodes` in srcip-lint.yaml if there is only one",
    )


RULE = Rule(
    id="SRC605",
    name="local-single-replica",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
