"""Under `externalTrafficPolicy: Local`, an update leaves all nodes, or one after the other, without a pod.

Under Local a node serves only while it has a ready pod. An update that takes away every pod of a Deployment before the
first new one is ready (the strategy Recreate, or a maxUnavailable as large as the number of replicas) leaves no node
that serves: MetalLB and the BGP announcers withdraw the address, health checks fail everywhere, and all that comes is
dropped or refused until the new pods are ready.

A DaemonSet by default stops the old pod of a node first and starts the new one then. Meanwhile that node has none: an
announcer moves the address or withdraws a next hop, and connections through the node break; packets that something
sends to the node all the same are dropped.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, NodePort, or external IPs.
- `local`: its external traffic policy is Local.
- `one-workload`: it selects one workload only.
- `disruptive`: that is a Deployment with two replicas or more whose update may take away all of them at once; or a
  DaemonSet whose update may, or whose maxSurge is 0.

It is a **warning** where all pods go at once, since every update drops; **info** where they do so only while an
autoscaler leaves as few as it may, and for a DaemonSet that updates node by node.

## Silent when

- `one-replica`: a Deployment with one replica, written or by default (SRC605 speaks).
- `replicas-unknown`: the number of replicas is a placeholder, or autoscalers contradict each other.
- `on-delete`: a person deletes the DaemonSet's pods, and so can take the node out before.
- `rollout-reference`: an Argo Rollout borrows the Deployment's template and updates it its own way.
- `patched`: another file may give the workload another strategy.
- `placeholder`: a placeholder stands for the strategy or a part of it.
- `alternatives`: files define the workload in several ways, and one of them updates gently.
- `not-by-node`: the load balancer connects to the pods themselves, so a node without one costs nothing. Where all pods
  go at once, that does not help.
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
  replicas: 3
  strategy:
    type: Recreate  # want warning "takes away all its pods at once"
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: app
          image: registry.example/app:1.0
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
  replicas: 3
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 1
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: app
          image: registry.example/app:1.0
```

## Fix

Let a Deployment update by RollingUpdate with `maxUnavailable: 1` (and `maxSurge: 0` where old and new pods must not run
side by side). Let a DaemonSet start the new pod first: `maxSurge: 1` and `maxUnavailable: 0`. That needs two pods on
one node for a while, so it is impossible with hostPort or hostNetwork; there, with `updateStrategy: {type: OnDelete}`,
you can take a node out of the load balancer before you delete its pod.

## Sources

- Kubernetes API, `apps/v1` DeploymentStrategy, RollingUpdateDeployment, RollingUpdateDaemonSet; KEP-1591.
- kubernetes/kubernetes#85643, #73362.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from srcip_lint.rule import (
    Bound,
    Diagnosis,
    Model,
    Related,
    Rule,
    Service,
    Severity,
    WayIn,
    Workload,
    all_at_once,
    holds_host_ports,
    leaves_nodes,
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a workload, however many Services select it."""
    seen = set()
    for service in model.local_services:
        selection = model.selected(service)
        if not selection.known or not all(len(world) == 1 for world in selection.worlds):
            continue
        workloads = [world[0] for world in selection.worlds]
        found = _all_gone(model, service, workloads) or _node_by_node(model, service, workloads)
        if found and workloads[0] not in seen:
            seen.add(workloads[0])
            yield found


def _updates_itself(model: Model, workload: Workload) -> bool:
    """Is the strategy that is written in the workload surely the one that counts?"""
    others = [other.update for other in model.bundle.other_definitions(workload) if other.partial]
    fields = (field for update in others for field in (update.type, update.max_unavailable, update.max_surge))
    by_rollout = any(scaler.object.kind == "Rollout" for scaler in model.bundle.scalers(workload))
    return not by_rollout and not any(field.written for field in fields)


def _agreed(model: Model, workloads: list[Workload], question: Callable[[Workload], Bound | None]) -> Bound | None:
    """The field that answers the question, in whichever of the contradicting files; None where one has none."""
    found = [question(each) for each in workloads if _updates_itself(model, each)]
    return found[0] if len(found) == len(workloads) and all(found) else None


def _all_gone(model: Model, service: Service, workloads: list[Workload]) -> Diagnosis | None:
    """An update takes away every pod at once."""
    workload = workloads[0]
    field = _agreed(model, workloads, lambda each: all_at_once(each, model.siting.replicas(each)))
    if field is None:
        return None
    way = model.following_way(service)
    outcome = f"{way.name} has no node left to send packets to" if way else "what comes is dropped or refused"
    return Diagnosis(
        at=field.place,
        message=f"An update of {workload.object.ref} takes away all its pods at once ({_why(model, workload)}): until "
        f"a new one is ready, no node has one for {service.object.ref} under externalTrafficPolicy Local, and "
        f"{outcome}.",
        severity=Severity.INFO if _at_its_least(model, workload) else Severity.WARNING,
        object=workload.object,
        related=(*_count(model, workload), _policy(service)),
        fixes=_one_by_one(workload),
    )


def _why(model: Model, workload: Workload) -> str:
    if workload.strategy.value == "Recreate":
        return "its strategy is Recreate"
    bound = workload.update.max_unavailable.value
    if bound == "100%":
        return "maxUnavailable is 100%"
    least = ", the least that an autoscaler leaves" if _at_its_least(model, workload) else ""
    return f"maxUnavailable is {bound}, and it has {model.siting.replicas(workload)} replicas{least}"


def _at_its_least(model: Model, workload: Workload) -> bool:
    """Do all pods go only while an autoscaler leaves as few as it may?"""
    is_number = isinstance(workload.update.max_unavailable.value, int) and workload.strategy.value == "RollingUpdate"
    return is_number and workload.kind == "Deployment" and model.bundle.scaler(workload) is not None


def _count(model: Model, workload: Workload) -> Iterable[Related]:
    count = model.siting.replicas(workload)
    if count is not None:
        owner = model.pods.replicas_owner(workload)
        yield Related(model.pods.replicas_place(workload), f"{count} replicas, all of which go", owner)


def _one_by_one(workload: Workload) -> tuple[str, ...]:
    if workload.kind == "DaemonSet":
        return ("set maxUnavailable to 1, or to 0 with `maxSurge: 1`",)
    return (
        "set `strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}`",
        "where old and new pods must not run side by side, add `maxSurge: 0` to it",
    )


def _node_by_node(model: Model, service: Service, workloads: list[Workload]) -> Diagnosis | None:
    """An update leaves one node after the other without a pod."""
    workload = workloads[0]
    surge = _agreed(model, workloads, leaves_nodes)
    ways = [way for way in model.ways_in(service) if way.on_one_node]
    if surge is None or not ways:
        return None
    zero = "maxSurge is 0" if surge.written else "maxSurge is 0, the default"
    return Diagnosis(
        at=surge.place if surge.written else workload.place,
        message=f"An update of {workload.object.ref} stops the pod of a node before the new one runs there ({zero}). "
        f"Until that is ready, the node has none for {service.object.ref} under externalTrafficPolicy Local: "
        f"{_meanwhile(ways)}.",
        severity=Severity.INFO,
        object=workload.object,
        related=(_policy(service),),
        fixes=(_surge(workload),),
    )


def _meanwhile(ways: list[WayIn]) -> str:
    blind = next((way for way in ways if way.follows_endpoints is False), None)
    if blind:
        return f"packets that {blind.name} brings there are dropped"
    unknown = next((way for way in ways if way.follows_endpoints is None), None)
    if unknown:
        return f"packets that {unknown.name} may still send there are dropped"
    return f"{ways[0].name} has to send elsewhere, and what still comes to the node breaks or is dropped"


def _surge(workload: Workload) -> str:
    if holds_host_ports(workload.template):
        return (
            "its pods hold ports of the host, so no two fit on a node: use `updateStrategy: {type: OnDelete}`, and "
            "take a node out of the load balancer before you delete its pod"
        )
    return "start the new pod first: `updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}`"


def _policy(service: Service) -> Related:
    return Related(service.external_traffic_policy.place, "under Local only nodes with a pod serve", service.object)


RULE = Rule(
    id="SRC606",
    name="local-disruptive-update",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
