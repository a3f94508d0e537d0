"""Path patterns, read as in a `.gitignore` that stands in the configuration's folder.

A pattern without a slash holds in every folder, one with a slash from the top; `**` stands for any folders; what names
a folder covers everything below it. Nothing outside the configuration's folder is covered. There is no `!`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

_ANY_FOLDERS = "**"


def matcher(patterns: Iterable[str], folder: str = ".") -> Callable[[str], bool]:
    """Does one of the patterns cover a path? That is relative to the working directory, the patterns to `folder`."""
    split = [_parts(pattern) for pattern in patterns]
    if not split:
        return lambda _: False

    def covers(path: str) -> bool:
        parts = relative(path, folder).split("/")
        return parts[0] != os.pardir and any(_covers(pattern, parts) for pattern in split)

    return covers


def relative(path: str, folder: str) -> str:
    """The path as seen from a folder, with `/`; as it is where no way leads there (another drive)."""
    try:
        return os.path.relpath(path, folder).replace(os.sep, "/")
    except ValueError:
        return path.replace(os.sep, "/")


def _parts(pattern: str) -> list[str]:
    anchored = "/" in pattern.rstrip("/")
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    return parts if anchored and parts else [_ANY_FOLDERS, *parts]


def _covers(pattern: list[str], path: list[str]) -> bool:
    """Walk down the path with every place in the pattern that it may have come to; linear, whatever the pattern is."""
    places = _reached({0}, pattern)
    for part in path:
        following = set()
        for place in places:
            if pattern[place] == _ANY_FOLDERS:
                following |= {place, place + 1}
            elif fnmatchcase(part, pattern[place]):
                following.add(place + 1)
        if len(pattern) in following:
            return True
        places = _reached(following, pattern)
    return False


def _reached(places: set[int], pattern: list[str]) -> set[int]:
    """The places, and those behind a `**` that stands for no folder. A `**` at the end stands for something."""
    pending = list(places)
    while pending:
        place = pending.pop()
        following = place + 1
        if pattern[place] == _ANY_FOLDERS and following < len(pattern) and following not in places:
            places.add(following)
            pending.append(following)
    return places
