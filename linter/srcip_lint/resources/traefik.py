"""Traefik's own objects: the routes, and the middlewares that may stand on them.

Semantics: traefik/traefik `pkg/provider/kubernetes/crd/traefikio/v1alpha1`, `pkg/config/dynamic/middlewares.go`. Both
groups are read, `traefik.io` and `traefik.containo.us` of before 2.10.
"""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.resources.fields import Field, Unknown, placeholder
from srcip_lint.resources.ingress import CLASS_ANNOTATION
from srcip_lint.resources.objects import Object, read_object

GROUPS = ("traefik.io", "traefik.containo.us")

_LISTS = ("ipAllowList", "ipWhiteList")
_LIMITS = {"rateLimit": "average", "inFlightReq": "amount", "inFlightConn": "amount"}
"""The limits, each with the field that says how much; none is no limit for `average`."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """An `ipStrategy`: which address of a request is meant. The entry of X-Forwarded-For at `depth`, counted from the
    right, else the rightmost that is not among the `excluded`, else the address that the connection comes from."""

    depth: int | Unknown = 0
    excluded: tuple[str | Unknown, ...] = ()
    unreadable: bool = False
    """Does a placeholder stand for all of it?"""


@dataclass(frozen=True, slots=True)
class AddressCheck:
    """What a middleware decides by an address. `ranges` are those that a list lets in, None for a limit; `strategy` is
    None where none is written, `by_something_else` says that a limit goes by a header or the host."""

    name: str
    at: Place
    ranges: tuple[str | Unknown, ...] | None = None
    strategy: Strategy | None = None
    by_something_else: bool = False
    amount: int | Unknown = 0


@dataclass(frozen=True, slots=True)
class Reference:
    """A middleware by name, `name@provider` where it is another provider's. `namespace` is None where the referrer's is
    meant."""

    name: str | Unknown
    namespace: str | Unknown | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Middleware:
    """A Middleware, or a MiddlewareTCP. `types` is what it is written as: of several Traefik takes none
    (`pkg/server/middleware/middlewares.go`)."""

    object: Object
    types: tuple[str, ...]
    check: AddressCheck | None
    chain: tuple[Reference, ...]
    writes: tuple[str, ...]
    """The request headers that it sets, in lower case."""
    plugin: str

    @property
    def is_tcp(self) -> bool:
        return self.object.kind == "MiddlewareTCP"


@dataclass(frozen=True, slots=True)
class Target:
    """A Service that a route sends to; `port` is None where it is a name."""

    name: str | Unknown
    namespace: str | Unknown | None
    port: int | None
    sends_proxy_protocol: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Rule:
    """One of the routes of an IngressRoute: what it matches, what stands on it, and where it sends."""

    match: str | Unknown
    middlewares: tuple[Reference, ...]
    targets: tuple[Target, ...]
    place: Place


@dataclass(frozen=True, eq=False, slots=True)
class IngressRoute:
    """An IngressRoute or an IngressRouteTCP. Without `entry_points` it is on all that are for everything."""

    object: Object
    controller: str | None
    services: tuple[str, ...]
    class_name: str | Unknown
    """The class that it names, empty where it names none."""
    entry_points: tuple[str | Unknown, ...]
    rules: tuple[Rule, ...]
    has_tls: bool
    has_parents: bool
    """Does it stand below another IngressRoute (`parentRefs`), by whose entry points its requests come?"""

    @property
    def is_tcp(self) -> bool:
        return self.object.kind == "IngressRouteTCP"


def read_middleware(root: Field) -> Middleware:
    spec = root.field("spec")
    checks = [_list(name, spec.field(name)) for name in _LISTS]
    checks += [_limit(name, spec.field(name)) for name in _LIMITS]
    types = _keys(spec)
    return Middleware(
        read_object(root),
        types,
        next((each for each in checks if each.name in types), None),
        tuple(_reference(item) for item in spec.field("chain", "middlewares").items()),
        tuple(key.lower() for key in _keys(spec.field("headers", "customRequestHeaders"))),
        "".join(_keys(spec.field("plugin"))[:1]),
    )


def read_ingress_route(root: Field) -> IngressRoute:
    found, spec = read_object(root), root.field("spec")
    named = spec.field("ingressClassName")
    entry_points = spec.field("entryPoints")
    rules = tuple(_rule(item) for item in spec.field("routes").items())
    targets = (target for rule in rules for target in rule.targets if target.namespace in (None, found.namespace))
    return IngressRoute(
        found,
        "traefik",
        tuple(sorted({target.name for target in targets if isinstance(target.name, str)})),
        found.annotations.get(CLASS_ANNOTATION, "") if named.absent else named.text("").value,
        tuple(item.text("").value for item in entry_points.items())
        or ((Unknown("a placeholder"),) if placeholder(entry_points.raw) else ()),
        rules,
        not spec.field("tls").absent,
        not spec.field("parentRefs").absent,
    )


def _rule(item: Field) -> Rule:
    """The targets are Services; one of Traefik's own (a TraefikService) has its targets elsewhere."""
    targets = [(_target(each), each.field("kind").text("Service").value) for each in item.field("services").items()]
    return Rule(
        item.field("match").text("").value,
        tuple(_reference(each) for each in item.field("middlewares").items()),
        tuple(target for target, kind in targets if kind == "Service"),
        item.place,
    )


def _target(item: Field) -> Target:
    port = item.field("port").int_or_text(None).value
    return Target(
        item.field("name").text("").value,
        item.field("namespace").text(None).value or None,
        port if isinstance(port, int) else None,
        not item.field("proxyProtocol").absent,
        item.place,
    )


def _reference(item: Field) -> Reference:
    return Reference(item.field("name").text("").value, item.field("namespace").text(None).value or None)


def _list(name: str, found: Field) -> AddressCheck:
    ranges = found.field("sourceRange")
    written = tuple(item.text("").value for item in ranges.items())
    is_open = placeholder(ranges.raw)
    return AddressCheck(name, ranges.place, (is_open,) if is_open else written, _strategy(found))


def _limit(name: str, found: Field) -> AddressCheck:
    criterion = found.field("sourceCriterion")
    has_key = bool(criterion.field("requestHost").raw or criterion.field("requestHeaderName").raw)
    amount = found.field(_LIMITS[name]).integer(0)
    return AddressCheck(name, found.place, None, _strategy(criterion), has_key, amount.value)


def _keys(found: Field) -> tuple[str, ...]:
    return tuple(key for key in found.raw if isinstance(key, str)) if isinstance(found.raw, dict) else ()


def _strategy(parent: Field) -> Strategy | None:
    found = parent.field("ipStrategy")
    if found.absent:
        return None
    excluded = found.field("excludedIPs")
    return Strategy(
        found.field("depth").integer(0).value,
        tuple(item.text("").value for item in excluded.items()),
        bool(placeholder(found.raw) or placeholder(excluded.raw)),
    )
