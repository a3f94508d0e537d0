"""`internalTrafficPolicy: Local` where the external policy was meant.

The two policies have nothing to do with each other. `internalTrafficPolicy` is about callers inside the cluster, who
use the cluster IP: with Local they reach only pods of their own node, and where there is none they are dropped.
Packets from outside, by a load balancer, a node port or an external IP, follow `externalTrafficPolicy`, and under its
default Cluster a node's address replaces the client's. So whoever writes the internal one to see the client's address
sees no more of it, and loses callers inside.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, NodePort, or external IPs.
- `internal-local`: its internal traffic policy is Local.
- `cluster`: its external traffic policy is Cluster, written or by default.
- `node-address`: on a way in, the address that the pod sees, or that its proxy takes for the client's, is a node's.

It is a **warning**; where no pods were read, it is assumed that they are no DaemonSet's. It is **info** where
`externalTrafficPolicy: Cluster` is written beside it, for whoever wrote both may have meant both, and where a
placeholder, or something beside the Service that was not read, hides whose pods it selects. Where the client's address
is needed (it is asserted, or a control in the proxy's configuration is keyed on it) it is a warning in any case.

## Silent when

- `daemon-set`: only DaemonSets are behind it and nothing needs the client's address: each node's callers are meant to
  reach the agent of their own node.
- `preserving-dataplane`: the dataplane keeps the address under Cluster (Calico eBPF, Cilium DSR, hybrid for TCP).
- `unknown-dataplane`: the signs of the dataplane disagree, or do not tell its mode.
- `proxy-protocol`: the load balancer sends the PROXY protocol, and the proxy takes the address from it.
- `http-front`: an HTTP load balancer stands in front; the client is in the header that it wrote.
- `behind-ingress`: an Ingress sends to the Service; that is its clients' way in.
- `unread-configuration`: part of the proxy's configuration was not read: it may read the PROXY protocol.
- `placeholder`: a placeholder stands for one of the policies or the type.
- `headless`: the Service has no cluster IP, so neither policy has any effect.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  internalTrafficPolicy: Local  # want warning "was externalTrafficPolicy: Local meant?"
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
        - name: app
          image: registry.example/app:1.0
```

## Good

```yaml
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
        - name: app
          image: registry.example/app:1.0
```

## Fix

Write `externalTrafficPolicy: Local` instead, and see that packets go only to nodes with a pod (SRC301). Leave
`internalTrafficPolicy` away, unless callers in the cluster are meant to reach only pods of their own node.

## Sources

- Kubernetes API, `core/v1` ServiceInternalTrafficPolicy and ServiceExternalTrafficPolicy; KEP-2086.
- Kubernetes `pkg/proxy/iptables/proxier.go` (the masquerade depends on the external policy alone).
- cloudnativelabs/kube-router#1199.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import (
    Addresses,
    Diagnosis,
    Hop,
    MistakenPolicy,
    Model,
    Related,
    Rule,
    Service,
    Severity,
    Whose,
    required_here,
    under_every_placement,
)

_INSIDE = (
    "take `internalTrafficPolicy: Local` away, unless callers in the cluster are meant to reach only pods of their own "
    "node"
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service."""
    for service in model.cluster_services:
        found = model.mistaken_policy(service)
        if found:
            yield _diagnosis(model, service, found)


def _may_be_agents(model: Model, service: Service) -> bool:
    """May the pods be a DaemonSet's that is hidden from us: by a placeholder, or in something that was not read?"""
    selection = model.selected(service)
    return bool(selection.possible) or (not selection.known and model.pods.may_be_hidden(service))


def _diagnosis(model: Model, service: Service, found: MistakenPolicy) -> Diagnosis:
    judge, needed = found.judge, found.needed
    is_known = model.selected(service).known
    is_sure = bool(needed) or not (service.external_traffic_policy.written or _may_be_agents(model, service))
    best, *others = model.keep_address_fixes(service)
    unknown = () if is_known or needed else ("the pods behind it are not those of a DaemonSet",)
    return Diagnosis(
        at=service.internal_traffic_policy.place,
        message="internalTrafficPolicy: Local is about callers inside the cluster only, and drops theirs on nodes "
        f"without a pod. Packets from outside follow externalTrafficPolicy, which is {_policy(service)}: "
        f"{_sees(judge)} a node's address instead of the client's{_unless(found.seen)}; was externalTrafficPolicy: "
        "Local meant?",
        severity=Severity.WARNING if is_sure else Severity.INFO,
        object=service.object,
        related=(_decides(service), *required_here(needed)),
        assumptions=(*found.path.peer_basis(judge).assumptions, *unknown),
        fixes=(best, _INSIDE, *others),
        path=found.path,
    )


def _policy(service: Service) -> str:
    return "Cluster" if service.external_traffic_policy.written else "Cluster, the default"


def _sees(judge: Hop) -> str:
    return f"{judge.name} in {judge.object} takes" if judge.takes else "the pods see"


def _unless(seen: Addresses) -> str:
    is_always = under_every_placement(seen, Whose.NODE)
    return "" if is_always else " whenever the pod is not on the node that received the packet"


def _decides(service: Service) -> Related:
    external = service.external_traffic_policy
    if external.written:
        return Related(external.place, "this decides about packets from outside", service.object)
    way_in = service.external_ips[0].place if service.type.value == "ClusterIP" else service.type.place
    return Related(way_in, "packets from outside come in this way, and no policy for them is written", service.object)


RULE = Rule(
    id="SRC104",
    name="internal-policy-mistaken-for-external",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
