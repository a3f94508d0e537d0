"""What HAProxy Ingress decides by the client's address: lists of Ingresses, and limits of Ingresses and their Services,
or of its ConfigMap where these say nothing.

Lists are compared with, and limits counted for, the peer's address (jcmoraisjr/haproxy-ingress
`pkg/converters/ingress/annotations/backend.go` `readAccessConfig`, `buildBackendLimit`). A list with exceptions (`!`)
is not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from srcip_lint.bundle import Bundle
from srcip_lint.path.hops import Basis, Keyed
from srcip_lint.proxies.behaviour import Control
from srcip_lint.proxies.classes import Served
from srcip_lint.proxies.lists import list_control
from srcip_lint.resources.addresses import comma_separated
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.ingress import IngressClass
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.selectors import Answer

_ALLOW = ("allowlist-source-range", "whitelist-source-range")
_DENY = ("denylist-source-range",)
_LIMITS = ("limit-connections", "limit-rps")
_EXCEPTIONS = "limit-whitelist"
_HEADER = "allowlist-source-header"

Layer = Mapping[str, "Located[str | Unknown]"]
"""Settings of one object, by their names without a prefix."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an Ingress asks for itself, and what the Services ask for that it sends to."""

    served: Served
    own: Layer
    of_services: tuple[Layer, ...]
    has_unread: bool
    """May its class have settings of its own, in a ConfigMap that is not read?"""


def read_asked(served: Served, prefixes: tuple[str, ...], bundle: Bundle) -> Asked:
    ingress = served.ingress
    services = (
        each.object
        for each in bundle.services
        if each.object.name in ingress.services
        and same_namespace(each.object.namespace, ingress.object.namespace) is not Answer.NO
        and bundle.compatible(ingress.object, each.object)
    )
    of_services = tuple(_annotated(each, prefixes) for each in services)
    has_unread = any(each.has_parameters for each in bundle.of(IngressClass))
    return Asked(served, _annotated(ingress.object, prefixes), of_services, has_unread)


def _annotated(found: Object, prefixes: tuple[str, ...]) -> Layer:
    """What the annotations of an object say, unknown where two of them contradict each other."""
    at = found.place.at("metadata", "annotations")
    layer: dict[str, Located[str | Unknown]] = {}
    for key, value in found.annotations.items():
        prefix, _, name = key.partition("/")
        if prefix in prefixes:
            is_clear = name not in layer or layer[name].value == value
            layer[name] = Located(value if is_clear else Unknown("it is annotated twice"), at.at(key))
    return layer


def controls(settings: Layer, asked: Iterable[Asked]) -> Iterator[Control]:
    """Every list and limit, where it is written; one of the ConfigMap once for each Ingress that has no other."""
    for each in asked:
        basis = Basis(assumptions=(each.served.assumed,) if each.served.assumed else ())
        layers = (*each.of_services, each.own, settings)
        if each.has_unread or any(_HEADER in layer for layer in layers):
            continue
        for keyed, names in ((Keyed.ALLOW, _ALLOW), (Keyed.DENY, _DENY)):
            yield from _list(keyed, names, (each.own, settings), basis)
        if not any(_EXCEPTIONS in layer for layer in layers):
            yield from _limits(layers, basis)


def _list(keyed: Keyed, names: tuple[str, ...], layers: tuple[Layer, ...], basis: Basis) -> Iterator[Control]:
    found = (next((layer[name] for layer in layers if name in layer), None) for name in names)
    written = next((each for each in found if each and each.value), None)
    if written:
        control = list_control(keyed, str(written.place.path[-1]), comma_separated(written), basis=basis)
        yield from [control] if control else []


def _limits(layers: tuple[Layer, ...], basis: Basis) -> Iterator[Control]:
    for name in _LIMITS:
        written = next((layer[name] for layer in layers if name in layer), None)
        if written and isinstance(written.value, str) and written.value.isdigit() and int(written.value):
            yield Control(Keyed.LIMIT, str(written.place.path[-1]), written.place, basis=basis)
