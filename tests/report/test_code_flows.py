"""The way of the packet that a finding carries: as SARIF code flows, and as `path` in JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from linting import report
from report.samples import DAY, HOSTILE_TEXTS, LOCAL, RULES
from srcip_lint.examples import example
from srcip_lint.finding import Finding, Location, ObjectRef, Report, Step
from srcip_lint.positions import Span
from srcip_lint.report import FORMATS, Look

FIXTURES = Path(__file__).parents[2] / "fixtures" / "rules"


def finding(fixture: str) -> Finding:
    """The finding of a fixture's own rule."""
    path = FIXTURES / fixture
    case = example(path.stem, path.read_text(encoding="utf-8"))
    return next(one for one in report(case.sources, case.given).findings if one.rule == path.parent.name)


def flow(*findings: Finding) -> list[dict[str, Any]]:
    """The steps of the one code flow in a SARIF log."""
    log = json.loads(FORMATS["sarif"](Report(findings, RULES, DAY.statistics), Look()))
    (result,) = log["runs"][0]["results"]
    ((thread,),) = [code_flow["threadFlows"] for code_flow in result["codeFlows"]]
    return list(thread["locations"])


def test_a_finding_tells_the_hops_from_the_client_to_the_application() -> None:
    path = finding("SRC102/reported.yaml").path
    assert [step.message.partition(":")[0] for step in path] == [
        "the client connects; the peer is now the client",
        "load balancer",
        "node",
        "pod",
        "proxy",
        "upstream",
    ]
    assert path[0].location is None
    assert all(step.location for step in path[1:])
    assert path[2].message.endswith("the peer is now a node")


def test_sarif_has_a_place_and_a_message_for_every_step() -> None:
    found = finding("SRC102/reported.yaml")
    steps = flow(replace(found, rule="SRC301"))
    assert len(steps) == len(found.path) - 1
    first = steps[0]["location"]
    assert first["message"]["text"].startswith("the client connects; the peer is now the client; load balancer:")
    assert all(step["location"]["physicalLocation"]["region"]["startLine"] > 0 for step in steps)


def test_without_a_way_there_is_no_code_flow() -> None:
    log = json.loads(FORMATS["sarif"](Report((LOCAL,), RULES, DAY.statistics), Look()))
    assert "codeFlows" not in log["runs"][0]["results"][0]
    assert json.loads(FORMATS["json"](Report((LOCAL,), RULES, DAY.statistics), Look()))["findings"][0]["path"] == []


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_hostile_steps(text: str) -> None:
    import referencing
    from jsonschema import Draft202012Validator

    import srcip_lint_schemas

    place = Location(text, Span(1, 1, 1, 3), text)
    bad = replace(LOCAL, path=(Step(text), Step(text, place, ObjectRef(text, text, text, text))))
    (step,) = flow(bad)
    shown = step["location"]["message"]["text"]
    assert shown.isprintable()
    assert "##[" not in shown
    document = json.loads(FORMATS["json"](Report((bad,), RULES, DAY.statistics), Look()))
    schema = json.loads((Path(srcip_lint_schemas.__file__).parent / "report.schema.json").read_text("utf-8"))
    Draft202012Validator(schema, registry=referencing.Registry()).validate(document)
    assert len(document["findings"][0]["path"]) == 2
