"""Markdown as GitHub renders it: for the summary of a step (`$GITHUB_STEP_SUMMARY`), a comment, a wiki page.

GitHub refuses a step's summary above 1 MiB as a whole, so the worst findings come first and what does not fit is
counted. Text from manifests is prose or code, as `markup` makes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from srcip_lint.finding import Finding, Report, Step
from srcip_lint.report.details import details, place
from srcip_lint.report.frame import frame
from srcip_lint.report.look import Look, shown
from srcip_lint.report.markup import code, code_block, prose
from srcip_lint.report.sanitize import no_commands, terminal
from srcip_lint.report.summary import counted, counts, judged, nothing_found

_BUDGET = 900 * 1024
"""Bytes. The rest of the mebibyte is for what other commands of the step write."""
_LONGEST = 2000
"""Code points of one text that are shown."""


def render(report: Report, look: Look) -> str:
    """A heading, a section a finding, worst first, and what was read."""
    urls = {rule.id: terminal(rule.url) for rule in report.rules}
    findings = sorted(shown(report, look), key=lambda finding: finding.severity, reverse=True)
    sections = [_section(finding, urls[finding.rule]) for finding in findings]
    fitting = _fitting(sections)
    parts = [_heading(report, findings, look), *sections[:fitting], *_rest(findings[fitting:])]
    if not look.quiet:
        parts.append(prose(f"{judged(report)}."))
    return no_commands("\n\n".join(parts)) + "\n"


def _heading(report: Report, findings: Sequence[Finding], look: Look) -> str:
    if not findings:
        return f"### srcip-lint\n\n{prose(nothing_found(report))}"
    return f"### srcip-lint: {', '.join(counts(report, look))}"


def _fitting(sections: Sequence[str]) -> int:
    """How many sections fit."""
    left = _BUDGET
    for number, section in enumerate(sections):
        left -= len(section.encode()) + 2
        if left < 0:
            return number
    return len(sections)


def _rest(findings: Sequence[Finding]) -> Iterator[str]:
    if findings:
        kinds = Counter(finding.severity.value for finding in findings)
        told = ", ".join(counted(number, kind) for kind, number in kinds.items())
        yield f"**And {len(findings):,} more: {told}.** A summary holds no more; the text format shows them all."


def _section(finding: Finding, url: str) -> str:
    """Blocks, an empty line between any two."""
    blocks = [f"#### {finding.severity.value}: [{terminal(finding.rule)} {terminal(finding.name)}]({url})"]
    blocks.append(" ".join(_where(finding)))
    picture = frame(finding.location)
    if picture:
        blocks.append(code_block(picture.text.strip(), "yaml"))
    blocks.append(prose(_short(finding.message)))
    said = [f"- **{label}:** {prose(_short(text))}" for label, text in details(finding)]
    if said:
        blocks.append("\n".join(said))
    if finding.path:
        blocks.append(_way(finding.path))
    return "\n\n".join(blocks)


def _where(finding: Finding) -> Iterator[str]:
    yield code(_short(place(finding.location)))
    if finding.object:
        yield code(_short(str(finding.object)))
    if finding.location.template:
        yield f"rendered from {code(_short(finding.location.template))}"


def _way(path: Sequence[Step]) -> str:
    steps = "\n".join(f"1. {prose(_short(step.message))}" for step in path)
    return f"<details><summary>The way of the packet</summary>\n\n{steps}\n\n</details>"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
