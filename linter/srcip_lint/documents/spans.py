"""Where each field of a document stands. Computed only for documents in which something is reported.

The tree follows aliases and merges, so a field that came from an anchor points at the anchor's text, which is the line
to change. A block collection ends where its last scalar ends, not at the next token's line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from srcip_lint.documents.scalars import key_text
from srcip_lint.documents.values import events, scalar_value
from srcip_lint.positions import FieldPath

_Field = tuple[int, int, "Node"]
"""Start and end of a field's key, and its value."""
_Key = tuple["str | None", int, int]
"""The key that waits for its value: its text (None for the merge key `<<`), start and end."""


@dataclass(slots=True)
class Node:
    """A value's place: indices in code points, the end exclusive. `style` is libyaml's scalar style (`|`, `>`, ...)."""

    start: int
    end: int
    style: str | None = None
    is_sequence: bool = False
    fields: dict[str, _Field] = field(default_factory=dict)
    """Of a key written twice, where it is written last."""
    first: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Start and end of the keys written twice, where they are written first."""
    items: list[Node] = field(default_factory=list)
    merges: list[tuple[int, Node]] = field(default_factory=list)
    """Start of each `<<`, and the mapping, or the list of mappings, that it merges."""

    def child(self, step: str | int) -> _Field | None:
        """Start and end of the key (in a list, the start of the item) and the node below `step`; None for none."""
        if isinstance(step, int):
            item = self.items[step] if 0 <= step < len(self.items) else None
            return (item.start, item.start, item) if item else None
        pending: list[Node | _Field] = [self]
        seen: set[int] = set()
        while pending:
            found = pending.pop()
            if not isinstance(found, Node):
                return found
            if id(found) not in seen:
                seen.add(id(found))
                pending += reversed(found.candidates(step))
        return None

    def candidates(self, step: str) -> list[Node | _Field]:
        """Where a field may come from, in the order in which kubectl prefers them: the last one written, but the first
        one in a list of merged mappings."""
        own = self.fields.get(step)
        after = [merged for start, merged in reversed(self.merges) if own is None or start > own[0]]
        return [*self.items, *after, *([own] if own else ())]


def locate(root: Node, path: FieldPath) -> tuple[int, int, Node]:
    """Start of the key, end of the key's text and the node at `path`, or of its nearest ancestor that is written."""
    found = (root.start, root.start, root)
    for step in path:
        below = found[2].child(step)
        if below is None:
            break
        found = below
    return found


def trees(text: str) -> list[Node]:
    """One tree a document of the text. The text has been read before, so nothing is raised that was not raised then."""
    roots: list[Node] = []
    stack: list[Node] = []
    keys: list[_Key | None] = []
    anchors: dict[str, Node] = {}
    for event in events(text):
        kind = type(event)
        if kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            _close(stack, keys, event)
            continue
        if kind is yaml.DocumentStartEvent:
            anchors = {}
        if kind not in (yaml.ScalarEvent, yaml.AliasEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent):
            continue
        node = anchors[event.anchor] if kind is yaml.AliasEvent else _node(event)
        if kind is not yaml.AliasEvent and event.anchor:
            anchors[event.anchor] = node
        _place(node, event, stack, keys, roots)
        if kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            stack.append(node)
            keys.append(None)
    return roots


def _node(event: Any) -> Node:
    is_scalar = type(event) is yaml.ScalarEvent
    end = event.end_mark.index if is_scalar else event.start_mark.index
    style = event.style if is_scalar else None
    return Node(event.start_mark.index, end, style, is_sequence=type(event) is yaml.SequenceStartEvent)


def _close(stack: list[Node], keys: list[_Key | None], event: Any) -> None:
    node = stack.pop()
    keys.pop()
    is_flow = event.end_mark.index > event.start_mark.index
    node.end = event.end_mark.index if is_flow else max(node.end, node.start)
    if stack:
        stack[-1].end = max(stack[-1].end, node.end)


def _place(node: Node, event: Any, stack: list[Node], keys: list[_Key | None], roots: list[Node]) -> None:
    if not stack:
        roots.append(node)
        return
    parent = stack[-1]
    is_alias = type(event) is yaml.AliasEvent  # then it ends where the alias does, not where the anchor's text does
    parent.end = max(parent.end, event.end_mark.index if is_alias else node.end)
    if parent.is_sequence:
        parent.items.append(node)
        return
    key = keys[-1]
    if key is None:
        keys[-1] = _key(node, event)
        return
    keys[-1] = None
    text, start, end = key
    if text is None:
        parent.merges.append((start, node))
        return
    if text in parent.fields:
        parent.first.setdefault(text, parent.fields[text][:2])
    parent.fields[text] = (start, end, node)


def _key(node: Node, event: Any) -> _Key:
    """A key's text, start and end. A collection, or an alias, is no field that a path could name."""
    is_scalar = type(event) is yaml.ScalarEvent
    is_merge = is_scalar and event.value == "<<" and event.implicit[0]
    text = None if is_merge else key_text(scalar_value(event)) if is_scalar else ""
    return text, event.start_mark.index, node.end
