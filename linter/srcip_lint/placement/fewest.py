"""How few nodes pods can crowd onto, where they surely stand, and how many there is room for: arithmetic only.

The nodes lie in zones, each node in one. While some node is still without a pod, a node holds at most `node` pods (the
emptiest one holds none, so a skew is a plain bound); a zone holds at most its own `most`, and at most `skew` more than
the emptiest zone. Pods come one by one, until all stand or none fits.

Why this is exact: a state in which some node stays empty is final only if all pods stand or every zone that has room
on its nodes is at a bound. The emptiest zone is never at the relative one, so it is at its own bound or has no free
node, which makes it as full as the emptiest zone can ever be; then every other zone is as full as it can be too. So all
final states with an empty node hold equally many pods, and which of them needs the fewest nodes is found by trying, for
each level of the emptiest zone, the cheapest way to place them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Zone:
    """How many nodes a zone has, and how many pods it may hold in all."""

    nodes: int
    most: int


@dataclass(frozen=True, slots=True)
class Ground:
    """Nodes in zones, and the bounds: pods on a node, and pods in a zone above the emptiest (None where there is no
    such bound)."""

    zones: tuple[Zone, ...]
    node: int
    skew: int | None = None

    def room(self) -> int:
        """How many pods can stand while no node holds more than `node`."""
        return sum(self._full(zone, self._highest()) for zone in self.zones)

    def without(self, index: int) -> Ground:
        """The same with one node fewer in a zone: as if that node were not used."""
        zone = self.zones[index]
        smaller = replace(zone, nodes=zone.nodes - 1)
        return replace(self, zones=(*self.zones[:index], smaller, *self.zones[index + 1 :]))

    def _highest(self) -> int:
        """The highest level that the emptiest zone can reach."""
        return min((min(zone.most, self.node * zone.nodes) for zone in self.zones), default=0)

    def _full(self, zone: Zone, level: int) -> int:
        """How many pods a zone can hold while the emptiest holds `level`."""
        return min(self._bound(zone, level), self.node * zone.nodes)

    def _bound(self, zone: Zone, level: int) -> int:
        return zone.most if self.skew is None else min(zone.most, level + self.skew)

    def fewest(self, pods: int) -> int:
        """The least number of nodes that `pods` pods can stand on; there must be room for them."""
        found = (self._fewest_at(level, pods) for level in self._levels(pods))
        return min((count for count in found if count is not None), default=0)

    def _levels(self, pods: int) -> Iterator[int]:
        """The levels of the emptiest zone worth trying: the highest for each number of nodes that it takes there."""
        yield 0
        highest = min(self._highest(), pods // max(len(self.zones), 1)) if self.skew is not None else 0
        level = 0
        while level < highest:
            level = min(level + self.node, highest)
            yield level

    def _fewest_at(self, level: int, pods: int) -> int | None:
        """The least number of nodes where every zone holds at least `level` pods; None where they do not fit then."""
        base = -(-level // self.node)
        placed = nodes = whole = 0
        rests: list[int] = []
        for zone in self.zones:
            bound = self._bound(zone, level)
            placed += min(bound, self.node * base)
            nodes += base
            spare, left = zone.nodes - base, bound - self.node * base
            if spare > 0 and left > 0:
                whole += min(spare, left // self.node)
                rests += [left % self.node] if left // self.node < spare and left % self.node else []
        missing = pods - placed
        if missing <= whole * self.node:
            return nodes + max(0, -(-missing // self.node))
        nodes, missing = nodes + whole, missing - whole * self.node
        for rest in sorted(rests, reverse=True):
            nodes, missing = nodes + 1, missing - rest
            if missing <= 0:
                return nodes
        return None

    def surely(self, pods: int) -> tuple[bool, ...]:
        """Of each zone, whether every final state has pods on all its nodes."""
        placed = min(pods, self.room())
        return tuple(self.without(index).room() < placed for index in range(len(self.zones)))


def ground(sizes: Sequence[tuple[int, int | None]], node: int | None, skew: int | None, pods: int) -> Ground:
    """Zones given as number of nodes and bound (None: unbounded), with everything cut down to the number of pods: no
    node and no zone holds more."""
    most = max(pods, 1)
    zones = tuple(Zone(nodes, most if bound is None else min(bound, most)) for nodes, bound in sizes)
    return Ground(zones, most if node is None else min(node, most), None if skew is None else min(skew, most))
