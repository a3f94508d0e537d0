"""Edits: carried out, each mends its finding and changes nothing else; where the text is not plain, there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from linting import report
from srcip_lint.documents import Document, Place, read_all
from srcip_lint.edits import edits
from srcip_lint.examples import example
from srcip_lint.finding import Edit, Finding
from srcip_lint.rule import Change
from srcip_lint.sources import Source

FIXTURES = Path(__file__).parents[1] / "fixtures" / "rules"
MENDED = ("SRC320", "SRC501", "SRC502", "SRC503")
"""The rules that propose edits."""

INVALID = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  type: NodePort\n  ports:\n    - port: 80\n"


def found(text: str | list[Source], rule: str = "SRC502") -> Finding:
    return next(finding for finding in report(text).findings if finding.rule == rule)


def service(*fields: str) -> str:
    return INVALID + "".join(f"  {field}\n" for field in fields)


def carried_out(edit: Edit) -> str:
    """The text of the file with the edit made."""
    lines, span = edit.location.lines, edit.location.span
    assert lines is not None
    start = sum(len(line) for line in lines.text.splitlines(keepends=True)[: span.line - 1]) + span.column - 1
    end = sum(len(line) for line in lines.text.splitlines(keepends=True)[: span.end_line - 1]) + span.end_column - 1
    return lines.text[:start] + edit.text + lines.text[end:]


CASES = [
    pytest.param(path, id=f"{rule} {path.stem}")
    for rule in MENDED
    for path in sorted((FIXTURES / rule).glob("reported*.yaml"))
]


@pytest.mark.parametrize("path", CASES)
def test_an_edit_mends_its_finding_and_makes_no_other(path: Path) -> None:
    case = example(path.stem, path.read_text(encoding="utf-8"))
    before = report(case.sources, case.given)
    for finding in before.findings:
        for edit in finding.edits:
            assert edit.fix in finding.fixes
            text = carried_out(edit).encode()
            changed = [
                Source(one.path, text, named=True) if one.path == edit.location.path else one for one in case.sources
            ]
            after = report(changed, case.given)
            assert {(one.rule, one.object, one.message) for one in after.findings} < {
                (one.rule, one.object, one.message) for one in before.findings
            }


@pytest.mark.parametrize("rule", MENDED)
def test_each_of_these_rules_proposes_an_edit(rule: str) -> None:
    paths = (FIXTURES / rule).glob("reported*.yaml")
    cases = [example(path.stem, path.read_text(encoding="utf-8")) for path in paths]
    assert any(one.edits for case in cases for one in report(case.sources, case.given).findings if one.rule == rule)


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ("externalTrafficPolicy: local", "externalTrafficPolicy: Local"),
        ('externalTrafficPolicy: "LOCAL"  # why', 'externalTrafficPolicy: "Local"  # why'),
        ("'externalTrafficPolicy':   'cluster'", "'externalTrafficPolicy':   'Cluster'"),
    ],
)
def test_a_value_is_replaced_in_its_quotes(written: str, becomes: str) -> None:
    (edit,) = found(service(written)).edits
    assert carried_out(edit) == service(becomes)


def test_a_value_in_json_keeps_it_json() -> None:
    text = '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"type": "NodePort", '
    text += '"externalTrafficPolicy": "local", "ports": [{"port": 80}]}}'
    (edit,) = found(text).edits
    assert carried_out(edit) == text.replace('"local"', '"Local"')


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(service("externalTrafficPolicy: |-", "  local"), id="block scalar"),
        pytest.param(service("externalTrafficPolicy:", "  local"), id="on the next line"),
        pytest.param(service("externalTrafficPolicy: !!str local"), id="a tag"),
        pytest.param(service("externalTrafficPolicy: &policy local", "selector: {app: *policy}"), id="an anchor"),
        pytest.param(
            service("externalTrafficPolicy: *policy").replace("name: web", "name: &policy local"), id="an alias"
        ),
        pytest.param(
            service("externalTrafficPolicy: local").replace("spec:", "spec: &shared") + "other: *shared\n", id="shared"
        ),
        pytest.param(service("<<: {externalTrafficPolicy: local}"), id="merged"),
        pytest.param(f"# Source: chart/templates/web.yaml\n{service('externalTrafficPolicy: local')}", id="rendered"),
        pytest.param(service("externalTrafficPolicy: nowhere"), id="no value is meant"),
    ],
)
def test_there_is_no_edit_of_a_value_that_is_not_plain(text: str) -> None:
    assert found(text).edits == ()


def test_standard_input_is_not_edited() -> None:
    text = service("externalTrafficPolicy: local").encode()
    assert found([Source("<stdin>", text, named=True)]).edits == ()


def test_what_a_kustomization_puts_together_is_not_edited() -> None:
    base = service("externalTrafficPolicy: local").encode()
    sources = [
        Source("kustomization.yaml", b"resources: [web.yaml]\nnamePrefix: a-\n"),
        Source("web.yaml", base),
    ]
    assert found(sources).edits == ()


def removable(line: str, end: str = "\n") -> str:
    text = (
        f"apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  type: ClusterIP\n  ports: [port: 80]\n{line}"
    )
    return text + end


@pytest.mark.parametrize("end", ["\n", "", "\r\n", "\n  clusterIP: 10.0.0.1\n"])
def test_a_field_is_removed_with_its_line(end: str) -> None:
    text = removable("  externalTrafficPolicy: Local  # please", end)
    (edit,) = found(text, "SRC501").edits
    assert carried_out(edit) == removable("", end.removeprefix("\r").removeprefix("\n"))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(removable("  ? externalTrafficPolicy\n  : Local"), id="an explicit key"),
        pytest.param(
            "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {\n"
            "  externalTrafficPolicy: Local, ports: [port: 80]\n}}\n",
            id="a field after it",
        ),
        pytest.param(
            "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [port: 80], "
            "externalTrafficPolicy: Local\n}}\n",
            id="a field before it",
        ),
        pytest.param(
            "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [port: 80],\n"
            "  externalTrafficPolicy: Local\n}}\n",
            id="the comma before it would be left",
        ),
        pytest.param(
            '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}],\n'
            '  "externalTrafficPolicy": "Local",\n  "type": "ClusterIP"}}\n',
            id="a line of JSON",
        ),
    ],
)
def test_there_is_no_edit_of_a_field_that_shares_its_line_or_its_syntax(text: str) -> None:
    assert found(text, "SRC501").edits == ()


@pytest.mark.parametrize(("text", "number"), [("spec:\n  a: 1\n", 0), ("spec:\n  a: 1\n  b: 2\n", 1)])
def test_the_last_field_of_a_mapping_is_not_removed(text: str, number: int) -> None:
    (document,) = read_all(Source("web.yaml", text.encode()))
    assert isinstance(document, Document)
    assert len(edits([Change("remove a", Place(document, ("spec", "a")), None)])) == number
