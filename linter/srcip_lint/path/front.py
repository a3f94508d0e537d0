"""What stands before the cluster: the hop of a load balancer, and of the health checks by which it learns where pods
are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from srcip_lint.balancers import Balancer, identify
from srcip_lint.balancers.delivery import Delivery, Mode, deliver
from srcip_lint.balancers.signals import polls_health
from srcip_lint.bundle import Bundle
from srcip_lint.environment import Edge, Environment
from srcip_lint.path.hops import (
    BALANCER,
    Atom,
    Basis,
    Entry,
    Evidence,
    Header,
    HeaderEntry,
    Hop,
    ProxyProtocol,
    State,
    Whose,
    always,
)
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.service import Service, ServicePort

_HTTP_CONTROLLERS = ("alb", "gce", "gce-internal")
"""Ingress classes whose load balancer is an HTTP proxy that connects to node ports."""


@dataclass(frozen=True, slots=True)
class Front:
    """The hops before the nodes, whether they lead past the nodes to the pods themselves, and whether nodes without a
    ready pod are left out under Local (None where that is not known)."""

    hops: tuple[Hop, ...] = ()
    targets_pods: bool = False
    follows_endpoints: bool | None = False


def front(
    service: Service, entry: Entry, port: ServicePort, state: State, bundle: Bundle, environment: Environment
) -> Front:
    """What stands before the nodes on one way in."""
    edge = environment.edge(service.object.namespace, service.object.name)
    checked = bool(edge and edge.front_health_check)
    if entry is Entry.LOAD_BALANCER:
        return _balancer_front(service, port, state, identify(service, bundle, environment), edge)
    ingress = _http_ingress(service, bundle) if entry is Entry.NODE_PORT else None
    if ingress:
        return Front((_ingress_hop(ingress, state),), follows_endpoints=True)
    if edge and edge.front and edge.front != "direct":
        delivery = deliver(service, Balancer(None), edge, port)
        return Front((_balancer_hop(service, "the declared front", delivery, "", state),), follows_endpoints=checked)
    return Front(follows_endpoints=checked)


def _balancer_front(service: Service, port: ServicePort, state: State, balancer: Balancer, edge: Edge | None) -> Front:
    delivery = deliver(service, balancer, edge, port)
    is_local = service.external_traffic_policy.value == "Local" and not delivery.targets_pods
    polls = is_local and balancer.family is not None and polls_health(balancer.family)
    nodes = _which_nodes(balancer) if is_local and not polls else ""
    hop = _balancer_hop(service, balancer.name, delivery, nodes, state)
    hops = (hop, _health_check(service, hop.state)) if polls else (hop,)
    follows = True if edge and edge.front_health_check else balancer.follows_endpoints
    return Front(hops, delivery.targets_pods, follows)


def _which_nodes(balancer: Balancer) -> str:
    """Under Local: how it learns which nodes have a pod."""
    return balancer.family.how if balancer.family else "whether it looks at where the pods are is not known"


def _balancer_hop(service: Service, name: str, delivery: Delivery, nodes: str, state: State) -> Hop:
    does = [delivery.mode.value]
    does += ["sends the PROXY protocol"] if delivery.proxy_protocol else []
    does += ["connects to the pods themselves, past the nodes' traffic policy"] if delivery.targets_pods else []
    return Hop(
        "load balancer",
        name,
        "; ".join([*does, nodes] if nodes else does),
        _behind(delivery, state),
        delivery.basis,
        at=service.type.place,
        object=service.object.ref,
        sending=None if delivery.sending.protocol is ProxyProtocol.UNKNOWN else delivery.sending.basis,
    )


def _behind(delivery: Delivery, state: State) -> State:
    """What travels on behind a load balancer."""
    state = replace(state, proxy_protocol=delivery.sending.protocol)
    if delivery.is_http_proxy:
        entry = HeaderEntry("load balancer", state.peer)
        old = state.header("x-forwarded-for")
        header = Header(False, (entry,)) if delivery.mode is Mode.L7_OVERWRITE else old.append(entry)
        return replace(state, peer=always(BALANCER)).with_header("x-forwarded-for", header)
    if delivery.proxy_protocol:
        return replace(state, peer=always(BALANCER), announced=state.peer)
    if delivery.mode is Mode.UNKNOWN:
        return replace(state, peer=always(Atom(Whose.UNKNOWN, "how this load balancer connects is not known")))
    return replace(state, peer=always(BALANCER)) if delivery.mode is Mode.L4_PROXY else state


def _health_check(service: Service, state: State) -> Hop:
    """The health checks under Local: kube-proxy answers on this port for the Service's own pods (kubernetes
    `pkg/proxy/healthcheck/service_health.go`)."""
    number = service.health_check_node_port
    written = number.written and isinstance(number.value, int) and number.value
    return Hop(
        "health check",
        f"healthCheckNodePort {number.value}" if written else "healthCheckNodePort (the API server picks one)",
        "asks each node for /healthz: 200 where it has a ready pod, 503 where it has none, and such a node gets no "
        "packets once enough checks have failed",
        state,
        at=number.place if written else service.external_traffic_policy.place,
        object=service.object.ref,
    )


def _http_ingress(service: Service, bundle: Bundle) -> Object | None:
    """An Ingress of a cloud's HTTP load balancer that sends to the Service's node port."""
    for backend in bundle.backends:
        same = same_namespace(service.object.namespace, backend.object.namespace) is not Answer.NO
        if backend.controller in _HTTP_CONTROLLERS and service.object.name in backend.services and same:
            return backend.object
    return None


def _ingress_hop(ingress: Object, state: State) -> Hop:
    """A cloud's HTTP load balancer, set up by an Ingress: it is the peer, and appends the client to X-Forwarded-For."""
    header = state.header("x-forwarded-for").append(HeaderEntry("load balancer", state.peer))
    place = ingress.place.at("kind")
    return Hop(
        "load balancer",
        f"the load balancer of {ingress.ref}",
        "is an HTTP proxy, appends the client to X-Forwarded-For and checks the node port's health",
        replace(state, peer=always(BALANCER)).with_header("x-forwarded-for", header),
        Basis((Evidence(f"{ingress.ref} is there", place, ingress.ref),)),
        place,
        ingress.ref,
    )
