"""What nginx variables come to: `set`, `map`, and the look-ups of addresses (`geo`, GeoIP).

A value is followed as far as it is plain substitution. Where several values are possible all of them are told; where
too many are, or one depends on something that is not in the files, the answer is a placeholder.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network

from srcip_lint.documents import Place
from srcip_lint.path.hops import Network
from srcip_lint.proxies.nginx.config import FILLED_IN, Directive, Level, is_filled_in

MAX_VALUES = 16
MAX_STEPS = 8
MAX_LENGTH = 4096
"""How many values a text may come to, through how many variables in a row it is followed, how long a value may be."""

ADDRESS = re.compile(r"\$(?:binary_)?remote_addr\b")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_GEOIP = {
    "geoip_country": ("geoip_country_code", "geoip_country_code3", "geoip_country_name"),
    "geoip_city": ("geoip_city_country_code", "geoip_region", "geoip_city", "geoip_city_continent_code"),
    "geoip_org": ("geoip_org",),
}
"""The directives of the old GeoIP module, and the variables that each fills."""


@dataclass(frozen=True, eq=False, slots=True)
class Map:
    """A `map`: what it looks at, and its entries in the order they are written, `default` among them."""

    source: str
    entries: tuple[tuple[str, str], ...]
    at: Place


@dataclass(frozen=True, eq=False, slots=True)
class LookUp:
    """Something that looks an address up: a `geo`, a GeoIP database, a `map` of the address."""

    name: str
    at: Place
    networks: tuple[Network, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Variables:
    """The variables of an `http` or `stream` block; `sets` are those of one chain of blocks within it."""

    maps: Mapping[str, Map]
    look_ups: Mapping[str, LookUp]
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _known: dict[tuple[str, int], frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, level: Level) -> Variables:
        """The variables that a block defines for everything in it."""
        maps = {name_of(each.arguments[1]): _map(each) for each in level.named("map") if len(each.arguments) == 2}
        found = cls(maps, dict(_look_ups(level)))
        of_maps = {name: LookUp("map", each.at) for name, each in maps.items() if found.is_address(each.source)}
        return cls(maps, {**of_maps, **found.look_ups})

    def within(self, levels: Sequence[Level]) -> Variables:
        """The same, with what `set` does in further blocks, from the outermost inward."""
        setting = [each for level in levels for each in _setting(level) if len(each.arguments) == 2]
        sets = dict(self.sets) if setting else {}
        for directive in setting:
            name = name_of(directive.arguments[0])
            sets[name] = (*sets.get(name, ())[:MAX_VALUES], directive.arguments[1])
        return Variables(self.maps, self.look_ups, sets) if sets else self

    def values(self, text: str, steps: int = MAX_STEPS) -> frozenset[str]:
        """What a text may come to, with `$name` in lower case for variables that nginx or a request fills."""
        if is_filled_in(text) or steps == 0:
            return frozenset({FILLED_IN})
        pieces: list[frozenset[str]] = []
        end = 0
        for match in _VARIABLE.finditer(text):
            pieces += [frozenset({text[end : match.start()]}), self._of((match[1] or match[2]).lower(), steps)]
            end = match.end()
        pieces.append(frozenset({text[end:]}))
        if math.prod(map(len, pieces)) > MAX_VALUES or sum(max(map(len, piece)) for piece in pieces) > MAX_LENGTH:
            return frozenset({FILLED_IN})
        return frozenset(map("".join, itertools.product(*pieces)))

    def is_address(self, text: str) -> bool:
        """May a text come to the peer's address, alone or with something else?"""
        return any(ADDRESS.search(value) for value in self.values(text))

    def _of(self, name: str, steps: int) -> frozenset[str]:
        if (name, steps) not in self._known:
            texts = (
                self.sets.get(name) or tuple(value for _, value in self.maps[name].entries) if self._has(name) else ()
            )
            values = (self.values(text, steps - 1) for text in texts[: MAX_VALUES + 1])
            self._known[name, steps] = frozenset[str]().union(*values) or frozenset({f"${name}"})
        return self._known[name, steps]

    def _has(self, name: str) -> bool:
        return name in self.sets or name in self.maps

    def looked_up(self, text: str) -> Iterator[LookUp]:
        """The look-ups of addresses that a text depends on, each once."""
        pending, seen = [text], set[str]()
        while pending:
            names = {(match[1] or match[2]).lower() for match in _VARIABLE.finditer(pending.pop())} - seen
            seen |= names
            for name in sorted(names):
                if name in self.look_ups:
                    yield self.look_ups[name]
                pending += [*self.sets.get(name, ()), *([self.maps[name].source] if name in self.maps else ())]


def network(text: str) -> Network | None:
    """The network that an address or CIDR means; None for anything else."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def name_of(text: str) -> str:
    """The name of a variable that is written `$name`, `${name}` or `name`; names are the same in either case."""
    return text.lstrip("$").strip("{}").lower()


def _setting(level: Level) -> Iterator[Directive]:
    """The `set`s of a block, and those in its `if`s, which are alternatives to them."""
    yield from level.named("set")
    for condition in level.named("if"):
        yield from (each for each in condition.block or () if each.name == "set")


def _map(directive: Directive) -> Map:
    entries = [(each.name, each.arguments[0]) for each in directive.block or () if len(each.arguments) == 1]
    if all(name != "default" for name, _ in entries):
        entries.append(("default", ""))
    return Map(directive.arguments[0], tuple(entries), directive.at)


def _look_ups(level: Level) -> Iterator[tuple[str, LookUp]]:
    for directive in level.named("geo"):
        if directive.arguments and _is_of_peer(directive.arguments[:-1]):
            networks = (network(each.name) for each in directive.block or ())
            known = tuple(each for each in networks if each is not None)
            yield name_of(directive.arguments[-1]), LookUp("geo", directive.at, known)
    for directive in level.named("geoip2"):
        for each in directive.block or ():
            source = [word.removeprefix("source=") for word in each.arguments if word.startswith("source=")]
            if each.name.startswith("$") and _is_of_peer(source):
                yield name_of(each.name), LookUp("geoip2", directive.at)
    for directive in level.named(*_GEOIP):
        for name in _GEOIP[directive.name]:
            yield name, LookUp(directive.name, directive.at)


def _is_of_peer(source: Sequence[str]) -> bool:
    """Does a look-up look at the peer's address: by default, or because its source says so?"""
    return not source or bool(ADDRESS.search(source[0]))
