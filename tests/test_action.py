"""The GitHub action: its steps run by bash as a runner runs them, everything the caller gives in the environment."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from checkout import ROOT
from manifests import FAULTY, SOUND

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
EXPRESSION = re.compile(r"\$\{\{ (\S+) \}\}")


@dataclass(frozen=True, slots=True)
class Ran:
    """A step that ran: its exit status, what it printed, and what a runner finds in the files it hands out."""

    status: int
    log: str
    outputs: dict[str, str]
    summary: str


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RUNNER_TEMP after the first step, which installs the tool."""
    folder = tmp_path_factory.mktemp("runner")
    installed = step(0, folder, folder, {})
    assert installed.status == 0, installed.log
    return folder


def step(number: int, runner: Path, workspace: Path, given: dict[str, str]) -> Ran:
    """Run a step, its expressions replaced as a runner replaces them, under the shell options of `shell: bash`."""
    values = {f"inputs.{name}": given.get(name, spec["default"]) for name, spec in ACTION["inputs"].items()}
    values["github.action_path"] = str(ROOT)
    environment = {
        name: EXPRESSION.sub(lambda match: values[match[1]], text) for name, text in STEPS[number]["env"].items()
    }
    output, summary = workspace / ".output", workspace / ".summary"
    output.write_text("")
    summary.write_text("of an earlier command\n")
    environment |= {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(runner)}
    environment |= {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", STEPS[number]["run"]]
    done = subprocess.run(command, cwd=workspace, env=environment, check=False, capture_output=True, text=True)
    return Ran(
        done.returncode, done.stdout + done.stderr, outputs(output.read_text("utf-8")), summary.read_text("utf-8")
    )


def outputs(text: str) -> dict[str, str]:
    """What a runner reads in the file for outputs: `name=value`, or `name<<end`, the lines of the value, `end`."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        several = re.fullmatch(r"([^=]+?)<<(.+)", line)
        if several:
            found[several[1]] = "\n".join(iter(lambda: next(lines), several[2]))
        else:
            name, _, value = line.partition("=")
            found[name] = value
    return found


def manifest(folder: Path, text: str, name: str = "web.yaml") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_no_step_puts_an_expression_into_its_script() -> None:
    assert not [found["name"] for found in STEPS if "${{" in found["run"]]


def test_every_input_reaches_the_tool_and_every_output_comes_from_it() -> None:
    used = {match for found in STEPS for text in found["env"].values() for match in EXPRESSION.findall(text)}
    assert used == {*(f"inputs.{name}" for name in ACTION["inputs"]), "github.action_path"}
    for name, output in ACTION["outputs"].items():
        assert output["value"] == f"${{{{ steps.lint.outputs.{name} }}}}"
        assert re.search(rf"['\"]{name}(=|<<)", STEPS[1]["run"])
    for found in STEPS:
        assert set(found["env"]) <= set(re.findall(r"\$\{?(\w+)", found["run"]))


def slow(test: Callable[..., None]) -> Callable[..., None]:
    """Marks a test that needs the installed tool."""
    marked: Callable[..., None] = pytest.mark.slow(pytest.mark.xdist_group("action")(test))
    return marked


@slow
def test_a_finding_becomes_an_annotation_and_a_part_of_the_summary_and_fails_the_step(
    runner: Path, tmp_path: Path
) -> None:
    manifest(tmp_path, FAULTY, "with space/web.yaml")
    ran = step(1, runner, tmp_path, {"paths": "with space\n"})
    assert ran.status == 1, ran.log
    assert ran.log.startswith("::warning file=with space/web.yaml,line=7")
    assert ran.outputs == {"exit-code": "1", "findings": "1"}
    assert ran.summary.startswith("of an earlier command\n### srcip-lint: 1 warning")
    assert "[SRC301 local-without-per-node-pods](https://" in ran.summary


@slow
def test_with_sarif_there_are_no_annotations_and_the_file_is_told(runner: Path, tmp_path: Path) -> None:
    manifest(tmp_path, FAULTY)
    ran = step(1, runner, tmp_path, {"sarif-file": "out file.sarif", "exit-zero": "true"})
    assert ran.status == 0, ran.log
    assert "::warning" not in ran.log
    assert "warning[SRC301]" in ran.log
    assert ran.outputs == {"exit-code": "0", "findings": "1", "sarif-file": "out file.sarif"}
    log = json.loads((tmp_path / "out file.sarif").read_text("utf-8"))
    assert [result["ruleId"] for result in log["runs"][0]["results"]] == ["SRC301"]


@slow
def test_findings_are_uploaded_where_they_fail_the_step_too(runner: Path, tmp_path: Path) -> None:
    manifest(tmp_path, FAULTY)
    ran = step(1, runner, tmp_path, {"sarif-file": "a.sarif", "format": "github"})
    assert ran.status == 1
    assert ran.outputs["sarif-file"] == "a.sarif"
    assert "::warning" in ran.log


@slow
def test_a_run_that_failed_has_no_file_to_upload(runner: Path, tmp_path: Path) -> None:
    manifest(tmp_path, FAULTY)
    (tmp_path / "old.sarif").write_text("{}")
    ran = step(1, runner, tmp_path, {"sarif-file": "old.sarif", "config": "absent.yaml", "exit-zero": "true"})
    assert ran.status == 2, ran.log
    assert ran.outputs == {"exit-code": "2"}
    assert ran.summary == "of an earlier command\n"


@slow
def test_a_file_name_cannot_name_another_output(runner: Path, tmp_path: Path) -> None:
    manifest(tmp_path, SOUND)
    ran = step(1, runner, tmp_path, {"sarif-file": "a\nexit-code=7"})
    assert ran.outputs == {"exit-code": "0", "findings": "0", "sarif-file": "a\nexit-code=7"}


@slow
def test_a_sound_tree_passes_and_no_path_is_taken_for_an_option(runner: Path, tmp_path: Path) -> None:
    manifest(tmp_path, SOUND, "--no-such-option/web.yaml")
    ran = step(1, runner, tmp_path, {"paths": "--no-such-option"})
    assert ran.status == 0, ran.log
    assert ran.outputs == {"exit-code": "0", "findings": "0"}
    assert "No errors, no warnings." in ran.summary


@slow
@pytest.mark.parametrize(
    ("given", "status"),
    [
        pytest.param({"fail-on": "error"}, 0, id="a warning does not fail on error"),
        pytest.param({"fail-on": "warning"}, 1, id="a warning fails on warning"),
        pytest.param({"config": "lenient.yaml"}, 0, id="the named configuration holds"),
        pytest.param({"config": "absent.yaml"}, 2, id="a configuration that is not there"),
        pytest.param({"exit-zero": "true"}, 0, id="findings do not fail"),
        pytest.param({"exit-zero": "false"}, 1, id="findings fail"),
        pytest.param({"options": "--ignore\nSRC301\n"}, 0, id="more options"),
        pytest.param({"options": "--no-such-option"}, 2, id="an option that there is not"),
        pytest.param({"paths": "empty\n"}, 3, id="nothing was judged"),
        pytest.param({"paths": "empty\n", "exit-zero": "true"}, 3, id="which exit-zero does not cover"),
    ],
)
def test_the_inputs_decide_the_exit_status(given: dict[str, str], status: int, runner: Path, tmp_path: Path) -> None:
    manifest(tmp_path, FAULTY)
    manifest(tmp_path, "ignore: [SRC301]\n", "lenient.yaml")
    (tmp_path / "empty").mkdir()
    ran = step(1, runner, tmp_path, {"paths": "web.yaml", **given})
    assert ran.status == status, ran.log
    assert ran.outputs["exit-code"] == str(status)


@slow
def test_the_summary_may_be_left_out(runner: Path, tmp_path: Path) -> None:
    manifest(tmp_path, FAULTY)
    assert step(1, runner, tmp_path, {"summary": "false"}).summary == "of an earlier command\n"


@slow
def test_a_hostile_manifest_commands_no_runner(runner: Path, tmp_path: Path) -> None:
    """Under a name that YAML allows and Kubernetes does not: whatever is printed, only our own lines are commands."""
    name = r"web\n::add-mask::x\n::set-output name=a::b ##[error]x <b>@team</b>"
    manifest(tmp_path, FAULTY.replace("  name: web\n", f'  name: "{name}"\n'))
    ran = step(1, runner, tmp_path, {})
    assert ran.status == 1, ran.log
    commands = [line for line in ran.log.splitlines() if line.lstrip().startswith("::")]
    assert [line.partition(" ")[0] for line in commands] == ["::warning"]
    assert "##[" not in ran.log
    assert "<b>" not in re.sub("`[^`]*`", "", ran.summary)
    assert ran.outputs == {"exit-code": "1", "findings": "1"}


@slow
def test_nothing_is_left_in_the_runners_temporary_folder(runner: Path, tmp_path: Path) -> None:
    manifest(tmp_path, SOUND)
    before = set(runner.iterdir())
    step(1, runner, tmp_path, {})
    assert set(runner.iterdir()) == before
