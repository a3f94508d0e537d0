"""The configuration of a run: `srcip-lint.yaml`, `.srcip-lint.yaml` or `[tool.srcip-lint]`, and what the command line
says.

Every setting is checked against `config.schema.json` before anything is made of it, whether it was written in a file or
with `--set`. jsonschema is imported for that, so only where there is something to check.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srcip_lint.config.declared import canonical, environment, merged
from srcip_lint.config.globs import matcher, relative
from srcip_lint.config.layers import Layer, find, from_assignment, from_file, schema
from srcip_lint.config.selection import ALWAYS, UNUSED_SUPPRESSION, choose, exactness, severities
from srcip_lint.config.settings import Config, ConfigError, Override
from srcip_lint.finding import Severity
from srcip_lint.positions import dotted
from srcip_lint.shapes import Schema, ShapeError, errors

__all__ = [
    "ALWAYS",
    "UNUSED_SUPPRESSION",
    "Config",
    "ConfigError",
    "Given",
    "Layer",
    "Override",
    "checked",
    "choose",
    "exactness",
    "from_settings",
    "load",
    "matcher",
    "relative",
    "schema",
    "severities",
]

_RULES = {"select": "select", "extendSelect": "extend_select", "ignore": "ignore"}
"""The settings that name rules, and the options that do."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says of the configuration. `assignments` are the KEY=VALUE of `--set`."""

    config: str | None = None
    isolated: bool = False
    assignments: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


def load(given: Given, folder: Path) -> Config:
    """The configuration of a run in a working directory. Raises ConfigError."""
    file = _file(given, folder)
    layers = [from_file(file)] if file else []
    layers += [from_assignment(assignment, schema(), folder) for assignment in given.assignments]
    settings: dict[str, Any] = {}
    origins: dict[tuple[str, str], str] = {}
    for layer in layers:
        _check(layer, schema())
        settings = merged(settings, canonical(layer))
        origins.update(_origins(layer))
    return _config(settings, origins, given, file)


def from_settings(pairs: Iterable[tuple[str, str]]) -> Config:
    """The configuration that `key: value` pairs make, as the examples of the rules write them. Raises ConfigError."""
    return load(Given(isolated=True, assignments=tuple(f"{key}={value}" for key, value in pairs)), Path())


def _file(given: Given, folder: Path) -> Path | None:
    if given.config is not None:
        return folder / given.config
    return None if given.isolated else find(folder)


def checked(path: Path, wanted: Schema) -> Layer:
    """A file that people write or keep, and whose shape is as wanted. Raises ConfigError."""
    layer = from_file(path)
    _check(layer, wanted)
    return layer


def _check(layer: Layer, wanted: Schema) -> None:
    """Raise ConfigError with every fault of a layer, in the order in which they stand there."""
    if layer.value is None:
        raise ConfigError(f"{layer.where(())}: there is no table [tool.srcip-lint]")
    faults = sorted((layer.span(error.path, error.part), _fault(layer, error)) for error in errors(layer.value, wanted))
    if faults:
        raise ConfigError("\n".join(line for _, line in faults))


def _fault(layer: Layer, error: ShapeError) -> str:
    """One line: where, which field (an option names it already), and why."""
    field = dotted(error.path[:-1] if error.part == "key" else error.path) if layer.source else ""
    return f"{layer.where(error.path, error.part)}: {field}{': ' if field else ''}{error.reason}"


def _config(
    settings: Mapping[str, Any], origins: dict[tuple[str, str], str], given: Given, file: Path | None
) -> Config:
    words = {field: tuple(settings.get(key, ())) for key, field in _RULES.items()}
    levels: Mapping[str, Any] = settings.get("severity", {})
    off = tuple(word for word, level in levels.items() if level in ("off", False))
    words["ignore"] += off
    origins.update({("ignore", word): origins[("severity", word)] for word in off})
    if given.select:
        words = {"select": given.select, "extend_select": (), "ignore": ()}
    words["extend_select"] += given.extend_select
    words["ignore"] += given.ignore
    for key, field in _RULES.items():
        option = "--" + field.replace("_", "-")
        origins.update({(key, word): option for word in getattr(given, field)})
    return Config(
        path=relative(str(file), str(Path.cwd())) if file else None,
        environment=environment(settings),
        severity={word: Severity(level) for word, level in levels.items() if word not in off},
        overrides=settings.get("overrides", ()),
        exclude=tuple(settings.get("exclude", ())),
        folder=str(file.parent) if file else ".",
        origins=origins,
        **words,
    )


def _origins(layer: Layer) -> Iterable[tuple[tuple[str, str], str]]:
    for key in _RULES:
        for number, word in enumerate(layer.value.get(key, ())):
            yield (key, word), layer.where((key, number))
    for word in layer.value.get("severity", {}):
        yield ("severity", word), layer.where(("severity", word), "key")
