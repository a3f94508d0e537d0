"""What remains during a rolling update, and while one node is drained.

A Deployment keeps at most replicas + maxSurge pods and at least replicas - maxUnavailable ready ones; a percentage of
maxSurge rounds up, one of maxUnavailable down, and where both come to 0, one pod may be missing (kubernetes
`pkg/controller/deployment/util/deployment_util.go` ResolveFenceposts). A StatefulSet replaces one pod after the other,
a DaemonSet that many nodes at a time, and its percentages both round up. Constraints count the pods of the old and the
new revision together, unless matchLabelKeys name the label of the revision.

What is promised holds at every moment of one update that starts from a steady placement, whichever old pod is deleted
next: that the ReplicaSet controller likes to delete pods that share a node, after others, is not relied on. It is exact
where nothing bounds the pods, or only absolute bounds that count old and new pods together do; under a bound that rises
with the emptiest domain, or that counts each revision by itself, it is a promise that holds but may not be reached.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from srcip_lint.placement.guarantee import NOTHING, Coverage, Standing
from srcip_lint.placement.levels import Bounded, Levels, bounded, levels
from srcip_lint.placement.limits import Limit
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.workload import Workload


class Manner(Enum):
    """How new pods take the place of old ones."""

    ROLLING = "in turn"
    RECREATE = "all at once"
    MANUAL = "when somebody deletes the old ones"
    NONE = "never by itself"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Pace:
    """How an update goes: pods beyond the replicas, and replicas that may be missing, in numbers of pods (a DaemonSet's
    are nodes). None where that is not known."""

    manner: Manner
    surge: int | None = None
    unavailable: int | None = None


def pace(workload: Workload, replicas: int | None) -> Pace:
    """How an update of the workload goes when it has so many replicas."""
    if workload.kind in ("Pod", "Job", "CronJob", "ReplicaSet", "ReplicationController"):
        return Pace(Manner.NONE)
    if workload.rolling is None or not isinstance(workload.strategy.value, str):
        return Pace(Manner.UNKNOWN)
    if workload.strategy.value != "RollingUpdate":
        manners = {"Recreate": Manner.RECREATE, "OnDelete": Manner.MANUAL}
        return Pace(manners.get(workload.strategy.value, Manner.UNKNOWN))
    is_deployment = workload.kind == "Deployment"
    surge = _scaled(workload.rolling.surge.value, replicas, up=True)
    unavailable = _scaled(workload.rolling.unavailable.value, replicas, up=not is_deployment)
    if workload.kind == "StatefulSet":
        surge, unavailable = 0, max(unavailable, 1) if unavailable is not None else None
    elif surge == 0 and unavailable == 0:
        unavailable = 1
    if replicas is not None and unavailable is not None:
        unavailable = min(unavailable, replicas)
    return Pace(Manner.ROLLING, surge, unavailable)


_PERCENTAGE = re.compile(r"([0-9]{1,9})%")


def _scaled(value: int | str | Unknown, replicas: int | None, *, up: bool) -> int | None:
    """A count, or a percentage of the replicas; None where one of them is not known or the API rejects it."""
    if isinstance(value, int):
        return value if value >= 0 else None
    percentage = _PERCENTAGE.fullmatch(value) if isinstance(value, str) else None
    if percentage is None:
        return None
    share = int(percentage[1])
    if share == 0:
        return 0
    if replicas is None:
        return None
    return -(-share * replicas // 100) if up else share * replicas // 100


def during_rollout(standing: Standing, calm: Coverage) -> Coverage:
    """The coverage at every moment of an update that starts from the steady placement."""
    how = pace(standing.workload, standing.replicas)
    if how.manner is Manner.NONE or never_progresses(standing, how):
        return calm
    if how.manner is not Manner.ROLLING or how.unavailable is None or not standing.replicas:
        return NOTHING
    if standing.workload.kind == "DaemonSet":
        return calm if how.unavailable == 0 else Coverage(frozenset(), max(0, calm.at_least - how.unavailable))
    ready = min(_placed(standing), standing.replicas - how.unavailable)
    if not standing.known or ready < 1 or how.surge is None:
        return Coverage(frozenset(), min(calm.at_least, max(ready, 0), 1))
    loosest = _loosest(standing, how.surge)
    ground = loosest.ground(standing.replicas + how.surge)
    sure = [ground.without(index).room() < ready for index in range(len(ground.zones))]
    names = (name for name, zone in zip(loosest.names, loosest.zones, strict=True) if sure[zone])
    return Coverage(frozenset(names), min(calm.at_least, ground.fewest(min(ready, ground.room()))))


def is_exact(standing: Standing) -> bool:
    """Is what is promised for an update reached at some moment of one?"""
    is_plain = all(
        limit.counts_old is Answer.YES and not limit.relative(standing.possible) for limit in standing.limits
    )
    return standing.exact and (is_plain or standing.workload.kind == "DaemonSet")


def _placed(standing: Standing) -> int:
    """How many pods run at least in a steady placement."""
    pods = standing.replicas or 0
    rooms = [min(pods, group.ground(pods).room()) if group.exact else min(pods, 1) for group in standing.groups]
    return min(rooms, default=0)


def _loosest(standing: Standing, surge: int) -> Levels:
    """Bounds that hold at every moment of an update: absolute ones, each as loose as it can get."""
    names, pods = standing.possible, standing.replicas or 0

    def loosened() -> Iterator[Bounded]:
        for limit in standing.limits:
            together = limit.counts_old is Answer.YES
            most = limit.most
            if limit.relative(names):
                before = pods + surge - 1 if together else pods - 1
                most += max(0, before) // max(len(limit.counted), 1)
            yield bounded(limit, names, most if together else 2 * most)

    return levels(loosened(), names)


def never_progresses(standing: Standing, how: Pace) -> bool:
    """Does an update of a Deployment surely get stuck: is there no room for a pod beyond those that must be ready, so
    that no old one is ever deleted?"""
    pods, missing = standing.replicas, how.unavailable
    if how.manner is not Manner.ROLLING or standing.workload.kind != "Deployment" or not pods or missing is None:
        return False
    if not standing.known or not standing.possible:
        return False
    counting = [limit for limit in standing.limits if limit.counts_old is Answer.YES]
    return all(_holds_no_more(counting, group, pods - missing) for group in standing.groups)


def _holds_no_more(counting: list[Limit], group: Levels, pods: int) -> bool:
    """Is there no room for a pod more than `pods` on a group's nodes, by the limits that count old and new ones?"""
    room = levels((bounded(limit, group.names) for limit in counting), group.names).capacity()
    return room is not None and room <= pods


def during_drain(calm: Coverage) -> Coverage:
    """The coverage while any one node is drained for maintenance: what stood there is gone, its replacements may not be
    ready yet or find no node; `surely` are the nodes that keep a pod while another one is drained."""
    return Coverage(calm.surely, max(0, calm.at_least - 1))
