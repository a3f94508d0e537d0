"""What each format promises beyond its looks."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import srcip_lint_schemas
from report.samples import CLEAN, DAY, EMPTY, FRAGILE, HINT, HOSTILE_TEXTS, INVALID, LOCAL, UNREADABLE, hostile
from srcip_lint.finding import Finding, Report, Severity, Statistics
from srcip_lint.report import FORMATS, Look

REPORTS = {"day": DAY, "clean": CLEAN, "empty": EMPTY, **{name: hostile(text) for name, text in HOSTILE_TEXTS.items()}}
ALL = Look(show_info=True)


def report(*findings: Finding, statistics: Statistics = DAY.statistics) -> Report:
    return Report(findings, DAY.rules, statistics)


def last_line(output: str) -> str:
    return output.splitlines()[-1]


def test_formats_are_sorted() -> None:
    assert list(FORMATS) == sorted(FORMATS)


def test_a_format_is_imported_only_when_asked_for() -> None:
    code = "import sys, srcip_lint.report as r; print(*(m for m in sys.modules if m.startswith(r.__name__ + '.')))"
    path = ":".join(sys.path)
    environ = {"PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["srcip_lint.report.look"]


@pytest.mark.parametrize("output_format", sorted(set(FORMATS) - {"json"}))
def test_info_is_shown_only_when_asked_for(output_format: str) -> None:
    render = FORMATS[output_format]
    assert HINT.message not in render(DAY, Look())
    assert HINT.message in render(DAY, ALL)


def test_json_has_every_severity() -> None:
    assert HINT.message in FORMATS["json"](DAY, Look())


@pytest.mark.parametrize(
    ("findings", "suppressed", "words"),
    [
        ((LOCAL,), 0, ". 1 error. "),
        ((LOCAL, INVALID), 0, ". 2 errors. "),
        ((FRAGILE, FRAGILE), 1, ". 2 warnings, 1 suppressed. "),
        ((HINT, HINT, HINT), 0, ". 3 info hidden (--show-info). "),
        ((), 0, "judged. 2.50 s"),
    ],
)
def test_the_summary_counts(findings: tuple[Finding, ...], suppressed: int, words: str) -> None:
    statistics = Statistics(1, 2, 1234, suppressed, 2.5)
    line = last_line(FORMATS["text"](report(*findings, statistics=statistics), Look()))
    assert line.startswith("1 file, 2 documents, 1,234 objects judged. ")
    assert words in line


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (CLEAN, "All clear: "),
        (EMPTY, "Nothing was judged: "),
        (report(HINT), "No errors, no warnings."),
        (report(), "No errors, no warnings."),
    ],
    ids=["clean", "nothing read", "only hidden info", "only suppressed"],
)
def test_no_finding_is_said_in_words(what: Report, words: str) -> None:
    assert FORMATS["text"](what, Look()).startswith(words)
    assert FORMATS["text"](what, Look(quiet=True)) == ""


def test_many_related_places_are_listed_only_when_asked_for() -> None:
    crowded = report(replace(LOCAL, related=LOCAL.related[:1] * 20))
    assert FORMATS["text"](crowded, Look()).count("see: deploy/web.yaml") == 5
    assert "see: 15 more places (--verbose)" in FORMATS["text"](crowded, Look())
    assert FORMATS["text"](crowded, Look(verbose=True)).count("see: deploy/web.yaml") == 20


@pytest.mark.parametrize("output_format", ["github", "junit", "markdown"])
def test_of_many_related_places_the_first_are_told_and_the_rest_counted(output_format: str) -> None:
    output = FORMATS[output_format](report(replace(LOCAL, related=LOCAL.related[:1] * 20)), Look())
    assert output.count("the pods behind it: 2 replicas") == 5
    assert "15 more" in output


def test_a_line_that_was_just_shown_is_not_shown_again() -> None:
    note = replace(LOCAL.related[0], location=LOCAL.location)
    output = FORMATS["text"](report(replace(LOCAL, related=(note,))), Look())
    assert output.count("externalTrafficPolicy: Local") == 1


def test_github_keeps_to_what_actions_shows() -> None:
    crowded = report(*[HINT] * 30, *[FRAGILE] * 11, *[LOCAL] * 12)
    lines = FORMATS["github"](crowded, ALL).splitlines()
    commands = [line.partition(" ")[0] for line in lines]
    assert commands == ["::error"] * 10 + ["::warning"] * 10 + ["::notice"] * 10
    assert "::and 24 more: 2 errors, 1 warning, 21 notices." in lines[-1]


def test_github_is_silent_about_a_rest_that_is_not_there() -> None:
    assert len(FORMATS["github"](report(*[LOCAL] * 10), ALL).splitlines()) == 10


def test_github_gives_columns_for_one_line_only() -> None:
    lines = FORMATS["github"](report(LOCAL, FRAGILE), Look()).splitlines()
    assert ",line=8,endLine=8,col=3,endColumn=31," in lines[0]
    assert ",line=6,endLine=7,title=" in lines[1]


@pytest.mark.parametrize("char", ["x", "é", "\U0001f600", "\x1b", "%"])
def test_github_cuts_a_text_that_actions_would_cut(char: str) -> None:
    (line,) = FORMATS["github"](report(replace(LOCAL, message=char * 9000)), Look()).splitlines()
    text = line.partition("::")[2].partition("::")[2].replace("%0A", "\n").replace("%25", "%")
    assert 4090 < len(text.encode("utf-16-le")) // 2 <= 4096
    assert text.endswith("…\nhttps://github.com/srcip-lint/srcip-lint/blob/main/docs/rules/SRC301.md")


def test_github_names_files_from_the_root_of_the_repository() -> None:
    look = Look(here="/src/repo/infra", root="/src/repo")
    assert "::error file=infra/deploy/service.yaml,line=8," in FORMATS["github"](report(LOCAL), look)


@pytest.mark.parametrize("name", REPORTS)
def test_json_is_what_its_schema_says(name: str) -> None:
    validate(json.loads(FORMATS["json"](REPORTS[name], Look())))


@pytest.mark.parametrize("key", ["version", "findings", "summary"])
def test_the_schema_is_strict(key: str) -> None:
    from jsonschema import ValidationError

    document = json.loads(FORMATS["json"](DAY, Look()))
    for wrong in ({**document, "more": 1}, {k: v for k, v in document.items() if k != key}, {**document, key: "1"}):
        with pytest.raises(ValidationError):
            validate(wrong)


def test_the_schema_ties_certainty_to_assumptions() -> None:
    from jsonschema import ValidationError

    document = json.loads(FORMATS["json"](report(LOCAL), Look()))
    document["findings"][0]["certainty"] = "certain"
    with pytest.raises(ValidationError):
        validate(document)


def validate(document: object) -> None:
    from jsonschema import Draft202012Validator
    from referencing import Registry

    schema = json.loads((Path(srcip_lint_schemas.__file__).parent / "report.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    registry: Registry[Any] = Registry()
    Draft202012Validator(schema, registry=registry).validate(document)


def test_json_says_nothing_of_the_time_it_took() -> None:
    slow = replace(DAY, statistics=replace(DAY.statistics, seconds=99.0))
    assert FORMATS["json"](slow, Look()) == FORMATS["json"](DAY, Look())


def test_statistics_count_what_is_shown() -> None:
    output = FORMATS["text"](report(LOCAL, LOCAL, FRAGILE, HINT, UNREADABLE), Look(statistics=True, quiet=True))
    table = output[output.index("count  rule") :].splitlines()
    assert table[1:] == [
        "    2  SRC301  local-without-per-node-pods",
        "    1  SRC001  unreadable-input",
        "    1  SRC601  local-single-replica",
    ]


def test_severities_are_told_apart_in_words() -> None:
    for severity in Severity:
        output = FORMATS["concise"](report(replace(LOCAL, severity=severity)), Look(show_info=True, quiet=True))
        assert output.startswith(f"deploy/service.yaml:8:3: {severity.value}[SRC301] ")
