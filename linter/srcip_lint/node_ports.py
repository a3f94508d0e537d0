"""Who claims which port of the nodes.

The API server takes node ports and health-check node ports out of one pool for the whole cluster, whatever the
protocol and the namespace (kubernetes `pkg/registry/core/service/storage/alloc.go`): the second claim of a number is
refused, and the Service with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.environment import Environment
from srcip_lint.resources.objects import same_namespace
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.service import Service
from srcip_lint.scopes import closeness

HEALTH_CHECK = "healthCheckNodePort"
NODE_PORT = "nodePort"

DEFAULT_RANGE = range(30000, 32768)
"""The default of the API server's flag `--service-node-port-range`."""

_RANGE_FLAG = "--service-node-port-range"


@dataclass(frozen=True, eq=False, slots=True)
class PortClaim:
    """A port of the nodes that a Service asks for by number. `field` is `healthCheckNodePort` or `nodePort`."""

    service: Service
    number: int
    field: str
    at: Place


@dataclass(frozen=True, slots=True)
class Rivalry:
    """Another claim of the same number. `sure` says that both are surely made in one cluster."""

    other: PortClaim
    sure: bool


class NodePorts:
    """The claims of all Services whose type surely gives them the port, file by file and in the order of each."""

    def __init__(self, bundle: Bundle, environment: Environment) -> None:
        self._bundle = bundle
        self._closed_world = environment.closed_world
        ordered = sorted(bundle.services, key=lambda service: service.object.stream)
        self.claims = tuple(claim for service in ordered for claim in _claims(service))
        self._by_number: dict[int, list[PortClaim]] = defaultdict(list)
        for claim in self.claims:
            self._by_number[claim.number].append(claim)

    @property
    def range_is_set(self) -> bool:
        """Does an API server that was read have a range of its own?"""
        servers = self._bundle.running("kube-apiserver")
        containers = (container for server in servers for container in server.template.containers)
        return any(word.startswith(_RANGE_FLAG) for container in containers for word in container.arguments)

    def rivalry(self, claim: PortClaim) -> Rivalry | None:
        """Who else claims a health-check node port, best the one in surely the same cluster; None where nobody does.

        Of two health-check node ports the later one is told, so that two Services are told once.
        """
        found = [
            Rivalry(other, sure)
            for other in self._by_number[claim.number]
            if other.field == NODE_PORT or self._is_earlier(other, claim)
            for sure in self._meeting(claim.service, other.service)
        ]
        return min(found, key=lambda rivalry: not rivalry.sure, default=None)

    def _is_earlier(self, other: PortClaim, claim: PortClaim) -> bool:
        claims = self._by_number[claim.number]
        return claims.index(other) < claims.index(claim)

    def _meeting(self, one: Service, other: Service) -> tuple[bool, ...]:
        """Whether two Services are surely in one cluster: yes, or perhaps; nothing to say where they are not, or may
        be one object."""
        if one is other:
            return (True,)
        may_be_one = (
            one.object.name == other.object.name
            and same_namespace(one.object.namespace, other.object.namespace) is not Answer.NO
        )
        if may_be_one or not self._bundle.compatible(one.object, other.object):
            return ()
        if one.object.stream == other.object.stream or self._closed_world:
            return (True,)
        folders = (one.object.folder, other.object.folder)
        return (False,) if closeness(*folders) == min(map(len, folders)) else ()


def _claims(service: Service) -> Iterator[PortClaim]:
    """What a Service claims. One that the API server refuses anyway claims nothing."""
    if service.type.value not in ("LoadBalancer", "NodePort") or service.headless:
        return
    health_check = service.health_check_node_port
    is_checked = service.type.value == "LoadBalancer" and service.external_traffic_policy.value == "Local"
    if is_checked and isinstance(health_check.value, int) and health_check.value != 0:
        yield PortClaim(service, health_check.value, HEALTH_CHECK, health_check.place)
    for port in service.ports:
        if isinstance(port.node_port.value, int):
            yield PortClaim(service, port.node_port.value, NODE_PORT, port.node_port.place)
