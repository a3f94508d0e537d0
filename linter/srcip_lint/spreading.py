"""Where what spreads a workload's pods is written, and does not keep them on different nodes: it lets all of them stand
on one, or is about other domains than nodes.

Semantics: Kubernetes API `core/v1` TopologySpreadConstraint. A domain may hold maxSkew pods more than the emptiest one,
and so at least maxSkew.
"""

from __future__ import annotations

from srcip_lint.bundle import Bundle
from srcip_lint.placement import counts_own_pods, matches_pods, separations
from srcip_lint.resources.pods import HOSTNAME, SpreadConstraint
from srcip_lint.resources.selectors import Answer, Selector
from srcip_lint.resources.workload import Workload


def vain_spreads(workload: Workload, bundle: Bundle) -> tuple[SpreadConstraint, ...]:
    """The spread constraints over single nodes that must be satisfied and always are, wherever the workload's pods
    stand: maxSkew is no less than their number, which no autoscaler or patch changes, and no other pods are counted."""
    replicas = _several(workload, bundle)
    if replicas is None or bundle.scalers(workload) or patched(workload, bundle):
        return ()
    return tuple(
        constraint
        for constraint in _counting(workload)
        if constraint.topology_key.value == HOSTNAME
        and isinstance(constraint.max_skew.value, int)
        and constraint.max_skew.value >= replicas
        and not _matches_others(workload, constraint.selector, bundle)
    )


def over_other_domains(workload: Workload, bundle: Bundle) -> SpreadConstraint | None:
    """The spread constraint over other domains than nodes (zones, racks) that must be satisfied, and beside which
    nothing is meant to keep the workload's several pods on different nodes: nothing forces it, may, or prefers it."""
    replicas, template = _several(workload, bundle), workload.template
    found = [one for one in _counting(workload) if one.topology_key.value not in (HOSTNAME, None)]
    if replicas is None or template.obscured or patched(workload, bundle):
        return None
    places = [constraint.place for constraint in found]
    others = (each for each in separations(template, replicas) if each.place not in places)
    is_alone = all(other.holds is Answer.NO and not other.soft for other in others)
    return found[0] if found and is_alone else None


def patched(workload: Workload, bundle: Bundle) -> bool:
    """May a patch that was read change how many pods there are, how they are spread or how they are replaced?"""
    others = bundle.other_definitions(workload)
    return any(_changes(other) for other in others if other.partial or not other.template.labels)


def _changes(patch: Workload) -> bool:
    update, template = patch.update, patch.template
    fields = (update.type, update.max_unavailable, update.max_surge, *((patch.replicas,) if patch.replicas else ()))
    is_moved = template.spread or template.affinity or template.anti_affinity or template.obscured
    return bool(is_moved or any(field.written for field in fields))


def _several(workload: Workload, bundle: Bundle) -> int | None:
    """How many replicas there are at least, if surely more than one."""
    found = bundle.replicas(workload)
    return found.value if found and isinstance(found.value, int) and found.value > 1 else None


def _counting(workload: Workload) -> list[SpreadConstraint]:
    """The constraints that must be satisfied, over domains that are known, and that surely count the pods."""
    return [
        constraint
        for constraint in workload.template.spread
        if constraint.hard
        and isinstance(constraint.topology_key.value, str)
        and counts_own_pods(workload.template, constraint) is Answer.YES
    ]


def _matches_others(workload: Workload, selector: Selector | None, bundle: Bundle) -> bool:
    """May a selector match the pods of another workload in the namespace?"""
    return any(matches_pods(other.template, selector) is not Answer.NO for other in bundle.around(workload, ()))
