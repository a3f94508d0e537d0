"""Where settings are written: a configuration file, or a `--set` on the command line. Each becomes a layer of plain
values.

A layer knows where each of its values stands, so that whoever finds a fault in one can say where. Nothing here runs
code or reaches a network: YAML is read by the same room as manifests, TOML by the standard library.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from srcip_lint.config.globs import relative
from srcip_lint.config.settings import ConfigError
from srcip_lint.documents import Document, Skipped, Spot, Template, read_all
from srcip_lint.documents.toml_text import read_toml
from srcip_lint.positions import FieldPath, Span
from srcip_lint.shapes import Schema
from srcip_lint.sources import Source

FILES = (".srcip-lint.yaml", "srcip-lint.yaml")
PYPROJECT = "pyproject.toml"
TABLE = ("tool", "srcip-lint")
MAX_BYTES = 4 * 1024 * 1024
"""No configuration is larger than this (bytes)."""

START = Span(1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings as they were written. `option` is the command line's word for it where there is no `source`."""

    value: Any
    folder: Path
    source: Source | None = None
    span: Callable[[FieldPath, str], Span] = lambda _path, _part: START
    option: str = ""

    def where(self, path: FieldPath, part: str = "value") -> str:
        """The place of a setting, to begin a message with."""
        spot = self.spot(path, part)
        return f"{spot.source.path}:{spot.span.line}:{spot.span.column}" if spot else self.option

    def spot(self, path: FieldPath, part: str = "field") -> Spot | None:
        """The place of a setting in its file."""
        return Spot(self.source, self.span(path, part), path) if self.source else None


def find(start: Path) -> Path | None:
    """The configuration file that holds in a folder: the nearest going up, no further than the repository's root."""
    for folder in (start, *start.parents):
        for name in FILES:
            if (folder / name).is_file():
                return folder / name
        if _has_table(folder / PYPROJECT):
            return folder / PYPROJECT
        if (folder / ".git").exists():
            return None
    return None


def repository(folder: Path) -> Path:
    """The root of the repository that a folder lies in; the folder itself where it lies in none."""
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)


def from_file(path: Path) -> Layer:
    """The settings of a file: YAML, or TOML where the name says so. Raises ConfigError."""
    source = open_source(path)
    return _toml(source, path.parent) if path.suffix == ".toml" else _yaml(source, path.parent)


def from_assignment(assignment: str, schema: Schema, folder: Path) -> Layer:
    """The one setting of a `--set KEY=VALUE`. Raises ConfigError."""
    key, equals, text = assignment.partition("=")
    option = f"--set {key}"
    steps = key.split(".")
    if steps[0] == "overrides":
        raise ConfigError(f"{option}: an override has a reason, and stands in the file where it can be read")
    if not equals or not all(steps):
        raise ConfigError(f"--set {assignment}: write it as KEY=VALUE, for example --set loadBalancer=metallb-l2")
    value: Any = _value(text, _types(schema, steps), option)
    for step in reversed(steps):
        value = {step: value}
    return Layer(value, folder, option=option)


def open_source(path: Path) -> Source:
    """A file that the configuration consists of. Raises ConfigError."""
    shown = relative(str(path), os.getcwd())  # noqa: PTH109  (a Path would only be turned back into text)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{shown}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{shown}: larger than {MAX_BYTES // (1024 * 1024)} MiB")
    return Source(shown, data.removeprefix(b"\xef\xbb\xbf"), named=True)


@cache
def schema(of: str = "config") -> Schema:
    """The schema of the configuration, or of another file that people write or keep."""
    import srcip_lint_schemas

    text = Path(srcip_lint_schemas.__file__).with_name(f"{of}.schema.json").read_text(encoding="utf-8")
    loaded: Schema = json.loads(text)
    return loaded


def _has_table(path: Path) -> bool:
    try:
        return (
            path.is_file()
            and b"srcip-lint" in path.read_bytes()
            and _toml(open_source(path), path.parent).value is not None
        )
    except ConfigError:
        return True  # it names us and cannot be read: reading it again says why
    except OSError:
        return False


def _yaml(source: Source, folder: Path) -> Layer:
    document = None
    for answer in read_all(source):
        if isinstance(answer, Skipped):
            continue
        if not isinstance(answer, Document):
            reason = "not YAML: a template must be rendered first" if isinstance(answer, Template) else answer.reason
            raise ConfigError(f"{source.path}:{answer.span.line}:{answer.span.column}: {reason}")
        if document is not None:
            second = answer.span((), "value")
            raise ConfigError(
                f"{source.path}:{second.line}:{second.column}: a configuration is one YAML document, this is a second"
            )
        document = answer
    if document is None:
        return Layer({}, folder, source)
    for duplicate in document.duplicates:
        span = document.span_between(duplicate.start, duplicate.end)
        raise ConfigError(f'{source.path}:{span.line}:{span.column}: the key "{duplicate.path[-1]}" is written twice')
    return Layer(document.value, folder, source, document.span)


def _toml(source: Source, folder: Path) -> Layer:
    try:
        value: Any = read_toml(source.data.decode())
    except UnicodeDecodeError as error:
        raise ConfigError(f"{source.path}: not UTF-8: {error.reason} (offset {error.start})") from error
    except ValueError as error:
        place = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
        line, column = place.groups() if place else (str(len(source.lines)), "1")
        raise ConfigError(f"{source.path}:{line}:{column}: not TOML: {str(error).partition(' (at ')[0]}") from error
    for step in TABLE:
        value = value.get(step) if isinstance(value, dict) else None
    return Layer(value, folder, source, lambda path, part: _toml_span(source, path, part))


_TOML_STEP = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_TOML_LINE = re.compile(rf"\s*(\[\[?)?\s*((?:{_TOML_STEP.pattern})(?:\s*\.\s*(?:{_TOML_STEP.pattern}))*)\s*[=\]]")


def _toml_span(source: Source, path: FieldPath, part: str) -> Span:
    """The line of a setting in a TOML file, or of the nearest one above it: the parser gives no places."""
    target = (*TABLE, *path)
    best, depth = START, 0
    for here, key, line in _toml_settings(source):
        if depth < len(here) and target[: len(here)] == here:
            best, depth = (key if part == "key" else line), len(here)
    return best


def _toml_settings(source: Source) -> Iterator[tuple[FieldPath, Span, Span]]:
    """Every table header and key of a TOML file: its path, where its name stands, and the line from there on."""
    table: FieldPath = ()
    counts: Counter[FieldPath] = Counter()
    for number in range(1, len(source.lines) + 1):
        text = source.lines.line(number)
        match = _TOML_LINE.match(text)
        if not match:
            continue
        here: FieldPath = tuple(step.strip("\"'") for step in _TOML_STEP.findall(match[2]))
        if match[1]:
            table = here = (*here, counts[here]) if match[1] == "[[" else here
            counts[here[:-1]] += match[1] == "[["
        else:
            here = (*table, *here)
        start, end = match.span(2)
        yield here, Span(number, start + 1, number, end + 1), Span(number, start + 1, number, len(text.rstrip()) + 1)


def _types(schema: Schema, steps: list[str]) -> tuple[str, ...]:
    """The types that the schema allows at a key: what decides how the text of a `--set` is read."""
    here: Any = schema
    for step in steps:
        below = here.get("properties", {}).get(step, here.get("additionalProperties"))
        here = below if isinstance(below, dict) else {}
        if "$ref" in here:
            here = schema["$defs"][here["$ref"].rpartition("/")[2]]
    types = here.get("type", ())
    return (types,) if isinstance(types, str) else tuple(types)


def _value(text: str, types: tuple[str, ...], option: str) -> object:
    """Text stays text where a string is wanted (a version `1.30`), a list may be comma-separated, the rest is YAML."""
    if not text.startswith(("[", "{")):
        if "string" in types:
            return text
        if "array" in types:
            return [item.strip() for item in text.split(",") if item.strip()]
    values = list(read_all(Source(option, text.encode("utf-8", "surrogateescape"), named=True)))
    if len(values) == 1 and isinstance(values[0], Document):
        return values[0].value
    if not values or isinstance(values[0], Skipped):
        return None
    raise ConfigError(f"{option}: cannot read the value {json.dumps(text, ensure_ascii=False)} as YAML")
