"""What the network policy of a pod sees, by policy, dataplane and what stands in front."""

from __future__ import annotations

import pytest

from linting import model_of
from srcip_lint.path.hops import Observation, Point, SourcePath
from srcip_lint.path.policed import ORDER
from srcip_lint.path.verdict import describe

SAME, OTHER = "when the pod is on the node that received the packet", "when the pod is on another node"
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: office}
spec:
  ingress:
    - from:
        - {ipBlock: {cidr: 198.51.100.0/24, except: [198.51.100.9/32]}}
        - {ipBlock: {cidr: 203.0.113.0/24}}
"""


def path(policy: str = "", host: str = "false", given: dict[str, str] | None = None) -> SourcePath:
    text = f"""\
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{type: LoadBalancer, {policy}selector: {{app: web}}, ports: [{{port: 80}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{hostNetwork: {host}, containers: [{{name: web}}]}}
---
{POLICY}"""
    model = model_of({"all.yaml": text}, tuple((given or {}).items()))
    (found,) = model.paths(model.bundle.services[0])
    return found


def seen(found: SourcePath) -> tuple[Observation, ...]:
    return found.edge_pod.observations if found.edge_pod else ()


@pytest.mark.parametrize(
    ("policy", "given", "addresses", "is_assumed"),
    [
        ("", {"dataplane": "kube-proxy"}, f"the client {SAME} or a node {OTHER}", True),
        ("", {"dataplane": "kube-router"}, f"the client {SAME} or a node {OTHER}", True),
        ("", {"dataplane": "cilium-snat"}, f"the client {SAME} or a node {OTHER}", True),
        ("", {"dataplane": "cilium-dsr"}, "the client", False),
        ("", {"dataplane": "calico-ebpf"}, "the client", False),
        ("externalTrafficPolicy: Local, ", {}, "the client", False),
        ("externalTrafficPolicy: Local, ", {"loadBalancer": "hetzner"}, "the load balancer", False),
        ("", {"loadBalancer": "hetzner"}, f"the load balancer {SAME} or a node {OTHER}", True),
        ("externalTrafficPolicy: $POLICY, ", {}, "unknown (the placeholder $POLICY)", True),
    ],
)
def test_a_policy_sees_what_comes_before_the_masquerade_on_the_receiving_node(
    policy: str, given: dict[str, str], addresses: str, is_assumed: bool
) -> None:
    found = seen(path(policy, given=given))
    assert {describe(each.addresses) for each in found} == {addresses}
    assert {each.basis.assumptions for each in found} == {(ORDER,) if is_assumed else ()}


@pytest.mark.parametrize("host", ["true", "$HOST"])
def test_of_a_pod_on_the_host_nobody_knows(host: str) -> None:
    (first, _) = seen(path(host=host))
    assert describe(first.addresses).startswith("unknown (most network plugins check no policy")


def test_an_observation_is_a_block_with_its_exceptions() -> None:
    found = path()
    first, second = seen(found)
    assert (first.point, first.control, first.header) == (Point.POD_POLICY, "NetworkPolicy office", "")
    assert [str(network) for network in first.networks] == ["198.51.100.0/24"]
    assert [(str(network), place.path[-1]) for network, place in first.exceptions] == [("198.51.100.9/32", 0)]
    assert first.at.path[-2:] == ("ipBlock", "cidr")
    assert second.exceptions == ()


def test_the_assumption_is_no_part_of_what_the_peer_rests_on() -> None:
    """So that it lowers no verdict of a rule that asks what the pod sees."""
    found = path(given={"dataplane": "kube-proxy"})
    pod = found.edge_pod
    assert pod
    assert found.peer_basis(pod).certain
    assert pod.assumptions == (ORDER,)
