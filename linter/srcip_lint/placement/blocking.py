"""Which spread constraints may stop an update, where nobody knows the nodes (the facts' C4.4 without an inventory)."""

from __future__ import annotations

from srcip_lint.placement.eligible import is_hard
from srcip_lint.placement.limits import counts_old
from srcip_lint.placement.rollout import Pace
from srcip_lint.placement.separation import counts_own_pods
from srcip_lint.resources.pods import HOSTNAME, SpreadConstraint
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.workload import Workload


def may_block(workload: Workload, how: Pace) -> tuple[SpreadConstraint, ...]:
    """The constraints of a workload that stop its updates for good if some node that they count can take none of its
    pods and each of the others has as many as it may: they are hard, over single nodes, ignore taints, count old and
    new pods together, and no old pod may be missing."""
    if how.unavailable != 0 or not how.surge:
        return ()
    return tuple(constraint for constraint in workload.template.spread if _blocks(workload, constraint))


def _blocks(workload: Workload, constraint: SpreadConstraint) -> bool:
    is_over_nodes = constraint.topology_key.value == HOSTNAME and isinstance(constraint.max_skew.value, int)
    return (
        is_over_nodes
        and constraint.node_taints_policy.value == "Ignore"
        and is_hard(constraint) is Answer.YES
        and counts_own_pods(workload.template, constraint) is Answer.YES
        and counts_old(workload, constraint.match_label_keys) is Answer.YES
    )
