"""From a scalar's text back to where each character of it is written.

A configuration file inside a ConfigMap is a scalar: its lines are indented (`|`), folded (`>`), or all on one line
with escapes (`"...\\n..."`). The scalar is read once more, with the rules of YAML 1.2 chapters 7 and 8, to know which
character of the source each character of the value came from. Computed only for a place that is reported.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

_BREAK = r"(?:\r\n|[\r\n\x85\u2028\u2029])"
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
_HEADER = re.compile(rf"[|>][^\r\n\x85\u2028\u2029]*{_BREAK}?")
_LINE = re.compile(rf"([^\r\n\x85\u2028\u2029]*)({_BREAK}|\Z)")
_RUN = r"[^\r\n\x85\u2028\u2029 \t"
_FOLD = rf"[ \t]*{_BREAK}(?:[ \t]*{_BREAK})*[ \t]*"
_TOKENS = {
    '"': re.compile(
        rf"(?P<joined>\\{_FOLD})|(?P<one>\\(?:x..|u....|U........|.))|(?P<fold>{_FOLD})|(?P<plain>{_RUN}\\]+|[ \t]+|.)",
        re.DOTALL,
    ),
    "'": re.compile(rf"(?P<one>'')|(?P<fold>{_FOLD})|(?P<plain>{_RUN}']+|[ \t]+|.)", re.DOTALL),
    "": re.compile(rf"(?P<fold>{_FOLD})|(?P<plain>{_RUN}]+|[ \t]+|.)", re.DOTALL),
}

_SEPARATORS = ("\u2028", "\u2029")
"""Line breaks that folding keeps as they are."""

_Anchors = Iterator[tuple[int, int]]
"""Pairs of an index in the value and the index in the written text from which characters correspond one to one."""


def written_indices(written: str, style: str | None, value: str, indices: tuple[int, ...]) -> tuple[int, ...]:
    """Where characters of a value stand in `written`: the scalar of libyaml's `style`, with quotes and indentation."""
    if written == value:
        return indices
    start = _PROPERTIES.match(written).end()  # type: ignore[union-attr]  # matches the empty text too
    if style in ("|", ">"):
        anchors = list(_block(written, start, value, folded=style == ">"))
    else:
        anchors = list(_flow(written, start, style if style in ("'", '"') else ""))
    values = [anchor[0] for anchor in anchors]
    return tuple(_written(anchors, values, index, len(written)) for index in indices)


def _written(anchors: list[tuple[int, int]], values: list[int], index: int, end: int) -> int:
    at = bisect_right(values, index) - 1
    return min(anchors[at][1] + index - anchors[at][0], end) if at >= 0 else 0


def _block(written: str, start: int, value: str, *, folded: bool) -> _Anchors:
    """The anchors of a block scalar, one a line with content: libyaml's `yaml_parser_scan_block_scalar`, counting."""
    header = _HEADER.match(written, start)
    body = header.end() if header else start
    indent = _indent(written[body:], value)
    at, breaks, pending, was_blank, ended_by_separator = 0, 0, 0, False, False
    for line in _LINE.finditer(written, body):
        skipped = min(indent, _leading(line[1]))
        text = line[1][skipped:]
        if not text:
            breaks += 1
            continue
        is_blank = text[0] in " \t"
        folds = folded and pending and not was_blank and not is_blank and not ended_by_separator
        at += (0 if breaks else 1) if folds else pending
        at += breaks
        yield at, line.start() + skipped
        at += len(text)
        breaks, pending, was_blank, ended_by_separator = 0, 1, is_blank, line[2] in _SEPARATORS


def _indent(body: str, value: str) -> int:
    """How many spaces were taken from each line: what the first line that is not empty lost on its way to the value."""
    first = next((line[1] for line in _LINE.finditer(body) if line[1].strip(" ")), "")
    kept = next((line for line in re.split("[\n\u2028\u2029]", value) if line.strip(" ")), "")
    return max(0, _leading(first) - _leading(kept))


def _leading(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _flow(written: str, start: int, quote: str) -> _Anchors:
    """The anchors of a quoted or plain scalar: one at its start, and one behind every escape and fold."""
    end = len(written) - len(quote)
    position = start + len(quote)
    at = 0
    yield at, position
    for token in _TOKENS[quote].finditer(written, position, end):
        if token.lastgroup == "plain":
            at += len(token[0])
        elif token.lastgroup == "one":
            at += 1
        else:
            at += _folded(re.findall(_BREAK, token[0]), is_joined=token.lastgroup == "joined")
        if token.lastgroup != "plain":
            yield at, token.end()


def _folded(breaks: list[str], *, is_joined: bool) -> int:
    """How many characters of the value a run of line breaks in a flow scalar comes to: one is a space, n are n - 1."""
    if breaks[0] in _SEPARATORS:
        return len(breaks)
    return len(breaks) - 1 if len(breaks) > 1 or is_joined else 1
