"""The questions about aggregates: which Services share a prefix, and do longer prefixes go beside it.

Pools and advertisements of other folders may be another cluster's. So an aggregate is an advertisement and a pool of
one folder or stream, a Service is its tenant where the pool is among the nearest that it may get an address from, and
what speaks against a fault (another pool, a longer prefix) counts from wherever it comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import chain

from srcip_lint.metallb.addresses import Network
from srcip_lint.metallb.aggregation import Aggregate, Blocks, accepts, aggregates, blocks_of, is_full_length
from srcip_lint.metallb.announcement import advertised_from, nodes_of
from srcip_lint.metallb.reach import speaks_for, targets
from srcip_lint.model.metallb import MetalLB
from srcip_lint.model.siting import Siting
from srcip_lint.placement import NO_NODE, NodeSet, chosen, disjoint, subset
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.metallb import Advertisement
from srcip_lint.resources.objects import Object
from srcip_lint.resources.selectors import Answer, every
from srcip_lint.resources.service import Service
from srcip_lint.scopes import nearest


@dataclass(frozen=True, eq=False, slots=True)
class Tenant:
    """A Service whose address the aggregate may announce: in one of the prefixes, surely in `prefix` where that is not
    None."""

    service: Service
    blocks: Blocks
    prefix: Network | None


class Companion(Enum):
    """Do longer prefixes, of single addresses, go where an aggregate goes? Routers prefer them."""

    NONE = "none"
    PARTIAL = "only from some of the nodes"
    ENOUGH = "yes, or nobody knows"


class Aggregation:
    """What may be asked about aggregates; rules ask it through the model."""

    def __init__(self, metallb: MetalLB, siting: Siting) -> None:
        self._metallb = metallb
        self._siting = siting

    @cached_property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """The advertisements that announce a pool's addresses in prefixes, once for each such pool, of configurations
        that MetalLB takes."""
        return tuple(_aggregates(self._metallb))

    def tenants(self, aggregate: Aggregate) -> tuple[Tenant, ...]:
        """The Services that MetalLB surely handles and that surely may get an address from the aggregate's pool."""
        return tuple(_tenants(self._metallb, aggregate))

    def companion(self, aggregate: Aggregate, service: Service) -> Companion:
        """Are the Service's own addresses announced to every peer that gets the aggregate, from every node that
        announces it or at least from every node that its pods may stand on?"""
        advertisement, pods_on = aggregate.advertisement, self._pods_on(service)
        if any(isinstance(item.value, Unknown) for item in advertisement.peers):
            return Companion.ENOUGH
        known = [peer.object.name for peer in self._metallb.peers_of(advertisement)]
        named = [item.value for item in advertisement.peers if isinstance(item.value, str)]
        found = [_to_peer(self._metallb, aggregate, service, pods_on, name) for name in named or known or [""]]
        return next((each for each in (Companion.NONE, Companion.PARTIAL) if each in found), Companion.ENOUGH)

    def _pods_on(self, service: Service) -> NodeSet:
        found = NO_NODE
        for workload in chain.from_iterable(self._metallb.bundle.selected(service).worlds):
            found = found.union(chosen(workload.template))
        return found

    def covered(self, aggregate: Aggregate, service: Service, by: Tenant | None) -> Answer:
        """Does every node that may announce the aggregate for a tenant (None: for whomever) surely have a pod of the
        Service? NO says that nothing guarantees it."""
        nodes = nodes_of(aggregate.advertisement.node_selectors)
        if by and by.service.external_traffic_policy.value == "Local":
            nodes = nodes.intersection(self._pods_on(by.service))
        inventory = self._siting.inventory(service)
        electorate = self._metallb.electorate(service.object, inventory) if inventory else None
        worlds = self._metallb.bundle.selected(service).worlds
        return every(self._siting.stands_on_all(world, nodes, electorate) for world in worlds)


def _aggregates(metallb: MetalLB) -> Iterator[Aggregate]:
    for advertisement in metallb.advertisements if metallb.environment.load_balancer != "metallb-l2" else ():
        if not _has_peer(metallb, advertisement):
            continue
        reached = [
            pool
            for pool, answer in metallb.reached(advertisement)
            if answer is Answer.YES and _together(advertisement.object, pool.object)
        ]
        if all(accepts(advertisement, pool) for pool in reached):
            for pool in reached:
                yield from aggregates(advertisement, pool)


def _has_peer(metallb: MetalLB, advertisement: Advertisement) -> bool:
    """May anybody get what an advertisement announces? In a closed world only a BGPPeer that was read."""
    found = (targets(advertisement, peer.object.name) for peer in metallb.peers_of(advertisement))
    return not metallb.environment.closed_world or any(answer is not Answer.NO for answer in found)


def _together(one: Object, other: Object) -> bool:
    return one.stream == other.stream or one.folder == other.folder


def _tenants(metallb: MetalLB, aggregate: Aggregate) -> Iterator[Tenant]:
    for service in metallb.bundle.services:
        answers = dict(metallb.pools_for(service)) if service.type.value == "LoadBalancer" else {}
        if answers.get(aggregate.pool) is not Answer.YES or metallb.handles(service) is not Answer.YES:
            continue
        if not metallb.bundle.compatible(service.object, aggregate.advertisement.object):
            continue
        blocks = blocks_of(service, (aggregate.pool,), aggregate)
        if blocks.intervals and aggregate.pool in nearest(service.object, tuple(answers)):
            yield Tenant(service, blocks, blocks_of(service, answers, aggregate).only)


def _to_peer(metallb: MetalLB, aggregate: Aggregate, service: Service, pods_on: NodeSet, peer: str) -> Companion:
    """As `Aggregation.companion`, for one peer; the empty name stands for any that nobody names."""
    answers = {
        each: every((is_full_length(each, aggregate.version), speaks_for(each, service), _goes_to(each, peer)))
        for each, _ in metallb.reaching(aggregate.pool)
        if not each.is_l2
    }
    possible = [each for each, answer in answers.items() if answer is not Answer.NO]
    if not possible:
        return Companion.NONE
    nodes, announcing = advertised_from(possible), nodes_of(aggregate.advertisement.node_selectors)
    if _covers(nodes, announcing) or _covers(nodes, pods_on):
        return Companion.ENOUGH
    if disjoint(nodes, pods_on) is Answer.YES:
        return Companion.NONE
    is_read = all(found.empty is Answer.NO for found in (nodes, announcing, pods_on))
    return Companion.PARTIAL if is_read else Companion.ENOUGH


def _covers(whole: NodeSet, part: NodeSet) -> bool:
    return subset(part, whole) is Answer.YES


def _goes_to(advertisement: Advertisement, peer: str) -> Answer:
    if not peer:
        return Answer.NO if advertisement.peers else Answer.YES
    return targets(advertisement, peer)
