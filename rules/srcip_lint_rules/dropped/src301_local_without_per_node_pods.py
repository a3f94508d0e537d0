"""`externalTrafficPolicy: Local` where packets can reach a node that has no pod.

Under Local a node hands a packet only to a ready pod of its own. Where there is none, and the Service has endpoints
elsewhere, the packet is dropped without an answer: the client sees a time-out, from some addresses or at some times.
That is harmless where whatever delivers packets to the nodes leaves out nodes without a pod: MetalLB and BGP
announcements do, and so do cloud load balancers that poll the health-check node port. A node port, an external IP,
Cilium's L2 announcements, kube-vip with one global leader and a static front do not.

How many replicas there are does not decide it, and neither does the number of nodes.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, NodePort, or external IPs.
- `local`: its external traffic policy is Local.
- `selects`: it surely selects a workload that was read.
- `uncovered`: what it selects does not put a pod on every node; only a DaemonSet without node restriction does, and
  what surely has a pod on each node that packets are sent to: of the inventory (`nodes` in the configuration, or else
  the Node objects read) those that the declared edge's `targetNodes` choose, or all.
- `blind-delivery`: a way in does not leave out nodes without a pod, or nothing tells whether it does.

It is an **error** where a declared or recognised load balancer is known not to look at where the pods are, and where
a declared node that packets are sent to can run no pod: its labels, its taints or its name rule the pods out. Without
`targetNodes` that is any declared node that takes ordinary pods. It is a **warning** for a node port or an external
IP, where Node objects show such a node, and for an unknown load balancer when nothing spreads the pods over nodes or a
node that `targetNodes` choose can run no pod; **info** for an unknown load balancer when a hard spread exists or when
a class or an annotation names one that this tool does not know, for a DaemonSet on some of the nodes, and for pods
bound to named nodes.

## Silent when

- `follows-endpoints`: the load balancer is known to leave out nodes without a pod (SRC601 and SRC605 speak then):
  declared, or told by a class, an annotation, or objects such as an IPAddressPool, MetalLB's own workloads, or the
  ConfigMap that it read before 0.13.
- `health-checked-front`: a declared front checks the nodes' health, or an ALB or GCE Ingress or a TargetGroupBinding
  checks the node port's.
- `unknown-selection`: what the Service selects is not known: a placeholder, or files that contradict each other.
- `no-replicas`: every selected workload has zero replicas and no autoscaler (SRC302 speaks then).
- `headless`: the Service has no cluster IP, so no node handles packets for it.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  externalTrafficPolicy: Local  # want warning "drops packets on nodes without a ready pod"
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
      containers:
        - name: nginx
          image: nginx:1.27
```

## Good

A DaemonSet has a pod on every node:

```yaml
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
      containers:
        - name: nginx
          image: nginx:1.27
```

And MetalLB announces an address only from nodes that have a ready pod, so one replica is enough:

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

## Fix

Run the pods as a DaemonSet; or send packets only to nodes that have a pod (a health-checked load balancer, or a front
confined to labelled nodes with the pods confined to the same ones). Where the load balancer is one that follows
endpoints, declare it: `loadBalancer: metallb-l2`, say, in `srcip-lint.yaml`. Going back to `Cluster` ends the drops
and loses the client address.

## Sources

- Kubernetes API, `core/v1` ServiceExternalTrafficPolicy; "Virtual IPs and Service Proxies", traffic policies.
- kubernetes/ingress-nginx `docs/deploy/baremetal.md`; kubernetes/kubernetes#125167, #104105.
- MetalLB `speaker/layer2_controller.go` (`nodesWithEndpoint`), `speaker/bgp_controller.go` (`noLocalEndpoints`).
- Cilium `Documentation/network/l2-announcements.rst`; kube-vip pull requests 407 and 410.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.rule import DeadTarget, Diagnosis, Model, Related, Rule, Service, Severity, WayIn, Workload

_POLICY = "externalTrafficPolicy Local drops packets on nodes without a ready pod of its own"


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service: its worst way in."""
    for service in model.local_services:
        selection = model.selected(service)
        if not selection.known:
            continue
        verdicts = [_worst(model, service, world) for world in selection.worlds]
        if all(verdicts):
            yield min((verdict for verdict in verdicts if verdict), key=lambda verdict: verdict.severity)


def _worst(model: Model, service: Service, world: tuple[Workload, ...]) -> Diagnosis | None:
    """What is wrong in one world, where the files contradict each other; the worst way in speaks."""
    running = tuple(workload for workload in world if not model.pods.switched_off(workload))
    if not running or model.siting.covers_every_node(service, running):
        return None
    found = [diagnosis for way in model.ways_in(service) for diagnosis in _judge(model, service, way, running)]
    return max(found, key=lambda diagnosis: diagnosis.severity, default=None)


def _judge(model: Model, service: Service, way: WayIn, world: tuple[Workload, ...]) -> Iterator[Diagnosis]:
    if way.follows_endpoints is True:
        return
    unknown = way.follows_endpoints is None
    target = _dead_target(model, service, world, unknown=unknown)
    consequence = f"and {way.name} may send them there" if unknown else f"and {way.name} does not avoid such nodes"
    assumptions = [f"the load balancer does not leave out nodes without a pod; {way.because}"] if unknown else []
    if target and target.inventory.assumption:
        assumptions.append(target.inventory.assumption)
    yield Diagnosis(
        at=service.external_traffic_policy.place,
        message=f"{_POLICY}, {consequence}: {_guarantee(model, world, target)}.",
        severity=_severity(model, way, world, target),
        object=service.object,
        related=(
            *(Related(workload.place, _role(model, workload), workload.object) for workload in world),
            *(
                Related(signal.at, signal.why, signal.object)
                for signal in (way.balancer.signals if way.balancer else ())
                if signal.at
            ),
        ),
        assumptions=tuple(assumptions),
        fixes=_fixes(way, target, unknown=unknown),
    )


def _dead_target(model: Model, service: Service, world: tuple[Workload, ...], *, unknown: bool) -> DeadTarget | None:
    """A node that can run no pod, where that is what is to be told: the declared edge sends packets there, or the way
    in does not look. Whoever chose the pods' nodes by a DaemonSet or by name may send packets only there too."""
    target = model.siting.dead_target(service, world)
    is_told = target is not None and (target.chosen or not (unknown or _chooses_nodes(model, world)))
    return target if is_told else None


def _chooses_nodes(model: Model, world: tuple[Workload, ...]) -> bool:
    return any(workload.kind == "DaemonSet" or model.pods.pinned(workload) for workload in world)


def _severity(model: Model, way: WayIn, world: tuple[Workload, ...], target: DeadTarget | None) -> Severity:
    unknown = way.follows_endpoints is None
    if target:
        return Severity.WARNING if unknown or not target.inventory.declared else Severity.ERROR
    if _chooses_nodes(model, world):
        return Severity.INFO
    if unknown:
        likely = way.balancer is not None and (not way.balancer.named or way.balancer.mostly_blind)
        spread = all(model.siting.separated(workload) for workload in world)
        return Severity.WARNING if likely and not spread else Severity.INFO
    return Severity.ERROR if way.balancer else Severity.WARNING


def _guarantee(model: Model, world: tuple[Workload, ...], target: DeadTarget | None) -> str:
    if target and target.chosen:
        return f"node {target.name} is a declared target and can run none of them: {target.why}"
    if target:
        return f"node {target.name}, one of {target.inventory.source}, can run none of them: {target.why}"
    names, several = " and ".join(str(workload.object.ref) for workload in world), len(world) > 1
    if all(workload.kind == "DaemonSet" for workload in world):
        return f"{names} {'run' if several else 'runs'} only on some of the nodes"
    if len(world) == 1 and model.pods.at_least(world) == 1:
        return f"{names} guarantees one pod, so a pod on one node only"
    if all(model.siting.separated(workload) for workload in world):
        return f"{names} {'keep their' if several else 'keeps its'} pods on different nodes, but not on every node"
    return f"{names} {'guarantee' if several else 'guarantees'} a pod on no particular node"


def _role(model: Model, workload: Workload) -> str:
    replicas = model.siting.replicas(workload)
    if replicas is None:
        return "the pods behind it"
    if replicas == 1:
        return "the pod behind it: 1 replica"
    spread = "on different nodes" if model.siting.separated(workload) else "nothing keeps them on different nodes"
    return f"the pods behind it: {replicas} replicas, {spread}"


def _fixes(way: WayIn, target: DeadTarget | None, *, unknown: bool) -> tuple[str, ...]:
    daemon_set = "run the pods as a DaemonSet, so that every node that can receive packets has one"
    if way.balancer and way.balancer.remedy:
        return (daemon_set, way.balancer.remedy)
    if unknown:
        return (
            "declare the load balancer, e.g. `loadBalancer: metallb-l2` in srcip-lint.yaml: "
            "one that follows endpoints settles it",
            daemon_set,
        )
    if target and not target.chosen:
        elsewhere = "if packets are sent to other nodes only, declare them: targetNodes of the Service in `edges`"
        return (daemon_set, elsewhere)
    if way.balancer:
        return (daemon_set, "use a load balancer that announces or health-checks only nodes with a pod")
    return (
        daemon_set,
        "put a load balancer that health-checks the nodes in front, or send clients only to nodes that run a pod",
    )


RULE = Rule(
    id="SRC301",
    name="local-without-per-node-pods",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
