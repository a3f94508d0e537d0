"""Strategic merge: a patch that looks like a piece of the object it changes.

As kustomize does it (`kyaml/yaml/merge2`): mappings merge, `null` takes a field away, lists merge by key where the
API says so and are replaced elsewhere, and `$patch: delete` and `$patch: replace` speak for a mapping, an item or,
as an item of its own, a whole list. What a patch adds to a merged list comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from srcip_lint.kustomize.merge_keys import TYPES
from srcip_lint.kustomize.tree import (
    Node,
    Written,
    child,
    fields_of,
    is_list,
    is_mapping,
    is_null,
    is_undetermined,
    items_of,
    scalar,
    text,
    undetermined,
    with_fields,
    with_items,
)

OPEN = "?"
"""The type of a custom resource whose schema is somewhere else, so that nobody here knows which of its lists merge."""

_DIRECTIVE = "$patch"
_Keys = tuple[str, ...] | None


def merge(base: Node, patch: Node, schema: str) -> Node | None:
    """The base with the patch applied; None where the patch deletes it. `schema` names a type of `merge_keys.TYPES`."""
    return _value(base, patch, schema, None)


def _value(base: Node | None, patch: Node, schema: str, keys: _Keys) -> Node | None:
    if is_null(patch):
        return None
    if is_mapping(patch):
        return base if is_undetermined(base) else _mapping(base, patch, schema)
    if is_list(patch):
        return _list(base, patch, schema, keys)
    return patch


def _mapping(base: Node | None, patch: Node, schema: str) -> Node | None:
    directive = text(patch, _DIRECTIVE)
    if directive == "delete":
        return None
    replaced = directive == "replace" or not is_mapping(base)
    target = patch if base is None or replaced else base
    fields = {} if replaced else dict(fields_of(base) or {})
    for key, value in (fields_of(patch) or {}).items():
        if key.startswith("$"):
            continue
        below, keys = TYPES.get(schema, {}).get(key, (OPEN if schema == OPEN else "", None))
        merged = _value(fields.get(key), value, below, keys)
        if merged is None:
            fields.pop(key, None)
        else:
            fields[key] = merged
    return with_fields(target, fields)


def _list(base: Node | None, patch: Node, schema: str, keys: _Keys) -> Node | None:
    if schema == OPEN:
        return undetermined("a patch of a list whose schema is not here", patch.place)
    items = items_of(patch) or ()
    directives = [text(item, _DIRECTIVE) for item in items if _is_directive(item)]
    if "delete" in directives:
        return None
    added = [item for item in items if not _is_directive(item)]
    old = items_of(base)
    if keys is None or old is None or "replace" in directives:
        return with_items(patch, _fresh(added, schema))
    if not keys:
        return with_items(base or patch, _union(added, old))
    return with_items(base or patch, _merged(old, added, schema, keys))


def _is_directive(item: Node) -> bool:
    return set(fields_of(item) or ()) == {_DIRECTIVE}


def _fresh(added: Sequence[Node], schema: str) -> tuple[Node, ...]:
    """New items, without what only has a meaning in a patch."""
    made = (
        item if isinstance(item, Written) and not is_mapping(item) else _value(None, item, schema, None)
        for item in added
    )
    return tuple(item for item in made if item is not None)


def _union(added: Sequence[Node], old: Sequence[Node]) -> tuple[Node, ...]:
    """Lists of scalars that merge as sets."""
    new = [scalar(item) for item in added]
    return (*added, *(item for item in old if scalar(item) not in new))


def _merged(old: Sequence[Node], added: Sequence[Node], schema: str, keys: tuple[str, ...]) -> tuple[Node, ...]:
    """Items merged by their keys, with kustomize's ways: a single key moves what is patched to the front, several do
    not, and `$patch: replace` in an item that is there changes nothing."""
    used = tuple(key for key in keys if any(_key(child(item, key)) for item in (*old, *added))) or keys
    front: list[Node | None] = []
    left: list[Node | None] = list(old)
    for item in added:
        index = _index(left, item, used)
        if index is None:
            front.append(_value(None, item, schema, None))
        elif len(used) == 1:
            front.append(_item(left.pop(index), item, schema))
        elif _keys_of(left[index], used) == _keys_of(item, used):
            left[index] = _item(left[index], item, schema)
        else:
            left[index] = _doubtful(left[index], item, keys)
    return tuple(item for item in (*front, *left) if item is not None)


def _index(left: Sequence[Node | None], item: Node, keys: tuple[str, ...]) -> int | None:
    """The item that a patch means: that of the same keys, or else one that shares a key and contradicts it in none."""
    wanted = _keys_of(item, keys)
    same = [index for index, other in enumerate(left) if _keys_of(other, keys) == wanted]
    alike = (index for index, other in enumerate(left) if _alike(_keys_of(other, keys), wanted))
    return next(iter((*same, *alike)), None) if any(wanted) else None


def _keys_of(item: Node | None, keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_key(child(item, key)) for key in keys)


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    pairs = list(zip(one, other, strict=True))
    return any(a and a == b for a, b in pairs) and all(a == b or not a or not b for a, b in pairs)


def _item(old: Node | None, item: Node, schema: str) -> Node | None:
    return old if text(item, _DIRECTIVE) == "replace" else _value(old, item, schema, None)


def _doubtful(old: Node | None, item: Node, keys: tuple[str, ...]) -> Node | None:
    """An item and a patch of which only one names a key, the protocol say: some versions of kustomize merge them, some
    lose the patch. What the patch would set is not known."""
    fields = dict(fields_of(old) or {})
    for key, value in (fields_of(item) or {}).items():
        if key not in keys and not key.startswith("$"):
            fields[key] = undetermined("a patch that names other keys than the item it is for", value.place)
    return with_fields(old, fields) if old is not None else None


def _key(node: Node | None) -> str:
    value = scalar(node)
    return "" if value is None else str(value)
