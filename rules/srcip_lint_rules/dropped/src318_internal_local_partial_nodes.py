"""`internalTrafficPolicy: Local` where callers can stand on a node that has no pod.

The policy is about callers inside the cluster, who use the cluster IP: a node hands their packets only to a ready pod
of its own. Where it has none, and the Service has endpoints elsewhere, the packets are dropped without an answer. So
the policy fits an agent that runs on every node, a DaemonSet; with anything else some callers are served and others
time out, depending on where the scheduler put them.

## Reported when

- `cluster-ip`: the Service has a cluster IP: any type but ExternalName, and not headless.
- `internal-local`: its internal traffic policy is Local.
- `selects`: it surely selects a workload that was read.
- `uncovered`: what it selects does not put a pod on every node; only a DaemonSet without node restriction does, and
  with an inventory (`nodes` in the configuration, or else the Node objects read) what surely has a pod on each of its
  nodes, however the scheduler places the pods.

It is a **warning**. Without an inventory it is **info** for a DaemonSet on some of the nodes, for pods bound to named
nodes and for pods that a hard constraint keeps on different nodes: there may be no other node with callers. It is
**info** too where Node objects are what shows that such a workload leaves a node out, and where only nodes with a taint
are without a pod: callers there are few.

## Silent when

- `mistaken-policy`: SRC104 reports the Service: the external policy was meant.
- `callers-beside`: a required pod affinity over `kubernetes.io/hostname` binds callers to nodes that have such a pod,
  or the pods to nodes that have another workload's.
- `no-replicas`: every selected workload has zero replicas and no autoscaler: no node has a pod, so it is not this
  policy that decides.
- `unknown-placement`: with an inventory, a placeholder stands for something that decides where the pods are.
- `cordoned`: only nodes that take no new pods at the moment are without one.
- `patched`: another file may give the Service another policy, or, with an inventory, the pods other nodes.
- `placeholder`: a placeholder stands for the policy, the type or the cluster IP.
- `alternatives`: files define the workload in several ways, and one of them runs on every node.
- `unknown-selection`: what the Service selects is not known: a placeholder, or files that contradict each other.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: collector
spec:
  internalTrafficPolicy: Local  # want warning "Deployment collector guarantees a pod on no particular node"
  selector:
    app: collector
  ports:
    - port: 4317
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: collector
spec:
  replicas: 2
  selector:
    matchLabels:
      app: collector
  template:
    metadata:
      labels:
        app: collector
    spec:
      containers:
        - name: collector
          image: registry.example/collector:1.0
```

## Good

```yaml
apiVersion: v1
kind: Service
metadata:
  name: collector
spec:
  internalTrafficPolicy: Local
  selector:
    app: collector
  ports:
    - port: 4317
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: collector
spec:
  selector:
    matchLabels:
      app: collector
  template:
    metadata:
      labels:
        app: collector
    spec:
      containers:
        - name: collector
          image: registry.example/collector:1.0
```

## Fix

Run the pods as a DaemonSet, on every node that has callers; or take `internalTrafficPolicy: Local` away. To prefer a
pod of the caller's node, and use another where there is none, write `trafficDistribution: PreferSameNode` instead
(Kubernetes 1.35).

## Sources

- KEP-2086 (internalTrafficPolicy), risks; Kubernetes API, `core/v1` ServiceInternalTrafficPolicy.
- Kubernetes documentation, "Service Internal Traffic Policy"; KEP-3015 (PreferSameNode).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, Model, Related, Rule, Service, Severity, Uncovered, Workload

_TYPES = ("ClusterIP", "NodePort", "LoadBalancer")


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service: the mildest that any choice among contradicting files gives."""
    for service in model.bundle.services:
        selection = model.selected(service)
        if not _is_local(model, service) or not selection.known or model.mistaken_policy(service):
            continue
        verdicts = [_judge(model, service, world) for world in selection.worlds]
        if all(verdicts):
            yield min((verdict for verdict in verdicts if verdict), key=lambda verdict: verdict.severity)


def _is_local(model: Model, service: Service) -> bool:
    """Has it surely a cluster IP, under the policy Local?"""
    address = service.cluster_ip.value
    has_address = (
        service.type.value in _TYPES and not service.headless and (address is None or isinstance(address, str))
    )
    others = (patch.internal_traffic_policy for patch in model.bundle.patches_of(service))
    is_patched = any(policy.written and policy.value != "Local" for policy in others)
    return has_address and service.internal_traffic_policy.value == "Local" and not is_patched


def _judge(model: Model, service: Service, world: tuple[Workload, ...]) -> Diagnosis | None:
    """What is wrong in one world, where the files contradict each other."""
    running = tuple(workload for workload in world if not model.pods.switched_off(workload))
    if not running or model.siting.beside_callers(running):
        return None
    bare = model.siting.uncovered(service, running)
    if bare is None and (model.siting.inventory(service) or model.siting.covers_every_node(service, running)):
        return None
    on_some = any(workload.kind == "DaemonSet" or model.pods.pinned(workload) for workload in running)
    apart = bare is None and all(model.siting.separated(workload) for workload in running)
    is_sure = not bare.tainted and (bare.inventory.declared or not on_some) if bare else not (on_some or apart)
    return Diagnosis(
        at=service.internal_traffic_policy.place,
        message="internalTrafficPolicy Local drops what callers in the cluster send to the cluster IP from a node "
        f"without a ready pod of its own: {_gap(running, bare, apart=apart)}.",
        severity=Severity.WARNING if is_sure else Severity.INFO,
        object=service.object,
        related=tuple(Related(workload.place, "the pods behind it", workload.object) for workload in running),
        assumptions=_assumptions(bare, is_sure=is_sure),
        fixes=_fixes(running),
    )


def _gap(world: tuple[Workload, ...], bare: Uncovered | None, *, apart: bool) -> str:
    names, several = " and ".join(str(workload.object.ref) for workload in world), len(world) > 1
    if bare:
        more = f" (and {len(bare.nodes) - 1} other{'s' if len(bare.nodes) > 2 else ''})" if len(bare.nodes) > 1 else ""
        where = f"on node {bare.nodes[0]}{more}, one of {bare.inventory.source}"
        if bare.why:
            return f"{names} {'have' if several else 'has'} none {where}: {bare.why}"
        return f"{names} {'guarantee' if several else 'guarantees'} none {where}"
    if all(workload.kind == "DaemonSet" for workload in world):
        return f"{names} {'run' if several else 'runs'} only on some of the nodes"
    if apart:
        return f"{names} {'keep their' if several else 'keeps its'} pods on different nodes, but not on every node"
    return f"{names} {'guarantee' if several else 'guarantees'} a pod on no particular node"


def _assumptions(bare: Uncovered | None, *, is_sure: bool) -> tuple[str, ...]:
    if bare:
        return (bare.inventory.assumption,) if bare.inventory.assumption else ()
    return () if is_sure else ("there are other nodes, and callers on them",)


def _fixes(world: tuple[Workload, ...]) -> tuple[str, ...]:
    if all(workload.kind == "DaemonSet" for workload in world):
        first = (
            "let the DaemonSet run on every node that has callers: its nodeSelector, affinity and tolerations decide"
        )
    else:
        first = "run the pods as a DaemonSet, so that every node that has callers has one"
    return (
        first,
        "or take `internalTrafficPolicy: Local` away; `trafficDistribution: PreferSameNode` (Kubernetes 1.35) prefers "
        "a pod of the caller's node and uses another where there is none",
    )


RULE = Rule(
    id="SRC318",
    name="internal-local-partial-nodes",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
