"""A DaemonSet behind `externalTrafficPolicy: Local` does not run on a tainted node that packets can be sent to.

Under Local a node hands a packet only to a ready pod of its own, and a DaemonSet is how one gets a pod on every node.
But it leaves out nodes whose taints its pods do not tolerate: what the DaemonSet controller tolerates of its own
accord is a node that is not ready, under pressure or cordoned, and neither the control plane's taint nor one that
dedicates nodes to some purpose. A node port, an external IP, or a load balancer that does not look at where the pods
are, can bring packets to such a node, and there they are dropped without an answer.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, NodePort, or external IPs.
- `local`: its external traffic policy is Local.
- `blind-delivery`: a way in is known not to leave out nodes without a ready pod.
- `daemon-set`: it selects a DaemonSet.
- `chosen`: the node is one of those that the DaemonSet's nodeSelector and affinity choose; others are left out on
  purpose, as SRC301 tells.
- `untolerated`: the node has a taint that its pods surely do not tolerate.

The nodes are those of `nodes` in the configuration: then it is a **warning**. Where Node objects are the inventory it
is **info**, since they may not be all nodes, nor tell all of each.

## Silent when

- `follows-endpoints`: the load balancer is known to leave out nodes without a pod, as MetalLB does.
- `health-checked-front`: a declared front checks the nodes' health, or an ALB or GCE Ingress checks the node port's.
- `unknown-load-balancer`: nothing tells whether the load balancer leaves such nodes out.
- `dead-target`: the declared edge's `targetNodes` choose the node: SRC301 reports that.
- `other-targets`: the declared edge's `targetNodes` choose other nodes only.
- `excluded`: the node has the label `node.kubernetes.io/exclude-from-external-load-balancers`.
- `other-address`: the external IPs are the addresses of other nodes.
- `other-pods`: another selected workload may run on the node.
- `no-inventory`: neither the configuration nor a Node object tells which nodes there are.
- `preferred-only`: the taint only makes the scheduler prefer other nodes (PreferNoSchedule).
- `patched`: another file may give the DaemonSet's pods tolerations, or other nodes.
- `placeholder`: a placeholder stands for a toleration, or for what chooses the nodes.
- `alternatives`: files define the DaemonSet in several ways, and one of them tolerates the taint.
- `unknown-selection`: what the Service selects is not known: a placeholder, or files that contradict each other.
- `headless`: the Service has no cluster IP, so no node handles packets for it.

## Bad

```yaml
# given nodes: [{name: edge-1, taints: [{key: dedicated, value: edge, effect: NoSchedule}]}, {name: worker-1}]
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  externalTrafficPolicy: Local  # want warning "DaemonSet web has no pod on node edge-1"
  selector:
    app: web
  ports:
    - port: 80
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: web
spec:
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
# given nodes: [{name: edge-1, taints: [{key: dedicated, value: edge, effect: NoSchedule}]}, {name: worker-1}]
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector:
    app: web
  ports:
    - port: 80
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      tolerations:
        - key: dedicated
          operator: Exists
          effect: NoSchedule
      containers:
        - name: nginx
          image: nginx:1.27
```

## Fix

Add a toleration for the taint to the DaemonSet's pod template. Where packets are not sent to the node anyway, say so:
`targetNodes` of the Service in `edges` chooses the nodes that they are sent to. A load balancer that announces or
health-checks only nodes with a pod settles it as well.

## Sources

- Kubernetes documentation, "DaemonSet", "Taints and tolerations"; `pkg/controller/daemon/util/daemonset_util.go`.
- Kubernetes API, `core/v1` ServiceExternalTrafficPolicy; "Virtual IPs and Service Proxies", traffic policies.
- kubernetes/ingress-nginx `docs/deploy/baremetal.md`.
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
    TaintedTarget,
    WayIn,
    Workload,
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service: the first way in that may lead to such a node."""
    for service in model.local_services:
        selection = model.selected(service)
        for way in model.ways_in(service) if selection.known else ():
            found = [_tainted(model, service, world, way) for world in selection.worlds]
            if way.follows_endpoints is False and all(found):
                yield _diagnosis(service, way, found[0])
                break


def _tainted(model: Model, service: Service, world: tuple[Workload, ...], way: WayIn) -> tuple[TaintedTarget, ...]:
    """The nodes in one world, where the files contradict each other."""
    running = tuple(workload for workload in world if not model.pods.switched_off(workload))
    return model.siting.tainted_targets(service, running, way)


def _diagnosis(service: Service, way: WayIn, targets: tuple[TaintedTarget, ...]) -> Diagnosis:
    first, *others = targets
    name, inventory = first.workload.object.ref, first.inventory
    more = f" (and {len(others)} other{'s' if len(others) > 1 else ''})" if others else ""
    return Diagnosis(
        at=service.external_traffic_policy.place,
        message=f"{name} has no pod on node {first.name}{more}, one of {inventory.source}: {first.why}. Packets that "
        f"{way.name} brings there are dropped under externalTrafficPolicy Local, and it does not avoid such nodes.",
        severity=Severity.WARNING if inventory.declared else Severity.INFO,
        object=service.object,
        related=(Related(first.workload.place, "the pods behind it", first.workload.object),),
        assumptions=(inventory.assumption,) if inventory.assumption else (),
        fixes=_fixes(targets),
    )


def _fixes(targets: tuple[TaintedTarget, ...]) -> tuple[str, ...]:
    name = targets[0].workload.object.ref
    taints = dict.fromkeys((key, effect) for target in targets for key, _, effect in target.taints)
    written = ", ".join(f"{{key: {key}, operator: Exists, effect: {effect}}}" for key, effect in taints)
    is_known = all(isinstance(key, str) for key, _ in taints)
    return (
        f"add to the tolerations in the pod template of {name}: `{written}`"
        if is_known
        else f"tolerate the node's taints in the pod template of {name}",
        "if packets are sent to other nodes only, declare them: targetNodes of the Service in `edges`",
        "or put a load balancer in front that announces or health-checks only nodes with a pod",
    )


RULE = Rule(
    id="SRC609",
    name="daemonset-misses-lb-nodes",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
