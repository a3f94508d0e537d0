"""ConfigMaps that a kustomization makes: from files, from literals, from files of `KEY=value` lines.

Each value stands where its text stands: a key made of `nginx.conf` is that file, line by line.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from srcip_lint.documents import Place
from srcip_lint.documents.nested import PlainText
from srcip_lint.kustomize.layers import Generator, Layer, Text
from srcip_lint.kustomize.member import Member
from srcip_lint.kustomize.room import Room, resolve
from srcip_lint.kustomize.tree import Fields, Node, Written, at, child, fields_of, undetermined
from srcip_lint.sources import Source

MAX_TEXT = 1024 * 1024
"""No longer value is taken (bytes): the API server refuses a larger ConfigMap."""

_LINE = re.compile(r"^[ \t]*([^\s#=][^=\r\n]*)(?:=([^\r\n]*))?\r?$", re.MULTILINE)


def generate(generator: Generator, layer: Layer, room: Room) -> Member:
    """The ConfigMap. A value whose file is not here is undetermined."""
    metadata: dict[str, Node] = {"name": Written(generator.name, generator.place.at("name"))}
    if generator.namespace:
        metadata["namespace"] = Written(generator.namespace.value, generator.namespace.place)
    for name, entries in (("labels", generator.labels), ("annotations", generator.annotations)):
        if entries:
            metadata[name] = Fields(entries, generator.place)
    data = {
        **{key: value for path in generator.envs for key, value in _lines(path, layer, room)},
        **dict(_literal(literal) for literal in generator.literals),
        **dict(entry for file in generator.files if (entry := _file(file, layer, room))),
    }
    fields: dict[str, Node] = {
        "apiVersion": Written("v1", generator.place),
        "kind": Written("ConfigMap", generator.place),
        "metadata": Fields(metadata, generator.place),
        "data": Fields(data, generator.place),
    }
    return Member(Fields(fields, generator.place), behavior=generator.behavior)


def absorb(members: Sequence[Member], made: Member) -> tuple[list[Member], bool]:
    """The members with a generated one added, or merged into or put in place of what has its identity; and whether that
    could be done as the generator says."""
    found = [index for index, member in enumerate(members) if made.identity in member.identities]
    if made.behavior not in ("merge", "replace"):
        return [*members, made], True
    if len(found) != 1:
        return [*members, made], False
    index = found[0]
    return [*members[:index], _onto(members[index], made), *members[index + 1 :]], True


def _onto(old: Member, made: Member) -> Member:
    """The generated ConfigMap over an older one, which keeps its name; `replace` leaves only the new data."""
    metadata = at(old.node, "metadata")
    base = fields_of(metadata) or {}
    added = fields_of(at(made.node, "metadata")) or {}
    merged = {
        name: Fields({**(fields_of(base.get(name)) or {}), **(fields_of(added.get(name)) or {})}, made.node.place)
        for name in ("labels", "annotations")
        if name in base or name in added
    }
    before = (fields_of(at(old.node, "data")) or {}) if made.behavior == "merge" else {}
    data = Fields({**before, **(fields_of(child(made.node, "data")) or {})}, made.node.place)
    fields = {**(fields_of(old.node) or {}), "metadata": Fields({**base, **merged}, old.node.place), "data": data}
    return replace(old, node=Fields(fields, old.node.place))


def path_of(written: str) -> str:
    """The path in `path` or `key=path`."""
    return written.rpartition("=")[2]


def _file(written: Text, layer: Layer, room: Room) -> tuple[str, Node] | None:
    """The entry made of a file; None where it is no text, for then it goes to `binaryData`, which nobody reads here."""
    key, _, path = written.value.rpartition("=")
    key = key or posixpath.basename(path)
    source = _source(path, layer, room)
    if source is None:
        return key, undetermined(f"the file {path}, which is not here", written.place)
    try:
        return key, _text(source, source.data.decode(), 0)
    except UnicodeDecodeError:
        return None


def _source(path: str, layer: Layer, room: Room) -> Source | None:
    source = room.source(resolve(layer.folder, path), below=layer.folder)
    return source if source and len(source.data) <= MAX_TEXT else None


def _text(source: Source, value: str, start: int) -> Node:
    """A text that is a value as a whole, and where it starts in its file (code points)."""
    return Written(value, Place(PlainText(source, value, start)))


def _literal(written: Text) -> tuple[str, Node]:
    key, _, value = written.value.partition("=")
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return key, Written(value[1:-1] if is_quoted else value, written.place)


def _lines(path: Text, layer: Layer, room: Room) -> Iterator[tuple[str, Node]]:
    """The variables of a file of `KEY=value` lines; blank lines and comments are passed over."""
    source = _source(path.value, layer, room)
    if source is None:
        yield path.value, undetermined(f"the file {path.value}, which is not here", path.place)
        return
    for match in _LINE.finditer(source.data.decode("utf-8", "replace")):
        start = match.start(2) if match[2] is not None else match.end(1)
        yield match[1], _text(source, match[2] or "", start)
