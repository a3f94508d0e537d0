"""The GitHub action: its steps run by bash as a runner runs them, everything the caller gives in the environment."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from checkout import ROOT
from manifests import FAULTY, SOUND

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RUNNER_TEMP after the first step, which installs the tool."""
    folder = tmp_path_factory.mktemp("runner")
    installed = step(0, folder, folder, {})
    assert installed.returncode == 0, installed.stderr
    return folder


def step(number: int, runner: Path, workspace: Path, given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a step, its expressions replaced as a runner replaces them, under the shell options of `shell: bash`."""
    values = {f"inputs.{name}": given.get(name, spec["default"]) for name, spec in ACTION["inputs"].items()}
    values["github.action_path"] = str(ROOT)
    expression = re.compile(r"\$\{\{ (\S+) \}\}")
    environment = {
        name: expression.sub(lambda match: values[match[1]], text) for name, text in STEPS[number]["env"].items()
    }
    environment |= {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(runner), "GITHUB_OUTPUT": str(workspace / "output")}
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", STEPS[number]["run"]]
    return subprocess.run(command, cwd=workspace, env=environment, check=False, capture_output=True, text=True)


def test_no_step_puts_an_expression_into_its_script() -> None:
    assert not [found["name"] for found in STEPS if "${{" in found["run"]]


@pytest.mark.slow
@pytest.mark.xdist_group("action")
def test_a_finding_becomes_an_annotation_and_a_sarif_file_and_fails_the_step(runner: Path, tmp_path: Path) -> None:
    (tmp_path / "with space").mkdir()
    (tmp_path / "with space" / "web.yaml").write_text(FAULTY, encoding="utf-8")
    run = step(1, runner, tmp_path, {"paths": "with space\n", "sarif-file": "out file.sarif"})
    assert run.returncode == 1, run.stdout + run.stderr
    assert "::warning file=with space/web.yaml,line=7" in run.stdout
    assert "SRC301" in (tmp_path / "out file.sarif").read_text(encoding="utf-8")
    output = (tmp_path / "output").read_text(encoding="utf-8")
    assert "exit-code=1\n" in output
    assert re.search(r"^sarif-file<<(\S+)\nout file\.sarif\n\1$", output, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.xdist_group("action")
def test_a_sound_tree_passes_and_no_path_is_taken_for_an_option(runner: Path, tmp_path: Path) -> None:
    (tmp_path / "--no-such-option").mkdir()
    (tmp_path / "--no-such-option" / "web.yaml").write_text(SOUND, encoding="utf-8")
    run = step(1, runner, tmp_path, {"paths": "--no-such-option"})
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / "output").read_text(encoding="utf-8") == "exit-code=0\n"


@pytest.mark.slow
@pytest.mark.xdist_group("action")
@pytest.mark.parametrize(
    ("given", "status"),
    [
        pytest.param({"fail-on": "error"}, 0, id="a warning does not fail on error"),
        pytest.param({"fail-on": "warning"}, 1, id="a warning fails on warning"),
        pytest.param({"config": "lenient.yaml"}, 0, id="the named configuration holds"),
        pytest.param({"config": "absent.yaml"}, 2, id="a configuration that is not there"),
    ],
)
def test_the_inputs_decide_the_exit_status(given: dict[str, str], status: int, runner: Path, tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(FAULTY, encoding="utf-8")
    (tmp_path / "lenient.yaml").write_text("ignore: [SRC301]\n", encoding="utf-8")
    run = step(1, runner, tmp_path, {"paths": "web.yaml", **given})
    assert run.returncode == status, run.stdout + run.stderr
    assert f"exit-code={status}\n" in (tmp_path / "output").read_text(encoding="utf-8")
