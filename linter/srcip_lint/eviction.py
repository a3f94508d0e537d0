"""How many of a workload's pods may be evicted at once: what its PodDisruptionBudgets say.

`kubectl drain` and the cluster autoscaler evict through the API, which asks the budgets (Kubernetes, "Disruptions").
"""

from __future__ import annotations

import re

from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.placement import matches_pods
from srcip_lint.resources.budget import PodDisruptionBudget
from srcip_lint.resources.objects import same_namespace
from srcip_lint.resources.selectors import Answer, every
from srcip_lint.resources.workload import Workload


def budgeted(workload: Workload, bundle: Bundle) -> Answer:
    """Does a budget that was read select the workload's pods? One in whatever folder counts."""
    answers = {_selects(budget, workload) for budget in bundle.budgets}
    if Answer.YES in answers:
        return Answer.YES
    return Answer.UNKNOWN if Answer.UNKNOWN in answers else Answer.NO


def forbidding(workload: Workload, bundle: Bundle) -> tuple[PodDisruptionBudget, Place] | None:
    """A budget that surely lets none of the workload's pods be evicted while all are ready, and where it says so."""
    for budget in bundle.budgets:
        is_its = _selects(budget, workload) is Answer.YES and bundle.compatible(workload.object, budget.object)
        place = _forbids(budget, _fixed_replicas(workload, bundle)) if is_its else None
        if place:
            return budget, place
    return None


def _selects(budget: PodDisruptionBudget, workload: Workload) -> Answer:
    return every(
        (
            matches_pods(workload.template, budget.selector),
            same_namespace(budget.object.namespace, workload.object.namespace),
        )
    )


def _fixed_replicas(workload: Workload, bundle: Bundle) -> int | None:
    """How many replicas there are; None where an autoscaler that was read may make more."""
    replicas = workload.replicas
    if replicas is None or bundle.scaler(workload):
        return None
    return replicas.value if isinstance(replicas.value, int) else None


def _forbids(budget: PodDisruptionBudget, replicas: int | None) -> Place | None:
    """Where a budget forbids every eviction from so many replicas. A percentage is rounded up to whole pods."""
    if budget.max_unavailable.value in (0, "0%"):
        return budget.max_unavailable.place
    least = budget.min_available.value
    percent = re.fullmatch(r"([0-9]{1,3})%", least) if isinstance(least, str) else None
    if percent and replicas is not None:
        least = -(-int(percent[1]) * replicas // 100)
    is_all = least == "100%" or (isinstance(least, int) and replicas is not None and least >= replicas)
    return budget.min_available.place if is_all else None
