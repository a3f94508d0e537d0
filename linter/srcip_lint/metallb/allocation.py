"""Which pool a Service's address comes from. Whether two Services may share one is told by `sharing`.

Sources: metallb `controller/service.go` (getDesiredLbIPs, valueForAnnotation, allocateIPs), `internal/allocator`
(Assign, Allocate, isPoolCompatibleWithService).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.metallb.addresses import Address, known, parse_address, ranges
from srcip_lint.resources.cluster import Namespace
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.metallb import AddressPool
from srcip_lint.resources.selectors import Answer, Labels, every, some
from srcip_lint.resources.service import Service

PREFIXES = ("metallb.io/", "metallb.universe.tf/")
"""The annotations' prefix, and the one from before 0.14.9, which is still read. Where both are there the first wins."""

ADDRESS_POOL, LOAD_BALANCER_IPS, ALLOW_SHARED_IP = "address-pool", "loadBalancerIPs", "allow-shared-ip"


def asked(service: Service, name: str) -> Located[str | Unknown] | None:
    """What one of MetalLB's annotations says, by its name without the prefix; None where it is not there, or empty. An
    empty one of the newer prefix still hides the older one."""
    annotations = service.object.annotations
    key = next((prefix + name for prefix in PREFIXES if prefix + name in annotations), None)
    if key is None or annotations[key] == "":
        return None
    return Located(annotations[key], service.object.place.at("metadata", "annotations", key))


@dataclass(frozen=True, slots=True)
class Requested:
    """The addresses a Service asks for. `unknown` says that part of it cannot be read: a placeholder, or no address."""

    addresses: tuple[Address, ...] = ()
    place: Place | None = None
    unknown: bool = False


def requested(service: Service) -> Requested:
    """The addresses a Service asks for, by the annotation or else by `spec.loadBalancerIP`, which holds one; none where
    it asks for none."""
    by_annotation = asked(service, LOAD_BALANCER_IPS)
    found = by_annotation or (service.load_balancer_ip if service.load_balancer_ip.value else None)
    if found is None:
        return Requested()
    if not isinstance(found.value, str):
        return Requested((), found.place, unknown=True)
    parts = found.value.split(",") if by_annotation else [found.value]
    parsed = [parse_address(part) for part in parts]
    addresses = tuple(address for address in parsed if address is not None)
    return Requested(addresses, found.place, unknown=len(addresses) < len(parsed))


def may_come_from(service: Service, pool: AddressPool, namespaces: Mapping[str, Labels]) -> Answer:
    """May a Service's address come from a pool, as far as the pool and the Service are concerned? (There may be others
    that it may come from too, and none may be left in it.)

    YES: nothing written stands against it. `namespaces` are the labels of the namespaces that were read.
    """
    allocated = allocated_to(service, pool, namespaces)
    asks = requested(service)
    if asks.unknown and not asks.addresses:
        return every((Answer.UNKNOWN, allocated))
    if asks.addresses:
        inside = any(found.has(address) for found in ranges(pool) for address in asks.addresses)
        return every((Answer.YES if inside else Answer.NO if known(pool) else Answer.UNKNOWN, allocated))
    wanted = asked(service, ADDRESS_POOL)
    if wanted is not None:
        named = Answer.UNKNOWN
        if isinstance(wanted.value, str):
            named = Answer.YES if wanted.value == pool.object.name else Answer.NO
        return every((named, allocated))
    automatic = {True: Answer.YES, False: Answer.NO}
    return every((_of(pool.auto_assign.value, automatic), allocated))


def _of(value: object, answers: Mapping[bool, Answer]) -> Answer:
    return answers[value] if isinstance(value, bool) else Answer.UNKNOWN


def allocated_to(service: Service, pool: AddressPool, namespaces: Mapping[str, Labels]) -> Answer:
    """Is a pool open to a Service? With `serviceAllocation` both the namespace and the labels must fit, where it names
    any (metallb `internal/allocator` isPoolCompatibleWithService)."""
    kept = pool.allocation
    if kept is None:
        return Answer.YES
    answers = []
    if kept.namespaces or not kept.namespace_selectors.absent:
        answers.append(_in_namespaces(service.object.namespace, pool, namespaces))
    if not kept.service_selectors.absent:
        answers.append(kept.service_selectors.matches(service.object.labels))
    return every(answers)


def _in_namespaces(namespace: str | None, pool: AddressPool, namespaces: Mapping[str, Labels]) -> Answer:
    kept = pool.allocation
    if kept is None or namespace is None:
        return Answer.UNKNOWN
    named = [
        Answer.UNKNOWN if isinstance(item.value, Unknown) else Answer.YES if item.value == namespace else Answer.NO
        for item in kept.namespaces
    ]
    if not kept.namespace_selectors.absent:
        labels = namespaces.get(namespace)
        named.append(Answer.UNKNOWN if labels is None else kept.namespace_selectors.matches(labels))
    return some(named)


def labels_of(namespaces: Iterable[Namespace]) -> dict[str, Labels]:
    """The labels of namespaces, by name."""
    return {each.object.name: each.object.labels for each in namespaces}
