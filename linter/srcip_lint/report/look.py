"""How a report is shown, and which of its findings: what the command line says of a report's looks, in one value."""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.finding import Finding, Report, Severity


@dataclass(frozen=True, slots=True)
class Look:
    """The looks of a report. `quiet` leaves out all but the findings; `verbose` lists every related place.

    Whether `color` and `hyperlinks` suit the terminal is decided by whoever writes there: a format only obeys.
    """

    color: bool = False
    hyperlinks: bool = False
    show_info: bool = False
    quiet: bool = False
    verbose: bool = False
    statistics: bool = False


def shown(report: Report, look: Look) -> tuple[Finding, ...]:
    """The findings to show, in the report's order. The `json` format alone does not ask: it carries them all."""
    if look.show_info:
        return report.findings
    return tuple(finding for finding in report.findings if finding.severity is not Severity.INFO)
