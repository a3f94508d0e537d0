"""What a workload's pod template guarantees about the nodes its pods stand on, without knowing the nodes.

Semantics: Kubernetes API `core/v1` types.go (TopologySpreadConstraint, PodAffinityTerm) and the page "Pod Topology Spread
Constraints"; the scheduler's own default constraints are soft, so two or three replicas may share one node.
"""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.environment import DeclaredNode
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.pods import HOSTNAME, AffinityTerm, PodTemplate, SpreadConstraint
from srcip_lint.resources.selectors import Answer, Requirement
from srcip_lint.resources.workload import Workload

UNRESTRICTING = frozenset({"kubernetes.io/os", "kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/arch"})
"""Node labels that every schedulable node of an ordinary cluster has with the one value a template asks for."""


@dataclass(frozen=True, slots=True)
class Separation:
    """Why two pods of one workload never (or `soft`: preferably not) share a node, and where that is written."""

    place: Place
    reason: str
    soft: bool = False


def separation(template: PodTemplate, replicas: int | None = None) -> Separation | None:
    """The strongest reason for which this template's pods stand on different nodes; None where nothing separates them.

    `replicas` is how many there may be, where that is known: a maxSkew that is no smaller separates nothing.
    """
    found = [*_spread_reasons(template, replicas), *_affinity_reasons(template), *_port_reasons(template)]
    return min(found, key=lambda reason: reason.soft, default=None)


def counts_own_pods(template: PodTemplate, constraint: SpreadConstraint) -> Answer:
    """Does the constraint's selector match the pods it belongs to? A null selector counts no pod.

    `matchLabelKeys` add the pod's own values of those keys, which it always has, so they never make it miss.
    """
    return constraint.selector.matches(template.labels) if constraint.selector else Answer.NO


def repels_own_pods(template: PodTemplate, term: AffinityTerm) -> Answer:
    """Does the anti-affinity term match the pods it belongs to?"""
    return term.selector.matches(template.labels) if term.selector else Answer.NO


def runs_everywhere(workload: Workload) -> bool:
    """Does the workload put a pod on every node that takes ordinary pods? Only a DaemonSet without a node restriction."""
    return workload.kind == "DaemonSet" and not restricted(workload.template)


def restricted(template: PodTemplate) -> bool:
    """Does the template confine its pods to some of the nodes? Operating system and architecture do not count."""
    if template.node_name.value is not None or any(key not in UNRESTRICTING for key in template.node_selector):
        return True
    return bool(template.node_terms) and all(any(_restricts(item) for item in term) for term in template.node_terms)


def pinned(template: PodTemplate) -> bool:
    """Is the pod bound to nodes by their names? Then whoever wrote it knows which node answers."""
    names = [item for term in template.node_terms for item in term if item.key in (HOSTNAME, "metadata.name")]
    return template.node_name.value is not None or HOSTNAME in template.node_selector or bool(names)


def can_run_on(template: PodTemplate, node: DeclaredNode) -> bool:
    """May a pod of the template stand on the node? True where that cannot be told. Taints are not looked at here."""
    labels = {HOSTNAME: node.name, **node.labels, "metadata.name": node.name}
    if isinstance(template.node_name.value, str) and template.node_name.value != node.name:
        return False
    if any(labels.get(key) != value for key, value in template.node_selector.items() if isinstance(value, str)):
        return False
    return not template.node_terms or any(
        all(requirement.matches(labels) is not Answer.NO for requirement in term) for term in template.node_terms
    )


def _restricts(requirement: Requirement) -> bool:
    return requirement.key not in UNRESTRICTING


def _spread_reasons(template: PodTemplate, replicas: int | None) -> list[Separation]:
    return [
        Separation(constraint.place, "a topologySpreadConstraint over hostnames", soft=not constraint.hard)
        for constraint in template.spread
        if constraint.topology_key.value == HOSTNAME
        and counts_own_pods(template, constraint) is Answer.YES
        and not _vacuous(constraint, replicas)
    ]


def _vacuous(constraint: SpreadConstraint, replicas: int | None) -> bool:
    skew = constraint.max_skew.value
    return isinstance(skew, Unknown) or (replicas is not None and skew >= max(replicas, 2))


def _affinity_reasons(template: PodTemplate) -> list[Separation]:
    return [
        Separation(term.place, "a pod anti-affinity over hostnames", soft=not term.required)
        for term in template.anti_affinity
        if term.topology_key.value == HOSTNAME and repels_own_pods(template, term) is Answer.YES
    ]


def _port_reasons(template: PodTemplate) -> list[Separation]:
    """Two pods that claim one port of the host cannot share a node."""
    on_host = template.host_network.value is True
    ports = [port for container in template.containers for port in container.ports]
    claimed = [port for port in ports if on_host or isinstance(port.host_port.value, int)]
    why = "the port it claims on the host network" if on_host else "the hostPort it claims"
    return [Separation(port.number.place, why) for port in claimed[:1]]
