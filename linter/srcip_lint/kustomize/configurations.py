"""Transformer configurations: extra fields for names, labels and the like to go into. They are not followed.

Most only concern kinds that nobody reads here (webhooks, certificates); one that reaches a kind that is read leaves the
kustomization incomplete.
"""

from __future__ import annotations

from collections.abc import Iterator

from srcip_lint.documents import Document, read_all
from srcip_lint.kustomize.layers import Layer
from srcip_lint.kustomize.room import Room, resolve
from srcip_lint.kustomize.tree import Node, fields_of, items_of, text, whole

_HARMLESS = ("varReference",)
"""A variable that is resolved in more fields stays a placeholder in them, which is unknown anyway."""


def reach(layer: Layer, room: Room) -> bool:
    """May a configuration change a field of a kind that is read?"""
    for path in layer.configurations:
        source = room.source(resolve(layer.folder, path.value), below=layer.folder)
        roots = [whole(answer) for answer in read_all(source) if isinstance(answer, Document)] if source else []
        if not roots or any(_is_read(kind, room) for root in roots for kind in _kinds(root)):
            return True
    return False


def _is_read(kind: str, room: Room) -> bool:
    return not kind or room.reads(kind)


def _kinds(root: Node) -> Iterator[str]:
    """The kinds whose fields a configuration names; empty for any."""
    for name, entries in (fields_of(root) or {}).items():
        for entry in items_of(entries) or ():
            specs = items_of((fields_of(entry) or {}).get("fieldSpecs")) if name == "nameReference" else (entry,)
            yield from (text(spec, "kind") for spec in specs or () if name not in _HARMLESS)
