"""How each load balancer hands connections to the cluster: the vendors' tables of `docs/load-balancers.md`."""

from __future__ import annotations

import pytest

from linting import model_of
from srcip_lint.balancers import identify
from srcip_lint.balancers.delivery import Delivery, Mode, deliver
from srcip_lint.balancers.proxy_protocol import ASSUMED_PASSTHROUGH

AWS = "service.beta.kubernetes.io/aws-load-balancer"
ATTRIBUTES = f"{AWS}-target-group-attributes"
BETA = "service.beta.kubernetes.io"
HETZNER = "load-balancer.hetzner.cloud"
OCI = "oci.oraclecloud.com/load-balancer-type"
OCI_KEEPS = "oci-network-load-balancer.oraclecloud.com/is-preserve-source"
OCTAVIA = "loadbalancer.openstack.org"
NLB, IP = {f"{AWS}-type": "external"}, {f"{AWS}-type": "external", f"{AWS}-nlb-target-type": "ip"}


def delivery(annotations: dict[str, str], policy: str = "Cluster", protocol: str = "TCP", **given: str) -> Delivery:
    notes = ", ".join(f"'{key}': '{value}'" for key, value in annotations.items())
    text = f"""\
apiVersion: v1
kind: Service
metadata: {{name: web, annotations: {{{notes}}}}}
spec:
  type: LoadBalancer
  externalTrafficPolicy: {policy}
  ports: [{{port: 80, protocol: {protocol}}}]
"""
    model = model_of({"a.yaml": text}, tuple(given.items()))
    (service,) = model.bundle.services
    balancer = identify(service, model.bundle, model.environment)
    edge = model.environment.edge(None, "web")
    return deliver(service, balancer, edge, service.ports[0])


PASS, L4, L7 = Mode.PASSTHROUGH, Mode.L4_PROXY, Mode.L7_APPEND

BY_ANNOTATION = [
    ({}, PASS, False),
    ({f"{AWS}-internal": "true"}, L4, False),
    ({f"{AWS}-backend-protocol": "http"}, L7, True),
    ({f"{AWS}-backend-protocol": "tcp"}, L4, False),
    ({f"{AWS}-type": "nlb"}, PASS, True),
    (NLB, PASS, True),
    ({**NLB, ATTRIBUTES: "preserve_client_ip.enabled=false"}, L4, True),
    (IP, L4, True),
    ({f"{AWS}-type": "nlb-ip"}, L4, True),
    ({**IP, ATTRIBUTES: "deregistration_delay.timeout_seconds=5, preserve_client_ip.enabled=true"}, PASS, True),
    ({f"{BETA}/azure-load-balancer-internal": "true"}, PASS, True),
    ({"networking.gke.io/load-balancer-type": "Internal"}, PASS, True),
    ({f"{BETA}/do-loadbalancer-type": "REGIONAL"}, L4, True),
    ({f"{BETA}/do-loadbalancer-type": "REGIONAL_NETWORK"}, PASS, True),
    ({f"{BETA}/do-loadbalancer-name": "x"}, PASS, False),
    ({f"{BETA}/do-loadbalancer-protocol": "http2"}, L7, True),
    ({f"{HETZNER}/location": "fsn1"}, L4, True),
    ({f"{HETZNER}/protocol": "https"}, L7, True),
    ({OCI: "lb"}, L4, True),
    ({OCI: "nlb"}, L4, True),
    ({f"{BETA}/oci-load-balancer-internal": "true"}, L4, False),
    ({f"{BETA}/linode-loadbalancer-throttle": "5"}, L4, True),
    ({f"{OCTAVIA}/keep-floatingip": "true"}, L4, False),
    ({f"{OCTAVIA}/x-forwarded-for": "true"}, L7, True),
    ({f"{BETA}/scw-loadbalancer-type": "x"}, L4, True),
    ({"metallb.io/address-pool": "x"}, PASS, True),
    ({"kube-vip.io/loadbalancerIPs": "192.0.2.1"}, PASS, True),
    ({"purelb.io/service-group": "x"}, PASS, True),
    ({"svccontroller.k3s.cattle.io/nodeselector": "x"}, PASS, False),
]


@pytest.mark.parametrize(("annotations", "mode", "certain"), BY_ANNOTATION)
def test_mode_by_what_the_service_says(annotations: dict[str, str], mode: Mode, certain: bool) -> None:
    found = delivery(annotations)
    assert (found.mode, found.basis.certain, found.proxy_protocol) == (mode, certain, False)


SENDERS = [
    {f"{AWS}-proxy-protocol": "*"},
    {**NLB, ATTRIBUTES: "proxy_protocol_v2.enabled=true"},
    {f"{BETA}/do-loadbalancer-enable-proxy-protocol": "true"},
    {f"{HETZNER}/uses-proxyprotocol": "true"},
    {f"{BETA}/scw-loadbalancer-proxy-protocol-v2": "true"},
    {f"{BETA}/linode-loadbalancer-default-proxy-protocol": "v2"},
    {f"{BETA}/linode-loadbalancer-port-80": '{"proxy-protocol": "v2"}'},
    {f"{OCTAVIA}/proxy-protocol": "true"},
    {f"{BETA}/oci-load-balancer-connection-proxy-protocol-version": "2"},
    {f"{BETA}/azure-pls-create": "true", f"{BETA}/azure-pls-proxy-protocol": "true"},
    {"k8s.cloudscale.ch/loadbalancer-pool-protocol": "proxyv2"},
]
NOT_SENDERS = [
    {f"{AWS}-proxy-protocol": "true"},
    {f"{HETZNER}/uses-proxyprotocol": "false"},
    {f"{BETA}/linode-loadbalancer-default-proxy-protocol": "none"},
    {f"{BETA}/linode-loadbalancer-port-443": '{"proxy-protocol": "v2"}'},
    {f"{OCTAVIA}/proxy-protocol": "false"},
    {**NLB, ATTRIBUTES: "proxy_protocol_v2.enabled=false"},
    {"k8s.cloudscale.ch/loadbalancer-pool-protocol": "tcp"},
]


@pytest.mark.parametrize("annotations", SENDERS)
def test_who_sends_the_proxy_protocol(annotations: dict[str, str]) -> None:
    found = delivery(annotations)
    assert (found.mode, found.proxy_protocol, found.basis.certain) == (L4, True, True)
    assert found.basis.evidence[0].at


@pytest.mark.parametrize("annotations", NOT_SENDERS)
def test_who_does_not(annotations: dict[str, str]) -> None:
    assert not delivery(annotations).proxy_protocol


@pytest.mark.parametrize("annotations", SENDERS)
@pytest.mark.parametrize("declared", ["metallb", "kube-vip", "gke", "k3s-servicelb"])
def test_a_load_balancer_does_not_read_annotations_of_another(annotations: dict[str, str], declared: str) -> None:
    assert not delivery(annotations, loadBalancer=declared).proxy_protocol


@pytest.mark.parametrize(
    ("annotations", "policy", "mode"),
    [
        ({OCI: "nlb"}, "Local", PASS),
        ({OCI: "nlb", OCI_KEEPS: "false"}, "Local", L4),
        ({OCI: "lb"}, "Local", L4),
        ({f"{HETZNER}/location": "fsn1"}, "Local", L4),
        (NLB, "Local", PASS),
    ],
)
def test_local_brings_the_address_back_only_where_connections_pass_through(
    annotations: dict[str, str], policy: str, mode: Mode
) -> None:
    assert delivery(annotations, policy).mode is mode


def test_targets_that_are_pods() -> None:
    assert delivery(IP).targets_pods
    assert not delivery(NLB).targets_pods
    assert delivery(IP, protocol="UDP").mode is PASS


FRONTS = [
    ("direct", PASS),
    ("l4-passthrough", PASS),
    ("l4-proxy", L4),
    ("l7-append", L7),
    ("l7-overwrite", Mode.L7_OVERWRITE),
]


@pytest.mark.parametrize(("front", "mode"), FRONTS)
def test_a_declared_front_is_believed(front: str, mode: Mode) -> None:
    found = delivery({f"{HETZNER}/uses-proxyprotocol": "true"}, edges=f"[{{service: web, front: {front}}}]")
    assert (found.mode, found.basis.certain) == (mode, True)


def test_what_nothing_tells_is_assumed_and_said_so() -> None:
    assert delivery({}).basis.assumptions == (ASSUMED_PASSTHROUGH,)
    assert delivery({}, loadBalancer="health-checked").basis.assumptions == (ASSUMED_PASSTHROUGH,)


ADVICE = [
    ({}, ["externalTrafficPolicy: Local", "Local alone does not help", "dataplane: cilium-dsr"]),
    ({"metallb.io/address-pool": "x"}, ["externalTrafficPolicy: Local", "dataplane: cilium-dsr"]),
    ({f"{HETZNER}/location": "fsn1"}, ["the Hetzner load balancer send the PROXY protocol"]),
]


@pytest.mark.parametrize(("annotations", "expected"), ADVICE)
def test_the_advice_fits_the_load_balancer(annotations: dict[str, str], expected: list[str]) -> None:
    notes = ", ".join(f"'{key}': '{value}'" for key, value in annotations.items())
    text = f"apiVersion: v1\nkind: Service\nmetadata: {{name: web, annotations: {{{notes}}}}}\n"
    model = model_of({"a.yaml": text + "spec: {type: LoadBalancer, ports: [{port: 80}]}\n"})
    fixes = model.keep_address_fixes(model.bundle.services[0])
    assert [words in fix for words, fix in zip(expected, fixes, strict=True)] == [True] * len(expected)
