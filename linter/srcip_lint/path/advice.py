"""What to change so that the client's address arrives. The right advice depends on how the load balancer delivers:
where it opens connections of its own, `externalTrafficPolicy: Local` alone does not help, and telling people so is a
wrong fix."""

from __future__ import annotations

from srcip_lint.balancers import identify
from srcip_lint.balancers.delivery import Mode, deliver
from srcip_lint.balancers.proxy_protocol import ASSUMED_PASSTHROUGH
from srcip_lint.bundle import Bundle
from srcip_lint.environment import Environment
from srcip_lint.resources.service import Service

_LOCAL = (
    "set `externalTrafficPolicy: Local` on {service}, and see that packets go only to nodes with a ready pod "
    "(a DaemonSet, or a load balancer that leaves out the others)"
)
_PROXY_PROTOCOL = (
    "let {balancer} send the PROXY protocol and read it in the pods: it opens connections of its own, so "
    "`externalTrafficPolicy: Local` alone does not bring the address back"
)
_IF_PROXYING = (
    "where the load balancer opens connections of its own, Local alone does not help: let it send the PROXY protocol, "
    "and read it in the pods"
)
_DATAPLANE = (
    "where the dataplane keeps the address under Cluster, declare it, e.g. `dataplane: cilium-dsr` in srcip-lint.yaml"
)

_SOURCE_RANGES = (
    "or list the clients in `spec.loadBalancerSourceRanges` of {service}, which is checked before the address is "
    "replaced (node ports are not covered: `allocateLoadBalancerNodePorts: false` where the load balancer needs none)"
)
_FILTER_IN_FRONT = (
    "list the clients at {front}: it opens connections of its own, so no policy sees a client; with "
    "`externalTrafficPolicy: Local` the policy can at least admit what stands in front, and nobody else"
)
_IF_FILTERING_IN_FRONT = (
    "where the load balancer opens connections of its own, no policy sees a client, whatever the traffic policy: list "
    "the clients there"
)


def filter_by_address(service: Service, bundle: Bundle, environment: Environment) -> tuple[str, ...]:
    """The fixes for a network policy that does not see the client, best first. The PROXY protocol is no help: a policy
    does not look inside a connection."""
    local = _LOCAL.format(service=service.object.ref)
    dataplane = () if environment.dataplane else (_DATAPLANE,)
    edge = environment.edge(service.object.namespace, service.object.name)
    is_balanced = service.type.value == "LoadBalancer"
    if not is_balanced and not (edge and edge.front):
        return (local, *dataplane)
    balancer = identify(service, bundle, environment)
    delivery = deliver(service, balancer, edge)
    if delivery.mode is Mode.L4_PROXY or delivery.is_http_proxy:
        return (
            _FILTER_IN_FRONT.format(front=balancer.name if is_balanced and balancer.family else "what stands in front"),
        )
    ranges = (_SOURCE_RANGES.format(service=service.object.ref),) if is_balanced else ()
    assumed = (_IF_FILTERING_IN_FRONT,) if ASSUMED_PASSTHROUGH in delivery.basis.assumptions else ()
    return (local, *ranges, *assumed, *dataplane)


def keep_address(service: Service, bundle: Bundle, environment: Environment) -> tuple[str, ...]:
    """The fixes for an address that is lost under Cluster, best first."""
    local = _LOCAL.format(service=service.object.ref)
    dataplane = () if environment.dataplane else (_DATAPLANE,)
    edge = environment.edge(service.object.namespace, service.object.name)
    if service.type.value != "LoadBalancer" and not (edge and edge.front):
        return (local, *dataplane)
    balancer = identify(service, bundle, environment)
    delivery = deliver(service, balancer, edge)
    if delivery.mode is Mode.L4_PROXY:
        name = balancer.name if balancer.family else "the load balancer"
        return (_PROXY_PROTOCOL.format(balancer=name),)
    assumed = (_IF_PROXYING,) if ASSUMED_PASSTHROUGH in delivery.basis.assumptions else ()
    return (local, *assumed, *dataplane)
