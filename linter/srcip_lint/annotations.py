"""Annotations of Kubernetes itself that are about the client's address, and that nothing reads, or not everything.

The traffic policy and its health-check port were annotations before they were fields; Kubernetes 1.8 no longer reads
them. The allow-list `loadBalancerSourceRanges` has an annotation too: cloud providers read it
(kubernetes/cloud-provider `service/helpers/helper.go`), kube-proxy reads the field alone (kubernetes
`pkg/proxy/serviceport.go`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from srcip_lint.balancers import Balancer, identify
from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.environment import Environment
from srcip_lint.resources.service import Service

SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"

_POLICY_KEYS = ("service.beta.kubernetes.io/external-traffic", "service.alpha.kubernetes.io/external-traffic")
_PORT_KEYS = ("service.beta.kubernetes.io/healthcheck-nodeport", "service.alpha.kubernetes.io/healthcheck-nodeport")
_LOCAL = ("onlylocal", "local")
_FIELDS_ONLY = (1, 8)
"""The Kubernetes version since which the annotations are not read."""

_FILTERING_NOTHING = frozenset(
    {"metallb", "metallb-l2", "metallb-bgp"}
    | {"kube-vip", "kube-vip-per-service", "kube-vip-global"}
    | {"cilium", "cilium-l2", "cilium-bgp"}
)
"""Load balancers that only announce an address: whom to let in is left to kube-proxy, or what stands in for it."""


@dataclass(frozen=True, slots=True)
class LegacyAnnotation:
    """An annotation that asks for the Local policy, or for the health-check port that comes with it (`port`)."""

    key: str
    at: Place
    port: int | None = None


def asking_for_local(service: Service, environment: Environment) -> tuple[LegacyAnnotation, ...]:
    """The annotations by which a Service asks for Local in a way that its cluster does not read, the policy first."""
    version = environment.kubernetes_version
    return () if version is not None and version < _FIELDS_ONLY else tuple(_legacy(service))


def _legacy(service: Service) -> Iterator[LegacyAnnotation]:
    annotations = service.object.place.at("metadata", "annotations")
    for key in _POLICY_KEYS:
        value = service.object.annotation(key) or ""
        if value.strip().casefold() in _LOCAL:
            yield LegacyAnnotation(key, annotations.at(key))
    for key in _PORT_KEYS:
        number = (service.object.annotation(key) or "").strip()
        if number.isascii() and number.isdigit():
            yield LegacyAnnotation(key, annotations.at(key), int(number))


def unread_ranges(service: Service) -> tuple[str, ...]:
    """The source ranges that a Service lists in the annotation only. Empty where they let everybody in, where they
    cannot be read, or where the field is written, which counts then."""
    value = service.object.annotation(SOURCE_RANGES)
    if value is None or service.source_ranges or service.source_ranges_unknown:
        return ()
    ranges = tuple(part.strip() for part in value.split(","))
    sizes = [_prefix_length(part) for part in ranges]
    return () if None in sizes or 0 in sizes else ranges


def _prefix_length(text: str) -> int | None:
    try:
        return ip_network(text, strict=False).prefixlen if "/" in text else None
    except ValueError:
        return None


def filtering_nothing(service: Service, bundle: Bundle, environment: Environment) -> Balancer | None:
    """The load balancer of a Service, where it is known to leave source ranges to kube-proxy; else None."""
    if service.type.value != "LoadBalancer":
        return None
    balancer = identify(service, bundle, environment)
    return balancer if balancer.family and balancer.family.name in _FILTERING_NOTHING else None
