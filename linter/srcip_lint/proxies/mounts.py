"""The files that a container gets from ConfigMaps, as far as the bundle holds them.

Semantics: a mount hides what the image (or a mount further up) has at its path; with `subPath` it is one file or folder
of the volume (Kubernetes documentation, "Volumes", "Using subPath").
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.resources.pods import Container
from srcip_lint.resources.volumes import Mount, Volume, VolumeSource
from srcip_lint.resources.workload import Workload


@dataclass(frozen=True, eq=False, slots=True)
class File:
    """A text file in a container. `place` is where its text stands, or what it comes from where it is not `written` in
    the bundle (the image). `variables` are what an entry point puts in for `${NAME}`, None where that is not known."""

    text: str
    place: Place
    written: bool = True
    variables: Mapping[str, str | None] = field(default_factory=dict)

    def at(self, start: int, end: int) -> Place:
        """The place of a stretch of the text (code points)."""
        return self.place.within(start, end) if self.written else self.place


@dataclass(slots=True)
class Mounted:
    """What is mounted. `closed` are folders of which every file is known, `opaque` paths whose content is not."""

    files: dict[str, File] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    opaque: list[str] = field(default_factory=list)

    def hides(self, path: str) -> bool:
        """Is what the image has at a path out of sight?"""
        return path in self.files or any(is_below(path, over) for over in (*self.closed, *self.opaque))

    def may_hold_more(self, pattern: str) -> str | None:
        """A mount whose unknown content may hold a file that matches a glob pattern and that is not known."""
        folder = posixpath.dirname(pattern)
        over = [path for path in self.closed if is_below(folder, path)] + [
            path for path in self.files if path == pattern
        ]
        return next((path for path in self.opaque if _may_match(path, pattern) and not _hidden(path, over)), None)


def mounted(workload: Workload, container: Container, bundle: Bundle) -> Mounted:
    """Everything that is mounted into a container. An inner mount hides its part of an outer one."""
    result = Mounted()
    volumes = {volume.name: volume for volume in workload.template.volumes}
    for mount in sorted(container.mounts, key=lambda mount: len(_normal(mount.path))):
        volume = volumes.get(mount.volume, Volume("", (VolumeSource(None),)))
        files, whole = _content(volume, workload, bundle)
        _mount(mount, files, whole, result)
    return result


def _mount(mount: Mount, files: Mapping[str, File], whole: bool, result: Mounted) -> None:
    path = _normal(mount.path)
    result.files = {name: file for name, file in result.files.items() if not is_below(name, path)}
    sub_path = mount.sub_path.strip("/") if mount.sub_path is not None else None
    if sub_path is None:
        result.opaque.append(path)
    elif sub_path in files:
        result.files[path] = files[sub_path]
    else:
        inside = sub_path + "/" if sub_path else ""
        inner = {name.removeprefix(inside): file for name, file in files.items() if name.startswith(inside)}
        result.files.update({posixpath.join(path, name): file for name, file in inner.items()})
        is_known = whole and (inner or not sub_path)
        (result.closed if is_known else result.opaque).append(path)


def _content(volume: Volume, workload: Workload, bundle: Bundle) -> tuple[dict[str, File], bool]:
    """The files of a volume by their paths in it, and whether these are all of them."""
    files: dict[str, File] = {}
    whole = True
    for source in volume.sources:
        config_map = bundle.config_map(workload.object, source.config_map) if source.config_map else None
        if config_map is None:
            whole = False
            continue
        texts = {
            key: File(value.value, value.place)
            for key, value in config_map.files.items()
            if isinstance(value.value, str)
        }
        whole = whole and len(texts) == len(config_map.files)
        pairs = source.items if source.items is not None else tuple((key, key) for key in texts)
        whole = whole and all(key in texts for key, _ in pairs)
        files.update({posixpath.normpath(path): texts[key] for key, path in pairs if key in texts})
    return files, whole


def matching(pattern: str, paths: Mapping[str, File]) -> list[str]:
    """The paths that a glob pattern matches, sorted, as glob(3) does it: `*` matches no `/` and no leading dot."""
    wanted = pattern.split("/")
    return sorted(path for path in paths if _match(path.split("/"), wanted))


def is_below(path: str, folder: str) -> bool:
    """Is a path that folder, or in it?"""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _match(parts: list[str], wanted: list[str]) -> bool:
    return len(parts) == len(wanted) and all(map(_match_part, parts, wanted))


def _match_part(part: str, wanted: str) -> bool:
    return fnmatchcase(part, wanted) and (not part.startswith(".") or wanted.startswith("."))


def _may_match(path: str, pattern: str) -> bool:
    """Could a file at a path, or in it where it is a folder, match the pattern?"""
    parts, wanted = path.rstrip("/").split("/"), pattern.split("/")
    return len(parts) <= len(wanted) and all(map(_match_part, parts, wanted))


def _hidden(path: str, over: list[str]) -> bool:
    """Does something that is mounted further in take the place of a mount?"""
    return any(len(other) > len(path) for other in over)


def _normal(path: str) -> str:
    return posixpath.normpath("/" + path.lstrip("/"))
