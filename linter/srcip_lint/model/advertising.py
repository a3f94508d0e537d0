"""The questions about MetalLB's advertisements: which pools nobody announces, and which advertisements do nothing.

What is absent from the files proves nothing by itself. A name is called unknown where others of its kind stand beside
it (`metallb.configuration`), or where the files are declared to be all there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from srcip_lint.balancers.takers import announcing_kube_vips
from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.environment import Environment
from srcip_lint.metallb.addresses import as_range, covered, ranges
from srcip_lint.metallb.allocation import ADDRESS_POOL, asked, requested
from srcip_lint.metallb.configuration import Configuration, configurations
from srcip_lint.model.metallb import MetalLB
from srcip_lint.model.siting import Siting
from srcip_lint.placement import Inventory, labels_of
from srcip_lint.resources.cluster import BgpConfiguration
from srcip_lint.resources.fields import placeholder
from srcip_lint.resources.metallb import AddressPool, Advertisement, BgpPeer
from srcip_lint.resources.names import closest
from srcip_lint.resources.objects import Object
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.service import Service
from srcip_lint.scopes import closeness


@dataclass(frozen=True, eq=False, slots=True)
class Unadvertised:
    """A pool that no advertisement reaches that was read. `others` stand beside it and reach other pools; `asking` are
    the Services that surely ask for its addresses."""

    pool: AddressPool
    others: tuple[Advertisement, ...]
    asking: tuple[Service, ...]


@dataclass(frozen=True, eq=False, slots=True)
class UnknownName:
    """A name in an advertisement that no pool (or no peer) has. `alone` says that the advertisement names nothing
    else that is there, so that it does nothing. `orphans` are the pools that nobody announces because of it."""

    advertisement: Advertisement
    name: str
    place: Place
    meant: str | None
    known: tuple[Object, ...]
    alone: bool
    orphans: tuple[AddressPool, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class NoMatch:
    """An advertisement whose selectors match none of the pools that were read. See `UnknownName` for `orphans`."""

    advertisement: Advertisement
    place: Place
    pools: tuple[AddressPool, ...]
    orphans: tuple[AddressPool, ...]


@dataclass(frozen=True, eq=False, slots=True)
class NoNode:
    """An advertisement whose node selectors match no node of the inventory. `replaced` says that all pools that it may
    reach are surely advertised by another one too, from some node."""

    advertisement: Advertisement
    place: Place
    inventory: Inventory
    replaced: bool


class Advertising:
    """What may be asked about pools and their advertisements; rules ask it through the model."""

    def __init__(self, bundle: Bundle, environment: Environment, metallb: MetalLB, siting: Siting) -> None:
        self.bundle = bundle
        self.environment = environment
        self.metallb = metallb
        self._siting = siting

    @cached_property
    def configurations(self) -> dict[str, Configuration]:
        """The configuration that each stream is part of."""
        return configurations(self.bundle)

    @cached_property
    def unadvertised(self) -> tuple[Unadvertised, ...]:
        """The pools that no advertisement reaches; those that somebody else announces, or that a misspelt
        advertisement was meant for, are left out."""
        orphans = {pool for each in self.unknown_pools for pool in each.orphans}
        orphans |= {pool for each in self.unmatched for pool in each.orphans}
        return tuple(
            Unadvertised(pool, self._beside(pool).advertisements, self._asking(pool))
            for pool in self.metallb.pools
            if pool not in orphans and self._is_unreached(pool) and not self._is_announced_by_others(pool)
        )

    def _is_unreached(self, pool: AddressPool) -> bool:
        """Does surely no advertisement that was read reach it, and was everything beside it read?"""
        return not self.metallb.reaching(pool) and not self._has_gap(pool.object)

    def _asking(self, pool: AddressPool) -> tuple[Service, ...]:
        """The Services that MetalLB surely handles and that ask for this pool, or an address in it."""
        return tuple(
            service
            for service in self.bundle.services
            if _asks_for(service, pool)
            and self.bundle.compatible(pool.object, service.object)
            and self.metallb.handles(service) is Answer.YES
        )

    def _is_announced_by_others(self, pool: AddressPool) -> bool:
        """Does, or may, somebody other than MetalLB announce its addresses? Calico, Cilium and kube-vip can, whoever
        assigns them (metallb `website/content/configuration/calico.md`), and MetalLB without speakers leaves it to
        somebody."""
        if not (self.environment.load_balancer or "metallb").startswith("metallb"):
            return True
        found = self.metallb.installation(pool.object)
        if found.controllers and not found.speakers:
            return True
        signs = [each.object for each in self.bundle.evidence]
        signs += [each.object for each in self.bundle.cilium_l2_policies]
        signs += [each.object for each in announcing_kube_vips(self.bundle)]
        if any(self.bundle.compatible(pool.object, sign) for sign in signs):
            return True
        return self._is_in_calicos_ranges(pool)

    def _is_in_calicos_ranges(self, pool: AddressPool) -> bool:
        """May every range of a pool lie in what Calico announces, in all its networks together?"""
        announced = [
            item
            for each in self.bundle.of(BgpConfiguration)
            if self.bundle.compatible(pool.object, each.object)
            for item in each.load_balancer_ips
        ]
        networks = [parsed for item in announced if (parsed := as_range(item)) is not None]
        inside = all(covered(each, networks) for each in ranges(pool))
        return bool(announced) and (inside or len(networks) < len(announced))

    @cached_property
    def unknown_pools(self) -> tuple[UnknownName, ...]:
        """The names in `ipAddressPools` that no pool has."""
        return tuple(
            found
            for each in self.metallb.advertisements
            for found in self._unknown(each, "pools", self._pool_objects(each), self._beside(each).pools)
        )

    @cached_property
    def unknown_peers(self) -> tuple[UnknownName, ...]:
        """The names in a BGPAdvertisement's `peers` that no BGPPeer has."""
        return tuple(
            found
            for each in self.metallb.advertisements
            for found in self._unknown(
                each, "peers", tuple(peer.object for peer in self.metallb.peers_of(each)), self._beside(each).peers
            )
        )

    def _unknown(
        self,
        each: Advertisement,
        field: str,
        there: tuple[Object, ...],
        beside: tuple[AddressPool, ...] | tuple[BgpPeer, ...],
    ) -> list[UnknownName]:
        written = each.pools if field == "pools" else each.peers
        is_judged = bool(beside) or self.environment.closed_world
        if not is_judged or self._has_gap(each.object) or any(_is_open(found) for found in there):
            return []
        names = {found.name for found in there}
        unknown = [item for item in written if isinstance(item.value, str) and item.value not in names]
        others = len(unknown) < len(written) or (field == "pools" and bool(self.metallb.reached(each)))
        spare = sorted(names - {str(item.value) for item in written})
        suggested = {item.place: closest(str(item.value), spare) for item in unknown}
        return [
            UnknownName(
                each,
                str(item.value),
                item.place,
                suggested[item.place],
                there,
                alone=not others,
                orphans=self._orphans(each, suggested[item.place], alone=not others) if field == "pools" else (),
            )
            for item in unknown
        ]

    def _orphans(self, each: Advertisement, meant: str | None, *, alone: bool) -> tuple[AddressPool, ...]:
        """The pools beside an advertisement that nobody announces, where it may have been meant for them."""
        return tuple(
            pool
            for pool in self._beside(each).pools
            if (pool.object.name == meant or (alone and meant is None)) and self._is_unreached(pool)
        )

    @cached_property
    def unmatched(self) -> tuple[NoMatch, ...]:
        """The advertisements that choose pools by their labels only, and match none."""
        return tuple(found for each in self.metallb.advertisements for found in self._unmatched(each))

    def _unmatched(self, each: Advertisement) -> list[NoMatch]:
        beside, there = self._beside(each).pools, self._pool_objects(each)
        if each.pools or each.pools_unknown or each.pool_selectors.absent or self._has_gap(each.object):
            return []
        if not (beside or self.environment.closed_world) or self.metallb.reached(each) or any(map(_is_open, there)):
            return []
        orphans = tuple(pool for pool in beside if self._is_unreached(pool))
        return [NoMatch(each, each.pool_selectors.place, beside, orphans)]

    @cached_property
    def nodeless(self) -> tuple[NoNode, ...]:
        """The advertisements that no node of the inventory may announce for."""
        return tuple(
            NoNode(each, each.node_selectors.place, inventory, self._is_replaced(each))
            for each in self.metallb.advertisements
            if (inventory := self._siting.inventory(each)) is not None and not self._names_a_node(each)
        )

    def _names_a_node(self, each: Advertisement) -> bool:
        """May an advertisement name a node? One without selectors names all."""
        inventory = self._siting.inventory(each)
        if each.node_selectors.absent or inventory is None:
            return True
        return any(each.node_selectors.matches(labels_of(node)) is not Answer.NO for node in inventory.nodes)

    def _is_replaced(self, each: Advertisement) -> bool:
        reached = self.metallb.reached(each)
        return bool(reached) and all(
            any(
                reach is Answer.YES and other is not each and self._names_a_node(other)
                for other, reach in self.metallb.reaching(pool)
            )
            for pool, _ in reached
        )

    @cached_property
    def peerless(self) -> tuple[Advertisement, ...]:
        """The BGPAdvertisements of a cluster that surely has no BGPPeer at all. Those that name peers are told of by
        the names."""
        if not self.environment.closed_world:
            return ()
        return tuple(
            each
            for each in self.metallb.advertisements
            if not each.is_l2 and not each.peers and not self.metallb.peers_of(each) and not self._has_gap(each.object)
        )

    def _beside(self, each: AddressPool | Advertisement) -> Configuration:
        return self.configurations.get(each.object.stream, Configuration())

    def _pool_objects(self, each: Advertisement) -> tuple[Object, ...]:
        """The pools that an advertisement may have named; those of before 0.13 too, of which other rules speak."""
        return tuple(pool.object for pool in self.bundle.pools if self.bundle.compatible(each.object, pool.object))

    def _has_gap(self, of: Object) -> bool:
        """Could something in an object's folder, or below, not be read?"""
        return any(closeness(of.folder, gap) >= len(of.folder) for gap in self.bundle.inputs.gaps)


def _is_open(found: Object) -> bool:
    """May an object get any name: by a placeholder, or from the API server?"""
    return found.generated or placeholder(found.name) is not None


def _asks_for(service: Service, pool: AddressPool) -> bool:
    asks = requested(service)
    if asks.addresses:
        return any(found.has(address) for found in ranges(pool) for address in asks.addresses)
    wanted = asked(service, ADDRESS_POOL)
    return wanted is not None and wanted.value == pool.object.name
