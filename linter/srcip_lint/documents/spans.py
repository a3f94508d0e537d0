"""Where each field of a document stands. Computed only for documents in which something is reported.

The tree follows aliases and merges, so a field that came from an anchor points at the anchor's text, which is the line to
change. A block collection ends where its last scalar ends, not at the next token's line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from srcip_lint.documents.scalars import key_text
from srcip_lint.documents.values import events, scalar_value
from srcip_lint.positions import FieldPath


@dataclass(slots=True)
class Node:
    """A value's place: indices in code points, the end exclusive. `style` is libyaml's scalar style (`|`, `>`, ...)."""

    start: int
    end: int
    style: str | None = None
    is_sequence: bool = False
    fields: dict[str, tuple[int, Node]] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)
    merges: list[Node] = field(default_factory=list)

    def child(self, step: str | int) -> tuple[int, Node] | None:
        """The start of the key (of the item, in a sequence) and the node below `step`; None where there is none."""
        if isinstance(step, int):
            return (self.items[step].start, self.items[step]) if 0 <= step < len(self.items) else None
        if step in self.fields:
            return self.fields[step]
        for merged in self.merges:
            for mapping in merged.items or [merged]:
                found = mapping.fields.get(step)
                if found:
                    return found
        return None


def locate(root: Node, path: FieldPath) -> tuple[int, int, Node]:
    """Start of the key, end of the key's text and the node at `path`, or of its nearest ancestor that is written."""
    key_start, node = root.start, root
    key_end = root.start
    for step in path:
        found = node.child(step)
        if found is None:
            break
        key_start, node = found
        key_end = key_start + len(step) if isinstance(step, str) else key_start
    return key_start, key_end, node


def trees(text: str) -> list[Node]:
    """One tree a document of the text. The text has been read before, so nothing is raised that was not raised then."""
    roots: list[Node] = []
    stack: list[Node] = []
    keys: list[tuple[str, int] | None] = []
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


def _close(stack: list[Node], keys: list[tuple[str, int] | None], event: Any) -> None:
    node = stack.pop()
    keys.pop()
    is_flow = event.end_mark.index > event.start_mark.index
    node.end = event.end_mark.index if is_flow else max(node.end, node.start)
    if stack:
        stack[-1].end = max(stack[-1].end, node.end)


def _place(
    node: Node, event: Any, stack: list[Node], keys: list[tuple[str, int] | None], roots: list[Node]
) -> None:
    if not stack:
        roots.append(node)
        return
    parent = stack[-1]
    end = node.end if type(event) is not yaml.AliasEvent else event.end_mark.index
    parent.end = max(parent.end, end)
    if parent.is_sequence:
        parent.items.append(node)
        return
    key = keys[-1]
    if key is None:
        text = key_text(scalar_value(event)) if type(event) is yaml.ScalarEvent else ""
        keys[-1] = (text, event.start_mark.index)
        return
    keys[-1] = None
    if key[0] == "<<":
        parent.merges.append(node)
    else:
        parent.fields[key[0]] = (key[1], node)
