"""Some nodes, told in two ways at once: as conditions, which hold whatever nodes there are, and node by node where an
inventory tells the nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from srcip_lint.placement.inventory import Inventory
from srcip_lint.placement.nodes import MAX_PAIRS, NodeSet
from srcip_lint.resources.selectors import Answer, every, some

_Join = Callable[[Iterable[Answer]], Answer]


@dataclass(frozen=True, slots=True)
class Sites:
    """Some nodes. Sites that are put together tell of the same inventory, or of none."""

    conditions: NodeSet
    answers: Mapping[str, Answer] | None = None
    """Of each node of the inventory whether it is among them; None without an inventory."""

    def both(self, other: Sites) -> Sites:
        """The nodes that are among these and among the others. Of conditions that are too many to be multiplied out,
        only these' own are kept: more nodes, never fewer."""
        fits = len(self.conditions.parts) * len(other.conditions.parts) <= MAX_PAIRS
        conditions = self.conditions.intersection(other.conditions) if fits else self.conditions
        return Sites(conditions, self._joined(other, every))

    def either(self, other: Sites) -> Sites:
        """The nodes that are among these or among the others."""
        return Sites(self.conditions.union(other.conditions), self._joined(other, some))

    def _joined(self, other: Sites, join: _Join) -> Mapping[str, Answer] | None:
        if self.answers is None or other.answers is None:
            return None
        return {name: join((answer, other.answers[name])) for name, answer in self.answers.items()}

    @property
    def impossible(self) -> bool:
        """Can no node be among them, whatever nodes there are?"""
        return self.conditions.empty is Answer.YES

    @property
    def nowhere(self) -> bool:
        """Is surely no node among them?"""
        return self.impossible or (self.answers is not None and not self.possibly)

    @property
    def possibly(self) -> frozenset[str]:
        """The nodes of the inventory that may be among them."""
        return frozenset(name for name, answer in (self.answers or {}).items() if answer is not Answer.NO)

    @property
    def surely(self) -> frozenset[str]:
        """The nodes of the inventory that surely are."""
        return frozenset(name for name, answer in (self.answers or {}).items() if answer is Answer.YES)


def sites(conditions: NodeSet, inventory: Inventory | None) -> Sites:
    """The nodes that meet conditions."""
    if inventory is None:
        return Sites(conditions)
    return Sites(conditions, {node.name: conditions.has(node) for node in inventory.nodes})
