"""Scopes: a folder with its whole subtree. A reference is resolved in the nearest one, going outward, that has a
match."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from srcip_lint.resources.objects import Object

R = TypeVar("R")
Folder = tuple[str, ...]


def closeness(one: Folder, other: Folder) -> int:
    """How many folders two paths share from the top: the depth of the scope where they meet."""
    depth = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        depth += 1
    return depth


def is_beside(one: Folder, other: Folder) -> bool:
    """Is the other folder the same one, or below it?"""
    return other[: len(one)] == one


def nearest(referrer: Object, found: Sequence[R]) -> list[R]:
    """Those of the found resources that stand in the nearest scope."""
    if not found:
        return []
    depths = [closeness(referrer.folder, object_of(resource).folder) for resource in found]
    most = max(depths)
    return [resource for resource, depth in zip(found, depths, strict=True) if depth == most]


def object_of(resource: Any) -> Object:
    """The object that a resource is read of."""
    found: Object = resource.object
    return found
