"""Every format of real rendered charts, from files and from standard input, in front of whoever reads it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import referencing
from jsonschema import Draft202012Validator

import srcip_lint_schemas
from report.page import check_page
from report.registry import multitool
from report.test_gitlab import DOCUMENTED
from report.validators import sarif_problems
from srcip_lint.report import FORMATS

ROOT = Path(__file__).parents[2]
CHARTS = sorted((ROOT.parent / "shared" / "corpus" / "helm").glob("*.yaml"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("validators"),
    pytest.mark.skipif(not CHARTS, reason="../shared/corpus is not here: rendered charts are read in place"),
]


def reports(folder: Path, path: str, stdin: Path | None = None) -> dict[str, str]:
    """What one run writes, by format."""
    command = [sys.executable, "-m", "srcip_lint", "--isolated", "--show-info", "--exit-zero", path]
    command += [word for name in FORMATS for word in ("--output", f"{name}=out.{name}")]
    environment = {"PYTHONPATH": ":".join(str(ROOT / name) for name in ("linter", "rules", "schemas"))}
    data = stdin.read_bytes() if stdin else None
    done = subprocess.run(command, cwd=folder, env=environment, input=data, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
    return {name: (folder / f"out.{name}").read_text(encoding="utf-8") for name in FORMATS}


@pytest.fixture(scope="module", params=["files", "standard input"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The reports of every chart, by the chart's name."""
    found = {}
    for chart in CHARTS:
        folder = tmp_path_factory.mktemp(chart.stem)
        if request.param == "files":
            (folder / chart.name).write_bytes(chart.read_bytes())
            found[chart.stem] = reports(folder, chart.name)
        else:
            found[chart.stem] = reports(folder, "-", chart)
    return found


def test_something_is_found(written: dict[str, dict[str, str]]) -> None:
    assert any(json.loads(report["json"])["findings"] for report in written.values())


def test_sarif(written: dict[str, dict[str, str]], request: pytest.FixtureRequest, tmp_path: Path) -> None:
    logs = {name: report["sarif"] for name, report in written.items()}
    assert sarif_problems(multitool(request.config.cache), tmp_path, logs) == {}


def test_json_and_gitlab(written: dict[str, dict[str, str]]) -> None:
    schema = json.loads((Path(srcip_lint_schemas.__file__).parent / "report.schema.json").read_text("utf-8"))
    for report in written.values():
        Draft202012Validator(schema, registry=referencing.Registry()).validate(json.loads(report["json"]))
        issues = json.loads(report["gitlab"])
        Draft202012Validator(DOCUMENTED, registry=referencing.Registry()).validate(issues)
        assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def test_the_formats_agree_on_what_was_found(written: dict[str, dict[str, str]]) -> None:
    for report in written.values():
        number = len(json.loads(report["json"])["findings"])
        cases = ET.fromstring(report["junit"]).iter("testcase")  # noqa: S314  our own
        assert sum(1 for case in cases if len(case)) == number
        assert len(json.loads(report["sarif"])["runs"][0]["results"]) == number
        assert len(json.loads(report["gitlab"])) == number
        assert check_page(report["markdown"]).elements.count("h4") == number
        assert report["concise"].count("[SRC") == number
        assert report["text"].count("[SRC") == number
        if number < 10:
            assert len(report["github"].splitlines()) == number
