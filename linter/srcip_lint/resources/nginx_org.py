"""The custom resources of NGINX Inc's ingress controller that decide about clients' addresses: VirtualServers, the
VirtualServerRoutes that they hand on to, and the Policies that both name (nginx/kubernetes-ingress
`pkg/apis/configuration/v1/types.go`)."""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.resources.fields import Field, Located, Unknown, placeholder
from srcip_lint.resources.objects import Object, read_object

GROUP = "k8s.nginx.org"

_TYPES = (
    "accessControl",
    "rateLimit",
    "jwt",
    "basicAuth",
    "ingressMTLS",
    "egressMTLS",
    "oidc",
    "waf",
    "apiKey",
    "cache",
    "cors",
    "externalAuth",
    "hsts",
)
"""What a Policy may be about."""


@dataclass(frozen=True, slots=True)
class PolicyReference:
    """What names a Policy. `namespace` is None where it is its owner's."""

    name: str | Unknown
    namespace: str | Unknown | None


@dataclass(frozen=True, eq=False, slots=True)
class Route:
    """A path of a VirtualServer or VirtualServerRoute. `hands_on_to` is the VirtualServerRoute (`name`, or
    `namespace/name`) that its requests are left to; Unknown where that is chosen by labels."""

    policies: tuple[PolicyReference, ...]
    hands_on_to: str | Unknown | None
    snippets: str


@dataclass(frozen=True, eq=False, slots=True)
class VirtualServer:
    """A VirtualServer, or a VirtualServerRoute, which has neither policies nor listeners of its own."""

    object: Object
    controller: str | None
    services: tuple[str, ...]
    class_name: str | Unknown
    """Empty where it names none."""
    host: str | Unknown
    policies: tuple[PolicyReference, ...]
    routes: tuple[Route, ...]
    http_snippets: str
    server_snippets: str
    has_listeners: bool
    """Does it listen elsewhere than by default, where a GlobalConfiguration says?"""


@dataclass(frozen=True, eq=False, slots=True)
class AccessPolicy:
    """A Policy. `says` are the types that it has: a valid one has one. A list is None where it is absent."""

    object: Object
    class_name: str | Unknown
    says: tuple[str, ...]
    allow: Located[tuple[str | Unknown, ...]] | None
    deny: Located[tuple[str | Unknown, ...]] | None
    limit_key: Located[str | Unknown]
    is_dry_run: bool
    """Does its limit only count?"""


def read_virtual_server(root: Field) -> VirtualServer:
    """Either kind."""
    found, spec = read_object(root), root.field("spec")
    is_whole = found.kind == "VirtualServer"
    services = (item.field("service").text("").value for item in spec.field("upstreams").items())
    names = {name for name in services if isinstance(name, str) and "/" not in name}
    return VirtualServer(
        found,
        None,
        tuple(sorted(names - {""})),
        spec.field("ingressClassName").text("").value,
        spec.field("host").text("").value,
        _references(spec.field("policies")),
        tuple(_route(item) for item in spec.field("routes" if is_whole else "subroutes").items()),
        _snippets(spec.field("http-snippets")),
        _snippets(spec.field("server-snippets")),
        has_listeners=not spec.field("listener").absent,
    )


def _route(item: Field) -> Route:
    named: str | Unknown | None = item.field("route").text("").value or None
    by_labels = not item.field("routeSelector").absent
    return Route(
        _references(item.field("policies")),
        Unknown("it is chosen by labels") if by_labels and named is None else named,
        _snippets(item.field("location-snippets")),
    )


def _references(field: Field) -> tuple[PolicyReference, ...]:
    """The references of a list; one to nobody knows what where a placeholder stands for the list."""
    unknown = placeholder(field.raw)
    return (PolicyReference(unknown, None),) if unknown else tuple(_reference(item) for item in field.items())


def _reference(item: Field) -> PolicyReference:
    return PolicyReference(item.field("name").text("").value, item.field("namespace").text(None).value or None)


def _snippets(field: Field) -> str:
    """Lines of nginx configuration, in which `$remote_addr` is no placeholder."""
    text = field.verbatim().value
    return text if isinstance(text, str) else ""


def read_access_policy(root: Field) -> AccessPolicy:
    spec = root.field("spec")
    control, limit = spec.field("accessControl"), spec.field("rateLimit")
    return AccessPolicy(
        read_object(root),
        spec.field("ingressClassName").text("").value,
        tuple(name for name in _TYPES if not spec.field(name).absent),
        _addresses(control.field("allow")),
        _addresses(control.field("deny")),
        limit.field("key").verbatim(),
        is_dry_run=limit.field("dryRun").boolean(default=False).value is not False,
    )


def _addresses(field: Field) -> Located[tuple[str | Unknown, ...]] | None:
    if field.absent:
        return None
    unknown = placeholder(field.raw)
    listed = (unknown,) if unknown else tuple(item.text("").value for item in field.items())
    return Located(listed, field.place)
