"""The nodes of a cluster as far as they are known, and what the scheduler sees of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.environment import DeclaredNode
from srcip_lint.resources.cluster import Node
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.pods import HOSTNAME
from srcip_lint.resources.selectors import Answer, Labels, every

REPELLING = ("NoSchedule", "NoExecute")
"""The effects of taints that keep a pod from being scheduled."""

_CORDONED = ("node.kubernetes.io/unschedulable", "", "NoSchedule")


@dataclass(frozen=True, slots=True)
class Inventory:
    """The nodes of a cluster. `places` are those of the Node objects it was read from, empty where the configuration
    declares the nodes; `assumption` is what else must be true, empty where nothing must."""

    nodes: tuple[DeclaredNode, ...]
    places: tuple[Place, ...] = ()
    assumption: str = ""

    @property
    def declared(self) -> bool:
        """Does the configuration say that these are the nodes?"""
        return not self.places

    @property
    def source(self) -> str:
        """Where it comes from, for a message."""
        return "the nodes declared in the configuration" if self.declared else "the Node objects read"

    @property
    def ordinary(self) -> tuple[DeclaredNode, ...]:
        """The nodes that surely take pods which tolerate no taint."""
        return tuple(node for node in self.nodes if takes_pods(node) is Answer.YES)


def of_objects(nodes: Iterable[Node]) -> Inventory:
    """The inventory that Node objects make. A node that is written twice is one."""
    found = {node.object.name: node for node in reversed(tuple(nodes))}
    return Inventory(
        tuple(DeclaredNode.of(node) for node in reversed(found.values())),
        tuple(node.object.place.at("kind") for node in reversed(found.values())),
        "the Node objects read are all nodes of the cluster, with all their labels and taints",
    )


def labels_of(node: DeclaredNode) -> Labels:
    """A node's labels; one that does not say otherwise has its name as `kubernetes.io/hostname`, as the kubelet sets
    it."""
    return {HOSTNAME: node.name, **node.labels}


def taints_of(node: DeclaredNode) -> tuple[tuple[str | Unknown, str | Unknown, str | Unknown], ...]:
    """A node's taints, with the one that marks it unschedulable."""
    return (*node.taints, _CORDONED) if node.unschedulable and _CORDONED not in node.taints else node.taints


def takes_pods(node: DeclaredNode) -> Answer:
    """Does a node take pods that tolerate no taint?"""
    return every(_harmless(effect) for _, _, effect in taints_of(node))


def _harmless(effect: str | Unknown) -> Answer:
    if isinstance(effect, Unknown):
        return Answer.UNKNOWN
    return Answer.NO if effect in REPELLING else Answer.YES
