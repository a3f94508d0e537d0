"""The ways through a server: its locations, and what each believes, writes, decides and sends to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from srcip_lint.documents import Place
from srcip_lint.proxies.behaviour import Control, Route
from srcip_lint.proxies.nginx.config import Directive, Level, last_argument
from srcip_lint.proxies.nginx.controls import Zones, decisions, inherited
from srcip_lint.proxies.nginx.headers import header_writes
from srcip_lint.proxies.nginx.trust import real_ips, stream_real_ips
from srcip_lint.proxies.nginx.upstreams import PASSING, Groups, destinations
from srcip_lint.proxies.nginx.variables import Variables

_EVERYTHING = (("/",), ("^~", "/"), ("~", "/"), ("~", "^/"), ("~", ".*"))
"""Locations that match every request, so that none is left to the server itself."""


@dataclass(frozen=True, eq=False, slots=True)
class Chain:
    """A block and those around it, the `http` or `stream` block first, with what they share: variables, and the
    decisions of the server, which every request passes."""

    levels: tuple[Level, ...]
    name: str
    at: Place
    variables: Variables
    groups: Groups
    zones: Zones
    decided: tuple[Control, ...] = ()

    @property
    def own(self) -> Level:
        return self.levels[-1]

    def into(self, directive: Directive, name: str) -> Chain:
        """The chain with one block more."""
        level = Level(directive.block or ())
        return replace(
            self,
            levels=(*self.levels, level),
            name=name,
            at=directive.at,
            variables=self.variables.within((level,)),
        )


def server_routes(outer: Chain, server: Directive) -> Iterator[Route]:
    """The routes of a server of an `http` block: one for each location, and one for what no location matches."""
    chain = outer.into(server, "server")
    chain = replace(chain, name=last_argument((chain.own,), "server_name") or "server")
    chain = replace(chain, decided=tuple(decisions(chain.own, chain.variables)))
    if not any(location.arguments in _EVERYTHING for location in chain.own.named("location")):
        yield from _own_routes(chain, ())
    yield from _inner_routes(chain)


def stream_routes(outer: Chain, server: Directive) -> Iterator[Route]:
    """The routes of a server of a `stream` block: there are no locations, and no headers."""
    chain = outer.into(server, "stream server")
    passed = chain.own.named("proxy_pass")
    upstreams = destinations(passed[0], chain.groups, chain.variables) if passed else ()
    controls = tuple(inherited(chain.levels, chain.zones, chain.variables))
    sends = last_argument(chain.levels, "proxy_protocol") == "on"
    for upstream in upstreams or (None,):
        yield Route(chain.name, chain.at, stream_real_ips(chain.levels), (), controls, upstream, sends)


def _inner_routes(chain: Chain) -> Iterator[Route]:
    for location in chain.own.named("location"):
        inner = chain.into(location, " ".join(("location", *location.arguments)))
        yield from _own_routes(inner, tuple(decisions(inner.own, inner.variables)))
        yield from _inner_routes(inner)


def _own_routes(chain: Chain, decided: tuple[Control, ...]) -> Iterator[Route]:
    """The routes of a block itself: one for each server that it may send to, and those of its `if`s that send, too."""
    passed = next(iter(chain.own.named(*PASSING)), None)
    controls = (*inherited(chain.levels, chain.zones, chain.variables), *chain.decided, *decided)
    upstreams = destinations(passed, chain.groups, chain.variables) if passed else ()
    is_http = passed is not None and passed.name == "proxy_pass"
    writes = tuple(header_writes(chain.levels, chain.variables, passed)) if passed and is_http else ()
    replaced = real_ips(chain.levels)
    for upstream in upstreams or (None,):
        yield Route(chain.name, chain.at, replaced, writes, controls, upstream)
    for condition in chain.own.named("if"):
        if any(each.name in PASSING for each in condition.block or ()):
            yield from _own_routes(chain.into(condition, f"{chain.name}, if"), decided)
