"""A commit as a place that files are read from, under the paths that they have today."""

from __future__ import annotations

import errno
import glob
import os
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import Protocol

from srcip_lint.history.git import Stored
from srcip_lint.sources import Entry
from srcip_lint.sources.files import expanded

_LINK = "120000"
_SUBMODULE = "160000"
_MAX_LINKS = 40
"""How many symbolic links a path may lead through, as Linux has it."""


class Contents(Protocol):
    """What gives contents by their names: git."""

    def read(self, blob: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Member:
    """What is in a folder of a commit."""

    name: str
    path: str
    place: str
    commit: Commit

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        if self.is_symlink():
            return follow_symlinks and self.commit.is_folder(self.path)
        return self.commit.has_folder(self.place)

    def is_symlink(self) -> bool:
        return self.commit.has_link(self.place)


class Commit:
    """The files of one commit. `root` is the repository's, and every path is taken as if it were checked out there.

    `unread` are the submodules that were asked for: what is in them stands in another repository.
    """

    def __init__(self, root: str, name: str, files: Mapping[str, Stored], contents: Contents) -> None:
        self.name = name
        self.unread: set[str] = set()
        self._root = root
        self._files = files
        self._contents = contents
        self._folders: dict[str, set[str]] = defaultdict(set, {"": set()})
        for path, stored in files.items():
            self._add(path)
            if stored.mode == _SUBMODULE:
                self._folders[path] = set()

    def _add(self, path: str) -> None:
        """Put a path into its folder, and that into the ones above, up to the first that is known."""
        while path:
            folder, _, name = path.rpartition("/")
            is_known = folder in self._folders
            self._folders[folder].add(name)
            if is_known:
                break
            path = folder

    def present(self, words: Sequence[str]) -> tuple[str, ...]:
        """The words of a command line that mean anything in this commit: a file that came later is not missing here."""
        return tuple(word for word in words if any(map(self.exists, expanded(word, self))))

    def exists(self, path: str) -> bool:
        return self._found(path) is not None

    def has_link(self, place: str) -> bool:
        """Is there a symbolic link at a path from the root?"""
        return place in self._files and self._files[place].mode == _LINK

    def has_folder(self, place: str) -> bool:
        """Is there a folder at a path from the root?"""
        return place in self._folders

    def is_file(self, path: str) -> bool:
        found = self._found(path)
        return found in self._files and found not in self._folders

    def is_folder(self, path: str) -> bool:
        return self._found(path) in self._folders

    def is_root(self, folder: str) -> bool:
        return os.path.abspath(folder) == self._root

    def stands_in(self, path: str, folder: str) -> bool:
        found, above = self._found(path), self._found(folder)
        return found is not None and above is not None and (not above or found.startswith(f"{above}/"))

    def listing(self, folder: str) -> Sequence[Entry]:
        found = self._found(folder)
        if found is None or found not in self._folders:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder)
        if found in self._files:
            self.unread.add(folder)
        below = f"{found}/" if found else ""
        return [Member(name, os.path.join(folder, name), below + name, self) for name in self._folders[found]]

    def matches(self, pattern: str) -> Sequence[str]:
        parts = PurePath(pattern).parts
        literal = next(number for number, part in enumerate(parts) if glob.has_magic(part))
        found: set[str] = set()
        met: set[tuple[str, tuple[str, ...]]] = set()
        pending = [(os.path.join("", *parts[:literal]), parts[literal:])]
        while pending:
            place = pending.pop()
            if place not in met and place[1]:
                met.add(place)
                pending += self._further(*place)
            elif not place[1]:
                found.add(place[0])
        return [path for path in found if self.exists(path)]

    def _further(self, folder: str, parts: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Where one step of a glob leads from a folder: the places, and what of the pattern is left there."""
        part, rest = parts[0], parts[1:]
        if not glob.has_magic(part):
            yield os.path.join(folder, part), rest
            return
        if part == "**":
            yield folder, rest
        for entry in self.listing(folder) if self.is_folder(folder) else ():
            if part == "**" and entry.is_dir(follow_symlinks=False):
                yield entry.path, parts
            elif part != "**" and fnmatchcase(entry.name, part) and (not rest or entry.is_dir()):
                yield entry.path, rest

    def identity(self, path: str) -> Hashable:
        found = self._found(path)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        if found in self._folders:
            raise ValueError("not a regular file")
        return found

    def read(self, path: str) -> bytes:
        return self._contents.read(self._files[str(self.identity(path))].blob)

    def _found(self, path: str) -> str | None:
        """A path from the root, symbolic links followed; None where there is nothing, and where it leads out of the
        repository."""
        pending = PurePath(os.path.relpath(os.path.abspath(path), self._root)).parts[::-1]
        here, links = "", 0
        while pending:
            part, pending = pending[-1], pending[:-1]
            if part == os.pardir:
                if not here:
                    return None
                here = here.rpartition("/")[0]
                continue
            here_then = f"{here}/{part}" if here else part
            stored = self._files.get(here_then)
            if stored and self.has_link(here_then):
                links += 1
                if links > _MAX_LINKS:
                    return None
                target = os.fsdecode(self._contents.read(stored.blob))
                if os.path.isabs(target):
                    here, target = "", os.path.relpath(target, self._root)
                pending = (*pending, *PurePath(target).parts[::-1])
                continue
            if stored is None and here_then not in self._folders:
                return None
            here = here_then
        return here
