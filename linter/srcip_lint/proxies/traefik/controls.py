"""What Traefik decides by an address: the lists and limits among the middlewares that stand on its routes.

They judge who connects, or whom the PROXY protocol announces, and not X-Forwarded-For, unless their `ipStrategy` says
so (traefik/traefik `pkg/ip/strategy.go`, `pkg/middlewares/extractor.go`); those on TCP routes have no such choice. A
rate limit goes by address unless it is told otherwise, `inFlightReq` by the host (`pkg/middlewares/ratelimiter`,
`inflightreq`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from srcip_lint.documents import Place
from srcip_lint.path.hops import Basis, Keyed
from srcip_lint.proxies.behaviour import Control, Entry
from srcip_lint.proxies.lists import list_control, trust_of
from srcip_lint.proxies.traefik.bindings import Stack
from srcip_lint.resources.addresses import address_list
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.traefik import Middleware, Strategy


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
    entry = _entry(check.strategy, check.at) if check else None
    if check is None or entry is False:
        return None
    if check.ranges is not None:
        # one that holds what is no network Traefik refuses, and the route with it (`pkg/ip/checker.go`)
        return list_control(Keyed.ALLOW, check.name, address_list(check.ranges, check.at), entry=entry)
    by_host = check.name == "inFlightReq" and check.strategy is None
    limits = isinstance(check.amount, int) and check.amount > 0
    if by_host or check.by_something_else or not limits:
        return None
    return Control(Keyed.LIMIT, check.name, check.at, entry=entry)


def _entry(strategy: Strategy | None, at: Place) -> Entry | Literal[False] | None:
    """The entry of X-Forwarded-For that is judged, None where none is, False where that cannot be told."""
    if strategy is None:
        return None
    if strategy.unreadable or isinstance(strategy.depth, Unknown):
        return False
    if strategy.depth > 0:
        return Entry(strategy.depth)
    if not strategy.excluded:
        return None
    passed_over = address_list(strategy.excluded, at)
    return False if passed_over.open or passed_over.refused else Entry(0, trust_of(passed_over))
