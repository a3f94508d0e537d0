"""Which files a run reads: paths, globs and standard input become sources.

Directories are walked in sorted order for `.yaml`, `.yml` and `.json`. Hidden and git-ignored paths are passed over
unless named, and counted; a symbolic link in a walk is passed over too (its target is read where it really stands, or
lies outside what was asked for). Nothing but regular files is opened, so a FIFO cannot hang a run; a shell's `<(...)`
is the exception.
"""

from __future__ import annotations

import glob
import os
import re
import stat
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING

from srcip_lint.positions import Lines

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SUFFIXES = (".yaml", ".yml", ".json")
KUSTOMIZATION = "Kustomization"
"""The one name without a suffix that a manifest of sorts may have."""
CHART = "Chart.yaml"
STDIN = "-"
MAX_BYTES = 64 * 1024 * 1024
"""No file larger than this is read (bytes): a manifest is never that large, a mistake or an attack is."""
_TOO_LARGE = f"larger than {MAX_BYTES // (1024 * 1024)} MiB"


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

    @property
    def folder(self) -> tuple[str, ...]:
        """The folders from the outermost to the file's own. A stream from standard input stands in a folder of its
        own."""
        return PurePath(self.path).parts[:-1] if self.path != "<stdin>" else ("<stdin>",)


@dataclass(frozen=True, slots=True)
class Unopened:
    """An input that could not be read at all, and why."""

    path: str
    reason: str


@dataclass
class Reading:
    """The sources of a run, in order; `skipped` fills while they are iterated."""

    inputs: Sequence[str]
    stdin_name: str = "<stdin>"
    exclude: Callable[[str], bool] = lambda _: False
    skipped: Counter[str] = field(default_factory=Counter)
    unopened: list[Unopened] = field(default_factory=list)

    def __iter__(self) -> Iterator[Source]:
        seen: set[tuple[int, int]] = set()
        for path, named, chart in self._paths():
            source = self._open(path, named, chart, seen)
            if source is not None:
                yield source

    def _paths(self) -> Iterator[tuple[str, bool, str | None]]:
        """Every path, whether it was named, and its chart. Files come first: one that a walk meets too was named."""
        given = [path for word in self.inputs for path in _expand(word)]
        folders = [path for path in given if path != STDIN and os.path.isdir(path)]
        yield from ((path, True, _chart_of(path)) for path in given if path not in folders)
        for folder in folders:
            yield from self._walk(folder)

    def _walk(self, top: str) -> Iterator[tuple[str, bool, str | None]]:
        ignores = _GitIgnore(top)
        pending = [(top, _chart_of(os.path.join(top, CHART)))]
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

    def _list(self, folder: str) -> list[os.DirEntry[str]]:
        """What is in a folder, in order."""
        try:
            with os.scandir(folder) as listing:
                return sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            self.unopened.append(Unopened(_shown(folder), f"cannot be listed: {error.strerror}"))
            return []

    def _wanted(self, entry: os.DirEntry[str], ignores: _GitIgnore) -> bool:
        """Is it a folder or a manifest, and to be read? What is passed over is counted."""
        is_manifest = entry.name.endswith(SUFFIXES) or entry.name == KUSTOMIZATION
        if not is_manifest and not entry.is_dir():
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
        if not self.inputs or self.exclude(_shown(path)) or not os.path.isfile(path):
            return None
        if below is not None and not os.path.realpath(path).startswith(os.path.join(os.path.realpath(below), "")):
            return None
        return self._open(path, named=False, chart=None, seen=set())

    def _open(self, path: str, named: bool, chart: str | None, seen: set[tuple[int, int]]) -> Source | None:
        shown = self.stdin_name if path == STDIN else _shown(path)
        try:
            identity = _STDIN_IDENTITY if path == STDIN else _identity(path)
            if identity in seen:
                return None
            seen.add(identity)
            if path == STDIN:
                return _source(shown, _bounded(_stdin()), named=True)
            with open(path, "rb") as file:
                return _source(shown, _bounded(file), named, chart)
        except (OSError, ValueError) as error:
            reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        self.unopened.append(Unopened(shown, reason))
        return None


def _source(shown: str, stored: bytes, named: bool, chart: str | None = None) -> Source:
    data = _utf8(stored)
    return Source(shown, data, named, chart, as_stored=data is stored)


def single(path: str) -> Source:
    """One file that is no input of the run, such as one that the configuration names, within the same bounds.

    Raises ValueError with the reason where it cannot or must not be read.
    """
    try:
        _identity(path)
        with open(path, "rb") as file:
            return _source(_shown(path), _bounded(file), named=True)
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error


_STDIN_IDENTITY = (-1, -1)


def _identity(path: str) -> tuple[int, int]:
    """Device and inode of a file that may be opened. A pipe that the shell opened for us (`<(helm template ...)`) may.

    Raises OSError where there is no such file, ValueError with the reason why it must not be opened.
    """
    status = os.stat(path)
    is_shell_pipe = stat.S_ISFIFO(status.st_mode) and path.startswith(("/dev/fd/", "/dev/stdin", "/proc/self/fd/"))
    if not stat.S_ISREG(status.st_mode) and not is_shell_pipe:
        raise ValueError("not a regular file")
    return status.st_dev, status.st_ino


def _stdin() -> IO[bytes]:
    if sys.stdin is None:  # closed by the caller: `srcip-lint - <&-`
        raise ValueError("standard input is closed")
    return sys.stdin.buffer


def _bounded(file: IO[bytes]) -> bytes:
    """All of a file. Raises ValueError where it is too large: not every file tells its size beforehand."""
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(_TOO_LARGE)
    return data


def _expand(given: str) -> Iterator[str]:
    """The paths a word of the command line means: itself, or what it matches where the shell left a glob alone."""
    if given != STDIN and glob.has_magic(given) and not os.path.lexists(given):
        yield from sorted(_glob(given)) or [given]
    else:
        yield given


def _glob(pattern: str) -> list[str]:
    """What a glob matches. By pathlib, whose `**` follows no symbolic link: that of `glob` would go round a loop for
    ever."""
    start = Path(PurePath(pattern).anchor)
    asked = PurePath(pattern).relative_to(start)
    try:
        found = [str(path) for path in start.glob(str(asked))]
    except ValueError:  # a `**` that is not a whole component, before Python 3.13
        return []
    return [path for path in found if not _is_hidden(path, asked)]


def _is_hidden(path: str, asked: PurePath) -> bool:
    """Does a match go through a hidden name that the pattern does not spell out?"""
    dotted = (name for name in PurePath(path).parts if name.startswith(".") and name != os.pardir)
    return not all(any(part.startswith(".") and fnmatch(name, part) for part in asked.parts) for name in dotted)


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


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _chart_of(path: str) -> str | None:
    """The chart that a named file is a template of, looking upward from its folder."""
    folder = os.path.dirname(os.path.abspath(path))
    while "templates" in folder:
        folder, name = os.path.split(folder)
        chart = os.path.join(folder, CHART)
        if name == "templates" and os.path.isfile(chart):
            return _shown(chart)
    return None


def _is_template(chart: str, path: str) -> bool:
    below = os.path.relpath(path, os.path.dirname(chart) or ".")
    return "templates" in PurePath(below).parts[:-1]


class _GitIgnore:
    """The `.gitignore` files that hold below a folder: its own, those above it in the same repository, those met.

    A folder that is itself ignored was named all the same; then those above it do not hold.
    """

    def __init__(self, top: str) -> None:
        self._specs: list[tuple[str, GitIgnoreSpec]] = []
        for parent in _repository_above(os.path.abspath(top)):
            self._read(parent)
        if self.match(top, is_folder=True):
            self._specs.clear()

    def enter(self, folder: str) -> None:
        folder = os.path.abspath(folder)
        self._specs = [spec for spec in self._specs if (folder + os.sep).startswith(spec[0])]
        self._read(folder)

    def _read(self, folder: str) -> None:
        path = os.path.join(folder, ".gitignore")
        if not os.path.isfile(path):
            return
        try:
            with open(path, encoding="utf-8-sig", errors="surrogateescape") as file:
                lines = file.readlines()
        except OSError:  # it ignores nothing then, as for git: more is read than was meant, never less
            return
        self._specs.append((folder.rstrip(os.sep) + os.sep, _spec(lines)))

    def match(self, path: str, *, is_folder: bool) -> bool:
        """Is the path ignored? The nearest `.gitignore` that speaks of it decides, and in it the last such line."""
        path = os.path.abspath(path)
        for root, spec in reversed(self._specs):
            below = path[len(root) :].replace(os.sep, "/") + ("/" if is_folder else "")
            verdict = spec.check_file(below).include
            if verdict is not None:
                return verdict
        return False


def _repository_above(folder: str) -> list[str]:
    """The folders above this one up to the root of its git repository, outermost first; none outside of a
    repository."""
    above: list[str] = []
    while not os.path.exists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return []
        above.insert(0, parent)
        folder = parent
    return above


def _spec(lines: list[str]) -> GitIgnoreSpec:
    """The patterns of a `.gitignore`. A line that is no pattern (a lone `!`) matches nothing, as it does for git."""
    from pathspec import GitIgnoreSpec

    def compiled(some: list[str]) -> GitIgnoreSpec | None:
        try:
            return GitIgnoreSpec.from_lines(some)
        except (ValueError, re.error):
            return None

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of `re`, about `[[:alpha:]]`
        whole = compiled(lines)
        return whole or GitIgnoreSpec.from_lines(line for line in lines if compiled([line]))
