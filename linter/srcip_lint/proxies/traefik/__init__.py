"""Traefik, from its second version on: its entry points, and the lists and limits on the routes that it serves.

When a peer connects that an entry point does not trust, it deletes X-Forwarded-For and X-Real-IP, and writes its own;
from one that it trusts it keeps them, appends to the first, and writes the second where there is none (traefik/traefik
`pkg/middlewares/forwardedheaders/forwarded_header.go`). To itself whoever connects is the client, unless the PROXY
protocol tells of another one: that it reads where it comes, and from an untrusted peer it is thrown away
(`pkg/server/server_entrypoint_tcp.go`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from srcip_lint.bundle import Bundle
from srcip_lint.proxies.behaviour import (
    Control,
    HeaderWrite,
    Listener,
    ProxyBehaviour,
    Reads,
    RealIp,
    Route,
    Upstream,
    Writes,
)
from srcip_lint.proxies.images import running
from srcip_lint.proxies.traefik.bindings import Binding, Stack, bindings, finder, on_entry_point
from srcip_lint.proxies.traefik.controls import controls
from srcip_lint.proxies.traefik.entry_points import INTERNAL, EntryPoint, entry_points
from srcip_lint.proxies.traefik.serving import Controllers, Providers
from srcip_lint.proxies.traefik.static import Static, read_static
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.pods import Container
from srcip_lint.resources.traefik import Target
from srcip_lint.resources.workload import Workload

PRODUCT = "Traefik"
_IMAGE = re.compile(r"(^|/)(mirrored-library-)?traefik(:|@|$)")
_OF_OLD = re.compile(r"traefik:v?1(\.|-|@|$)")
_FLAGS_OF_OLD = ("entrypoints", "defaultentrypoints", "kubernetes", "docker", "web")
_PLUGINS = ("experimental.plugins", "experimental.localplugins")
_TELLS_CLIENTS = re.compile(r"real.?ip|client.?ip|cloudflare|forwarded", re.IGNORECASE)
"""Plugins that write the headers anew are called by what they do."""

_EVERY_CONNECTION = re.compile(r"HostSNI\(\s*[`\"']\*[`\"']\s*\)")


def behaviour(workload: Workload, bundle: Bundle) -> ProxyBehaviour | None:
    """Traefik's behaviour where the workload runs it; None where it does not."""
    container = running(workload, _IMAGE)
    if container is None:
        return None
    static = _static(workload, container, bundle)
    points = static if isinstance(static, str) else entry_points(static, container.image.place)
    if isinstance(static, str) or isinstance(points, str):
        return ProxyBehaviour(PRODUCT, (), complete=False, why_incomplete=str(points))
    everything = finder(static, bundle)
    bound = tuple(bindings(workload, points, _controllers(bundle), everything))
    listeners = []
    for each in points:
        if not each.is_udp and each.name not in INTERNAL:
            here = tuple(binding for binding in bound if each.name in binding.entry_points)
            before = on_entry_point(each, workload, everything)
            listeners.append(_listener(each, here, before, static, container))
    return ProxyBehaviour(PRODUCT, tuple(listeners))


def _static(workload: Workload, container: Container, bundle: Bundle) -> Static | str:
    if _OF_OLD.search(str(container.image.value)):
        return "its first version is not read"
    found = read_static(workload, container, bundle)
    if isinstance(found, Static) and any(flag in found.table for flag in _FLAGS_OF_OLD):
        return "its first version is not read"
    return found


def _controllers(bundle: Bundle) -> Controllers:
    found = {}
    for each in bundle.workloads:
        container = running(each, _IMAGE)
        if container is not None:
            static = _static(each, container, bundle)
            found[each] = Providers.of(static) if isinstance(static, Static) else None
    return found


def _listener(
    point: EntryPoint, bound: tuple[Binding, ...], before: Stack | None, static: Static, container: Container
) -> Listener:
    """The HTTP routes first, all as one, then the TCP ones. Where one of these takes every connection nothing is left
    for HTTP."""
    real_ip = tuple(
        RealIp("proxy_protocol", trust, recursive=False, at=trust.at or container.image.place)
        for trust in (point.proxy_protocol,)
        if trust is not None
    )
    over_tcp = [each for each in bound if each.is_tcp]
    takes_all = any(each.rule and _takes_all(each) for each in over_tcp)
    http = () if takes_all else (_http_route(point, bound, before, static, container, real_ip),)
    return Listener(
        point.port,
        Reads.NOT if point.proxy_protocol is None else Reads.TOLERANTLY,
        container.image.place,
        (*http, *(route for each in over_tcp for route in _tcp_routes(each, real_ip))),
        address=point.host,
        protocol="tcp" if takes_all else "http",
        setting="`proxyProtocol` of its entry point",
    )


def _takes_all(binding: Binding) -> bool:
    """Does a TCP route take whatever comes? With TLS it leaves what is sent without, and HTTP that has it."""
    rule = binding.rule
    return rule is not None and not binding.has_tls and bool(_EVERY_CONNECTION.fullmatch(str(rule.match).strip()))


def _http_route(
    point: EntryPoint,
    bound: tuple[Binding, ...],
    before: Stack | None,
    static: Static,
    container: Container,
    real_ip: tuple[RealIp, ...],
) -> Route:
    """All HTTP routes of an entry point, which tell of the client alike; a list or limit of one of them is among the
    controls. One that redirects everything sends nothing on."""
    place = container.image.place
    if point.redirects:
        return Route("every router", place, real_ip)
    stacks = [(each.stack, each.assumed) for each in bound if not each.is_tcp]
    has_plugins = any(map(static.has, _PLUGINS))
    found: dict[object, Control] = {}
    for stack, assumed in [] if before is None else [((), ""), *stacks]:
        for control in controls((*(before or ()), *stack), assumed, has_plugins=has_plugins):
            kept = found.setdefault(control.at, control)
            found[control.at] = control if kept.basis.assumptions and control.basis.certain else kept
    return Route(
        "every router",
        place,
        real_ip,
        _writes(point, _rewritten(stacks, before, static), container),
        tuple(found.values()),
        keeps=point.believes if point.believes.networks or point.believes.unreadable else None,
    )


def _writes(point: EntryPoint, rewritten: frozenset[str], container: Container) -> tuple[HeaderWrite, ...]:
    """From a peer that it does not believe whatever came is gone."""
    believes = point.believes.networks or point.believes.unreadable
    writes = {
        "x-forwarded-for": Writes.APPENDS if believes else Writes.REPLACES,
        "x-real-ip": Writes.IF_ABSENT if believes else Writes.REPLACES,
    }
    if not point.appends:
        writes["x-forwarded-for"] = Writes.PASSES if believes else Writes.CLEARS
    writes.update(dict.fromkeys(rewritten & writes.keys(), Writes.UNKNOWN))
    return tuple(HeaderWrite(name, found, container.image.place) for name, found in writes.items())


def _rewritten(stacks: list[tuple[Stack, str]], before: Stack | None, static: Static) -> frozenset[str]:
    """The headers that something on the routes writes anew: a middleware that says so, or a plugin that may."""
    found: set[str] = set()
    has_plugins = any(map(static.has, _PLUGINS))
    for each in {one for stack, _ in [((), ""), *stacks] for one in (*(before or ()), *stack) if one is not None}:
        found.update(each.writes)
        module = "".join(static.text(f"{path}.{each.plugin.lower()}.modulename") or "" for path in _PLUGINS)
        if each.plugin and (not module or _TELLS_CLIENTS.search(f"{each.plugin} {module}")):
            found.update(("x-forwarded-for", "x-real-ip"))
    keys = [key for path in _PLUGINS for key in static.below(path)]
    named = any(_TELLS_CLIENTS.search(f"{key} {static.text(key)}") for key in keys)
    is_open = has_plugins and (before is None or None in before)
    return frozenset(found | ({"x-forwarded-for", "x-real-ip"} if named or is_open else set()))


def _tcp_routes(binding: Binding, real_ip: tuple[RealIp, ...]) -> Iterator[Route]:
    """One for each Service that a TCP route sends to. Nothing looks inside."""
    rule = binding.rule
    if rule is None:
        return
    checks = tuple(controls(binding.stack, binding.assumed, has_plugins=False))
    for target in rule.targets:
        upstream = _upstream(target, binding)
        name = f"the routes of {binding.source.ref}"
        yield Route(name, rule.place, real_ip, (), checks, upstream, target.sends_proxy_protocol)


def _upstream(target: Target, binding: Binding) -> Upstream:
    """The Service, in the route's namespace where the target names none."""
    namespace = target.namespace or binding.source.namespace
    known = not isinstance(target.name, Unknown) and not isinstance(namespace, Unknown)
    host = f"{target.name}.{namespace}" if known and namespace else str(target.name) if known else "?"
    return Upstream(host, target.port, target.place)
