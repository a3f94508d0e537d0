"""A network policy lists the clients' addresses, and the clients come as a node.

Under `externalTrafficPolicy: Cluster` the node that receives a packet replaces its source address before it sends it on
to a pod elsewhere. The policy of that pod sees the node. An allow-list that does not admit nodes then drops the very
clients that it names, whenever the pod is not on the node that received the packet: it works sometimes, and for no
reason that a client could see. On that node itself most plugins see the client, for they check a policy before
kube-proxy masquerades; Kubernetes leaves the order undefined.

Policies are additive, so all policies that select the pods are taken together.

Cilium's Ingress does the same in another way: its proxy connects to the pods by an identity of its own, which no
network of addresses matches.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, NodePort, or external IPs.
- `cluster`: its external traffic policy is Cluster, written or by default.
- `selects`: a policy surely selects its pods, and isolates them (its `policyTypes` include Ingress, or are absent).
- `port`: a rule that speaks of the port that the Service sends to, by number, name or range, lists addresses.
- `outside`: some of them are not those of the declared nodes, pods and Services.
- `node-address`: on that way in the policy sees a node's address, for one placement of the pod at least.
- `refused`: that address is not admitted: no rule lists it, or it is among the exceptions.
- `cilium-ingress`: or instead of a Cluster Service, an Ingress of the class `cilium` sends to the pods.

It is an **error** where the dataplane is known to be kube-proxy or its like and there are at least two nodes, else a
**warning**; **info** where the list names private addresses and `cidrs` does not tell whether they are the nodes'. That
Kubernetes leaves the order undefined is printed as an assumption and lowers nothing: on another node the policy sees a
node by either order.

## Silent when

- `open`: another rule or policy admits everybody to the port, or everybody of the family (`0.0.0.0/0`).
- `preserving-dataplane`: the dataplane keeps the address under Cluster (Calico eBPF, Cilium DSR, hybrid for TCP).
- `nodes-admitted`: the declared nodes are admitted, or may be (SRC404 speaks then).
- `deny-list`: a rule admits everybody but some, and may admit the nodes by it (SRC403 speaks then).
- `balancer-addresses`: the list names nobody but load balancers (Google's and Azure's health checks).
- `single-node`: there is one node only, so no packet comes from another.
- `host-network`: the pods are on the host's network, where most plugins check no policy.
- `pod-targets`: the load balancer connects to the pods themselves and keeps the address.
- `behind-ingress`: an Ingress sends to the Service; its clients come through that (but for Cilium's own).
- `other-scope`: another policy may select the pods and admit more: a placeholder in its selector, another namespace
  or folder that may not be one.
- `unknown-rule`: a placeholder stands for a source or a port, or the list is defined elsewhere.
- `unread-policies`: a file beside the Service could not be read, or there are policies of a kind that is not read.
- `unknown-dataplane`: the signs of the dataplane disagree, or do not tell its mode.
- `mixed-policy`: another Service, with Local, keeps the address for the same pods: SRC105 reports this one.
- `tls-passthrough`: Cilium's Ingress passes TLS through.

## Bad

```yaml
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
            cidr: 198.51.100.0/24  # want warning "are dropped whenever the pod is not on the node"
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
      targetPort: 8443
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
      targetPort: 8443
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

Set `externalTrafficPolicy: Local`, and see that packets go only to nodes with a pod (SRC301); or move the list to
`spec.loadBalancerSourceRanges`, which is checked before the address is replaced. Adding the nodes' addresses to the
list lets everybody in (SRC404). Where the load balancer opens connections of its own no policy sees a client: list the
clients there. Behind Cilium's Ingress admit the entity `ingress` to the pods, and list the clients in a
CiliumClusterwideNetworkPolicy that selects `reserved:ingress`.

## Sources

- Kubernetes, "Network Policies", on `ipBlock` and rewritten addresses; "Using Source IP".
- cloudnativelabs/kube-router#1199, Azure/AKS#974, projectcalico/calico#2660, antrea-io/antrea#280,
  kubernetes/kubernetes#47486.
- cilium/cilium#34786, #36718; Cilium "Ingress and Network Policy Example".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.rule import (
    BehindIngress,
    Diagnosis,
    Model,
    Observation,
    Refused,
    Related,
    Rule,
    Service,
    Severity,
    Whose,
    cluster_policy,
    describe,
    hints_here,
)

_SHOWN = 3
"""How many networks a message names."""


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a list: the first block of clients. Other lists on the same pods and other Services are related."""
    by_place: dict[object, list[tuple[Service, Refused]]] = {}
    for service in model.cluster_services:
        found = None if model.sent_to_by_ingress(service) else model.isolation.refused(service)
        if found and not model.back_door(service):
            by_place.setdefault(found.blocks[0].at, []).append((service, found))
    for several in by_place.values():
        yield _diagnosis(model, several)
    yield from _behind_ingress(model)


def _diagnosis(model: Model, several: list[tuple[Service, Refused]]) -> Diagnosis:
    service, found = min(several, key=lambda each: each[1].maybe)
    blocks, first = found.blocks, found.blocks[0]
    _, uses_cluster = cluster_policy(service)
    assumed = (found.assumed,) if found.assumed else ()
    nobody = "no node unless its address is in there" if found.maybe else "no node"
    return Diagnosis(
        at=first.at,
        message=f"{first.control} admits {_networks(blocks)}, and {nobody}, to {found.policed.pod.name}, but "
        f"{uses_cluster}: what comes in through another node carries that node's address. {_consequence(blocks)}",
        severity=_severity(model, service, found),
        object=model.isolation.policy(first),
        related=(
            *(Related(cluster_policy(each)[0], "here nodes replace the address", each.object) for each, _ in several),
            *_other_lists(model, blocks),
            *hints_here(model, service),
        ),
        assumptions=(*found.policed.assumptions, *assumed),
        fixes=model.filter_fixes(service),
        path=found.policed.path,
    )


def _severity(model: Model, service: Service, found: Refused) -> Severity:
    if found.maybe:
        return Severity.INFO
    several = (model.isolation.node_count(service) or 0) > 1
    sure = found.policed.masquerades and found.policed.sure_of_dataplane and several
    return Severity.ERROR if sure else Severity.WARNING


def _networks(blocks: tuple[Observation, ...]) -> str:
    shown = [_network(each) for each in blocks[:_SHOWN]]
    more = len(blocks) - len(shown)
    return _joined([*shown, f"{more} more"] if more else shown, "and")


def _network(block: Observation) -> str:
    left_out = ", ".join(str(network) for network, _ in block.exceptions[:_SHOWN])
    return f"{block.networks[0]} except {left_out}" if left_out else str(block.networks[0])


def _consequence(blocks: tuple[Observation, ...]) -> str:
    seen = blocks[0].addresses
    names = [str(each.networks[0]) for each in blocks if each.networks[0].prefixlen][:_SHOWN]
    who = f"Clients in {_joined(names, 'or')}" if names else "Clients"
    if any(atom.whose is Whose.CLIENT for atom, _ in seen):
        return (
            f"{who} are dropped whenever the pod is not on the node that received the packet; what the policy sees on "
            "that node itself is not defined."
        )
    return f"{who} are dropped: the policy sees {describe(seen)}."


def _joined(words: list[str], last: str) -> str:
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _other_lists(model: Model, blocks: tuple[Observation, ...]) -> Iterator[Related]:
    """The first block of every other policy that lists clients for the same port."""
    seen = {blocks[0].control}
    for block in blocks[1:]:
        if block.control not in seen:
            seen.add(block.control)
            yield Related(block.at, "and the clients of this list", model.isolation.policy(block))


def _behind_ingress(model: Model) -> Iterator[Diagnosis]:
    """One diagnosis a list on pods that an Ingress of Cilium's sends to."""
    seen: set[object] = set()
    for service in model.bundle.services:
        for found in model.isolation.behind_ingress(service):
            _, block = found.blocks[0]
            if block.network.place not in seen:
                seen.add(block.network.place)
                yield _of_ingress(service, found)


def _of_ingress(service: Service, found: BehindIngress) -> Diagnosis:
    policy, block = found.blocks[0]
    names = _joined([str(each.network.value) for _, each in found.blocks[:_SHOWN]], "and")
    return Diagnosis(
        at=block.network.place,
        message=f"{policy.object.ref} admits {names} to {found.workload.object.ref}, but {found.ingress.ref} is "
        "Cilium's: its proxy connects to the pods by an identity of its own, which no network of addresses matches. "
        f"Clients in {names} who come through the Ingress are dropped.",
        severity=Severity.WARNING,
        object=policy.object,
        related=(
            Related(found.ingress.place.at("kind"), "its proxy ends the clients' connections", found.ingress),
            Related(service.object.place.at("kind"), "it sends to this Service", service.object),
        ),
        fixes=(
            "admit the entity `ingress` to the pods (`fromEntities: [ingress]` in a CiliumNetworkPolicy), and list the "
            "clients where they are still seen: in a CiliumClusterwideNetworkPolicy that selects `reserved:ingress`",
        ),
    )


RULE = Rule(
    id="SRC402",
    name="network-policy-allowlist-behind-snat",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
