"""Who announces what, from where: the model against a transcription of MetalLB's speakers, on random small clusters."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from linting import model_of
from metallb_speakers import EXCLUDE, bgp_routes, l2_leader
from srcip_lint.metallb.addresses import parse_address
from srcip_lint.metallb.announcement import Endpoints, candidates, elected, routes
from srcip_lint.resources.selectors import Answer

ADDRESS = "192.0.2.17"
KEYS, VALUES = ("role", "rack"), ("a", "b")
NAMES = ("n1", "n2", "n3", "n4")

LABELS = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=2)
EXPRESSION = st.one_of(
    st.builds(
        lambda key, operator, values: {"key": key, "operator": operator, "values": values},
        st.sampled_from(KEYS),
        st.sampled_from(("In", "NotIn")),
        st.lists(st.sampled_from(VALUES), min_size=1, max_size=2, unique=True),
    ),
    st.builds(
        lambda key, operator: {"key": key, "operator": operator},
        st.sampled_from(KEYS),
        st.sampled_from(("Exists", "DoesNotExist")),
    ),
)
SELECTOR = st.fixed_dictionaries(
    {}, optional={"matchLabels": LABELS, "matchExpressions": st.lists(EXPRESSION, min_size=1, max_size=2)}
)
SELECTORS = st.lists(SELECTOR, min_size=1, max_size=2)
PREFERENCE = st.fixed_dictionaries({"weight": st.integers(1, 3), "preference": SELECTOR})
REACHING = {
    "ipAddressPools": st.lists(st.sampled_from(("pool", "other")), min_size=1, max_size=2, unique=True),
    "ipAddressPoolSelectors": SELECTORS,
    "nodeSelectors": SELECTORS,
    "serviceSelectors": SELECTORS,
}
PREFERENCES = st.lists(PREFERENCE, min_size=1, max_size=2)
PREFERRING = st.fixed_dictionaries({"preferredNodeSelectors": PREFERENCES}, optional={"nodeSelectors": SELECTORS})
"""Reaches every pool, so that the preferences matter."""
L2 = PREFERRING | st.fixed_dictionaries({}, optional={**REACHING, "preferredNodeSelectors": PREFERENCES})
BGP = st.fixed_dictionaries(
    {},
    optional={
        **REACHING,
        "aggregationLength": st.integers(24, 32),
        "peers": st.lists(st.sampled_from(("p1", "p2", "nobody")), min_size=1, max_size=2, unique=True),
    },
)
PEER = st.fixed_dictionaries(
    {"myASN": st.just(64500), "peerASN": st.just(64501)}, optional={"nodeSelectors": SELECTORS}
)
NODE_LABELS = st.builds(
    lambda labels, excluded: {**labels, EXCLUDE: "false"} if excluded else labels,
    LABELS,
    st.integers(0, 4).map(lambda n: n == 0),
)


def manifest(kind: str, name: str, spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    version = {"Node": "v1", "Service": "v1", "BGPPeer": "metallb.io/v1beta2"}.get(kind, "metallb.io/v1beta1")
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


SPEAKER = {
    "apiVersion": "apps/v1",
    "kind": "DaemonSet",
    "metadata": {"name": "speaker"},
    "spec": {
        "template": {
            "metadata": {"labels": {"component": "speaker"}},
            "spec": {
                "containers": [
                    {
                        "name": "speaker",
                        "image": "quay.io/metallb/speaker:v0.16.1",
                        "env": [{"name": "METALLB_ML_BIND_ADDR", "value": "192.0.2.1"}],
                    }
                ]
            },
        }
    },
}


@settings(max_examples=300, deadline=None)
@given(
    nodes=st.lists(NODE_LABELS, min_size=2, max_size=4),
    endpoints=st.frozensets(st.sampled_from(NAMES)),
    is_local=st.booleans(),
    service_labels=LABELS,
    pool_labels=LABELS,
    l2=st.lists(L2, max_size=2),
    bgp=st.lists(BGP, max_size=2),
    peers=st.lists(PEER, max_size=2),
)
def test_the_announcing_set_is_that_of_the_speakers(
    nodes: list[dict[str, str]],
    endpoints: frozenset[str],
    is_local: bool,
    service_labels: dict[str, str],
    pool_labels: dict[str, str],
    l2: list[dict[str, Any]],
    bgp: list[dict[str, Any]],
    peers: list[dict[str, Any]],
) -> None:
    node_objects = [manifest("Node", name, {}, labels=labels) for name, labels in zip(NAMES, nodes, strict=False)]
    names = {node["metadata"]["name"] for node in node_objects}
    serving = set(endpoints) & names
    policy = {"externalTrafficPolicy": "Local"} if is_local else {}
    spec = {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}], **policy}
    service = manifest("Service", "web", spec, labels=service_labels)
    pool = manifest("IPAddressPool", "pool", {"addresses": ["192.0.2.0/24"]}, labels=pool_labels)
    ads = [manifest("L2Advertisement", f"l2-{number}", each) for number, each in enumerate(l2)]
    ads += [manifest("BGPAdvertisement", f"bgp-{number}", each) for number, each in enumerate(bgp)]
    peer_objects = [manifest("BGPPeer", f"p{number}", each) for number, each in enumerate(peers, start=1)]
    model = model_of({"a.yaml": yaml.safe_dump_all([SPEAKER, service, pool, *ads, *peer_objects, *node_objects])})
    asked = model.bundle.services[0]
    announcement = model.metallb.announcement(asked)
    inventory = model.siting.inventory(asked)
    address = parse_address(ADDRESS)
    assert inventory
    assert address
    assert announcement.sure
    electorate = model.metallb.electorate(asked.object, inventory)
    standing = Endpoints(frozenset(serving), is_local)

    found = candidates(announcement.l2, electorate, standing)
    assert set(found.values()) <= {Answer.YES}
    assert elected(address, found, announcement.l2, electorate) == l2_leader(
        service, ADDRESS, pool, ads, node_objects, serving
    )
    announced = routes(address, announcement.bgp, announcement.peers, electorate, standing)
    assert {(each.node, each.peer, str(each.prefix)) for each in announced} == bgp_routes(
        service, ADDRESS, pool, ads, peer_objects, node_objects, serving
    )
