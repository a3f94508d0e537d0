"""The versioned JSON format: everything a report holds, whatever is shown elsewhere.

`schemas/srcip_lint_schemas/report.schema.json` describes it. Within a version fields are added, never changed or
removed. Wall time is left out on purpose: the same files give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping

from srcip_lint.finding import Finding, Location, Note, ObjectRef, Premise, Report, Severity, Step
from srcip_lint.report.look import Look
from srcip_lint.report.sanitize import json_document, json_string

VERSION = 1


def render(report: Report, _look: Look) -> str:
    """One JSON object, in ASCII, two spaces a level. It has every severity, whatever is to be shown."""
    urls = {rule.id: rule.url for rule in report.rules}
    findings = [_finding(finding, urls) for finding in report.findings]
    return json_document({"version": VERSION, "findings": findings, "summary": _summary(report)})


def _finding(finding: Finding, urls: Mapping[str, str]) -> dict[str, object]:
    return {
        "rule": {"id": finding.rule, "name": finding.name, "url": urls[finding.rule]},
        "severity": finding.severity.value,
        "certainty": finding.certainty.value,
        "message": json_string(finding.message),
        "object": _object(finding.object),
        "location": _location(finding.location),
        "related": [_note(note) for note in finding.related],
        "path": [_step(step) for step in finding.path],
        "assumptions": [json_string(assumption) for assumption in finding.assumptions],
        "fixes": [json_string(fix) for fix in finding.fixes],
        "fingerprint": finding.fingerprint,
    }


def _object(found: ObjectRef | None) -> dict[str, str | None] | None:
    if found is None:
        return None
    namespace = None if found.namespace is None else json_string(found.namespace)
    group, kind, name = (json_string(part) for part in (found.group, found.kind, found.name))
    return {"group": group, "kind": kind, "namespace": namespace, "name": name}


def _location(location: Location) -> dict[str, object]:
    span = location.span
    return {
        "path": json_string(location.path),
        "line": span.line,
        "column": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
        "source": None if location.template is None else json_string(location.template),
    }


def _note(note: Note) -> dict[str, object]:
    return {
        "message": json_string(note.message),
        "location": _location(note.location),
        "object": _object(note.object),
    }


def _step(step: Step) -> dict[str, object]:
    return {
        "message": json_string(step.message),
        "location": _location(step.location) if step.location else None,
        "object": _object(step.object),
    }


def _summary(report: Report) -> dict[str, object]:
    statistics = report.statistics
    return {
        "files": statistics.files,
        "documents": statistics.documents,
        "objects": statistics.objects,
        "skipped": {json_string(reason): count for reason, count in sorted(statistics.skipped.items())},
        "findings": {severity.value: report.count(severity) for severity in sorted(Severity, reverse=True)},
        "suppressed": statistics.suppressed,
        "baselined": statistics.baselined,
        "earlier": statistics.earlier,
        **({} if report.premises is None else {"premises": [_premise(premise) for premise in report.premises]}),
    }


def _premise(premise: Premise) -> dict[str, object]:
    return {
        "topic": premise.topic,
        "answer": json_string(premise.answer),
        "standing": premise.standing.value,
        "objects": [_object(found) for found in premise.objects],
        "grounds": [
            {"text": json_string(ground.text), "location": _location(ground.location) if ground.location else None}
            for ground in premise.grounds
        ],
        "assumptions": [json_string(assumption) for assumption in premise.assumptions],
        "settledBy": json_string(premise.settled_by) or None,
    }
