"""Two Services lead into the same pods, one keeps the client's address and the other does not.

`externalTrafficPolicy` belongs to a Service, not to its pods. Where a Service with Local brings the client's address to
pods that need it, a second one with Cluster (a node port that was left over, a load balancer for another network) is a
back door: whoever comes in by it looks like a node, to the pods and to their network policies.

## Reported when

- `external`: both Services are reachable from outside: LoadBalancer, NodePort, or external IPs.
- `mixed`: the policy of the one is Cluster, written or by default, and that of the other is Local.
- `same-pods`: they surely select the same workloads.
- `same-port`: a port of each leads to the same port of those.
- `evidence`: the address matters there: it is asserted for the Local Service, or a network policy of the pods lists
  addresses of clients. That there is a Service with Local is no evidence.
- `node-address`: by the Cluster Service the pod, its proxy or its policy sees a node, for one placement of the pod at
  least.
- `client-address`: by the Local Service the pod sees the client.

It is a **warning**; **info** where the list of the network policy names private addresses and `cidrs` does not tell
whether they are the cluster's own.

## Silent when

- `required`: the Cluster Service itself is asserted to need the address (SRC101 reports it), or a list or limit of the
  proxy judges a node there (SRC401 reports that).
- `header`: it is not sure that the list is about clients, and the proxy writes the address into a forwarding header:
  SRC102 reports that.
- `source-ranges`: the Cluster Service admits only its `loadBalancerSourceRanges`, and has no node ports.
- `preserving-dataplane`: the dataplane keeps the address under Cluster (Calico eBPF, Cilium DSR, hybrid for TCP).
- `http-front`: an HTTP load balancer stands in front of the Cluster Service, the client is in the header that it wrote,
  and no network policy is to tell clients apart.
- `balancer-hides`: by the Local Service the load balancer opens connections of its own, so that shows no client either.
- `behind-ingress`: an Ingress sends to the Cluster Service; its clients come through that.
- `open`: the network policies admit everybody to that port.
- `unknown-selection`: what one of them selects is not known.
- `unknown-policy`: a placeholder stands for one of the policies.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: app
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: app
  ports:
    - port: 443
      targetPort: 8443
---
apiVersion: v1
kind: Service
metadata:
  name: app-nodeport
spec:
  type: NodePort  # want warning "whoever comes in by Service app-nodeport looks like a node"
  selector:
    app: app
  ports:
    - port: 8443
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: office-only
spec:
  podSelector:
    matchLabels:
      app: app
  ingress:
    - from:
        - ipBlock:
            cidr: 198.51.100.0/24
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
spec:
  replicas: 2
  selector:
    matchLabels:
      app: app
  template:
    metadata:
      labels:
        app: app
    spec:
      containers:
        - name: app
          image: registry.example/app:1.0
```

## Good

```yaml
apiVersion: v1
kind: Service
metadata:
  name: app
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: app
  ports:
    - port: 443
      targetPort: 8443
---
apiVersion: v1
kind: Service
metadata:
  name: app-nodeport
spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector:
    app: app
  ports:
    - port: 8443
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: office-only
spec:
  podSelector:
    matchLabels:
      app: app
  ingress:
    - from:
        - ipBlock:
            cidr: 198.51.100.0/24
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
spec:
  replicas: 2
  selector:
    matchLabels:
      app: app
  template:
    metadata:
      labels:
        app: app
    spec:
      containers:
        - name: app
          image: registry.example/app:1.0
```

## Fix

Give both Services the same policy, or remove the one that nobody should use. Callers in the cluster need no second
Service: the cluster IP of the first serves them, whatever its external policy. A load balancer that only some may use
can keep Cluster with `loadBalancerSourceRanges` and `allocateLoadBalancerNodePorts: false`.

## Sources

- Kubernetes API, `core/v1` ServiceExternalTrafficPolicy; "Virtual IPs and Service Proxies", traffic policies.
- kubernetes/ingress-nginx#9749, canonical/microk8s#3053.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.rule import (
    BackDoor,
    Diagnosis,
    Model,
    Related,
    Rule,
    Service,
    Severity,
    SourcePath,
    Whose,
    cluster_policy,
    required_here,
    spelled,
    surely,
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Cluster Service."""
    for service in model.cluster_services:
        door = model.back_door(service)
        if door:
            yield _diagnosis(service, door)


def _diagnosis(service: Service, door: BackDoor) -> Diagnosis:
    other, path, needed = door.twin.service, door.twin.path, door.needed
    at, uses_cluster = cluster_policy(service)
    pod = path.edge_pod
    basis = path.peer_basis(pod) + door.twin.keeps.basis if pod else path.basis
    assumed = () if needed.sure else (f"clients have such addresses, and the cluster has none: {needed.why}",)
    return Diagnosis(
        at=at,
        message=f"{uses_cluster}, and leads to the same pods and port as {other.object.ref}, which keeps the client's "
        f"address with Local: whoever comes in by {service.object.ref} looks like a node. The address matters there: "
        f"{needed.why}.",
        severity=Severity.WARNING if needed.sure else Severity.INFO,
        object=service.object,
        related=(
            Related(
                other.external_traffic_policy.place,
                "this Service keeps the client's address for the same pods",
                other.object,
            ),
            *required_here(needed),
            *_headers(path),
        ),
        assumptions=(*basis.assumptions, *assumed),
        fixes=(
            f"set `externalTrafficPolicy: Local` on {service.object.ref} too, and see that packets go only to nodes "
            "with a ready pod",
            f"or remove {service.object.ref}, if nobody outside is to use it",
        ),
        path=path,
    )


def _headers(path: SourcePath) -> Iterator[Related]:
    """The first header that a proxy writes the node's address into."""
    proxy = path.edge_proxy
    for each in proxy.observations if proxy else ():
        if each.header and surely(each.addresses, Whose.NODE):
            yield Related(each.at, f"{spelled(each.header)} gets the node's address")
            return


RULE = Rule(
    id="SRC105",
    name="mixed-policy-same-pods",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
