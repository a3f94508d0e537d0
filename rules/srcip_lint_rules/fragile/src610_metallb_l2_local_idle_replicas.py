"""In layer 2 mode with Local, the pods of one node get all traffic; the others stand by.

In layer 2 mode one node answers for an address. With `externalTrafficPolicy: Local` MetalLB elects it among the nodes
that have a ready pod, and that node hands every packet to pods of its own. So the pods need not follow the leader: the
leader is where pods are, and one pod on a node that may announce is enough. But more nodes with a pod add failover,
not capacity: the replicas elsewhere get nothing until the leader's pods or the leader are gone.

## Reported when

- `local`: a LoadBalancer Service's external traffic policy is Local.
- `layer-two`: its address is announced by MetalLB in layer 2 mode, and surely not by BGP too.
- `several-pods`: it selects two pods or more: replicas, as far as the manifests tell how many, or a DaemonSet.
- `apart`: nothing puts all of them on one node.

It is **info**: standby pods may be what is meant.

## Silent when

- `one-node`: there is only one node that takes ordinary pods, or that these pods can stand on, by `nodes` in the
  configuration or the Node objects read.
- `alternatives`: files define the workload in several ways, and one of them has a single pod.
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
  externalTrafficPolicy: Local  # want info "of the 3 pods of Deployment web only those on that node get traffic"
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

With BGP every node that has a pod gets its share:

```yaml
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: public
  namespace: metallb-system
spec:
  addresses:
    - 198.51.100.0/24
---
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata:
  name: public
  namespace: metallb-system
---
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
      containers:
        - name: nginx
          image: nginx:1.27
```

## Fix

None, where the other pods are meant to stand by. To use more of them, announce the address by BGP; or let several pods
share the leader's node (without a constraint that keeps them apart); or run a proxy behind Local that spreads requests
over all pods by a ClusterIP Service and tells them the client in a header.

## Sources

- metallb/metallb `website/content/usage/_index.md` (layer 2, "Local": pods that are not on the leader get no traffic),
  `speaker/layer2_controller.go` (`nodesWithEndpoint`).
- metallb/metallb#1748 (a maintainer: the leader is elected where pods run, not the other way round), #1777, #2179.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Answer, Diagnosis, Model, Related, Rule, Service, Severity, Workload


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service."""
    for service in model.local_services:
        protocols, selection = model.metallb.protocols(service), model.selected(service)
        if protocols.l2 is not Answer.YES or protocols.bgp is not Answer.NO or not selection.known:
            continue
        if all(_stand_by(model, world) for world in selection.worlds) and not model.siting.one_node(service):
            yield _idle(model, service, selection.worlds[0])


def _stand_by(model: Model, world: tuple[Workload, ...]) -> bool:
    """Are there several pods, that may stand on several nodes?"""
    has_daemon_set = any(workload.kind == "DaemonSet" for workload in world)
    return (has_daemon_set or model.pods.at_least(world) > 1) and not model.siting.together(world)


def _idle(model: Model, service: Service, world: tuple[Workload, ...]) -> Diagnosis:
    has_daemon_set = any(workload.kind == "DaemonSet" for workload in world)
    count = "pods" if has_daemon_set else f"{model.pods.at_least(world)} pods"
    names = " and ".join(str(workload.object.ref) for workload in world)
    return Diagnosis(
        at=service.external_traffic_policy.place,
        message="In layer 2 mode MetalLB announces the address from one node at a time, elected among those with a "
        f"ready pod, and Local keeps every packet on it: of the {count} of {names} only those on that node get "
        "traffic, the others stand by. The pods need not follow the leader: it is elected where they are.",
        severity=Severity.INFO,
        object=service.object,
        related=tuple(Related(workload.place, "the pods behind it", workload.object) for workload in world),
        fixes=(
            "leave it so where the other pods are meant to stand by: more nodes with a pod are failover, not capacity",
            "announce the address by BGP, which uses every node that has a pod",
        ),
    )


RULE = Rule(
    id="SRC610",
    name="metallb-l2-local-idle-replicas",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
)
