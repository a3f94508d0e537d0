"""Annotations on GitHub: workflow commands that Actions shows beside the changed lines.

Actions keeps ten errors, ten warnings and ten notices of a step and drops the rest in silence, so the worst come first
and the rest is counted in a last notice. Columns are given for a place on one line only: they are refused otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from srcip_lint.finding import Finding, Report, Severity
from srcip_lint.report.look import Look, shown
from srcip_lint.report.sanitize import command_data, command_property
from srcip_lint.report.summary import counted

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_LIMITS = {Severity.ERROR: 10, Severity.WARNING: 10, Severity.INFO: 9}
"""The tenth notice is the one that counts what was left out."""


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
            lines.append(_command(finding, urls[finding.rule]))
        else:
            left_out[finding.severity] += 1
    return "".join(line + "\n" for line in [*lines, *_rest(left_out)])


def _command(finding: Finding, url: str) -> str:
    span = finding.location.span
    columns = {"col": span.column, "endColumn": span.end_column} if span.line == span.end_line else {}
    properties: dict[str, str | int] = {
        "file": finding.location.path,
        "line": span.line,
        "endLine": span.end_line,
        **columns,
        "title": f"{finding.rule} {finding.name}",
    }
    written = ",".join(f"{key}={command_property(str(value))}" for key, value in properties.items())
    text = "%0A".join(command_data(line) for line in _text(finding, url))
    return f"::{_COMMANDS[finding.severity]} {written}::{text}"


def _text(finding: Finding, url: str) -> Iterator[str]:
    """The lines of an annotation. The place is said again: the log of a step shows this text and nothing else."""
    location = finding.location
    origin = f" (rendered from {location.template})" if location.template else ""
    yield f"{location.path}:{location.span.line}:{location.span.column}: {finding.rule} {finding.message}{origin}"
    for note in finding.related[:5]:
        owner = f" {note.object}" if note.object else ""
        yield f"See {note.location.path}:{note.location.span.line}:{note.location.span.column}{owner}: {note.message}"
    yield from (f"Assuming: {assumption}" for assumption in finding.assumptions)
    yield from (f"Fix: {fix}" for fix in finding.fixes)
    yield url


def _rest(left_out: Counter[Severity]) -> Iterator[str]:
    if left_out:
        kinds = ", ".join(counted(number, _COMMANDS[severity]) for severity, number in left_out.items())
        yield f"::notice title=srcip-lint::and {left_out.total():,} more: {kinds}. The text format shows them all."
