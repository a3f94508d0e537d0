"""The addresses of a pool: ranges as MetalLB reads them (metallb `internal/config/config.go` ParseCIDR)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
    summarize_address_range,
)

from srcip_lint.documents import Place
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.metallb import AddressPool

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Range:
    """One item of `addresses`: `192.0.2.0/28`, or `192.0.2.10-192.0.2.20`, with its first and last address."""

    text: str
    first: Address
    last: Address
    place: Place

    @property
    def version(self) -> int:
        """4 or 6."""
        return self.first.version

    @property
    def size(self) -> int:
        return int(self.last) - int(self.first) + 1

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks that make the range up, largest blocks first where they fit."""
        if isinstance(self.first, IPv4Address) and isinstance(self.last, IPv4Address):
            return tuple(summarize_address_range(self.first, self.last))
        if isinstance(self.first, IPv6Address) and isinstance(self.last, IPv6Address):
            return tuple(summarize_address_range(self.first, self.last))
        return ()

    def has(self, address: Address) -> bool:
        return address.version == self.version and int(self.first) <= int(address) <= int(self.last)

    def overlaps(self, other: Range) -> bool:
        same = self.version == other.version
        return same and int(self.first) <= int(other.last) and int(other.first) <= int(self.last)


def covered(one: Range, others: Iterable[Range]) -> bool:
    """Do others together hold every address of a range, whichever of them holds which?"""
    lacking = int(one.first)
    for other in sorted((each for each in others if each.version == one.version), key=lambda each: int(each.first)):
        if int(other.first) > lacking:
            break
        lacking = max(lacking, int(other.last) + 1)
    return lacking > int(one.last)


def ranges(pool: AddressPool) -> tuple[Range, ...]:
    """The ranges of a pool that can be read."""
    return tuple(found for item in pool.addresses if (found := as_range(item)))


def refused(pool: AddressPool) -> tuple[tuple[str, Place, str], ...]:
    """The items that MetalLB refuses, each with its place and why."""
    items = ((item.value, item.place) for item in pool.addresses if isinstance(item.value, str))
    return tuple((text, place, why) for text, place in items if (why := _refusal(text)))


def known(pool: AddressPool) -> bool:
    """Is every item written out, so that the ranges are all there are?"""
    return bool(pool.addresses) and all(isinstance(item.value, str) for item in pool.addresses)


def as_range(item: Located[str | Unknown]) -> Range | None:
    """One item, as a range; None where it cannot be read."""
    return _range(item.value, item.place) if isinstance(item.value, str) else None


def parse_address(text: str) -> Address | None:
    try:
        return ip_address(text.strip())
    except ValueError:
        return None


def _refusal(text: str) -> str:
    """Why MetalLB refuses an item; empty where it does not. A range between the two families is accepted, and holds
    nothing."""
    if "-" in text:
        return _range_refusal(*text.split("-", maxsplit=1))
    address, slash, length = text.partition("/")
    if not slash:
        single = parse_address(text)
        return f"a prefix length is missing (/{single.max_prefixlen} for one address)" if single else "it is no network"
    is_network = _network(text) is not None
    return "" if is_network else f"/{length} is no prefix length" if parse_address(address) else "it is no network"


def _range_refusal(start: str, end: str) -> str:
    first, last = parse_address(start), parse_address(end)
    if first is None:
        return f"{start.strip() or 'nothing'} is no address to start at"
    if last is None:
        return f"{end.strip() or 'nothing'} is no address to end at, both ends are written in full"
    is_backwards = first.version == last.version and int(first) > int(last)
    return "it ends before it starts" if is_backwards else ""


def _range(text: str, place: Place) -> Range | None:
    if "-" in text:
        first, last = (parse_address(part) for part in text.split("-", maxsplit=1))
        is_range = first and last and first.version == last.version and int(first) <= int(last)
        return Range(text, first, last, place) if is_range and first and last else None
    network = _network(text)
    return Range(text, network[0], network[-1], place) if network else None


def _network(text: str) -> Network | None:
    """A network with a prefix length; bits behind that are passed over, and a netmask is none."""
    if not text.partition("/")[2].isdecimal():
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
