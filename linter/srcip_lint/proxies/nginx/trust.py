"""The real-ip directives that hold at an nginx location.

Each directive is inherited by itself, and `set_real_ip_from` as a whole: a block with one of its own has none of the
outer ones (nginx `ngx_http_realip_module.c`, `ngx_http_realip_merge_loc_conf`).
"""

from __future__ import annotations

from collections.abc import Sequence

from srcip_lint.path.hops import Network
from srcip_lint.proxies.behaviour import RealIp, Trust
from srcip_lint.proxies.nginx.config import Level, last_argument, nearest
from srcip_lint.proxies.nginx.variables import network

DEFAULT_HEADER = "x-real-ip"
_FROM = "set_real_ip_from"


def real_ips(levels: Sequence[Level]) -> tuple[RealIp, ...]:
    """The replacements in the order they are tried: the server's, and the location's where it differs. `levels` are the
    `http` block, the server and the locations."""
    of_server, of_location = _scope(levels[:2]), _scope(levels)
    found = (of_server,) if of_server == of_location else (of_server, of_location)
    return tuple(each for each in found if each is not None)


def stream_real_ips(levels: Sequence[Level]) -> tuple[RealIp, ...]:
    """In a `stream` block there are no headers: the address is always that of the PROXY protocol."""
    believed = nearest(levels, _FROM)
    entries = believed.named(_FROM)
    if not entries:
        return ()
    return (RealIp("proxy_protocol", believed.once(_FROM, _trust), recursive=False, at=entries[0].at),)


def _scope(levels: Sequence[Level]) -> RealIp | None:
    believed = nearest(levels, _FROM)
    told = nearest(levels, "real_ip_header").named("real_ip_header")[-1:] or believed.named(_FROM)
    if not told:
        return None
    source = last_argument(levels, "real_ip_header").lower()
    is_recursive = last_argument(levels, "real_ip_recursive") == "on"
    return RealIp(source or DEFAULT_HEADER, believed.once(_FROM, _trust), is_recursive, told[0].at, bool(source))


def _trust(level: Level) -> Trust:
    """The networks of a block's `set_real_ip_from`. A host name is looked up when nginx starts: it cannot be read."""
    entries = level.named(_FROM)
    words = [" ".join(entry.arguments) for entry in entries]
    parsed = [network(word) for word in words]
    unreadable = any(each is None and word != "unix:" for each, word in zip(parsed, words, strict=True))
    widest = min(zip(parsed, entries, strict=True), key=lambda pair: _width(pair[0]), default=None)
    networks = tuple(each for each in parsed if each is not None)
    return Trust(networks, unreadable, widest[1].at if widest else None, _FROM)


def _width(each: Network | None) -> int:
    """The length of a network's prefix, counted so that the two families compare; what is none comes last."""
    return 129 if each is None else each.prefixlen * 128 // each.max_prefixlen
