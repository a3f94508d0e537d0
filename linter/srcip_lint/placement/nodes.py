"""Sets of nodes as conditions on their labels and names, and what can be told of two such sets.

Without an inventory nobody knows which nodes there are, so an answer must hold for every cluster: YES and NO are
proved from the conditions alone, and everything else is UNKNOWN. Both suppose that each set has a node at all (a
workload whose nodes do not exist runs nowhere, whatever else is right); a set that can have none is disjoint from
every set and part of every set. With an inventory the sets are compared node by node.

Semantics of the operators: Kubernetes API `core/v1` NodeSelectorRequirement, and apimachinery `labels.Requirement` (an
absent label satisfies NotIn and DoesNotExist; Gt and Lt compare whole numbers).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from srcip_lint.environment import DeclaredNode
from srcip_lint.placement.allowed import ANYTHING, Allowed, implies, narrowed
from srcip_lint.placement.inventory import labels_of
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.pods import NODE_NAME
from srcip_lint.resources.selectors import Answer, Requirement, Selector, every, some, unreadable

UNRESTRICTING = frozenset(
    {"kubernetes.io/os", "kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/arch"}
)
"""Node labels that every schedulable node of an ordinary cluster has with the one value a template asks for."""

MAX_PAIRS = 10_000
"""Sets of more alternatives than this, one by one, are not compared: nothing is told of them."""


@dataclass(frozen=True, slots=True)
class Conjunction:
    """The nodes that meet every condition: those on labels and those on the node's name. Without conditions, all."""

    labels: tuple[Requirement, ...] = ()
    names: tuple[Requirement, ...] = ()

    def __str__(self) -> str:
        """The conditions as kubectl would take them; in words where they are nothing but labels that are not there."""
        if self.labels and not self.names and all(found.operator == "DoesNotExist" for found in self.labels):
            return f"nodes {' and '.join(f'without the label {found.key}' for found in self.labels)}"
        return " and ".join(map(str, (*self.labels, *self.names)))

    def has(self, node: DeclaredNode) -> Answer:
        """Is a node among them?"""
        labels = labels_of(node)
        return every(
            (
                *(requirement.matches(labels) for requirement in self.labels),
                *(requirement.matches({NODE_NAME: node.name}) for requirement in self.names),
            )
        )

    @property
    def empty(self) -> Answer:
        """Can no node whatever be among them? NO says that a node with suitable labels would be."""
        if not all(found.possible for found in self._allowed().values()):
            return Answer.YES
        unsure = any(_is_unsure(requirement) for requirement in (*self.labels, *self.names))
        return Answer.UNKNOWN if unsure else Answer.NO

    def within(self, other: Conjunction) -> bool:
        """Are they surely all among the other's? What cannot be read here only narrows them further."""
        allowed = self._allowed()
        return all(
            requirement in own or implies(allowed.get((kind, requirement.key), ANYTHING), requirement)
            for kind, own, wanted in (("label", self.labels, other.labels), ("name", self.names, other.names))
            for requirement in wanted
        )

    def _allowed(self) -> Mapping[tuple[str, str], Allowed]:
        """What each label, and the name, may be."""
        found: dict[tuple[str, str], Allowed] = {("name", NODE_NAME): Allowed(absent=False)}
        for kind, requirements in (("label", self.labels), ("name", self.names)):
            for requirement in requirements:
                key = (kind, requirement.key)
                found[key] = narrowed(found.get(key, ANYTHING), requirement)
        return found


@dataclass(frozen=True, slots=True)
class NodeSet:
    """The nodes of any of the conjunctions; of none, no node."""

    parts: tuple[Conjunction, ...]

    def __str__(self) -> str:
        """For a message: `role=edge`, alternatives joined by "or"; empty for the set of all nodes."""
        return " or ".join(str(part) for part in self.parts)

    def has(self, node: DeclaredNode) -> Answer:
        """Is a node in the set?"""
        return some(part.has(node) for part in self.parts)

    @property
    def everything(self) -> bool:
        """Is surely every node in it?"""
        return Conjunction() in self.parts

    @property
    def empty(self) -> Answer:
        """Can no node whatever be in it?"""
        return every(part.empty for part in self.parts)

    @property
    def sure(self) -> bool:
        """Could every condition be read?"""
        return not any(_is_unsure(item) for part in self.parts for item in (*part.labels, *part.names))

    @property
    def usual(self) -> NodeSet:
        """The set without what every node of an ordinary cluster meets: its operating system and architecture."""
        return NodeSet(
            tuple(
                Conjunction(tuple(item for item in part.labels if item.key not in UNRESTRICTING), part.names)
                for part in self.parts
            )
        )

    def union(self, other: NodeSet) -> NodeSet:
        return NodeSet(tuple(dict.fromkeys((*self.parts, *other.parts))))

    def intersection(self, other: NodeSet) -> NodeSet:
        return NodeSet(
            tuple(
                dict.fromkeys(
                    Conjunction(
                        tuple(dict.fromkeys((*a.labels, *b.labels))), tuple(dict.fromkeys((*a.names, *b.names)))
                    )
                    for a, b in product(self.parts, other.parts)
                )
            )
        )


EVERY_NODE = NodeSet((Conjunction(),))
NO_NODE = NodeSet(())


def labelled(labels: Mapping[str, str | Unknown]) -> NodeSet:
    """The nodes with all these labels."""
    return NodeSet((Conjunction(tuple(Requirement(key, "In", (value,)) for key, value in labels.items())),))


def named(name: str | Unknown) -> NodeSet:
    """The node of that name."""
    return NodeSet((Conjunction(names=(Requirement(NODE_NAME, "In", (name,)),)),))


def without(labels: Iterable[str]) -> NodeSet:
    """The nodes that have none of these labels."""
    return NodeSet((Conjunction(tuple(Requirement(key, "DoesNotExist") for key in labels)),))


def selected(selectors: Iterable[Selector]) -> NodeSet:
    """The nodes that any of some label selectors matches. What a missing list of them means is the caller's affair."""
    return NodeSet(tuple(Conjunction((*selector.requirements, *_rest(selector))) for selector in selectors))


def _rest(selector: Selector) -> tuple[Requirement, ...]:
    """What stands for the part of a selector that could not be read."""
    return (unreadable(Unknown("part of a selector")),) if selector.unknown else ()


def disjoint(one: NodeSet, other: NodeSet, nodes: Sequence[DeclaredNode] | None = None) -> Answer:
    """Have two sets no node in common (the facts' ALG-DISJOINT)?

    Without `nodes`, YES: whatever nodes there are, none is in both. NO: every node of the one is in the other.
    """
    if nodes is not None:
        return every(_negated(every((one.has(node), other.has(node)))) for node in nodes)
    if _apart(one, other):
        return Answer.YES
    return Answer.NO if _within(one, other) or _within(other, one) else Answer.UNKNOWN


def subset(one: NodeSet, other: NodeSet, nodes: Sequence[DeclaredNode] | None = None) -> Answer:
    """Is every node of one set in the other (the facts' ALG-SUBSET)?

    Without `nodes`, YES: whatever nodes there are. NO: none of them is.
    """
    if nodes is not None:
        return every(some((_negated(one.has(node)), other.has(node))) for node in nodes)
    if _within(one, other):
        return Answer.YES
    return Answer.NO if _apart(one, other) else Answer.UNKNOWN


def _apart(one: NodeSet, other: NodeSet) -> bool:
    """Can no part of the one share a node with a part of the other?"""
    return _comparable(one, other) and one.intersection(other).empty is Answer.YES


def _within(one: NodeSet, other: NodeSet) -> bool:
    """Is every part of the one that can have a node within a part of the other?"""
    return _comparable(one, other) and all(
        part.empty is Answer.YES or any(part.within(whole) for whole in other.parts) for part in one.parts
    )


def _comparable(one: NodeSet, other: NodeSet) -> bool:
    return len(one.parts) * len(other.parts) <= MAX_PAIRS


def _is_unsure(requirement: Requirement) -> bool:
    return not requirement.operator or any(isinstance(value, Unknown) for value in requirement.values)


def _negated(answer: Answer) -> Answer:
    return {Answer.YES: Answer.NO, Answer.NO: Answer.YES}.get(answer, Answer.UNKNOWN)
