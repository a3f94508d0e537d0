"""The working tree as a repository of its own, for tests that need one: git, and the files that git would commit."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Neither the developer's git configuration nor a hook that is running may reach the repositories that tests make.
GIT_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{role}_NAME": "Test" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "test@example.invalid" for role in ("AUTHOR", "COMMITTER")},
}


def git(folder: Path, *arguments: str) -> str:
    """What git prints. Raises CalledProcessError where it fails."""
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, env=GIT_ENVIRONMENT, check=True, capture_output=True, text=True).stdout


def commit_all(folder: Path) -> str:
    """Commit everything in `folder`, making it a repository first where it is none; the new commit's hash."""
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", "--message=test")
    return git(folder, "rev-parse", "HEAD").strip()


def working_tree(target: Path) -> str:
    """Copy the working tree, uncommitted changes included, into a new repository at `target`; its commit's hash."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout of the project")
    for name in git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return commit_all(target)
