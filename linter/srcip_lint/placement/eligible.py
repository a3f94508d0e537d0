"""May a pod of a template stand on a node? Its own conditions, the node's taints, and the labels that its constraints
need.

Semantics: kube-scheduler's NodeAffinity, TaintToleration, NodeUnschedulable, PodTopologySpread and InterPodAffinity
plugins; of a pod that names its node, the kubelet's admission instead, which looks at the node affinity and at
NoExecute taints only (kubernetes `pkg/kubelet/lifecycle/predicate.go`). A DaemonSet's pods tolerate what
`pkg/controller/daemon/util/daemonset_util.go` adds, which does not include the control plane's taint.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from srcip_lint.environment import DeclaredNode
from srcip_lint.placement.choice import chosen
from srcip_lint.placement.inventory import REPELLING, labels_of, taints_of
from srcip_lint.placement.nodes import NodeSet, labelled, named, without
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.pods import PodTemplate, SpreadConstraint, Toleration
from srcip_lint.resources.selectors import Answer, every, some
from srcip_lint.resources.workload import Workload

Taint = tuple[str | Unknown, str | Unknown, str | Unknown]
"""Key, value and effect."""

CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
"""The labels of control plane nodes, and the keys of the NoSchedule taints that kubeadm gives them with the labels; the
second is that of releases before 1.25 (kubernetes `cmd/kubeadm/app/constants/constants.go`)."""

_DAEMON_TAINTS = {
    "node.kubernetes.io/not-ready": "NoExecute",
    "node.kubernetes.io/unreachable": "NoExecute",
    "node.kubernetes.io/disk-pressure": "NoSchedule",
    "node.kubernetes.io/memory-pressure": "NoSchedule",
    "node.kubernetes.io/pid-pressure": "NoSchedule",
    "node.kubernetes.io/unschedulable": "NoSchedule",
}
_NETWORK_UNAVAILABLE = Toleration("node.kubernetes.io/network-unavailable", "Exists", None, "NoSchedule")
_DAEMON_TOLERATIONS = tuple(Toleration(key, "Exists", None, effect) for key, effect in _DAEMON_TAINTS.items())


@dataclass(frozen=True, slots=True)
class Fit:
    """May a pod stand on a node, and where it surely may not, why (for a message; "it" is the node)."""

    answer: Answer
    why: str = ""


@dataclass(frozen=True, slots=True)
class Demands:
    """What a workload's pods ask of a node, read once for all nodes. `wanted` are the sets of nodes that it must be in,
    each with what it is to a reader; `keys` the labels that it must have, and whether surely."""

    wanted: tuple[tuple[NodeSet, str], ...]
    tolerations: tuple[Toleration, ...]
    bound: bool
    """Is the pod bound to the node by its name, so that only the kubelet looks at it?"""
    keys: tuple[tuple[str | Unknown, Answer], ...]


def demands(workload: Workload) -> Demands:
    """What the workload's pods ask of a node."""
    template = workload.template
    name = template.node_name.value
    wanted = [] if name is None else [(named(name), f"the pods name another node, {name}")]
    for key, value in template.node_selector.items():
        chosen_by = labelled({key: value})
        wanted.append((chosen_by, f"the pods' nodeSelector wants {chosen_by}"))
    wanted.append((chosen(template), "the pods' node affinity does not match it"))
    return Demands(
        tuple(wanted),
        tolerated_by(workload),
        name is not None and workload.kind != "DaemonSet",
        tuple(_needed_labels(template)) if name is None else (),
    )


def fit(asked: Demands, node: DeclaredNode) -> Fit:
    """May a pod stand on the node, as far as the node itself and the pod's own conditions go?"""
    found = tuple(_conditions(asked, node))
    answer = every(answer for answer, _ in found)
    return Fit(answer, next((why for refused, why in found if refused is Answer.NO), ""))


def _conditions(asked: Demands, node: DeclaredNode) -> Iterator[tuple[Answer, str]]:
    for nodes, why in asked.wanted:
        yield nodes.has(node), why
    for taint in taints_of(node):
        if taint[2] != "NoSchedule" or not asked.bound:
            yield tolerates(asked.tolerations, taint), f"the pods do not tolerate its taint {_spelled(taint)}"
    labels = labels_of(node)
    for key, needed in asked.keys:
        if isinstance(key, Unknown):
            yield Answer.UNKNOWN, ""
        elif key not in labels:
            why = f"it has no label {key}, which the pods' topologyKey needs"
            yield Answer.NO if needed is Answer.YES else Answer.UNKNOWN, why


def _needed_labels(template: PodTemplate) -> Iterator[tuple[str | Unknown, Answer]]:
    """A hard spread constraint and a required pod affinity admit only nodes that have their topologyKey."""
    hard = ((spread.topology_key.value, is_hard(spread)) for spread in template.spread)
    drawn = ((term.topology_key.value, Answer.YES) for term in template.affinity if term.required)
    for key, needed in (*hard, *drawn):
        if needed is not Answer.NO and key is not None:
            yield key, needed


def is_hard(spread: SpreadConstraint) -> Answer:
    """Must a spread constraint be satisfied, or is it only preferred?"""
    value = spread.when_unsatisfiable.value
    if isinstance(value, Unknown):
        return Answer.UNKNOWN
    return Answer.YES if value == "DoNotSchedule" else Answer.NO


def tolerated_by(workload: Workload) -> tuple[Toleration, ...]:
    """The tolerations of the workload's pods, with those that the DaemonSet controller adds."""
    own = workload.template.tolerations
    if workload.kind != "DaemonSet":
        return own
    on_host = workload.template.host_network.value is True
    return (*own, *_DAEMON_TOLERATIONS, *((_NETWORK_UNAVAILABLE,) if on_host else ()))


def usually_taking(workload: Workload) -> NodeSet:
    """The nodes that the workload's pods choose, without those of the control plane that usually repel them: nodes with
    a label of `CONTROL_PLANE` whose taint the pods do not surely tolerate. Pods that ask for such nodes all the same
    know of nodes without the taint, and those that name their node are not kept away by it: both keep what they
    choose."""
    nodes, tolerations = chosen(workload.template), tolerated_by(workload)
    if workload.template.node_name.value is not None:
        return nodes
    repelling = (key for key in CONTROL_PLANE if tolerates(tolerations, (key, "", "NoSchedule")) is not Answer.YES)
    ordinary = without(repelling)
    parts = ((part, NodeSet((part,)).intersection(ordinary)) for part in nodes.parts)
    return NodeSet(tuple(part if left.empty is Answer.YES else left.parts[0] for part, left in parts))


def tolerated(workload: Workload, node: DeclaredNode) -> Answer:
    """Do the workload's pods tolerate all the node's taints?"""
    own = tolerated_by(workload)
    return every(tolerates(own, taint) for taint in taints_of(node))


def untolerated(workload: Workload, node: DeclaredNode) -> tuple[Taint, ...]:
    """The node's taints that surely keep the workload's pods away."""
    tolerations = tolerated_by(workload)
    return tuple(taint for taint in taints_of(node) if tolerates(tolerations, taint) is Answer.NO)


def tolerates(tolerations: tuple[Toleration, ...], taint: Taint) -> Answer:
    """Do the tolerations let a pod onto a node with the taint? PreferNoSchedule keeps no pod away."""
    key, value, effect = taint
    if isinstance(effect, str) and effect not in REPELLING:
        return Answer.YES
    tolerated = some(
        every((_admits(each.effect, effect), _admits(each.key, key), _admits_value(each, value)))
        for each in tolerations
    )
    return Answer.UNKNOWN if isinstance(effect, Unknown) and tolerated is Answer.NO else tolerated


def _admits(tolerated: str | Unknown | None, found: str | Unknown) -> Answer:
    """Does the key, or the effect, of a toleration cover a taint's? An absent one covers all."""
    if tolerated is None:
        return Answer.YES
    if isinstance(tolerated, Unknown) or isinstance(found, Unknown):
        return Answer.UNKNOWN
    return Answer.YES if tolerated == found else Answer.NO


def _admits_value(toleration: Toleration, value: str | Unknown) -> Answer:
    """The operator decides. Numeric comparison (Gt and Lt, alpha) is told nothing of."""
    if toleration.operator == "Exists":
        return Answer.YES
    if toleration.operator != "Equal" or isinstance(toleration.value, Unknown) or isinstance(value, Unknown):
        return Answer.UNKNOWN
    return Answer.YES if (toleration.value or "") == value and toleration.key is not None else Answer.NO


def _spelled(taint: Taint) -> str:
    key, value, effect = ("?" if isinstance(part, Unknown) else part for part in taint)
    return f"{key}{'=' if value else ''}{value}:{effect}"
