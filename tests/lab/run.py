"""Run a scenario: predict, observe, compare."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from lab.compare import Comparison, Observed, Row
from lab.prediction import predict
from lab.requests import requests
from lab.scenario import Scenario, read

TOOLS = ("ip", "nft", "unshare", "nsenter", "setpriv", "nginx", "haproxy", "apache2", "caddy")
PATIENCE = 120.0
"""Seconds for one scenario; most take about one."""


@cache
def missing() -> str:
    """Why the lab cannot run here; empty where it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "the lab makes network namespaces: it needs Linux, and root"
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (see docs/lab.md)"
    allowed = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"], check=False)
    return "this root may not make namespaces (a container without CAP_SYS_ADMIN?)" if allowed.returncode else ""


def rows(name: str) -> list[Row]:
    """Everything that is compared in one scenario. Raises RuntimeError where it cannot be run."""
    scenario = read(name)
    return list(Comparison(scenario, predict(scenario), requests(scenario), observe(scenario)).rows())


def observe(scenario: Scenario) -> Observed:
    """Run the scenario in namespaces of its own: network, mounts and processes.

    Whatever happens, nothing is left: the first process of the new process namespace is killed when this one ends, all
    others end with it, and with them the networks and the files in memory.
    """
    command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
    command += ["--mount-proc", sys.executable, "-m", "lab.inside", scenario.name]
    folder = str(Path(__file__).resolve().parents[1])
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": folder},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"scenario {scenario.name}: {done.stderr}")
    observed: Observed = json.loads(done.stdout)
    return observed


def table(found: Iterable[Row]) -> str:
    """The rows, for a person."""
    lines = []
    for row in found:
        lines.append(f"  {row.where}: {row.what}")
        lines.append(f"      predicted  {row.predicted}")
        lines.append(f"      observed   {row.observed}")
        lines.append(f"      {row.verdict}")
    return "\n".join(lines)
