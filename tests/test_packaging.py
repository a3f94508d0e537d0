"""What is published: the source distribution, the wheel built from it, and an installation of that wheel."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from checkout import ROOT
from manifests import FAULTY, SOUND
from srcip_lint import __version__

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]

PACKAGES = {
    "srcip_lint": ROOT / "linter",
    "srcip_lint_rules": ROOT / "rules",
    "srcip_lint_schemas": ROOT / "schemas",
}
INFO = f"srcip_lint-{__version__}.dist-info"


def files(folder: Path, base: Path) -> Iterator[str]:
    """The files below `folder`, relative to `base`, without what Python leaves behind."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(base).as_posix()


@dataclass(frozen=True, slots=True)
class Distributions:
    """The two files that are published."""

    sdist: Path
    wheel: Path


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    """Built as for a release: the wheel out of the source distribution, so that the latter is known to be complete."""
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(ROOT)]
    built = subprocess.run(command, check=False, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (sdist,), (wheel,) = target.glob("*.tar.gz"), target.glob("*.whl")
    return Distributions(sdist, wheel)


@pytest.fixture(scope="module")
def installed(distributions: Distributions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment that holds the wheel and its dependencies, and nothing else."""
    environment = tmp_path_factory.mktemp("installed")
    venv.create(environment, with_pip=True)
    command = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", str(distributions.wheel)]
    subprocess.run(command, check=True, capture_output=True)
    return environment / "bin"


def run(installed: Path, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the environment, isolated from the working tree."""
    program, *arguments = command
    return subprocess.run(
        [str(installed / program), *arguments], cwd=cwd, env={"PATH": ""}, check=False, capture_output=True, text=True
    )


def test_the_wheel_holds_the_three_packages_whole_and_nothing_else(distributions: Distributions) -> None:
    with zipfile.ZipFile(distributions.wheel) as wheel:
        names = set(wheel.namelist())
    expected = {name for package, root in PACKAGES.items() for name in files(root / package, root)}
    metadata = {f"{INFO}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")}
    assert names == expected | metadata


def test_the_source_distribution_holds_tests_fixtures_and_documentation(distributions: Distributions) -> None:
    with tarfile.open(distributions.sdist) as sdist:
        top = f"srcip_lint-{__version__}/"
        names = {name.removeprefix(top) for name in sdist.getnames()}
    folders = ("benchmarks", "docs", "fixtures", "linter", "rules", "schemas", "scripts", "tests")
    expected = {name for folder in folders for name in files(ROOT / folder, ROOT)}
    expected |= {"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "SECURITY.md", "action.yml"}
    assert expected <= names
    assert not {name for name in names if "__pycache__" in name or name.startswith((".git/", ".venv", "dist/"))}


def test_an_installation_finds_every_schema(installed: Path, tmp_path: Path) -> None:
    program = (
        "import json\n"
        "from importlib.resources import files\n"
        "for entry in files('srcip_lint_schemas').iterdir():\n"
        "    if entry.name.endswith('.json'):\n"
        "        json.loads(entry.read_text(encoding='utf-8'))\n"
        "        print(entry.name)\n"
    )
    found = run(installed, "python", "-I", "-c", program, cwd=tmp_path)
    expected = {path.name for path in (ROOT / "schemas" / "srcip_lint_schemas").glob("*.json")}
    assert expected
    assert set(found.stdout.split()) == expected, found.stderr


def test_an_installation_tells_its_version(installed: Path, tmp_path: Path) -> None:
    told = run(installed, "srcip-lint", "--version", cwd=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    assert __version__ in told.stdout


def test_an_installation_reports_a_faulty_file(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(FAULTY, encoding="utf-8")
    linted = run(installed, "srcip-lint", "web.yaml", cwd=tmp_path)
    assert linted.returncode == 1, linted.stderr
    assert "SRC301" in linted.stdout
    assert "web.yaml:7" in linted.stdout


def test_an_installation_passes_a_sound_file(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(SOUND, encoding="utf-8")
    linted = run(installed, "srcip-lint", "web.yaml", cwd=tmp_path)
    assert linted.returncode == 0, linted.stdout + linted.stderr
    assert "SRC301" not in linted.stdout


def test_a_plain_run_imports_nothing_heavy(installed: Path, tmp_path: Path) -> None:
    """Start-up is guarded by what is imported, not by a clock."""
    (tmp_path / "web.yaml").write_text(FAULTY, encoding="utf-8")
    linted = run(installed, "python", "-X", "importtime", "-m", "srcip_lint", "web.yaml", cwd=tmp_path)
    assert "SRC301" in linted.stdout, linted.stderr
    imported = set(re.findall(r"\|\s+(\S+)$", linted.stderr, re.MULTILINE))
    assert {"yaml", "typer", "srcip_lint.engine"} <= imported
    # difflib and subprocess are not ours to leave out: Typer imports them.
    heavy = {"asyncio", "importlib.metadata", "jsonschema", "logging", "pydantic", "referencing", "rich", "ruamel"}
    assert not heavy & imported
