"""Who needs the client's address, and what it gets where only part of the clients show it.

Evidence that the address matters is what the model knows already (an assertion, a list or limit of a proxy) and a list
of addresses in a network policy. SRC101 and SRC401 speak for the former; the latter has rules of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.environment import REQUIRE_CLIENT_IP, Environment
from srcip_lint.isolation import Isolation
from srcip_lint.path.hops import Addresses, Hop, SourcePath, Whose, surely
from srcip_lint.proxies.real_ip import is_about_the_cluster
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.objects import Object
from srcip_lint.resources.service import Service
from srcip_lint.resources.workload import Workload
from srcip_lint.twins import Twin, is_closed, twins


@dataclass(frozen=True, slots=True)
class Requirement:
    """Why the client's address is needed at a Service. `at` is None where the configuration declares it; `sure` is
    false where it may be about other addresses than those of clients."""

    why: str
    at: Place | None = None
    object: Object | None = None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class BackDoor:
    """A Cluster Service's way into pods that a Local one reaches too, and why that matters."""

    twin: Twin
    needed: Requirement


@dataclass(frozen=True, slots=True)
class MixedOnHost:
    """A way into a pod on its node's network: what judges by the client's address there, and gets a node's where the
    pod is on another node."""

    path: SourcePath
    judge: Hop
    needed: Requirement


@dataclass(frozen=True, slots=True)
class MistakenPolicy:
    """A way in on which a node's address is taken for the client's by what judges there, under an internal policy that
    is Local and an external one that is Cluster; and why the client's address is needed, if it is."""

    path: SourcePath
    judge: Hop
    seen: Addresses
    needed: Requirement | None


class Asked(Protocol):
    """What the model answers."""

    @property
    def bundle(self) -> Bundle: ...
    @property
    def environment(self) -> Environment: ...
    @property
    def isolation(self) -> Isolation: ...
    @property
    def cluster_services(self) -> tuple[Service, ...]: ...
    @property
    def behind_local(self) -> dict[Workload, tuple[Service, ...]]: ...
    def paths(self, service: Service) -> tuple[SourcePath, ...]: ...
    def owner(self, at: Place) -> Object | None: ...
    def lost(self, service: Service) -> Iterator[tuple[SourcePath, Hop, Addresses]]: ...
    def sent_to_by_ingress(self, service: Service) -> bool: ...
    def needed_on(self, service: Service, path: SourcePath) -> Requirement | None: ...
    def required(self, service: Service) -> Requirement | None: ...
    def lost_where_required(self, service: Service) -> object: ...
    def misjudged(self, service: Service) -> object: ...
    def back_door(self, service: Service) -> BackDoor | None: ...


def back_door(model: Asked, service: Service) -> BackDoor | None:
    """None where the Service's own need of the address is reported (SRC101, SRC401), where it is not sure that there is
    one and a proxy writes the address into a header (SRC102), and where its clients are listed before they come in: in
    source ranges, or by an Ingress."""
    is_told = model.lost_where_required(service) or model.misjudged(service)
    if is_told or model.sent_to_by_ingress(service) or is_closed(service):
        return None
    workloads = [workload for world in model.bundle.selected(service).worlds for workload in world]
    others = dict.fromkeys(other for workload in workloads for other in model.behind_local.get(workload, ()))
    for twin in twins(service, others, model.bundle, model.paths):
        lost = _judge_of_node(twin.path) is not None
        needed = (model.needed_on(service, twin.path) or model.required(twin.service)) if lost else None
        needed = needed or _listed_on(model, twin.path, sees_node=True)
        judge = twin.path.edge_proxy
        if needed and (needed.sure or judge is None or not _writes_node(judge)):
            return BackDoor(twin, needed)
    return None


def mixed_on_host(model: Asked, service: Service) -> MixedOnHost | None:
    """None where the address is asserted to be needed (SRC101), where the proxy writes it into a header (SRC102), and
    where another Service keeps it (SRC105)."""
    if model.sent_to_by_ingress(service) or model.required(service) or model.back_door(service):
        return None
    for path in model.paths(service):
        judge = _judge_of_node(path)
        needed = model.needed_on(service, path) or _listed_on(model, path, sees_node=False)
        if judge and needed and on_host(path, model.bundle) and not _writes_node(judge):
            return MixedOnHost(path, judge, needed)
    return None


def mistaken_policy(model: Asked, service: Service) -> MistakenPolicy | None:
    """None where DaemonSets only are behind it, if only by one of the files that contradict each other, and nothing
    needs the client's address: each node's callers are meant to reach the agent of their own node."""
    if service.internal_traffic_policy.value != "Local" or service not in model.cluster_services:
        return None
    lost = tuple(model.lost(service))
    needed = next((needed for path, _, _ in lost if (needed := model.needed_on(service, path))), None)
    worlds = model.bundle.selected(service).worlds
    of_agents = any(world and all(workload.kind == "DaemonSet" for workload in world) for world in worlds)
    return MistakenPolicy(*lost[0], needed) if lost and (needed or not of_agents) else None


def required(service: Service, bundle: Bundle, environment: Environment) -> Requirement | None:
    """Asserted on the Service, on a workload that it selects, or declared."""
    workloads = [workload for world in bundle.selected(service).worlds for workload in world]
    for found in (service.object, *(workload.object for workload in workloads)):
        if found.annotation(REQUIRE_CLIENT_IP) == "true":
            place = found.place.at("metadata", "annotations", REQUIRE_CLIENT_IP)
            return Requirement(f"{found.ref} asserts {REQUIRE_CLIENT_IP}", place, found)
    labels = {key: value for key, value in service.object.labels.items() if not isinstance(value, Unknown)}
    if any(
        each.matches(service.object.namespace, service.object.name, labels) for each in environment.require_client_ip
    ):
        return Requirement("the configuration declares requireClientIP for it")
    return None


def needed_on(model: Asked, service: Service, path: SourcePath) -> Requirement | None:
    """Asserted, or a control of the first proxy is keyed on the address that is about clients (not only about addresses
    of the cluster itself)."""
    asserted = model.required(service)
    observed = path.edge_proxy.observations if path.edge_proxy else ()
    controls = (each for each in observed if each.control and not each.of_header)
    found = next((each for each in controls if not is_about_the_cluster(each.networks, model.environment)), None)
    if asserted or found is None:
        return asserted
    return Requirement(f"{found.control} is keyed on the client's address", found.at, model.owner(found.at))


def on_host(path: SourcePath, bundle: Bundle) -> bool:
    """Does a way lead to a pod on its node's network?"""
    at = path.edge_pod.at if path.edge_pod else None
    return at is not None and any(
        workload.template.host_network.value is True and workload.object.holds(at) for workload in bundle.workloads
    )


def near_hints(service: Service, bundle: Bundle) -> Iterator[tuple[Place, str, Object]]:
    """What is sometimes taken to keep the client's address, and does not: kube-proxy masquerades under Cluster also for
    a pod on the receiving node, and whichever endpoints it prefers."""
    preferred = service.traffic_distribution
    if preferred is not None:
        yield preferred.place, "preferring near endpoints does not keep the client's address", service.object
    for key in ("service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints"):
        if (service.object.annotation(key) or "").lower() == "auto":
            place = service.object.place.at("metadata", "annotations", key)
            yield place, "preferring near endpoints does not keep the client's address", service.object
    for workload in dict.fromkeys(workload for world in bundle.selected(service).worlds for workload in world):
        if workload.kind == "DaemonSet" and not service.external_traffic_policy.written:
            yield workload.place, "running as a DaemonSet does not keep the client's address", workload.object


def _judge_of_node(path: SourcePath) -> Hop | None:
    """The first pod, or the proxy in it, where that takes a node for its client, for one placement of it at least."""
    judge = path.edge_proxy or path.edge_pod
    seen = judge.takes if judge and path.edge_proxy else judge.state.peer if judge else None
    return judge if seen and surely(seen, Whose.NODE) and not path.has_http_front else None


def _writes_node(judge: Hop) -> bool:
    return any(each.header and surely(each.addresses, Whose.NODE) for each in judge.observations)


def _listed_on(model: Asked, path: SourcePath, *, sees_node: bool) -> Requirement | None:
    """The list of addresses of clients in a network policy of the first pod; where asked, only one that sees a node,
    for one placement of the pod at least."""
    found = model.isolation.list_of_clients(path)
    if found is None or (sees_node and not surely(found[0].addresses, Whose.NODE)):
        return None
    block, sure = found
    left_out = next((network for network, _ in block.exceptions), None)
    listed = f"leaves out addresses ({left_out})" if left_out else f"lists addresses ({block.networks[0]})"
    why = f"{block.control} {listed}"
    return Requirement(why, block.at, model.isolation.policy(block), sure)
