"""Texts that are no files of their own: YAML that a scalar holds, and a file, or a part of one, taken as a plain text.

A patch written inside a `kustomization.yaml` is the first: its documents have their positions in the file around it.
The `nginx.conf` that a ConfigMap is made of is the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from srcip_lint.documents import Document, Place, Template, Unreadable, read_all
from srcip_lint.positions import FieldPath, Span
from srcip_lint.sources import Source


@dataclass(frozen=True, eq=False)
class Nested:
    """A document inside a scalar. `outer` is the scalar's place, `inner` the document as if its text were a file."""

    inner: Document
    outer: Place

    @property
    def value(self) -> Any:
        return self.inner.value

    @property
    def source(self) -> Source:
        return self.outer.source

    @property
    def template(self) -> str | None:
        return self.outer.template

    @property
    def stream(self) -> str:
        return self.outer.document.stream

    @property
    def folder(self) -> tuple[str, ...]:
        return self.outer.document.folder

    @property
    def files(self) -> frozenset[str]:
        return frozenset({self.source.path})

    def origin(self, place: Place) -> Place:
        return place

    def span(self, path: FieldPath, part: str = "field") -> Span:
        return self.source.lines.span(*self._outward(*self.inner.indices(path, part)))

    def extent(self, path: FieldPath) -> tuple[int, int, str | None]:
        start, end, style = self.inner.extent(path)
        return (*self._outward(start, end), style)

    def _outward(self, start: int, end: int) -> tuple[int, int]:
        """From indices in the inner text to indices in the source's text (code points)."""
        from srcip_lint.documents.inner import written_indices

        origin = self.outer.origin
        first, last, style = origin.document.extent(origin.path)
        written = origin.document.source.lines.text[first:last]
        indices = written_indices(written, style, self.inner.source.lines.text, (start, end))
        return first + indices[0], first + indices[1]


@dataclass(frozen=True, eq=False)
class PlainText:
    """A text that stands in a file as it is, from the index `start` on (code points): the whole file, or a line."""

    source: Source
    value: str
    start: int = 0
    template: str | None = None

    @property
    def stream(self) -> str:
        return self.source.path

    @property
    def folder(self) -> tuple[str, ...]:
        return self.source.folder

    @property
    def files(self) -> frozenset[str]:
        return frozenset({self.source.path})

    def origin(self, place: Place) -> Place:
        return place

    def span(self, path: FieldPath, part: str = "field") -> Span:  # noqa: ARG002  (a text has no fields)
        """Its first line."""
        return self.source.lines.span(self.start, self.start + len(self.value.partition("\n")[0].rstrip("\r")))

    def extent(self, path: FieldPath) -> tuple[int, int, str | None]:  # noqa: ARG002
        return self.start, self.start + len(self.value), None


def nested(place: Place, text: str) -> Iterator[Nested | Unreadable]:
    """The documents in a scalar's text. A text that cannot be read is one answer, at the scalar's place."""
    inner = Source(place.source.path, text.encode("utf-8", "replace"), named=True)
    for answer in read_all(inner):
        if isinstance(answer, Document):
            yield Nested(answer, place)
        elif isinstance(answer, Unreadable):
            yield Unreadable(place.source, place.span, answer.reason, answer.looks_like_kubernetes)
        elif isinstance(answer, Template):
            yield Unreadable(place.source, place.span, "the source of a template", looks_like_kubernetes=False)
