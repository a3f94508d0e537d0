"""Settings that say whom a proxy believes, where the proxy itself was not read: nothing tells who may connect to it.

A ConfigMap is known by keys that one product alone reads, or by what its files look like; the policy of a gateway by
its kind, for the gateway is made when it runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from srcip_lint.bundle import Bundle
from srcip_lint.path.hops import Belief
from srcip_lint.proxies import ingress_nginx, nginx
from srcip_lint.proxies.behaviour import RealIp, Trust
from srcip_lint.proxies.flags import TRUE
from srcip_lint.proxies.mounts import File
from srcip_lint.proxies.nginx.unplaced import told_by
from srcip_lint.proxies.nginx.variables import network
from srcip_lint.proxies.real_ip import believed_from_anyone
from srcip_lint.resources.cluster import ConfigMap
from srcip_lint.resources.fields import Located
from srcip_lint.resources.objects import Object

_NGINX_ORG = re.compile(r"(?:^|/)(?:nginx-ingress|nginx-plus-ingress|kubernetes-ingress)(?:[:@]|$)")
"""The images of NGINX Inc's ingress controller."""


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A header that whatever reads an object believes of whoever connects. `assumed` says what else that rests on."""

    product: str
    object: Object
    belief: Belief
    assumed: str


def unplaced(bundle: Bundle) -> Iterator[Unplaced]:
    """Each setting of an object once."""
    told = [("ingress-nginx", found, real_ip) for found, real_ip in ingress_nginx.unplaced(bundle)]
    told += [("the NGINX Ingress Controller", found, real_ip) for found, real_ip in _of_nginx_org(bundle)]
    told += [("nginx", found, real_ip) for found, real_ip in _of_nginx(bundle)]
    seen: set[object] = set()
    for product, found, real_ip in told:
        belief = believed_from_anyone(real_ip)
        if belief and belief.at not in seen:
            seen.add(belief.at)
            yield Unplaced(product, found, belief, f"{product} reads {found.ref}, and clients reach it")
    yield from _of_gateways(bundle)


def _of_nginx(bundle: Bundle) -> Iterator[tuple[Object, RealIp]]:
    for config_map, place in nginx.loose(bundle):
        texts = [each.value for each in config_map.files.values() if each.place == place]
        for text in texts:
            for real_ip in told_by(File(str(text), place)):
                yield config_map.object, real_ip


def _of_nginx_org(bundle: Bundle) -> Iterator[tuple[Object, RealIp]]:
    """Its ConfigMaps, known by a key that nothing else reads, where no controller was read that could be meant."""
    running = [
        workload
        for workload in bundle.workloads
        if any(_NGINX_ORG.search(str(each.image.value)) for each in workload.template.containers)
    ]
    for config in bundle.config_maps:
        trusted = config.data.get("set-real-ip-from")
        is_read = any(bundle.compatible(config.object, each.object) for each in running)
        if trusted is not None and isinstance(trusted.value, str) and not is_read:
            real_ip = _nginx_org(config, Located(trusted.value, trusted.place))
            yield from [(config.object, real_ip)] if real_ip else []


def _nginx_org(config: ConfigMap, trusted: Located[str]) -> RealIp | None:
    """What its three keys come to; None where a placeholder stands for one of them."""
    header, recursive = (config.data.get(f"real-ip-{name}") for name in ("header", "recursive"))
    source = header.value if header else "X-Real-IP"
    is_recursive = recursive.value if recursive else "false"
    if not isinstance(source, str) or not isinstance(is_recursive, str):
        return None
    networks = [network(part.strip()) for part in trusted.value.split(",") if part.strip()]
    trust = Trust(tuple(each for each in networks if each), None in networks, trusted.place, "set-real-ip-from")
    return RealIp(source.strip().lower(), trust, is_recursive in TRUE, trusted.place, source_written=header is not None)


def _of_gateways(bundle: Bundle) -> Iterator[Unplaced]:
    """Envoy's walk over trusted networks: from right to left while an entry is in them, and the leftmost where all are
    (envoyproxy/envoy `api/envoy/extensions/http/original_ip_detection/xff/v3/xff.proto`)."""
    for policy in bundle.client_traffic_policies:
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
