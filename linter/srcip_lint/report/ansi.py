"""Colours and links of the terminal, as plain ANSI sequences.

No library: the two functions here are all that the formats need, and a text run must not pay for one (importing rich's
console costs more than reading and judging a small repository). A library's markup would moreover read `[/b]` in a
Service's name as its own. What is painted has been through `sanitize.terminal`.
"""

from __future__ import annotations

from srcip_lint.finding import Severity

BOLD = "1"
DIM = "2"
BLUE = "34"
CYAN = "36"

SEVERITY = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;36"}
"""Bold red, yellow and cyan."""


def paint(text: str, style: str, *, on: bool) -> str:
    """`text` in a style (the parameters of Select Graphic Rendition), or as it is."""
    return f"\x1b[{style}m{text}\x1b[0m" if on and text else text


def link(text: str, url: str, *, on: bool) -> str:
    """`text` as an OSC 8 hyperlink, or as it is. For pages of rules only: never for an address from a manifest."""
    return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\" if on else text
