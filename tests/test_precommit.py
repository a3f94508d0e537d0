"""The pre-commit hook, run by the real pre-commit in real repositories.

What matters is what a hook over file names gets wrong: a fault in two files at once, and a commit that only deletes.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from checkout import GIT_ENVIRONMENT, commit_all, git, working_tree
from manifests import DAEMON_SET, DEPLOYMENT, SERVICE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pre-commit")]


@dataclass(frozen=True, slots=True)
class Hook:
    """The project as a hook repository at one commit. `environment` keeps pre-commit out of the home folder."""

    repository: Path
    commit: str
    environment: dict[str, str]

    def configure(self, folder: Path) -> None:
        """Make `folder` use the hook, as a user would write it."""
        config = f"repos:\n  - repo: {self.repository}\n    rev: {self.commit}\n    hooks:\n      - id: srcip-lint\n"
        (folder / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")

    def pre_commit(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pre_commit", *arguments, "--color=never"]
        return subprocess.run(command, cwd=folder, env=self.environment, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def hook(tmp_path_factory: pytest.TempPathFactory) -> Hook:
    repository = tmp_path_factory.mktemp("srcip-lint")
    environment = {**GIT_ENVIRONMENT, "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("pre-commit"))}
    # Whichever environment runs the tests: the hook must work in its own.
    for name in ("PYTHONPATH", "VIRTUAL_ENV"):
        environment.pop(name, None)
    return Hook(repository, working_tree(repository), environment)


def repository(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    commit_all(folder)
    return folder


def test_a_fault_that_stands_in_two_files_fails_the_hook(hook: Hook, tmp_path: Path) -> None:
    manifests = {"services/web.yaml": SERVICE, "apps/web.yaml": DEPLOYMENT}
    folder = repository(tmp_path, manifests)
    run = hook.pre_commit(folder, "try-repo", str(hook.repository), "srcip-lint", "--all-files")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "exit code: 1" in run.stdout
    assert "SRC301" in run.stdout
    assert "services/web.yaml:7" in run.stdout


def test_a_repository_without_manifests_passes(hook: Hook, tmp_path: Path) -> None:
    folder = repository(tmp_path, {"README.md": "# Nothing to see\n"})
    hook.configure(folder)
    commit_all(folder)
    run = hook.pre_commit(folder, "run", "--all-files")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Passed" in run.stdout


def test_a_commit_that_only_deletes_a_workload_is_checked(hook: Hook, tmp_path: Path) -> None:
    """The DaemonSet covers every node; without it only the Deployment is left behind the Service."""
    manifests = {"services/web.yaml": SERVICE, "apps/deployment.yaml": DEPLOYMENT, "apps/daemonset.yaml": DAEMON_SET}
    folder = repository(tmp_path, manifests)
    hook.configure(folder)
    commit_all(folder)
    sound = hook.pre_commit(folder, "run", "--all-files")
    assert sound.returncode == 0, sound.stdout + sound.stderr

    git(folder, "rm", "--quiet", "apps/daemonset.yaml")
    run = hook.pre_commit(folder, "run")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "SRC301" in run.stdout
