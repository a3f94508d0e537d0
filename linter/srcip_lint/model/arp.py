"""The question about kube-proxy's ARP: does every node answer for the addresses that MetalLB announces in layer 2?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from srcip_lint.dataplane import signs
from srcip_lint.model.metallb import MetalLB
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.metallb import Advertisement
from srcip_lint.resources.objects import Object
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.service import Service
from srcip_lint.scopes import nearest


@dataclass(frozen=True, eq=False, slots=True)
class KubeProxy:
    """What kube-proxy is told about ARP. `object` is the ConfigMap that tells it."""

    object: Object
    mode: Located[str | Unknown]
    strict_arp: Located[bool | Unknown]


@dataclass(frozen=True, eq=False, slots=True)
class LaxProxy:
    """A kube-proxy in ipvs mode that lets every node answer ARP for every address, beside a MetalLB in layer 2 mode.
    `advertisement` is None where only the configuration tells of that; `local` are the Services whose policy then drops
    packets."""

    kube_proxy: KubeProxy
    advertisement: Advertisement | None
    local: tuple[Service, ...]


def find_lax_proxies(metallb: MetalLB) -> Iterator[LaxProxy]:
    """Each such kube-proxy once. Where files define it in several ways, all of them must be like that."""
    environment = metallb.environment
    is_possible = environment.dataplane in (None, "kube-proxy", "kube-proxy-ipvs")
    found = tuple(
        KubeProxy(config.object, config.kube_proxy.mode, config.kube_proxy.strict_arp)
        for config in metallb.bundle.config_maps
        if config.kube_proxy
    )
    if not found or not is_possible or environment.load_balancer == "metallb-bgp":
        return
    paired = {proxy: advertisement for advertisement, proxy in _pairs(metallb, found)}
    if environment.load_balancer == "metallb-l2" and not metallb.advertisements and all(map(_is_lax, found)):
        paired = {found[0]: None}
    for proxy, advertisement in paired.items():
        if all(name.startswith("kube-proxy") for name, _ in signs(proxy.object, metallb.bundle)):
            yield LaxProxy(proxy, advertisement, tuple(_local(metallb, proxy)))


def _is_lax(proxy: KubeProxy) -> bool:
    return proxy.mode.value == "ipvs" and proxy.strict_arp.value is False


def _pairs(metallb: MetalLB, proxies: tuple[KubeProxy, ...]) -> Iterator[tuple[Advertisement | None, KubeProxy]]:
    """The L2Advertisements, each with the lax kube-proxy that is nearest to it and that it is nearest to."""
    for advertisement in metallb.advertisements:
        compatible = [each for each in proxies if metallb.bundle.compatible(advertisement.object, each.object)]
        near = nearest(advertisement.object, compatible)
        is_lax = advertisement.is_l2 and bool(near) and all(map(_is_lax, near))
        if is_lax and advertisement in nearest(near[0].object, metallb.advertisements):
            yield advertisement, near[0]


def _local(metallb: MetalLB, proxy: KubeProxy) -> Iterator[Service]:
    for service in metallb.bundle.services:
        is_local = service.type.value == "LoadBalancer" and service.external_traffic_policy.value == "Local"
        is_together = metallb.bundle.compatible(service.object, proxy.object)
        if is_local and is_together and metallb.protocols(service).l2 is Answer.YES:
            yield service
