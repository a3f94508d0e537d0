"""The Gateway API: which controller a Gateway's class is of, and which Gateways an HTTPRoute hangs on
(`gateway.networking.k8s.io`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from srcip_lint.resources.fields import Field, Unknown
from srcip_lint.resources.objects import Object, read_object

GROUP = "gateway.networking.k8s.io"

Named = tuple[str | None, str]
"""A namespace, None for the referrer's own, and a name."""


@dataclass(frozen=True, eq=False, slots=True)
class GatewayClass:
    object: Object
    controller: str | Unknown


@dataclass(frozen=True, eq=False, slots=True)
class Gateway:
    object: Object
    class_name: str | Unknown


@dataclass(frozen=True, eq=False, slots=True)
class HttpRoute:
    """An HTTPRoute: the Gateways that it hangs on, and the Services that it sends to."""

    object: Object
    gateways: tuple[Named, ...]
    services: tuple[Named, ...]


def read_gateway_class(root: Field) -> GatewayClass:
    return GatewayClass(read_object(root), root.field("spec", "controllerName").text("").value)


def read_gateway(root: Field) -> Gateway:
    return Gateway(read_object(root), root.field("spec", "gatewayClassName").text("").value)


def read_http_route(root: Field) -> HttpRoute:
    spec = root.field("spec")
    backends = [backend for rule in spec.field("rules").items() for backend in rule.field("backendRefs").items()]
    gateways = tuple(_named(each, "Gateway") for each in spec.field("parentRefs").items())
    services = tuple(_named(each, "Service") for each in backends)
    return HttpRoute(read_object(root), tuple(_known(gateways)), tuple(_known(services)))


def _named(reference: Field, kind: str) -> Named | None:
    """What a reference means, where it is to that kind, as it is by default."""
    name, namespace = reference.field("name").text("").value, reference.field("namespace").text(None).value
    of_kind = reference.field("kind").raw in (None, kind)
    if not of_kind or not isinstance(name, str) or isinstance(namespace, Unknown):
        return None
    return namespace, name


def _known(references: tuple[Named | None, ...]) -> Iterator[Named]:
    yield from (each for each in references if each is not None)
