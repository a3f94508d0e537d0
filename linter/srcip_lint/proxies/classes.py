"""Which Ingresses a controller serves: by class, where it says which classes are its own.

An Ingress names its class in the spec, which an IngressClass ties to a controller, or in the annotation of old, which a
controller compares with a word of its own. (The API server takes no new Ingress that does both.) Where several
controllers that were read would serve one Ingress, the nearest does; where that is not one, nobody knows which, and
none does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from srcip_lint.bundle import Bundle
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.ingress import Ingress, IngressClass
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.workload import Workload
from srcip_lint.scopes import nearest


@dataclass(frozen=True, slots=True)
class ServedClass:
    """What a controller serves. `controller` is what an IngressClass calls it, `words` the values of the annotation
    that it takes for its own; `namespaces` are those that it watches, none where it watches all."""

    controller: str
    words: tuple[str, ...]
    without_class: bool = False
    """Does it serve Ingresses that name no class at all?"""
    by_name: bool = False
    """Does it serve a class of one of its words, whatever the IngressClass says?"""
    only_its_name: bool = False
    """Does it serve no other class of its controller than that of its word?"""
    reads_annotation: bool = True
    """Does it go by the annotation at all? Without, nobody is told what becomes of an Ingress that has nothing else."""
    annotation_first: bool = False
    """Does it go by the annotation where an Ingress has both?"""
    without_default: bool = False
    """Does it serve Ingresses that name no class as long as no class is the default?"""
    namespaces: tuple[str, ...] = ()
    but_not: tuple[str, ...] = ()
    """Namespaces that it does not watch."""

    def watches(self, of: Object) -> bool:
        """Does it surely watch an object's namespace?"""
        answers = [same_namespace(each, of.namespace) for each in self.namespaces]
        left_out = {same_namespace(each, of.namespace) for each in self.but_not}
        return (not answers or Answer.YES in answers) and left_out <= {Answer.NO}


@dataclass(frozen=True, slots=True)
class Served:
    """An Ingress that a controller serves. `assumed` says what that rests on beyond the manifests, empty where
    nothing."""

    ingress: Ingress
    assumed: str = ""


Serves = Callable[[Workload], "ServedClass | None"]
"""What a workload serves, where it is a controller of a product; None where it is none."""


def served(workload: Workload, serves: Serves, bundle: Bundle) -> Iterator[Served]:
    """The Ingresses that a workload surely serves, as far as the controllers of its product were read."""
    controllers = [(each, found) for each in bundle.workloads if (found := serves(each))]
    for ingress in bundle.of(Ingress):
        claims = {each: claim(found, ingress, bundle) for each, found in controllers}
        assumed = claim_of(workload, ingress.object, claims, bundle)
        if assumed is not None:
            yield Served(ingress, assumed)


def claim_of(workload: Workload, of: Object, claims: Mapping[Workload, str | None], bundle: Bundle) -> str | None:
    """What has to be assumed for a controller to serve an object, where it is the nearest of those that would: each of
    them with what it would have to assume, None where it would not."""
    would = [each for each, claim in claims.items() if claim is not None and bundle.compatible(of, each.object)]
    return claims[workload] if nearest(of, would) == [workload] else None


def claim(served_class: ServedClass, ingress: Ingress, bundle: Bundle) -> str | None:
    """What has to be assumed for a controller to serve an Ingress; None where it does not, or where that is unknown."""
    if not served_class.watches(ingress.object):
        return None
    if ingress.annotated is not None and (served_class.annotation_first or ingress.class_name is None):
        return "" if served_class.reads_annotation and ingress.annotated in served_class.words else None
    if ingress.class_name is not None:
        return _claim_by_class(served_class, ingress, ingress.class_name.value, bundle)
    defaults = _defaults(ingress, bundle)
    if served_class.without_default and not defaults:
        return "no class is the default for an Ingress without one"
    return "" if served_class.without_class or _are_its_own(served_class, defaults) else None


def _claim_by_class(served_class: ServedClass, ingress: Ingress, name: str | Unknown, bundle: Bundle) -> str | None:
    if isinstance(name, Unknown):
        return None
    named = [
        each
        for each in bundle.of(IngressClass)
        if each.object.name == name and bundle.compatible(ingress.object, each.object)
    ]
    controllers = {each.controller.value for each in nearest(ingress.object, named)}
    is_word = name in served_class.words
    if served_class.only_its_name and not is_word:
        return None
    if controllers:
        return "" if controllers == {served_class.controller} or (served_class.by_name and is_word) else None
    if is_word:
        return "" if served_class.by_name else f"the IngressClass {name} is {served_class.controller}'s"
    return None


def _defaults(ingress: Ingress, bundle: Bundle) -> list[IngressClass]:
    """The class that the API server gives to an Ingress without one."""
    found = [
        each for each in bundle.of(IngressClass) if each.is_default and bundle.compatible(ingress.object, each.object)
    ]
    return nearest(ingress.object, found)


def _are_its_own(served_class: ServedClass, classes: list[IngressClass]) -> bool:
    is_named = not served_class.only_its_name or {each.object.name for each in classes} <= set(served_class.words)
    return is_named and {each.controller.value for each in classes} == {served_class.controller}
