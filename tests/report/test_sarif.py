"""SARIF as code scanning reads it: what the official schema says of our fields, and what it does not say.

`test_structure` holds what GitHub asks of a log like ours, so that it fails where the validators of `test_validators`
would, and where they see nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from linting import report as lint_texts
from report.samples import (
    CLEAN,
    DAY,
    DEPLOYMENT,
    EMPTY,
    FRAGILE,
    HOSTILE_TEXTS,
    INVALID,
    LOCAL,
    RULES,
    SERVICE,
    UNREADABLE,
    hostile,
    rule,
)
from srcip_lint import __version__
from srcip_lint.config import from_settings
from srcip_lint.engine import lint
from srcip_lint.finding import Edit, Finding, Report, RuleInfo, Severity, Step
from srcip_lint.positions import Lines, Span
from srcip_lint.report import FORMATS, Look
from srcip_lint.report import sarif as sarif_format
from srcip_lint.report.line_hash import line_hashes
from srcip_lint.sources import Reading
from srcip_lint_rules import RULES as PACK

MISSPELT = (
    "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  type: NodePort\n"
    "  externalTrafficPolicy: local\n  ports:\n    - port: 80\n"
)
REPORTS = {"day": DAY, "clean": CLEAN, "empty": EMPTY, **{name: hostile(text) for name, text in HOSTILE_TEXTS.items()}}


def run(report: Report) -> dict[str, Any]:
    log = json.loads(FORMATS["sarif"](report, Look(show_info=True)))
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (only,) = log["runs"]
    return dict(only)


def results(*findings: Finding) -> list[dict[str, Any]]:
    return list(run(Report(findings, RULES, DAY.statistics))["results"])


def descriptor(info: RuleInfo) -> dict[str, Any]:
    return dict(run(Report((), (info,), DAY.statistics))["tool"]["driver"]["rules"][0])


@pytest.mark.parametrize("name", REPORTS)
def test_structure(name: str) -> None:
    only = run(REPORTS[name])
    assert set(only) == {"tool", "automationDetails", "columnKind", "invocations", "results"}
    assert only["columnKind"] == "unicodeCodePoints"
    assert only["automationDetails"] == {"id": "srcip-lint/"}
    driver = only["tool"]["driver"]
    assert driver["name"] == "srcip-lint"
    assert driver["version"] == driver["semanticVersion"] == __version__
    for described in [*driver["rules"], *driver.get("notifications", [])]:
        check_descriptor(described)
    for result in only["results"]:
        check_result(result, driver["rules"])
    for notification in only["invocations"][0]["toolExecutionNotifications"]:
        reference = notification["descriptor"]
        assert driver["notifications"][reference["index"]]["id"] == reference["id"]
        assert notification["message"]["text"]


def check_descriptor(described: dict[str, Any]) -> None:
    assert set(described) == {
        "id", "name", "shortDescription", "fullDescription", "help", "helpUri", "defaultConfiguration", "properties",
    }  # fmt: skip
    assert re.fullmatch(r"([A-Z][a-z0-9]*)+", described["name"])
    for text in (described["shortDescription"]["text"], described["fullDescription"]["text"]):
        assert 0 < len(text) <= 1024
    assert described["help"]["text"].strip()
    assert described["help"]["markdown"].strip()
    assert described["helpUri"].startswith("https://")
    assert described["defaultConfiguration"]["level"] in ("note", "warning", "error")
    assert described["properties"]["precision"] in ("very-high", "high", "medium", "low")
    assert described["properties"]["problem.severity"] in ("error", "warning", "recommendation")
    assert 0 < len(described["properties"]["tags"]) <= 10


def check_result(result: dict[str, Any], rules: list[dict[str, Any]]) -> None:
    assert set(result) - {"relatedLocations"} == {
        "ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints", "properties",
    }  # fmt: skip
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert result["level"] in ("note", "warning", "error")
    assert result["message"]["text"].strip()
    assert re.fullmatch("[0-9a-f]{32}", result["partialFingerprints"]["srcipLint/v1"])
    assert len(result["locations"]) == 1
    for location in [*result["locations"], *result.get("relatedLocations", [])]:
        check_location(location)


def check_location(location: dict[str, Any]) -> None:
    uri, region = location["physicalLocation"]["artifactLocation"]["uri"], location["physicalLocation"]["region"]
    assert re.fullmatch(r"(file:///)?([\w./~-]|%[0-9A-F]{2})+", uri, re.ASCII)
    assert list(region) == ["startLine", "startColumn", "endLine", "endColumn"]
    assert min(region.values()) >= 1
    assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"])


def test_no_finding_is_an_empty_list() -> None:
    assert run(CLEAN)["results"] == []
    assert run(CLEAN)["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_levels() -> None:
    levels = [result["level"] for result in results(*(replace(LOCAL, severity=severity) for severity in Severity))]
    assert levels == ["note", "warning", "error"]


def test_the_message_is_full_and_links_to_the_related_places() -> None:
    (result,) = results(LOCAL)
    lines = result["message"]["text"].splitlines()
    assert lines[0] == LOCAL.message
    assert lines[1] == "See [Deployment shop/web](1): the pods behind it: 2 replicas"
    assert lines[3] == "Assuming: whoever sends packets to the node port sends them to every node"
    assert lines[4].startswith("Fix: run the pods as a DaemonSet")
    assert [related["id"] for related in result["relatedLocations"]] == [1, 2]
    assert result["properties"] == {"certainty": "assumed"}


def test_a_related_place_without_an_object_is_linked_by_its_line() -> None:
    note = replace(LOCAL.related[0], object=None)
    (result,) = results(replace(LOCAL, related=(note,)))
    assert "See [deploy/web.yaml:7](1): " in result["message"]["text"]


def test_logical_locations_name_the_object_and_the_template() -> None:
    (result,) = results(INVALID)
    assert result["locations"][0]["logicalLocations"] == [
        {"name": "edge", "fullyQualifiedName": "Service edge", "kind": "resource"},
        {"name": "service.yaml", "fullyQualifiedName": "edge/templates/service.yaml", "kind": "module"},
    ]


def test_an_unreadable_input_is_a_result_and_a_notification() -> None:
    only = run(Report((UNREADABLE, LOCAL), RULES, DAY.statistics))
    (invocation,) = only["invocations"]
    assert invocation["executionSuccessful"] is False
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["descriptor"] == {"id": "SRC001", "index": 0}
    assert notification["level"] == "error"
    assert notification["locations"] == only["results"][0]["locations"]
    assert [result["ruleId"] for result in only["results"]] == ["SRC001", "SRC301"]


def test_too_many_results_are_cut_by_severity_and_not_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif_format, "_MAX_RESULTS", 3)
    only = run(Report((FRAGILE, FRAGILE, UNREADABLE, FRAGILE, LOCAL), RULES, DAY.statistics))
    assert [result["ruleId"] for result in only["results"]] == ["SRC001", "SRC301", "SRC601"]
    unreadable, cut = only["invocations"][0]["toolExecutionNotifications"]
    assert unreadable["descriptor"] == {"id": "SRC001", "index": 0}
    assert cut["descriptor"] == {"id": "results-cut", "index": 1}
    assert cut["level"] == "warning"
    assert cut["message"]["text"].startswith("5 findings are more than code scanning accepts: the 3 most severe")


def test_the_limit_is_what_github_accepts() -> None:
    assert sarif_format._MAX_RESULTS == 25_000


def test_the_line_hash_is_that_of_the_primary_line() -> None:
    (service,) = results(LOCAL)
    assert service["partialFingerprints"]["primaryLocationLineHash"] == line_hashes(SERVICE, {8})[8]
    first, second = results(FRAGILE, replace(FRAGILE, location=replace(FRAGILE.location, span=Span(1, 1, 1, 5))))
    assert first["partialFingerprints"]["primaryLocationLineHash"] == line_hashes(DEPLOYMENT, {6})[6]
    assert second["partialFingerprints"]["primaryLocationLineHash"] == line_hashes(DEPLOYMENT, {1})[1]


@pytest.mark.parametrize("lines", [None, Lines(SERVICE.text, as_stored=False)], ids=["no text", "stored otherwise"])
def test_the_line_hash_is_left_to_github_where_the_bytes_are_not_known(lines: Lines | None) -> None:
    (result,) = results(replace(LOCAL, location=replace(LOCAL.location, lines=lines)))
    assert list(result["partialFingerprints"]) == ["srcipLint/v1"]


@pytest.mark.parametrize(
    ("data", "has_hash"),
    [
        (MISSPELT.encode(), True),
        (b"\xef\xbb\xbf" + MISSPELT.encode(), False),
        (b"\xff\xfe" + MISSPELT.encode("utf-16-le"), False),
    ],
    ids=["UTF-8", "with a byte order mark", "UTF-16"],
)
def test_a_file_that_is_not_plain_utf_8_has_no_line_hash(data: bytes, has_hash: bool, tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_bytes(data)
    found = lint(Reading([str(tmp_path)]), PACK, from_settings(()))
    (result,) = run(found)["results"]
    assert ("primaryLocationLineHash" in result["partialFingerprints"]) is has_hash


def test_a_fix_that_is_known_to_the_letter_is_a_replacement() -> None:
    edits = (
        Edit("write `externalTrafficPolicy: Cluster`", replace(LOCAL.location, span=Span(8, 26, 8, 31)), "Cluster"),
        Edit("remove it", replace(LOCAL.location, span=Span(8, 1, 9, 1)), ""),
    )
    (result,) = results(replace(LOCAL, edits=edits))
    written, removed = result["fixes"]
    assert written == {
        "description": {"text": "write `externalTrafficPolicy: Cluster`"},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": "deploy/service.yaml"},
                "replacements": [
                    {
                        "deletedRegion": {"startLine": 8, "startColumn": 26, "endLine": 8, "endColumn": 31},
                        "insertedContent": {"text": "Cluster"},
                    }
                ],
            }
        ],
    }
    assert removed["artifactChanges"][0]["replacements"] == [
        {"deletedRegion": {"startLine": 8, "startColumn": 1, "endLine": 9, "endColumn": 1}}
    ]


def test_a_rule_that_knows_its_fix_to_the_letter_gives_it() -> None:
    (result,) = run(lint_texts(MISSPELT))["results"]
    (fix,) = result["fixes"]
    assert fix["description"] == {"text": "write `externalTrafficPolicy: Local`"}


@pytest.mark.parametrize(
    ("reported", "here", "uri"),
    [
        ("deploy/service.yaml", "", "deploy/service.yaml"),
        ("service.yaml", "/src/repo/deploy", "deploy/service.yaml"),
        ("../deploy/a b.yaml", "/src/repo/tools", "deploy/a%20b.yaml"),
        ("/src/repo/deploy/service.yaml", "/src/repo/tools", "deploy/service.yaml"),
        ("../../other/service.yaml", "/src/repo/tools", "../../other/service.yaml"),
        ("/src/repository/service.yaml", "/src/repo", "file:///src/repository/service.yaml"),
        ("<stdin>", "/src/repo/deploy", "%3Cstdin%3E"),
    ],
)
def test_paths_are_seen_from_the_root_of_the_repository(reported: str, here: str, uri: str) -> None:
    place = replace(LOCAL.location, path=reported)
    one = replace(LOCAL, location=place, path=(Step("a hop", place),), edits=(Edit("fix", place, "x"),))
    note = replace(LOCAL.related[0], location=place)
    report = Report((replace(one, related=(note,)), replace(UNREADABLE, location=place)), RULES, DAY.statistics)
    look = Look(here=here, root="/src/repo" if here else "")
    text = FORMATS["sarif"](report, look)
    assert set(re.findall(r'"uri":"([^"]*)"', text)) == {uri}
    assert text.count('"uri"') == 6


def test_related_places_are_bounded() -> None:
    (result,) = results(replace(LOCAL, related=LOCAL.related[:1] * 1200))
    assert len(result["relatedLocations"]) == 100
    assert "See 1,100 more as well." in result["message"]["text"]


@pytest.mark.parametrize(
    ("rule_id", "severity", "score"),
    [
        ("SRC201", Severity.ERROR, "8.0"),
        ("SRC404", Severity.WARNING, "5.0"),
        ("SRC205", Severity.INFO, None),
        ("SRC301", Severity.ERROR, None),
    ],
)
def test_a_security_alert_is_what_lets_the_wrong_address_pass(
    rule_id: str, severity: Severity, score: str | None
) -> None:
    properties = descriptor(rule(rule_id, "a-rule", severity, "A rule."))["properties"]
    assert properties.get("security-severity") == score
    assert ("security" in properties["tags"]) is (score is not None)


def test_a_rule_without_words_has_texts_all_the_same() -> None:
    check_descriptor(descriptor(RuleInfo("XYZ001", "a-rule", Severity.ERROR, "", "", "https://example.org/XYZ001")))


def test_a_long_page_is_cut_in_the_description_and_whole_in_the_help() -> None:
    found = descriptor(rule("SRC301", "a-rule", Severity.ERROR, "A rule.", "long " * 1000 + "\n\n## Bad\n\nend"))
    check_descriptor(found)
    assert "end" in found["help"]["markdown"]
