"""Traefik's static configuration: a file if it finds one, else its arguments if there are any, else its environment.

They exclude each other: the first that there is, is all of it (traefik/traefik `cmd/traefik/traefik.go`, `pkg/cli`). Of
whatever kind, it becomes one table here: a path of names in lower case, joined by dots, to the values written there.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.documents.nested import Nested, nested
from srcip_lint.documents.toml_text import read_toml
from srcip_lint.proxies.flags import TRUE
from srcip_lint.proxies.mounts import File, mounted
from srcip_lint.resources.fields import placeholder
from srcip_lint.resources.pods import Container
from srcip_lint.resources.workload import Workload

_STARTS = re.compile(r"^(/\S*/)?(traefik|entrypoint\.sh)$")
_PREFIX = "TRAEFIK_"
_FILES = tuple(f"/etc/traefik/traefik.{extension}" for extension in ("toml", "yaml", "yml"))
_MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Setting:
    """A value as it is written; None where a placeholder stands for it."""

    value: str | None
    place: Place


Table = Mapping[str, "tuple[Setting, ...]"]


@dataclass(frozen=True, slots=True)
class Static:
    """The settings of one Traefik."""

    table: Table

    def has(self, path: str) -> bool:
        """Is something set at a path or below it?"""
        return any(key == path or key.startswith(f"{path}.") for key in self.table) and not self.is_off(path)

    def is_off(self, path: str) -> bool:
        """Is it switched off as a whole (`--providers.kubernetescrd=false`)?"""
        return [each.value for each in self.table.get(path, ())] == ["false"]

    def text(self, path: str) -> str | None:
        """One value, the last one written; empty where there is none, None where it is not known."""
        found = self.table.get(path)
        return found[-1].value if found else ""

    def is_on(self, path: str) -> bool | None:
        """A boolean; None where it is not known."""
        found = self.text(path)
        return None if found is None else found in TRUE

    def items(self, path: str) -> tuple[Setting, ...]:
        """A list: values written one by one, or separated by commas."""
        found: list[Setting] = []
        for each in self.table.get(path, ()):
            parts = [None] if each.value is None else [part.strip() for part in each.value.split(",")]
            found += [Setting(part, each.place) for part in parts if part != ""]
        return tuple(found)

    def at(self, path: str) -> Place | None:
        """Where something is set, or the first thing below it."""
        here = (*self.table.get(path, ()), *(each for key in self.below(path) for each in self.table[key]))
        return here[0].place if here else None

    def below(self, path: str) -> tuple[str, ...]:
        """The paths below one that are set."""
        return tuple(key for key in self.table if key.startswith(f"{path}."))


def read_static(workload: Workload, container: Container, bundle: Bundle) -> Static | str:
    """The settings, or why they are not known."""
    words = _after_command(container)
    if isinstance(words, str):
        return words
    arguments = _arguments(words)
    named = arguments.get("configfile", ())
    file = _file(named[-1] if named else None, workload, container, bundle)
    if isinstance(file, str):
        return file
    if file is not None:
        return _of_file(*file)
    if words:
        return Static(arguments)
    return _environment(container)


def _after_command(container: Container) -> list[tuple[str, Place]] | str:
    """The arguments behind the command. A shell script, or an argument that may be anything, tells nothing."""
    if container.arguments_obscured:
        return "its arguments are a placeholder"
    words = list(zip(container.arguments, container.argument_places, strict=True))
    while words and _STARTS.match(words[0][0]):
        words.pop(0)
    if words and placeholder(words[0][0]) and not words[0][0].startswith("-"):
        return "an argument is a placeholder"
    return "a command of its own starts it" if words and not words[0][0].startswith("-") else words


def _arguments(words: list[tuple[str, Place]]) -> dict[str, tuple[Setting, ...]]:
    """`--name=value`, `--name value`, and a bare `--name` for true (traefik/paerser `flag/flagparser.go`)."""
    table: dict[str, tuple[Setting, ...]] = {}
    for index, (word, place) in enumerate(words):
        name, has_value, value = word.partition("=")
        following = words[index + 1][0] if index + 1 < len(words) else "-"
        if name.startswith("-"):
            written = value if has_value else "true" if following.startswith("-") else following
            _add(table, name.lstrip("-").lower(), Setting(_known(written), place))
    return table


def _environment(container: Container) -> Static | str:
    if container.has_more_variables:
        return "it may have variables that were not read"
    table: dict[str, tuple[Setting, ...]] = {}
    for name, value in container.environment:
        if name.upper().startswith(_PREFIX):
            path = name[len(_PREFIX) :].lower().replace("_", ".")
            _add(table, path, Setting(_known(value), container.place.at("env")))
    return Static(table) if table else "nothing was read that configures it"


def _file(
    named: Setting | None, workload: Workload, container: Container, bundle: Bundle
) -> tuple[str, File] | str | None:
    """Its configuration file with its path; None where it has none, or why it is not known."""
    files = mounted(workload, container, bundle)
    if named is not None and named.value is None:
        return "the name of its configuration file is a placeholder"
    wanted = ((posixpath.normpath("/" + (named.value or "").lstrip("/")),) if named else ()) + _FILES
    for path in wanted:
        if path in files.files:
            return path, files.files[path]
        if files.may_hold_more(path) or (named and path == wanted[0]):
            return f"its configuration file {path} was not read"
    return None


def _of_file(path: str, file: File) -> Static | str:
    unread = f"its configuration file {path} cannot be read"
    if path.endswith(".toml"):
        try:
            return Static(_flat(read_toml(file.text), file.place, is_located=False))
        except ValueError:
            return unread
    documents = list(nested(file.place, file.text))
    if len(documents) != 1 or not isinstance(documents[0], Nested) or not isinstance(documents[0].value, dict):
        return unread
    return Static(_flat(documents[0].value, Place(documents[0]), is_located=True))


def _flat(value: dict[Any, Any], place: Place, *, is_located: bool) -> dict[str, tuple[Setting, ...]]:
    """The table of a file. `is_located` says that a place can be told for each of its fields."""
    table: dict[str, tuple[Setting, ...]] = {}
    for keys, written in _leaves(value, ()):
        path = ".".join(str(key).lower() for key in keys if not isinstance(key, int))
        _add(table, path, Setting(_known(written), place.at(*keys) if is_located else place))
    return table


def _leaves(value: Any, keys: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str | None]]:
    """What has nothing below it; an empty mapping, or null, is there all the same: true."""
    if placeholder(value):
        yield keys, None
        return
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = [(str(key), each) for key, each in value.items()]
    elif isinstance(value, list):
        inner = list(enumerate(value))
    if inner and len(keys) < _MAX_DEPTH:
        for key, each in inner:
            yield from _leaves(each, (*keys, key))
    elif isinstance(value, bool):
        yield keys, str(value).lower()
    elif not isinstance(value, list):
        yield keys, "true" if value is None or isinstance(value, dict) else str(value)


def _known(value: str | None) -> str | None:
    return None if value is None or placeholder(value) else value


def _add(table: dict[str, tuple[Setting, ...]], path: str, setting: Setting) -> None:
    table[path] = (*table.get(path, ()), setting)
