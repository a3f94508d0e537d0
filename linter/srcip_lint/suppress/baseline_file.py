"""Baselines as files: JSON that a schema describes, always in the same order, so that a diff shows what changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from srcip_lint.config import ConfigError, Layer, checked, relative, schema
from srcip_lint.finding import Location, ObjectRef, Severity
from srcip_lint.suppress.baseline import Baseline, Entry
from srcip_lint.suppress.known import Known

VERSION = 1


def read(path: Path) -> Baseline:
    """A baseline file. Raises ConfigError with every fault of it, each with its place."""
    layer = checked(path, schema("baseline"))
    entries = tuple(_entry(item, number, layer) for number, item in enumerate(layer.value["entries"]))
    return Baseline(folder_of(path), tuple(layer.value["inputs"]), entries)


def folder_of(path: Path) -> str:
    """The folder that the paths in a baseline file are relative to, as seen from the working directory."""
    return relative(str(path.parent), str(Path.cwd()))


def _entry(item: Mapping[str, Any], number: int, layer: Layer) -> Entry:
    here = ("entries", number)
    spot = layer.spot((*here, "rule"))
    at = Location(spot.source.path, spot.span, None, spot.source.lines) if spot else None
    until = item.get("until")
    try:
        last_day = date.fromisoformat(until) if until else None
    except ValueError as error:
        raise ConfigError(f"{layer.where((*here, 'until'))}: {until} is no date: {error}") from error
    found = item.get("object")
    ref = ObjectRef(found.get("group", ""), found["kind"], found.get("namespace"), found["name"]) if found else None
    key = Known(item["rule"], ref, item.get("field", ""), item["path"], Severity(item["severity"]))
    return Entry(key, item.get("name", ""), last_day, item.get("reason", ""), at)


def written(baseline: Baseline) -> str:
    """The file's text: ASCII, two spaces a level."""
    value = {
        "$schema": schema("baseline")["$id"],
        "version": VERSION,
        "inputs": list(baseline.inputs),
        "entries": [_item(entry) for entry in baseline.entries],
    }
    return json.dumps(value, indent=2) + "\n"


def _item(entry: Entry) -> dict[str, object]:
    """An entry, without what is empty."""
    key, found = entry.known, entry.known.object
    names = (
        {"group": found.group, "kind": found.kind, "namespace": found.namespace, "name": found.name} if found else {}
    )
    item: dict[str, object] = {
        "rule": key.rule,
        "name": entry.name,
        "severity": key.severity.value,
        "path": key.path,
        "object": {part: value for part, value in names.items() if value or part in ("kind", "name")},
        "field": key.field,
        "until": entry.until.isoformat() if entry.until else None,
        "reason": entry.reason,
    }
    return {part: value for part, value in item.items() if value}
