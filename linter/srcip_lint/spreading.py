"""Where something about the spread of a workload's pods is written, and does not keep them on different nodes: it lets
all of them stand on one, is about other domains than nodes, draws them together, or lets an update undo it.

Semantics: Kubernetes API `core/v1` TopologySpreadConstraint and PodAffinityTerm. A domain may hold maxSkew pods more
than the emptiest one, and so at least maxSkew. A pod with a required affinity stands only beside a pod that the term
selects; where none runs and the term selects the pod itself, it is the first (kube-scheduler
`plugins/interpodaffinity/filtering.go`).
"""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.bundle import Bundle
from srcip_lint.placement import counts_own_pods, matches_pods, separations
from srcip_lint.placement.limits import counts_old
from srcip_lint.resources.objects import same_namespace
from srcip_lint.resources.pods import HOSTNAME, AffinityTerm, SpreadConstraint
from srcip_lint.resources.selectors import Answer, Selector
from srcip_lint.resources.service import Service
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


def skewed_by_updates(workload: Workload, bundle: Bundle) -> SpreadConstraint | None:
    """The spread constraint over single nodes that spreads a Deployment's pods but counts those of the old and the new
    revision of an update together, where nothing else keeps the pods of one revision apart."""
    replicas, template = _several(workload, bundle), workload.template
    if workload.kind != "Deployment" or replicas is None or template.obscured or patched(workload, bundle):
        return None
    binding = [one for one in _counting(workload) if one.topology_key.value == HOSTNAME and _binds(one, replicas)]
    counted = [counts_old(workload, constraint.match_label_keys) for constraint in binding]
    places = [constraint.place for constraint in template.spread]
    others = (each for each in separations(template, replicas) if each.place not in places)
    is_alone = all(other.holds is Answer.NO for other in others)
    return binding[0] if binding and is_alone and set(counted) == {Answer.YES} else None


def _binds(constraint: SpreadConstraint, replicas: int) -> bool:
    return isinstance(constraint.max_skew.value, int) and constraint.max_skew.value < replicas


@dataclass(frozen=True, eq=False, slots=True)
class Drawn:
    """A required pod affinity that puts all pods of a workload on one node: beside each other, or beside the one pod of
    another workload, `beside`."""

    workload: Workload
    term: AffinityTerm
    beside: Workload | None = None


def drawn_together(service: Service, bundle: Bundle) -> tuple[Drawn, ...]:
    """What puts all pods of a Service on one node, in each of the files that contradict each other; empty where one of
    them does not, or where the Service may have other pods, or the affinity be to others."""
    selection = bundle.selected(service)
    is_hidden = bundle.has_gap(service) or any(True for _ in bundle.pod_makers_near(service))
    if not selection.known or is_hidden or any(len(world) > 1 for world in selection.worlds):
        return ()
    found = [_drawn(world[0], bundle) for world in selection.worlds]
    drawn = tuple(one for one in found if one)
    return drawn if len(drawn) == len(found) else ()


def _drawn(workload: Workload, bundle: Bundle) -> Drawn | None:
    """The affinity of one workload of several replicas that puts its pods on one node."""
    if _several(workload, bundle) is None or patched(workload, bundle):
        return None
    for term in workload.template.affinity:
        is_plain = term.own_namespace and not term.mismatch_label_keys
        if term.required and is_plain and term.topology_key.value == HOSTNAME:
            target = _only_target(workload, term, bundle)
            if target:
                return Drawn(workload, term, None if target is workload else target)
    return None


def _only_target(workload: Workload, term: AffinityTerm, bundle: Bundle) -> Workload | None:
    """The one workload that a term surely selects: this one, or another that surely has one pod."""
    beside = [workload, *bundle.around(workload, ())]
    targets = [other for other in beside if matches_pods(other.template, term.selector) is not Answer.NO]
    if len(targets) != 1 or matches_pods(targets[0].template, term.selector) is not Answer.YES:
        return None
    is_single = not term.match_label_keys and _has_one_pod(workload, targets[0], bundle)
    return targets[0] if targets[0] is workload or is_single else None


def _has_one_pod(workload: Workload, target: Workload, bundle: Bundle) -> bool:
    replicas, is_beside = bundle.replicas(target), same_namespace(workload.object.namespace, target.object.namespace)
    is_one = replicas is not None and replicas.value == 1 and not bundle.scalers(target)
    return is_one and is_beside is Answer.YES and not patched(target, bundle)


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
