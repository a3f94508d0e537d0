"""`sessionAffinity: ClientIP` is kept by each node for itself, and BGP routers choose the node by connection.

kube-proxy remembers which pod a client's address went to in a table of the node that took the connection. In BGP mode
several nodes announce the address, and a router that hashes ports too (5-tuple) sends the connections of one client to
several of them: each has its own memory, so one client is served by several pods. The policy has nothing to do with
it: affinity looks at the address before anything is masqueraded, so it works under Cluster and under Local alike.

## Reported when

- `client-ip`: the `sessionAffinity` of a LoadBalancer Service is ClientIP.
- `bgp`: its address is announced by MetalLB in BGP mode.
- `several-pods`: it selects two pods or more: replicas, as far as the manifests tell how many, or a DaemonSet.

It is **info**, and assumes that the routers hash ports: with addresses only (3-tuple) a client stays on one node.

## Silent when

- `one-node`: there is only one node that takes ordinary pods, by `nodes` in the configuration or the Node objects
  read; or the policy is Local, and all pods stand on one node.
- `headless`: the Service has no cluster IP, so no node handles packets for it.
- `unknown-selection`: what the Service selects is not known: a placeholder, or files that contradict each other.

## Bad

```yaml
# given loadBalancer: metallb-bgp
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  sessionAffinity: ClientIP  # want info "each node keeps for itself which pod a client went to"
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

In layer 2 mode one node takes all connections, so its memory is the only one:

```yaml
# given loadBalancer: metallb-l2
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  sessionAffinity: ClientIP
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

Let the routers hash addresses only (3-tuple), if they can; or announce the address in layer 2 mode; or keep sessions
where all nodes see them: a cookie of a proxy, or a store that the pods share.

## Sources

- Kubernetes API, `core/v1` ServiceSpec sessionAffinity; "Virtual IPs and Service Proxies", session affinity.
- metallb/metallb `website/content/concepts/bgp.md` (3-tuple and 5-tuple hashing).
- kubernetes/kubernetes `pkg/proxy/nftables/README.md` (affinity is decided where the address is rewritten, before
  anything is masqueraded); cloudnativelabs/kube-router#159 (another node, another pod).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Answer, Diagnosis, Model, Related, Rule, Service, Severity, Workload

_HASHED = "the routers choose the node by ports too (5-tuple), and not by addresses only"


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service."""
    for service in model.bundle.services:
        if service.session_affinity.value != "ClientIP" or service.headless or model.siting.one_node(service):
            continue
        selection = model.selected(service)
        if model.metallb.protocols(service).bgp is not Answer.YES or not selection.known:
            continue
        if all(_may_differ(model, service, world) for world in selection.worlds):
            yield _forgotten(service, selection.worlds[0])


def _may_differ(model: Model, service: Service, world: tuple[Workload, ...]) -> bool:
    """May two nodes send one client to two pods?"""
    is_everywhere = any(workload.kind == "DaemonSet" for workload in world)
    is_one_hop = service.external_traffic_policy.value != "Cluster" and model.siting.together(world)
    return (is_everywhere or model.pods.at_least(world) > 1) and not is_one_hop


def _forgotten(service: Service, world: tuple[Workload, ...]) -> Diagnosis:
    return Diagnosis(
        at=service.session_affinity.place,
        message="sessionAffinity ClientIP holds on one node only: each node keeps for itself which pod a client went "
        "to, and in BGP mode MetalLB announces the address from several. A router that spreads the connections of one "
        "client over them sends it to several pods.",
        severity=Severity.INFO,
        object=service.object,
        related=tuple(Related(workload.place, "the pods behind it", workload.object) for workload in world),
        assumptions=(_HASHED,),
        fixes=(
            "let the routers hash addresses only (3-tuple), so that a client stays on one node",
            "keep sessions where every node sees them: a proxy's cookie, or a store that the pods share",
        ),
    )


RULE = Rule(
    id="SRC518",
    name="session-affinity-per-node",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
)
