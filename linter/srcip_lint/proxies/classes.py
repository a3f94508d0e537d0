"""Which Ingresses a controller serves: by class, where it says which classes are its own.

An Ingress names its class in the spec, which an IngressClass ties to a controller, or in the annotation of old, which a
controller compares with a word of its own. (The API server takes no new Ingress that does both.) Where several
controllers that were read would serve one Ingress, the nearest does; where that is not one, nobody knows which, and
none does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from srcip_lint.bundle import Bundle, nearest
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.ingress import Ingress
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.workload import Workload


@dataclass(frozen=True, slots=True)
class ServedClass:
    """What a controller serves. `controller` is what an IngressClass calls it, `words` the values of the annotation
    that it takes for its own; `namespace` is the one that it watches, None where it watches all."""

    controller: str
    words: tuple[str, ...]
    without_class: bool = False
    """Does it serve Ingresses that name no class at all?"""
    by_name: bool = False
    """Does it serve a class of one of its words, whatever the IngressClass says?"""
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """An Ingress that a controller serves. `assumed` says what that rests on beyond the manifests, empty where
    nothing."""

    ingress: Ingress
    assumed: str = ""


Serves = Callable[[Workload], "ServedClass | None"]
"""What a workload serves, where it is a controller of a product; None where it is none."""


class HasObject(Protocol):
    """Something that a controller may serve."""

    @property
    def object(self) -> Object: ...


S = TypeVar("S", bound=HasObject)
C = TypeVar("C")


def served(workload: Workload, serves: Serves, bundle: Bundle) -> Iterator[Served]:
    """The Ingresses that a workload surely serves, as far as the controllers of its product were read."""
    controllers = {each: found for each in bundle.workloads if (found := serves(each))}

    def claims(found: ServedClass, ingress: Ingress) -> str | None:
        return claim(found, ingress, bundle)

    for ingress, assumed in by_nearest(workload, controllers, bundle.ingresses, claims, bundle):
        yield Served(ingress, assumed)


def by_nearest(
    workload: Workload,
    controllers: Mapping[Workload, C],
    resources: Iterable[S],
    claims: Callable[[C, S], str | None],
    bundle: Bundle,
) -> Iterator[tuple[S, str]]:
    """The resources that a workload serves, each with what that rests on. Of the controllers that claim one the nearest
    serves it."""
    for resource in resources:
        if workload not in controllers or claims(controllers[workload], resource) is None:
            continue
        claimed = {
            each: assumed
            for each, found in controllers.items()
            if bundle.compatible(resource.object, each.object) and (assumed := claims(found, resource)) is not None
        }
        if nearest(resource.object, list(claimed)) == [workload]:
            yield resource, claimed[workload]


def claim(served_class: ServedClass, ingress: Ingress, bundle: Bundle) -> str | None:
    """What has to be assumed for a controller to serve an Ingress; None where it does not, or where that is unknown."""
    watched = served_class.namespace
    if watched is not None and same_namespace(watched, ingress.object.namespace) is not Answer.YES:
        return None
    if ingress.class_name is not None:
        return _claim_by_class(served_class, ingress, ingress.class_name.value, bundle)
    if ingress.annotated is not None:
        return "" if ingress.annotated in served_class.words else None
    return "" if served_class.without_class or _is_default(served_class, ingress, bundle) else None


def _claim_by_class(served_class: ServedClass, ingress: Ingress, name: str | Unknown, bundle: Bundle) -> str | None:
    if isinstance(name, Unknown):
        return None
    named = [
        each
        for each in bundle.ingress_classes
        if each.object.name == name and bundle.compatible(ingress.object, each.object)
    ]
    controllers = {each.controller.value for each in nearest(ingress.object, named)}
    is_word = name in served_class.words
    if controllers:
        return "" if controllers == {served_class.controller} or (served_class.by_name and is_word) else None
    if is_word:
        return "" if served_class.by_name else f"the IngressClass {name} is {served_class.controller}'s"
    return None


def _is_default(served_class: ServedClass, ingress: Ingress, bundle: Bundle) -> bool:
    """Is the class that the API server gives to an Ingress without one this controller's?"""
    defaults = [
        each for each in bundle.ingress_classes if each.is_default and bundle.compatible(ingress.object, each.object)
    ]
    return {each.controller.value for each in nearest(ingress.object, defaults)} == {served_class.controller}
