"""The question about a second load balancer: does another controller take the Services that MetalLB takes?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from srcip_lint.balancers.takers import Taker, takers
from srcip_lint.model.metallb import MetalLB
from srcip_lint.resources.objects import Object
from srcip_lint.scopes import closeness


@dataclass(frozen=True, eq=False, slots=True)
class Rival:
    """A controller that takes Services without a class, as a MetalLB in the same files does. `metallb` is the object
    that shows MetalLB; `apart` says that the two stand in folders beside each other, which may be two clusters';
    `class_known` that MetalLB was surely started without a class."""

    taker: Taker
    metallb: Object
    apart: bool
    class_known: bool


def find_rivals(metallb: MetalLB) -> Iterator[Rival]:
    """Every such controller, with the MetalLB that is nearest to it."""
    for taker in takers(metallb.bundle):
        found, own = metallb.installation(taker.workload.object), taker.workload.object
        shown = [each.object for each in (*found.controllers, *found.speakers)]
        shown += [each for each in metallb.bundle.metallb_objects if metallb.bundle.compatible(own, each)]
        near = _nearest(own, shown)
        if near and not found.lb_class and _has_contested(metallb, own):
            yield Rival(taker, near[0], _are_apart(metallb, own, near[0]), found.lb_class is not None)


def _nearest(referrer: Object, found: list[Object]) -> list[Object]:
    """Those of some objects that stand in the nearest scope."""
    depth = max((closeness(referrer.folder, each.folder) for each in found), default=0)
    return [each for each in found if closeness(referrer.folder, each.folder) == depth]


def _are_apart(metallb: MetalLB, one: Object, other: Object) -> bool:
    """Do the two stand in folders of which none holds the other, so that they may be two clusters'?"""
    is_nested = closeness(one.folder, other.folder) == min(len(one.folder), len(other.folder))
    return not is_nested and not metallb.environment.closed_world


def _has_contested(metallb: MetalLB, beside: Object) -> bool:
    """May there be a LoadBalancer Service without a class? Where some were read, one of them must have none."""
    read = [
        service
        for service in metallb.bundle.services
        if service.type.value == "LoadBalancer" and metallb.bundle.compatible(beside, service.object)
    ]
    return not read or any(service.load_balancer_class.value is None for service in read)
