"""A network policy leaves some addresses out, and who has them comes as a node, which is admitted.

`ipBlock` with `except` under a block of everybody is a deny-list. Under `externalTrafficPolicy: Cluster` the node that
receives a packet replaces its source address before it sends it on to a pod elsewhere, so the policy of that pod sees
a node, and admits it, whoever the client was. The list holds only where the pod happens to be on the node that received
the packet, and there only as far as the plugin checks a policy before the address is replaced, which Kubernetes leaves
undefined. No other policy can mend that: policies only admit.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, NodePort, or external IPs.
- `cluster`: its external traffic policy is Cluster, written or by default.
- `selects`: a policy surely selects its pods, and isolates them.
- `port`: a rule that speaks of the port that the Service sends to has a block with exceptions.
- `exception`: one of them is not among the addresses of the declared nodes, pods and Services.
- `node-address`: on that way in the policy sees a node's address, for one placement of the pod at least.
- `nodes-admitted`: the block admits nodes: it is everybody's (`0.0.0.0/0`, `::/0`), or has the declared nodes in it.

It is an **error** where the dataplane is known, else a **warning**; **info** where the exceptions are private or
link-local addresses only, which no client on the internet has, or where nodes may have such an address too.

## Silent when

- `open`: another rule or policy admits everybody to the port.
- `admitted-anyway`: another rule admits those who are left out.
- `nodes-left-out`: the declared nodes are among the exceptions: then it is the others who are dropped (SRC402).
- `preserving-dataplane`: the dataplane keeps the address under Cluster (Calico eBPF, Cilium DSR, hybrid for TCP).
- `cilium`: Cilium checks the policies, or another product's policies are there: a node is an identity to Cilium, which
  no network of addresses matches, and Calico's policies may deny what this one admits.
- `single-node`: there is one node only, so no packet comes from another.
- `host-network`: the pods are on the host's network, where most plugins check no policy.
- `behind-ingress`: an Ingress sends to the Service; its clients come through that.
- `other-scope`: another policy may select the pods and admit more.
- `unknown-rule`: a placeholder stands for a source, a port or an exception.
- `unread-policies`: a file beside the Service could not be read, or there are policies of a kind that is not read.
- `mixed-policy`: another Service, with Local, keeps the address for the same pods: SRC105 reports this one.

## Bad

```yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: block-scraper
spec:
  podSelector:
    matchLabels:
      app: shop
  ingress:
    - from:
        - ipBlock:
            cidr: 0.0.0.0/0
            except:
              - 203.0.113.0/24  # want warning "and is admitted"
---
apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  type: LoadBalancer
  selector:
    app: shop
  ports:
    - port: 443
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 2
  selector:
    matchLabels:
      app: shop
  template:
    metadata:
      labels:
        app: shop
    spec:
      containers:
        - name: shop
          image: registry.example/shop:1.0
```

## Good

```yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: block-scraper
spec:
  podSelector:
    matchLabels:
      app: shop
  ingress:
    - from:
        - ipBlock:
            cidr: 0.0.0.0/0
            except:
              - 203.0.113.0/24
---
apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: shop
  ports:
    - port: 443
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 2
  selector:
    matchLabels:
      app: shop
  template:
    metadata:
      labels:
        app: shop
    spec:
      containers:
        - name: shop
          image: registry.example/shop:1.0
```

## Fix

Set `externalTrafficPolicy: Local`, and see that packets go only to nodes with a pod (SRC301); or turn the list around:
`spec.loadBalancerSourceRanges` admits whom it names, before the address is replaced. A deny-list belongs at the load
balancer or the firewall in front where neither is possible.

## Sources

- Kubernetes, "Network Policies", on `ipBlock` and rewritten addresses; "Using Source IP".
- Cilium, "Caveats" of network policies, and cilium/cilium#23603: what a node is to its policies.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Bypassed, Diagnosis, Model, Related, Rule, Service, Severity, cluster_policy, hints_here

_SHOWN = 3
"""How many networks a message names."""


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a block: its first exception. Other Services that it stands behind are related."""
    by_place: dict[object, list[tuple[Service, Bypassed]]] = {}
    for service in model.cluster_services:
        found = None if model.sent_to_by_ingress(service) else model.isolation.bypassed(service)
        if found and not model.back_door(service):
            by_place.setdefault(found.block.at, []).append((service, found))
    for several in by_place.values():
        yield _diagnosis(model, several)


def _diagnosis(model: Model, several: list[tuple[Service, Bypassed]]) -> Diagnosis:
    service, found = min(several, key=lambda each: each[1].maybe)
    block, pod = found.block, found.policed.pod
    _, uses_cluster = cluster_policy(service)
    left_out = ", ".join(str(network) for network, _ in found.exceptions[:_SHOWN])
    assumed = (found.assumed,) if found.assumed and not found.maybe else ()
    return Diagnosis(
        at=found.exceptions[0][1],
        message=f"{block.control} admits {block.networks[0]} without {left_out} to {pod.name}, but {uses_cluster}: "
        f"{_maybe(left_out) if found.maybe else _surely(left_out)}",
        severity=_severity(found),
        object=model.isolation.policy(block),
        related=(
            *(Related(cluster_policy(each)[0], "here nodes replace the address", each.object) for each, _ in several),
            *hints_here(model, service),
        ),
        assumptions=(*found.policed.assumptions, *assumed),
        fixes=model.filter_fixes(service),
        path=found.policed.path,
    )


def _surely(left_out: str) -> str:
    return (
        f"whoever has an address in {left_out} and comes in through another node than the pod's carries that node's "
        "address, and is admitted. The list keeps nobody out."
    )


def _maybe(left_out: str) -> str:
    return (
        f"what comes in through another node carries that node's address. If that lies in {left_out}, everybody is "
        "dropped who comes so; if it does not, nobody is, whatever the client's address."
    )


def _severity(found: Bypassed) -> Severity:
    if found.maybe:
        return Severity.INFO
    return Severity.ERROR if found.policed.sure_of_dataplane else Severity.WARNING


RULE = Rule(
    id="SRC403",
    name="network-policy-except-bypassed-by-snat",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
