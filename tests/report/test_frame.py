"""Code frames: carets stand below what is meant, whatever the line holds."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srcip_lint.finding import Location
from srcip_lint.positions import Lines, Span
from srcip_lint.report.frame import Frame, frame


def framed(text: str, start: int, end: int, end_line: int = 1) -> Frame | None:
    return frame(Location("x.yaml", Span(1, start, end_line, end), lines=Lines(text)))


@pytest.mark.parametrize(
    ("text", "start", "end", "shown", "carets"),
    [
        ("a: Local", 4, 9, "a: Local", "   ^^^^^"),
        ("a: Local", 1, 1, "a: Local", "^"),
        ("a: Local   # why", 4, 9, "a: Local   # why", "   ^^^^^"),
        ("\ta:\tb", 2, 6, "    a:  b", "    ^^^^^"),
        ("日本: x", 5, 6, "日本: x", "      ^"),
        ("日本: x", 1, 3, "日本: x", "^^^^"),
        ("e\u0301: x", 5, 6, "e\u0301: x", "   ^"),
        ("\x1b[m: x", 6, 7, r"\x1b[m: x", "        ^"),
        ("a\u202eb: x", 1, 4, r"a\u202eb: x", "^^^^^^^^"),
        ("##[: x", 6, 7, r"##\x5b: x", "        ^"),
        ("a: x", 40, 50, "a: x", "    ^"),
    ],
)
def test_carets_stand_below_the_span(text: str, start: int, end: int, shown: str, carets: str) -> None:
    picture = framed(text, start, end)
    assert picture is not None
    assert (picture.text, " " * picture.indent + "^" * picture.carets) == (shown, carets)


def test_a_span_over_lines_shows_its_first() -> None:
    picture = framed("  spec:  \n    a: b\n", 3, 9, end_line=2)
    assert picture == Frame(1, "  spec:", 2, 5)


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_an_empty_line_has_no_frame(text: str) -> None:
    assert framed(text, 1, 1) is None


def test_a_place_without_a_text_has_no_frame() -> None:
    assert frame(Location("x.yaml", Span(1, 1, 1, 1))) is None


def test_a_long_line_is_cut_around_the_span() -> None:
    picture = framed("x" * 5000 + "Local" + "y" * 5000, 5001, 5006)
    assert picture is not None
    assert picture.text == "…" + "x" * 30 + "Local" + "y" * 75 + "…"
    assert picture.text[picture.indent : picture.indent + picture.carets] == "Local"


def test_a_long_line_is_cut_at_its_end_only_where_the_span_is_near_its_start() -> None:
    picture = framed("a: Local  # " + "y" * 5000, 4, 9)
    assert picture is not None
    assert picture.text.startswith("a: Local")
    assert picture.text.endswith("y…")


@given(st.text(), st.integers(1, 300), st.integers(0, 300))
def test_any_line_is_framed_within_bounds(text: str, start: int, length: int) -> None:
    picture = framed(text, start, start + length)
    if picture is not None:
        assert picture.carets >= 1
        assert picture.text.isprintable()
        columns = sum(0 if unicodedata.category(char) in ("Mn", "Me") else 2 for char in picture.text)
        assert picture.indent + picture.carets <= max(columns, 1) + len(text) * 10
