"""Text from manifests as Markdown that means nothing.

Escaping signs one by one is not enough on GitHub, which looks once more at what was rendered: `&#64;team` is a mention
all the same, `#12` an issue, `:tada:` a picture, `$x$` a formula, `www.example.org` a link. Only in code it changes
nothing. So whatever is more than words and plain punctuation becomes code, and code has a fence that its text cannot
close.
"""

from __future__ import annotations

import re
from typing import cast

from srcip_lint.report.sanitize import terminal

_LITERAL = re.compile("`([^`]+)`")
"""How our own messages mark a literal. Where a manifest's text does so, it becomes code too."""
_WORD = re.compile(r"""["'(]*(?:[^\W_]+(?:[-'.,/+=()%]+[^\W_]+)*)?["'().,;:?!%]*""")
"""Letters and digits with plain punctuation between and around them, or punctuation alone. A colon only at the end."""
_AROUND = re.compile(r"""(["'(]*)(.*?)(["'().,;:?!%]*)""")
"""What is no plain word, and the punctuation around it."""
_LINKED = re.compile(r"www\.|GH-", re.IGNORECASE)
"""What GitHub makes a link of although it is made of such words."""
_ITEM = re.compile(r"[0-9]+[.)]|[^\w\"'(]+")
"""What would start a list at the start of a line."""
_TICKS = re.compile("`+")


def prose(text: str) -> str:
    """One line of Markdown that reads as the text: its words, and as code whatever is more than a plain word."""
    line = ""
    for index, part in enumerate(_LITERAL.split(terminal(text).strip())):
        for piece in re.split("( +)", part) if index % 2 == 0 else [part]:
            shown = code(piece) if index % 2 else _shown(piece, starts=not line)
            fuses = line.endswith("`") and shown.startswith("`")  # two code spans would become one, or none
            line += f" {shown}" if fuses else shown
    return line


def _shown(piece: str, *, starts: bool) -> str:
    """A word, or the blanks between two. `starts`: it is the first of its line."""
    if not piece.strip():
        return piece[:1]
    if starts and _ITEM.fullmatch(piece):
        return code(piece)
    if _WORD.fullmatch(piece) and not _LINKED.search(piece):
        return piece
    before, literal, after = cast("re.Match[str]", _AROUND.fullmatch(piece)).groups()
    return f"{before}{code(literal)}{after}"


def code(text: str) -> str:
    """A code span. Blanks are put around a text that starts or ends with a backtick; Markdown takes them away."""
    text = terminal(text)
    fence = "`" * (_longest_run(text) + 1)
    pad = " " if not text.strip("` ") or text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def code_block(text: str, language: str) -> str:
    """A fenced block of lines that are printable already."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _longest_run(text: str) -> int:
    """The most backticks in a row."""
    return max(map(len, _TICKS.findall(text)), default=0)
