"""Does a load balancer send the PROXY protocol, send none, or can nobody tell? Beside the table of those who are asked
to (`tests/test_delivery.py`)."""

from __future__ import annotations

import pytest

from linting import model_of
from srcip_lint.balancers import Balancer, identify
from srcip_lint.balancers.proxy_protocol import Sending, can_send, sending
from srcip_lint.model import Model
from srcip_lint.path.hops import ProxyProtocol
from srcip_lint.resources.service import Service

AWS = "service.beta.kubernetes.io/aws-load-balancer"
DO = "service.beta.kubernetes.io/do-loadbalancer"
HETZNER = "load-balancer.hetzner.cloud"
PASSING = (
    *("metallb", "metallb-l2", "metallb-bgp", "kube-vip", "purelb", "openelb", "k3s-servicelb"),
    *("cilium-l2", "cilium-bgp", "calico-bgp", "gke", "aks"),
)
NONE, SENT, OPEN = ProxyProtocol.ABSENT, ProxyProtocol.PRESENT, ProxyProtocol.UNKNOWN


def asked_of(
    annotations: dict[str, str], protocol: str = "TCP", extra: str = "", **given: str
) -> tuple[Model, Service, Balancer]:
    notes = ", ".join(f"'{key}': '{value}'" for key, value in annotations.items())
    text = f"""\
apiVersion: v1
kind: Service
metadata: {{name: web, annotations: {{{notes}}}}}
spec:
  type: LoadBalancer
  {extra}
  ports: [{{port: 80, protocol: {protocol}}}]
"""
    model = model_of({"a.yaml": text}, tuple(given.items()))
    (service,) = model.bundle.services
    return model, service, identify(service, model.bundle, model.environment)


def sends(annotations: dict[str, str], protocol: str = "TCP", extra: str = "", **given: str) -> Sending:
    model, service, balancer = asked_of(annotations, protocol, extra, **given)
    return sending(service, balancer, model.environment.edge(None, "web"), service.ports[0])


@pytest.mark.parametrize("declared", PASSING)
@pytest.mark.parametrize("asked", [{}, {f"{DO}-enable-proxy-protocol": "true"}, {"example.com/proxy-protocol": "yes"}])
def test_what_only_brings_packets_to_nodes_sends_none_whatever_is_asked(declared: str, asked: dict[str, str]) -> None:
    found = sends(asked, loadBalancer=declared)
    assert (found.protocol, found.basis.certain) == (NONE, True)


UNASKED = [
    ({f"{DO}-name": "x"}, NONE, True),
    ({"service.beta.kubernetes.io/linode-loadbalancer-throttle": "5"}, NONE, True),
    ({"loadbalancer.openstack.org/keep-floatingip": "true"}, NONE, True),
    ({"loadbalancer.openstack.org/proxy-protocol": "false"}, NONE, True),
    ({"service.beta.kubernetes.io/scw-loadbalancer-type": "x"}, NONE, True),
    ({"oci.oraclecloud.com/load-balancer-type": "lb"}, NONE, True),
    ({f"{AWS}-type": "nlb"}, NONE, False),  # by hand
    ({f"{AWS}-target-group-attributes": "proxy_protocol_v2.enabled=false"}, NONE, False),
    ({f"{HETZNER}/location": "fsn1"}, OPEN, True),  # its controller has a default
    ({f"{HETZNER}/uses-proxyprotocol": "false"}, NONE, True),
    ({f"{HETZNER}/uses-proxyprotocol": "${{PP}}"}, OPEN, True),
    ({"networking.gke.io/load-balancer-type": "Internal"}, OPEN, True),
    ({"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}, OPEN, True),
    ({"service.beta.kubernetes.io/azure-dns-label-name": "x"}, NONE, True),
    ({"service.beta.kubernetes.io/vultr-loadbalancer-label": "x"}, OPEN, True),
    ({"oci-network-load-balancer.oraclecloud.com/is-ppv2-enabled": "true"}, OPEN, True),
    ({"external-dns.alpha.kubernetes.io/hostname": "shop.example"}, NONE, False),
    ({"external-dns.alpha.kubernetes.io/hostname": "${{DOMAIN}}"}, OPEN, True),
    ({"example.com/config": "{send: proxyProtocol}"}, OPEN, True),
    ({}, NONE, False),
]


@pytest.mark.parametrize(("annotations", "protocol", "certain"), UNASKED)
def test_silence_proves_something_only_where_every_way_to_ask_is_known(
    annotations: dict[str, str], protocol: ProxyProtocol, certain: bool
) -> None:
    found = sends({key: value.replace("{{", "{").replace("}}", "}") for key, value in annotations.items()})
    assert (found.protocol, found.basis.certain) == (protocol, certain)


def test_signals_that_disagree_agree_on_nothing() -> None:
    assert sends({"metallb.io/address-pool": "x", f"{DO}-name": "x"}).protocol is OPEN
    assert sends({"metallb.io/address-pool": "x", "purelb.io/service-group": "x"}).protocol is NONE


def test_a_class_that_is_not_known_may_do_anything() -> None:
    assert sends({}, extra="loadBalancerClass: example.com/lb").protocol is OPEN
    assert sends({}, extra="loadBalancerClass: service.k8s.aws/nlb").protocol is NONE


ASKED = [
    ({f"{DO}-enable-proxy-protocol": "true"}, SENT, False),
    ({f"{DO}-enable-proxy-protocol": "true", f"{DO}-type": "REGIONAL"}, SENT, True),
    ({f"{DO}-enable-proxy-protocol": "true", f"{DO}-type": "REGIONAL_NETWORK"}, OPEN, True),
    ({f"{AWS}-proxy-protocol": "*"}, SENT, True),
    ({f"{AWS}-proxy-protocol": "*", f"{AWS}-backend-protocol": "https"}, OPEN, True),
    ({f"{AWS}-proxy-protocol": "*", f"{AWS}-proxy-protocol-per-target-group": "443"}, OPEN, True),
    ({"service.beta.kubernetes.io/azure-pls-proxy-protocol": "true"}, OPEN, True),
    # Two vendors' words: which one serves it is not known.
    ({f"{AWS}-proxy-protocol": "*", f"{HETZNER}/uses-proxyprotocol": "true"}, SENT, False),
]


@pytest.mark.parametrize(("annotations", "protocol", "certain"), ASKED)
def test_not_every_one_that_is_asked_surely_sends_it(
    annotations: dict[str, str], protocol: ProxyProtocol, certain: bool
) -> None:
    found = sends(annotations)
    assert (found.protocol, found.basis.certain) == (protocol, certain)


def test_only_tcp_has_room_for_it() -> None:
    assert sends({f"{HETZNER}/uses-proxyprotocol": "true"}, protocol="UDP").protocol is OPEN
    assert sends({}, protocol="UDP", loadBalancer="metallb").protocol is OPEN


@pytest.mark.parametrize(
    ("front", "protocol"),
    [("direct", NONE), ("l4-passthrough", NONE), ("l4-proxy", OPEN), ("l7-append", OPEN), ("l7-overwrite", OPEN)],
)
def test_a_declared_front_decides(front: str, protocol: ProxyProtocol) -> None:
    found = sends({f"{HETZNER}/uses-proxyprotocol": "true"}, edges=f"[{{service: web, front: {front}}}]")
    assert (found.protocol, found.basis.certain) == (protocol, True)


@pytest.mark.parametrize(("declared", "can"), [("metallb", False), ("gke", False), ("hetzner", True), ("static", True)])
def test_whom_one_could_ask(declared: str, can: bool) -> None:
    assert can_send(asked_of({}, loadBalancer=declared)[2]) is can
