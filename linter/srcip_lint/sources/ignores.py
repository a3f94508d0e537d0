"""The `.gitignore` files that hold in a walk."""

from __future__ import annotations

import io
import os
import re
import warnings
from typing import TYPE_CHECKING

from srcip_lint.sources.files import Files

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


class GitIgnore:
    """The `.gitignore` files that hold below a folder: its own, those above it in the same repository, those met.

    A folder that is itself ignored was named all the same; then those above it do not hold.
    """

    def __init__(self, top: str, files: Files) -> None:
        self._files = files
        self._specs: list[tuple[str, GitIgnoreSpec]] = []
        for parent in _repository_above(os.path.abspath(top), files):
            self._read(parent)
        if self.match(top, is_folder=True):
            self._specs.clear()

    def enter(self, folder: str) -> None:
        folder = os.path.abspath(folder)
        self._specs = [spec for spec in self._specs if (folder + os.sep).startswith(spec[0])]
        self._read(folder)

    def _read(self, folder: str) -> None:
        path = os.path.join(folder, ".gitignore")
        if not self._files.is_file(path):
            return
        try:
            text = self._files.read(path).decode("utf-8-sig", "surrogateescape")
        except (OSError, ValueError):  # it ignores nothing then, as for git: more is read than was meant, never less
            return
        lines = io.StringIO(text, newline=None).readlines()
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


def _repository_above(folder: str, files: Files) -> list[str]:
    """The folders above this one up to the root of its git repository, outermost first; none outside of a
    repository."""
    above: list[str] = []
    while not files.is_root(folder):
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
