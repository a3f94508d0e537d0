"""Which Ingresses and IngressRoutes a Traefik serves.

Semantics: traefik/traefik `pkg/provider/kubernetes/crd/kubernetes.go` (`shouldProcessIngress`),
`pkg/provider/kubernetes/ingress/kubernetes.go`. It serves what names its class, and without a class of its own what
names none, or `traefik`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from srcip_lint.bundle import Bundle
from srcip_lint.proxies.classes import ServedClass, claim, claim_of
from srcip_lint.proxies.traefik.static import Static
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.ingress import Ingress
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.selectors import Answer, some
from srcip_lint.resources.traefik import IngressRoute
from srcip_lint.resources.workload import Workload

CRD, INGRESS = "providers.kubernetescrd", "providers.kubernetesingress"
_CONTROLLER = "traefik.io/ingress-controller"
_CLASS = "traefik"


@dataclass(frozen=True, slots=True)
class Provider:
    """One of Traefik's providers for Kubernetes, as far as it decides what is served."""

    ingress_class: str
    namespaces: tuple[str, ...]
    finds_classes: bool
    """Does it look IngressClasses up?"""
    crossing: tuple[str, ...] | None
    """The namespaces whose objects may name what another provider has; None where all may."""

    def watches(self, found: Object) -> bool:
        """Does it look into the object's namespace?"""
        answers = (same_namespace(each, found.namespace) for each in self.namespaces)
        return not self.namespaces or some(answers) is Answer.YES


@dataclass(frozen=True, slots=True)
class Providers:
    """What of a Traefik's decides whom it serves."""

    crd: Provider | None
    ingress: Provider | None

    @classmethod
    def of(cls, static: Static) -> Providers:
        return cls(_provider(static, CRD), _provider(static, INGRESS))


Controllers = Mapping[Workload, "Providers | None"]
"""Every Traefik that was found; None where its settings could not be read."""


def _provider(static: Static, path: str) -> Provider | None:
    """A provider; None where it is not switched on, or chooses in a way that cannot be told (`labelSelector`)."""
    namespaces = tuple(each.value for each in static.items(f"{path}.namespaces"))
    ingress_class = static.text(f"{path}.ingressclass")
    known = tuple(each for each in namespaces if each is not None)
    is_on = static.has(path) and static.text(path) is not None
    if not is_on or ingress_class is None or len(known) < len(namespaces) or static.has(f"{path}.labelselector"):
        return None
    switches = (f"{path}.disableingressclasslookup", f"{path}.disableclusterscoperesources")
    crossing = f"{path}.crossprovidernamespaces"
    named = tuple(each.value or "" for each in static.items(crossing)) if static.has(crossing) else None
    return Provider(ingress_class, known, not any(map(static.has, switches)), named)


def served_routes(workload: Workload, controllers: Controllers, bundle: Bundle) -> Iterator[tuple[IngressRoute, str]]:
    """The IngressRoutes that a workload surely serves, each with what that rests on."""
    yield from _by_nearest(workload, controllers, bundle.of(IngressRoute), _claims_route, bundle)


def served_ingresses(workload: Workload, controllers: Controllers, bundle: Bundle) -> Iterator[tuple[Ingress, str]]:
    """The Ingresses that a workload surely serves, each with what that rests on."""

    def claims(providers: Providers | None, ingress: Ingress) -> str | None:
        return _claims_ingress(providers, ingress, bundle)

    yield from _by_nearest(workload, controllers, bundle.of(Ingress), claims, bundle)


class _HasObject(Protocol):
    @property
    def object(self) -> Object: ...


S = TypeVar("S", bound=_HasObject)


def _by_nearest(
    workload: Workload,
    controllers: Controllers,
    resources: Iterable[S],
    claims: Callable[[Providers | None, S], str | None],
    bundle: Bundle,
) -> Iterator[tuple[S, str]]:
    for resource in resources:
        if workload in controllers and claims(controllers[workload], resource) is not None:
            claimed = {each: claims(found, resource) for each, found in controllers.items()}
            assumed = claim_of(workload, resource.object, claimed, bundle)
            if assumed is not None:
                yield resource, assumed


def _claims_route(providers: Providers | None, route: IngressRoute) -> str | None:
    """One that could not be read may serve anything."""
    if providers is None:
        return ""
    found = providers.crd
    if found is None or not found.watches(route.object) or isinstance(route.class_name, Unknown):
        return None
    return "" if route.class_name in _classes(found) else None


def _classes(found: Provider) -> tuple[str, ...]:
    """What an object may name as its class for Traefik to serve it; empty stands for naming none."""
    return (found.ingress_class,) if found.ingress_class else ("", _CLASS)


def _claims_ingress(providers: Providers | None, ingress: Ingress, bundle: Bundle) -> str | None:
    """An Ingress names middlewares of another provider always; where it may not, Traefik passes it by."""
    if providers is None:
        return ""
    found = providers.ingress
    if found is None or not found.watches(ingress.object):
        return None
    if found.crossing is not None and ingress.object.namespace not in found.crossing:
        return None
    named = ingress.class_name.value if ingress.class_name else None
    if named is not None and (not found.finds_classes or found.ingress_class not in ("", named)):
        return None
    words = (found.ingress_class or _CLASS,)
    return claim(ServedClass(_CONTROLLER, words, without_class=not found.ingress_class), ingress, bundle)
