"""Typed, located access to the fields of an object.

A field is read as what the API server's type says, with its place. Three things can stand in the way, and each is an
answer: it is absent (the default holds, and is remembered as a default), it is a placeholder that something else fills
in later (Unknown), or it has a type that the API would reject (noted as a problem, and Unknown, so that no rule judges
it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from srcip_lint.documents import ComplexKey, Place, Undetermined

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Unknown:
    """The third answer: the manifests do not say. It equals no value, so a rule that asks positively stays silent."""

    why: str

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


@dataclass(frozen=True, slots=True)
class Located(Generic[T_co]):
    """A value and where it stands. Where `written` is false it is the API server's default, and `place` the place that
    it would be written at; the place shown is then the nearest one that is written."""

    value: T_co
    place: Place
    written: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class ShapeProblem:
    """A field whose type, or whose value out of a closed set, the API server rejects."""

    place: Place
    found: str
    expected: str


_PLACEHOLDER = re.compile(
    r"\$\{[^}]{0,200}\}|\$\([^)]{0,200}\)|\$[A-Za-z_]\w*|\{\{|\{%|ENC\[|^<[^<>]+>$|<path:|^%[A-Z_]+%$"
    r"|^@@?[A-Za-z_]\w*@@?$|^_+[A-Za-z]\w*_+$"
    r"|^(?:CHANGE_?ME|REPLACE_?ME|PLACEHOLDER|TODO|changeme)$"
)
"""Shell and Flux `${X}`, kustomize `$(X)`, templates `{{`/`{%`, SOPS `ENC[`, vault plugins, and hand-written
`<your-ip>`, `__RANGE__` or `CHANGEME`."""

_COMPLEX_KEY = ComplexKey()


def placeholder(value: object) -> Unknown | None:
    """The Unknown that a value stands for when something else is to fill it in; None for an ordinary value."""
    if isinstance(value, str) and _PLACEHOLDER.search(value):
        return Unknown(f"the placeholder {value}")
    if isinstance(value, dict) and _COMPLEX_KEY in value:
        return Unknown("a template expression")
    return Unknown(value.why) if isinstance(value, Undetermined) else None


def _format_field(value: object) -> Unknown | None:
    """`{name}`, a field of Python's or Rust's format strings, which YAML reads as a mapping, where no mapping
    belongs."""
    is_one = isinstance(value, dict) and list(value.values()) == [None]
    return Unknown("a template expression") if is_one else None


class Field:
    """A value on the way into an object. `problems` collects what the API would reject, for the whole object."""

    __slots__ = ("_problems", "place", "raw")

    def __init__(self, raw: Any, place: Place, problems: list[ShapeProblem]) -> None:
        self.raw = raw
        self.place = place
        self._problems = problems

    @property
    def absent(self) -> bool:
        """Not written, or written as null, which the API server treats alike."""
        return self.raw is None

    def field(self, *names: str) -> Field:
        """The field below this one; absent where this one is no mapping (which is a problem, unless it is absent
        too)."""
        here = self
        for name in names:
            mapping = here._mapping()
            here = Field(mapping.get(name) if mapping else None, here.place.at(name), self._problems)
        return here

    def presence(self) -> Located[bool | Unknown]:
        """Is it written, whatever it holds? What stands for a placeholder may come to nothing."""
        unknown = placeholder(self.raw)
        return Located(unknown or not self.absent, self.place, written=not self.absent)

    def items(self) -> tuple[Field, ...]:
        """The items of a list; none where it is absent, unknown or no list."""
        if self.absent or placeholder(self.raw):
            return ()
        if not isinstance(self.raw, list):
            self.problem("a list")
            return ()
        return tuple(Field(item, self.place.at(index), self._problems) for index, item in enumerate(self.raw))

    def pairs(self) -> Iterator[tuple[str, Field]]:
        """The entries of a mapping, in the order they are written."""
        for key, value in (self._mapping() or {}).items():
            if isinstance(key, str):
                yield key, Field(value, self.place.at(key), self._problems)

    def text(self, default: U) -> Located[str | U | Unknown]:
        """A string. Raises nothing: a wrong type is a problem and Unknown."""
        return self._typed(str, default, "a string")

    def verbatim(self) -> Located[str | Unknown]:
        """A string that is a file of its own: what looks like a placeholder in it (`$remote_addr`) may be its
        syntax."""
        return Located(self.raw, self.place) if isinstance(self.raw, str) else self._typed(str, "", "a string")

    def optional_text(self) -> Located[str | Unknown] | None:
        """A string, or None where it is absent."""
        return None if self.absent else self._typed(str, "", "a string")

    def integer(self, default: U) -> Located[int | U | Unknown]:
        """A whole number; `3.0` is one to JSON."""
        if isinstance(self.raw, float) and self.raw.is_integer():
            return Located(int(self.raw), self.place)
        return self._typed(int, default, "a whole number")

    def boolean(self, default: U) -> Located[bool | U | Unknown]:
        return self._typed(bool, default, "true or false")

    def choice(self, allowed: tuple[str, ...], default: U) -> Located[str | U | Unknown]:
        """A string out of a closed set. Empty is absent, as it is to the API server."""
        if self.raw == "":
            return Located(default, self.place, written=False)
        located = self.text(default)
        if isinstance(located.value, str) and located.written and located.value not in allowed:
            self.problem("one of " + ", ".join(allowed))
            return Located(Unknown(f"the value {located.value!r} is not one of {', '.join(allowed)}"), self.place)
        return located

    def int_or_text(self, default: U) -> Located[int | str | U | Unknown]:
        """IntOrString: a port number or name, a count or a percentage."""
        if isinstance(self.raw, str):
            unknown = placeholder(self.raw)
            return Located(unknown or self.raw, self.place)
        return self._typed(int, default, "a whole number or a string")

    def text_map(self) -> Mapping[str, str | Unknown]:
        """A mapping of strings to strings: labels, annotations, a selector. What has another type is Unknown."""
        return {key: _text_value(value) for key, value in self.pairs()}

    def problem(self, expected: str) -> None:
        """Note that the API would reject this field's type."""
        self._problems.append(ShapeProblem(self.place, describe(self.raw), expected))

    def _mapping(self) -> dict[Any, Any] | None:
        if isinstance(self.raw, dict) and not placeholder(self.raw):
            return self.raw
        if not self.absent and not placeholder(self.raw):
            self.problem("a mapping")
        return None

    def _typed(self, wanted: type[T], default: U, expected: str) -> Located[T | U | Unknown]:
        if self.absent:
            return Located(default, self.place, written=False)
        unknown = placeholder(self.raw) or _format_field(self.raw)
        if unknown:
            return Located(unknown, self.place)
        if not isinstance(self.raw, wanted) or (wanted is int and isinstance(self.raw, bool)):
            self.problem(expected)
            return Located(Unknown(f"{describe(self.raw)} where {expected} belongs"), self.place)
        return Located(self.raw, self.place)


def _text_value(field: Field) -> str | Unknown:
    return field.text("").value


def describe(value: object) -> str:
    """What a value is, in a manifest writer's words."""
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the string {value if len(value) <= 40 else value[:37] + '...'!r}"
    if isinstance(value, list):
        return "a list"
    return "a mapping" if isinstance(value, dict) else "null"
