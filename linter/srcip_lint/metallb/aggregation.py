"""Aggregates: a BGPAdvertisement that announces a prefix in place of single addresses.

A node announces the prefix as soon as it serves any address in it, since MetalLB masks the address of each Service
with the advertisement's length (metallb `speaker/bgp_controller.go` SetBalancer). Which lengths are refused: metallb
`internal/config/config.go` bgpAdvertisementFromCR and validateBGPAdvPerPool.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from srcip_lint.documents import Place
from srcip_lint.metallb.addresses import Network, Range, known, ranges
from srcip_lint.metallb.allocation import requested
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.metallb import AddressPool, Advertisement
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.service import Service

FULL = {4: 32, 6: 128}
"""The length of the prefix that is one address, by IP version."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An advertisement that announces the addresses of a pool, those of one IP version, in prefixes of `length`."""

    advertisement: Advertisement
    pool: AddressPool
    version: int
    length: int
    place: Place

    @property
    def field(self) -> str:
        """The field that says so."""
        return "aggregationLength" if self.version == 4 else "aggregationLengthV6"


def length_of(advertisement: Advertisement, version: int) -> Located[int | Unknown]:
    return advertisement.aggregation_length if version == 4 else advertisement.aggregation_length_v6


def aggregates(advertisement: Advertisement, pool: AddressPool) -> Iterator[Aggregate]:
    """What an advertisement makes of a pool that it reaches, by IP version."""
    for version, full in FULL.items():
        length = length_of(advertisement, version)
        if not advertisement.is_l2 and isinstance(length.value, int) and 0 <= length.value < full:
            yield Aggregate(advertisement, pool, version, length.value, length.place)


def accepts(advertisement: Advertisement, pool: AddressPool) -> bool:
    """Does MetalLB take the lengths of an advertisement for a pool? Each range must hold a block at least as wide as
    the prefix, and an advertisement that selects Services must not aggregate."""
    if not advertisement.service_selectors.absent:
        return not any(aggregates(advertisement, pool))
    return all(
        _widest(found) <= length
        for found in ranges(pool)
        for length in (length_of(advertisement, found.version).value,)
        if isinstance(length, int)
    )


def _widest(found: Range) -> int:
    """The prefix length of a range's widest block."""
    return min((network.prefixlen for network in found.networks), default=0)


def is_full_length(advertisement: Advertisement, version: int) -> Answer:
    """Does an advertisement announce single addresses?"""
    length = length_of(advertisement, version).value
    if isinstance(length, Unknown):
        return Answer.UNKNOWN
    return Answer.YES if length == FULL[version] else Answer.NO


@dataclass(frozen=True, slots=True)
class Blocks:
    """The prefixes of one length that a Service's address may lie in, as intervals of their numbers. `whole` says that
    these are all: its address is of this IP version, and all pools that it may come from are known."""

    version: int
    length: int
    intervals: tuple[tuple[int, int], ...]
    whole: bool

    @property
    def only(self) -> Network | None:
        """The one prefix that the address surely lies in; None where it may lie in several."""
        numbers = {number for interval in self.intervals for number in interval}
        return self._network(numbers.pop()) if self.whole and len(numbers) == 1 else None

    def meets(self, other: Blocks) -> bool:
        """May two addresses lie in one prefix?"""
        return any(low <= end and start <= high for low, high in self.intervals for start, end in other.intervals)

    def _network(self, number: int) -> Network:
        width = FULL[self.version]
        first = (number << (width - self.length)).to_bytes(width // 8, "big")
        return ip_network((first, self.length))


def blocks_of(service: Service, pools: Iterable[AddressPool], aggregate: Aggregate) -> Blocks:
    """The prefixes that a Service's address may lie in, out of the pools that it may come from."""
    version, shift = aggregate.version, FULL[aggregate.version] - aggregate.length
    asks = requested(service)
    if asks.addresses:
        own = [int(address) >> shift for address in asks.addresses if address.version == version]
        return Blocks(version, aggregate.length, tuple((number, number) for number in own), whole=not asks.unknown)
    offered = tuple(pools)
    found = [each for pool in offered for each in ranges(pool)]
    spans = tuple((int(each.first) >> shift, int(each.last) >> shift) for each in found if each.version == version)
    is_whole = not asks.unknown and all(map(known, offered)) and all(each.version == version for each in found)
    return Blocks(version, aggregate.length, spans, is_whole)
