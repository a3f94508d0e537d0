"""The limits of a workload, sorted by how they divide the nodes: into single nodes, or into zones of several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from srcip_lint.placement.fewest import Ground, ground
from srcip_lint.placement.limits import Limit, Together


@dataclass(frozen=True, slots=True)
class Bounded:
    """A limit as numbers on some nodes: which of them share a domain (None: the node is not bounded), how many pods a
    domain may hold, and whether that is above the emptiest."""

    domain_of: tuple[str | None, ...]
    most: int
    relative: bool


@dataclass(frozen=True, slots=True)
class Levels:
    """What bounds the pods on a node and in a zone, absolutely and above the emptiest. `zones` gives each node its
    zone; `others` is the same with other zones, where limits divide the nodes in several ways."""

    names: tuple[str, ...]
    zones: tuple[int, ...]
    node_most: int | None = None
    node_skew: int | None = None
    zone_most: tuple[int | None, ...] = ()
    zone_skew: int | None = None
    others: tuple[Levels, ...] = ()

    @property
    def exact(self) -> bool:
        """Do these numbers say everything? Otherwise other zones bound the pods too."""
        return not self.others

    @property
    def single(self) -> bool:
        """Do all limits bound single nodes only?"""
        return self.exact and self.zone_skew is None and all(most is None for most in self.zone_most)

    def ground(self, pods: int) -> Ground:
        """The numbers to reckon with while some node is still without a pod."""
        return ground(self._sizes(), _least(self.node_most, self.node_skew), self.zone_skew, pods)

    def _sizes(self) -> list[tuple[int, int | None]]:
        return [(self.zones.count(zone), most) for zone, most in enumerate(self.zone_most)]

    def capacity(self) -> int | None:
        """How many pods can stand at once at most; None where there is no bound."""
        return _least(self._capacity(), *(other.capacity() for other in self.others))

    def _capacity(self) -> int | None:
        sizes = self._sizes()
        lowest = _least(*(most // nodes for nodes, most in sizes if most is not None))
        node = _least(self.node_most, None if lowest is None or self.node_skew is None else lowest + self.node_skew)
        full = [_least(most, None if node is None else node * nodes) for nodes, most in sizes]
        emptiest = _least(*full)
        rising = None if emptiest is None or self.zone_skew is None else emptiest + self.zone_skew
        bounds = [_least(bound, rising) for bound in full]
        known = [bound for bound in bounds if bound is not None]
        return sum(known) if len(known) == len(bounds) else None


def levels(limits: Iterable[Bounded], names: Sequence[str]) -> Levels:
    """The limits on some nodes, sorted. Equal divisions are one; a limit over one domain that rises with it is none."""
    single: list[Bounded] = []
    divisions: dict[tuple[int, ...], list[Bounded]] = {}
    for limit in limits:
        division = _division(limit)
        if limit.relative and len(set(division)) == 1:
            continue
        if None not in limit.domain_of and len(set(division)) == len(names):
            single.append(limit)
        else:
            divisions.setdefault(division, []).append(limit)
    found = [_level(names, single, zones, inside) for zones, inside in divisions.items()]
    first, *others = found or [_level(names, single, (0,) * len(names), [])]
    return replace(first, others=tuple(others))


def _level(
    names: Sequence[str], single: Sequence[Bounded], zones: tuple[int, ...], inside: Sequence[Bounded]
) -> Levels:
    absolute = [
        {zone: limit.most for zone, domain in zip(zones, limit.domain_of, strict=True) if domain is not None}
        for limit in inside
        if not limit.relative
    ]
    return Levels(
        tuple(names),
        zones,
        _least(*(limit.most for limit in single if not limit.relative)),
        _least(*(limit.most for limit in single if limit.relative)),
        tuple(_least(*(bound.get(zone) for bound in absolute)) for zone in range(len(set(zones)))),
        _least(*(limit.most for limit in inside if limit.relative)),
    )


def bounded(limit: Limit, names: Sequence[str], most: int | None = None) -> Bounded:
    """A limit on some of the nodes; `most` where it is another number than the limit's own, and then absolute."""
    domain_of = tuple(limit.domains.get(name) for name in names)
    relative = most is None and limit.relative(names)
    return Bounded(domain_of, limit.most if most is None else most, relative)


def groups(together: Sequence[Together], names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The nodes that share every domain in which all pods must stand together: wherever the first pod goes, all others
    go to nodes of its group. One group of all where nothing draws them together."""
    found: dict[tuple[str | None, ...], list[str]] = {}
    for name in names:
        found.setdefault(tuple(each.domains.get(name) for each in together), []).append(name)
    return tuple(map(tuple, found.values()))


def _division(limit: Bounded) -> tuple[int, ...]:
    """The domains numbered in the order they come; nodes without one are each bounded by nothing, together."""
    numbers: dict[str | None, int] = {}
    return tuple(numbers.setdefault(domain, len(numbers)) for domain in limit.domain_of)


def _least(*bounds: int | None) -> int | None:
    return min((bound for bound in bounds if bound is not None), default=None)
