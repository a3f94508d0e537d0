"""What the clients ask: every way in, through every node, plainly and with forged headers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lab.addresses import CLIENTS, FORGED, FORGED_ANNOUNCEMENT, FRONT, external_address, node_address
from lab.scenario import Port, Scenario, Service

PLAIN, FORGING, ANNOUNCING = "plain", "forging headers", "announcing"


@dataclass(frozen=True, slots=True)
class Way:
    """A way in, as `srcip-lint trace` names it: the entry, the Service (None for a port of a node itself), the port."""

    entry: str
    service: str | None
    port: str
    protocol: str

    def __str__(self) -> str:
        return f"{self.entry.replace('_', ' ')} {self.port}/{self.protocol} of {self.service or 'the node'}"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `via` is the node that receives it, counted from 1; `route` is the next hop that the client's
    kernel must take to the address, empty where the address leads there by itself."""

    id: str
    way: Way
    via: int
    client: str
    kind: str
    url: str
    address: str
    port: int
    route: str
    is_step: bool = False

    def as_sent(self) -> dict[str, object]:
        """What `client.py` reads."""
        forged = {"X-Forwarded-For": FORGED, "X-Real-IP": FORGED, "Forwarded": f"for={FORGED}"}
        return {
            "id": self.id,
            "source": CLIENTS[self.client],
            "address": self.address,
            "port": self.port,
            "protocol": self.way.protocol,
            "route": self.route,
            "url": self.url,
            "headers": forged if self.kind == FORGING else {},
            "announces": FORGED_ANNOUNCEMENT if self.kind == ANNOUNCING else "",
        }


def requests(scenario: Scenario) -> tuple[Request, ...]:
    """All requests of a scenario, its steps last and in their order."""
    kinds = [PLAIN, FORGING, *([ANNOUNCING] if scenario.announces else [])]
    found: list[Request] = []
    for way, via, address, port, route in _ways(scenario):
        for url in scenario.urls:
            for kind in kinds if way.protocol == "TCP" else [PLAIN]:
                found.append(Request(f"r{len(found)}", way, via, "client", kind, url, address, port, route))
            if way.entry == "load_balancer":
                found.append(Request(f"r{len(found)}", way, via, "other", PLAIN, url, address, port, route))
    ways = list(_ways(scenario, with_node_ports=True))
    for number, step in enumerate(scenario.steps):
        via = scenario.node(step.via)
        way, _, address, port, route = next(each for each in ways if each[0].entry == step.entry and each[1] == via)
        found.append(Request(f"s{number}", way, via, step.client, PLAIN, step.url, address, port, route, is_step=True))
    return tuple(found)


Reached = tuple[Way, int, str, int, str]
"""A way in, the node that receives it, the address and port to ask, and the next hop there."""


def _ways(scenario: Scenario, *, with_node_ports: bool = False) -> Iterator[Reached]:
    """Every way in, through every node that packets are sent to. `with_node_ports`: those of a load balancer too."""
    for service in scenario.services:
        name = f"{service.namespace}/{service.name}"
        for port in service.ports:
            for node in range(1, len(scenario.nodes) + 1):
                for entry, address, number, route in _into(
                    scenario, service, port, node, with_node_ports=with_node_ports
                ):
                    yield Way(entry, name, str(port.port), port.protocol), node, address, number, route
    for pod in scenario.pods:
        for declared in pod.ports:
            on_node = declared["containerPort"] if pod.host_network else declared.get("hostPort")
            if on_node:
                entry = "host_network" if pod.host_network else "host_port"
                way = Way(entry, None, str(on_node), declared.get("protocol", "TCP"))
                yield way, pod.node, node_address(pod.node), on_node, ""


def _into(
    scenario: Scenario, service: Service, port: Port, node: int, *, with_node_ports: bool
) -> Iterator[tuple[str, str, int, str]]:
    """The entries of one port through one node: the entry, the address, the port, the next hop."""
    if service.type == "LoadBalancer" and _is_target(scenario, service, node):
        if scenario.front.mode == "passthrough":
            yield "load_balancer", service.balancer_ip, port.port, node_address(node)
        else:
            yield "load_balancer", external_address(service.index, node), port.port, FRONT
    if service.type == "NodePort" or (with_node_ports and service.type == "LoadBalancer"):
        yield "node_port", node_address(node), port.node_port, ""
    for address in service.external_ips:
        yield "external_ip", address, port.port, node_address(node)


def _is_target(scenario: Scenario, service: Service, node: int) -> bool:
    has_pod = any(pod.node == node for pod in service.pods(scenario.pods))
    return has_pod or scenario.front.targets == "nodes"
