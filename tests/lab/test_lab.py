"""The lab as a test: every scenario, with what was compared in it; `make lab` prints the same.

It needs root, Linux and the programs of `docs/lab.md`, and is skipped elsewhere.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab.compare import AGREES, DISAGREES
from lab.run import TOOLS, missing, rows, table
from lab.scenario import names, read

LEAST = 24
"""How many scenarios there must be."""

needs_the_lab = pytest.mark.skipif(bool(missing()), reason=missing() or "it can run")


def test_there_are_scenarios_and_each_says_what_it_is_about() -> None:
    assert len(names()) >= LEAST
    assert all(read(name).summary for name in names())


def test_nothing_is_skipped_where_the_lab_is_demanded() -> None:
    """`.ci/run` installs the programs and sets this, so that a missing one is no silent skip."""
    if os.environ.get("SRCIP_LINT_LAB") == "required":
        assert missing() == ""


@pytest.mark.slow
@needs_the_lab
@pytest.mark.parametrize("name", names())
def test_predicted_is_observed(name: str) -> None:
    found = rows(name)
    assert any(row.verdict == AGREES for row in found)
    assert not [row for row in found if row.verdict == DISAGREES], table(found)


@pytest.mark.slow
@needs_the_lab
@pytest.mark.parametrize("with_", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_it_is_interrupted(with_: signal.Signals) -> None:
    before = left_behind()
    command = [sys.executable, "-m", "lab", "cluster", "node-port-local"]
    folder = str(Path(__file__).resolve().parents[1])
    lab = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": folder},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until = time.monotonic() + 20
    while not children(lab.pid) and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.3)  # in the midst of it
    lab.send_signal(with_)
    lab.wait()
    until = time.monotonic() + 10
    while session(lab.pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not session(lab.pid)
    assert left_behind() == before


def left_behind() -> list[str]:
    """The machine's own named network namespaces, and the lab's room."""
    return sorted(str(path) for folder in ("/run/netns", "/run/lab") for path in Path(folder).glob("*"))


def session(leader: int) -> list[int]:
    """The processes of a session that still live."""
    return [pid for pid, fields in _processes() if fields[3] == str(leader) and fields[0] != "Z"]


def children(parent: int) -> list[int]:
    return [pid for pid, fields in _processes() if fields[1] == str(parent)]


def _processes() -> list[tuple[int, list[str]]]:
    """Each process, with the fields of its /proc/PID/stat from the state on: state, parent, group, session."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            stat = (path / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found.append((int(path.name), stat.rpartition(")")[2].split()))
    return found


def test_the_page_names_the_programs() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "lab.md").read_text(encoding="utf-8")
    assert all(f"`{tool}`" in page for tool in TOOLS)
