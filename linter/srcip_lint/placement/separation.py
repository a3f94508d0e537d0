"""What a workload's pod template guarantees about the nodes its pods stand on, without knowing the nodes.

Semantics: Kubernetes API `core/v1` types.go (TopologySpreadConstraint, PodAffinityTerm) and the page "Pod Topology
Spread Constraints"; the scheduler's own default constraints are soft, so two or three replicas may share one node.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.pods import HOSTNAME, AffinityTerm, PodTemplate, SpreadConstraint
from srcip_lint.resources.selectors import Answer, Requirement, Selector, every, some
from srcip_lint.resources.unseen import given_at_run_time


@dataclass(frozen=True, slots=True)
class Separation:
    """Something that is meant to keep two pods of one workload off one node, and where that is written.

    `holds` answers whether the scheduler keeps them apart because of it; where it surely does not, `flaw` says why, and
    `soft` that nothing is wrong with it but that it is a preference.
    """

    place: Place
    reason: str
    holds: Answer
    flaw: str = ""
    soft: bool = False


def separations(template: PodTemplate, replicas: int | None = None) -> tuple[Separation, ...]:
    """Everything in the template that is meant to keep its pods on different nodes.

    `replicas` is how many there are at least, None where that is unknown: a maxSkew that is no smaller separates none.
    """
    spread = (_spread_separation(template, constraint, replicas) for constraint in template.spread)
    repelled = (_affinity_separation(template, term) for term in template.anti_affinity)
    return (*spread, *repelled, *_port_separations(template))


def separated(template: PodTemplate, replicas: int | None = None) -> Answer:
    """Does the scheduler keep the template's pods from all sharing one node?"""
    obscured = Answer.UNKNOWN if template.obscured else Answer.NO
    return some((obscured, *(separation.holds for separation in separations(template, replicas))))


def counts_own_pods(template: PodTemplate, constraint: SpreadConstraint) -> Answer:
    """Does the constraint's selector match the pods it belongs to? A null selector counts no pod.

    `matchLabelKeys` add the pod's own values of those keys, which it always has, so they never make it miss.
    """
    return matches_pods(template, constraint.selector)


def repels_own_pods(template: PodTemplate, term: AffinityTerm) -> Answer:
    """Does the anti-affinity term match the pods it belongs to? Of other namespaces that it names we know nothing."""
    if any(key in template.labels for key in term.mismatch_label_keys):
        return Answer.NO
    is_plain = term.own_namespace and not term.mismatch_label_keys
    return every((matches_pods(template, term.selector), Answer.YES if is_plain else Answer.UNKNOWN))


def matches_pods(template: PodTemplate, selector: Selector | None) -> Answer:
    """Does a selector match the template's pods? A null one matches none."""
    if selector is None:
        return Answer.NO
    whole = Answer.UNKNOWN if selector.unknown else Answer.YES
    return every((whole, *(_meets(template, requirement) for requirement in selector.requirements)))


def missed(template: PodTemplate, selector: Selector) -> tuple[Requirement, ...]:
    """The requirements of a selector that the template's pods surely do not meet."""
    return tuple(found for found in selector.requirements if _meets(template, found) is Answer.NO)


def _meets(template: PodTemplate, requirement: Requirement) -> Answer:
    """Do the template's pods meet a requirement? Of a label that they may be given later, nothing is known."""
    if requirement.key not in template.labels and (template.labels_obscured or given_at_run_time(requirement.key)):
        return Answer.UNKNOWN
    return requirement.matches(template.labels)


def _spread_separation(template: PodTemplate, constraint: SpreadConstraint, replicas: int | None) -> Separation:
    skew = constraint.max_skew.value
    is_hard = _equals(constraint.when_unsatisfiable.value, "DoNotSchedule")
    checks = (
        (counts_own_pods(template, constraint), "its selector counts none of these pods"),
        (_over_nodes(constraint.topology_key.value), ""),
        (_binds(skew, replicas), f"its maxSkew of {skew} lets them all share one node"),
    )
    return _separation(constraint.place, "the topologySpreadConstraint", checks, is_hard)


def _affinity_separation(template: PodTemplate, term: AffinityTerm) -> Separation:
    checks = (
        (repels_own_pods(template, term), "it repels none of these pods"),
        (_over_nodes(term.topology_key.value), ""),
    )
    return _separation(term.place, "the pod anti-affinity", checks, Answer.YES if term.required else Answer.NO)


def _separation(place: Place, reason: str, checks: tuple[tuple[Answer, str], ...], is_hard: Answer) -> Separation:
    works = every(answer for answer, _ in checks)
    flaws = (flaw for answer, flaw in (*checks, (is_hard, "it is only a preference")) if answer is Answer.NO)
    is_soft = works is Answer.YES and is_hard is Answer.NO
    return Separation(place, reason, every((works, is_hard)), next(flaws, ""), is_soft)


def _over_nodes(topology_key: str | Unknown | None) -> Answer:
    """Are the domains single nodes? Over zones or racks the nodes' labels decide whether two pods can share one."""
    return Answer.YES if topology_key == HOSTNAME else Answer.UNKNOWN


def _binds(skew: int | Unknown, replicas: int | None) -> Answer:
    """Is there a number of pods, up to `replicas`, that may not all stand on one node?"""
    if isinstance(skew, Unknown) or (replicas is None and skew > 1):
        return Answer.UNKNOWN
    return Answer.NO if replicas is not None and skew >= max(replicas, 2) else Answer.YES


def _equals(value: str | Unknown, wanted: str) -> Answer:
    if isinstance(value, Unknown):
        return Answer.UNKNOWN
    return Answer.YES if value == wanted else Answer.NO


def _port_separations(template: PodTemplate) -> Iterator[Separation]:
    """Two pods that claim one port of the host cannot share a node. On the host's network every port is one of the
    host, also those that the template does not name and the scheduler so does not know of."""
    on_host = template.host_network.value
    ports = [port for container in template.containers for port in container.ports]
    for port in ports:
        claimed = port.host_port.value
        if on_host is True or (isinstance(claimed, int) and claimed > 0):
            yield Separation(port.number.place, "the port of the host that it claims", Answer.YES)
        elif isinstance(claimed, Unknown):
            yield Separation(port.number.place, "the hostPort", Answer.UNKNOWN)
    if isinstance(on_host, Unknown) or (on_host is True and not ports):
        yield Separation(template.host_network.place, "hostNetwork", Answer.UNKNOWN)
