"""Which middlewares stand on what comes in at an entry point, in their order.

An entry point has some of its own, an IngressRoute names them on each of its routes, an Ingress in an annotation; a
chain stands for several. A name that leads nowhere takes the route down with it, and so does a middleware of another
namespace where that is not allowed (traefik/traefik `pkg/provider/kubernetes/crd/kubernetes.go`, `resolveReference`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from srcip_lint.bundle import Bundle
from srcip_lint.proxies.traefik.entry_points import EntryPoint
from srcip_lint.proxies.traefik.serving import CRD, Controllers, served_ingresses, served_routes
from srcip_lint.proxies.traefik.static import Static
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.ingress import Ingress
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.traefik import IngressRoute, Middleware, Reference, Rule
from srcip_lint.resources.workload import Workload
from srcip_lint.scopes import nearest

_PREFIX = "traefik.ingress.kubernetes.io/router."
_PROVIDER = "@kubernetescrd"
_MAX_DEPTH = 8
"""How deep chains of chains are followed; Traefik refuses one that comes back to itself."""

Stack = tuple["Middleware | None", ...]
"""Middlewares in their order; None for one that was not read."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A stack on a route, with the names of the entry points that the route is on. `rule` is None for an Ingress, and
    for what stands on the entry points themselves; `assumed` says what it rests on, empty where nothing."""

    entry_points: frozenset[str]
    stack: Stack
    source: Object
    rule: Rule | None = None
    is_tcp: bool = False
    has_tls: bool = False
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class Finder:
    """What finds middlewares by their names, for one Traefik."""

    bundle: Bundle
    crosses: bool | None
    """May a route name a middleware of another namespace? None where that is not known."""

    def stack(self, references: Iterable[Reference], referrer: Object, *, is_tcp: bool, depth: int = 0) -> Stack | None:
        """The middlewares that an object names; None where Traefik takes the route down, or may."""
        found: list[Middleware | None] = []
        for each in references:
            if isinstance(each.name, Unknown) or isinstance(each.namespace, Unknown):
                found.append(None)
            elif "@" in each.name:
                if each.name.endswith(_PROVIDER) and self.crosses is not True:
                    return None
                found.append(self.by_id(each.name, referrer))
            elif not self._is_allowed(each.namespace, referrer):
                return None
            else:
                found.append(self._by_name(each.name, each.namespace or referrer.namespace, referrer, is_tcp=is_tcp))
        return self.opened(found, depth)

    def opened(self, found: Iterable[Middleware | None], depth: int = 0) -> Stack | None:
        """A stack with the chains in it opened."""
        stack: list[Middleware | None] = []
        for each in found:
            if each is None or each.types != ("chain",):
                stack.append(each)
                continue
            inner = self.stack(each.chain, each.object, is_tcp=False, depth=depth + 1) if depth < _MAX_DEPTH else None
            if inner is None:
                return None
            stack += inner
        is_refused = any(each is not None and len(each.types) != 1 for each in stack)
        return None if is_refused else tuple(stack)

    def by_id(self, name: str, referrer: Object) -> Middleware | None:
        """The one that `namespace-name@kubernetescrd` means."""
        if not name.endswith(_PROVIDER):
            return None
        wanted = name.removesuffix(_PROVIDER)
        found = [each for each in self.bundle.of(Middleware) if not each.is_tcp and _has_id(each.object, wanted)]
        return self._nearest(found, referrer)

    def _is_allowed(self, namespace: str | None, referrer: Object) -> bool:
        return namespace is None or self.crosses is True or namespace == referrer.namespace

    def _by_name(self, name: str, namespace: str | None, referrer: Object, *, is_tcp: bool) -> Middleware | None:
        found = [
            each
            for each in self.bundle.of(Middleware)
            if each.is_tcp is is_tcp
            and each.object.name == name
            and same_namespace(namespace, each.object.namespace) is Answer.YES
        ]
        return self._nearest(found, referrer)

    def _nearest(self, found: list[Middleware], referrer: Object) -> Middleware | None:
        near = nearest(referrer, [each for each in found if self.bundle.compatible(referrer, each.object)])
        return near[0] if len(near) == 1 else None


def finder(static: Static, bundle: Bundle) -> Finder:
    """The finder for a Traefik with these settings."""
    return Finder(bundle, static.is_on(f"{CRD}.allowcrossnamespace"))


def on_entry_point(found: EntryPoint, workload: Workload, finder: Finder) -> Stack | None:
    """What stands on all that comes in at an entry point."""
    named = [each.value for each in found.middlewares]
    return finder.opened([finder.by_id(each, workload.object) if each else None for each in named])


def bindings(
    workload: Workload, points: tuple[EntryPoint, ...], controllers: Controllers, finder: Finder
) -> Iterator[Binding]:
    """What stands on the routes that a workload serves."""
    for route, assumed in served_routes(workload, controllers, finder.bundle):
        yield from _of_route(route, assumed, points, finder)
    for ingress, assumed in served_ingresses(workload, controllers, finder.bundle):
        yield from _of_ingress(ingress, assumed, points, finder)


def _of_route(route: IngressRoute, assumed: str, points: tuple[EntryPoint, ...], finder: Finder) -> Iterator[Binding]:
    """One for each of its routes; none for a route below another one, whose entry points it has."""
    names = [each.lower() for each in route.entry_points if isinstance(each, str)]
    on = _among(names, points) if route.entry_points else _defaults(points)
    for rule in () if route.has_parents else route.rules:
        stack = finder.stack(rule.middlewares, route.object, is_tcp=route.is_tcp)
        if stack is not None and rule.match:
            yield Binding(on, stack, route.object, rule, route.is_tcp, route.has_tls, assumed)


def _of_ingress(ingress: Ingress, assumed: str, points: tuple[EntryPoint, ...], finder: Finder) -> Iterator[Binding]:
    entry_points, middlewares = (_listed(ingress.object, key) for key in ("entrypoints", "middlewares"))
    if entry_points is None or middlewares is None:
        return
    stack = finder.opened([finder.by_id(each, ingress.object) for each in middlewares])
    on = _among([each.lower() for each in entry_points], points) if entry_points else _defaults(points)
    if stack is not None:
        yield Binding(on, stack, ingress.object, assumed=assumed)


def _listed(found: Object, key: str) -> tuple[str, ...] | None:
    """The values of an annotation, separated by commas; None where it is not known."""
    value = found.annotations.get(_PREFIX + key, "")
    if isinstance(value, Unknown):
        return None
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _among(names: Iterable[str], points: tuple[EntryPoint, ...]) -> frozenset[str]:
    return frozenset(names) & {each.name for each in points}


def _defaults(points: tuple[EntryPoint, ...]) -> frozenset[str]:
    return frozenset(each.name for each in points if each.as_default and not each.is_udp)


def _has_id(found: Object, wanted: str) -> bool:
    """Is it the middleware of that id? Without a namespace any prefix may be the namespace."""
    name = _normal(found.name)
    if found.namespace is None:
        return _normal(wanted).endswith(f"-{name}")
    return _normal(wanted) == f"{_normal(found.namespace)}-{name}"


def _normal(text: str) -> str:
    """Letters and digits, joined by dashes (traefik/traefik `pkg/provider/configuration.go`, `Normalize`)."""
    return "-".join(re.findall(r"[^\W_]+", text))
