"""Which files a run reads: paths, globs and standard input become sources.

Directories are walked in sorted order for `.yaml`, `.yml` and `.json`. Hidden and git-ignored paths are passed over unless
named, and counted; a symbolic link in a walk is passed over too (its target is read where it really stands, or lies outside
what was asked for). Nothing but regular files is opened, so a FIFO cannot hang a run; a shell's `<(...)` is the exception.
"""

from __future__ import annotations

import glob
import os
import stat
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath

from srcip_lint.positions import Lines

SUFFIXES = (".yaml", ".yml", ".json")
STDIN = "-"
MAX_BYTES = 64 * 1024 * 1024
"""No file larger than this is read (bytes): a manifest is never that large, a mistake or an attack is."""


@dataclass(frozen=True)
class Source:
    """A text to read. `path` is what is reported; `named` says that the user named the file (or piped it).

    `chart` is the `Chart.yaml` whose unrendered template this file may be. `data` is UTF-8 without a byte order mark,
    whatever the file was; bytes that are not UTF-8 are still in it.
    """

    path: str
    data: bytes
    named: bool = False
    chart: str | None = None

    @cached_property
    def lines(self) -> Lines:
        """The line table of the whole file; a byte that is not UTF-8 counts as one code point."""
        return Lines(self.data.decode("utf-8", "surrogateescape"))

    @property
    def folder(self) -> tuple[str, ...]:
        """The folders from the outermost to the file's own. A stream from standard input stands in a folder of its own."""
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
        for given in self.inputs:
            for path in _expand(given):
                if path != STDIN and os.path.isdir(path):
                    yield from self._walk(path)
                else:
                    yield path, True, _chart_of(path)

    def _walk(self, top: str) -> Iterator[tuple[str, bool, str | None]]:
        ignores = _GitIgnore(top)
        charts: dict[str, str] = {}
        for folder, subfolders, files in os.walk(top, followlinks=False, onerror=self._cannot_list):
            ignores.enter(folder)
            kept = [name for name in subfolders if self._wanted(folder, name, ignores, is_folder=True)]
            subfolders[:] = sorted(kept)
            chart = charts.get(folder) or _chart_in(folder, files)
            if chart:
                charts.update((os.path.join(folder, name), chart) for name in subfolders)
            for name in sorted(files):
                if name.endswith(SUFFIXES) and self._wanted(folder, name, ignores, is_folder=False):
                    path = os.path.join(folder, name)
                    yield path, False, chart if chart and _is_template(chart, path) else None

    def _wanted(self, folder: str, name: str, ignores: _GitIgnore, *, is_folder: bool) -> bool:
        path = os.path.join(folder, name)
        if name.startswith(".") and not name.startswith(".srcip-lint"):
            reason = "hidden"
        elif ignores.match(path, is_folder=is_folder):
            reason = "git-ignored"
        elif self.exclude(_shown(path)):
            reason = "excluded"
        elif not is_folder and os.path.islink(path):
            reason = "symbolic link"
        else:
            return True
        self.skipped[reason] += 1
        return False

    def _cannot_list(self, error: OSError) -> None:
        self.unopened.append(Unopened(_shown(str(error.filename)), f"cannot be listed: {error.strerror}"))

    def _open(self, path: str, named: bool, chart: str | None, seen: set[tuple[int, int]]) -> Source | None:
        if path == STDIN:
            return Source(self.stdin_name, _utf8(sys.stdin.buffer.read(MAX_BYTES)), named=True)
        shown = _shown(path)
        try:
            status = os.stat(path)
            reason = _unreadable(path, status)
            if reason is None and (status.st_dev, status.st_ino) in seen:
                return None
            if reason is None:
                seen.add((status.st_dev, status.st_ino))
                with open(path, "rb") as file:  # noqa: PTH123  (a Path costs as much as reading a small file)
                    return Source(shown, _utf8(file.read(MAX_BYTES + 1)), named, chart)
        except (OSError, ValueError) as error:
            reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        self.unopened.append(Unopened(shown, reason))
        return None


def _unreadable(path: str, status: os.stat_result) -> str | None:
    """Why a file must not be opened, or None. A pipe that the shell opened for us (`<(helm template ...)`) is fine."""
    if status.st_size > MAX_BYTES:
        return f"larger than {MAX_BYTES // (1024 * 1024)} MiB"
    is_shell_pipe = stat.S_ISFIFO(status.st_mode) and path.startswith(("/dev/fd/", "/proc/self/fd/"))
    return None if stat.S_ISREG(status.st_mode) or is_shell_pipe else "not a regular file"


def _expand(given: str) -> Iterator[str]:
    """The paths a word of the command line means: itself, or what it matches where the shell left a glob alone."""
    if given != STDIN and glob.has_magic(given) and not os.path.lexists(given):
        yield from sorted(glob.glob(given, recursive=True)) or [given]
    else:
        yield given


def _shown(path: str) -> str:
    """The path as it is reported: relative to the working directory where it lies below it, with `/`."""
    relative = os.path.relpath(path)
    return (path if relative.startswith(os.pardir) else relative).replace(os.sep, "/")


_MARKS = ((b"\xff\xfe\x00\x00", "utf-32-le"), (b"\x00\x00\xfe\xff", "utf-32-be"), (b"\xff\xfe", "utf-16-le"))
_MARKS += ((b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))


def _utf8(data: bytes) -> bytes:
    """The same text as UTF-8 without a byte order mark. What does not decode stays as it is, for the reader to report."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            body = data[len(mark) :]
            try:
                return body if encoding == "utf-8" else body.decode(encoding).encode()
            except UnicodeDecodeError:
                return data
    return data


def _chart_in(folder: str, files: Sequence[str]) -> str | None:
    return _shown(os.path.join(folder, "Chart.yaml")) if "Chart.yaml" in files else None


def _chart_of(path: str) -> str | None:
    """The chart that a named file is a template of, looking upward from its folder."""
    folder = os.path.dirname(os.path.abspath(path))
    while "templates" in folder:
        folder, name = os.path.split(folder)
        chart = os.path.join(folder, "Chart.yaml")
        if name == "templates" and os.path.isfile(chart):
            return _shown(chart)
    return None


def _is_template(chart: str, path: str) -> bool:
    below = os.path.relpath(path, os.path.dirname(chart) or ".")
    return "templates" in PurePath(below).parts[:-1]


class _GitIgnore:
    """The `.gitignore` files that hold below a folder: its own, those above it in the same repository, those met."""

    def __init__(self, top: str) -> None:
        self._specs: list[tuple[str, object]] = []
        above: list[str] = []
        folder = os.path.abspath(top)
        while not os.path.exists(os.path.join(folder, ".git")):
            parent = os.path.dirname(folder)
            if parent == folder:
                above = []
                break
            above.append(parent)
            folder = parent
        for parent in reversed(above):
            self._read(parent)

    def enter(self, folder: str) -> None:
        folder = os.path.abspath(folder)
        self._specs = [spec for spec in self._specs if (folder + os.sep).startswith(spec[0])]
        self._read(folder)

    def _read(self, folder: str) -> None:
        path = os.path.join(folder, ".gitignore")
        if not os.path.isfile(path):
            return
        from pathspec import GitIgnoreSpec

        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            self._specs.append((folder.rstrip(os.sep) + os.sep, GitIgnoreSpec.from_lines(file)))

    def match(self, path: str, *, is_folder: bool) -> bool:
        path = os.path.abspath(path)
        for root, spec in self._specs:
            below = path[len(root) :].replace(os.sep, "/") + ("/" if is_folder else "")
            if spec.match_file(below):  # type: ignore[attr-defined]
                return True
        return False
