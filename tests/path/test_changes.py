"""`srcip-lint trace --since`: which ways in count as changed, and what is printed of them."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
import referencing
from jsonschema import Draft202012Validator

from linting import model_of
from manifests import DAEMON_SET, DEPLOYMENT, SERVICE
from report.samples import HOSTILE_TEXTS
from srcip_lint.cli.trace import Request, _ways
from srcip_lint.path.changes import Change, changes
from srcip_lint.report import Look
from srcip_lint.report.trace_changes import Compared, as_json, text

SCHEMA = json.loads((files("srcip_lint_schemas") / "trace.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, registry=referencing.Registry())
CLUSTER = SERVICE.replace("Local", "Cluster")
TWO_PORTS = "  ports:\n    - {name: a, port: 80}\n    - {name: b, port: 443, targetPort: 80}\n"
COMMIT = "0" * 40


def compared(before: dict[str, str], now: dict[str, str]) -> Compared:
    then, today = (_ways(Request(()), model_of(texts)) for texts in (before, now))
    return Compared("main", COMMIT, tuple(changes(then, today)), len(today))


def kinds(before: dict[str, str], now: dict[str, str]) -> list[str]:
    def kind(change: Change) -> str:
        return "changed" if change.before and change.now else "new" if change.now else "gone"

    return [f"{kind(each)} {each.way.owner.name} {each.way.key.port}" for each in compared(before, now).changes]


def files_of(service: str = SERVICE, pods: str = DEPLOYMENT) -> dict[str, str]:
    return {"web.yaml": service, "pods.yaml": pods}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (files_of(), []),
        (files_of(f"# moved\n\n{SERVICE}"), []),
        (files_of(pods=DEPLOYMENT.replace("nginx:1.27", "nginx:1.28").replace("name: web", "name: other")), []),
        (files_of(pods=DEPLOYMENT.replace("replicas: 2", "replicas: 5")), []),
        ({"renamed/web.yaml": SERVICE, "renamed/pods.yaml": DEPLOYMENT}, []),
        (files_of(CLUSTER), ["changed web 80"]),
        (files_of(pods=DAEMON_SET), ["changed web 80"]),
        (files_of(SERVICE.replace("name: web", "name: api")), ["new api 80", "gone web 80"]),
        (files_of(SERVICE.replace("port: 80", "port: 443")), ["gone web 80", "new web 443"]),
        (files_of(SERVICE.replace("NodePort", "LoadBalancer")), ["new web 80", "gone web 80"]),
        (files_of(SERVICE.replace("NodePort", "ClusterIP")), ["gone web 80"]),
        ({**files_of(), "more.yaml": SERVICE.replace("name: web", "name: api")}, ["new api 80"]),
    ],
    ids=["same", "lines", "names", "replicas", "files", "policy", "drop", "name", "port", "entry", "gone", "new"],
)
def test_what_counts_as_a_change(now: dict[str, str], expected: list[str]) -> None:
    assert kinds(files_of(), now) == expected


def test_each_environment_is_compared_with_what_itself_was() -> None:
    before = {"a/web.yaml": f"{SERVICE}---\n{DEPLOYMENT}", "b/web.yaml": f"{CLUSTER}---\n{DEPLOYMENT}"}
    swapped = {"a/web.yaml": before["b/web.yaml"], "b/web.yaml": before["a/web.yaml"]}
    assert kinds(before, before) == []
    assert kinds(before, swapped) == ["changed web 80"] * 2
    assert kinds(before, {"a/web.yaml": before["a/web.yaml"], "c/web.yaml": before["b/web.yaml"]}) == []


def test_ports_of_one_change_are_told_together() -> None:
    ported = SERVICE.replace("  ports:\n    - port: 80\n", TWO_PORTS)
    page = text(compared(files_of(ported), files_of(ported.replace("Local", "Cluster"))), Look())
    assert page.startswith("Service web, by node port, port 80/TCP, 443/TCP\n")
    assert page.count("was:") == 1
    assert page.endswith("Ways in since main: 2 changed.\n")


def test_the_page_of_a_way_that_is_new_or_gone() -> None:
    page = text(compared(files_of(), files_of(SERVICE.replace("name: web", "name: api"))), Look())
    assert "Service api, by node port, port 80/TCP\n  was: there was no such way in\n" in page
    assert "Service web, by node port, port 80/TCP\n  was: nginx sees" in page
    assert "  now: there is no such way in any more\n" in page
    assert page.endswith("Ways in since main: 1 new, 1 gone.\n")


def test_only_a_loss_is_painted() -> None:
    red = "\x1b[1;33m"
    assert red in text(compared(files_of(), files_of(CLUSTER)), Look(color=True))
    assert red not in text(compared(files_of(CLUSTER), files_of()), Look(color=True))


@pytest.mark.parametrize(
    "now", [files_of(), files_of(CLUSTER), files_of(SERVICE.replace("name: web", "name: api")), {}]
)
def test_the_json_is_as_its_schema_says(now: dict[str, str]) -> None:
    value = json.loads(as_json(compared(files_of(), now), Look()))
    assert not [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(value)]
    assert value["unchanged"] == (1 if now == files_of() else 0)


@pytest.mark.parametrize("name", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_hostile_names_reach_neither_terminal_nor_runner(name: str) -> None:
    quoted = json.dumps(name)
    hostile = SERVICE.replace("name: web", f"name: {quoted}")
    for before, now in (({}, files_of(hostile)), (files_of(hostile), {}), (files_of(hostile), files_of(hostile))):
        found = compared(before, now)
        page = text(Compared(name, COMMIT, found.changes, found.ways), Look())
        assert all(line.isprintable() for line in page.split("\n"))
        assert not any(line.lstrip().startswith("::") or "##[" in line for line in page.split("\n"))
        value = json.loads(as_json(Compared(name, COMMIT, found.changes, found.ways), Look()))
        assert not list(VALIDATOR.iter_errors(value))
