"""The client's address is needed behind a Service whose Cluster policy replaces it.

Under `externalTrafficPolicy: Cluster` every client looks like a node of the cluster. That is no fault by itself:
most Services do not need to know who is calling. It is one where somebody says that they do, with the annotation
`srcip-lint.io/require-client-ip: "true"` on the Service or its workload, or with `requireClientIP` in the
configuration. (Where a list or a limit of a proxy is keyed on the address, SRC401 says what becomes of it.)

Running the pods as a DaemonSet, or preferring near endpoints (`trafficDistribution`, topology hints), does not
change it: kube-proxy masquerades under Cluster also when the pod stands on the receiving node.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, NodePort, or external IPs.
- `cluster`: its external traffic policy is Cluster, written or by default.
- `required`: the client's address is asserted to be needed.
- `node-address`: on a way in, the address that the pod sees, or that its proxy takes for the client's, is a
  node's.

It is an **error** where the dataplane is known, and a **warning** where that is assumed, or where only pods on
other nodes than the one that received the packet see a node (Cilium in SNAT mode, or an assertion about pods on the
host's network).

## Silent when

- `proxy-protocol`: the load balancer sends the PROXY protocol, and the proxy takes the address from it.
- `http-front`: an HTTP load balancer stands in front; the client is in the header that it wrote.
- `preserving-dataplane`: the dataplane keeps the address under Cluster (Calico eBPF, Cilium DSR, hybrid for
  TCP).
- `pod-targets`: the load balancer connects to the pods themselves and keeps the address.
- `cluster-ip`: the Service has no way in from outside.
- `behind-ingress`: an Ingress sends to the Service; that is its clients' way in, and the proxy there is the
  edge.
- `control`: a list or a limit of the proxy judges the node's address: SRC401 reports that.
- `unknown-dataplane`: the signs of the dataplane disagree, or do not tell its mode.
- `unknown-policy`: a placeholder stands for the policy or the type.
- `source-ranges`: the only thing keyed on the address is `loadBalancerSourceRanges` or session affinity,
  which act before the masquerade.
- `legacy-annotation`: an annotation that nothing reads any more asks for Local: SRC508 reports the Service.
- `unread-configuration`: part of the proxy's configuration was not read: it may read the PROXY protocol.
- `unanswered`: the PROXY protocol is sent and not read, so no connection is answered: SRC304 reports that.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: audit
  annotations:
    srcip-lint.io/require-client-ip: "true"
spec:
  type: LoadBalancer  # want warning "instead of the client's"
  selector:
    app: audit
  ports:
    - port: 443
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: audit
spec:
  selector:
    matchLabels:
      app: audit
  template:
    metadata:
      labels:
        app: audit
    spec:
      containers:
        - name: audit
          image: registry.example/audit:1.0
```

## Good

```yaml
# given dataplane: calico-ebpf
apiVersion: v1
kind: Service
metadata:
  name: audit
  annotations:
    srcip-lint.io/require-client-ip: "true"
spec:
  type: LoadBalancer
  selector:
    app: audit
  ports:
    - port: 443
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: audit
spec:
  selector:
    matchLabels:
      app: audit
  template:
    metadata:
      labels:
        app: audit
    spec:
      containers:
        - name: audit
          image: registry.example/audit:1.0
```

## Fix

Set `externalTrafficPolicy: Local`, and see that packets go only to nodes with a pod (SRC301). Where the load
balancer opens connections of its own, Local alone does not help: use the PROXY protocol. Or use a dataplane that
keeps the address.

## Sources

- Kubernetes API, `core/v1` ServiceExternalTrafficPolicy; "Using Source IP".
- kubernetes/ingress-nginx#1859, #2096; metallb/metallb#2475.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import (
    Addresses,
    Diagnosis,
    Hop,
    Model,
    Requirement,
    Rule,
    Service,
    Severity,
    SourcePath,
    Whose,
    hints_here,
    required_here,
    surely,
    under_every_placement,
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service: the first way in on which the address is lost to whoever needs it."""
    for service in model.cluster_services:
        found = model.lost_where_required(service)
        if found and not model.misjudged(service) and not model.local_in_vain(service):
            yield _diagnosis(model, service, *found)


def _diagnosis(
    model: Model, service: Service, path: SourcePath, judge: Hop, seen: Addresses, requirement: Requirement
) -> Diagnosis:
    policy, basis = service.external_traffic_policy, path.peer_basis(judge)
    is_always = under_every_placement(seen, Whose.NODE)
    return Diagnosis(
        at=policy.place if policy.written else service.type.place,
        message=f"{_sees(judge)} a node's address instead of the client's{_unless(is_always)}, because "
        f"{_why(path, written=policy.written)}, but it is needed: {requirement.why}. {_consequence(is_always)}",
        severity=Severity.ERROR if basis.certain and is_always else Severity.WARNING,
        object=service.object,
        related=(*required_here(requirement), *hints_here(model, service)),
        assumptions=basis.assumptions,
        fixes=model.keep_address_fixes(service),
        path=path,
    )


def _sees(judge: Hop) -> str:
    return f"{judge.name} in {judge.object} takes" if judge.takes else f"{judge.object} sees"


def _unless(is_always: bool) -> str:
    return "" if is_always else " whenever its pod is not on the node that received the packet"


def _why(path: SourcePath, *, written: bool) -> str:
    policy = "externalTrafficPolicy is Cluster" + ("" if written else ", the default")
    proxying = any(surely(hop.state.peer, Whose.BALANCER) for hop in path.hops if hop.kind == "load balancer")
    return f"the load balancer opens connections of its own and {policy}" if proxying else policy


def _consequence(is_always: bool) -> str:
    return "Every client looks like a node of the cluster." if is_always else "Some clients look like a node."


RULE = Rule(
    id="SRC101",
    name="cluster-policy-client-ip-required",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
