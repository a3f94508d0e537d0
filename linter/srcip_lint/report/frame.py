"""The code frame: the line at fault, and carets below what is meant.

     |
  12 |   externalTrafficPolicy: Local
     |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^

Carets are counted in terminal columns of what is shown, not in code points of what was read: a tab is expanded, a
control character is an escape of several columns, an East Asian letter takes two and a combining mark none.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from srcip_lint.finding import Location
from srcip_lint.positions import Span
from srcip_lint.report.sanitize import pieces

_LONGEST = 110
"""Code points of a line that are shown; of a longer one a window around the span."""
_BEFORE = 30
"""Code points that such a window shows before the span."""
_TAB = 4
_CUT = "…"


@dataclass(frozen=True, slots=True)
class Frame:
    """A line ready to print, and where its carets stand: `indent` columns in, `carets` columns wide (at least 1)."""

    number: int
    text: str
    indent: int
    carets: int


def frame(location: Location) -> Frame | None:
    """The frame of a place, or None where there is nothing to show. Of a span over several lines it shows the first."""
    text = location.lines.line(location.span.line) if location.lines else ""
    if not text.strip():
        return None
    start, end = _stretch(text, location.span)
    left, right = _window(len(text), start, end)
    cells = _cells(text[left:right])
    before, after = (_CUT if left else ""), (_CUT if right < len(text) else "")
    indent = sum(width for _, width in cells[: start - left]) + len(before)
    carets = sum(width for _, width in cells[start - left : end - left])
    shown = before + "".join(piece for piece, _ in cells) + after
    return Frame(location.span.line, shown.rstrip(), indent, max(1, carets))


def _stretch(text: str, span: Span) -> tuple[int, int]:
    """What to underline, as indices into the line: up to the end of its text where the span goes on below."""
    start = min(span.column - 1, len(text))
    end = span.end_column - 1 if span.end_line == span.line else len(text.rstrip())
    return start, max(start, min(end, len(text)))


def _window(length: int, start: int, end: int) -> tuple[int, int]:
    """The part of a line to show, as indices into it."""
    left = 0 if end <= _LONGEST else max(0, min(start - _BEFORE, length - _LONGEST))
    return left, min(length, left + _LONGEST)


def _cells(text: str) -> list[tuple[str, int]]:
    """For each code point what is printed and how many columns that takes."""
    cells: list[tuple[str, int]] = []
    column = 0
    for char, piece in zip(text, pieces(text), strict=True):
        shown = " " * (_TAB - column % _TAB) if char == "\t" else piece
        width = len(shown) if shown.isascii() else _width(shown)
        cells.append((shown, width))
        column += width
    return cells


def _width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
