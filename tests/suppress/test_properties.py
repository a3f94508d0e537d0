"""A baseline keeps matching whatever is moved: lines, comments, documents, files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from linting import report
from manifests import FAULTY, SERVICE
from srcip_lint.config import Config
from srcip_lint.finding import Finding
from srcip_lint.sources import Source
from srcip_lint.suppress.baseline import Baseline, Run, renewed, without
from srcip_lint.suppress.known import added
from srcip_lint_rules import RULES

_OTHER = FAULTY.replace("web", "api").replace("NodePort", "LoadBalancer").replace("replicas: 2", "replicas: 1")
_WRONG = SERVICE.replace("Local", "local").replace("name: web", "name: wrong")
_UNUSED = SERVICE.replace("name: web", "name: lost").replace("app: web", "app: web\n    tier: nothing")
DOCUMENTS = [*FAULTY.split("---\n"), *_OTHER.split("---\n"), _WRONG, _UNUSED]
RUN = Run(date(2026, 1, 1), (".",), RULES)


def lint(files: dict[str, str]) -> tuple[Finding, ...]:
    return report([Source(path, text.encode(), named=True) for path, text in files.items()]).findings


BEFORE = lint({"all.yaml": "---\n".join(DOCUMENTS)})
BASE = renewed(Baseline("."), report([]), BEFORE, RUN)


def left(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return without(replace(report([]), findings=found), BASE, RUN, Config()).findings


@st.composite
def moved(draw: st.DrawFn) -> dict[str, str]:
    """The same objects: in another order, spread over files of other names, between other comments and blank lines."""
    files: dict[str, list[str]] = {}
    for document in draw(st.permutations(DOCUMENTS)):
        lines: list[str] = []
        for line in document.splitlines():
            lines += draw(st.lists(st.sampled_from(["", "# a note", "    # srcip-lint is a linter", "#"]), max_size=2))
            lines.append(line + draw(st.sampled_from(["", "  # why", " "])))
        path = draw(st.sampled_from(["all.yaml", "b.yaml", "c.json.yaml"]))
        files.setdefault(path, []).append("\n".join(lines) + "\n")
    return {path: "---\n".join(documents) for path, documents in files.items()}


def test_there_is_something_to_hide() -> None:
    assert len({finding.rule for finding in BEFORE}) >= 3
    assert len(BASE.entries) == len(BEFORE)
    assert left(BEFORE) == ()


@given(files=moved())
@settings(max_examples=60, deadline=None)
def test_moving_lines_documents_and_files_is_no_news(files: dict[str, str]) -> None:
    found = lint(files)
    assert left(found) == ()
    assert added(found, BEFORE, Config()) == ()


@given(files=moved(), data=st.data())
@settings(max_examples=30, deadline=None)
def test_a_fault_that_is_added_is_news_whatever_else_moves(files: dict[str, str], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(files)))
    new = _WRONG.replace("name: wrong", "name: new")
    found = lint({**files, path: f"{files[path]}---\n{new}"})
    assert [(each.rule, each.object.name if each.object else "") for each in left(found)] == [("SRC502", "new")]
    assert left(found) == added(found, BEFORE, Config())


@given(files=moved())
@settings(max_examples=20, deadline=None)
def test_what_is_written_depends_on_what_was_found_only(files: dict[str, str]) -> None:
    """But for the files that the findings are in."""
    entries = renewed(Baseline("."), report([]), lint(files), RUN).entries
    assert {entry.known.identity for entry in entries} == {entry.known.identity for entry in BASE.entries}
