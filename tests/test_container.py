"""The Dockerfile, without Docker: what hadolint does not look at, and its commands run in a folder of their own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from checkout import ROOT
from manifests import FAULTY

INSTALLED = "/opt/srcip-lint"


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the Dockerfile with its arguments, lines joined and comments left out."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [(name, arguments) for name, _, arguments in (line.partition(" ") for line in lines) if name]


def of(name: str) -> list[str]:
    return [arguments for given, arguments in instructions() if given == name]


def test_every_base_is_pinned_by_digest_and_they_are_one() -> None:
    bases = [arguments.partition(" ")[0] for arguments in of("FROM")]
    assert len(bases) == 2
    assert all(re.fullmatch(r"python:3\.\d+-slim@sha256:[0-9a-f]{64}", base) for base in bases)
    assert len(set(bases)) == 1


def test_the_image_runs_as_nobody_and_takes_arguments_as_they_are() -> None:
    assert of("USER") == ["65532:65532"]
    assert json.loads(of("ENTRYPOINT")[0]) == ["srcip-lint"]
    assert json.loads(of("CMD")[0]) == ["."]
    assert instructions()[-1][0] == "CMD"


def test_nothing_is_fetched_but_packages_and_only_where_the_image_is_built() -> None:
    final = [number for number, (name, _) in enumerate(instructions()) if name == "FROM"][-1]
    assert "RUN" not in {name for name, _ in instructions()[final:]}
    assert of("ADD") == []
    assert not re.search(r"https?://|curl|wget|apt", " ".join(of("RUN")))


def test_the_context_lets_through_what_is_copied() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert allowed == copied()
    assert all((ROOT / name).exists() for name in allowed)


def copied() -> set[str]:
    """What is copied out of the working tree."""
    sources = [arguments.split()[:-1] for arguments in of("COPY") if not arguments.startswith("--from")]
    return {name for names in sources for name in names}


@pytest.mark.slow
def test_the_commands_install_what_runs(tmp_path: Path) -> None:
    for name in copied():
        origin, target = ROOT / name, tmp_path / "src" / name
        if origin.is_dir():
            shutil.copytree(origin, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copy(origin, target)
    (command,) = of("RUN")
    installed = tmp_path / "opt"
    script = re.sub(r"\bpython -m", f"'{sys.executable}' -m", command).replace(INSTALLED, str(installed))
    subprocess.run(["sh", "-ec", script], cwd=tmp_path / "src", check=True, capture_output=True)
    (tmp_path / "web.yaml").write_text(FAULTY, encoding="utf-8")
    program = [str(installed / "bin" / "srcip-lint"), "web.yaml"]
    ran = subprocess.run(program, cwd=tmp_path, env={"PATH": ""}, check=False, capture_output=True, text=True)
    assert ran.returncode == 1, ran.stderr
    assert "SRC301" in ran.stdout
    assert not list(installed.glob("**/site-packages/pip"))
