"""The pre-commit hooks, run by the real pre-commit in real repositories.

What matters is what a hook over file names gets wrong: a fault in two files at once, and a commit that only deletes.
The hook for single files must not even try: it says only what one file decides.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from checkout import GIT_ENVIRONMENT, commit_all, git, working_tree
from manifests import DAEMON_SET, DEPLOYMENT, FAULTY, SERVICE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pre-commit")]


@dataclass(frozen=True, slots=True)
class Hook:
    """The project as a hook repository at one commit. `environment` keeps pre-commit out of the home folder."""

    repository: Path
    commit: str
    environment: dict[str, str]

    def configure(self, folder: Path, hook: str = "srcip-lint", arguments: str = "") -> None:
        """Make `folder` use a hook, as a user would write it."""
        config = f"repos:\n  - repo: {self.repository}\n    rev: {self.commit}\n    hooks:\n      - id: {hook}\n"
        more = f"        args: {arguments}\n" if arguments else ""
        (folder / ".pre-commit-config.yaml").write_text(config + more, encoding="utf-8")

    def pre_commit(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pre_commit", *arguments, "--color=never"]
        return subprocess.run(command, cwd=folder, env=self.environment, check=False, capture_output=True, text=True)

    def git(self, folder: Path, *arguments: str) -> None:
        """A git command that runs hooks. Raises CalledProcessError where one fails."""
        command = ["git", "-C", str(folder), *arguments]
        subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True)


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


def test_a_commit_is_compared_with_the_one_before(hook: Hook, tmp_path: Path) -> None:
    """In a hook git has set its own environment, and what is staged is in the working tree."""
    folder = repository(tmp_path, {"web.yaml": FAULTY})
    hook.configure(folder, arguments='["--since", "HEAD", "."]')
    commit_all(folder)
    git(folder, "config", "user.name", "Test")
    hook.pre_commit(folder, "install")
    (folder / "web.yaml").write_text(f"# moved\n{FAULTY}", encoding="utf-8")
    git(folder, "add", "web.yaml")
    hook.git(folder, "commit", "--quiet", "--message=a comment")
    (folder / "api.yaml").write_text(FAULTY.replace("web", "api"), encoding="utf-8")
    git(folder, "add", "api.yaml")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        hook.git(folder, "commit", "--quiet", "--message=a fault")
    assert "api.yaml:7" in refused.value.stdout + refused.value.stderr
    assert "web.yaml" not in refused.value.stdout + refused.value.stderr


def test_the_hook_for_single_files_says_what_one_file_decides(hook: Hook, tmp_path: Path) -> None:
    wrong = SERVICE.replace("Local", "local")
    kustomized = {"base/web.yaml": wrong, "base/kustomization.yaml": "resources: [web.yaml]\n"}
    other = {"tsconfig.json": '{"a": [1, 2}\n', "values.yaml": "a: 1\n"}
    folder = repository(tmp_path, {"services/web.yaml": wrong, "apps/web.yaml": DEPLOYMENT, **kustomized, **other})
    run = hook.pre_commit(folder, "try-repo", str(hook.repository), "srcip-lint-files", "--all-files")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "services/web.yaml:7" in run.stdout
    assert "SRC502" in run.stdout
    assert "base/web.yaml" not in run.stdout
    assert "SRC001" not in run.stdout


def test_the_hook_for_single_files_is_no_half_of_the_other(hook: Hook, tmp_path: Path) -> None:
    """Only the Service is staged: without its workload beside it nothing is said about pods. A commit that only deletes
    passes it, and so does a repository without manifests."""
    folder = repository(tmp_path, {"services/web.yaml": SERVICE, "apps/web.yaml": DEPLOYMENT, "README.md": "# x\n"})
    hook.configure(folder, "srcip-lint-files")
    commit_all(folder)
    (folder / "services/web.yaml").write_text(f"# edited\n{SERVICE}", encoding="utf-8")
    git(folder, "add", "services/web.yaml")
    run = hook.pre_commit(folder, "run")
    assert (run.returncode, "Passed" in run.stdout) == (0, True), run.stdout + run.stderr
    git(folder, "rm", "--quiet", "--force", "services/web.yaml", "apps/web.yaml")
    run = hook.pre_commit(folder, "run")
    assert (run.returncode, "Skipped" in run.stdout) == (0, True), run.stdout + run.stderr
    run = hook.pre_commit(folder, "run", "--files", "README.md", ".pre-commit-config.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
