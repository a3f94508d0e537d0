"""Sources to documents: values as kubectl would see them, and positions as an editor would.

This package is the only room with PyYAML. Two speeds: a document of no wanted kind is only sketched from its bytes; a wanted
one becomes plain values; its positions are computed when something is reported in it.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from srcip_lint.documents.spans import Node, locate, trees
from srcip_lint.documents.split import Chunk, Interest, Sketch, interest, sketch, split
from srcip_lint.documents.values import ComplexKey, DuplicateKey, TooComplex, Values, load
from srcip_lint.positions import FieldPath, Span
from srcip_lint.sources import Source

__all__ = ["ComplexKey", "Document", "Interest", "Place", "Sketch", "Skipped", "Spot", "Template", "Unreadable", "read"]


@dataclass(frozen=True, eq=False)
class Document:
    """One YAML or JSON document: its value, and on demand where each field stands.

    `number` counts the documents of the source from 0; `start` is the index of `text` in the source's text (code points).
    """

    source: Source
    number: int
    start: int
    text: str
    value: Any
    template: str | None = None
    duplicates: tuple[DuplicateKey, ...] = ()
    nth: int = 0

    @cached_property
    def _tree(self) -> Node:
        try:
            return trees(self.text)[self.nth]
        except (yaml.YAMLError, IndexError):  # JSON that is not YAML (surrogate escapes): the whole document is its place
            return Node(0, len(self.text.rstrip()))

    def span(self, path: FieldPath, part: str = "field") -> Span:
        """Where `path` stands, or its nearest ancestor that is written.

        `part` is `key`, `value` or `field`: the key and, where the value is a one-line scalar, the value too.
        """
        key_start, key_end, node = locate(self._tree, path)
        is_container = bool(node.fields or node.items) or node.style in ("|", ">")
        if part == "value":
            start, end = node.start, node.end
        elif not path or (is_container and key_end > key_start):
            start, end = key_start, max(key_end, key_start)
        else:
            start, end = key_start, node.end if part == "field" and node.start >= key_start else key_end
        return self._absolute(start, end)

    def span_between(self, start: int, end: int) -> Span:
        """The span from index `start` to `end` of this document's text."""
        return self._absolute(start, end)

    def _absolute(self, start: int, end: int) -> Span:
        return self.source.lines.span(self.start + start, self.start + end)


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """A field of a document: a symbolic location, made concrete only when it is reported."""

    document: Document
    path: FieldPath = ()
    part: str = "field"

    @property
    def span(self) -> Span:
        return self.document.span(self.path, self.part)

    @property
    def source(self) -> Source:
        return self.document.source

    @property
    def template(self) -> str | None:
        return self.document.template

    def at(self, *steps: str | int) -> Place:
        """The place of a field below this one."""
        return Place(self.document, (*self.path, *steps), self.part)


@dataclass(frozen=True, eq=False, slots=True)
class Spot:
    """A stretch of a source that is no field of a document: a comment, a broken line, a file as a whole."""

    source: Source
    span: Span
    path: FieldPath = ()
    template: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Unreadable:
    """A document that could not be read: where, why, and whether it looked like Kubernetes."""

    source: Source
    span: Span
    reason: str
    looks_like_kubernetes: bool


@dataclass(frozen=True, eq=False, slots=True)
class Template:
    """A document that is the source of a template, to be rendered before it can be judged."""

    source: Source
    span: Span


@dataclass(frozen=True, eq=False, slots=True)
class Skipped:
    """A document of no interest. `sketch` tells whose custom resource it is, where it is a Kubernetes object."""

    source: Source
    interest: Interest
    sketch: Sketch | None


def read(source: Source, wanted: Container[str]) -> Iterator[Document | Unreadable | Template | Skipped]:
    """The documents of a source. Nothing is raised for bad input: what cannot be read is an answer of its own."""
    for chunk in split(source.data):
        verdict = interest(chunk, wanted)
        if verdict is Interest.WANTED or (source.named and verdict is Interest.NOT_KUBERNETES):
            yield from _parse(source, chunk)
        else:
            is_object = verdict is Interest.OTHER_KIND
            yield Skipped(source, verdict, sketch(chunk) if is_object else None)


def _parse(source: Source, chunk: Chunk) -> Iterator[Document | Unreadable | Template | Skipped]:
    start = len(source.data[: chunk.start].decode("utf-8", "surrogateescape"))
    try:
        text = chunk.data.decode()
        values = _load(text)
    except UnicodeDecodeError as error:
        index = len(chunk.data[: error.start].decode("utf-8", "surrogateescape"))
        yield _unreadable(source, chunk, start + index, f"not UTF-8: byte 0x{chunk.data[error.start]:02x} (offset {chunk.start + error.start})")
    except (yaml.YAMLError, TooComplex, ValueError) as error:
        index, reason = _explain(error)
        if chunk.has_template_action:
            first = text.index("{{")
            yield Template(source, source.lines.span(start + first, start + first + 2))
        else:
            yield _unreadable(source, chunk, start + index, reason)
    else:
        duplicates = tuple(values.duplicates)
        for nth, value in enumerate(values.roots):
            if value is None:
                yield Skipped(source, Interest.EMPTY, None)
            else:
                yield Document(source, chunk.number, start, text, value, chunk.template, duplicates if not nth else (), nth)


def _load(text: str) -> Values:
    """YAML, or else JSON: libyaml refuses the surrogate escapes of JSON, and objects that merely follow each other."""
    try:
        return load(text)
    except yaml.YAMLError:
        if not text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
            raise
        roots = _json_stream(text)
        if roots is None:
            raise
        return Values(roots)


def _json_stream(text: str) -> list[Any] | None:
    decoder = json.JSONDecoder()
    roots, index = [], 0
    text = text.strip()
    while index < len(text):
        try:
            value, index = decoder.raw_decode(text, index)
        except (ValueError, RecursionError):
            return None
        roots.append(value)
        while index < len(text) and text[index] in " \t\r\n":
            index += 1
    return roots


def _unreadable(source: Source, chunk: Chunk, index: int, reason: str) -> Unreadable:
    return Unreadable(source, source.lines.span(index, index + 1), reason, chunk.looks_like_kubernetes)


def _explain(error: Exception) -> tuple[int, str]:
    """Where a parser gave up (index in the text) and why, in one line. An open construct is reported where it starts."""
    if isinstance(error, TooComplex):
        return error.index, error.reason
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.context_mark if error.context_mark and "unexpected end" in str(error.problem) else error.problem_mark
        mark = mark or error.context_mark
        words = [word for word in (error.context, error.problem) if word]
        return (mark.index if mark else 0), "not YAML: " + ", ".join(words)
    if isinstance(error, yaml.reader.ReaderError):
        return error.position, f"not YAML: the character U+{ord(error.character):04X} is not allowed" if isinstance(
            error.character, str
        ) else f"not YAML: {error.reason}"
    return 0, f"not YAML: {error}"
