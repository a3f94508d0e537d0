r"""Text from manifests and paths, made harmless for where it goes: one function for each destination.

A Service's name may hold `\e[2J`, a line break and `::error ::`, or `[click](javascript:...)`. Whatever is not
printable (C0, DEL, C1, bidirectional and zero-width controls, line separators, odd spaces, bytes that are not UTF-8) is
shown as a visible escape, so a reader sees that it is there and no machine obeys it.

The runner of GitHub Actions reads commands from every line a step prints, in two forms: `::name ::text` where a line
starts with it, leading blanks aside, and the older `##[name]text` anywhere in a line. Both are broken up in every
format, since nobody knows where a text will be printed.
"""

from __future__ import annotations

import json
import os
import re

_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_COMMAND = re.compile(r"^( *):(?=:.*::)", re.MULTILINE)
_SARIF_SPECIAL = re.compile(r"[\\\[\]]")


def terminal(text: str) -> str:
    """One line of printable text. Line breaks and tabs are escaped too: the layout is the format's own."""
    return text if text.isprintable() and "##[" not in text else "".join(pieces(text))


def pieces(text: str) -> list[str]:
    """`terminal`, one piece for each code point of `text`: what a code frame needs to put its carets right."""
    shown = [char if char.isprintable() else _escape(char) for char in text]
    for match in re.finditer(r"##\[", text):
        shown[match.end() - 1] = r"\x5b"
    return shown


def no_commands(output: str) -> str:
    """A finished output in which no line is a workflow command. A lone `::1` stays, it cannot be one."""
    return _LINE_COMMAND.sub(r"\1\\x3a", output)


def command_data(text: str) -> str:
    """The text of a workflow command, after its second `::`."""
    return terminal(text).replace("%", "%25")


def command_property(text: str) -> str:
    """The value of a workflow command's property, such as `title=`."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")


def sarif_message(text: str) -> str:
    """Plain text for a SARIF message, where `[text](1)` would be a link to a related location."""
    return _SARIF_SPECIAL.sub(r"\\\g<0>", terminal(text))


def sarif_uri(path: str) -> str:
    """A path as a URI reference: the bytes of the file's name, percent-encoded, so `a b`, `c:d` and Latin-1 survive."""
    from urllib.parse import quote

    try:
        name = os.fsencode(path)
    except UnicodeEncodeError:  # no name of this file system: it came from the content of a file
        name = path.encode("utf-8", "backslashreplace")
    return ("file://" if path.startswith("/") else "") + quote(name, safe="/")


def json_string(text: str) -> str:
    """Text that every JSON reader accepts: a byte that was not UTF-8 is a lone surrogate, which many of them refuse."""
    return text if text.isascii() else _SURROGATE.sub(lambda match: _escape(match.group()), text)


def json_document(document: object, *, indent: int | None = 2) -> str:
    """A JSON text in plain ASCII: the encoder escapes every control character, this breaks up `##[`.

    Without an indent it is one line, written five times as fast: Python's fast encoder knows no indents.
    """
    separators = (",", ":") if indent is None else None
    return json.dumps(document, indent=indent, separators=separators).replace("##[", r"##\u005b") + "\n"


def _escape(char: str) -> str:
    """The visible escape of one code point; an undecodable byte of a file's name shows as the byte that it is."""
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return _NAMED.get(char) or (f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}")
