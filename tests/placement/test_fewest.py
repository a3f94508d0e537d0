"""The arithmetic of crowding against counting every way to put pods on nodes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from srcip_lint.placement.fewest import Ground, Zone

SHAPES = ((1,), (3,), (1, 1), (1, 2), (2, 2), (1, 1, 2))
"""How many nodes each zone has."""


def placements(ground: Ground) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Every way to put pods on the nodes that keeps the bounds: for each zone, the pods on each of its nodes."""
    rows = [tuple(product(range(ground.node + 1), repeat=zone.nodes)) for zone in ground.zones]
    for chosen in product(*rows):
        totals = [sum(zone) for zone in chosen]
        within = all(total <= zone.most for total, zone in zip(totals, ground.zones, strict=True))
        if within and (ground.skew is None or max(totals) - min(totals) <= ground.skew):
            yield chosen


@pytest.mark.parametrize("skew", [None, 1, 2])
@pytest.mark.parametrize("node", [1, 2, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_against_every_placement(shape: tuple[int, ...], node: int, skew: int | None) -> None:
    for bounds in product((1, 3, 9), repeat=len(shape)):
        ground = Ground(tuple(map(Zone, shape, bounds)), node, skew)
        found = [(sum(map(sum, each)), each) for each in placements(ground)]
        room = max(total for total, _ in found)
        assert ground.room() == room
        for pods in range(1, room + 1):
            used = [tuple(sum(map(bool, zone)) for zone in each) for total, each in found if total == pods]
            assert ground.fewest(pods) == min(map(sum, used))
            avoided = [any(count[index] < shape[index] for count in used) for index in range(len(shape))]
            assert ground.surely(pods) == tuple(not each for each in avoided)
