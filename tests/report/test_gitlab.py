"""Code Quality on GitLab: what its documentation and its parser ask of a report, and what it does not say.

<https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>; gitlab-org/gitlab
`app/validators/json_schemas/codeclimate.json` and `lib/gitlab/ci/parsers/codequality/code_climate.rb`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import referencing
from jsonschema import Draft202012Validator

from report.samples import CLEAN, DAY, EMPTY, FRAGILE, HINT, HOSTILE_TEXTS, INVALID, LOCAL, hostile
from srcip_lint.finding import Finding, ObjectRef, Report, Severity
from srcip_lint.report import FORMATS, Look

REPORTS = {"day": DAY, "clean": CLEAN, "empty": EMPTY, **{name: hostile(text) for name, text in HOSTILE_TEXTS.items()}}
LINE = {"type": "integer", "minimum": 1}
DOCUMENTED = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "minLength": 1, "not": {"pattern": r"^\./"}},
                    "lines": {"type": "object", "required": ["begin"], "properties": {"begin": LINE, "end": LINE}},
                },
            },
        },
        "additionalProperties": False,
    },
}


def issues(*findings: Finding, look: Look | None = None) -> list[dict[str, Any]]:
    report = Report(findings, DAY.rules, DAY.statistics)
    return list(json.loads(FORMATS["gitlab"](report, look or Look(show_info=True))))


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_what_gitlab_documents(name: str) -> None:
    document = json.loads(FORMATS["gitlab"](REPORTS[name], Look(show_info=True)))
    Draft202012Validator(DOCUMENTED, registry=referencing.Registry()).validate(document)
    assert len({issue["fingerprint"] for issue in document}) == len(document)


def test_severities() -> None:
    found = issues(*(replace(LOCAL, severity=severity) for severity in Severity))
    assert [issue["severity"] for issue in found] == ["info", "major", "critical"]


def test_the_description_is_one_line_with_the_assumption_and_the_best_fix() -> None:
    (issue,) = issues(LOCAL)
    assert issue["description"] == (
        f"{LOCAL.message} Assuming: {LOCAL.assumptions[0]}. Fix: run the pods as a DaemonSet, so that every node that "
        "can receive packets has one."
    )


def test_a_question_is_a_sentence_already() -> None:
    (issue,) = issues(replace(LOCAL, message="was Local meant?", assumptions=(), fixes=("write it",)))
    assert issue["description"] == "was Local meant? Fix: write it."


def test_of_equal_fingerprints_the_first_is_kept_and_all_differ() -> None:
    elsewhere = replace(FRAGILE, location=replace(FRAGILE.location, path="copy/web.yaml"))
    found = [issue["fingerprint"] for issue in issues(FRAGILE, elsewhere, LOCAL, FRAGILE)]
    assert found[0] == FRAGILE.fingerprint
    assert found[2] == LOCAL.fingerprint
    assert len(set(found)) == 4
    assert found == [issue["fingerprint"] for issue in issues(FRAGILE, elsewhere, LOCAL, FRAGILE)]


def test_a_fingerprint_survives_moved_lines_and_not_another_object() -> None:
    span = replace(INVALID.location.span, line=90, end_line=90)
    (moved,) = issues(replace(INVALID, location=replace(INVALID.location, span=span)))
    (other,) = issues(replace(INVALID, object=ObjectRef("", "Service", None, "other")))
    assert moved["fingerprint"] == INVALID.fingerprint != other["fingerprint"]


def test_paths_are_seen_from_the_root_of_the_repository() -> None:
    (issue,) = issues(LOCAL, look=Look(here="/src/repo/infra", root="/src/repo"))
    assert issue["location"] == {"path": "infra/deploy/service.yaml", "lines": {"begin": 8, "end": 8}}


def test_info_is_left_out_unless_it_is_shown() -> None:
    assert issues(HINT, look=Look()) == []
