"""`make rule`: what it writes is a rule that runs, and it refuses what cannot be one."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

import new_rule
from checkout import ROOT
from linting import report
from srcip_lint.examples import Example, conditions, example, examples, silences
from srcip_lint.rule import Rule

ARGUMENTS = ["SRC399", "brand-new-rule", "dropped"]
MODULE = Path("rules/srcip_lint_rules/dropped/src399_brand_new_rule.py")


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """An empty project in which a rule was started."""
    assert new_rule.main(ARGUMENTS, tmp_path) == 0
    return tmp_path


def load(path: Path) -> Rule:
    spec = spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    rule = module.RULE
    assert isinstance(rule, Rule)
    return rule


def mismatches(rule: Rule, case: Example) -> list[str]:
    return list(case.mismatches(report(case.sources, case.given, rules=(rule,)).findings))


def test_the_page_it_writes_is_executed_and_holds(started: Path) -> None:
    rule = load(started / MODULE)
    assert (rule.id, rule.name) == ("SRC399", "brand-new-rule")
    assert [case.name for case in examples(rule.doc)] == ["Bad 1", "Good 1"]
    assert [mismatches(rule, case) for case in examples(rule.doc)] == [[], []]


def test_every_condition_and_silence_of_the_page_has_its_fixture(started: Path) -> None:
    rule = load(started / MODULE)
    fixtures = sorted((started / "fixtures/rules/SRC399").iterdir())
    assert {path.stem for path in fixtures} == {"reported", *conditions(rule.doc), *silences(rule.doc)}
    for path in fixtures:
        case = example(path.stem, path.read_text(encoding="utf-8"))
        assert bool(case.wants) == (path.stem == "reported")
        assert mismatches(rule, case) == []


@pytest.mark.parametrize("command", [("check",), ("format", "--check")], ids=" ".join)
def test_ruff_has_nothing_to_say(started: Path, command: tuple[str, ...]) -> None:
    ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", f"--config={ROOT / 'pyproject.toml'}"]
    run = subprocess.run([*ruff, str(started / MODULE)], check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        pytest.param([], "usage: make rule", id="nothing given"),
        pytest.param(["SRC399", "", "dropped"], "usage: make rule", id="no name"),
        pytest.param(["SRC999", "a-name", "dropped"], "'SRC999' is no rule id", id="no such family's digit"),
        pytest.param(["SRC399", "A_Name", "dropped"], "'A_Name' is no rule name", id="name not in hyphens"),
        pytest.param(["SRC399", "a-name", "../lost"], "'../lost' is no family", id="no family"),
        pytest.param(["SRC399", "a-name", "lost"], "belongs to the family dropped", id="digit of another family"),
        pytest.param(["SRC301", "a-name", "dropped"], "src301_taken.py has that id", id="id taken"),
        pytest.param(["SRC399", "taken", "dropped"], "src301_taken.py has that id", id="name taken"),
    ],
)
def test_it_refuses_and_writes_nothing(
    arguments: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "rules/srcip_lint_rules/dropped/src301_taken.py"
    taken.parent.mkdir(parents=True)
    taken.touch()
    assert new_rule.main(arguments, tmp_path) == 2
    assert reason in capsys.readouterr().out
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [taken]
