"""Where nginx sends a request: `proxy_pass` and its kin, and the `upstream` groups that they may name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from srcip_lint.proxies.behaviour import Upstream
from srcip_lint.proxies.nginx.config import Directive, Level, is_filled_in
from srcip_lint.proxies.nginx.variables import Variables

Groups = Mapping[str, tuple[Upstream, ...]]

_SCHEMES = {"http": 80, "https": 443, "grpc": 80, "grpcs": 443}
_DEFAULT = {"proxy_pass": 80, "grpc_pass": 80}
PASSING = ("proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass")
"""The directives that send a request on. What is written into headers is told of `proxy_pass` alone."""

_TARGET = re.compile(r"(?:(\w+)://)?(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?(?:(?:[/?]|\$(?:request_)?uri\b).*)?")


def groups_of(level: Level) -> Groups:
    """The `upstream` groups of an `http` or `stream` block."""
    return {each.arguments[0]: tuple(_servers(each)) for each in level.named("upstream") if each.arguments}


def destinations(passed: Directive, groups: Groups, variables: Variables) -> tuple[Upstream, ...]:
    """Where a `proxy_pass` may send to; nothing where a variable of the request, or a placeholder, decides."""
    values = variables.values(passed.arguments[0]) if passed.arguments else frozenset[str]()
    found: dict[tuple[str, int | None], Upstream] = {}
    for value in sorted(values):
        for upstream in _destination(value, passed, groups):
            found[upstream.host, upstream.port] = upstream
    return tuple(found.values())


def _destination(value: str, passed: Directive, groups: Groups) -> tuple[Upstream, ...]:
    target = _TARGET.fullmatch(value)
    if target is None:
        return ()
    if target[2] in groups and not target[3]:
        return groups[target[2]]
    default = _SCHEMES.get(target[1] or "", _DEFAULT.get(passed.name) if target[1] else None)
    return (Upstream(target[2], int(target[3]) if target[3] else default, passed.at),)


def _servers(group: Directive) -> Iterator[Upstream]:
    for server in group.block or ():
        word = server.arguments[0] if server.name == "server" and server.arguments else ""
        target = _TARGET.fullmatch(word)
        if target and not is_filled_in(word) and "down" not in server.arguments and not target[1]:
            yield Upstream(target[2], int(target[3]) if target[3] else 80, server.at)
