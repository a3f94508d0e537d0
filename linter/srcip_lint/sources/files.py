"""Where files are read from: the disk, or anything that answers the same questions (a commit of a git repository).

Paths are the words of the command line and what a walk makes of them: relative to the working directory or absolute.
Nothing but regular files is opened, so a FIFO cannot hang a run; a shell's `<(...)` is the exception.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Hashable, Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePath
from typing import IO, Protocol

MAX_BYTES = 64 * 1024 * 1024
"""No file larger than this is read (bytes): a manifest is never that large, a mistake or an attack is."""
TOO_LARGE = f"larger than {MAX_BYTES // (1024 * 1024)} MiB"


class Entry(Protocol):
    """What is in a folder; an `os.DirEntry` is one."""

    @property
    def name(self) -> str: ...

    @property
    def path(self) -> str: ...

    def is_dir(self, *, follow_symlinks: bool = True) -> bool: ...

    def is_symlink(self) -> bool: ...


class Files(Protocol):
    """What a reading asks of the place that its files are in. Symbolic links are followed, except by `listing`."""

    def exists(self, path: str) -> bool:
        """Is there anything of that name?"""

    def is_file(self, path: str) -> bool: ...

    def is_folder(self, path: str) -> bool: ...

    def is_root(self, folder: str) -> bool:
        """Is it the root of a git repository?"""

    def stands_in(self, path: str, folder: str) -> bool:
        """Does a file really stand in a folder, or below it, wherever links lead?"""

    def listing(self, folder: str) -> Sequence[Entry]:
        """What is in a folder, in any order. Raises OSError."""

    def matches(self, pattern: str) -> Sequence[str]:
        """The paths that a glob matches, in any order, hidden ones too; `**` follows no symbolic link."""

    def identity(self, path: str) -> Hashable:
        """What is the same for two paths of one file. Raises OSError; ValueError with the reason why the file must not
        be opened."""

    def read(self, path: str) -> bytes:
        """All of a file. Raises OSError, and ValueError where it is too large."""


class Disk:
    """The files of this machine."""

    def exists(self, path: str) -> bool:
        return os.path.lexists(path)

    def is_file(self, path: str) -> bool:
        return os.path.isfile(path)

    def is_folder(self, path: str) -> bool:
        return os.path.isdir(path)

    def is_root(self, folder: str) -> bool:
        return os.path.exists(os.path.join(folder, ".git"))

    def stands_in(self, path: str, folder: str) -> bool:
        return os.path.realpath(path).startswith(os.path.join(os.path.realpath(folder), ""))

    def listing(self, folder: str) -> Sequence[Entry]:
        with os.scandir(folder) as found:
            return list(found)

    def matches(self, pattern: str) -> Sequence[str]:
        """By pathlib, whose `**` follows no symbolic link: that of `glob` would go round a loop for ever."""
        start = Path(PurePath(pattern).anchor)
        try:
            return [str(path) for path in start.glob(str(PurePath(pattern).relative_to(start)))]
        except ValueError:  # a `**` that is not a whole component, before Python 3.13
            return []

    def identity(self, path: str) -> Hashable:
        """Device and inode. A pipe that the shell opened for us (`<(helm template ...)`) may be opened."""
        status = os.stat(path)
        is_shell_pipe = stat.S_ISFIFO(status.st_mode) and path.startswith(("/dev/fd/", "/dev/stdin", "/proc/self/fd/"))
        if not stat.S_ISREG(status.st_mode) and not is_shell_pipe:
            raise ValueError("not a regular file")
        return status.st_dev, status.st_ino

    def read(self, path: str) -> bytes:
        with open(path, "rb") as file:
            return bounded(file)


def bounded(file: IO[bytes]) -> bytes:
    """All of a file. Raises ValueError where it is too large: not every file tells its size beforehand."""
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(TOO_LARGE)
    return data


def expanded(word: str, files: Files) -> list[str]:
    """The paths a word of the command line means: itself, or what it matches where the shell left a glob alone."""
    if not glob.has_magic(word) or files.exists(word):
        return [word]
    asked = PurePath(word).parts
    return sorted(path for path in files.matches(word) if not _is_hidden(path, asked)) or [word]


def _is_hidden(path: str, asked: Sequence[str]) -> bool:
    """Does a match go through a hidden name that the pattern does not spell out?"""
    dotted = (name for name in PurePath(path).parts if name.startswith(".") and name != os.pardir)
    return not all(any(part.startswith(".") and fnmatch(name, part) for part in asked) for name in dotted)
