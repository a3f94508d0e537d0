"""SARIF 2.1.0, as code scanning on GitHub reads it and as the strict validators want it.

What is not obvious, and why: the message is written out in full (GitHub refuses messages by id); a related place is
shown only where the message links to it, so each has its `[label](n)`; all four numbers of a region are given; an empty
list of results is written, or old alerts would never close; an input that could not be read is a result *and* a
notification, because GitHub ignores the second and other consumers look for nothing else; one result more than 25,000
and GitHub refuses the whole file; a relative path is taken from the root of the repository, wherever the run was; a
fix is written where it is known to the letter, and in the message where it is not. `primaryLocationLineHash` is left to
`upload-sarif`, which has the checkout, where the file is not stored as UTF-8 without a byte order mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from srcip_lint import __version__
from srcip_lint.finding import Edit, Finding, Location, Note, ObjectRef, Report, RuleInfo, Severity, Step
from srcip_lint.positions import Lines, Span
from srcip_lint.report import HOLDS
from srcip_lint.report.line_hash import line_hashes
from srcip_lint.report.look import Look, in_repository, shown
from srcip_lint.report.sanitize import json_document, json_string, sarif_message, sarif_uri

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HOME = "https://github.com/srcip-lint/srcip-lint"
_UNREADABLE = "SRC001"
_MAX_RESULTS = HOLDS["sarif"]
_MAX_RELATED = 100
"""GitHub keeps 100 locations of a result, and refuses the file above 1,000."""
_MAX_DESCRIPTION = 1024
_MAX_NAME = 255

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PROBLEM = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
_PRECISION = {Severity.ERROR: "very-high", Severity.WARNING: "high", Severity.INFO: "medium"}
"""GitHub orders alerts by it. The more a rule dares to say, the more it has to prove first."""
_SECURITY = {Severity.ERROR: "8.0", Severity.WARNING: "5.0"}
"""GitHub's scale: high is 7.0 to 8.9, medium 4.0 to 6.9. Strings, as GitHub wants them."""
_SECURITY_FAMILIES = ("SRC2", "SRC4")
"""Spoofable and misjudged: where an allow-list, a limit or an audit log judges the wrong address."""


def render(report: Report, look: Look) -> str:
    """One run with the findings that are shown, on one line: no one reads it, and it may be tens of megabytes."""
    findings = shown(report, look)
    kept = _worst(findings)
    run = {
        "tool": {"driver": _driver(report, kept, len(findings))},
        "automationDetails": {"id": "srcip-lint/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(kept, len(findings), look)],
        "results": _results(report, kept, look),
    }
    return json_document({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=None)


def _worst(findings: Sequence[Finding]) -> Sequence[Finding]:
    """All findings where they are not too many, else the worst of them."""
    if len(findings) <= _MAX_RESULTS:
        return findings
    return sorted(findings, key=lambda finding: finding.severity, reverse=True)[:_MAX_RESULTS]


def _driver(report: Report, kept: Sequence[Finding], total: int) -> dict[str, object]:
    driver: dict[str, object] = {
        "name": "srcip-lint",
        "version": __version__,
        "semanticVersion": __version__,
        "informationUri": _HOME,
        "rules": [_rule(rule) for rule in report.rules],
    }
    notifications = [_rule(report.rule(_UNREADABLE))] if any(_unreadable(kept)) else []
    if total > len(kept):
        notifications.append(_rule(_CUT))
    return {**driver, "notifications": notifications} if notifications else driver


def _rule(rule: RuleInfo) -> dict[str, object]:
    """A rule's descriptor. GitHub refuses a file in which one of these texts is missing or empty."""
    summary = rule.summary.strip() or rule.name
    doc = rule.doc.strip() or summary
    return {
        "id": rule.id,
        "name": _pascal_case(rule.name)[:_MAX_NAME],
        "shortDescription": {"text": _short(f"{rule.name}: {summary}")},
        "fullDescription": {"text": _short(_first_paragraphs(doc))},
        "help": {"text": f"{doc}\n\n{rule.url}", "markdown": f"{doc}\n\n[{rule.id} {rule.name}]({rule.url})"},
        "helpUri": rule.url,
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": _properties(rule),
    }


def _properties(rule: RuleInfo) -> dict[str, object]:
    properties: dict[str, object] = {
        "tags": ["kubernetes", "networking"],
        "precision": _PRECISION[rule.severity],
        "problem.severity": _PROBLEM[rule.severity],
    }
    if rule.id.startswith(_SECURITY_FAMILIES) and rule.severity in _SECURITY:
        properties |= {"tags": ["kubernetes", "networking", "security"], "security-severity": _SECURITY[rule.severity]}
    return properties


def _pascal_case(name: str) -> str:
    """`LocalWithoutPerNodePods`: what SARIF asks of the name of a rule."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("-"))


def _first_paragraphs(doc: str) -> str:
    """A page up to its first heading."""
    return doc.partition("\n## ")[0].strip() or doc


def _short(text: str) -> str:
    return text if len(text) <= _MAX_DESCRIPTION else text[: _MAX_DESCRIPTION - 1] + "…"


def _results(report: Report, findings: Sequence[Finding], look: Look) -> list[dict[str, object]]:
    indices = {rule.id: number for number, rule in enumerate(report.rules)}
    hashes = _line_hashes(findings)
    return [_result(finding, indices, hashes, look) for finding in findings]


def _line_hashes(findings: Iterable[Finding]) -> dict[tuple[str, int], str]:
    """The line hash of every primary location that has one, by path and line. Each file is gone through once."""
    wanted: dict[str, tuple[Lines, set[int]]] = {}
    for location in (finding.location for finding in findings):
        if location.lines and location.lines.as_stored:
            wanted.setdefault(location.path, (location.lines, set()))[1].add(location.span.line)
    return {
        (path, number): found
        for path, (lines, numbers) in wanted.items()
        for number, found in line_hashes(lines, numbers).items()
    }


def _result(
    finding: Finding, indices: Mapping[str, int], hashes: Mapping[tuple[str, int], str], look: Look
) -> dict[str, object]:
    related = finding.related[:_MAX_RELATED]
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": indices[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding, related)},
        "locations": [_location(finding.location, finding.object, look)],
        "partialFingerprints": {"srcipLint/v1": finding.fingerprint},
        "properties": {"certainty": finding.certainty.value},
    }
    line_hash = hashes.get((finding.location.path, finding.location.span.line))
    if line_hash:
        result["partialFingerprints"] = {"primaryLocationLineHash": line_hash, "srcipLint/v1": finding.fingerprint}
    if related:
        result["relatedLocations"] = [_related(number, note, look) for number, note in enumerate(related, 1)]
    if any(step.location for step in finding.path):
        result["codeFlows"] = [_code_flow(finding.path, look)]
    if finding.edits:
        result["fixes"] = [_fix(edit, look) for edit in finding.edits]
    return result


def _fix(edit: Edit, look: Look) -> dict[str, object]:
    replacement: dict[str, object] = {"deletedRegion": _region(edit.location.span)}
    if edit.text:
        replacement["insertedContent"] = {"text": json_string(edit.text)}
    change = {"artifactLocation": _artifact(edit.location.path, look), "replacements": [replacement]}
    return {"description": {"text": sarif_message(edit.fix)}, "artifactChanges": [change]}


def _code_flow(path: Sequence[Step], look: Look) -> dict[str, object]:
    """The way of the packet as one thread. GitHub wants a place for every step: what stands in no file (the client) is
    told at the next that does."""
    locations, told = [], ""
    for step in path:
        told = f"{told}; {step.message}" if told else step.message
        if step.location:
            locations.append(
                {"location": {**_location(step.location, step.object, look), "message": {"text": sarif_message(told)}}}
            )
            told = ""
    return {"threadFlows": [{"locations": locations}]}


def _message(finding: Finding, related: Sequence[Note]) -> str:
    """What is wrong comes first: GitHub makes the first sentence the title of the alert."""
    lines = [sarif_message(finding.message)]
    for number, note in enumerate(related, 1):
        label = note.object or f"{note.location.path}:{note.location.span.line}"
        lines.append(f"See [{sarif_message(str(label))}]({number}): {sarif_message(note.message)}")
    if hidden := len(finding.related) - len(related):
        lines.append(f"See {hidden:,} more as well.")
    lines += [f"Assuming: {sarif_message(assumption)}" for assumption in finding.assumptions]
    lines += [f"Fix: {sarif_message(fix)}" for fix in finding.fixes]
    return "\n".join(lines)


def _related(number: int, note: Note, look: Look) -> dict[str, object]:
    place = _location(note.location, note.object, look)
    return {"id": number, **place, "message": {"text": sarif_message(note.message)}}


def _location(location: Location, owner: ObjectRef | None, look: Look) -> dict[str, object]:
    physical = {"artifactLocation": _artifact(location.path, look), "region": _region(location.span)}
    logical = _logical(location, owner)
    return {"physicalLocation": physical, **({"logicalLocations": logical} if logical else {})}


def _artifact(path: str, look: Look) -> dict[str, str]:
    return {"uri": sarif_uri(in_repository(path, look))}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _logical(location: Location, owner: ObjectRef | None) -> list[dict[str, str]]:
    """The object that a place belongs to, and the chart's file it was rendered from."""
    found: list[dict[str, str]] = []
    if owner:
        found.append({"name": owner.name, "fullyQualifiedName": str(owner), "kind": "resource"})
    if location.template:
        name = location.template.rpartition("/")[2]
        found.append({"name": name, "fullyQualifiedName": location.template, "kind": "module"})
    return [{key: json_string(value) for key, value in names.items()} for names in found]


def _invocation(kept: Sequence[Finding], total: int, look: Look) -> dict[str, object]:
    """How the run went. It failed where an input could not be read: the answer about the rest is not the whole."""
    notifications = [
        {
            "descriptor": {"id": finding.rule, "index": 0},
            "level": "error",
            "message": {"text": sarif_message(finding.message)},
            "locations": [_location(finding.location, finding.object, look)],
        }
        for finding in _unreadable(kept)
    ]
    succeeded = not notifications
    if total > len(kept):
        message = f"{total:,} findings are more than code scanning accepts: the {len(kept):,} most severe are given."
        index = 0 if succeeded else 1
        notifications.append(
            {"descriptor": {"id": _CUT.id, "index": index}, "level": "warning", "message": {"text": message}}
        )
    return {"executionSuccessful": succeeded, "toolExecutionNotifications": notifications}


def _unreadable(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.rule == _UNREADABLE]


_CUT = RuleInfo(
    id="results-cut",
    name="results-cut",
    severity=Severity.WARNING,
    summary="Some findings were left out, because code scanning refuses a file with more than 25,000.",
    doc="Some findings were left out, because code scanning refuses a file with more than 25,000.\n\n"
    "The most severe are given. Lint a part of the repository at a time, or use the `json` format, which has them all.",
    url=_HOME,
)
