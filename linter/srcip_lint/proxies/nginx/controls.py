"""What an nginx location decides by its peer's address: `allow` and `deny`, limits, `if`, and look-ups.

`allow 127.0.0.1; deny all;` keeps everybody out but the pod itself: that is no control of clients, and none is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from srcip_lint.path.hops import Keyed
from srcip_lint.proxies.behaviour import Control
from srcip_lint.proxies.nginx.config import Directive, Level, is_filled_in, last_argument, nearest
from srcip_lint.proxies.nginx.variables import Variables, network

Zones = Mapping[tuple[str, str], Directive]
"""The zones of limits, by the directive that makes them and their name."""

_ZONES = {"limit_req": "limit_req_zone", "limit_conn": "limit_conn_zone"}
_CONDITION = re.compile(r"(\$\S+)\s*(!=|=|!~\*?|~\*?)\s*(.*)")
_DECIDING = ("if", "return", "rewrite", "proxy_pass", "limit_rate", "auth_basic")
"""Directives in which a looked-up value decides something; in a log or a header it does not."""
_PASSWORDS = ("auth_basic", "auth_request", "auth_jwt")


def zones_of(level: Level) -> Zones:
    """The zones that an `http` or `stream` block makes."""
    found = {}
    for directive in level.named(*_ZONES.values()):
        for word in directive.arguments:
            if word.startswith("zone="):
                found[directive.name, word.removeprefix("zone=").split(":")[0]] = directive
    return found


def inherited(levels: Sequence[Level], zones: Zones, variables: Variables) -> Iterator[Control]:
    """The access list and the limits that hold in the innermost of a chain of blocks, wherever they are written."""
    yield from _access(levels)
    for directive in levels[-1].named("limit_except"):
        yield from _access((*levels, Level(directive.block or ())))
    for limit, kind in _ZONES.items():
        for directive in nearest(levels, limit).named(limit):
            zone = zones.get((kind, _zone_name(directive)))
            if zone and variables.is_address(zone.arguments[0]):
                yield Control(Keyed.LIMIT, limit, zone.at)


def decisions(level: Level, variables: Variables) -> Iterator[Control]:
    """What a block itself decides by the address: its `if`s, and look-ups that it uses. They are not inherited; those
    of a server hold for every request, since it comes before the location."""
    for directive in level.named("if"):
        yield from _condition(directive, variables)
    told = set()
    for directive in level.named(*_DECIDING):
        for found in variables.looked_up(" ".join(directive.arguments)):
            if found not in told:
                told.add(found)
                yield Control(Keyed.GEO, found.name, found.at, found.networks)


def _access(levels: Sequence[Level]) -> Iterator[Control]:
    has_alternative = _is_satisfied_by_any(levels)
    for control in nearest(levels, "allow", "deny").once("access", _access_list):
        yield replace(control, has_alternative=has_alternative)


def _access_list(level: Level) -> tuple[Control, ...]:
    return tuple(_entries(level))


def _entries(level: Level) -> Iterator[Control]:
    """An access list: the first entry that matches decides, and whom none matches is let in."""
    entries = [entry for entry in level.named("allow", "deny") if len(entry.arguments) == 1]
    last = next(
        (index for index, entry in enumerate(entries) if entry.arguments[0] in ("all", "0.0.0.0/0")), len(entries)
    )
    ends_in_deny = last < len(entries) and entries[last].name == "deny"
    for name, keyed in (("allow", Keyed.ALLOW), ("deny", Keyed.DENY)):
        named = [entry for entry in entries[:last] if entry.name == name]
        parsed = [network(entry.arguments[0]) for entry in named]
        networks = tuple(each for each in parsed if each is not None and not each.is_loopback)
        unreadable = any(is_filled_in(entry.arguments[0]) for entry in named)
        if (networks or unreadable) and (name == "deny" or ends_in_deny):
            yield Control(keyed, name, named[0].at, networks, unreadable)


def _is_satisfied_by_any(levels: Sequence[Level]) -> bool:
    """Does a password, or another check, admit whom the access list does not?"""
    is_asked = any(last_argument(levels, name) not in ("", "off") for name in _PASSWORDS)
    return is_asked and last_argument(levels, "satisfy") == "any"


def _zone_name(limit: Directive) -> str:
    """`limit_req zone=one burst=5;`, `limit_conn one 10;`"""
    if limit.name == "limit_conn":
        return limit.arguments[0] if limit.arguments else ""
    return next((word.removeprefix("zone=") for word in limit.arguments if word.startswith("zone=")), "")


def _condition(directive: Directive, variables: Variables) -> Iterator[Control]:
    """`if ($remote_addr = ...)`. A comparison with the pod itself is no control."""
    match = _CONDITION.fullmatch(" ".join(directive.arguments).strip().removeprefix("(").removesuffix(")").strip())
    if not match or not variables.is_address(match[1]):
        return
    named = network(match[3].strip().strip("\"'")) if match[2] in ("=", "!=") else None
    if named is None:
        yield Control(Keyed.GEO, "if", directive.at)
    elif not named.is_loopback:
        keyed = Keyed.DENY if match[2] == "=" else Keyed.ALLOW
        yield Control(keyed if _refuses(directive) else Keyed.GEO, "if", directive.at, (named,))


def _refuses(condition: Directive) -> bool:
    returns = [each for each in condition.block or () if each.name == "return" and each.arguments]
    return any(each.arguments[0].startswith("4") for each in returns)
