"""What `srcip-lint trace` says of a scenario's bundle, by its JSON and nothing else of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from lab.addresses import Owner
from lab.requests import Way
from lab.scenario import Scenario

ROOT = Path(__file__).resolve().parents[2]
SAME_NODE, OTHER_NODE = "same_node", "other_node"


@dataclass(frozen=True, slots=True)
class Traced:
    """One path of the trace. `hops` are as in its JSON."""

    way: Way
    hops: tuple[Mapping[str, Any], ...]

    @property
    def first_pod(self) -> str:
        """The workload of the first pod, as an object's name is printed; empty where no pod was read."""
        return next((name(hop) for hop in self.hops if hop["kind"] == "pod"), "")


def name(hop: Mapping[str, Any]) -> str:
    """The object a hop belongs to: `Deployment shop/web`."""
    found = hop["object"]
    return f"{found['kind']} {found['namespace']}/{found['name']}" if found else ""


def whose(addresses: list[Mapping[str, str]], condition: str) -> frozenset[Owner]:
    """The owners of predicted addresses under one placement of the pod."""
    return frozenset((each["whose"], each["name"]) for each in addresses if each["when"] in ("always", condition))


def predict(scenario: Scenario) -> tuple[Traced, ...]:
    """Run the command as a user would. Raises CalledProcessError."""
    with TemporaryDirectory() as folder:
        manifests, settings = Path(folder, "manifests.yaml"), Path(folder, "settings.yaml")
        manifests.write_text(scenario.manifests, encoding="utf-8")
        settings.write_text(yaml.safe_dump(dict(scenario.given)), encoding="utf-8")
        roots = os.pathsep.join(str(ROOT / root) for root in ("linter", "rules", "schemas"))
        command = [sys.executable, "-m", "srcip_lint", "trace", "--output-format", "json", "--config", str(settings)]
        done = subprocess.run(
            [*command, str(manifests)],
            env={**os.environ, "PYTHONPATH": roots},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return tuple(_paths(json.loads(done.stdout)))


def _paths(trace: Mapping[str, Any]) -> Iterator[Traced]:
    for path in trace["paths"]:
        service = path["service"]
        full = f"{service['namespace']}/{service['name']}" if service else None
        yield Traced(Way(path["entry"], full, path["port"], path["protocol"]), tuple(path["hops"]))
