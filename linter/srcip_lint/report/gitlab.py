"""Code Quality on GitLab: what merge requests show beside the changed lines (`artifacts: reports: codequality:`).

GitLab keeps one issue a fingerprint and drops the others in silence, so that of a second finding is changed by its
number. It knows an issue again by its fingerprint alone: ours survives moved lines. It shows the description as plain
text, on one line, and reads nothing else of what a finding says; so the description holds the assumptions and the best
fix. Of an issue without a description, a fingerprint, a severity or a path it reads neither that nor what follows.
"""

from __future__ import annotations

import hashlib
from collections import Counter

from srcip_lint.finding import Finding, Report, Severity
from srcip_lint.report.look import Look, in_repository, shown
from srcip_lint.report.sanitize import json_document, json_string, terminal

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}
"""GitLab's are info, minor, major, critical and blocker."""


def render(report: Report, look: Look) -> str:
    """A list of issues; an empty one where nothing was found, or the issues of the last run would never be solved."""
    seen: Counter[str] = Counter()
    issues = []
    for finding in shown(report, look):
        seen[finding.fingerprint] += 1
        issues.append(_issue(finding, seen[finding.fingerprint], look))
    return json_document(issues)


def _issue(finding: Finding, number: int, look: Look) -> dict[str, object]:
    span = finding.location.span
    return {
        "description": _description(finding),
        "check_name": f"{finding.rule} {finding.name}",
        "fingerprint": _fingerprint(finding, number),
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": json_string(in_repository(finding.location.path, look)),
            "lines": {"begin": span.line, "end": span.end_line},
        },
    }


def _description(finding: Finding) -> str:
    parts = [finding.message, *(f"Assuming: {assumption}" for assumption in finding.assumptions)]
    parts += [f"Fix: {fix}" for fix in finding.fixes[:1]]
    return " ".join(_sentence(terminal(part)) for part in parts)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _fingerprint(finding: Finding, number: int) -> str:
    """That of the finding, unless others had it before."""
    if number == 1:
        return finding.fingerprint
    return hashlib.sha256(f"{finding.fingerprint}:{number}".encode()).hexdigest()[:32]
