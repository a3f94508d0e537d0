"""How a load balancer hands a connection to the cluster: passed through, proxied, or as an HTTP proxy.

Keys and effects are those of each vendor's controller documentation (see `docs/load-balancers.md`). Where a vendor's
default moved between versions, or nothing tells, the answer is an assumption.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from srcip_lint.balancers import Balancer
from srcip_lint.balancers.proxy_protocol import (
    ASSUMED_PASSTHROUGH,
    AWS_FAMILIES,
    Sending,
    Setting,
    asks,
    attribute,
    may_read,
    sending,
)
from srcip_lint.environment import Edge
from srcip_lint.path.hops import Basis, Evidence, ProxyProtocol
from srcip_lint.resources.service import Service, ServicePort


class Mode(Enum):
    """What the load balancer does with the connection."""

    PASSTHROUGH = "passes the connection through"
    L4_PROXY = "opens a connection of its own"
    L7_APPEND = "is an HTTP proxy and appends the client to X-Forwarded-For"
    L7_OVERWRITE = "is an HTTP proxy and overwrites X-Forwarded-For with the client"
    UNKNOWN = "hands the connection on, and whose address it then carries is not known"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How packets come to the node or the pod, and what that rests on."""

    mode: Mode
    basis: Basis = field(default_factory=Basis)
    sending: Sending = field(default_factory=Sending)
    targets_pods: bool = False
    """Does it connect to the pods themselves, past the nodes' traffic policy?"""

    @property
    def proxy_protocol(self) -> bool:
        """Does it surely send the PROXY protocol, or is that assumed?"""
        return self.sending.protocol is ProxyProtocol.PRESENT

    @property
    def is_http_proxy(self) -> bool:
        return self.mode in (Mode.L7_APPEND, Mode.L7_OVERWRITE)


_BETA = "service.beta.kubernetes.io/"
_AWS = _BETA + "aws-load-balancer-"
_HETZNER = "load-balancer.hetzner.cloud/"
_OCTAVIA = "loadbalancer.openstack.org/"
_OCI_TYPE = "oci.oraclecloud.com/load-balancer-type"
_OCI_KEEPS = "oci-network-load-balancer.oraclecloud.com/is-preserve-source"

_IS_HTTP = (
    Setting(_AWS + "backend-protocol", ("http", "https"), AWS_FAMILIES),
    Setting(_HETZNER + "protocol", ("http", "https"), ("hetzner",)),
    Setting(_BETA + "do-loadbalancer-protocol", ("http", "https", "http2", "http3"), ("digitalocean",)),
    Setting(_OCTAVIA + "x-forwarded-for", ("true",), ("openstack",)),
)
_PROXYING = frozenset({"hetzner", "linode", "scaleway"})
"""Families whose TCP load balancer opens a connection of its own unless told otherwise."""

_PASSING = frozenset(
    {"metallb", "metallb-l2", "metallb-bgp", "calico-bgp", "cilium-bgp", "cilium-l2", "gke", "aks", "purelb", "openelb"}
    | {"kube-vip", "kube-vip-per-service", "kube-vip-global"}
)
_FRONTS = {"l4-proxy": Mode.L4_PROXY, "l7-append": Mode.L7_APPEND, "l7-overwrite": Mode.L7_OVERWRITE}

_CLASSIC = "no other controller takes the Service over: the AWS cloud provider then makes a classic load balancer"
_OCI_DEFAULT = "the load balancer is of the type lb, which Oracle's controller makes unless told otherwise"
_AMPHORA = "the load balancer's provider is amphora: ovn would pass connections through"
_UDP_KEEPS = "for UDP the load balancer keeps the client's address although its targets are pods"


def deliver(service: Service, balancer: Balancer, edge: Edge | None, port: ServicePort | None = None) -> Delivery:
    """How the load balancer of a Service delivers: declared, else by its annotations, else as its family does. Some
    treat a port of their own, so `port` may matter."""
    sends = sending(service, balancer, edge, port)
    if edge and edge.front:
        return Delivery(_FRONTS.get(edge.front, Mode.PASSTHROUGH), sends.basis, sends)
    asked = asks(service, balancer, port)
    if asked:
        return Delivery(Mode.L4_PROXY, Basis((asked,)), sends, targets_pods=_targets_pods(service))
    http = _first(service, _IS_HTTP, balancer)
    if http:
        return Delivery(Mode.L7_APPEND, Basis((http,)), sends)
    found = _by_family(service, balancer.family.name if balancer.family else "", _is_udp(port))
    return replace(found, basis=Basis(tuple(_signs(balancer))) + found.basis, sending=sends)


def _signs(balancer: Balancer) -> Iterator[Evidence]:
    """Why we think that it is this load balancer."""
    for signal in balancer.signals:
        yield Evidence(signal.why, signal.at, signal.object.ref if signal.object else None)


def _by_family(service: Service, name: str, is_udp: bool) -> Delivery:
    if name in AWS_FAMILIES:
        return _of_aws(service, name, is_udp)
    if name == "digitalocean":
        return _of_digitalocean(service)
    if name == "oci":
        return _of_oci(service)
    if name == "tailscale":
        return Delivery(Mode.UNKNOWN, targets_pods=True)
    if name == "openstack":
        return Delivery(Mode.L4_PROXY, Basis(assumptions=(_AMPHORA,)))
    if name in _PROXYING:
        return Delivery(Mode.L4_PROXY)
    return Delivery(Mode.PASSTHROUGH, Basis() if name in _PASSING else Basis(assumptions=(ASSUMED_PASSTHROUGH,)))


def _of_aws(service: Service, name: str, is_udp: bool) -> Delivery:
    """A network load balancer keeps the address for nodes, and for pods only where it is told to; a classic one opens
    connections of its own."""
    loses, keeps = (attribute(service, f"preserve_client_ip.enabled={word}") for word in ("false", "true"))
    if _targets_pods(service):
        if keeps:
            return Delivery(Mode.PASSTHROUGH, Basis((keeps,)), targets_pods=True)
        if is_udp:
            return Delivery(Mode.PASSTHROUGH, Basis(assumptions=(_UDP_KEEPS,)), targets_pods=True)
        return Delivery(Mode.L4_PROXY, targets_pods=True)
    is_network = service.object.annotation(_AWS + "type") in ("nlb", "external") or service.load_balancer_class.written
    if not is_network and name == "aws-ccm":
        return Delivery(Mode.L4_PROXY, Basis(assumptions=(_CLASSIC,)))
    return Delivery(Mode.L4_PROXY, Basis((loses,))) if loses else Delivery(Mode.PASSTHROUGH)


def _of_digitalocean(service: Service) -> Delivery:
    """Which type is the default has changed."""
    kind = service.object.annotation(_BETA + "do-loadbalancer-type")
    if kind == "REGIONAL":
        return Delivery(Mode.L4_PROXY)
    assumptions = () if kind == "REGIONAL_NETWORK" else (ASSUMED_PASSTHROUGH,)
    return Delivery(Mode.PASSTHROUGH, Basis(assumptions=assumptions))


def _of_oci(service: Service) -> Delivery:
    """A network load balancer keeps the address under Local, unless told otherwise."""
    kind = service.object.annotation(_OCI_TYPE)
    is_local = service.external_traffic_policy.value == "Local"
    if kind == "nlb" and is_local and service.object.annotation(_OCI_KEEPS) != "false":
        return Delivery(Mode.PASSTHROUGH)
    return Delivery(Mode.L4_PROXY, Basis(assumptions=() if kind in ("lb", "nlb") else (_OCI_DEFAULT,)))


def _targets_pods(service: Service) -> bool:
    """AWS load balancers of target type `ip` connect to the pods themselves and pass the nodes by."""
    kind = service.object.annotation(_AWS + "type")
    return kind == "nlb-ip" or service.object.annotation(_AWS + "nlb-target-type") == "ip"


def _first(service: Service, table: tuple[Setting, ...], balancer: Balancer) -> Evidence | None:
    """The first annotation of a table that says yes and that the load balancer may read."""
    for setting in table:
        if may_read(balancer, setting.families) and service.object.annotation(setting.key) in setting.values:
            return _annotation(service, setting.key)
    return None


def _annotation(service: Service, key: str) -> Evidence:
    return Evidence(
        f"the annotation {key}", service.object.place.at("metadata", "annotations", key), service.object.ref
    )


def _is_udp(port: ServicePort | None) -> bool:
    return port is not None and port.protocol.value == "UDP"
