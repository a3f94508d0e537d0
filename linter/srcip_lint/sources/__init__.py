"""Which files a run reads: paths, globs and standard input become sources.

Directories are walked in sorted order for `.yaml`, `.yml` and `.json`. Hidden and git-ignored paths are passed over
unless named, and counted; a symbolic link in a walk is passed over too (its target is read where it really stands, or
lies outside what was asked for). Where the files are (on the disk, in a commit) is `files`' question.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath
from typing import IO

from srcip_lint.positions import Lines
from srcip_lint.sources.files import Disk, Entry, Files, bounded, expanded
from srcip_lint.sources.ignores import GitIgnore

__all__ = ["STDIN", "SUFFIXES", "Disk", "Entry", "Files", "Reading", "Source", "Unopened"]

SUFFIXES = (".yaml", ".yml", ".json")
KUSTOMIZATION = "Kustomization"
"""The one name without a suffix that a manifest of sorts may have."""
CHART = "Chart.yaml"
STDIN = "-"


@dataclass(frozen=True)
class Source:
    """A text to read. `path` is what is reported; `named` says that the user named the file (or piped it).

    `chart` is the `Chart.yaml` whose unrendered template this file may be. `data` is UTF-8 without a byte order mark,
    whatever the file was (`as_stored` is false where it was another); bytes that are not UTF-8 are still in it.
    """

    path: str
    data: bytes
    named: bool = False
    chart: str | None = None
    as_stored: bool = True

    @cached_property
    def lines(self) -> Lines:
        """The line table of the whole file; a byte that is not UTF-8 counts as one code point."""
        return Lines(self.data.decode("utf-8", "surrogateescape"), as_stored=self.as_stored)

    @cached_property
    def folder(self) -> tuple[str, ...]:
        """The folders from the outermost to the file's own. A stream from standard input stands in a folder of its
        own."""
        return PurePath(self.path).parts[:-1] if self.path != "<stdin>" else ("<stdin>",)


@dataclass(frozen=True, slots=True)
class Unopened:
    """An input that could not be read at all, and why."""

    path: str
    reason: str


@dataclass()
class Reading:
    """The sources of a run, in order; `skipped` fills while they are iterated.

    `alone` says that each file is judged for itself. The inputs then come from a tool that lists changed files: no
    person asks for one of them in particular, so exclusions hold for them too.
    """

    inputs: Sequence[str]
    stdin_name: str = "<stdin>"
    exclude: Callable[[str], bool] = lambda _: False
    files: Files = field(default_factory=Disk)
    alone: bool = False
    skipped: Counter[str] = field(default_factory=Counter)
    unopened: list[Unopened] = field(default_factory=list)

    def __iter__(self) -> Iterator[Source]:
        seen: set[Hashable] = set()
        for path, named, chart in self._paths():
            source = self._open(path, named, chart, seen)
            if source is not None:
                yield source

    def _paths(self) -> Iterator[tuple[str, bool, str | None]]:
        """Every path, whether it was named, and its chart. Files come first: one that a walk meets too was named."""
        given = [path for word in self.inputs for path in expanded(word, self.files)]
        folders = [path for path in given if path != STDIN and self.files.is_folder(path)]
        for path in given:
            if path in folders:
                continue
            if self.alone and self.exclude(_shown(path)):
                self.skipped["excluded"] += 1
            else:
                yield path, not self.alone, self._chart_of(path)
        for folder in folders:
            yield from self._walk(folder)

    def _walk(self, top: str) -> Iterator[tuple[str, bool, str | None]]:
        ignores = GitIgnore(top, self.files)
        pending = [(top, self._chart_of(os.path.join(top, CHART)))]
        while pending:  # not os.walk, which is recursive up to Python 3.11: 1000 nested folders are no reason to crash
            folder, chart = pending.pop()
            ignores.enter(folder)
            entries = self._list(folder)
            if chart is None and any(entry.name == CHART for entry in entries):
                chart = _shown(os.path.join(folder, CHART))
            wanted = [entry for entry in entries if self._wanted(entry, ignores)]
            pending += [(entry.path, chart) for entry in reversed(wanted) if _is_folder(entry)]
            for entry in wanted:
                if not _is_folder(entry):
                    yield entry.path, False, chart if chart and _is_template(chart, entry.path) else None

    def _list(self, folder: str) -> list[Entry]:
        """What is in a folder, in order."""
        try:
            return sorted(self.files.listing(folder), key=lambda entry: entry.name)
        except OSError as error:
            self.unopened.append(Unopened(_shown(folder), f"cannot be listed: {error.strerror}"))
            return []

    def _wanted(self, entry: Entry, ignores: GitIgnore) -> bool:
        """Is it a folder or a manifest, and to be read? What is passed over is counted."""
        is_manifest = entry.name.endswith(SUFFIXES) or entry.name == KUSTOMIZATION
        if not is_manifest and not _leads_to_folder(entry):
            return False
        if entry.name.startswith(".") and not entry.name.startswith(".srcip-lint"):
            reason = "hidden"
        elif ignores.match(entry.path, is_folder=_is_folder(entry)):
            reason = "git-ignored"
        elif self.exclude(_shown(entry.path)):
            reason = "excluded"
        elif entry.is_symlink():
            reason = "symbolic link"
        else:
            return True
        self.skipped[reason] += 1
        return False

    def beside(self, path: str, below: str | None) -> Source | None:
        """A file that another one names, by its absolute path; with `below` only where it really stands in that folder.

        None where there is no such regular file, where it is excluded, and where nothing was read from files at all.
        """
        if not self.inputs or self.exclude(_shown(path)) or not self.files.is_file(path):
            return None
        if below is not None and not self.files.stands_in(path, below):
            return None
        return self._open(path, named=False, chart=None, seen=set())

    def _open(self, path: str, named: bool, chart: str | None, seen: set[Hashable]) -> Source | None:
        shown = self.stdin_name if path == STDIN else _shown(path)
        try:
            identity = STDIN if path == STDIN else self.files.identity(path)
            if identity in seen:
                return None
            seen.add(identity)
            data = bounded(_stdin()) if path == STDIN else self.files.read(path)
            return _source(shown, data, named or path == STDIN, chart)
        except (OSError, ValueError) as error:
            reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        self.unopened.append(Unopened(shown, reason))
        return None

    def _chart_of(self, path: str) -> str | None:
        """The chart that a named file is a template of, looking upward from its folder."""
        folder = os.path.dirname(os.path.abspath(path))
        while "templates" in folder:
            folder, name = os.path.split(folder)
            chart = os.path.join(folder, CHART)
            if name == "templates" and self.files.is_file(chart):
                return _shown(chart)
        return None


def _source(shown: str, stored: bytes, named: bool, chart: str | None = None) -> Source:
    data = _utf8(stored)
    return Source(shown, data, named, chart, as_stored=data is stored)


def single(path: str) -> Source:
    """One file that is no input of the run, such as one that the configuration names, within the same bounds.

    Raises ValueError with the reason where it cannot or must not be read.
    """
    disk = Disk()
    try:
        disk.identity(path)
        return _source(_shown(path), disk.read(path), named=True)
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error


def _stdin() -> IO[bytes]:
    if sys.stdin is None:  # closed by the caller: `srcip-lint - <&-`
        raise ValueError("standard input is closed")
    return sys.stdin.buffer


def _shown(path: str) -> str:
    """The path as it is reported: relative to the working directory where it lies below it, with `/`."""
    here, absolute = os.path.join(os.getcwd(), ""), os.path.abspath(path)
    if path and absolute.startswith(here):
        path = absolute[len(here) :]
    return path.replace(os.sep, "/")


_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xef\xbb\xbf", "utf-8"),
)


def _utf8(data: bytes) -> bytes:
    """The same text as UTF-8 without a byte order mark. What does not decode stays as it is, for the reader to
    report."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            body = data[len(mark) :]
            try:
                return body if encoding == "utf-8" else body.decode(encoding).encode()
            except UnicodeDecodeError:
                return data
    return data


def _is_folder(entry: Entry) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _leads_to_folder(entry: Entry) -> bool:
    """Is it a folder, or a link to one? A link that leads round in a circle is neither."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_template(chart: str, path: str) -> bool:
    below = os.path.relpath(path, os.path.dirname(chart) or ".")
    return "templates" in PurePath(below).parts[:-1]
