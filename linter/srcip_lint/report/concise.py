"""One line a finding, for editors, grep and small terminals: `path:line:column: error[SRC301] message`."""

from __future__ import annotations

from srcip_lint.finding import Finding, Report
from srcip_lint.report.ansi import SEVERITY, link, paint
from srcip_lint.report.look import Look, shown
from srcip_lint.report.sanitize import terminal
from srcip_lint.report.summary import footer, page


def render(report: Report, look: Look) -> str:
    """The findings that are shown, a line each, then the summary."""
    findings = shown(report, look)
    urls = {rule.id: terminal(rule.url) for rule in report.rules}
    lines = (_line(finding, urls[finding.rule], look) for finding in findings)
    return page([*lines, *footer(report, findings, look)])


def _line(finding: Finding, url: str, look: Look) -> str:
    span, template = finding.location.span, finding.location.template
    head = paint(f"{finding.severity.value}[{terminal(finding.rule)}]", SEVERITY[finding.severity], on=look.color)
    origin = f" (rendered from {terminal(template)})" if template else ""
    where = f"{terminal(finding.location.path)}:{span.line}:{span.column}"
    return f"{where}: {link(head, url, on=look.hyperlinks)} {terminal(finding.message)}{origin}"
