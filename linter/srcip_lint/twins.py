"""Two Services into the same pods and port, of which one keeps the client's address and the other does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from srcip_lint.bundle import Bundle
from srcip_lint.path.hops import SourcePath, Whose, under_every_placement
from srcip_lint.resources.service import Service, ServicePort
from srcip_lint.resources.workload import target_number

Paths = Callable[[Service], "tuple[SourcePath, ...]"]


@dataclass(frozen=True, slots=True)
class Twin:
    """A way into pods, and the other Service's way into the same port of theirs, on which they see the client."""

    path: SourcePath
    service: Service
    keeps: SourcePath


def twins(service: Service, others: Iterable[Service], bundle: Bundle, paths: Paths) -> Iterator[Twin]:
    """Every way into a Service that another of these Services has too and on which that one shows the client's address.
    Both must surely select the same workloads: where what is selected is not known, no way leads to one that is."""
    for other in others:
        if not bundle.compatible(service.object, other.object) or not _same_pods(service, other, bundle):
            continue
        shared = [(one, two) for one in service.ports for two in other.ports if _same_port(service, one, two, bundle)]
        for one, two in shared:
            keeping = [path for path in _by(paths(other), two) if _shows_client(path)]
            for path in _by(paths(service), one):
                kept = next((each for each in keeping if _pod(each) == _pod(path)), None)
                if kept:
                    yield Twin(path, other, kept)


def is_closed(service: Service) -> bool:
    """Does a load balancer's allow-list stand before every way into a Service: has it source ranges that leave anybody
    out, and no node ports, which they do not cover?"""
    ranges = [each.value for each in service.source_ranges]
    is_list = bool(ranges) and not any(not isinstance(each, str) or each.strip().endswith("/0") for each in ranges)
    no_node_ports = service.allocate_node_ports.value is False and not any(
        port.node_port.written for port in service.ports
    )
    return service.type.value == "LoadBalancer" and is_list and no_node_ports


def _same_pods(one: Service, other: Service, bundle: Bundle) -> bool:
    return [*map(set, bundle.selected(one).worlds)] == [*map(set, bundle.selected(other).worlds)]


def _same_port(service: Service, one: ServicePort, other: ServicePort, bundle: Bundle) -> bool:
    if not isinstance(one.protocol.value, str) or one.protocol.value != other.protocol.value:
        return False
    if isinstance(one.target_port.value, str) and one.target_port.value == other.target_port.value:
        return True
    workloads = [workload for world in bundle.selected(service).worlds for workload in world]
    return any(
        target_number(one, each) is not None and target_number(one, each) == target_number(other, each)
        for each in workloads
    )


def _by(paths: Iterable[SourcePath], port: ServicePort) -> list[SourcePath]:
    """The ways in by a Service's port."""
    wanted = (str(port.port.value), port.protocol.value)
    return [path for path in paths if (path.key.port, path.key.protocol) == wanted]


def _pod(path: SourcePath) -> object:
    """The workload whose pod it is, as the place where it is written."""
    at = path.edge_pod.at if path.edge_pod else None
    return (at.document, at.path) if at else None


def _shows_client(path: SourcePath) -> bool:
    return path.edge_pod is not None and under_every_placement(path.edge_pod.state.peer, Whose.CLIENT)
