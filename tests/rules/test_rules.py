"""Every rule against its own page and its fixtures.

A rule's page names the conjuncts of its truth condition and its silences; `fixtures/rules/<ID>/` holds a bundle for
each, named after it (`<name>.yaml`, `<name>-2.yaml`, ...), in which the rule says nothing although everything else is
as in a bundle that is reported; `reported*.yaml` are reported. So removing any conjunct or silence from a rule breaks
a test here.
"""

from __future__ import annotations

import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest

import srcip_lint_rules
from linting import findings_of
from srcip_lint.examples import Example, conditions, example, examples, silences
from srcip_lint.rule import Family, Rule
from srcip_lint_rules import RULES

FIXTURES = Path(__file__).parents[2] / "fixtures" / "rules"
ASKED = [rule for rule in RULES if rule.check]


def fixtures(rule: Rule) -> list[Path]:
    return sorted((FIXTURES / rule.id).glob("*.yaml"))


def slug(path: Path) -> str:
    return re.sub(r"-\d+$", "", path.stem)


CASES = [pytest.param(rule, case, id=f"{rule.id} {case.name}") for rule in RULES for case in examples(rule.doc)]
BUNDLES = [pytest.param(rule, path, id=f"{rule.id} {path.stem}") for rule in RULES for path in fixtures(rule)]


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_the_examples_of_the_page_do_what_they_say(rule: Rule, case: Example) -> None:
    assert not list(case.mismatches(findings_of(rule, case)))


@pytest.mark.parametrize(("rule", "path"), BUNDLES)
def test_the_fixtures_do_what_their_names_say(rule: Rule, path: Path) -> None:
    case = example(path.stem, path.read_text(encoding="utf-8"))
    assert bool(case.wants) == slug(path).startswith("reported"), "`reported*` fixtures want a finding, the others none"
    assert not list(case.mismatches(findings_of(rule, case)))


@pytest.mark.parametrize("rule", ASKED, ids=lambda rule: rule.id)
def test_every_condition_and_silence_has_a_fixture(rule: Rule) -> None:
    named = {*conditions(rule.doc), *silences(rule.doc)}
    present = {slug(path) for path in fixtures(rule)}
    assert conditions(rule.doc), "the page lists no condition under `## Reported when`"
    assert {name for name in present if not name.startswith("reported")} == named
    assert any(name.startswith("reported") for name in present)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_page_has_a_failing_and_a_passing_example(rule: Rule) -> None:
    cases = examples(rule.doc)
    assert any(case.wants for case in cases if case.name.startswith("Bad"))
    assert any(not case.wants for case in cases if case.name.startswith("Good"))
    assert all(bool(case.wants) == case.name.startswith("Bad") for case in cases)


def test_the_tuple_of_rules_is_sorted_complete_and_without_twins() -> None:
    modules = [
        import_module(module.name)
        for module in pkgutil.walk_packages(srcip_lint_rules.__path__, "srcip_lint_rules.")
        if not module.ispkg
    ]
    assert sorted(rule.id for rule in RULES) == [rule.id for rule in RULES]
    assert {rule.id for rule in RULES} == {module.RULE.id for module in modules}
    assert len({rule.id for rule in RULES} | {rule.name for rule in RULES}) == 2 * len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_stands_in_the_file_of_its_id_and_name_and_the_folder_of_its_family(rule: Rule) -> None:
    family = {Family.DROPPED: "dropped", Family.INPUT: "input"}.get(rule.family, rule.family.name.lower())
    module = f"srcip_lint_rules.{family}.{rule.id.lower()}_{rule.name.replace('-', '_')}"
    assert import_module(module).RULE is rule
