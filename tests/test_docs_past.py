"""The pages about what is new, and about assumptions, show what the command prints: `--update-goldens` writes it in."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from checkout import ROOT, commit_all
from srcip_lint.cli import main

MARKED = re.compile(r"(<!-- run: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of the README, in a repository of its own."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")  # New Year's Day of 2026
    shutil.copytree(ROOT / "fixtures" / "example", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    commit_all(tmp_path)


def shell(capsys: Capture, line: str) -> str:
    main(line.split()[1:])
    return f"```console\n$ {line}\n{capsys.readouterr().out}```\n"


def trace(capsys: Capture) -> str:
    service = Path("services/web.yaml")
    service.write_text(service.read_text().replace("Policy: Local", "Policy: Cluster"))
    return shell(capsys, "srcip-lint trace . --since main")


def baseline(capsys: Capture) -> str:
    main([".", "--write-baseline", "base.json"])
    capsys.readouterr()
    entry = json.loads(Path("base.json").read_text())["entries"][0]
    text = json.dumps(entry | {"until": "2025-12-31", "reason": "a DaemonSet comes with the new nodes"}, indent=2)
    whole = json.loads(Path("base.json").read_text())
    whole["entries"][0] = json.loads(text)
    Path("base.json").write_text(json.dumps(whole, indent=2) + "\n")
    return f"```json\n{text}\n```\n"


def expired(capsys: Capture) -> str:
    baseline(capsys)
    return shell(capsys, "srcip-lint . --baseline base.json --quiet")


def assumptions(capsys: Capture) -> str:
    main([".", "--explain-assumptions"])
    lines = capsys.readouterr().out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("What this run"))
    return "```text\n" + "\n".join(lines[start:-2]) + "\n```\n"


RUNS: dict[str, Callable[[Capture], str]] = {
    "trace": trace,
    "baseline": baseline,
    "expired": expired,
    "assumptions": assumptions,
}


@pytest.mark.parametrize("page", ["only-what-is-new.md", "configuration.md"])
@pytest.mark.parametrize("name", RUNS)
def test_the_page_shows_what_the_command_prints(
    page: str, name: str, capsys: Capture, request: pytest.FixtureRequest
) -> None:
    file = ROOT / "docs" / page
    text = file.read_text(encoding="utf-8")
    block = next((match for match in MARKED.finditer(text) if match[2] == name), None)
    if block is None:
        return
    wanted = f"{text[: block.start(3)]}{RUNS[name](capsys)}{text[block.end(3) :]}"
    if request.config.getoption("--update-goldens"):
        file.write_text(wanted, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == wanted


def test_every_run_is_on_a_page() -> None:
    pages = [(ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("only-what-is-new.md", "configuration.md")]
    assert sorted(match[2] for page in pages for match in MARKED.finditer(page)) == sorted(RUNS)
