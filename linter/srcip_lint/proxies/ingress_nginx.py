"""ingress-nginx: what its template makes of the ConfigMap that its controller names.

It always writes `real_ip_recursive on`, trusts `0.0.0.0/0` unless told otherwise, and replaces X-Forwarded-For and
X-Real-IP with the address it took for the client's (kubernetes/ingress-nginx `rootfs/etc/nginx/template/nginx.tmpl`,
`docs/user-guide/nginx-configuration/configmap.md`).
"""

from __future__ import annotations

import re
from ipaddress import ip_network

from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.path.hops import Network
from srcip_lint.proxies.behaviour import HeaderWrite, Listener, ProxyBehaviour, Reads, RealIp, Route, Trust, Writes
from srcip_lint.resources.cluster import ConfigMap
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.pods import Container
from srcip_lint.resources.workload import Workload

PRODUCT = "ingress-nginx"
_IMAGE = re.compile(
    r"(^|/)ingress-nginx/controller(-chroot)?(:|@|$)|(^|/)nginx-ingress-controller/nginx-ingress-controller[:@]"
)
_CONFIG_MAP = re.compile(r"^--?configmap=(?:(.+)/)?([^/]+)$")
_NOT_PROXIES = ("webhook", "metrics", "prometheus", "health", "healthz", "debug")
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
"""What Go's ParseBool takes for true, which is how the controller reads its settings."""


def behaviour(workload: Workload, bundle: Bundle) -> ProxyBehaviour | None:
    """The controller's behaviour where the workload runs one; None where it does not."""
    container = next((each for each in workload.template.containers if runs(each)), None)
    if container is None:
        return None
    named = _named_config_map(container)
    config = bundle.config_map(workload.object, named) if named else None
    if named and config is None:
        return ProxyBehaviour(PRODUCT, (), complete=False, why_incomplete=f"its ConfigMap {named} was not read")
    settings = _settings(config)
    if settings is None:
        return ProxyBehaviour(PRODUCT, (), complete=False, why_incomplete="a setting of its ConfigMap is a placeholder")
    return ProxyBehaviour(PRODUCT, tuple(_listeners(container, settings, config)))


def runs(container: Container) -> bool:
    """Is it the controller's image?"""
    return isinstance(container.image.value, str) and bool(_IMAGE.search(container.image.value))


def _named_config_map(container: Container) -> str | None:
    matches = (_CONFIG_MAP.match(argument) for argument in container.arguments)
    return next((match[2] for match in matches if match), None)


def _settings(config: ConfigMap | None) -> dict[str, str] | None:
    values = {key: located.value for key, located in config.data.items()} if config else {}
    known = {key: value for key, value in values.items() if not isinstance(value, Unknown)}
    return known if len(known) == len(values) else None


def _listeners(container: Container, settings: dict[str, str], config: ConfigMap | None) -> list[Listener]:
    def is_on(key: str) -> bool:
        return settings.get(key) in _TRUE

    def at(key: str) -> Place:
        return config.data[key].place if config and key in config.data else container.image.place

    real_ip = []
    trust = _trust(settings.get("proxy-real-ip-cidr", "0.0.0.0/0"))
    if is_on("use-forwarded-headers") or is_on("enable-real-ip"):
        header = settings.get("forwarded-for-header", "X-Forwarded-For").lower()
        key = "use-forwarded-headers" if is_on("use-forwarded-headers") else "enable-real-ip"
        real_ip.append(RealIp(header, trust, recursive=True, at=at(key)))
    if is_on("use-proxy-protocol"):
        real_ip.append(RealIp("proxy_protocol", trust, recursive=True, at=at("use-proxy-protocol")))
    reads = Reads.STRICTLY if is_on("use-proxy-protocol") else Reads.NOT
    place = container.image.place
    writes = tuple(HeaderWrite(header, Writes.REPLACES, place) for header in ("x-forwarded-for", "x-real-ip"))
    route = Route("every Ingress", place, tuple(real_ip), writes)
    return [Listener(number, reads, place, (route,)) for number in _ports(container)]


def _ports(container: Container) -> list[int]:
    """The ports that serve clients; the image listens on 80 and 443 where the manifest names none."""
    named = [(port.name.value, port.number.value) for port in container.ports]
    serving = [number for name, number in named if isinstance(number, int) and name not in _NOT_PROXIES]
    return serving or [80, 443]


def _trust(text: str) -> Trust:
    networks = [_network(part.strip()) for part in text.split(",")]
    return Trust(tuple(network for network in networks if network), unreadable=None in networks)


def _network(text: str) -> Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
