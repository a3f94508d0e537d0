"""Which Services are to have one address of MetalLB's: those that ask for the same, or have the same sharing key.

Only Services of one cluster are set against each other: those that are applied together, and those of one folder, which
is an assumption. A repository may hold several clusters side by side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from srcip_lint.metallb.addresses import Address, known, ranges
from srcip_lint.metallb.allocation import requested
from srcip_lint.metallb.requests import conflicts
from srcip_lint.metallb.sharing import Refusal, admitted, meant_key, refusals, refusals_as_meant
from srcip_lint.resources.metallb import AddressPool
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.service import Service

if TYPE_CHECKING:
    from srcip_lint.model.metallb import MetalLB

K = TypeVar("K")

_MOST = 64
"""How many Services of one address or key a Service is set against: enough for any cluster, and a bound."""


@dataclass(frozen=True, eq=False, slots=True)
class OnlyPool:
    """The one pool that two Services can have an address from, which holds one address."""

    pool: AddressPool
    address: Address
    assumptions: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Sharing:
    """Two Services that are to have one address: `address` where both ask for it, else by their sharing key alone.

    `assumptions` is what it rests on that they are two Services of one cluster and MetalLB's.
    """

    service: Service
    other: Service
    address: Address | None
    assumptions: tuple[str, ...]

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Why MetalLB surely does not let them share it; empty where it does, or may."""
        return refusals(self.service, self.other)

    @property
    def refusals_as_meant(self) -> tuple[Refusal, ...]:
        """What would be left of that if a mistyped sharing key were mended."""
        return refusals_as_meant(self.service, self.other)

    @property
    def admitted(self) -> bool:
        """Does MetalLB surely let them share it?"""
        return admitted(self.service, self.other)


class Sharers:
    """The Services that MetalLB serves, or may, by the addresses they ask for and by their sharing keys."""

    def __init__(self, metallb: MetalLB) -> None:
        self._metallb = metallb

    def with_service(self, service: Service) -> Iterator[Sharing]:
        """The other Services that are to share an address with this one, in the order they were read."""
        if service not in self._handled:
            return
        asks = requested(service)
        found: dict[Service, Address | None] = {}
        for address in asks.addresses:
            for other in self._by_address.get(address, ()):
                found.setdefault(other, address)
        for other in () if asks.unknown else self._by_key.get(meant_key(service) or "", ()):
            if not (asks.addresses and requested(other).addresses):
                found.setdefault(other, None)
        for other, shared in found.items():
            assumptions = self._together(service, other)
            if assumptions is not None:
                yield Sharing(service, other, shared, assumptions)

    def only_pool(self, sharing: Sharing) -> OnlyPool | None:
        """The pool of one address that both Services surely draw from, and no other; None where there may be more."""
        both = (sharing.service, sharing.other)
        found = [self._metallb.pools_for(each) for each in both]
        if found[0] != found[1] or len(found[0]) != 1 or found[0][0][1] is not Answer.YES:
            return None
        pool = found[0][0][0]
        inside = ranges(pool)
        if not known(pool) or len(inside) != 1 or inside[0].size != 1:
            return None
        is_pinned = all(self._metallb.names_its_pool(each) for each in both)
        is_sure = is_pinned or self._metallb.environment.closed_world
        return OnlyPool(pool, inside[0].first, () if is_sure else ("no other pool is open to these Services",))

    def _together(self, one: Service, other: Service) -> tuple[str, ...] | None:
        """What it rests on that two Services are in one cluster and both MetalLB's; None where they are the same, or
        may well not be."""
        handled = {self._handled[one], self._handled[other]}
        is_same = one.object.ref == other.object.ref
        if is_same or Answer.YES not in handled or not self._metallb.bundle.compatible(one.object, other.object):
            return None
        assumptions = [
            f"MetalLB serves {each.object.ref}" for each in (one, other) if self._handled[each] is not Answer.YES
        ]
        if one.object.stream == other.object.stream or self._metallb.environment.closed_world:
            return tuple(assumptions)
        if one.object.folder != other.object.folder:
            return None
        return (*assumptions, "both files are applied to one cluster")

    @cached_property
    def _handled(self) -> dict[Service, Answer]:
        """The LoadBalancer Services that MetalLB serves, or may, and whether it surely does; without those that a patch
        may change, and those whose request it refuses anyway."""
        found = {}
        for service in self._metallb.bundle.services:
            if service.type.value != "LoadBalancer" or conflicts(service):
                continue
            answer = self._metallb.handles(service)
            is_open = answer is Answer.UNKNOWN and self._metallb.unclaimed(service)
            if (answer is Answer.YES or is_open) and not self._metallb.bundle.patches_of(service):
                found[service] = answer
        return found

    @cached_property
    def _by_address(self) -> dict[Address, list[Service]]:
        index: dict[Address, list[Service]] = defaultdict(list)
        for service in self._handled:
            for address in requested(service).addresses:
                index[address].append(service)
        return _bounded(index)

    @cached_property
    def _by_key(self) -> dict[str, list[Service]]:
        index: dict[str, list[Service]] = defaultdict(list)
        for service in self._handled:
            key = meant_key(service)
            if key and not requested(service).unknown:
                index[key].append(service)
        return _bounded(index)


def _bounded(index: Mapping[K, list[Service]]) -> dict[K, list[Service]]:
    return {key: found[:_MOST] for key, found in index.items()}
