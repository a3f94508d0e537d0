"""Which nodes a pod template chooses, without knowing the nodes (the facts' ALG-NODES)."""

from __future__ import annotations

from srcip_lint.placement.nodes import UNRESTRICTING, Conjunction, NodeSet, labelled, named
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.pods import HOSTNAME, NODE_NAME, NodeTerm, PodTemplate
from srcip_lint.resources.selectors import Requirement, unreadable
from srcip_lint.resources.workload import Workload


def chosen(template: PodTemplate) -> NodeSet:
    """The nodes that nodeName, nodeSelector and the required node affinity leave. Taints are no part of it: they are
    the nodes' own, and only an inventory knows them."""
    found = labelled(template.node_selector)
    if template.node_name.value is not None:
        found = found.intersection(named(template.node_name.value))
    if template.node_terms:
        terms = (Conjunction(term.labels, term.names) for term in template.node_terms if _matches_some(term))
        found = found.intersection(NodeSet(tuple(terms)))
    if template.obscured:
        found = found.intersection(_something("a placeholder"))
    return found


def _matches_some(term: NodeTerm) -> bool:
    return bool(term.labels or term.names)


def _something(why: str) -> NodeSet:
    """Any nodes at all."""
    return NodeSet((Conjunction((unreadable(Unknown(why)),)),))


def runs_everywhere(workload: Workload) -> bool:
    """Does the workload put a pod on every node that takes ordinary pods? Only a DaemonSet on no chosen nodes does."""
    return workload.kind == "DaemonSet" and not restricted(workload.template)


def restricted(template: PodTemplate) -> bool:
    """Does the template confine its pods to some of the nodes? Operating system and architecture do not count, and
    neither does what cannot be read."""
    return all(any(map(_restricts, (*part.labels, *part.names))) for part in chosen(template).parts)


def _restricts(requirement: Requirement) -> bool:
    return bool(requirement.operator) and requirement.key not in UNRESTRICTING


def pinned(template: PodTemplate) -> bool:
    """Is the pod bound to nodes by their names? Then whoever wrote it knows which node answers."""
    parts = chosen(template).parts
    return bool(parts) and all(any(map(_names_nodes, (*part.labels, *part.names))) for part in parts)


def _names_nodes(requirement: Requirement) -> bool:
    return requirement.operator == "In" and requirement.key in (HOSTNAME, NODE_NAME)
