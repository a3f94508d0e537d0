"""Annotations on GitHub: workflow commands that Actions shows beside the changed lines.

Actions keeps ten errors, ten warnings and ten notices of a step (and 50 of a job) and drops the rest in silence, so the
worst come first and the rest is counted in a last notice. It cuts a long text too, so a text is cut here, with its end
whole. Columns are given for a place on one line only: they are refused otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from srcip_lint.finding import Finding, Report, Severity
from srcip_lint.report.details import details, place
from srcip_lint.report.look import Look, in_repository, shown
from srcip_lint.report.sanitize import command_data, command_property, terminal
from srcip_lint.report.summary import counted

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_LIMITS = {Severity.ERROR: 10, Severity.WARNING: 10, Severity.INFO: 9}
"""The tenth notice is the one that counts what was left out."""
_LONGEST = 4096
"""UTF-16 units of an annotation's text that the runner keeps (actions/runner, `_maxIssueMessageLength`)."""


def render(report: Report, look: Look) -> str:
    """A command a line, errors first; nothing at all where nothing was found."""
    urls = {rule.id: rule.url for rule in report.rules}
    findings = sorted(shown(report, look), key=lambda finding: finding.severity, reverse=True)
    used: Counter[Severity] = Counter()
    left_out: Counter[Severity] = Counter()
    lines: list[str] = []
    for finding in findings:
        if used[finding.severity] < _LIMITS[finding.severity]:
            used[finding.severity] += 1
            lines.append(_command(finding, urls[finding.rule], look))
        else:
            left_out[finding.severity] += 1
    return "".join(line + "\n" for line in [*lines, *_rest(left_out)])


def _command(finding: Finding, url: str, look: Look) -> str:
    span = finding.location.span
    columns = {"col": span.column, "endColumn": span.end_column} if span.line == span.end_line else {}
    properties: dict[str, str | int] = {
        "file": in_repository(finding.location.path, look),
        "line": span.line,
        "endLine": span.end_line,
        **columns,
        "title": f"{finding.rule} {finding.name}",
    }
    written = ",".join(f"{key}={command_property(str(value))}" for key, value in properties.items())
    text = "%0A".join(map(command_data, _fitting(_text(finding), url)))
    return f"::{_COMMANDS[finding.severity]} {written}::{text}"


def _text(finding: Finding) -> Iterator[str]:
    """The lines of an annotation. The place is said again: the log of a step shows this text and nothing else."""
    origin = f" (rendered from {finding.location.template})" if finding.location.template else ""
    yield f"{place(finding.location)}: {finding.rule} {finding.message}{origin}"
    yield from (f"{label} {text}" if label == "See" else f"{label}: {text}" for label, text in details(finding))


def _fitting(lines: Iterable[str], last: str) -> list[str]:
    """The lines, cut where the runner would cut them, and the last one whole."""
    text = "\n".join(map(terminal, lines))
    room = 2 * (_LONGEST - len(last) - 1)
    units = text.encode("utf-16-le")
    if len(units) > room:
        text = units[: room - 2].decode("utf-16-le", "ignore") + "…"
    return [*text.split("\n"), last]


def _rest(left_out: Counter[Severity]) -> Iterator[str]:
    if left_out:
        kinds = ", ".join(counted(number, _COMMANDS[severity]) for severity, number in left_out.items())
        yield f"::notice title=srcip-lint::and {left_out.total():,} more: {kinds}. The text format shows them all."
