"""The formats of a report, one a file, each a pure function from a report and its looks to a text.

A format is imported when it is asked for, so a run pays for one only. The text ends with a line break, or is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import cast

from srcip_lint.finding import Report
from srcip_lint.report.look import Look

__all__ = ["FORMATS", "HOLDS", "Look", "Render"]

Render = Callable[[Report, Look], str]


def _in(module: str) -> Render:
    """The `render` of a module of this package, which is imported at the first call."""

    def render(report: Report, look: Look) -> str:
        return cast("Render", import_module(f"{__name__}.{module}").render)(report, look)

    return render


FORMATS: Mapping[str, Render] = {
    "concise": _in("concise"),
    "github": _in("github"),
    "gitlab": _in("gitlab"),
    "json": _in("json_report"),
    "junit": _in("junit"),
    "markdown": _in("markdown"),
    "sarif": _in("sarif"),
    "text": _in("text"),
}
"""Every format by its name on the command line, in order."""

HOLDS: Mapping[str, int] = {"sarif": 25_000}
"""How many findings a format holds at most, where those left out are not told where they would be seen: GitHub refuses
a log with more, and does not show the notification in it."""
