"""The announcement among the hops of a path: by which advertisements, from which nodes, and what a moving pod does."""

from __future__ import annotations

import pytest

from linting import model_of

MANIFESTS = """\
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: pool, namespace: metallb-system}
spec: {addresses: [198.51.100.0/24]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: everywhere, namespace: metallb-system}
---
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata: {name: racks, namespace: metallb-system}
spec: {nodeSelectors: [{matchLabels: {rack: a}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, externalTrafficPolicy: POLICY, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {nodeSelector: {rack: b}, containers: [{name: web, image: registry.example/web}]}
"""
TWO = "[{name: n1, labels: {rack: a}}, {name: n2, labels: {rack: b}}]"
MANY = "[" + ", ".join(f"{{name: n{number}, labels: {{rack: b}}}}" for number in range(7)) + "]"
L2_MOVES = "when its last ready pod goes, another of them takes over"
BGP_MOVES = "its route is withdrawn"


def hops(policy: str, nodes: str = "[]") -> dict[str, str]:
    """What the announcements of the Service do, by their names."""
    given = [("loadBalancer", "metallb"), *([("nodes", nodes)] if nodes != "[]" else [])]
    model = model_of({"a.yaml": MANIFESTS.replace("POLICY", policy)}, given)
    (path,) = model.paths(model.bundle.services[0])
    assert [hop.state.peer for hop in path.hops if hop.kind == "announcement"] == [path.hops[0].state.peer] * 2
    return {hop.name: hop.does for hop in path.hops if hop.kind == "announcement"}


@pytest.mark.parametrize("policy", ["Cluster", "Local"])
def test_each_protocol_is_a_hop_with_its_own_nodes(policy: str) -> None:
    found = hops(policy)
    pods = " with a ready pod" if policy == "Local" else ""
    layer2, bgp = found["L2Advertisement metallb-system/everywhere"], found["BGPAdvertisement metallb-system/racks"]
    assert layer2.startswith(f"in layer 2 one node answers for the address, elected among all nodes{pods}")
    assert bgp.startswith(f"the address is announced to BGP peers by the nodes rack=a{pods}")
    assert [L2_MOVES in layer2, BGP_MOVES in bgp] == [policy == "Local"] * 2


@pytest.mark.parametrize(
    ("policy", "nodes", "layer2", "bgp"),
    [
        ("Cluster", TWO, "of the nodes that are known: n1, n2", "of the nodes that are known: n1"),
        ("Local", TWO, "of the nodes that are known: n2", "none of the nodes that are known can"),
        ("Local", MANY, "7 of the nodes that are known can", "none of the nodes that are known can"),
    ],
)
def test_an_inventory_tells_which_nodes_these_are(policy: str, nodes: str, layer2: str, bgp: str) -> None:
    assert [does.rpartition("; ")[2] for does in hops(policy, nodes).values()] == [layer2, bgp]


def test_a_node_port_is_not_announced() -> None:
    model = model_of({"a.yaml": MANIFESTS.replace("POLICY", "Cluster").replace("LoadBalancer", "NodePort")})
    (path,) = model.paths(model.bundle.services[0])
    assert not [hop for hop in path.hops if hop.kind == "announcement"]
