"""What keeps the pods of one workload apart, over the domains of an inventory.

A spread constraint with DoNotSchedule admits a pod to a domain if the domain then holds no more than maxSkew pods above
the emptiest eligible domain. Which domains are eligible, nodeAffinityPolicy and nodeTaintsPolicy say; one in which no
pod can stand stays empty for ever, so the bound is then absolute. A required pod anti-affinity and a port of the host
admit one pod. Semantics: Kubernetes API `core/v1` TopologySpreadConstraint and PodAffinityTerm; kube-scheduler
`plugins/podtopologyspread/{filtering,common}.go`, `plugins/interpodaffinity/filtering.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.environment import DeclaredNode
from srcip_lint.placement.choice import chosen
from srcip_lint.placement.eligible import is_hard, tolerated_by, tolerates
from srcip_lint.placement.inventory import labels_of, taints_of
from srcip_lint.placement.separation import matches_pods, repels_own_pods
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.pods import AffinityTerm, PodTemplate, SpreadConstraint
from srcip_lint.resources.selectors import Answer, Selector, every
from srcip_lint.resources.workload import Workload

REVISION_LABELS = {
    "Deployment": "pod-template-hash",
    "StatefulSet": "controller-revision-hash",
    "DaemonSet": "controller-revision-hash",
}
"""The label by which the pods of one revision of a workload differ from those of another."""


@dataclass(frozen=True, eq=False, slots=True)
class Limit:
    """Something that bounds how many pods of the workload one domain holds, and where that is written.

    `domains` gives each node that it bounds its domain; a node that is not in it is not bounded. `most` is how many
    pods a domain may hold: above the emptiest of the domains that are `counted`, or in all where none is counted.
    """

    place: Place
    reason: str
    """For a message: "the topologySpreadConstraint", "the pod anti-affinity", "the port of the host that it claims"."""
    domains: Mapping[str, str]
    most: int
    counted: frozenset[str] = frozenset()
    min_domains: int = 1
    counts_old: Answer = Answer.YES
    """In a rolling update, does it count the pods of the old revision together with the new ones?"""
    constraint: SpreadConstraint | AffinityTerm | None = None

    def relative(self, usable: Iterable[str]) -> bool:
        """Does the bound rise with the emptiest domain, given the nodes that pods can stand on?"""
        reached = {self.domains[name] for name in usable if name in self.domains}
        return bool(self.counted) and len(self.counted) >= self.min_domains and self.counted <= reached

    def capacity(self, usable: Iterable[str]) -> int | None:
        """How many pods it lets stand on the nodes altogether; None where it sets no bound to that."""
        names = tuple(usable)
        if self.relative(names) or not all(name in self.domains for name in names):
            return None
        return self.most * len({self.domains[name] for name in names})


@dataclass(frozen=True, eq=False, slots=True)
class Doubt:
    """Something that may bound where the pods stand, but nothing tells how. `blocks` says that it may keep even a first
    pod away."""

    place: Place
    reason: str
    blocks: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Together:
    """A required pod affinity of the workload to its own pods: all stand in one domain. `domains` as in Limit."""

    place: Place
    domains: Mapping[str, str]


Bound = Limit | Doubt | Together


def bounds(workload: Workload, nodes: Sequence[DeclaredNode], others: Sequence[PodTemplate] = ()) -> Iterator[Bound]:
    """Everything that bounds how the workload's pods stand on the nodes.

    `others` are the templates of the other pods in its namespace, which its selectors may count too.
    """
    if workload.template.node_name.value is not None and workload.kind != "DaemonSet":
        return  # the scheduler never sees them
    yield from _spread(workload, nodes, others)
    yield from _repelled(workload, nodes, others)
    if workload.kind != "DaemonSet":
        yield from _ports(workload.template, nodes)
    yield from _drawn(workload, nodes, others)
    if workload.template.obscured:
        yield Doubt(workload.template.place, "a placeholder", blocks=True)


def _spread(workload: Workload, nodes: Sequence[DeclaredNode], others: Sequence[PodTemplate]) -> Iterator[Bound]:
    template, reason = workload.template, "the topologySpreadConstraint"
    keys = [spread.topology_key.value for spread in template.spread if is_hard(spread) is Answer.YES]
    present = [node for node in nodes if all(isinstance(key, str) and key in labels_of(node) for key in keys)]
    for spread in template.spread:
        hard, counts_own = is_hard(spread), matches_pods(template, spread.selector)
        counts_others = _counts_any(spread.selector, others)
        if hard is Answer.NO or (every((hard, _not(counts_own))) is Answer.YES and not counts_others):
            continue
        if workload.kind == "DaemonSet" and spread.node_affinity_policy.value == "Honor":
            continue  # each of its pods is bound to one node, the only one that is counted then
        known = every((hard, counts_own)) is Answer.YES and not counts_others
        yield (_constraint(workload, spread, present) if known else None) or Doubt(spread.place, reason, counts_others)


def _constraint(workload: Workload, spread: SpreadConstraint, present: Sequence[DeclaredNode]) -> Limit | None:
    """A hard constraint that counts the workload's own pods; None where something of it is not known."""
    key, skew, fewest = spread.topology_key.value, spread.max_skew.value, spread.min_domains.value
    eligible = {node.name: _is_eligible(workload, spread, node) for node in present}
    domains = _domains(key, present)
    if domains is None or Answer.UNKNOWN in eligible.values() or isinstance(fewest, Unknown):
        return None
    if isinstance(skew, Unknown) or skew < 1:
        return None
    counted = frozenset(domains[name] for name, answer in eligible.items() if answer is Answer.YES)
    old = _counts_old(workload, spread.match_label_keys)
    return Limit(spread.place, "the topologySpreadConstraint", domains, skew, counted, fewest or 1, old, spread)


def _is_eligible(workload: Workload, spread: SpreadConstraint, node: DeclaredNode) -> Answer:
    """Is a node counted among the domains of a constraint?"""
    return every(
        (
            _honoured(spread.node_affinity_policy.value, (chosen(workload.template).has(node),)),
            _honoured(
                spread.node_taints_policy.value,
                (tolerates(tolerated_by(workload), taint) for taint in taints_of(node)),
            ),
        )
    )


def _honoured(policy: str | Unknown, answers: Iterable[Answer]) -> Answer:
    if policy == "Ignore":
        return Answer.YES
    answer = every(answers)
    return answer if policy == "Honor" or answer is Answer.YES else Answer.UNKNOWN


def _repelled(workload: Workload, nodes: Sequence[DeclaredNode], others: Sequence[PodTemplate]) -> Iterator[Bound]:
    reason = "the pod anti-affinity"
    for term in workload.template.anti_affinity:
        repels, domains = repels_own_pods(workload.template, term), _domains(term.topology_key.value, nodes)
        repels_others = _counts_any(term.selector, others) or not term.own_namespace
        if not term.required or (repels is Answer.NO and not repels_others):
            continue
        if repels is not Answer.YES or repels_others or domains is None:
            yield Doubt(term.place, reason, repels_others)
        else:
            old = _counts_old(workload, term.match_label_keys)
            yield Limit(term.place, reason, domains, 1, counts_old=old, constraint=term)


def _ports(template: PodTemplate, nodes: Sequence[DeclaredNode]) -> Iterator[Bound]:
    on_host = template.host_network.value
    each_its_own = {node.name: node.name for node in nodes}
    for port in (port for container in template.containers for port in container.ports):
        claimed = port.host_port.value
        if on_host is True or (isinstance(claimed, int) and claimed > 0):
            yield Limit(port.number.place, "the port of the host that it claims", each_its_own, 1)
            return
        if isinstance(claimed, Unknown):
            yield Doubt(port.number.place, "the hostPort")
    if isinstance(on_host, Unknown) or (on_host is True and not any(each.ports for each in template.containers)):
        yield Doubt(template.host_network.place, "hostNetwork")


def _drawn(workload: Workload, nodes: Sequence[DeclaredNode], others: Sequence[PodTemplate]) -> Iterator[Bound]:
    """A pod that is drawn to its own kind goes anywhere first, and all others join it; one that is drawn to other pods
    stands where they do, and that is not followed."""
    template = workload.template
    for term in (term for term in template.affinity if term.required):
        own, domains = matches_pods(template, term.selector), _domains(term.topology_key.value, nodes)
        is_own = own is Answer.YES and term.own_namespace and not term.mismatch_label_keys
        if not is_own or _counts_any(term.selector, others) or domains is None:
            yield Doubt(term.place, "the pod affinity", blocks=True)
        else:
            yield Together(term.place, domains)
    if template.affinity_obscured:
        yield Doubt(template.place, "the pod affinity", blocks=True)


def _domains(key: str | Unknown | None, nodes: Sequence[DeclaredNode]) -> Mapping[str, str] | None:
    """The domain of each node that has the key; None where that is not known of one."""
    if not isinstance(key, str):
        return None
    values = {node.name: labels_of(node).get(key) for node in nodes}
    if any(isinstance(value, Unknown) for value in values.values()):
        return None
    return {name: value for name, value in values.items() if isinstance(value, str)}


def _not(answer: Answer) -> Answer:
    return {Answer.YES: Answer.NO, Answer.NO: Answer.YES}.get(answer, Answer.UNKNOWN)


def _counts_any(selector: Selector | None, others: Sequence[PodTemplate]) -> bool:
    return any(matches_pods(other, selector) is not Answer.NO for other in others)


def _counts_old(workload: Workload, keys: Sequence[str]) -> Answer:
    """With matchLabelKeys, only pods that agree in these labels are counted; old and new pods of a rolling update never
    agree in the label of the revision, and perhaps not in others."""
    if not keys:
        return Answer.YES
    return Answer.NO if REVISION_LABELS.get(workload.kind) in keys else Answer.UNKNOWN
