"""Baselines: which finding an entry means, when it holds, what is said of one that does not, and the file itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry

from srcip_lint.config import Config, ConfigError, schema
from srcip_lint.finding import Finding, Location, Note, ObjectRef, Report, RuleInfo, Severity, Statistics
from srcip_lint.positions import Span
from srcip_lint.rule import Rule
from srcip_lint.suppress import baseline_file
from srcip_lint.suppress.baseline import Baseline, Entry, Run, reaches, renewed, without
from srcip_lint.suppress.known import added, known

NAMES = {"SRC001": "unreadable-input", "SRC003": "unused-suppression", "SRC301": "local", "SRC605": "single"}
RULES = tuple(Rule(rule, name, Severity.ERROR, None, f"{name}.") for rule, name in NAMES.items())
INFOS = tuple(RuleInfo(rule.id, rule.name, rule.severity, "", "", "https://example.org") for rule in RULES)
TODAY = date(2026, 6, 15)
WEB = ObjectRef("", "Service", "shop", "web")
API = ObjectRef("", "Service", "shop", "api")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def finding(
    line: int = 7,
    found: ObjectRef | None = WEB,
    rule: str = "SRC301",
    path: str = "web.yaml",
    severity: Severity = Severity.WARNING,
    field: Sequence[str | int] = ("spec", "externalTrafficPolicy"),
    message: str = "x",
) -> Finding:
    place = Location(path, Span(line, 3, line, 9))
    return Finding(rule, NAMES[rule], severity, message, place, found, tuple(field))


def report(*findings: Finding) -> Report:
    return Report(findings, INFOS, Statistics(files=1, objects=1))


def run(*inputs: str, **more: Any) -> Run:
    return Run(TODAY, inputs or (".",), RULES, **more)


def accepting(*findings: Finding, inputs: Sequence[str] = (".",)) -> Baseline:
    """What `--write-baseline` writes and `--baseline` reads."""
    new = renewed(Baseline("."), report(*findings), findings, run(*inputs))
    Path("base.json").write_text(baseline_file.written(new), encoding="utf-8")
    return baseline_file.read(Path("base.json"))


def left(base: Baseline, *findings: Finding, of: Run | None = None) -> list[Finding]:
    return list(without(report(*findings), base, of or run(), Config()).findings)


def changed(**fields: Any) -> Baseline:
    """A baseline of one finding, its entry changed by hand."""
    accepting(finding())
    text = json.loads(Path("base.json").read_text(encoding="utf-8"))
    text["entries"][0].update(fields)
    Path("base.json").write_text(json.dumps(text, indent=2), encoding="utf-8")
    return baseline_file.read(Path("base.json"))


# --- which finding an entry means ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "same",
    [
        finding(),
        finding(line=700),
        finding(message="a better sentence"),
        finding(path="moved/and/renamed.yaml"),
        finding(severity=Severity.INFO),
        replace(finding(), related=(Note("y", Location("b.yaml", Span(1, 1, 1, 1)), API),)),
        replace(finding(), fixes=("z",), assumptions=("a",)),
    ],
    ids=["as it was", "line", "message", "file", "milder", "related", "fix"],
)
def test_the_same_finding_is_hidden_wherever_it_moved(same: Finding) -> None:
    assert left(accepting(finding()), same) == []


@pytest.mark.parametrize(
    "other",
    [
        finding(rule="SRC605"),
        finding(found=API),
        finding(found=replace(WEB, namespace="other")),
        finding(found=replace(WEB, namespace=None)),
        finding(found=replace(WEB, kind="Ingress")),
        finding(found=replace(WEB, group="serving.knative.dev")),
        finding(field=("spec", "type")),
        finding(field=("spec", "ports", 1)),
    ],
    ids=["rule", "name", "namespace", "no namespace", "kind", "group", "field", "index"],
)
def test_another_finding_is_reported(other: Finding) -> None:
    assert other in left(accepting(finding()), finding(), other)


def test_what_has_no_object_is_known_by_its_file() -> None:
    base = accepting(finding(found=None, field=()))
    assert left(base, finding(line=3, found=None, field=())) == []
    moved = finding(found=None, field=(), path="other.yaml")
    assert moved in left(base, moved)


def test_each_entry_hides_one_finding() -> None:
    """A third environment with the fault of two others is news; which of the three it is, the file tells."""
    base = accepting(finding(path="a.yaml"), finding(path="b.yaml"))
    assert left(base, finding(path="b.yaml"), finding(path="a.yaml")) == []
    new = finding(path="c.yaml")
    assert left(base, new, finding(path="a.yaml"), finding(path="b.yaml")) == [new]
    assert left(base, new, finding(path="a.yaml")) == [], "b.yaml was renamed"


def test_a_finding_that_became_worse_is_reported_and_says_so() -> None:
    worse = finding(severity=Severity.ERROR)
    (told,) = left(accepting(finding()), worse)
    assert (told.severity, told.location) == (worse.severity, worse.location)
    assert [note.message for note in told.related] == ["it was accepted here as warning, and has become worse"]
    assert told.related[0].location.path == "base.json"


def test_the_milder_of_two_entries_is_spent_on_the_milder_finding() -> None:
    mild, bad = finding(severity=Severity.INFO), finding(severity=Severity.ERROR, path="b.yaml")
    base = accepting(mild, bad)
    assert left(base, bad, mild) == left(base, mild, bad) == []
    assert left(base, replace(mild, location=bad.location), replace(bad, location=mild.location)) == []


def test_unreadable_input_and_bad_suppressions_are_never_accepted() -> None:
    both = finding(rule="SRC001", found=None), finding(rule="SRC003", found=None)
    assert accepting(*both).entries == ()
    base = changed(rule="SRC001")
    told = left(base, replace(finding(), rule="SRC001", name="unreadable-input"))
    assert [each.rule for each in told] == ["SRC003", "SRC001"]
    assert "SRC001 cannot be accepted in a baseline" in told[0].message


# --- expiry ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("until", "hides"), [("2026-06-14", False), ("2026-06-15", True), ("2026-06-16", True)])
def test_an_entry_holds_through_its_last_day(until: str, hides: bool) -> None:
    assert (left(changed(until=until), finding()) == []) is hides


def test_what_an_entry_no_longer_hides_says_since_when_and_what_for() -> None:
    (told,) = left(changed(until="2026-01-31", reason="the move to MetalLB"), finding())
    (note,) = told.related
    assert note.message == "it was accepted here until 2026-01-31, which is past: the move to MetalLB"
    assert (note.location.path, note.location.span.line) == ("base.json", 9)
    assert told.fingerprint == finding().fingerprint


def test_an_expired_entry_does_not_take_the_place_of_one_that_holds() -> None:
    accepting(finding(), finding(path="b.yaml"))
    text = json.loads(Path("base.json").read_text(encoding="utf-8"))
    text["entries"][0]["until"] = "2026-01-01"
    Path("base.json").write_text(json.dumps(text), encoding="utf-8")
    told = left(baseline_file.read(Path("base.json")), finding(), finding(path="b.yaml"))
    assert len(told) == 1


# --- entries that match nothing any more -----------------------------------------------------------------------------


def test_an_entry_that_hides_nothing_is_reported_where_it_stands() -> None:
    (told,) = left(accepting(finding()))
    assert (told.rule, told.severity, told.object) == ("SRC003", Severity.ERROR, WEB)
    assert (told.location.path, told.location.span.line) == ("base.json", 9)
    assert told.message.startswith("SRC301 of Service shop/web is accepted here, but is not found any more")
    assert "--write-baseline" in told.fixes[0]
    assert left(changed(until="2026-01-01"))[0].rule == "SRC003", "an expired one too"


def test_nothing_is_said_of_an_entry_that_this_run_cannot_judge() -> None:
    base = accepting(finding(path="deploy/web.yaml"), inputs=("deploy", "more.yaml"))
    assert left(base, of=run("deploy")) == []
    assert left(base, of=run(".", whole=False)) == []
    assert left(base, of=run(".", excluded=lambda path: path == "deploy/web.yaml")) == []
    others = tuple(rule for rule in INFOS if rule.id != "SRC301")
    assert without(replace(report(), rules=others), base, run(), Config()).findings == ()
    without_about = tuple(rule for rule in INFOS if rule.id != "SRC003")
    assert without(replace(report(), rules=without_about), base, run(), Config()).findings == ()
    for inputs in ((".",), ("deploy", "more.yaml"), ("more.yaml", "deploy/", "x"), ("..",)):
        assert left(base, of=run(*inputs)) != [], inputs


def test_an_entry_of_a_rule_that_is_none_is_a_typing_error() -> None:
    told = left(changed(rule="SRC310"), finding())
    complaints = [each.message for each in told if each.rule == "SRC003"]
    assert complaints == ['there is no rule "SRC310", so nothing is accepted; did you mean "SRC301"?']


def test_the_configuration_grades_what_is_said_of_entries() -> None:
    graded = Config(severity={"SRC003": Severity.INFO})
    (told,) = without(report(), accepting(finding()), run(), graded).findings
    assert told.severity is Severity.INFO


@pytest.mark.parametrize(
    ("written", "now", "answer"),
    [
        (["."], ["."], True),
        (["a"], ["."], True),
        (["."], ["a"], False),
        (["a", "b/c"], ["b", "a"], True),
        (["a"], ["ab"], False),
        (["-"], ["-"], True),
        (["-"], ["."], False),
        (["."], ["-"], False),
        (["x/*.yaml"], ["x"], True),
        (["x/*.yaml"], ["x/*.yaml"], True),
        ([], ["a"], True),
    ],
)
def test_which_run_judges_all_of_it_again(written: list[str], now: list[str], answer: bool) -> None:
    assert reaches(now, Baseline(".", tuple(written))) is answer


def test_paths_are_those_of_the_baselines_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accepting(finding(path="deploy/web.yaml", found=None, field=()), inputs=("deploy",))
    (tmp_path / "deploy").mkdir()
    monkeypatch.chdir(tmp_path / "deploy")
    base = baseline_file.read(Path("../base.json"))
    assert left(base, finding(path="web.yaml", found=None, field=()), of=run(".")) == []
    assert [each.rule for each in left(base, of=run("."))] == ["SRC003"]
    assert left(base, of=run("nothing")) == []


# --- writing it again ------------------------------------------------------------------------------------------------


def test_what_people_wrote_is_kept_and_what_is_gone_is_dropped() -> None:
    old = changed(until="2026-12-31", reason="the move to MetalLB")
    moved = finding(line=99, path="moved.yaml", severity=Severity.ERROR)
    new = renewed(old, report(moved), [moved, finding(found=API)], run())
    assert [
        (str(each.known.object), str(each.until), each.reason, each.known.severity.value) for each in new.entries
    ] == [
        ("Service shop/web", "2026-12-31", "the move to MetalLB", "error"),
        ("Service shop/api", "None", "", "warning"),
    ]
    assert renewed(old, report(), [], run()).entries == ()


def test_a_run_that_sees_less_drops_nothing_that_it_did_not_see() -> None:
    old = accepting(finding(path="a/web.yaml"), finding(path="b/api.yaml", found=API), inputs=("a", "b"))
    new = renewed(old, report(), [], run("b"))
    assert [str(entry.known.object) for entry in new.entries] == ["Service shop/web"]
    assert new.inputs == ("a", "b")
    assert renewed(old, report(), [], run(".")).inputs == (".",)
    ran = replace(report(), rules=tuple(rule for rule in INFOS if rule.id != "SRC301"))
    assert len(renewed(old, ran, [], run("a", "b")).entries) == 2


def test_a_file_beside_the_inputs_is_no_reason_to_keep_an_entry_for_ever() -> None:
    """The base of an overlay that was judged lies outside of what was named."""
    old = accepting(finding(path="base/web.yaml"), inputs=("overlay",))
    assert renewed(old, report(), [], run("overlay")).entries == ()


def test_the_order_of_the_findings_does_not_matter() -> None:
    found = [finding(), finding(found=API), finding(rule="SRC605"), finding(path="a.yaml"), finding(field=("spec",))]
    assert renewed(Baseline("."), report(), found, run()) == renewed(Baseline("."), report(), found[::-1], run())


def test_writing_again_changes_nothing() -> None:
    found = (finding(), finding(found=API), finding(found=None, field=()))
    accepting(*found)
    before = Path("base.json").read_bytes()
    again = renewed(baseline_file.read(Path("base.json")), report(*found), found, run())
    assert baseline_file.written(again).encode() == before


# --- the file --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["web", "wéb", "😀", "\x1b[2J\u202e\n::error::", "caf\udce9", "\udce9\ud83d", 'quo"te\\', "a\x85b\u2028", "", "~"],
)
def test_every_name_is_written_and_read_back(text: str) -> None:
    odd = ObjectRef(text, text or "Service", text or None, text)
    found = finding(found=odd, field=(text, 0), path=text or "a.yaml")
    base = accepting(found)
    assert left(base, found) == []
    written = Path("base.json").read_bytes()
    assert written.isascii()
    assert not any(byte < 32 and byte != 10 for byte in written)


def validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(schema("baseline"))
    registry: Registry[Any] = Registry()
    return Draft202012Validator(schema("baseline"), registry=registry)


def test_what_is_written_is_what_the_schema_says() -> None:
    accepting(finding(), finding(found=None, field=()), finding(found=replace(WEB, namespace=None, group="apps")))
    text = json.loads(Path("base.json").read_text(encoding="utf-8"))
    validator().validate(text)
    text["entries"][0] |= {"until": "2026-12-31", "reason": "x"}
    validator().validate(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", 'base.json:1:1: "version" is missing'),
        ("[]", "base.json:1:1: must be"),
        ("{", "base.json:1:"),
        ('{"version": 2, "inputs": [], "entries": []}', "base.json:1:13: version: must be 1, the version"),
        ('{"version": 1, "entries": []}', '"inputs" is missing'),
        ('{"version": 1, "inputs": [], "entries": [{}]}', 'base.json:1:42: entries[0]: "path" is missing'),
        ('{"version": 1, "inputs": [], "entries": [], "more": 1}', 'unknown key "more"'),
        (
            '{"version": 1, "inputs": [], "entries": [{"rule": "SRC301", "severity": "bad", "path": "a"}]}',
            'entries[0].severity: "bad" is not one of error, warning, info',
        ),
        (
            '{"version": 1, "inputs": [], "entries": [{"rule": "local", "severity": "error", "path": "a"}]}',
            "must be the id of a rule",
        ),
        (
            '{"version": 1, "inputs": [], "entries":\n'
            '[{"rule": "SRC301", "severity": "error", "path": "a", "until": "x"}]}',
            "must be a date as in 2027-01-31",
        ),
        (
            '{"version": 1, "inputs": [], "entries":\n'
            '[{"rule": "SRC301", "severity": "error", "path": "a", "until": "2026-02-30"}]}',
            "base.json:2:64: 2026-02-30 is no date",
        ),
        ('{"version": 1, "version": 1, "inputs": [], "entries": []}', 'the key "version" is written twice'),
        ("[" * 100_000, "base.json:1:"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused_with_the_place(text: str, complaint: str) -> None:
    Path("base.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        baseline_file.read(Path("base.json"))
    assert complaint in str(caught.value)


def test_a_file_that_is_missing_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"base\.json: cannot be read: No such file"):
        baseline_file.read(Path("base.json"))


# --- what was there before (--since) ---------------------------------------------------------------------------------


def test_what_a_change_adds() -> None:
    before = [finding(line=3), finding(found=API)]
    new = finding(rule="SRC605")
    assert added([finding(), new], before, Config()) == (new,)
    worse = finding(severity=Severity.ERROR)
    assert added([worse], before, Config()) == (worse,)


def test_what_cannot_be_read_is_told_again() -> None:
    broken = finding(rule="SRC001", found=None, field=())
    assert added([broken], [broken], Config()) == (broken,)


def test_a_fault_of_todays_configuration_belongs_to_today() -> None:
    stale = finding(rule="SRC003", found=None, path="srcip-lint.yaml", field=("overrides", "x"))
    assert added([stale], [stale], Config(path="srcip-lint.yaml")) == (stale,)
    assert added([stale], [stale], Config()) == ()


def test_many_findings_are_compared_quickly() -> None:
    found = [finding(found=replace(WEB, name=f"web-{number}")) for number in range(5000)]
    base = Baseline(".", (".",), tuple(Entry(known(each)) for each in found))
    assert left(base, *found[::-1]) == []
    assert len(left(Baseline("."), *found)) == 5000
