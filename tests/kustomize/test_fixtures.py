"""Readable bundles: each folder of `fixtures/kustomize` is a small repository, linted from within as a user would.

Its README says what it shows; `# want` comments stand where SRC301 must report, and nowhere else may it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from srcip_lint.config import from_settings
from srcip_lint.engine import lint
from srcip_lint.examples import Example, example
from srcip_lint.sources import Reading
from srcip_lint_rules import RULES

FIXTURES = Path(__file__).parents[2] / "fixtures" / "kustomize"
JUDGES = [rule for rule in RULES if rule.id in ("SRC001", "SRC301")]
CASES = sorted(folder.name for folder in FIXTURES.iterdir())


def wanted(folder: Path) -> Example:
    """What the comments of all files together want."""
    files = sorted(path for path in folder.rglob("*.y*ml"))
    parts = [example("", path.read_text(encoding="utf-8"), path.relative_to(folder).as_posix()) for path in files]
    return Example(folder.name, (), (), tuple(want for part in parts for want in part.wants))


@pytest.mark.parametrize("name", CASES)
def test_each_bundle_is_judged_as_it_is_applied(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FIXTURES / name)
    report = lint(Reading(["."]), JUDGES, from_settings(()))
    assert not list(wanted(FIXTURES / name).mismatches(report.findings))


@pytest.mark.parametrize("name", CASES)
def test_each_bundle_says_what_it_shows(name: str) -> None:
    assert (FIXTURES / name / "README.md").read_text(encoding="utf-8").strip()
