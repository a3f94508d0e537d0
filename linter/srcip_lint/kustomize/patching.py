"""Patches: read from where they are written, matched to objects, applied.

A patch that may or may not be meant for an object, or that does not fit it, leaves the object unjudged. A patch
without an object is a sign that something is not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from srcip_lint.documents import Document, Unreadable, read_all
from srcip_lint.documents.nested import Nested, nested
from srcip_lint.kustomize import json_patch
from srcip_lint.kustomize.layers import Layer, Patch
from srcip_lint.kustomize.member import Member
from srcip_lint.kustomize.merge import OPEN, merge
from srcip_lint.kustomize.merge_keys import schema_of
from srcip_lint.kustomize.room import Room, resolve
from srcip_lint.kustomize.tree import Node, Written, at, child, is_list, is_mapping, items_of, put, size, text, whole

MAX_PATCH = 50_000
"""A patch of more values (aliases counted as often as they are used) is not applied."""

_UNTOLD = "a patch whose target cannot be told"


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """The members after a step, and whether everything that the step names was here."""

    members: list[Member]
    complete: bool = True


def patched(members: Sequence[Member], patch: Patch, layer: Layer, room: Room) -> Outcome:
    """The members with one patch applied to whatever it is for."""
    outcome = Outcome(list(members))
    contents = _contents(patch, layer, room)
    if contents is None:
        return Outcome(_doubted(members, patch), complete=False)
    for content in contents:
        if is_list(content):
            done = _operated(outcome.members, content, patch)
        else:
            done = _merged(outcome.members, content, patch, layer, room)
        outcome = Outcome(done.members, outcome.complete and done.complete)
    return outcome


def pages(patch: Patch, layer: Layer, room: Room) -> list[Written] | None:
    """The documents of a patch; None where one cannot be read."""
    if patch.value is not None:
        return [patch.value] if isinstance(patch.value, Written) else None
    answers: Sequence[object] = ()
    if patch.written is not None:
        answers = tuple(nested(patch.written.place, patch.written.value))
    elif patch.path is not None:
        source = room.source(resolve(layer.folder, patch.path.value), below=layer.folder)
        answers = tuple(read_all(source)) if source else ()
    found = [whole(answer) for answer in answers if isinstance(answer, Document | Nested)]
    return found if found and not any(isinstance(answer, Unreadable) for answer in answers) else None


def _contents(patch: Patch, layer: Layer, room: Room) -> list[Node] | None:
    nodes = pages(patch, layer, room)
    if nodes is None or any(size(node.value, MAX_PATCH) > MAX_PATCH for node in nodes):
        return None
    return [item for node in nodes for item in _expanded(node)]


def _expanded(node: Node) -> Sequence[Node]:
    """The items of a `List` of patches."""
    items = items_of(child(node, "items"))
    return items if items is not None and text(node, "kind").endswith("List") else (node,)


def _doubted(members: Sequence[Member], patch: Patch) -> list[Member]:
    """The members, those that an unreadable patch may be for unjudged."""
    if patch.target is None:
        return list(members)
    why = "a patch that cannot be read"
    return [member if patch.target.matches(member) is False else replace(member, unjudged=why) for member in members]


def _operated(members: Sequence[Member], operations: Node, patch: Patch) -> Outcome:
    """The members with JSON operations applied; these need a target."""
    if patch.target is None:
        return Outcome(list(members), complete=False)
    answers = [patch.target.matches(member) for member in members]
    return Outcome(
        [
            _operate(member, operations) if answer else _unless(member, answer)
            for member, answer in zip(members, answers, strict=True)
        ]
    )


def _unless(member: Member, answer: bool | None) -> Member:
    """A member that a patch is not meant for, unjudged where that cannot be told."""
    return member if answer is False else replace(member, unjudged=_UNTOLD)


def _operate(member: Member, operations: Node) -> Member:
    try:
        return member.remembered().at(json_patch.apply(member.node, operations))
    except json_patch.CannotApply as error:
        return replace(member, unjudged=f"a patch that does not fit: {error}")


def _merged(members: Sequence[Member], content: Node, patch: Patch, layer: Layer, room: Room) -> Outcome:
    """The members with a strategic merge patch applied: to its target, or to the one object of its own identity."""
    if not is_mapping(content):
        return Outcome(list(members), complete=False)
    answers: list[bool | None] = []
    if patch.target is None:
        named = Member(content).identity
        answers += [named in member.identities for member in members]
        if answers.count(True) != 1:
            return Outcome(list(members), complete=not room.reads(named.kind))
    else:
        answers += [patch.target.matches(member) for member in members]
    made = [
        _merge(member, content, patch, layer) if answer else _unless(member, answer)
        for member, answer in zip(members, answers, strict=True)
    ]
    return Outcome([member for member in made if member is not None])


def _merge(member: Member, content: Node, patch: Patch, layer: Layer) -> Member | None:
    """The member with the patch merged; None where the patch deletes it. Its identity stays unless the patch may change
    it."""
    identity = member.identity
    schema = schema_of(identity.group, identity.kind) or (OPEN if layer.own_schema else "")
    node = merge(member.node, content, schema)
    if node is None:
        return None
    kept = [("apiVersion",), ("metadata", "namespace")]
    kept += [] if patch.may_rename else [("metadata", "name")]
    kept += [] if patch.may_change_kind else [("kind",)]
    for path in kept:
        node = put(node, path, at(member.node, *path))
    changes_identity = patch.may_rename or patch.may_change_kind
    return (member.remembered() if changes_identity else member).at(node)
