"""Values that know where each of them is written, also after they were put together from several files.

A piece of a document that nothing touched stays what the reader made of it (`Written`): one value and one place.
Only what a patch opens becomes nodes of its own. Nodes are never changed; a change makes new ones on the way up to
the root and shares the rest, so a base that ten overlays use is held once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from srcip_lint.documents import Page, Place, Undetermined
from srcip_lint.positions import FieldPath

MAX_PATH = 64
"""How many steps a path in a patch, a label's field or a replacement may have: no object is that deep, and a path may
make what is missing on its way."""


@dataclass(frozen=True, eq=False, slots=True)
class Written:
    """A value as it is written at a place, whatever its size."""

    value: Any
    place: Place


@dataclass(frozen=True, eq=False, slots=True)
class Fields:
    """A mapping whose fields may come from different places. `place` is where the mapping itself is written."""

    fields: Mapping[str, Node]
    place: Place


@dataclass(frozen=True, eq=False, slots=True)
class Items:
    """A list whose items may come from different places."""

    items: tuple[Node, ...]
    place: Place


Node = Written | Fields | Items


def whole(page: Page) -> Written:
    """A document as a node."""
    return Written(page.value, Place(page))


def undetermined(why: str, place: Place) -> Written:
    """A field of which only that much is known: something at `place` sets it."""
    return Written(Undetermined(why), place)


def fields_of(node: Node | None) -> Mapping[str, Node] | None:
    """The fields of a mapping; None for anything else."""
    if isinstance(node, Fields):
        return node.fields
    if isinstance(node, Written) and _is_plain_mapping(node.value):
        return {key: Written(value, node.place.at(key)) for key, value in node.value.items()}
    return None


def items_of(node: Node | None) -> tuple[Node, ...] | None:
    """The items of a list; None for anything else."""
    if isinstance(node, Items):
        return node.items
    if isinstance(node, Written) and isinstance(node.value, list):
        return tuple(Written(item, node.place.at(index)) for index, item in enumerate(node.value))
    return None


def is_mapping(node: Node | None) -> bool:
    return isinstance(node, Fields) or (isinstance(node, Written) and _is_plain_mapping(node.value))


def _is_plain_mapping(value: Any) -> bool:
    """A template expression reads as a mapping with a mapping for a key; that is none to open."""
    return isinstance(value, dict) and all(type(key) is str for key in value)


def is_list(node: Node | None) -> bool:
    return isinstance(node, Items) or (isinstance(node, Written) and isinstance(node.value, list))


def is_null(node: Node | None) -> bool:
    """Absent, or written as null."""
    return node is None or (isinstance(node, Written) and node.value is None)


def is_undetermined(node: Node | None) -> bool:
    return isinstance(node, Written) and isinstance(node.value, Undetermined)


def child(node: Node | None, step: str | int) -> Node | None:
    """The field or the item below a node, or None."""
    if isinstance(node, Fields):
        return node.fields.get(step) if isinstance(step, str) else None
    if isinstance(node, Items):
        return node.items[step] if isinstance(step, int) and 0 <= step < len(node.items) else None
    if node is None:
        return None
    value = node.value
    is_there = step in value if isinstance(value, dict) else _is_index(value, step)
    return Written(value[step], node.place.at(step)) if is_there else None


def _is_index(value: Any, step: str | int) -> bool:
    return isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value)


def at(node: Node | None, *path: str | int) -> Node | None:
    """The node at a path, or None."""
    for step in path:
        node = child(node, step)
    return node


def scalar(node: Node | None) -> Any:
    """The value of a scalar; None where there is none, or a collection."""
    value = node.value if isinstance(node, Written) else None
    return None if isinstance(value, dict | list) else value


def text(node: Node | None, *path: str | int) -> str:
    """The text at a path; empty where there is none."""
    value = scalar(at(node, *path))
    return value if isinstance(value, str) else ""


def with_fields(node: Node, fields: Mapping[str, Node]) -> Fields:
    """A mapping with other fields; its own place stays."""
    return Fields(fields, node.place)


def with_field(node: Node, key: str, value: Node | None) -> Node:
    """A mapping with one field set, or taken away where `value` is None. What is no mapping stays as it is."""
    fields = fields_of(node)
    if fields is None or (value is None and key not in fields):
        return node
    if value is not None:
        return with_fields(node, {**fields, key: value})
    return with_fields(node, {name: field for name, field in fields.items() if name != key})


def with_items(node: Node, items: tuple[Node, ...]) -> Items:
    """A list with other items; its own place stays."""
    return Items(items, node.place)


def put(node: Node, path: tuple[str, ...], value: Node | None) -> Node:
    """A node with the field at `path` set, the mappings on the way made where they are missing; taken away for None."""
    step, rest = path[0], path[1:]
    below = child(node, step)
    if not rest:
        return with_field(node, step, value)
    if is_null(below):
        return with_field(node, step, nest(rest, value)) if value is not None else node
    return with_field(node, step, put(below, rest, value)) if below is not None else node


def nest(path: tuple[str, ...], value: Node) -> Node:
    """The value below mappings of its own; they stand where the value does."""
    for step in reversed(path):
        value = Fields({step: value}, value.place)
    return value


def plain(node: Node) -> Any:
    """The node as plain dicts, lists and scalars. What nothing touched is shared, not copied."""
    if isinstance(node, Fields):
        return {key: plain(field) for key, field in node.fields.items()}
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return node.value


def origin(node: Node, path: FieldPath, part: str) -> Place:
    """Where the field at `path` is written; where it is not, the place of its nearest ancestor that is."""
    for index, step in enumerate(path):
        if isinstance(node, Written):
            return replace(node.place.at(*path[index:]), part=part)
        below = child(node, step)
        if below is None:
            break
        node = below
    return replace(node.place, part=part)


def places(node: Node) -> Iterator[Place]:
    """Every place the node is put together from."""
    yield node.place
    below = node.fields.values() if isinstance(node, Fields) else node.items if isinstance(node, Items) else ()
    for each in below:
        yield from places(each)


def is_deeper(node: Node, levels: int) -> bool:
    """Does it hold collections in more than so many levels?"""
    if levels < 0:
        return True
    below = (fields_of(node) or {}).values() or items_of(node) or ()
    return any(is_deeper(each, levels - 1) for each in below)


def size(value: Any, limit: int) -> int:
    """How many values a plain value holds, aliases counted as often as they are used; counting stops above `limit`."""
    pending, count = [value], 0
    while pending and count <= limit:
        below = pending.pop()
        count += 1
        pending += below.values() if isinstance(below, dict) else below if isinstance(below, list) else ()
    return count
