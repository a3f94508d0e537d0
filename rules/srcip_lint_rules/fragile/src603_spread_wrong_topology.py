"""Behind `externalTrafficPolicy: Local`, a spread constraint that lets all its pods stand on one node.

Under Local only nodes with a ready pod take packets, so it counts on how many nodes the pods stand. A
topologySpreadConstraint looks as if it saw to that, but does not if it spreads over zones: the pods of one zone may all
stand on one of its nodes, and where there is only one zone, all pods. Nor if its maxSkew is no less than the number of
replicas. maxSkew is how many pods more a node may hold than the emptiest one: three replicas with a maxSkew of three
may stand on one node while all others have none, and the constraint is satisfied.

## Reported when

- `behind-local`: an external Service with the policy Local surely selects the workload.
- `several-replicas`: it has two replicas or more.
- `counts-own`: its topologySpreadConstraint has DoNotSchedule, and surely counts the workload's own pods.
- `lets-share`: and is over `kubernetes.io/hostname` with a maxSkew that is no less than the number of replicas; or it
  is over something else than nodes, such as zones.

The maxSkew is a **warning**: it does nothing, as it is written. Zones are **info**, since how many nodes and zones
there are decides; a **warning** where an inventory proves that all pods may stand on one node, and the client's address
is required (by the annotation `srcip-lint.io/require-client-ip` or `requireClientIP` in the configuration).

## Silent when

- `kept-apart`: something else keeps the pods on different nodes: another constraint, a required anti-affinity, a port
  of the host; or the inventory does.
- `prefers-nodes`: beside the zones something prefers different nodes (ScheduleAnyway, a preferred anti-affinity).
- `drawn-together`: a required pod affinity puts all of them on one node anyway (SRC608 speaks).
- `no-way-known`: it is over zones, and the way in is not known to leave out nodes without a ready pod (SRC301 speaks).
- `autoscaled`: an autoscaler may make more replicas than the maxSkew (SRC601 speaks).
- `others-counted`: the constraint over nodes may count the pods of another workload too.
- `another-workload`: the Service also selects another workload, whose pods are kept apart; or, with zones, any other.
- `alternatives`: files define the workload in several ways, and one of them does not have the fault.
- `patched`: a patch may change the number of replicas or the constraints.
- `pinned`: the workload is bound to nodes by their names.
- `one-node`: there is only one node that takes ordinary pods, or that these pods can stand on, by `nodes` in the
  configuration or the Node objects read.
- `daemon-set`: a DaemonSet has one pod on a node whatever its constraints say.
- `unknown`: a placeholder stands for the number of replicas, or for something that may separate the pods.
- `not-by-node`: the load balancer connects to the pods themselves, so it does not matter to it where they stand.

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
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      topologySpreadConstraints:
        - maxSkew: 3  # want warning "lets all 3 replicas of Deployment web stand on one node"
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          labelSelector:
            matchLabels:
              app: web
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
  replicas: 3
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
          matchLabelKeys: [pod-template-hash]
          labelSelector:
            matchLabels:
              app: web
      containers:
        - name: nginx
          image: nginx:1.27
```

## Fix

Write `maxSkew: 1`. Beside a constraint over zones, add a second one over `kubernetes.io/hostname`: both must be
satisfied then. `nodeTaintsPolicy: Honor` and, in a Deployment, `matchLabelKeys: [pod-template-hash]` keep a constraint
that binds from stopping updates (SRC319).

## Sources

- Kubernetes API, `core/v1` TopologySpreadConstraint (`maxSkew`, `topologyKey`, `whenUnsatisfiable`); "Pod Topology
  Spread Constraints".
- MetalLB `website/content/usage/_index.md` (traffic policies).
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from srcip_lint.rule import (
    HOSTNAME,
    Diagnosis,
    Model,
    Related,
    Rule,
    Service,
    Severity,
    SpreadConstraint,
    WayIn,
    Workload,
    drawn_together,
    over_other_domains,
    required_here,
    vain_spreads,
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a workload, however many Services select it."""
    seen: set[Workload] = set()
    for service in model.local_services:
        selection = model.selected(service)
        if not selection.known or not model.goes_by_node(service) or model.siting.one_node(service):
            continue
        if drawn_together(service, model.bundle):
            continue
        for definitions in selection.definitions:
            found = None if any(map(model.pods.pinned, definitions)) else _judge(model, service, definitions)
            if found and definitions[0] not in seen:
                seen.add(definitions[0])
                yield found


def _judge(model: Model, service: Service, definitions: tuple[Workload, ...]) -> Diagnosis | None:
    """What is said of one workload; `definitions` are several where files contradict each other."""
    worlds, bundle = model.selected(service).worlds, model.bundle
    vain = [constraint for each in definitions for constraint in vain_spreads(each, bundle)[:1]]
    if len(vain) == len(definitions) and all(map(model.siting.may_share_a_node, worlds)):
        return _vain(model, service, definitions[0], vain[0])
    way = model.following_way(service)
    zoned = [constraint for each in definitions for constraint in (over_other_domains(each, bundle),) if constraint]
    is_alone = all(len(world) == 1 for world in worlds) and not any(map(model.siting.separated, definitions))
    if (
        way
        and way.on_one_node
        and is_alone
        and len(zoned) == len(definitions)
        and not _has_one_node(model, definitions)
    ):
        return _zoned(model, service, way, definitions[0], zoned[0])
    return None


def _has_one_node(model: Model, definitions: tuple[Workload, ...]) -> bool:
    """By the inventory, is there one node only that the pods can stand on?"""
    placements = (model.siting.placement(each) for each in definitions)
    return any(placement is not None and len(placement.possibly) < 2 for placement in placements)


def _vain(model: Model, service: Service, workload: Workload, constraint: SpreadConstraint) -> Diagnosis:
    return Diagnosis(
        at=constraint.place,
        message=f"This constraint lets {_all(model, workload)} stand on one node: a maxSkew of "
        f"{constraint.max_skew.value} lets a node hold that many more than the emptiest one. So it does not spread "
        "them, and under externalTrafficPolicy Local only nodes with one of them serve.",
        severity=Severity.WARNING,
        object=workload.object,
        related=_notes(model, service, workload),
        fixes=(f"write `maxSkew: 1` into it, with `{_beside(workload)}`, so that updates do not get stuck",),
    )


def _zoned(model: Model, service: Service, way: WayIn, workload: Workload, constraint: SpreadConstraint) -> Diagnosis:
    key, requirement = constraint.topology_key.value, model.required(service)
    placement, replicas = model.siting.placement(workload), model.siting.replicas(workload)
    is_proved = placement is not None and placement.exact and placement.inventory.declared
    labels = {key: value for key, value in service.selector.value.items() if isinstance(value, str)}
    added = (
        f"{{maxSkew: 1, topologyKey: {HOSTNAME}, whenUnsatisfiable: DoNotSchedule, {_beside(workload)}, "
        f"labelSelector: {{matchLabels: {json.dumps(labels)}}}}}"
    )
    return Diagnosis(
        at=constraint.topology_key.place,
        message=f"This spreads the {replicas} replicas of {workload.object.ref} over {key}, not over "
        f"nodes: those that share a value of it may all stand on one node, and where the nodes have one value only, "
        f"all of them. Then {way.on_one_node}.",
        severity=Severity.WARNING if is_proved and requirement else Severity.INFO,
        object=workload.object,
        related=(*_notes(model, service, workload), *required_here(requirement)),
        assumptions=() if is_proved else (f"several nodes have the same value of {key}",),
        fixes=(
            f"add a constraint over nodes beside it: {added}",
            "where a pod must never wait for a free node, give that one whenUnsatisfiable: ScheduleAnyway: it makes "
            "one node unlikely and forces nothing",
        ),
    )


def _all(model: Model, workload: Workload) -> str:
    count = model.siting.replicas(workload)
    return f"{'both' if count == 2 else f'all {count}'} replicas of {workload.object.ref}"


def _beside(workload: Workload) -> str:
    """What else a constraint over nodes needs."""
    return "nodeTaintsPolicy: Honor" + (
        ", matchLabelKeys: [pod-template-hash]" if workload.kind == "Deployment" else ""
    )


def _notes(model: Model, service: Service, workload: Workload) -> tuple[Related, ...]:
    return (
        Related(service.external_traffic_policy.place, "under Local, it sends to these pods", service.object),
        Related(model.pods.replicas_place(workload), "how many pods there are", model.pods.replicas_owner(workload)),
    )


RULE = Rule(
    id="SRC603",
    name="spread-wrong-topology",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
