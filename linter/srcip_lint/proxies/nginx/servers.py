"""The listeners of a configuration.

A socket belongs to every server block that names its address and port, and so does its PROXY protocol: one `listen`
that says `proxy_protocol` makes all of them demand it, whatever their order (observed: nginx 1.22.1, 1.31.5).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence

from srcip_lint.proxies.behaviour import Listener, Reads, Route
from srcip_lint.proxies.nginx.config import Directive, Level
from srcip_lint.proxies.nginx.controls import zones_of
from srcip_lint.proxies.nginx.routes import Chain, server_routes, stream_routes
from srcip_lint.proxies.nginx.sockets import SETTING, Socket, sockets
from srcip_lint.proxies.nginx.upstreams import groups_of
from srcip_lint.proxies.nginx.variables import Variables

MAX_ROUTES = 1000
"""How many routes of one block are told; a configuration that has more is not complete."""


def listeners(block: Directive, default_port: int, reasons: list[str]) -> tuple[Listener, ...]:
    """The listeners of an `http` or `stream` block, those on every address first. A server without `listen` is at the
    default port. What cannot be told is added to the `reasons`."""
    level = Level(block.block or ())
    chain = Chain((level,), "", block.at, Variables.of(level), groups_of(level), zones_of(level))
    routes_of = stream_routes if block.name == "stream" else server_routes
    listening: dict[Socket, list[Directive]] = defaultdict(list)
    routes: dict[Socket, list[Route]] = defaultdict(list)
    left = MAX_ROUTES
    for server in level.named("server"):
        found = list(itertools.islice(routes_of(chain, server), left))
        left -= len(found)
        own = Level(server.block or ())
        for listen, socket in sockets(server, own, is_stream=block.name == "stream", default_port=default_port):
            listening[socket].append(listen)
            routes[socket] += found
    if not left:
        reasons.append(f"it has {MAX_ROUTES} locations or more")
    if any(socket.port is None for socket in listening):
        reasons.append("a port that it listens on cannot be told")
    uses_announced = _mentions_announced(level.directives)
    unsorted = [_listener(socket, listening[socket], routes[socket], uses_announced) for socket in listening]
    return tuple(sorted(unsorted, key=lambda each: (each.address != "", 4 not in each.families)))


def _listener(socket: Socket, listening: list[Directive], routes: list[Route], uses_announced: bool) -> Listener:
    demanding = [each for each in listening if "proxy_protocol" in each.arguments[1:]]
    return Listener(
        socket.port,
        Reads.STRICTLY if demanding else Reads.NOT,
        (demanding or listening)[0].at,
        tuple(routes),
        socket.address,
        socket.families,
        socket.protocol,
        uses_announced,
        setting=SETTING,
    )


def _mentions_announced(directives: Sequence[Directive]) -> bool:
    """Is `$proxy_protocol_addr` written anywhere but in a header, where it is told as what that header holds?"""
    return any(
        (each.name != "proxy_set_header" and any("$proxy_protocol_addr" in word for word in each.arguments))
        or (each.block is not None and _mentions_announced(each.block))
        for each in directives
    )
