"""Where things stand in a text, counted the way an editor counts.

PyYAML takes U+0085, U+2028 and U+2029 for line breaks; editors, git and code scanning do not. Its character *index* is
right, so lines and columns here are computed from indices and our own table of line starts (LF, CR and CRLF).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

FieldPath = tuple["str | int", ...]
"""The way from a document's root to a field: mapping keys and list indices."""

_LINE_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of text. Lines and columns count from 1, columns in Unicode code points; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Lines:
    """The table of line starts of one text. `as_stored` is false where the file's own bytes are others: UTF-16, or a
    byte order mark before it."""

    __slots__ = ("_starts", "as_stored", "text")

    def __init__(self, text: str, *, as_stored: bool = True) -> None:
        self.text = text
        self.as_stored = as_stored
        self._starts = [0, *(match.end() for match in _LINE_BREAK.finditer(text))]

    def __len__(self) -> int:
        return len(self._starts)

    def line(self, number: int) -> str:
        """The text of line `number` (from 1) without its line break; empty where there is no such line."""
        if not 1 <= number <= len(self._starts):
            return ""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def position(self, index: int) -> tuple[int, int]:
        """Line and column, both from 1, of the code point at `index` (from 0)."""
        index = max(0, min(index, len(self.text)))
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        """The span from index `start` to index `end` (exclusive)."""
        return Span(*self.position(start), *self.position(max(start, end)))


def dotted(path: FieldPath) -> str:
    """`spec.ports[0].nodePort`, the way kubectl and the API server write a field path."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", step):
            parts.append(f".{step}" if parts else step)
        else:
            parts.append(f'["{step}"]')
    return "".join(parts)
