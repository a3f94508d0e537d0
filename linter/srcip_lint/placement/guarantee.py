"""Where the pods of a workload stand on the nodes of an inventory: surely, possibly, never, and on how many at least.

What is said holds for every order and every choice of the scheduler, as long as each pod that its own template and its
own kind leave a node for finds one: that other workloads repel it, take its ports or leave no memory is not looked at.
`steady` starts from an empty cluster whose nodes are all up: the pods came one by one. Where something that decides is
not known (a placeholder, pods of others that are counted too), less is promised.

Exact, that is: reached by some placement, except in three cases, where it is only a promise that holds:

- something that decides is not known (`known` is false);
- limits divide the nodes in more than one way beside single nodes, say into zones and into racks (`exact` is false);
- in a rolling update, see `rollout`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from srcip_lint.placement.eligible import Fit, demands, fit
from srcip_lint.placement.inventory import Inventory
from srcip_lint.placement.levels import Levels, bounded, groups, levels
from srcip_lint.placement.limits import Doubt, Limit, Together, bounds
from srcip_lint.resources.pods import PodTemplate
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.workload import Workload


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is sure of the nodes that have a pod: these do, and at least so many different ones do."""

    surely: frozenset[str] = frozenset()
    at_least: int = 0


NOTHING = Coverage()


@dataclass(frozen=True, eq=False, slots=True)
class Standing:
    """How a workload's pods can stand on an inventory: everything that the answers are reckoned from."""

    workload: Workload
    replicas: int | None
    fits: Mapping[str, Fit]
    limits: tuple[Limit, ...]
    doubts: tuple[Doubt, ...]
    together: tuple[Together, ...]

    @property
    def possible(self) -> tuple[str, ...]:
        """The nodes that a pod may stand on, in the order of the inventory."""
        return tuple(name for name, found in self.fits.items() if found.answer is not Answer.NO)

    @property
    def sure(self) -> tuple[str, ...]:
        """The nodes that surely admit a pod."""
        return tuple(name for name, found in self.fits.items() if found.answer is Answer.YES)

    @property
    def known(self) -> bool:
        """Is everything known that decides?"""
        return not self.doubts and self.replicas is not None and len(self.sure) == len(self.possible)

    @property
    def exact(self) -> bool:
        """Is what is promised reached by some placement?"""
        return self.known and all(group.exact for group in self.groups)

    @property
    def groups(self) -> tuple[Levels, ...]:
        """The groups of nodes of which the first pod chooses one, with what bounds the pods there. One where nothing
        draws the pods together; none where no node admits a pod."""
        names = self.possible
        return tuple(self._levels(group) for group in groups(self.together, names)) if names else ()

    def _levels(self, names: Sequence[str]) -> Levels:
        return levels((bounded(limit, names) for limit in self.limits), names)


def stand(workload: Workload, replicas: int | None, inventory: Inventory, others: Sequence[PodTemplate]) -> Standing:
    """Read everything that decides where the pods stand. A DaemonSet has as many replicas as nodes that admit one."""
    asked = demands(workload)
    fits = {node.name: fit(asked, node) for node in inventory.nodes}
    found = tuple(bounds(workload, inventory.nodes, others))
    limits = tuple(bound for bound in found if isinstance(bound, Limit))
    if workload.kind == "DaemonSet":
        limits += (Limit(workload.place, "the DaemonSet", {name: name for name in fits}, 1),)
        replicas = sum(each.answer is not Answer.NO for each in fits.values())
    doubts = tuple(bound for bound in found if isinstance(bound, Doubt))
    return Standing(
        workload, replicas, fits, limits, doubts, tuple(bound for bound in found if isinstance(bound, Together))
    )


def steady(standing: Standing) -> Coverage:
    """The coverage once all pods have been placed that can be."""
    pods = standing.replicas or 0
    if not pods or not standing.sure:
        return NOTHING
    if not standing.known:
        return _unsure(standing)
    found = [_covered(group, pods) for group in standing.groups]
    return Coverage(frozenset.intersection(*(each.surely for each in found)), min(each.at_least for each in found))


def _covered(group: Levels, pods: int) -> Coverage:
    if not group.exact:
        return Coverage(frozenset(group.names if len(group.names) == 1 else ()), 1)
    ground = group.ground(pods)
    sure = ground.surely(pods)
    names = (name for name, zone in zip(group.names, group.zones, strict=True) if sure[zone])
    return Coverage(frozenset(names), ground.fewest(min(pods, ground.room())))


def _unsure(standing: Standing) -> Coverage:
    """What holds whatever the unknown turns out to be: each pod of a DaemonSet that only single nodes bound stands by
    itself; otherwise one node has a pod, or none where even a first pod may be kept away."""
    if any(doubt.blocks for doubt in standing.doubts):
        return NOTHING
    is_free = not (standing.doubts or standing.together)
    if is_free and standing.workload.kind == "DaemonSet" and all(group.single for group in standing.groups):
        return Coverage(frozenset(standing.sure), len(standing.sure))
    return Coverage(frozenset(standing.sure if len(standing.possible) == 1 else ()), 1)
