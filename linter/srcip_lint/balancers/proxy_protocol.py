"""Whether a load balancer sends the PROXY protocol, sends none, or nobody can tell.

The announcement of an address, and the passing on of packets, cannot write anything into a connection. What opens
connections of its own sends the PROXY protocol where an annotation asks for it, and each vendor has one of its own.
Silence of the annotations proves something only where every way to ask for it is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from srcip_lint.balancers import Balancer
from srcip_lint.balancers.internal import is_internal
from srcip_lint.balancers.signals import is_bare_metal
from srcip_lint.environment import Edge
from srcip_lint.path.hops import Basis, Evidence, ProxyProtocol
from srcip_lint.resources.service import Service, ServicePort


@dataclass(frozen=True, slots=True)
class Sending:
    """Does it send the PROXY protocol, and on what does the answer rest?"""

    protocol: ProxyProtocol = ProxyProtocol.UNKNOWN
    basis: Basis = field(default_factory=Basis)


@dataclass(frozen=True, slots=True)
class Setting:
    """An annotation that says how the load balancers of these families deliver. Others do not read it."""

    key: str
    values: tuple[str, ...]
    families: tuple[str, ...]


_BETA = "service.beta.kubernetes.io/"
_AWS = _BETA + "aws-load-balancer-"
_DO_TYPE = _BETA + "do-loadbalancer-type"
_DO = _BETA + "do-loadbalancer-enable-proxy-protocol"
_PRIVATE_LINK = _BETA + "azure-pls-create"
_HETZNER = "load-balancer.hetzner.cloud/uses-proxyprotocol"
_LINODE_PORT = _BETA + "linode-loadbalancer-port-"
_PER_TARGET_GROUP = _AWS + "proxy-protocol-per-target-group"
AWS_FAMILIES = ("aws-lbc", "aws-ccm")

SENDERS = (
    Setting(_AWS + "proxy-protocol", ("*",), AWS_FAMILIES),
    Setting(_DO, ("true",), ("digitalocean",)),
    Setting(_HETZNER, ("true",), ("hetzner",)),
    Setting(_BETA + "scw-loadbalancer-proxy-protocol-v2", ("true", "*"), ("scaleway",)),
    Setting(_BETA + "linode-loadbalancer-default-proxy-protocol", ("v1", "v2"), ("linode",)),
    Setting("loadbalancer.openstack.org/proxy-protocol", ("true", "v1", "v2"), ("openstack",)),
    Setting(_BETA + "oci-load-balancer-connection-proxy-protocol-version", ("1", "2"), ("oci",)),
    Setting(_BETA + "azure-pls-proxy-protocol", ("true",), ("aks",)),
    Setting("k8s.cloudscale.ch/loadbalancer-pool-protocol", ("proxy", "proxyv2"), ("health-checked",)),
)

_PASSING_CLOUDS = ("gke", "aks")
"""Clouds whose load balancer passes packets on. A private link to an internal one may send the PROXY protocol, by an
object of its own (GKE's ServiceAttachment) or an annotation."""

_ON_REQUEST = frozenset({*AWS_FAMILIES, "digitalocean", "linode", "openstack", "scaleway", "oci"})
"""Families that send it where the Service's annotations say so, and only there."""

_DECLARED_PASSING = ("direct", "l4-passthrough")
_MENTIONS = re.compile(r"proxy[-_.]?proto|send-?proxy|ppv2|pool-protocol", re.IGNORECASE)
_OFF = ("", "false", "none", "no", "off", "0", "tcp", "disabled")

ASSUMED_PASSTHROUGH = "the load balancer passes connections through and sends no PROXY protocol"
_BY_HAND = "nobody has turned the PROXY protocol on at the load balancer itself"
_DO_REGIONAL = "the load balancer is of the type REGIONAL: DigitalOcean's others send no PROXY protocol"


def sending(service: Service, balancer: Balancer, edge: Edge | None, port: ServicePort | None = None) -> Sending:
    """What the load balancer of a Service sends: declared, else by its annotations, else as its family does. Only TCP
    has room for it."""
    if edge and edge.front:
        declared = Basis((Evidence(f"edges: front {edge.front} is declared"),))
        return Sending(ProxyProtocol.ABSENT if edge.front in _DECLARED_PASSING else ProxyProtocol.UNKNOWN, declared)
    if port is not None and port.protocol.value != "TCP":
        return Sending()
    asked = asks(service, balancer, port)
    if asked:
        return _asked(service, balancer, asked)
    silent = None if _may_be_asked(service, balancer) else _unasked(service, balancer)
    basis = Basis(tuple(_signs(balancer))) if _never_sends(service, balancer) else silent
    return Sending() if basis is None else Sending(ProxyProtocol.ABSENT, basis)


def _unasked(service: Service, balancer: Balancer) -> Basis | None:
    """On what it rests that the load balancer sends none, since no annotation asks for it; None where that proves
    nothing."""
    name = balancer.family.name if balancer.family else None
    if name in _ON_REQUEST:
        # AWS's network load balancers were long set up by hand, and the old controller leaves that alone.
        return Basis(tuple(_signs(balancer)), (_BY_HAND,) if name == "aws-ccm" else ())
    if name == "hetzner" and service.object.annotation(_HETZNER) == "false":
        return Basis((_evidence(service, _HETZNER),))
    return Basis(assumptions=(ASSUMED_PASSTHROUGH,)) if name is None and not balancer.named else None


def can_send(balancer: Balancer) -> bool:
    """May there be a way to let it send the PROXY protocol?"""
    return balancer.family is None or not (is_bare_metal(balancer.family) or balancer.family.name in _PASSING_CLOUDS)


def asks(service: Service, balancer: Balancer, port: ServicePort | None = None) -> Evidence | None:
    """The annotation that asks for the PROXY protocol, where the load balancer may read it."""
    return _of_port(service, port, balancer) or _first(service, balancer) or _of_attributes(service, balancer)


def may_read(balancer: Balancer, families: tuple[str, ...]) -> bool:
    """May the load balancer read an annotation of these families? Another product's does not."""
    return balancer.family is None or balancer.family.name in (*families, "health-checked")


def mentions(service: Service) -> bool:
    """Does an annotation of the Service, whoever reads it, speak of the PROXY protocol other than to refuse it? One
    whose value is a placeholder may."""
    for key, value in service.object.annotations.items():
        if not isinstance(value, str):
            return True
        is_named = bool(_MENTIONS.search(key)) and value.strip().lower() not in _OFF
        if is_named or (_MENTIONS.search(value) and not value.rstrip().endswith("=false")):
            return True
    return False


def _asked(service: Service, balancer: Balancer, asked: Evidence) -> Sending:
    """A load balancer that is asked for it sends it: but for what its vendor's others do, and for what it is not known
    of."""
    written = service.object.annotation
    is_do = asked.text.endswith(_DO)
    if (
        (is_do and written(_DO_TYPE) not in (None, "REGIONAL"))
        or written(_AWS + "backend-protocol") in ("http", "https")
        or _PER_TARGET_GROUP in service.object.annotations
        or ("azure-pls" in asked.text and written(_PRIVATE_LINK) != "true")
    ):
        return Sending()
    assumed = [_DO_REGIONAL] if is_do and written(_DO_TYPE) is None else []
    assumed += [] if balancer.family else [f"the load balancer is one that reads {asked.text}"]
    return Sending(ProxyProtocol.PRESENT, Basis((asked,), tuple(assumed)))


def _never_sends(service: Service, balancer: Balancer) -> bool:
    """Does it, whatever is asked of it, only bring packets to the nodes? Signals may disagree about the rest."""
    is_open = not is_internal(service)
    families = [signal.family for signal in balancer.signals]
    passing = [is_bare_metal(each) or (each.name in _PASSING_CLOUDS and is_open) for each in families]
    return bool(passing) and all(passing)


def _may_be_asked(service: Service, balancer: Balancer) -> bool:
    """May something ask for it that is not read here: an annotation of a vendor whose words are not known, or a
    placeholder in the place of one?"""
    return mentions(service) or (balancer.family is not None and balancer.family.name == "health-checked")


def _signs(balancer: Balancer) -> Iterator[Evidence]:
    """Why we think that it is this load balancer."""
    for signal in balancer.signals:
        yield Evidence(signal.why, signal.at, signal.object.ref if signal.object else None)


def _first(service: Service, balancer: Balancer) -> Evidence | None:
    for setting in SENDERS:
        if may_read(balancer, setting.families) and service.object.annotation(setting.key) in setting.values:
            return _evidence(service, setting.key)
    return None


def _of_attributes(service: Service, balancer: Balancer) -> Evidence | None:
    if not may_read(balancer, AWS_FAMILIES):
        return None
    return attribute(service, "proxy_protocol_v2.enabled=true")


def attribute(service: Service, wanted: str) -> Evidence | None:
    """An attribute of an AWS network load balancer's target groups."""
    key = _AWS + "target-group-attributes"
    value = service.object.annotation(key) or ""
    return _evidence(service, key, wanted) if wanted in (part.strip() for part in value.split(",")) else None


def _of_port(service: Service, port: ServicePort | None, balancer: Balancer) -> Evidence | None:
    """Linode's settings of one port, a JSON object."""
    if port is None or not may_read(balancer, ("linode",)):
        return None
    key = f"{_LINODE_PORT}{port.port.value}"
    sends = re.search(r'"proxy-protocol"\s*:\s*"v[12]"', service.object.annotation(key) or "")
    return _evidence(service, key) if sends else None


def _evidence(service: Service, key: str, part: str = "") -> Evidence:
    words = f"the annotation {key}" + (f": {part}" if part else "")
    return Evidence(words, service.object.place.at("metadata", "annotations", key), service.object.ref)
