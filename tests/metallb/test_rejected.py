"""Whether MetalLB takes a configuration: the model against a transcription of its parser, on random small ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from linting import model_of
from metallb_config import Rejected, check

ADDRESSES = st.one_of(
    st.builds(lambda host, length: f"192.0.2.{host}/{length}", st.integers(0, 255), st.integers(24, 32)),
    st.builds(lambda a, b: f"192.0.2.{a}-192.0.2.{b}", st.integers(0, 255), st.integers(0, 255)),
    st.builds(lambda host, length: f"2001:db8::{host:x}/{length}", st.integers(0, 255), st.integers(118, 128)),
    st.sampled_from(
        (
            "192.0.2.1",
            "2001:db8::1",
            "192.0.2.0/33",
            "192.0.2.0/255.255.255.0",
            "192.0.2.1-9",
            "-",
            "192.0.2.1 - 192.0.2.3",
            "192.0.2.1-2001:db8::1",
            "pool",
        )
    ),
)
SELECTOR = st.sampled_from(("a", "b")).map(lambda value: {"matchLabels": {"rack": value}})
SELECTORS = st.lists(SELECTOR, min_size=1, max_size=2, unique_by=str)
FAULTY = st.fixed_dictionaries(
    {},
    optional={
        "aggregationLength": st.integers(24, 33),
        "aggregationLengthV6": st.integers(118, 129),
        "ipAddressPools": st.lists(st.sampled_from(("p0", "p1", "nobody")), min_size=1, max_size=2),
        "peers": st.lists(st.sampled_from(("east", "west")), min_size=1, max_size=2),
        "serviceSelectors": SELECTORS,
    },
)
SOUND = st.fixed_dictionaries(
    {"localPref": st.integers(0, 1)},
    optional={
        "aggregationLength": st.just(28),
        "aggregationLengthV6": st.just(120),
        "ipAddressPools": st.lists(st.sampled_from(("p0", "p1", "nobody")), min_size=1, max_size=2, unique=True),
        "peers": st.lists(st.sampled_from(("east", "west")), min_size=1, max_size=2, unique=True),
        "nodeSelectors": SELECTORS,
    },
)
"""Nothing is wrong with one of them, and two may contradict each other."""

APART = st.sampled_from(
    (
        (("192.0.2.0/28",),),
        (("192.0.2.0/28", "192.0.2.32-192.0.2.47"), ("2001:db8::/120",)),
        (("192.0.2.0/28", "2001:db8::/120"), ("192.0.2.16/28",)),
    )
)
NODES = st.lists(st.sampled_from(("a", "b", "c")), min_size=1, max_size=2)


def manifest(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "metallb-system"}
    return {"apiVersion": "metallb.io/v1beta1", "kind": kind, "metadata": metadata, "spec": spec}


def compare(addresses: Sequence[Sequence[str]], specs: Sequence[dict[str, Any]], racks: Sequence[str]) -> None:
    pools = [manifest("IPAddressPool", f"p{number}", {"addresses": [*each]}) for number, each in enumerate(addresses)]
    advertisements = [manifest("BGPAdvertisement", f"a{number}", spec) for number, spec in enumerate(specs)]
    nodes = [{"name": f"n{number}", "labels": {"rack": rack}} for number, rack in enumerate(racks)]
    try:
        check(pools, advertisements, nodes)
        is_taken = True
    except Rejected:
        is_taken = False
    text = "---\n".join(yaml.safe_dump(each) for each in (*pools, *advertisements))
    found = model_of({"metallb.yaml": text}, [("nodes", json.dumps(nodes))]).acceptance.rejections
    assert (not found) == is_taken, [each.reason.words for each in found]


@settings(max_examples=150, deadline=None)
@given(addresses=st.lists(st.lists(ADDRESSES, min_size=1, max_size=2), min_size=1, max_size=2))
def test_addresses(addresses: list[list[str]]) -> None:
    compare(addresses, (), ("a",))


@settings(max_examples=150, deadline=None)
@given(addresses=APART, spec=FAULTY)
def test_one_advertisement(addresses: Sequence[Sequence[str]], spec: dict[str, Any]) -> None:
    compare(addresses, (spec,), ("a",))


@settings(max_examples=150, deadline=None)
@given(addresses=APART, specs=st.lists(SOUND, min_size=2, max_size=2), racks=NODES)
def test_two_advertisements(addresses: Sequence[Sequence[str]], specs: list[dict[str, Any]], racks: list[str]) -> None:
    compare(addresses, specs, racks)
