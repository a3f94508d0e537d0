"""Behind `externalTrafficPolicy: Local`, all replicas may stand on one node.

Under Local a load balancer that looks at where the pods are sends packets only to nodes with a ready pod. What the
scheduler does by itself is a preference: two or three replicas on one node are perfectly legal. Then MetalLB in layer
2 mode has no standby node, a BGP router one next hop, a health-checked load balancer one target, and when that node
goes, everything is out until the pods run somewhere else. No client address is lost by it, so this is a hint; where
the client's address is required, going back to `Cluster` is no way out, and it is a warning.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, or NodePort behind a front that checks its health.
- `local`: its external traffic policy is Local.
- `follows-endpoints`: the way in is known to leave out nodes without a ready pod; otherwise SRC301 speaks.
- `several-replicas`: a workload that it selects runs two replicas or more, or an autoscaler leaves that many.
- `not-separated`: nothing forces them onto different nodes: no topologySpreadConstraint over `kubernetes.io/hostname`
  with DoNotSchedule that counts these pods and whose maxSkew is less than their number, no required pod anti-affinity
  over `kubernetes.io/hostname` that repels them.

It is **info**; a **warning** where the client's address is required (by the annotation
`srcip-lint.io/require-client-ip` or `requireClientIP` in the configuration), unless a working preference
(ScheduleAnyway, a preferred anti-affinity) is there.

## Silent when

- `daemon-set`: a DaemonSet is among the selected workloads.
- `host-port`: the pods claim a port of the host, with hostPort or hostNetwork, so no two of them share a node.
- `replicas-unknown`: the number of replicas is a placeholder, or autoscalers contradict each other.
- `spread-unknown`: a placeholder stands for something that may separate the pods.
- `over-zones`: they must be spread over other domains than nodes, such as zones: the nodes' labels decide (SRC603
  speaks).
- `vain-spread`: a spread constraint is there whose maxSkew is no less than the number of replicas (SRC603 speaks).
- `drawn-together`: a required pod affinity puts all of them on one node (SRC608 speaks).
- `another-separated`: another workload that the Service selects keeps its pods on different nodes, or on chosen ones.
- `alternatives`: files define the workload in several ways, and one of them separates the pods.
- `pinned`: the workload is bound to nodes by their names: whoever wrote it chose them.
- `one-node`: there is only one node that takes ordinary pods, or that these pods can stand on, by `nodes` in the
  configuration or the Node objects read.
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
  externalTrafficPolicy: Local  # want info "All 3 replicas of Deployment web may stand on one node"
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
          labelSelector:
            matchLabels:
              app: web
          matchLabelKeys: [pod-template-hash]
      containers:
        - name: nginx
          image: nginx:1.27
```

## Fix

Add the constraint shown above. `nodeTaintsPolicy: Honor` keeps nodes that the pods cannot use out of the count, and
`matchLabelKeys: [pod-template-hash]` (Deployments only) keeps the old pods of a rollout out of it; without them a
rollout can get stuck. `whenUnsatisfiable: ScheduleAnyway` is the safe form: it makes one node unlikely, forces
nothing, and never leaves a pod Pending for want of a node.

## Sources

- Kubernetes "Pod Topology Spread Constraints", section on the built-in default constraints (both ScheduleAnyway); API
  `core/v1` TopologySpreadConstraint and PodAffinityTerm.
- MetalLB `website/content/usage/_index.md` (traffic policies), `speaker/layer2_controller.go` (`nodesWithEndpoint`).
- kubernetes/kubernetes#98215 (old and new pods are counted together).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from srcip_lint.rule import (
    Diagnosis,
    Model,
    Related,
    Rule,
    Service,
    Severity,
    WayIn,
    Workload,
    drawn_together,
    required_here,
    vain_spreads,
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis for each Service and workload that it selects."""
    for service in model.local_services:
        selection, way = model.selected(service), model.following_way(service)
        if not selection.known or way is None or not way.on_one_node or model.siting.one_node(service):
            continue
        if all(map(model.siting.may_share_a_node, selection.worlds)) and not drawn_together(service, model.bundle):
            for definitions in selection.definitions:
                in_vain = all(vain_spreads(workload, model.bundle) for workload in definitions)
                if all(_several(model, workload) for workload in definitions) and not in_vain:
                    yield _crowded(model, service, way, definitions)


def _several(model: Model, workload: Workload) -> bool:
    replicas = model.siting.replicas(workload)
    return replicas is not None and replicas > 1 and not model.pods.pinned(workload)


def _crowded(model: Model, service: Service, way: WayIn, definitions: tuple[Workload, ...]) -> Diagnosis:
    """What is said of one workload; `definitions` are several where files contradict each other."""
    requirement = model.required(service)
    workload = definitions[0]
    count = min(model.siting.replicas(definition) or 0 for definition in definitions)
    many = "Both" if count == 2 else f"All {count}"
    no_way_out = f" Going back to Cluster is no way out: {requirement.why}." if requirement else ""
    is_preferred = any(weak.soft for definition in definitions for weak in model.siting.weak_separations(definition))
    return Diagnosis(
        at=service.external_traffic_policy.place,
        message=f"{many} replicas of {workload.object.ref} may stand on one node. Then {way.on_one_node}, and losing "
        f"that node is an outage until the pods run elsewhere.{no_way_out}",
        severity=Severity.WARNING if requirement and not is_preferred else Severity.INFO,
        object=service.object,
        related=(
            *(note for definition in definitions for note in _notes(model, definition)),
            *required_here(requirement),
        ),
        fixes=_fixes(service, workload),
    )


def _notes(model: Model, workload: Workload) -> Iterator[Related]:
    yield Related(workload.place, "nothing here forces its pods onto different nodes", workload.object)
    for weak in model.siting.weak_separations(workload):
        yield Related(weak.place, f"{weak.reason} does not force them apart: {weak.flaw}", workload.object)


def _fixes(service: Service, workload: Workload) -> tuple[str, ...]:
    labels = json.dumps({key: value for key, value in service.selector.value.items() if isinstance(value, str)})
    keys = ", matchLabelKeys: [pod-template-hash]" if workload.kind == "Deployment" else ""
    constraint = (
        "{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, nodeTaintsPolicy: Honor, "
        f"labelSelector: {{matchLabels: {labels}}}{keys}}}"
    )
    return (
        f"add to the pod template of {workload.object.ref}: topologySpreadConstraints: [{constraint}]",
        "where a pod must never wait for a free node, whenUnsatisfiable: ScheduleAnyway is the safe form: it makes one "
        "node unlikely and forces nothing",
    )


RULE = Rule(
    id="SRC601",
    name="local-no-hard-spread",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
