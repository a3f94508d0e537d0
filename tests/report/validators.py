"""SARIF in front of two validators: the official JSON Schema, and Microsoft's with its rules about GitHub switched on.

Both are needed: the schema knows nothing of GitHub, and Microsoft's validator passes over much that the schema forbids.
Its exit status says nothing, so its own log is read: whatever is worse than a note fails. The notes left over
contradict what GitHub asks (messages by id) or ask for what a linter of files has not got (a commit, snippets).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import referencing
from jsonschema import Draft202012Validator

_GITHUB = {
    "GH1001": "ProvideRequiredLocationProperties",
    "GH1002": "InlineThreadFlowLocations",
    "GH1003": "ProvideRequiredRegionProperties",
    "GH1004": "ReviewArraysThatExceedConfigurableDefaults",
    "GH1005": "LocationsMustBeRelativeUrisOrFilePaths",
    "GH1006": "ProvideCheckoutPath",
    "GH1007": "ProvideFullyFormattedMessageStrings",
}
"""What the validator knows of GitHub beyond its defaults; each has to be switched on."""


def sarif_problems(tool: Path, folder: Path, logs: Mapping[str, str]) -> dict[str, list[str]]:
    """What both validators have against logs, by the logs' names; logs without a fault are left out. `tool` is what
    `registry.multitool` gives, `folder` one to write to."""
    schema = json.loads((tool / "sarif-2.1.0.json").read_text("utf-8-sig"))
    validator = Draft202012Validator(schema, registry=referencing.Registry())
    found: dict[str, list[str]] = {}
    for name, text in logs.items():
        (folder / f"{name}.sarif").write_text(text, encoding="utf-8")
        errors = validator.iter_errors(json.loads(text))
        found[name] = [f"schema: {error.json_path}: {error.message}" for error in errors]
    # Of a log against the schema, the tool reads nothing, nor any log after it.
    for name, problem in _microsoft(tool, folder, [name for name, faults in found.items() if not faults]):
        found[name].append(problem)
    return {name: faults for name, faults in found.items() if faults}


def _microsoft(tool: Path, folder: Path, names: list[str]) -> Iterator[tuple[str, str]]:
    """What Microsoft's validator says of the logs in a folder that is worse than a note."""
    switches = "".join(
        f"<Properties Key='{rule}.{name}.Options'><Property Key='RuleEnabled' Value='Error'/></Properties>"
        for rule, name in _GITHUB.items()
    )
    (folder / "github.xml").write_text(f"<?xml version='1.0'?><Properties>{switches}</Properties>", encoding="utf-8")
    command = [str(tool / "Sarif.Multitool"), "validate", *(f"{name}.sarif" for name in names)]
    command += ["--rule-kind", "Sarif;Ghas", "-c", "github.xml", "--level", "Error;Warning;Note"]
    run_multitool([*command, "-o", "verdict", "--log", "ForceOverwrite"], folder)
    verdict = json.loads((folder / "verdict").read_text("utf-8-sig"))["runs"][0]
    assert verdict["invocations"][0]["executionSuccessful"] is True, verdict["invocations"]
    seen = [(_subject(result), result) for result in verdict["results"]]
    assert {name for name, _ in seen} >= set(names), "it has a note about every log that it reads"
    for name, result in seen:
        if result.get("level", "warning") != "note":
            yield name, f"{result['ruleId']}: {result['message'].get('arguments')}"


def _subject(result: dict[str, Any]) -> str:
    return Path(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]).stem


def run_multitool(command: list[str], folder: Path) -> None:
    """Run the tool in a folder, without ICU, which it would look for. Its exit status is no verdict."""
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
