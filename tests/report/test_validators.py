"""SARIF in front of two validators: what every kind of report looks like to them, and that they can fail at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from linting import report as lint_texts
from report.registry import multitool
from report.samples import CLEAN, DAY, EMPTY, HOSTILE_TEXTS, LOCAL, RULES, hostile
from report.validators import run_multitool, sarif_problems
from srcip_lint.config import from_settings
from srcip_lint.engine import lint
from srcip_lint.examples import example
from srcip_lint.finding import Edit, Location, ObjectRef, Report, Step
from srcip_lint.positions import Span
from srcip_lint.report import FORMATS, Look
from srcip_lint.report import sarif as sarif_format
from srcip_lint.rule import Family
from srcip_lint.sources import Reading, Source
from srcip_lint_rules import RULES as PACK

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("validators")]

ROOT = Path(__file__).parents[2]
ALL = Look(show_info=True)

Problems = Callable[[dict[str, str]], dict[str, list[str]]]


@pytest.fixture(scope="module")
def tool(request: pytest.FixtureRequest) -> Path:
    return multitool(request.config.cache)


@pytest.fixture
def problems(tool: Path, tmp_path: Path) -> Problems:
    """What both validators have against logs, by the logs' names; logs without a fault are left out."""
    return partial(sarif_problems, tool, tmp_path)


def sarif(report: Report, look: Look = ALL) -> str:
    return FORMATS["sarif"](report, look)


def family(which: Family) -> Report:
    """Everything that the fixtures of a family's rules report."""
    paths = [path for rule in PACK if rule.family is which for path in fixtures(rule.id)]
    reports = [lint_texts(case.sources, case.given) for case in map(read, paths)]
    found = tuple(finding for report in reports for finding in report.findings)
    assert {Family(finding.rule[3]) for finding in found} >= {which}
    return Report(found, reports[0].rules, reports[0].statistics)


def fixtures(rule_id: str) -> list[Path]:
    return sorted((ROOT / "fixtures" / "rules" / rule_id).glob("reported*.yaml"))


def read(path: Path) -> Any:
    return example(path.stem, path.read_text(encoding="utf-8"))


def test_the_findings_of_every_family(problems: Problems) -> None:
    families = {rule.family for rule in PACK}
    assert problems({which.name: sarif(family(which)) for which in families}) == {}


def test_clean_and_empty_runs(problems: Problems) -> None:
    assert problems({"clean": sarif(CLEAN), "empty": sarif(EMPTY), "day": sarif(DAY)}) == {}


BROKEN = {
    "brackets.yaml": b"kind: Service\nspec: [",
    "latin.yaml": b"kind: Service\nmetadata:\n  name: caf\xe9\n",
    "nul.yaml": b"kind: Service\n\0\n",
    "deep.yaml": b"kind: Service\nspec: " + b"[" * 1000,
    "one-line.yaml": b"{",
    "empty-line-end.yaml": b"kind: Service\nspec: {a: b\n\n",
}


def test_inputs_that_cannot_be_read(problems: Problems, tmp_path: Path) -> None:
    for name, data in BROKEN.items():
        (tmp_path / name).write_bytes(data)
    found = lint(Reading([*map(str, sorted(tmp_path.iterdir())), "no-such-file.yaml"]), PACK, from_settings(()))
    assert [finding.rule for finding in found.findings].count("SRC001") == len(BROKEN) + 1
    assert problems({"broken": sarif(found, Look(here="/", root=str(tmp_path)))}) == {}


def test_a_rendered_chart_from_standard_input(problems: Problems) -> None:
    text = "".join(path.read_text("utf-8") for path in fixtures("SRC502")).replace(
        "apiVersion: v1", "---\n# Source: shop/charts/web/templates/service.yaml\napiVersion: v1"
    )
    found = lint_texts([Source("<stdin>", text.encode(), named=True)])
    assert found.findings
    assert all(finding.location.template for finding in found.findings)
    assert problems({"stdin": sarif(found)}) == {}


def steered(text: str) -> Report:
    """A report that has `text` in every place of it, the way of the packet and the fixes included. A path is relative:
    one that is not lies outside of the repository, and no code scanning could show it."""
    place = Location(text.lstrip("/"), Span(1, 1, 1, 3), text)
    owner = ObjectRef(text, text, text, text)
    one = replace(LOCAL, path=(Step(text), Step(text, place, owner)), edits=(Edit(text, place, text),))
    return Report((*hostile(text).findings, one), RULES, DAY.statistics)


def test_hostile_names(problems: Problems) -> None:
    logs = {name.replace(" ", "-"): sarif(steered(text)) for name, text in HOSTILE_TEXTS.items()}
    assert problems(logs) == {}


def test_more_than_github_accepts(problems: Problems, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif_format, "_MAX_RESULTS", 3)
    assert problems({"cut": sarif(Report(DAY.findings * 5, RULES, DAY.statistics))}) == {}


def test_the_validators_find_what_is_wrong(problems: Problems) -> None:
    """A check that cannot fail is none."""
    paths = replace(LOCAL, location=replace(LOCAL.location, path="/etc/web.yaml"))
    crossed = replace(LOCAL, location=replace(LOCAL.location, span=Span(8, 9, 8, 3)))
    whole = sarif(DAY)
    found = problems(
        {
            "absolute": sarif(Report((paths,), RULES, DAY.statistics)),
            "crossed": sarif(Report((crossed,), RULES, DAY.statistics)),
            "column-kind": whole.replace("unicodeCodePoints", "bytes"),
            "day": whole,
        }
    )
    assert {name: faults[0].partition(":")[0] for name, faults in found.items()} == {
        "absolute": "GH1006",
        "crossed": "SARIF1007",
        "column-kind": "schema",
    }


def test_line_hashes_are_those_of_another_implementation(tool: Path, tmp_path: Path) -> None:
    """Microsoft's tool fills the line hash in as well. It needs to be told where relative paths start."""
    for path in fixtures("SRC301") + fixtures("SRC502") + fixtures("SRC605"):
        text = path.read_text("utf-8").replace("\n", "\r\n" if "2" in path.stem else "\n")
        (tmp_path / f"{path.parent.name}-{path.name}").write_text(f"# é😀\n{text}", encoding="utf-8", newline="")
    found = lint(Reading([str(tmp_path)]), PACK, from_settings(()))
    log = json.loads(sarif(found, Look(show_info=True, here="/", root=str(tmp_path))))
    ours = [result["partialFingerprints"].pop("primaryLocationLineHash") for result in log["runs"][0]["results"]]
    assert len(ours) > 5
    log["runs"][0]["originalUriBaseIds"] = {"ROOT": {"uri": f"{tmp_path.as_uri()}/"}}
    for result in log["runs"][0]["results"]:
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uriBaseId"] = "ROOT"
    (tmp_path / "without.sarif").write_text(json.dumps(log), encoding="utf-8")
    command = [str(tool / "Sarif.Multitool"), "rewrite", "without.sarif", "-o", "with.sarif"]
    run_multitool([*command, "--insert", "RollingHashPartialFingerprints"], tmp_path)
    theirs = json.loads((tmp_path / "with.sarif").read_text("utf-8-sig"))["runs"][0]["results"]
    assert [result["partialFingerprints"]["primaryLocationLineHash"] for result in theirs] == ours
