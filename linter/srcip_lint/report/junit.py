"""JUnit's XML, which every server of continuous integration reads: a suite a rule, a failed test a finding.

A rule that found nothing is a test that passed, so a run without findings is not an empty report (which Jenkins takes
for a broken one) and a rule's history is told. A finding of severity info passes too, with its text as output: it must
not turn a build red. An input that could not be read is an error, which to JUnit is a test that could not be made.
Names hold no lines, so a test is known again when lines move. There is no time in it: the same files give the same
bytes.

The structure is that of Jenkins' schema, which GitLab, Azure and others read as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from srcip_lint.finding import Finding, Report, RuleInfo, Severity
from srcip_lint.positions import dotted
from srcip_lint.report.details import details, place
from srcip_lint.report.look import Look, shown
from srcip_lint.report.sanitize import no_commands, terminal

_UNREADABLE = "SRC001"


def render(report: Report, look: Look) -> str:
    """The report in ASCII, whatever the encoding of the output is."""
    findings = shown(report, look)
    suites = [_suite(rule, [one for one in findings if one.rule == rule.id]) for rule in report.rules]
    root = ET.Element("testsuites", {"name": "srcip-lint", **_counts(suites)})
    root.extend(suites)
    ET.indent(root)
    text = ET.tostring(root, encoding="us-ascii", xml_declaration=True).decode("ascii")
    return no_commands(text) + "\n"


def _counts(suites: Sequence[ET.Element]) -> dict[str, str]:
    keys = ("tests", "failures", "errors")
    return {key: str(sum(int(suite.get(key, "0")) for suite in suites)) for key in keys}


def _suite(rule: RuleInfo, findings: Sequence[Finding]) -> ET.Element:
    cases = list(_cases(rule, findings))
    failures, errors = (sum(case.find(kind) is not None for case in cases) for kind in ("failure", "error"))
    counts = {"tests": str(len(cases)), "failures": str(failures), "errors": str(errors)}
    suite = ET.Element("testsuite", {"name": terminal(f"{rule.id} {rule.name}"), **counts})
    suite.extend(cases)
    return suite


def _cases(rule: RuleInfo, findings: Sequence[Finding]) -> Iterator[ET.Element]:
    """A case a finding, or the one that says that there is none."""
    if not findings:
        yield _case(rule, "")
    seen: Counter[str] = Counter()
    for finding in findings:
        subject = _subject(finding)
        seen[subject] += 1
        again = f" ({seen[subject]})" if seen[subject] > 1 else ""
        yield _finding(rule, finding, subject + again)


def _case(rule: RuleInfo, subject: str) -> ET.Element:
    name = f"{rule.id} {rule.name}: {subject}" if subject else f"{rule.id} {rule.name}"
    return ET.Element("testcase", {"classname": terminal(f"srcip-lint.{rule.id}"), "name": terminal(name)})


def _subject(finding: Finding) -> str:
    """What the finding is about, without a line."""
    owner = f"{finding.object} " if finding.object else ""
    field = f"{dotted(finding.field)} " if finding.field else ""
    return f"{owner}{field}in {finding.location.path}"


def _finding(rule: RuleInfo, finding: Finding, subject: str) -> ET.Element:
    case = _case(rule, subject)
    text = "\n".join(terminal(line) for line in _text(finding, rule.url))
    if finding.severity is Severity.INFO:
        ET.SubElement(case, "system-out").text = text
    else:
        kind = "error" if finding.rule == _UNREADABLE else "failure"
        given = {"message": terminal(finding.message), "type": finding.severity.value}
        ET.SubElement(case, kind, given).text = text
    return case


def _text(finding: Finding, url: str) -> Iterator[str]:
    origin = f" (rendered from {finding.location.template})" if finding.location.template else ""
    yield f"{place(finding.location)}: {finding.severity.value}[{finding.rule}] {finding.message}{origin}"
    yield from (f"{label}: {text}" for label, text in details(finding))
    yield url
