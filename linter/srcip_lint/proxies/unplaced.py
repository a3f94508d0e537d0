"""Settings that say whom a proxy believes, where the proxy itself was not read: nothing tells who may connect to it.

A ConfigMap is known by keys that one product alone reads, or by what its files look like; the policy of a gateway by
its kind, for the gateway is made when it runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from srcip_lint.bundle import Bundle
from srcip_lint.path.hops import Belief
from srcip_lint.proxies import ingress_nginx, nginx, nginx_org
from srcip_lint.proxies.behaviour import RealIp, Trust
from srcip_lint.proxies.mounts import File
from srcip_lint.proxies.nginx.unplaced import told_by
from srcip_lint.proxies.nginx.variables import network
from srcip_lint.proxies.real_ip import believed_from_anyone
from srcip_lint.resources.envoy_gateway import ClientTrafficPolicy
from srcip_lint.resources.objects import Object


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A header that whatever reads an object believes of whoever connects. `assumed` says what else that rests on."""

    product: str
    object: Object
    belief: Belief
    assumed: str


def unplaced(bundle: Bundle) -> Iterator[Unplaced]:
    """What every product has of them."""
    told = [(ingress_nginx.PRODUCT, found, real_ip) for found, real_ip in ingress_nginx.unplaced(bundle)]
    told += [(nginx_org.PRODUCT, found, real_ip) for found, real_ip in nginx_org.unplaced(bundle)]
    told += [("nginx", found, real_ip) for found, real_ip in _of_nginx(bundle)]
    for product, found, real_ip in told:
        belief = believed_from_anyone(real_ip)
        if belief:
            yield Unplaced(product, found, belief, f"{product} reads {found.ref}, and clients reach it")
    yield from _of_gateways(bundle)


def _of_nginx(bundle: Bundle) -> Iterator[tuple[Object, RealIp]]:
    for config_map, place in nginx.loose(bundle):
        texts = [each.value for each in config_map.files.values() if each.place == place]
        for text in texts:
            for real_ip in told_by(File(str(text), place)):
                yield config_map.object, real_ip


def _of_gateways(bundle: Bundle) -> Iterator[Unplaced]:
    """Envoy's walk over trusted networks: from right to left while an entry is in them, and the leftmost where all are
    (envoyproxy/envoy `api/envoy/extensions/http/original_ip_detection/xff/v3/xff.proto`)."""
    for policy in bundle.of(ClientTrafficPolicy):
        networks = [(network(str(each.value)), each.place) for each in policy.trusted]
        trust = Trust(tuple(found for found, _ in networks if found), setting="trustedCIDRs")
        family = next((each for each in (4, 6) if trust.covers_all(each)), None)
        if family is None:
            continue
        of_family = [(found.prefixlen, place) for found, place in networks if found and found.version == family]
        _, place = min(of_family, key=lambda pair: pair[0])
        real_ip = RealIp("x-forwarded-for", replace(trust, at=place), recursive=True, at=place)
        belief = believed_from_anyone(real_ip, family)
        by = "" if family == 4 else " by IPv6"
        if belief:
            yield Unplaced("Envoy Gateway", policy.object, belief, f"clients reach the gateway{by}")
