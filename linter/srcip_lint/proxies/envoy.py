"""Envoy at the edge, as Istio and Contour set it up: with `use_remote_address`, so that its peer is the client unless
it is told how many proxies stand in front (envoyproxy/envoy `docs/root/configuration/http/http_conn_man/headers.rst`).

With one proxy in front it takes the last entry of X-Forwarded-For, whoever sent it, and the peer where there is none;
with more it counts from the right, which is not followed here. It appends its peer to X-Forwarded-For whatever it
takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network

from srcip_lint.documents import Place
from srcip_lint.path.hops import Keyed
from srcip_lint.proxies.behaviour import Control, HeaderWrite, RealIp, Route, Trust, Writes
from srcip_lint.proxies.lists import list_control
from srcip_lint.resources.addresses import AddressList

_ANYBODY = Trust((ip_network("0.0.0.0/0"), ip_network("::/0")))
_HEADER = "x-forwarded-for"


@dataclass(frozen=True, slots=True)
class Front:
    """What an Envoy is told of what stands in front of it: how many proxies, and whether the PROXY protocol is
    sent."""

    proxies: int
    reads_proxy_protocol: bool
    at: Place

    @property
    def why_unknown(self) -> str:
        """Why what it takes for the client cannot be told; empty where it can."""
        if self.proxies > 1:
            return f"it counts {self.proxies} proxies in X-Forwarded-For"
        return "it reads the PROXY protocol and X-Forwarded-For" if self.proxies and self.reads_proxy_protocol else ""


def route(name: str, place: Place, front: Front, controls: tuple[Control, ...]) -> Route:
    """What every request goes through. With a proxy in front what is appended is that proxy, or who stands between,
    and whoever reads the header counts on it."""
    source = _HEADER if front.proxies else "proxy_protocol" if front.reads_proxy_protocol else ""
    real_ip = (RealIp(source, _ANYBODY, recursive=False, at=front.at),) if source else ()
    writes = Writes.UNKNOWN if front.proxies else Writes.APPENDS
    return Route(name, place, real_ip, (HeaderWrite(_HEADER, writes, place),), controls)


def address_control(keyed: Keyed, name: str, listed: AddressList, front: Front, *, of_peer: bool) -> Control | None:
    """A list that Envoy compares with its peer's address (`direct_remote_ip`) or with what it took for the client's
    (`remote_ip`). None for one that tells nobody from anybody, and for one about the peer behind the PROXY protocol:
    that is about who connects, and not about whom that announces."""
    if of_peer and front.reads_proxy_protocol:
        return None
    return list_control(keyed, name, listed, judges_peer=of_peer)
