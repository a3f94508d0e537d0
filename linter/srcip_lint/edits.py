"""Changes that a rule proposes, as edits of the text of a file. Where the text is not the plain line that one would
write by hand, there is no edit: the finding says in words what to change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sized
from dataclasses import replace
from typing import cast

from srcip_lint.documents import Place, location
from srcip_lint.finding import Edit, Location
from srcip_lint.positions import Lines, Span
from srcip_lint.rule import Change

_STDIN = "<stdin>"

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
"""A scalar that means the same with and without quotes around it: no blank, no sign that YAML or JSON knows."""
_SHARED = re.compile(r"<<|[:,\[-]\s+[&*]\w")
"""An anchor, an alias or a merge: what is written once may then stand in several places."""
_NOTHING_ELSE = re.compile(r"[ \t]*(#.*)?")


def edits(changes: Iterable[Change]) -> tuple[Edit, ...]:
    """The changes that can be made in the file as it is written."""
    found = (_edit(change) for change in changes)
    return tuple(edit for edit in found if edit)


def _edit(change: Change) -> Edit | None:
    if change.at.origin is not change.at:  # put together from several files: which of them to change is a decision
        return None
    value = location(replace(change.at, part="value"))
    key = location(replace(change.at, part="key")).span
    lines = value.lines
    is_beside = (key.line, key.line) == (value.span.line, value.span.end_line) and key.end_column < value.span.column
    if lines is None or value.template or value.path == _STDIN or not is_beside or _SHARED.search(lines.text):
        return None  # not in a file, over several lines, or not only in this place
    if change.value is None:
        return _removed(change, value, key, lines)
    return _written(change.fix, change.value, value, lines)


def _written(fix: str, text: str, value: Location, lines: Lines) -> Edit | None:
    """The value replaced, in the quotes that it has."""
    written = lines.line(value.span.line)[value.span.column - 1 : value.span.end_column - 1]
    quote = written[:1] if written[:1] in ("'", '"') and written[:1] == written[-1:] else ""
    unquoted = written.strip("'\"")
    if not _PLAIN.fullmatch(unquoted) or not _PLAIN.fullmatch(text):
        return None
    return Edit(fix, value, f"{quote}{text}{quote}")


def _removed(change: Change, value: Location, key: Span, lines: Lines) -> Edit | None:
    """The whole line taken away, where nothing but the field stands on it, and something is left of the mapping."""
    line = lines.line(key.line)
    alone = not line[: key.column - 1].strip() and _NOTHING_ELSE.fullmatch(line[value.span.end_column - 1 :])
    if not alone or _is_after_comma(key.line, lines) or len(_parent(change.at)) < 2:
        return None
    end = (key.line + 1, 1) if key.line < len(lines) else (key.line, len(line) + 1)
    return Edit(change.fix, replace(value, span=Span(key.line, 1, *end)), "")


def _is_after_comma(number: int, lines: Lines) -> bool:
    """Does the text before a line end with the comma of a flow mapping, or of JSON, which would then be left over?"""
    before = (lines.line(above).rstrip() for above in range(number - 1, 0, -1))
    return next((text for text in before if text), "").endswith(",")


def _parent(place: Place) -> Sized:
    """The mapping or list that a field stands in."""
    found = place.document.value
    for step in place.path[:-1]:
        found = found[step]
    return cast("Sized", found)
