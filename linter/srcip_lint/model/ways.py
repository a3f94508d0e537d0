"""The ways from outside into an external Service, and whether each avoids nodes without a pod."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from srcip_lint.balancers import Balancer, identify
from srcip_lint.balancers.delivery import deliver
from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.environment import Environment
from srcip_lint.resources.objects import same_namespace
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.service import Service

_HEALTH_CHECKING_INGRESSES = ("alb", "gce", "gce-internal")
"""Ingress classes whose load balancer polls the Service's node port and leaves out nodes that do not answer."""

_CHECKED_FRONT = "its health-checked front has only one target"


@dataclass(frozen=True, slots=True)
class WayIn:
    """One way from outside into a Service. `name` is what a person calls it; `follows_endpoints` says whether packets
    avoid nodes without a ready pod, None where that is unknown, and `because` says why, for a message."""

    name: str
    at: Place
    follows_endpoints: bool | None
    because: str
    balancer: Balancer | None = None
    on_one_node: str = ""
    """For a message: what it has left when all ready pods stand on one node. Empty where it does not go by nodes."""


def find_ways(service: Service, bundle: Bundle, environment: Environment) -> Iterator[WayIn]:
    """Every way from outside into an external Service."""
    at, checked = service.type.place, _declared_front(service, environment)
    if service.type.value == "LoadBalancer":
        balancer = identify(service, bundle, environment)
        because = checked or (balancer.family.how if balancer.family else balancer.reason)
        left = _CHECKED_FRONT if checked else _left_on_one_node(service, balancer, environment)
        follows = True if checked else balancer.follows_endpoints
        yield WayIn(balancer.name, at, follows, because, balancer, left)
    if service.type.value == "NodePort":
        front = checked or _health_checking_ingress(service, bundle)
        because = front or "whoever connects to a node port picks the node, and no health check node port exists for it"
        yield WayIn("the node port", at, bool(front), because, None, _CHECKED_FRONT)
    for address in service.external_ips[:1]:
        because = checked or "packets go to whichever node the address is routed to, pod or no pod"
        yield WayIn("an external IP", address.place, bool(checked), because, None, _CHECKED_FRONT)


def _left_on_one_node(service: Service, balancer: Balancer, environment: Environment) -> str:
    """What a load balancer has left when all pods stand on one node; nothing to say of one that goes by pods."""
    edge = environment.edge(service.object.namespace, service.object.name)
    if deliver(service, balancer, edge).targets_pods:
        return ""
    if balancer.family is None:
        return "the load balancer has only one node to send to"
    return f"{balancer.name} has {balancer.family.on_one_node}"


def _declared_front(service: Service, environment: Environment) -> str | None:
    """That a declared front leaves out nodes that do not answer; None where none is declared to."""
    edge = environment.edge(service.object.namespace, service.object.name)
    return "the declared front checks the nodes' health" if edge and edge.front_health_check else None


def _health_checking_ingress(service: Service, bundle: Bundle) -> str | None:
    """Whose load balancer leaves out nodes that do not answer at a node port; None where nothing is known to."""
    for backend in bundle.backends:
        if (
            backend.controller in _HEALTH_CHECKING_INGRESSES
            and service.object.name in backend.services
            and same_namespace(service.object.namespace, backend.object.namespace) is not Answer.NO
        ):
            return f"the load balancer of {backend.object.ref} checks the node port's health"
    return None
