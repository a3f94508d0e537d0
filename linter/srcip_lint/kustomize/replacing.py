"""Replacements: values copied from elsewhere. What they are is not followed; the fields they go to become unknown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from srcip_lint.documents import Document, read_all
from srcip_lint.kustomize.layers import Layer, Text, as_text, entries, texts
from srcip_lint.kustomize.member import Member
from srcip_lint.kustomize.patching import Outcome
from srcip_lint.kustomize.room import Room, resolve
from srcip_lint.kustomize.selection import target
from srcip_lint.kustomize.tree import (
    MAX_PATH,
    Node,
    child,
    fields_of,
    items_of,
    nest,
    scalar,
    undetermined,
    whole,
    with_field,
    with_fields,
    with_items,
)

MAX_AIMS = 1000
"""How many targets the replacements of one file may have."""

_STEP = re.compile(r"(?:\\.|\[[^\]]*\]|[^.\[\\])+")
_LIST_STEP = re.compile(r"[*\[\d-]")
_PLAIN = re.compile(r"[A-Za-z0-9_/-]*")
_WHY = "a replacement puts its value there"


def replaced(members: Sequence[Member], layer: Layer, room: Room) -> Outcome:
    """The members with the target fields of every replacement unknown."""
    outcome = Outcome(list(members))
    for entry in layer.replacements:
        replacements = _read(entry, layer, room)
        if replacements is None:
            why = "a file of replacements that is not here"
            return Outcome([replace(member, unjudged=why) for member in members], complete=False)
        for each in replacements:
            for aim in entries(child(each, "targets")):
                outcome = Outcome([_aimed(member, aim) for member in outcome.members], outcome.complete)
    return outcome


def _read(entry: Node, layer: Layer, room: Room) -> Sequence[Node] | None:
    """The replacements of an entry: itself, or those of the file it names; None where that cannot be read."""
    path = as_text(child(entry, "path"))
    if path is None:
        return (entry,)
    source = room.source(resolve(layer.folder, path.value), below=layer.folder)
    roots = [whole(answer) for answer in read_all(source) if isinstance(answer, Document)] if source else []
    found = [each for root in roots for each in items_of(root) or (root,)]
    return found if 0 < sum(len(entries(child(each, "targets"))) for each in found) <= MAX_AIMS else None


def _aimed(member: Member, aim: Node) -> Member:
    """The member with the fields that a replacement's target names unknown, where it may be meant."""
    select = child(aim, "select")
    if select is None or target(select).matches(member) is False:
        return member
    if any(_rejects(reject, member) for reject in items_of(child(aim, "reject")) or ()):
        return member
    paths = texts(child(aim, "fieldPaths")) or (Text("metadata.name", aim.place),)
    node = member.node
    for path in paths:
        node = _blurred(node, tuple(_steps(path.value)), path)
    return member.at(node)


def _rejects(reject: Node, member: Member) -> bool:
    return target(reject).matches(member) is True


def _steps(path: str) -> Iterator[str]:
    """The steps of a field path: dots part them, but not within brackets or behind a backslash."""
    for step in _STEP.findall(path):
        yield step.replace("\\.", ".")


def _blurred(node: Node, steps: tuple[str, ...], path: Text) -> Node:
    """The node with whatever stands at the path unknown. A path into a text makes the whole text unknown."""
    items, fields = items_of(node), fields_of(node)
    if not steps or (items is None and fields is None):
        return undetermined(_WHY, path.place)
    step, rest = steps[0], steps[1:]
    if items is not None:
        chosen = [_chooses(step, index, item) for index, item in enumerate(items)]
        pairs = zip(items, chosen, strict=True)
        return with_items(node, tuple(_blurred(item, rest, path) if is_it else item for item, is_it in pairs))
    if step == "*":
        return with_fields(node, {key: _blurred(field, rest, path) for key, field in (fields or {}).items()})
    key = step[1:-1] if step.startswith("[") and step.endswith("]") else step
    below = child(node, key)
    return with_field(node, key, _made(rest, path) if below is None else _blurred(below, rest, path))


def _made(steps: tuple[str, ...], path: Text) -> Node:
    """An unknown value below mappings that the replacement makes; all of it is unknown where they may be lists."""
    unknown = undetermined(_WHY, path.place)
    may_be_list = any(_LIST_STEP.match(step) for step in steps)
    return unknown if may_be_list or len(steps) > MAX_PATH else nest(steps, unknown)


def _chooses(step: str, index: int, item: Node) -> bool:
    """May a step mean the item of that index? `*`, a number, or `[key=value]`, where the value may be an expression."""
    if step.isdecimal():
        return int(step) == index
    key, _, value = step.strip("[]").partition("=")
    wanted = scalar(child(item, key)) if key else scalar(item)
    return not (step.startswith("[") and _PLAIN.fullmatch(value)) or str(wanted) == value
