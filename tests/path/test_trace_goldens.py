"""`srcip-lint trace` over the bundles of `fixtures/trace/`, as a person or a machine gets it, and over hostile names.

`pytest --update-goldens` writes the stored outputs anew; `docs/trace.md` shows some of them.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
import referencing
from jsonschema import Draft202012Validator

from linting import model_of
from report.samples import HOSTILE_TEXTS
from srcip_lint.cli.trace import grouped, telling
from srcip_lint.path.hops import SourcePath
from srcip_lint.report import Look, trace_json, trace_text, verify

FIXTURES = Path(__file__).parents[2] / "fixtures" / "trace"
CASES = sorted(path.name for path in FIXTURES.iterdir())
SCHEMA = json.loads((files("srcip_lint_schemas") / "trace.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, registry=referencing.Registry())


def groups_of(texts: dict[str, str]) -> list[tuple[SourcePath, ...]]:
    """What the command prints: the ways into every Service, and past all of them."""
    model = model_of(texts)
    ways = [model.paths(service) for service in model.bundle.services]
    ways += [model.direct_paths(workload) for workload in model.bundle.workloads]
    return [group for paths in ways for group in grouped(telling(paths))]


def case(name: str) -> list[tuple[SourcePath, ...]]:
    return groups_of({path.name: path.read_text(encoding="utf-8") for path in sorted((FIXTURES / name).iterdir())})


@pytest.mark.parametrize("name", CASES)
def test_the_page_is_the_stored_one(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}.txt", trace_text.render(case(name), Look()))


@pytest.mark.parametrize("name", CASES)
def test_the_json_is_the_stored_one_and_as_its_schema_says(name: str, golden: Callable[[str, str], None]) -> None:
    output = trace_json.render(case(name), Look())
    assert not [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(json.loads(output))]
    golden(f"{name}.json", output)


@pytest.mark.parametrize("name", CASES)
def test_the_commands_are_the_stored_ones(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}.sh", verify.render(case(name), Look()))


def test_the_schema_is_one_and_refuses_what_it_does_not_know() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    document = json.loads(trace_json.render(case("cluster"), Look()))
    document["paths"][0]["verdict"]["keepsClient"] = True
    document["paths"][0]["hops"][0]["surprise"] = 1
    assert {error.json_path for error in VALIDATOR.iter_errors(document)} == {
        "$.paths[0].verdict.replacedAt",
        "$.paths[0].hops[0]",
    }


def test_colours_change_nothing_else() -> None:
    plain, coloured = (trace_text.render(case("cluster"), Look(color=color)) for color in (False, True))
    stripped = coloured
    for sequence in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[1;33m"):
        stripped = stripped.replace(sequence, "")
    assert coloured != plain
    assert stripped == plain


SHELL = {
    "substitution": "$(touch owned)",
    "quotes": "'; touch owned; '",
    "option": "--all -n x",
    "newline": "a\nrm -rf x",
}


def hostile(text: str) -> list[tuple[SourcePath, ...]]:
    """A Service and a proxy with a text in every name, of the file too; in that only, where YAML cannot hold it."""
    name = json.dumps(text if text.isascii() or text.encode("utf-8", "replace").decode() == text else "x")
    name = name if text.isascii() or max(map(ord, text)) < 0xFFFF else '"x"'
    manifest = f"""\
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {name}}}
spec: {{type: LoadBalancer, loadBalancerClass: {name}, selector: {{app: a}}, ports: [{{port: 80}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {name}}}
spec:
  template:
    metadata: {{labels: {{app: a}}}}
    spec: {{containers: [{{name: a, image: "nginx:1.27"}}]}}
"""
    return groups_of({text.replace("/", "_") or "x": manifest})


@pytest.mark.parametrize("text", [*HOSTILE_TEXTS.values(), *SHELL.values()], ids=[*HOSTILE_TEXTS, *SHELL])
def test_hostile_names_reach_neither_terminal_nor_runner(text: str) -> None:
    found = hostile(text)
    assert found
    for output in (trace_text.render(found, Look()), verify.render(found, Look()), trace_json.render(found, Look())):
        assert all(char.isprintable() or char == "\n" for char in output)
        assert "##[" not in output
        assert not any(line.lstrip().startswith("::") and "::" in line.lstrip()[2:] for line in output.splitlines())
    assert not list(VALIDATOR.iter_errors(json.loads(trace_json.render(found, Look()))))


@pytest.mark.parametrize("text", SHELL.values(), ids=SHELL)
def test_a_shell_sees_a_hostile_name_as_one_word(text: str) -> None:
    shown = text.replace("\n", "\\n")
    commands = [
        line for line in verify.render(hostile(text), Look()).splitlines() if line.startswith(("kubectl", "ADD"))
    ]
    assert commands
    for line in commands:
        words = shlex.split(line.removeprefix("ADDRESS=$(").removesuffix(")"))
        assert words[words.index("-n") + 1] == shown
