"""`primaryLocationLineHash`: how code scanning on GitHub knows an alert again when lines above it come and go.

`upload-sarif` computes it from the checkout where a log has none, and warns where a log has another, so this is its
algorithm (github/codeql-action, `src/fingerprints.ts`). A line's hash is that of a window: the 100 UTF-16 units from
the line's start on, blanks and tabs left out, line breaks as line feeds, after the file's end one 65535 and then
zeros. It is a polynomial in 37, modulo 2^64, in hexadecimal; `:2` follows for the second line of the same hash.

There it is a rolling hash over every unit. Here windows are compared as texts, and only those of the lines asked for
are hashed: the same answers, without a step of Python for every character of a file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from srcip_lint.positions import Lines

_WINDOW = 100
_BASE = 37
_MODULUS = 1 << 64
_END = "\uffff"
_BLANKS = str.maketrans("", "", " \t")
_LINE_BREAK = re.compile("\r\n?")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_NOT_UTF_8 = re.compile("[\udc80-\udcff]+")


def line_hashes(lines: Lines, wanted: Collection[int]) -> dict[int, str]:
    """The hashes of the wanted lines, which count from 1; those that the text does not have are left out."""
    text = _units(lines.text) + _END
    seen = {window: 0 for number, window in _windows(text, max(wanted, default=0)) if number in wanted}
    found: dict[int, str] = {}
    for number, window in _windows(text, max(wanted, default=0)):
        if window in seen:
            seen[window] += 1
            if number in wanted:
                found[number] = f"{_polynomial(window):x}:{seen[window]}"
    return found


def _windows(text: str, last: int) -> Iterator[tuple[int, str]]:
    """The lines up to number `last`, each with its window."""
    start = 0
    for number in range(1, last + 1):
        if start == len(text):
            return
        yield number, text[start : start + _WINDOW]
        start = text.find("\n", start) + 1 or len(text)


def _units(text: str) -> str:
    """The text as the algorithm sees it, a character for each UTF-16 unit: without blanks, with line feeds only."""
    if not text.isascii():
        text = _ASTRAL.sub(_surrogates, _NOT_UTF_8.sub(_replaced, text))
    return _LINE_BREAK.sub("\n", text).translate(_BLANKS)


def _replaced(match: re.Match[str]) -> str:
    """What Node.js makes of bytes that are not UTF-8: U+FFFD for each of the longest beginnings of a character."""
    return match.group().encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _surrogates(match: re.Match[str]) -> str:
    code = ord(match.group()) - 0x10000
    return chr(0xD800 + (code >> 10)) + chr(0xDC00 + (code & 0x3FF))


def _polynomial(window: str) -> int:
    value = 0
    for char in window.ljust(_WINDOW, "\0"):
        value = (value * _BASE + ord(char)) % _MODULUS
    return value
