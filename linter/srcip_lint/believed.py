"""Proxies that take the client's address from a header, whoever connects, and who may connect to them.

What the client wrote is taken at the edge; and behind whatever appends to the header too, where the proxy takes the
leftmost of its entries. Where something else writes the header, and nobody gets past that, nothing is amiss.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from srcip_lint.balancers.internal import is_internal
from srcip_lint.bundle import Bundle
from srcip_lint.environment import Environment
from srcip_lint.networks import not_public, read_networks
from srcip_lint.path.hops import FORGED, Belief, Delivered, Entry, Hop, Observation, ProxyProtocol, SourcePath, atoms
from srcip_lint.path.proxied import believed_by
from srcip_lint.policies import ContainerPort, Policies
from srcip_lint.proxies.behaviour import ProxyBehaviour
from srcip_lint.resources.envoy_gateway import ClientTrafficPolicy
from srcip_lint.resources.objects import Object
from srcip_lint.resources.service import Service
from srcip_lint.resources.workload import Workload


class Approach(Enum):
    """Who may connect to a proxy, the widest first."""

    OUTSIDE = "clients connect to it"
    NODE = "clients connect to its node"
    FRONT = "an HTTP load balancer stands in front of it"
    LISTED = "only listed networks may connect to it"
    INTERNAL = "an internal network leads to it"
    INGRESS = "an Ingress sends to it"
    CLUSTER = "pods connect to it"
    UNKNOWN = "who connects to it is not known"


_APPENDED_TO = (Approach.OUTSIDE, Approach.NODE, Approach.FRONT, Approach.LISTED)
"""Where clients stand before whatever is in front, which adds to the header and leaves what they wrote."""


@dataclass(frozen=True, slots=True)
class Believed:
    """A header that a proxy believes of whoever connects, on one way to it. `owner` is the workload of the proxy, or,
    where `is_placed` is false, the object that tells a proxy which was not read."""

    product: str
    owner: Object
    belief: Belief
    approach: Approach
    service: Service | None = None
    path: SourcePath | None = None
    proxy: Hop | None = None
    assumptions: tuple[str, ...] = ()
    is_placed: bool = True

    @property
    def setting(self) -> tuple[object, ...]:
        """Where it is told to believe everybody: the same for all workloads that read it there."""
        at = self.belief.at
        return (at.document, at.path, at.inside)

    @property
    def by_anybody(self) -> bool:
        """Does every client choose its own address? At the edge, and behind a front that appends where the leftmost
        entry is taken."""
        if not self.belief.forged:
            return False
        return self.approach is Approach.OUTSIDE or (self.belief.leftmost and self.approach in _APPENDED_TO)

    @property
    def controls(self) -> tuple[Observation, ...]:
        """The lists and limits of the proxy that judge an address which the client may have chosen."""
        observed = self.proxy.observations if self.proxy else ()
        return tuple(each for each in observed if each.control and FORGED in atoms(each.addresses))

    @property
    def before(self) -> Hop | None:
        """The proxy of ours before it on the way."""
        hops = [hop for hop in self.path.hops if hop.kind == "proxy"] if self.path and self.proxy else []
        return hops[hops.index(self.proxy) - 1] if self.proxy in hops[1:] else None

    @property
    def overrides_announced(self) -> bool:
        """Is the address that the PROXY protocol tells passed over for that of the header?"""
        hops = self.path.hops if self.path else ()
        return any(hop.kind == "load balancer" and hop.state.proxy_protocol is ProxyProtocol.PRESENT for hop in hops)


class Asked(Protocol):
    """What the model answers."""

    @property
    def bundle(self) -> Bundle: ...
    @property
    def environment(self) -> Environment: ...
    @property
    def policies(self) -> Policies: ...
    def paths(self, service: Service) -> tuple[SourcePath, ...]: ...
    def direct_paths(self, workload: Workload) -> tuple[SourcePath, ...]: ...
    def behaviour(self, workload: Workload) -> ProxyBehaviour | None: ...
    def sent_to_by_ingress(self, service: Service) -> bool: ...


def believed(model: Asked) -> Iterator[Believed]:
    """Every way on which a header is believed of whoever connects. What else may connect to a proxy is asked only where
    no way from outside leads to it: a wider way includes the narrower ones."""
    behind = _Behind(model)
    for workload in behind.workloads:
        yield from (each for each in behind.ways(workload) if each is not None)
    if not model.bundle.config_maps and not model.bundle.of(ClientTrafficPolicy):
        return
    # Imported here, since it knows every product.
    from srcip_lint.proxies.unplaced import unplaced

    for each in unplaced(model.bundle):
        assumed = (each.assumed,)
        yield Believed(each.product, each.object, each.belief, Approach.UNKNOWN, assumptions=assumed, is_placed=False)


class _Behind:
    """The proxies that believe anybody, and the ways from outside to them. Frozen in effect."""

    def __init__(self, model: Asked) -> None:
        self._model = model
        self._told: dict[Workload, tuple[tuple[str, ContainerPort, Belief], ...]] = {}
        for workload in model.bundle.workloads:
            behaviour = model.behaviour(workload)
            told = tuple(believed_by(behaviour)) if behaviour else ()
            if told and behaviour:
                self._told[workload] = tuple((behaviour.product, ContainerPort(port), each) for port, each in told)
        self._services = model.bundle.services if self._told else ()

    @property
    def workloads(self) -> tuple[Workload, ...]:
        return tuple(self._told)

    def ways(self, workload: Workload) -> Iterator[Believed | None]:
        """None stands for a way that is in order."""
        outside = [
            (belief, self._from_outside(workload, service, path, hop, belief))
            for service in self._services
            for path in self._model.paths(service)
            for hop, belief in self._on(path, workload)
        ]
        seen = {belief.at for belief, _ in outside}
        on_node = [
            (belief, _way(workload, hop, belief, Approach.NODE, path=path))
            for path in self._model.direct_paths(workload)
            for hop, belief in self._on(path, workload)
            if belief.at not in seen
        ]
        seen.update(belief.at for belief, _ in on_node)
        yield from (way for _, way in (*outside, *on_node))
        for product, _, belief in self._told[workload]:
            if belief.at not in seen:
                yield self._inside(workload, product, belief)

    def _on(self, path: SourcePath, workload: Workload) -> Iterator[tuple[Hop, Belief]]:
        """Where on a way a workload's proxy believes anybody; nowhere behind a hop that lets no connection through. A
        place is told by the reading of one workload, and so belongs to that."""
        own = {belief.at for _, _, belief in self._told[workload]}
        for hop in path.hops:
            if hop.delivered is Delivered.NO:
                return
            yield from ((hop, belief) for belief in hop.believes if belief.at in own)

    def _from_outside(
        self, workload: Workload, service: Service, path: SourcePath, hop: Hop, belief: Belief
    ) -> Believed | None:
        if path.has_overwriting_front:
            return None
        if hop is not path.edge_proxy and not belief.forged:
            return self._inside(workload, hop.name, belief)
        approach = self._approach(workload, service, path, belief)
        if approach is Approach.INGRESS and self._is_limited(workload, belief):
            return None
        return _way(workload, hop, belief, approach, service, path)

    def _approach(self, workload: Workload, service: Service, path: SourcePath, belief: Belief) -> Approach:
        if is_internal(service) or _lists_private_networks(service):
            return Approach.INTERNAL
        if path.has_http_front:
            return Approach.FRONT
        if self._model.sent_to_by_ingress(service):
            return Approach.INGRESS
        is_listed = path.key.entry is Entry.LOAD_BALANCER and _lists_networks(service)
        return Approach.LISTED if is_listed or self._is_limited(workload, belief) else Approach.OUTSIDE

    def _inside(self, workload: Workload, product: str, belief: Belief) -> Believed | None:
        """Where only pods can get at the proxy with a header of their own, as far as the files show."""
        selecting = [
            service
            for service in self._model.bundle.services
            if any(workload in world for world in self._model.bundle.selected(service).worlds)
        ]
        is_open = any(not isinstance(service.type.value, str) for service in selecting)
        if is_open or any(map(self._is_overwritten, selecting)):
            return None
        if not selecting:
            assumed = (f"clients reach {workload.object.ref}, which no Service in these files leads to",)
            return Believed(product, workload.object, belief, Approach.UNKNOWN, assumptions=assumed)
        if self._is_limited(workload, belief):
            return None
        return Believed(product, workload.object, belief, Approach.CLUSTER, selecting[0])

    def _is_overwritten(self, service: Service) -> bool:
        """Is it declared that what stands in front overwrites the header?"""
        edge = self._model.environment.edge(service.object.namespace, service.object.name)
        return edge is not None and edge.front == "l7-overwrite"

    def _is_limited(self, workload: Workload, belief: Belief) -> bool:
        ports = [port for _, port, each in self._told[workload] if each.at == belief.at]
        return any(self._model.policies.may_limit(workload, port) for port in ports)


def _way(
    workload: Workload,
    hop: Hop,
    belief: Belief,
    approach: Approach,
    service: Service | None = None,
    path: SourcePath | None = None,
) -> Believed:
    return Believed(hop.name, workload.object, belief, approach, service, path, hop, hop.basis.assumptions)


def _lists_networks(service: Service) -> bool:
    """May the Service's source ranges keep anybody away?"""
    listed = read_networks(str(each.value).strip() for each in service.source_ranges)
    is_open = any(network.prefixlen == 0 for network in listed)
    return service.source_ranges_unknown or (bool(service.source_ranges) and not is_open)


def _lists_private_networks(service: Service) -> bool:
    listed = read_networks(str(each.value).strip() for each in service.source_ranges)
    return bool(listed) and all(map(not_public, listed))
