"""Sources to documents: values as kubectl would see them, and positions as an editor would.

This package is the only room with PyYAML. Two speeds: a document of no wanted kind is only sketched from its bytes; a
wanted one becomes plain values; its positions are computed when something is reported in it. `inner` and `json_text`
are imported where they are needed, which is rare: their patterns take longer to compile than a small file to read.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import yaml

from srcip_lint.documents.faults import explain
from srcip_lint.documents.spans import Node, locate, trees
from srcip_lint.documents.split import Chunk, Interest, Sketch, interest, sketch, split
from srcip_lint.documents.values import ComplexKey, DuplicateKey, TooComplex, Undetermined, Values, load
from srcip_lint.finding import Location
from srcip_lint.positions import FieldPath, Span
from srcip_lint.sources import Source

__all__ = [
    "ComplexKey",
    "Document",
    "Interest",
    "Page",
    "Place",
    "Sketch",
    "Skipped",
    "Spot",
    "Template",
    "Undetermined",
    "Unreadable",
    "location",
    "read",
    "read_all",
]

_LINE_BREAK = re.compile(r"[\r\n]")


class Page(Protocol):
    """What a place can be in: a document of a file, a text nested in one, or an object put together from several.

    `stream` names what is applied together: a file, or the kustomization at the root of a rendering, whose `folder`
    (from the outermost) is then the object's scope.
    """

    @property
    def value(self) -> Any: ...

    @property
    def source(self) -> Source: ...

    @property
    def template(self) -> str | None: ...

    @property
    def stream(self) -> str: ...

    @property
    def folder(self) -> tuple[str, ...]: ...

    @property
    def files(self) -> frozenset[str]:
        """The paths of all files that something of it is written in."""

    def origin(self, place: Place) -> Place:
        """Where a place of this page is written: in a page that stands in one file."""

    def span(self, path: FieldPath, part: str = "field") -> Span:
        """Where `path` stands, or its nearest ancestor that is written."""

    def extent(self, path: FieldPath) -> tuple[int, int, str | None]:
        """Start and end (exclusive) of the value at `path`, as indices in the source's text, and its scalar style."""


@dataclass(frozen=True, eq=False)
class Document:
    """One YAML or JSON document: its value, and on demand where each field stands.

    `number` counts the documents of the source from 0; `start` is the index of `text` in the source's text (code
    points).
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
        except yaml.YAMLError:  # JSON that libyaml refuses
            return self._json_tree()

    def _json_tree(self) -> Node:
        from srcip_lint.documents.json_text import yaml_text

        try:
            return trees(yaml_text(self.text))[0]
        except yaml.YAMLError:  # not even like that, for a key of more than 1024 characters: all of it is its place
            return Node(0, len(self.text.rstrip()))

    @property
    def stream(self) -> str:
        """What the document is applied together with: its file."""
        return self.source.path

    @property
    def folder(self) -> tuple[str, ...]:
        return self.source.folder

    @property
    def files(self) -> frozenset[str]:
        return frozenset({self.source.path})

    def origin(self, place: Place) -> Place:
        """Where a place of this document is written: there."""
        return place

    def span(self, path: FieldPath, part: str = "field") -> Span:
        """Where `path` stands, or its nearest ancestor that is written.

        `part` is `key`, `value` or `field`: the key and, where the value is a one-line scalar, the value too.
        """
        return self.source.lines.span(*self.indices(path, part))

    def extent(self, path: FieldPath) -> tuple[int, int, str | None]:
        """Start and end (exclusive) of the value at `path`, as indices in the source's text, and its scalar style."""
        _, _, node = locate(self._tree, path)
        return self.start + node.start, self.start + node.end, node.style

    def indices(self, path: FieldPath, part: str = "field") -> tuple[int, int]:
        """What `span` spans, as indices in the source's text (code points)."""
        key_start, key_end, node = locate(self._tree, path)
        is_container = bool(node.fields or node.items) or node.style in ("|", ">")
        if part == "value":
            start, end = node.start, node.end
        elif node is self._tree or (is_container and key_end > key_start):
            start, end = key_start, key_end
        elif is_container:  # an item of a list: its first line
            start, end = node.start, min(node.end, _line_end(self.text, node.start))
        else:
            start, end = key_start, node.end if part == "field" and node.start >= key_start else key_end
        return self.start + start, self.start + end

    def span_of_first(self, path: FieldPath) -> Span | None:
        """Where the key of a field that is written twice is written first; None where it is written once."""
        _, _, parent = locate(self._tree, path[:-1])
        first = parent.first.get(str(path[-1])) if path else None
        return self._absolute(*first) if first else None

    def span_between(self, start: int, end: int) -> Span:
        """The span from index `start` to `end` of this document's text."""
        return self._absolute(start, end)

    def _absolute(self, start: int, end: int) -> Span:
        return self.source.lines.span(self.start + start, self.start + end)


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """A field of a document: a symbolic location, made concrete only when it is reported."""

    document: Page
    path: FieldPath = ()
    part: str = "field"
    inside: tuple[int, int] | None = None
    """A stretch of the field's text, where that is a scalar: start and end (exclusive) in code points."""

    @property
    def origin(self) -> Place:
        """Where it is written, in a file: another place only for an object put together from several."""
        return self.document.origin(self)

    @property
    def span(self) -> Span:
        origin = self.origin
        text = _scalar(self) if self.inside else None
        if self.inside is None or text is None:
            return origin.document.span(origin.path, origin.part)
        from srcip_lint.documents.inner import written_indices

        start, end, style = origin.document.extent(origin.path)
        lines = origin.document.source.lines
        inner = written_indices(lines.text[start:end], style, text, self.inside)
        return lines.span(start + inner[0], start + inner[1])

    @property
    def source(self) -> Source:
        return self.origin.document.source

    @property
    def template(self) -> str | None:
        return self.origin.document.template

    def at(self, *steps: str | int) -> Place:
        """The place of a field below this one."""
        return Place(self.document, (*self.path, *steps), self.part)

    def within(self, start: int, end: int) -> Place:
        """The place of a stretch of this field's text, by its indices in code points: a line of a file in it."""
        return Place(self.document, self.path, self.part, (start, end))


def _scalar(place: Place) -> str | None:
    """The text at a place; None where there is none (any more)."""
    value = place.document.value
    try:
        for step in place.path:
            value = value[step]
    except (TypeError, KeyError, IndexError):
        return None
    return value if isinstance(value, str) else None


@dataclass(frozen=True, eq=False, slots=True)
class Spot:
    """A stretch of a source that is no field of a document: a comment, a broken line, a file as a whole."""

    source: Source
    span: Span
    path: FieldPath = ()
    template: str | None = None


def location(at: Place | Spot) -> Location:
    """The concrete place of a field or of a stretch of a source: only now are its document's positions computed."""
    return Location(at.source.path, at.span, at.template, at.source.lines)


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


def read_all(source: Source) -> Iterator[Document | Unreadable | Template | Skipped]:
    """The documents of a source, whatever they hold: for a file that another one gives a meaning, a patch say."""
    for chunk in split(source.data):
        yield from _parse(source, chunk)


def _parse(source: Source, chunk: Chunk) -> Iterator[Document | Unreadable | Template | Skipped]:
    try:
        text = chunk.data.decode()
    except UnicodeDecodeError as error:
        index = len(chunk.data[: error.start].decode("utf-8", "surrogateescape"))
        byte, offset = chunk.data[error.start], chunk.start + error.start
        yield _unreadable(source, chunk, index, f"not UTF-8: byte 0x{byte:02x} (offset {offset})")
        return
    try:
        parts = _parts(text)
    except (yaml.YAMLError, TooComplex, ValueError, OverflowError) as error:
        action = None if isinstance(error, TooComplex) else chunk.template_action
        if action is None:
            yield _unreadable(source, chunk, *explain(error, text))
        else:
            start = chunk.index + len(chunk.data[:action].decode())
            yield Template(source, source.lines.span(start, start + 2))
        return
    for start, part, values in parts:
        yield from _documents(source, chunk, chunk.index + start, part, values)


def _parts(text: str) -> list[tuple[int, str, Values]]:
    """A text's documents: as one part, unless it is JSON that libyaml refuses; then each value with its index and
    text."""
    try:
        return [(0, text, load(text))]
    except yaml.YAMLError:
        from srcip_lint.documents.json_text import pieces

        parts = pieces(text)
        if parts is None:
            raise
        return parts


def _documents(source: Source, chunk: Chunk, start: int, text: str, values: Values) -> Iterator[Document | Skipped]:
    for nth, value in enumerate(values.roots):
        if value is None:
            yield Skipped(source, Interest.EMPTY, None)
        else:
            duplicates = tuple(key for key in values.duplicates if key.nth == nth)
            yield Document(source, chunk.number, start, text, value, chunk.template, duplicates, nth)


def _unreadable(source: Source, chunk: Chunk, index: int, reason: str) -> Unreadable:
    """The answer about a chunk whose text cannot be read at `index` (code points)."""
    span = source.lines.span(chunk.index + index, chunk.index + index + 1)
    return Unreadable(source, span, reason, chunk.looks_like_kubernetes)


def _line_end(text: str, index: int) -> int:
    """Where the line of an index ends, before its line break."""
    match = _LINE_BREAK.search(text, index)
    return match.start() if match else len(text)
