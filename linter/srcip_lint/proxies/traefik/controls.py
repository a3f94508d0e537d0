"""What Traefik decides by an address: the lists and limits among the middlewares that stand on its routes.

They judge who connects, or whom the PROXY protocol announces, and not X-Forwarded-For, unless their `ipStrategy` says
so (traefik/traefik `pkg/ip/strategy.go`, `pkg/middlewares/extractor.go`); those on TCP routes have no such choice. A
rate limit goes by address unless it is told otherwise, `inFlightReq` by the host (`pkg/middlewares/ratelimiter`,
`inflightreq`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from typing import Literal

from srcip_lint.networks import Network
from srcip_lint.path.hops import Basis, Keyed
from srcip_lint.proxies.behaviour import Control, Entry, Trust
from srcip_lint.proxies.traefik.bindings import Stack
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.traefik import AddressCheck, Middleware, Strategy


def controls(stack: Stack, assumed: str, *, has_plugins: bool) -> Iterator[Control]:
    """The lists and limits of a stack, up to what may change the address that the next ones judge: a plugin, and
    something that was not read and may be one."""
    headers: set[str] = set()
    for each in stack:
        if each is None:
            if has_plugins:
                return
            continue
        if each.plugin:
            return
        headers.update(each.writes)
        control = _control(each)
        if control and not (control.entry and "x-forwarded-for" in headers):
            yield replace(control, basis=Basis(assumptions=(assumed,) if assumed else ()))


def _control(middleware: Middleware) -> Control | None:
    check = middleware.check
    entry = _entry(check.strategy) if check else None
    if check is None or entry is False:
        return None
    if check.ranges is not None:
        return _list(check, entry)
    by_host = check.name == "inFlightReq" and check.strategy is None
    limits = isinstance(check.amount, int) and check.amount > 0
    if by_host or check.by_something_else or not limits:
        return None
    return Control(Keyed.LIMIT, check.name, check.at, entry=entry)


def _list(check: AddressCheck, entry: Entry | None) -> Control | None:
    """One that names nothing, or something that is no network, Traefik refuses, and the route with it
    (`pkg/ip/checker.go`); one that names everybody is no control."""
    ranges = check.ranges or ()
    written = [each for each in ranges if isinstance(each, str)]
    parsed = [network for each in written if (network := _network(each))]
    networks = tuple(each for each in parsed if not each.is_loopback)
    if not networks or len(parsed) < len(written) or any(each.prefixlen == 0 for each in networks):
        return None
    return Control(Keyed.ALLOW, check.name, check.at, networks, unreadable=len(written) < len(ranges), entry=entry)


def _entry(strategy: Strategy | None) -> Entry | Literal[False] | None:
    """The entry of X-Forwarded-For that is judged, None where none is, False where that cannot be told."""
    if strategy is None:
        return None
    if strategy.unreadable or isinstance(strategy.depth, Unknown):
        return False
    if strategy.depth > 0:
        return Entry(strategy.depth)
    if not strategy.excluded:
        return None
    networks = [_network(each) if isinstance(each, str) else None for each in strategy.excluded]
    known = tuple(each for each in networks if each)
    return Entry(0, Trust(known)) if len(known) == len(networks) else False


def _network(text: str) -> Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
