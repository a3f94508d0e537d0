"""`loadBalancerSourceRanges` does not stand before the node ports of the same Service.

The ranges are enforced for the load balancer's address, by the nodes or by the load balancer itself. But a Service of
type LoadBalancer gets a node port for each of its ports as well, unless told otherwise, and nothing looks at the ranges
there: whoever reaches a node gets to the same pods past the allow-list. Where the load balancer runs on the cluster's
own nodes, whoever reaches its address mostly reaches the nodes too; a cloud mostly puts a firewall before them.

## Reported when

- `load-balancer`: the Service is of type LoadBalancer.
- `ranges`: it has loadBalancerSourceRanges that leave somebody out.
- `node-port`: it gets node ports (`allocateLoadBalancerNodePorts` is true, the default), or one is written.

It is a **warning** where the load balancer is one that runs on the cluster's own nodes (MetalLB, kube-vip, Cilium,
Calico BGP, PureLB, OpenELB, k3s ServiceLB), declared or recognised; else **info**. That no firewall keeps clients from
the node ports is assumed in either case.

## Silent when

- `closed`: `nodePortsClosed: true` declares that clients cannot reach the node ports, or kube-proxy's own configuration
  lets them answer on the loopback only.
- `filtered`: Cilium is told to put the ranges before node ports too (`bpf-lb-source-range-all-types`), or to open none
  for this Service (`service.cilium.io/type`).
- `allow-all`: the ranges let everybody in.
- `placeholder`: a placeholder stands for the type, for a range, or for whether node ports are allocated.
- `headless`: the Service has no cluster IP; the API rejects that for a LoadBalancer.

## Bad

```yaml
# given loadBalancer: metallb-l2
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  loadBalancerSourceRanges:  # want warning "the same pods answer on a node port"
    - 198.51.100.0/24
  selector:
    app: web
  ports:
    - port: 443
```

## Good

```yaml
# given loadBalancer: metallb-l2
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  allocateLoadBalancerNodePorts: false
  loadBalancerSourceRanges:
    - 198.51.100.0/24
  selector:
    app: web
  ports:
    - port: 443
```

## Fix

Set `allocateLoadBalancerNodePorts: false` where the load balancer does not use node ports; MetalLB does not. Node ports
that a Service has already stay until they are taken out of it. Where the load balancer needs them, keep clients from
the nodes with a firewall and declare `nodePortsClosed: true`.

## Sources

- Kubernetes API, `core/v1` ServiceSpec (loadBalancerSourceRanges, allocateLoadBalancerNodePorts); KEP-1864;
  `pkg/proxy/serviceport.go` (the ranges belong to the load balancer's addresses).
- kubernetes/kubernetes#33586, #111863; cilium/cilium#17440.
- Cilium `Documentation/network/kubernetes/kubeproxy-free.rst`, "LoadBalancer Source Ranges Checks".
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from srcip_lint.rule import Diagnosis, Model, Related, Rule, Service, Severity, WayIn

_ASSUMED = "no firewall keeps clients from the node ports (`nodePortsClosed: true` in srcip-lint.yaml declares one)"
_FIREWALL = "keep clients from the node ports with a firewall before the nodes, and declare `nodePortsClosed: true`"
_STAY = "node ports that it has already stay until they are taken out of the Service"


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service."""
    for service in model.bundle.services:
        if service.type.value == "LoadBalancer" and not service.headless and _leaves_out(service):
            written = _written_ports(service)
            if (service.allocate_node_ports.value is True or written) and not model.node_ports_guarded(service):
                yield _diagnosis(service, model.ways_in(service)[0], written)


def _leaves_out(service: Service) -> bool:
    """Do the ranges surely leave somebody out? What the API would not accept as a range leaves out nobody we know."""
    try:
        networks = [ip_network(str(each.value).strip(), strict=False) for each in service.source_ranges]
    except ValueError:
        return False
    four = collapse_addresses(each for each in networks if isinstance(each, IPv4Network))
    six = collapse_addresses(each for each in networks if isinstance(each, IPv6Network))
    return bool(networks) and all(each.prefixlen for each in four) and all(each.prefixlen for each in six)


def _written_ports(service: Service) -> tuple[int, ...]:
    numbers = (port.node_port.value for port in service.ports)
    return tuple(number for number in numbers if isinstance(number, int) and number > 0)


def _diagnosis(service: Service, way: WayIn, written: tuple[int, ...]) -> Diagnosis:
    balancer = way.balancer
    ports = f"node port {written[0]}" if len(written) == 1 else f"node ports {', '.join(map(str, written))}"
    nodes = "every node that has one" if service.external_traffic_policy.value == "Local" else "every node"
    return Diagnosis(
        at=service.object.place.at("spec", "loadBalancerSourceRanges"),
        message="loadBalancerSourceRanges stand before the load balancer's address only: the same pods answer on "
        f"{ports if written else 'a node port'} of {nodes}, whoever asks.",
        severity=Severity.WARNING if balancer and balancer.bare_metal else Severity.INFO,
        object=service.object,
        related=(*_where(service), *_signs(way)),
        assumptions=(_ASSUMED,),
        fixes=_fixes(service, way, written),
    )


def _where(service: Service) -> Iterable[Related]:
    for port in service.ports:
        if isinstance(port.node_port.value, int) and port.node_port.value > 0:
            yield Related(port.node_port.place, "this port of every node leads to the same pods", service.object)


def _signs(way: WayIn) -> Iterable[Related]:
    for signal in way.balancer.signals if way.balancer else ():
        if signal.at:
            yield Related(signal.at, signal.why, signal.object)


def _fixes(service: Service, way: WayIn, written: tuple[int, ...]) -> tuple[str, ...]:
    if way.balancer is None or way.balancer.needs_node_ports:
        unused = "where the load balancer uses no node ports, set `allocateLoadBalancerNodePorts: false`"
        return (_FIREWALL, f"{unused}; {_STAY}")
    taken = ["set `allocateLoadBalancerNodePorts: false`"] if service.allocate_node_ports.value is True else []
    taken += ["take `nodePort` out of its ports"] if written else []
    return (f"{' and '.join(taken)}: {way.name} uses no node ports; {_STAY}", _FIREWALL)


RULE = Rule(
    id="SRC407",
    name="source-ranges-node-port-bypass",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
