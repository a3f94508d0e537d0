"""JSON that libyaml refuses: objects that merely follow each other, surrogate escapes, raw C1 controls, very long keys.

kubectl takes them all. Each value is cut out and read as YAML, for the sake of its positions and of keys written
twice; only where libyaml still refuses it is it what Python's JSON decoder makes of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from srcip_lint.documents.scalars import resolve
from srcip_lint.documents.values import MAX_DEPTH, TooComplex, Values, load

_OPENING = re.compile(r"(?:---)?[ \t\r\n]*(?=[{\[])")
_FOREIGN = re.compile(
    r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}|[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""What JSON may hold and YAML may not: escaped surrogates, and what libyaml takes for control characters."""


def pieces(text: str) -> list[tuple[int, str, Values]] | None:
    """Each JSON value of a text: where it starts, its text and its value. None where the text is not JSON.

    Raises TooComplex where a value is nested too deeply.
    """
    opening = _OPENING.match(text)
    if opening is None:
        return None
    decoder, index = json.JSONDecoder(parse_int=resolve), opening.end()  # int() refuses more than 4300 digits
    found = []
    while index < len(text):
        try:
            value, end = decoder.raw_decode(text, index)
        except (ValueError, RecursionError):
            return None
        found.append((index, text[index:end], _values(text[index:end], value, index)))
        while end < len(text) and text[end] in " \t\r\n":
            end += 1
        index = end
    return found


def yaml_text(text: str) -> str:
    """The same JSON with as many code points, and nothing in it that libyaml refuses. Some strings read differently."""
    return _FOREIGN.sub(lambda match: r"\uFFFD" if len(match[0]) > 1 else "\ufffd", text)


def _values(piece: str, value: Any, start: int) -> Values:
    for text, is_exact in ((piece, True), (yaml_text(piece), False)):
        try:
            values = load(text)
        except yaml.YAMLError:
            continue
        except TooComplex as error:
            raise TooComplex(error.reason, start + error.index) from None
        return values if is_exact else Values([value], values.duplicates)
    if any(depth > MAX_DEPTH for depth in _depths(value)):
        raise TooComplex(f"nested deeper than {MAX_DEPTH} levels", start)
    return Values([value])


def _depths(value: Any) -> Iterator[int]:
    pending = [(value, 0)]
    while pending:
        value, depth = pending.pop()
        yield depth
        if isinstance(value, dict | list):
            pending += [(item, depth + 1) for item in (value.values() if isinstance(value, dict) else value)]
