"""RFC 6902: a patch that is a list of operations on JSON pointers.

With the ways of the library that kustomize uses (evanphx/json-patch v4): `replace` sets a field that is not there, a
`copy` of one is null, and a list index may count from the end.
"""

from __future__ import annotations

import re

from srcip_lint.documents import Place
from srcip_lint.kustomize.tree import (
    MAX_PATH,
    Node,
    Written,
    child,
    fields_of,
    is_deeper,
    is_undetermined,
    items_of,
    plain,
    text,
    with_field,
    with_items,
)

_INDEX = re.compile(r"0|[1-9][0-9]{0,5}")


class CannotApply(Exception):
    """An operation that does not fit the object, so that kustomize would stop there too."""


def apply(root: Node, operations: Node) -> Node:
    """The object with every operation applied in turn. Raises CannotApply."""
    steps = items_of(operations)
    if steps is None:
        raise CannotApply("a JSON patch is a list of operations")
    for step in steps:
        root = _operate(root, step)
    return root


def _operate(root: Node, step: Node) -> Node:
    name, path = text(step, "op"), pointer(text(step, "path"))
    value = child(step, "value")
    if name in ("move", "copy"):
        source = pointer(text(step, "from"))
        value = _find(root, source, step.place if name == "copy" else None)
        if is_deeper(value, MAX_PATH):
            raise CannotApply(f"what {name} takes is nested deeper than {MAX_PATH} levels")
        if name == "move":
            root = _remove(root, source)
    if name == "remove":
        return _remove(root, path)
    if value is None:
        raise CannotApply(f"the operation {name or '(none)'} needs a value")
    if name in ("add", "move", "copy"):
        return _add(root, path, value)
    if name == "replace":
        return _replace(root, path, value)
    if name == "test":
        return _test(root, path, value)
    raise CannotApply(f"no such operation: {name or '(none)'}")


def pointer(written: str) -> tuple[str, ...]:
    """The steps of a JSON pointer: `~1` is a slash and `~0` a tilde in them. Raises CannotApply."""
    if written and not written.startswith("/"):
        raise CannotApply(f"a JSON pointer starts with a slash: {written}")
    if written.count("/") > MAX_PATH:
        raise CannotApply(f"a JSON pointer has at most {MAX_PATH} steps")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in written.split("/")[1:])


def _find(root: Node, path: tuple[str, ...], null_at: Place | None = None) -> Node:
    """The node at a path. A field that is missing at its end is null, written at `null_at`, where that is given."""
    node = root
    for index, step in enumerate(path):
        fields = fields_of(node)
        if null_at and index == len(path) - 1 and fields is not None and step not in fields:
            return Written(None, null_at)
        node = _below(node, step)
    return node


def _below(node: Node, step: str) -> Node:
    if is_undetermined(node):
        return node
    found = child(node, step) if fields_of(node) is not None else child(node, _index(node, step, more=0))
    if found is None:
        raise CannotApply(f"nothing stands at {step!r}")
    return found


def _index(node: Node, step: str, more: int) -> int:
    """A list index; negative ones count from the end. `more` is 1 where the place after the last item counts too."""
    items = items_of(node)
    if items is None:
        raise CannotApply(f"{step!r} is looked for in what is no mapping and no list")
    if step == "-" and more:
        return len(items)
    digits = step.removeprefix("-")
    index = int(digits) if _INDEX.fullmatch(digits) else -1
    index = len(items) + more - index if step.startswith("-") else index
    if not 0 <= index < len(items) + more:
        raise CannotApply(f"the list has no item {step}")
    return index


def _add(node: Node, path: tuple[str, ...], value: Node) -> Node:
    if not path:
        return value
    step, rest = path[0], path[1:]
    if is_undetermined(node):
        return node
    if rest:
        return _with(node, step, _add(_below(node, step), rest, value))
    if fields_of(node) is not None:
        return with_field(node, step, value)
    items, index = items_of(node) or (), _index(node, step, more=1)
    return with_items(node, (*items[:index], value, *items[index:]))


def _replace(node: Node, path: tuple[str, ...], value: Node) -> Node:
    if not path:
        return value
    if is_undetermined(node):
        return node
    if len(path) == 1 and fields_of(node) is not None:
        return with_field(node, path[0], value)
    return _with(node, path[0], _replace(_below(node, path[0]), path[1:], value))


def _remove(node: Node, path: tuple[str, ...]) -> Node:
    if not path:
        raise CannotApply("the whole object cannot be removed")
    step, rest = path[0], path[1:]
    if is_undetermined(node):
        return node
    below = _below(node, step)
    if rest:
        return _with(node, step, _remove(below, rest))
    if fields_of(node) is not None:
        return with_field(node, step, None)
    items, index = items_of(node) or (), _index(node, step, more=0)
    return with_items(node, (*items[:index], *items[index + 1 :]))


def _test(root: Node, path: tuple[str, ...], value: Node) -> Node:
    found = _find(root, path)
    if not is_undetermined(found) and plain(found) != plain(value):
        raise CannotApply(f"the test of /{'/'.join(path)} fails")
    return root


def _with(node: Node, step: str, value: Node) -> Node:
    """A mapping or list with the value at an existing step changed."""
    if fields_of(node) is not None:
        return with_field(node, step, value)
    items, index = items_of(node) or (), _index(node, step, more=0)
    return with_items(node, (*items[:index], value, *items[index + 1 :]))
