"""Why a text cannot be read, in one line, and where: at what was left open, rather than where the parser noticed."""

from __future__ import annotations

from typing import Any

import yaml

from srcip_lint.documents.values import TooComplex, events

_OPEN_QUOTE = (
    "while scanning a quoted scalar",
    "while scanning a double-quoted scalar",
    "while scanning a single-quoted scalar",
)
_ENDS = "unexpected end of stream", "unexpected document indicator", "unexpected document separator"


def explain(error: Exception, text: str) -> tuple[int, str]:
    """The index in the text (code points) of what is at fault, and the reason."""
    if isinstance(error, TooComplex):
        return error.index, error.reason
    if isinstance(error, yaml.reader.ReaderError):
        character = chr(error.character)  # the first one of its kind, for none of them is allowed
        return max(0, text.find(character)), f"not YAML: the character U+{error.character:04X} is not allowed"
    if isinstance(error, yaml.MarkedYAMLError):
        return _marked(error, text)
    return 0, f"not YAML: {error}"


def _marked(error: Any, text: str) -> tuple[int, str]:
    reason = "not YAML: " + " ".join(word for word in (error.problem, error.context) if word)
    noticed = error.problem_mark or error.context_mark
    last = len(text.rstrip()) - 1
    index = min(noticed.index, last) if noticed else 0
    start = _left_open(error, text)
    if start is not None and (index == last or "\n" in text[start:index].replace("\r", "\n")):
        return start, f"{reason}; it is opened here"
    if str(error.context).endswith("a simple key") and error.context_mark:
        return error.context_mark.index, reason
    return max(0, index), reason


def _left_open(error: Any, text: str) -> int | None:
    """Where the quote, or the innermost bracket or brace, was opened that is still open; None where there is none."""
    if error.context in _OPEN_QUOTE and any(end in error.problem for end in _ENDS) and error.context_mark:
        return int(error.context_mark.index)
    opened: list[tuple[int, bool]] = []
    try:
        for event in events(text):
            kind = type(event)
            if kind in (yaml.MappingStartEvent, yaml.SequenceStartEvent):
                opened.append((event.start_mark.index, bool(event.flow_style)))
            elif kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
                opened.pop()
    except yaml.YAMLError:
        return opened[-1][0] if opened and opened[-1][1] else None
    return None
