"""Whether MetalLB lets two Services share one address.

It does where both have the same sharing key, different ports, and the same backend: under Local the selector, word for
word, under Cluster nothing (metallb `internal/allocator` checkSharing and sharingOK, `internal/allocator/k8salloc`
Ports and BackendKey). The namespace is no part of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from srcip_lint.metallb.allocation import ALLOW_SHARED_IP, asked
from srcip_lint.metallb.annotations import annotations_of
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.service import Service

Backend = frozenset[tuple[str, str]]


class Cause(Enum):
    """What two Services would have to have in common to share an address, or must not have in common."""

    KEY = "sharing key"
    BACKEND = "backend"
    PORT = "port"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why MetalLB surely does not let two Services share an address, in words."""

    cause: Cause
    why: str


def sharing_key(service: Service) -> str | None:
    """The key under which a Service shares its address; empty where it shares with nobody, None where it cannot be
    read."""
    found = asked(service, ALLOW_SHARED_IP)
    if found is None:
        return ""
    return found.value if isinstance(found.value, str) else None


def meant_key(service: Service) -> str | None:
    """The key that a Service was meant to have: its own, or else that of an annotation which is a mistyped one."""
    key = sharing_key(service)
    if key != "":
        return key
    mistyped = (each for each in annotations_of(service) if each.meant == ALLOW_SHARED_IP)
    value = next((each.value for each in mistyped), "")
    return value if isinstance(value, str) else None


def backend(service: Service) -> Backend | None:
    """What a Service's pods are to MetalLB: the selector under Local, nothing under Cluster; None where that cannot be
    read."""
    policy, values = service.external_traffic_policy.value, service.selector.value
    if policy == "Cluster":
        return frozenset()
    is_unread = service.selector.written and not values
    if policy != "Local" or is_unread or any(isinstance(value, Unknown) for value in values.values()):
        return None
    return frozenset((key, value) for key, value in values.items() if isinstance(value, str))


def ports(service: Service) -> frozenset[tuple[str, int]] | None:
    """The protocols and ports a Service takes on its address; None where one of them cannot be read."""
    found = [(port.protocol.value, port.port.value) for port in service.ports]
    known = frozenset(
        (protocol, number) for protocol, number in found if isinstance(protocol, str) and isinstance(number, int)
    )
    return known if len(known) == len(set(found)) else None


def refusals(one: Service, other: Service) -> tuple[Refusal, ...]:
    """Why MetalLB surely does not let two Services share an address; empty where it does, or may."""
    return (*_keys(one, other, sharing_key(one), sharing_key(other)), *other_refusals(one, other))


def refusals_as_meant(one: Service, other: Service) -> tuple[Refusal, ...]:
    """The same, if a mistyped sharing key were none."""
    return (*_keys(one, other, meant_key(one), meant_key(other)), *other_refusals(one, other))


def other_refusals(one: Service, other: Service) -> tuple[Refusal, ...]:
    """What stands against sharing whatever the keys are."""
    return (*_backends(one, other), *_ports(one, other))


def admitted(one: Service, other: Service) -> bool:
    """Does MetalLB surely let two Services share an address?"""
    known = None not in (sharing_key(one), sharing_key(other), backend(one), backend(other), ports(one), ports(other))
    return known and not refusals(one, other)


def _keys(one: Service, other: Service, key: str | None, others: str | None) -> Iterator[Refusal]:
    if key == "" and others == "":
        yield Refusal(Cause.KEY, "neither carries a sharing key")
    elif key == "" or others == "":
        holder = other if key == "" else one
        yield Refusal(Cause.KEY, f"only {holder.object.ref} carries a sharing key")
    elif key is not None and others is not None and key != others:
        yield Refusal(Cause.KEY, f"their sharing keys differ, {others} and {key}")


def _backends(one: Service, other: Service) -> Iterator[Refusal]:
    mine, theirs = backend(one), backend(other)
    if mine is None or theirs is None or mine == theirs:
        return
    local = [each for each in (one, other) if each.external_traffic_policy.value == "Local"]
    if len(local) == 1:
        cluster = other if local[0] is one else one
        yield Refusal(Cause.BACKEND, f"{local[0].object.ref} is Local and {cluster.object.ref} Cluster")
    else:
        yield Refusal(
            Cause.BACKEND,
            "under Local only Services with the same selector share an address, and "
            f"{other.object.ref} selects {_words(theirs)}, {one.object.ref} {_words(mine)}",
        )


def _ports(one: Service, other: Service) -> Iterator[Refusal]:
    both = (ports(one) or frozenset()) & (ports(other) or frozenset())
    if both:
        named = ", ".join(f"{protocol}/{number}" for protocol, number in sorted(both))
        yield Refusal(Cause.PORT, f"both take {named}")


def _words(selector: Backend) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(selector)) or "nothing"
