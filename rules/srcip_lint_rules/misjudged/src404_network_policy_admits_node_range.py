"""A network policy admits the nodes beside a list of clients, so it admits everybody.

Under `externalTrafficPolicy: Cluster` an allow-list of clients drops them whenever they come in through another node
than the pod's (SRC402). Adding the nodes' addresses to the list ends that, and the list with it: every client comes as
a node then, so every client is on the list.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, NodePort, or external IPs.
- `cluster`: its external traffic policy is Cluster, written or by default.
- `selects`: a policy surely selects its pods, and isolates them.
- `node-address`: on that way in the policy sees a node's address, for one placement of the pod at least.
- `nodes-admitted`: for the port that the Service sends to it admits all declared nodes (`cidrs.nodes`), or all
  addresses of the known Nodes.
- `clients`: for the same port it lists addresses of others too.

The severity is **warning**.

## Silent when

- `no-inventory`: neither `cidrs.nodes` nor the addresses of Nodes are known.
- `nodes-only`: nobody else is listed: then the nodes, or who comes as one, are meant.
- `open`: another rule or policy admits everybody to the port.
- `deny-list`: a block leaves clients out: SRC403 reports that.
- `preserving-dataplane`: the dataplane keeps the address under Cluster (Calico eBPF, Cilium DSR, hybrid for TCP).
- `cilium`: Cilium checks the policies, or another product's policies are there: a node is an identity to Cilium, which
  no network of addresses matches.
- `single-node`: there is one node only, so no packet comes from another.
- `host-network`: the pods are on the host's network, where most plugins check no policy.
- `behind-ingress`: an Ingress sends to the Service; its clients come through that.
- `other-scope`: another policy may select the pods and admit more.
- `mixed-policy`: another Service, with Local, keeps the address for the same pods: SRC105 reports this one.

## Bad

```yaml
# given nodeCIDRs: 10.0.0.0/24
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: office-only
spec:
  podSelector:
    matchLabels:
      app: admin
  ingress:
    - from:
        - ipBlock:
            cidr: 198.51.100.0/24
        - ipBlock:
            cidr: 10.0.0.0/24  # want warning "admits everybody"
---
apiVersion: v1
kind: Service
metadata:
  name: admin
spec:
  type: LoadBalancer
  selector:
    app: admin
  ports:
    - port: 443
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: admin
spec:
  replicas: 2
  selector:
    matchLabels:
      app: admin
  template:
    metadata:
      labels:
        app: admin
    spec:
      containers:
        - name: admin
          image: registry.example/admin:1.0
```

## Good

```yaml
# given nodeCIDRs: 10.0.0.0/24
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: office-only
spec:
  podSelector:
    matchLabels:
      app: admin
  ingress:
    - from:
        - ipBlock:
            cidr: 198.51.100.0/24
---
apiVersion: v1
kind: Service
metadata:
  name: admin
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: admin
  ports:
    - port: 443
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: admin
spec:
  replicas: 2
  selector:
    matchLabels:
      app: admin
  template:
    metadata:
      labels:
        app: admin
    spec:
      containers:
        - name: admin
          image: registry.example/admin:1.0
```

## Fix

Set `externalTrafficPolicy: Local`, and see that packets go only to nodes with a pod (SRC301); then take the nodes off
the list. Or move the list to `spec.loadBalancerSourceRanges`.

## Sources

- Kubernetes, "Network Policies", on `ipBlock` and rewritten addresses.
- kubernetes `pkg/proxy/iptables/proxier.go` ("masquerade traffic for ... external destinations").
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, Model, Related, Rule, Service, Severity, Voided, cluster_policy

_FIXES = 2
"""How many ways to mend it are told: to show the policy the client, or to list clients elsewhere."""

_SHOWN = 3
"""How many networks a message names."""


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a list: the first block with nodes in it. Other Services that it stands behind are related."""
    by_place: dict[object, list[tuple[Service, Voided]]] = {}
    for service in model.cluster_services:
        found = None if model.sent_to_by_ingress(service) else model.isolation.voided(service)
        if found and not model.back_door(service):
            by_place.setdefault(found.nodes[0].at, []).append((service, found))
    for several in by_place.values():
        yield _diagnosis(model, several)


def _diagnosis(model: Model, several: list[tuple[Service, Voided]]) -> Diagnosis:
    service, found = several[0]
    nodes, client, pod = found.nodes, found.clients[0], found.policed.pod
    _, uses_cluster = cluster_policy(service)
    names = ", ".join(str(each.networks[0]) for each in nodes[:_SHOWN])
    listed = ", ".join(str(each.networks[0]) for each in found.clients[:_SHOWN])
    return Diagnosis(
        at=nodes[0].at,
        message=f"{nodes[0].control} admits {names}, where the nodes are, beside {listed} to {pod.name}, but "
        f"{uses_cluster}: every client who comes in through another node carries that node's address, so the list "
        "admits everybody.",
        severity=Severity.WARNING,
        object=model.isolation.policy(nodes[0]),
        related=(
            *(Related(cluster_policy(each)[0], "here nodes replace the address", each.object) for each, _ in several),
            Related(client.at, "the clients who were meant", model.isolation.policy(client)),
        ),
        assumptions=found.policed.assumptions,
        fixes=tuple(f"{fix}; then take the nodes off the list" for fix in model.filter_fixes(service)[:_FIXES]),
        path=found.policed.path,
    )


RULE = Rule(
    id="SRC404",
    name="network-policy-admits-node-range",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
