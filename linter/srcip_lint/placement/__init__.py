"""Which nodes hold a workload's pods.

Without an inventory of nodes: what the pod template alone forces (`separation`), which nodes it chooses (`choice`) and
how two choices compare (`nodes`), in three-valued answers. With one: which nodes surely, possibly and never hold a pod,
and how many different ones at least (`place`), in a steady state, during an update and during a drain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from srcip_lint.placement.blocking import may_block
from srcip_lint.placement.choice import chosen, pinned, restricted, runs_everywhere
from srcip_lint.placement.eligible import CONTROL_PLANE, Fit, Taint, tolerated, untolerated, usually_taking
from srcip_lint.placement.guarantee import Coverage, stand, steady
from srcip_lint.placement.inventory import Inventory, labels_of, of_objects, taints_of, takes_pods
from srcip_lint.placement.limits import Limit
from srcip_lint.placement.nodes import (
    EVERY_NODE,
    NO_NODE,
    UNRESTRICTING,
    Conjunction,
    NodeSet,
    disjoint,
    labelled,
    named,
    selected,
    subset,
)
from srcip_lint.placement.rollout import Manner, Pace, during_drain, during_rollout, is_exact, never_progresses, pace
from srcip_lint.placement.separation import (
    Separation,
    counts_own_pods,
    matches_pods,
    missed,
    repels_own_pods,
    separated,
    separations,
)
from srcip_lint.placement.sites import Sites, sites
from srcip_lint.resources.pods import PodTemplate
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.workload import Workload

__all__ = [
    "CONTROL_PLANE",
    "EVERY_NODE",
    "NO_NODE",
    "UNRESTRICTING",
    "Conjunction",
    "Coverage",
    "Fit",
    "Inventory",
    "Limit",
    "Manner",
    "NodeSet",
    "Pace",
    "Placement",
    "Separation",
    "Sites",
    "Taint",
    "chosen",
    "counts_own_pods",
    "disjoint",
    "labelled",
    "labels_of",
    "matches_pods",
    "may_block",
    "missed",
    "named",
    "of_objects",
    "pace",
    "pinned",
    "place",
    "repels_own_pods",
    "restricted",
    "runs_everywhere",
    "selected",
    "separated",
    "separations",
    "sites",
    "subset",
    "taints_of",
    "takes_pods",
    "tolerated",
    "untolerated",
    "usually_taking",
]


@dataclass(frozen=True, eq=False, slots=True)
class Placement:
    """Where the pods of one workload stand on the nodes of an inventory (see `guarantee` for what is promised)."""

    inventory: Inventory
    replicas: int | None
    """How many pods there are; a DaemonSet's is the number of nodes that may admit one. None where it is not known."""
    fits: Mapping[str, Fit]
    """Of each node whether it admits a pod, and why it surely does not."""
    steady: Coverage
    """Once all pods are placed that can be, from an empty cluster whose nodes are all up."""
    rollout: Coverage
    """At every moment of an update that starts from there: nodes with a ready pod."""
    drain: Coverage
    """While any one node is out: `surely` are the nodes that keep a pod while another one is."""
    pace: Pace
    """How an update goes, in numbers of pods."""
    limits: tuple[Limit, ...]
    """What keeps the pods apart, each with its numbers."""
    capacity: int | None
    """No more pods than this can stand at once, however they are placed; None where there is no bound."""
    stuck: bool
    """Does an update surely never get further than its first new pod, since there is no room for it?"""
    known: bool
    """Is everything known that decides? Otherwise the answers promise less than is true."""
    exact: bool
    """Are the answers for the steady state reached by some placement? (see `guarantee` and `rollout` for when not)"""
    exact_rollout: bool
    """And those for an update, at some moment of one?"""

    @property
    def possibly(self) -> frozenset[str]:
        """The nodes that a pod may stand on; the sure ones are among them."""
        return frozenset(name for name, fit in self.fits.items() if fit.answer is not Answer.NO)

    @property
    def never(self) -> frozenset[str]:
        """The nodes that surely hold no pod."""
        return frozenset(name for name, fit in self.fits.items() if fit.answer is Answer.NO)

    @property
    def pending(self) -> int:
        """How many pods surely find no node."""
        return 0 if self.capacity is None or self.replicas is None else max(0, self.replicas - self.capacity)


def place(
    workload: Workload, replicas: int | None, inventory: Inventory, others: Sequence[PodTemplate] = ()
) -> Placement:
    """Where the workload's pods stand.

    `replicas` is how many there are at least, None where that is not known (it is not looked at for a DaemonSet);
    `others` are the templates of the other pods of its namespace, which its selectors may count too.
    """
    standing = stand(workload, replicas, inventory, others)
    calm, how = steady(standing), pace(workload, standing.replicas)
    rooms = [group.capacity() for group in standing.groups]
    known_rooms = [room for room in rooms if room is not None]
    return Placement(
        inventory=inventory,
        replicas=standing.replicas,
        fits=standing.fits,
        steady=calm,
        rollout=during_rollout(standing, calm),
        drain=during_drain(calm),
        pace=how,
        limits=standing.limits,
        capacity=max(known_rooms, default=0) if len(known_rooms) == len(rooms) else None,
        stuck=never_progresses(standing, how),
        known=standing.known,
        exact=standing.exact,
        exact_rollout=is_exact(standing),
    )
