"""In BGP mode with Local, traffic is split by node, so pods that share a node get less each.

With `externalTrafficPolicy: Local` MetalLB announces an address from every node that has a ready pod, once from each,
however many pods stand there. The routers split connections over the nodes, and each node over its own pods: with two
pods on one node and one on another, the two get a quarter each and the third gets half.

## Reported when

- `local`: a LoadBalancer Service's external traffic policy is Local.
- `bgp`: its address is announced by MetalLB in BGP mode.
- `three-pods`: it selects three pods or more. One or two cannot be split unevenly.
- `not-separated`: nothing forces the pods onto different nodes, and nothing puts all of them on one.

It is **info**: how bad it is depends on where the scheduler happens to put the pods.

## Silent when

- `daemon-set`: a DaemonSet is among the selected workloads: one pod on each node.
- `one-node`: there is only one node that takes ordinary pods, or that these pods can stand on, by `nodes` in the
  configuration or the Node objects read.
- `spread-unknown`: a placeholder stands for something that may separate the pods.
- `alternatives`: files define the workload in several ways, and one of them separates the pods.
- `unknown-selection`: what the Service selects is not known: a placeholder, or files that contradict each other.
- `headless`: the Service has no cluster IP, so no node handles packets for it.

## Bad

```yaml
# given loadBalancer: metallb-bgp
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local  # want info "each of the others 25 %"
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
# given loadBalancer: metallb-bgp
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

Put the same number of pods on every node that has any: one each, with the constraint above or with a required
anti-affinity over `kubernetes.io/hostname`, or as a DaemonSet. Going back to `Cluster` splits traffic by pod and loses
the client's address.

## Sources

- metallb/metallb `website/content/usage/_index.md` (BGP, "Local": two pods with 25 % each and one with 50 %),
  `speaker/bgp_controller.go` (ShouldAnnounce: one local endpoint is enough).
- metallb/metallb#1 (weights were never sent to the routers), #2475; kubernetes/kubernetes#68474, #97147 (the same
  behind load balancers that go by node).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Answer, Diagnosis, Model, Related, Rule, Service, Severity, Workload


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service."""
    for service in model.local_services:
        selection = model.selected(service)
        if (
            model.metallb.protocols(service).bgp is not Answer.YES
            or not selection.known
            or model.siting.one_node(service)
        ):
            continue
        if all(_may_be_uneven(model, world) for world in selection.worlds):
            yield _uneven(model, service, selection.worlds[0])


def _may_be_uneven(model: Model, world: tuple[Workload, ...]) -> bool:
    return model.pods.at_least(world) > 2 and model.siting.may_share_a_node(world) and not model.siting.together(world)


def _uneven(model: Model, service: Service, world: tuple[Workload, ...]) -> Diagnosis:
    pods = model.pods.at_least(world)
    names = " and ".join(str(workload.object.ref) for workload in world)
    return Diagnosis(
        at=service.external_traffic_policy.place,
        message="In BGP mode MetalLB announces the address once from each node with a ready pod, so traffic is split "
        f"by node, not by pod, and nothing spreads the {pods} pods of {names} evenly: with {pods - 1} on one node and "
        f"1 on another, that one gets 50 % and each of the others {50 / (pods - 1):.3g} %.",
        severity=Severity.INFO,
        object=service.object,
        related=tuple(
            Related(workload.place, "nothing here forces its pods onto different nodes", workload.object)
            for workload in world
        ),
        fixes=(
            "put one pod on each node, with the constraint that SRC601 shows, a required anti-affinity over "
            "kubernetes.io/hostname, or a DaemonSet",
        ),
    )


RULE = Rule(
    id="SRC611",
    name="metallb-bgp-local-imbalance",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
)
