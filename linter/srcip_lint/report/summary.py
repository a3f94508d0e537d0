"""The last words of the formats for people: nothing found, counts by rule, and one line of summary at the very end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from srcip_lint.finding import Finding, Report, Severity
from srcip_lint.report.ansi import BOLD, DIM, paint
from srcip_lint.report.look import Look
from srcip_lint.report.premises import section
from srcip_lint.report.sanitize import no_commands, terminal


def footer(report: Report, findings: Sequence[Finding], look: Look) -> list[str]:
    """The lines below the findings that are shown; none of them holds a line break."""
    lines: list[str] = []
    if not findings and not look.quiet:
        lines.append(paint(nothing_found(report), BOLD, on=look.color))
    if report.premises is not None:
        lines += ["", *section(report.premises, look)] if lines else section(report.premises, look)
    if look.statistics:
        lines += _table(findings)
    if not look.quiet:
        lines.append(paint(_summary(report, look), DIM, on=look.color))
    return lines


def page(lines: Sequence[str]) -> str:
    """The output of a format for people: no line of it is a workflow command, no empty line ends it."""
    return no_commands("".join(line + "\n" for line in lines).rstrip("\n") + "\n") if lines else ""


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`, `35,472 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def nothing_found(report: Report) -> str:
    """What no finding means, without claiming more than was looked at."""
    if not report.statistics.objects:
        return "Nothing was judged: there is no Kubernetes object here that srcip-lint reads."
    if report.statistics.baselined or report.statistics.earlier:
        return "No new errors, no new warnings."
    if report.findings or report.statistics.suppressed:
        return "No errors, no warnings."
    return "All clear: nothing in these manifests is known to lose, forge, misjudge or drop the client's source IP."


def _table(findings: Sequence[Finding]) -> list[str]:
    """How many findings each rule has, most first; nothing where there are none."""
    numbers = Counter((finding.rule, finding.name) for finding in findings)
    rows = sorted(numbers.items(), key=lambda row: (-row[1], row[0]))
    lines = [f"{number:>5}  {terminal(rule)}  {terminal(name)}" for (rule, name), number in rows]
    return ["count  rule    name", *lines, ""] if lines else []


def judged(report: Report) -> str:
    """What was read, judged and passed over."""
    statistics = report.statistics
    read = (counted(statistics.files, "file"), counted(statistics.documents, "document"))
    return f"{', '.join(read)}, {counted(statistics.objects, 'object')} judged{_skipped(report)}"


def _summary(report: Report, look: Look) -> str:
    parts = (judged(report), ", ".join(counts(report, look)), f"{report.statistics.seconds:.2f} s")
    return ". ".join(part for part in parts if part)


def _skipped(report: Report) -> str:
    """The reasons are names, not nouns to be counted: `hidden 2` has no wrong plural."""
    by_count = sorted(report.statistics.skipped.items(), key=lambda row: (-row[1], row[0]))
    reasons = ", ".join(f"{terminal(reason)} {number:,}" for reason, number in by_count)
    return f" (skipped: {reasons})" if reasons else ""


def counts(report: Report, look: Look) -> Iterator[str]:
    """How many findings there are of each severity, and how many are suppressed."""
    for severity in (Severity.ERROR, Severity.WARNING):
        if number := report.count(severity):
            yield counted(number, severity.value)
    if number := report.count(Severity.INFO):
        yield f"{number:,} info" if look.show_info else f"{number:,} info hidden (--show-info)"
    statistics = report.statistics
    for number, words in (
        (statistics.suppressed, "suppressed"),
        (statistics.baselined, "in the baseline"),
        (statistics.earlier, "there before"),
    ):
        if number:
            yield f"{number:,} {words}"
