"""nginx configuration text to directives with their places. The only room with `crossplane` (the package `ngxparse`).

Its lexer is used and not its parser: the parser opens the files that `include` names, and passes over a missing `;`.
Nothing is opened here, and what nginx would not take is not guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from srcip_lint.documents import Place
from srcip_lint.proxies.mounts import File

T = TypeVar("T")

MAX_CHARACTERS = 1024 * 1024
"""No ConfigMap holds more (etcd's limit), so no configuration file that is mounted from one does."""
MAX_DEPTH = 20

FILLED_IN = "\ue000"
"""Stands, as often as it takes, for a placeholder: a character of the private use area, which no configuration has."""

_ACTION = r"\{\{[^\n]{0,300}?\}\}|\{%[^\n]{0,300}?%\}"
"""An action of a Go template or Jinja. Bounded, so that many of them that never end cost no more than they are long."""
_TEMPLATE_LINE = re.compile(rf"^[ \t]*(?:{_ACTION})[ \t]*$", re.MULTILINE)
_TEMPLATE = re.compile(_ACTION)
_PLACEHOLDER = re.compile(
    r"\$\{?[A-Z][A-Z0-9_]+\b\}?|\$\([^)]{0,100}\)|<path:|ENC\[|^<[^<>]+>$|^%[A-Z_]+%$|^@@?\w+@@?$|^__\w+__$"
)
"""As in `resources.fields`, but for `$name` in lower case, which is a variable of nginx."""
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_SPACE = re.compile(r"\s*")
_MARKS = ("{", "}", ";")
_LOOK_AHEAD = 4096
"""How far behind a token the next one is looked for (code points); further off its place is the start of its line."""


class Unparsable(Exception):
    """A text that is no nginx configuration. The message says why, for a person."""


@dataclass(frozen=True, eq=False, slots=True)
class Directive:
    """A directive. `block` is None for one that ends in `;`. An argument that a placeholder is part of is known by
    `is_filled_in`."""

    name: str
    arguments: tuple[str, ...]
    at: Place
    block: tuple[Directive, ...] | None = None


class Level:
    """The directives that stand directly in one block."""

    __slots__ = ("_computed", "_named", "directives")

    def __init__(self, directives: Sequence[Directive]) -> None:
        self.directives = directives
        self._named: dict[str, list[Directive]] = {}
        self._computed: dict[str, Any] = {}
        for directive in directives:
            self._named.setdefault(directive.name, []).append(directive)

    def has(self, *names: str) -> bool:
        """Does a directive of one of those names stand here?"""
        return any(name in self._named for name in names)

    def named(self, *names: str) -> list[Directive]:
        """The directives of those names, in the order they are written."""
        if len(names) == 1:
            return self._named.get(names[0], [])
        return [directive for directive in self.directives if directive.name in names] if self.has(*names) else []

    def once(self, name: str, compute: Callable[[Level], T]) -> T:
        """What is computed from this block alone, and once for all the locations that inherit it."""
        if name not in self._computed:
            self._computed[name] = compute(self)
        found: T = self._computed[name]
        return found


def nearest(levels: Sequence[Level], *names: str) -> Level:
    """The innermost block in which a directive of one of those names stands, which is how nginx inherits a setting; an
    empty one where there is none."""
    return next((level for level in reversed(levels) if level.has(*names)), _EMPTY)


def last_argument(levels: Sequence[Level], name: str) -> str:
    """The first argument of the setting of that name that holds; empty where it is not written."""
    found = nearest(levels, name).named(name)
    return found[-1].arguments[0] if found and found[-1].arguments else ""


_EMPTY = Level(())


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file's directives. `is_template` says that lines of it are there for something that fills it in."""

    directives: tuple[Directive, ...]
    is_template: bool


@dataclass(slots=True)
class _Open:
    """A block whose `}` has not come yet; the outermost stands for the file."""

    name: str
    arguments: tuple[str, ...]
    at: Place
    inner: list[Directive]


def is_filled_in(text: str) -> bool:
    """Is it, or a part of it, a placeholder for what something else puts there?"""
    return FILLED_IN in text or bool(_PLACEHOLDER.search(text))


def parse(file: File) -> Parsed:
    """The directives of a text. Raises Unparsable."""
    if len(file.text) > MAX_CHARACTERS:
        raise Unparsable("it is larger than a ConfigMap can be")
    if "\0" in file.text:
        raise Unparsable("it holds a NUL character")
    text = _TEMPLATE_LINE.sub(lambda match: " " * len(match[0]), file.text)
    is_template = text != file.text
    text = _TEMPLATE.sub(lambda match: FILLED_IN * len(match[0]), text)
    return Parsed(_tree(_words(text), file), is_template)


def _words(text: str) -> Iterator[tuple[str, bool, int, int]]:
    """The tokens of a text: the word, whether it was quoted, its start and its end in the text. No comments."""
    from crossplane import lex_string  # type: ignore[import-untyped]
    from crossplane.errors import NgxParserBaseException  # type: ignore[import-untyped]

    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    here = 0
    try:
        for word, line, is_quoted in lex_string(text):
            here = here if is_quoted else max(here, starts[min(line, len(starts)) - 1])
            start, end = _find(word, text, here)
            if is_quoted or not word.startswith("#"):
                yield word, is_quoted, start, end
            here = end
    except NgxParserBaseException as error:
        raise Unparsable(f"{error.strerror} (line {error.lineno})") from None


def _find(word: str, text: str, here: int) -> tuple[int, int]:
    """Where a token stands that comes next behind an index. The lexer tells its line only, undoes escapes, and ends a
    block of Lua with a `;` that is not there: what is not found stands where it would begin."""
    if word in _MARKS:
        start = _SPACE.match(text, here).end()  # type: ignore[union-attr]  # matches the empty text too
        return (start, start + 1) if text.startswith(word, start) else (here, here)
    start = text.find(word, here, here + len(word) + _LOOK_AHEAD)
    return (start, start + len(word)) if start >= 0 else (here, here)


def _tree(words: Iterator[tuple[str, bool, int, int]], file: File) -> tuple[Directive, ...]:
    stack = [_Open("", (), file.place, [])]
    pending: list[str] = []
    start = end = 0
    for word, is_quoted, word_start, word_end in words:
        if is_quoted or word not in _MARKS:
            start = start if pending else word_start
            end = word_end
            pending.append(_substituted(word, file.variables))
            continue
        if word == "}":
            if pending:
                raise Unparsable(f"the directive {_shown(pending[0])} is not ended by a semicolon")
            _close(stack)
            continue
        if not pending:
            raise Unparsable(f'there is no directive before "{word}"')
        name, arguments, at = pending[0], tuple(pending[1:]), file.at(start, end)
        pending = []
        if word == ";":
            stack[-1].inner.append(Directive(name, arguments, at))
        elif len(stack) > MAX_DEPTH:
            raise Unparsable(f"its blocks are nested deeper than {MAX_DEPTH} levels")
        else:
            stack.append(_Open(name, arguments, at, []))
    if pending or len(stack) > 1:
        raise Unparsable(f"the file ends before {_shown((pending or [stack[-1].name])[0])} does")
    return tuple(stack[0].inner)


def _shown(word: str) -> str:
    """A word of the file in a message: on one line, and not longer than it helps."""
    return repr(word if len(word) <= 40 else word[:40] + "...")


def _close(stack: list[_Open]) -> None:
    done = stack.pop()
    if not stack:
        raise Unparsable('there is a "}" too many')
    stack[-1].inner.append(Directive(done.name, done.arguments, done.at, tuple(done.inner)))


def _substituted(word: str, variables: Mapping[str, str | None]) -> str:
    """The word as an entry point's `envsubst` leaves it: only variables of the environment are replaced."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in variables:
            return match[0]
        known = variables[name]
        return FILLED_IN if known is None or re.search(r"[\s;{}'\"$]", known) else known

    return _VARIABLE.sub(value, word) if variables else word
