"""Following `include` from file to file, inside the bundle and nowhere else."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from srcip_lint.proxies.mounts import File, Mounted, is_below, matching
from srcip_lint.proxies.nginx.config import Directive, Parsed, Unparsable, is_filled_in, parse

MAX_DIRECTIVES = 100_000
"""How many directives are read of one configuration; files that include each other many times come to more."""
MAX_INCLUDES = 8
"""How deep files include each other before it is taken for a circle."""

_HARMLESS = frozenset(
    {"mime.types", "fastcgi_params", "fastcgi.conf", "uwsgi_params", "scgi_params", "koi-utf", "koi-win", "win-utf"}
)
"""Files that nginx comes with and that say nothing of addresses."""


@dataclass(slots=True)
class Reader:
    """Reads a configuration from its main file on. `reasons` say what could not be read, `read` which files were."""

    files: Mapping[str, File]
    mounts: Mounted
    folders: Sequence[str]
    """Folders of the image of which every file is known."""
    prefix: str = ""
    reasons: list[str] = field(default_factory=list)
    read: dict[str, Parsed] = field(default_factory=dict)
    _budget: int = MAX_DIRECTIVES

    def directives(self, path: str, depth: int = 0) -> tuple[Directive, ...]:
        """The directives of a file, with those of the files that it includes in the place of `include`."""
        if path not in self.read:
            self.read[path] = self._parse(path)
        return tuple(self._expanded(self.read[path].directives, depth))

    def _parse(self, path: str) -> Parsed:
        try:
            parsed = parse(self.files[path])
        except Unparsable as error:
            self._incomplete(f"{path} was not understood: {error}")
            return Parsed((), is_template=False)
        if parsed.is_template:
            self._incomplete(f"{path} is a template that something else fills in")
        return parsed

    def _expanded(self, directives: Sequence[Directive], depth: int) -> Iterator[Directive]:
        for directive in directives:
            self._budget -= 1
            if self._budget < 0:
                self._incomplete("its files include each other too often")
                return
            if directive.name == "include" and directive.block is None:
                yield from self._included(directive, depth)
            elif directive.block is None:
                yield directive
            else:
                block = tuple(self._expanded(directive.block, depth))
                yield Directive(directive.name, directive.arguments, directive.at, block)

    def _included(self, directive: Directive, depth: int) -> Iterator[Directive]:
        pattern = " ".join(directive.arguments)
        if is_filled_in(pattern) or depth >= MAX_INCLUDES:
            self._incomplete(
                "a placeholder decides what it includes" if depth < MAX_INCLUDES else "its files include each other"
            )
            return
        path = posixpath.normpath(posixpath.join(self.prefix, pattern))
        found = matching(path, self.files)
        if self._may_be_more(path, found):
            self._incomplete(f"the included {path} is not in these files")
        for name in found:
            yield from self.directives(name, depth + 1)

    def _may_be_more(self, path: str, found: Sequence[str]) -> bool:
        """Could an include mean a file, or one more file, that is not known?"""
        if self.mounts.may_hold_more(path):
            return True
        is_glob = bool(re.search(r"[*?\[]", path))
        if found and not is_glob:
            return False
        folder = posixpath.dirname(path)
        if any(is_below(folder, known) for known in (*self.mounts.closed, *self.folders)):
            return not is_glob and posixpath.basename(path) not in _HARMLESS
        return posixpath.basename(path) not in _HARMLESS

    def _incomplete(self, reason: str) -> None:
        if reason not in self.reasons:
            self.reasons.append(reason)
