"""What real users ran into: each bundle of `fixtures/pain` is reported where it had to be changed, and only there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from linting import report
from srcip_lint.examples import example
from srcip_lint.finding import Severity

PAIN = Path(__file__).parents[1] / "fixtures" / "pain"
ROW = re.compile(
    r"^\| \[(?P<issue>[^]]+#\d+)\]\(https://[^)]+\) \| (?P<rule>SRC\d{3}) \| `(?P<bundle>[^`]+)` \| .+ \|$", re.M
)
LIST = (PAIN / "README.md").read_text(encoding="utf-8").partition("\n## ")[0]
"""The rows that a rule decides; below stand those that none does."""
TABLE = [row.groupdict() for row in ROW.finditer(LIST)]


@pytest.mark.parametrize("row", TABLE, ids=[row["issue"] for row in TABLE])
def test_the_rule_of_the_row_speaks_where_the_fault_is_and_nothing_else_above_info(row: dict[str, str]) -> None:
    case = example(row["issue"], (PAIN / row["bundle"]).read_text(encoding="utf-8"), row["bundle"])
    found = report(case.sources, case.given).findings
    loud = [each for each in found if each.severity > Severity.INFO or any(want.meets(each) for want in case.wants)]
    assert row["rule"] in {want.rule for want in case.wants}, "the bundle has to say where the rule is to speak"
    assert not list(case.mismatches(loud))


def test_every_row_has_a_bundle_and_every_bundle_a_row() -> None:
    rows = [line for line in LIST.splitlines() if line.startswith("| [")]
    assert len(rows) == len(TABLE), "a row is not written like the others"
    assert {row["bundle"] for row in TABLE} == {path.name for path in PAIN.glob("*.yaml")}
