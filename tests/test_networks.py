"""Numbers: what a list of networks admits, and whether the cluster's nodes are among it."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srcip_lint.environment import Environment
from srcip_lint.networks import (
    Admission,
    ClusterAddresses,
    joined,
    may_hold_nodes,
    no_clients,
    not_public,
    read_networks,
)
from srcip_lint.resources.selectors import Answer

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


def admission(text: str) -> Admission:
    """`0.0.0.0/0 - 10.0.0.0/8 - 192.0.2.0/24`."""
    network, *exceptions = (ip_network(part) for part in text.split(" - "))
    return Admission(network, tuple(exceptions))


@pytest.mark.parametrize(
    ("admits", "network", "answer"),
    [
        ("10.0.0.0/8", "10.1.0.0/16", YES),
        ("10.1.0.0/16", "10.0.0.0/8", UNKNOWN),
        ("10.1.0.0/16", "10.2.0.0/16", NO),
        ("0.0.0.0/0 - 10.0.0.0/8", "10.2.0.0/16", NO),
        ("0.0.0.0/0 - 10.2.0.0/16", "10.0.0.0/8", UNKNOWN),
        ("0.0.0.0/0 - 10.2.0.0/16", "10.3.0.0/16", YES),
        ("0.0.0.0/0", "2001:db8::/32", NO),
        ("::/0", "2001:db8::/32", YES),
    ],
)
def test_what_a_block_admits_of_a_network(admits: str, network: str, answer: Answer) -> None:
    assert admission(admits).admits(ip_network(network)) is answer


def test_halves_are_joined_and_blocks_with_exceptions_are_not() -> None:
    halves = joined(map(admission, ("0.0.0.0/1", "128.0.0.0/1", "::/1 - 1::/16", "8000::/1")))
    assert [each.everybody for each in halves] == [True, False, False]


NODES = "10.0.0.0/24"


@pytest.mark.parametrize(
    ("nodes", "pods", "admits", "answer"),
    [
        ((NODES,), (), ("198.51.100.0/24",), NO),
        ((NODES,), (), ("198.51.100.0/24", "10.0.0.0/16"), YES),
        ((NODES,), (), ("10.0.0.0/25",), UNKNOWN),
        ((NODES,), (), ("10.0.0.0/25", "10.0.0.128/25"), YES),
        ((NODES,), (), ("0.0.0.0/0 - 10.0.0.0/8",), NO),
        ((NODES,), (), ("0.0.0.0/0 - 192.0.2.0/24",), YES),
        ((NODES,), ("10.244.0.0/16",), ("10.244.0.0/16",), UNKNOWN),
        ((NODES,), ("10.244.0.0/16",), ("10.0.0.0/24",), YES),
        ((NODES, "10.9.0.0/24"), (), ("10.0.0.0/24",), UNKNOWN),
        ((), (), ("198.51.100.0/24",), NO),
        ((), (), ("10.0.0.0/16",), UNKNOWN),
        ((), (), ("100.64.3.0/24",), UNKNOWN),
        ((), (), ("0.0.0.0/0 - 192.0.2.0/24",), YES),
        ((), (), ("0.0.0.0/0 - 10.0.0.0/8",), UNKNOWN),
        ((), (), ("0.0.0.0/0 - 169.254.0.0/16",), YES),
        (("2001:db8:1::/64",), (), ("198.51.100.0/24",), NO),
        (("2001:db8:1::/64",), (), ("10.0.0.0/8",), UNKNOWN),
    ],
)
def test_whether_a_node_is_admitted(
    nodes: tuple[str, ...], pods: tuple[str, ...], admits: tuple[str, ...], answer: Answer
) -> None:
    cluster = ClusterAddresses.of(Environment(node_cidrs=nodes, pod_cidrs=pods))
    assert cluster.nodes_admitted(map(admission, admits), 4) is answer


@given(
    st.lists(st.tuples(st.integers(0, 255), st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=4),
    st.integers(0, 255),
    st.integers(0, 8),
)
def test_an_answer_is_what_counting_addresses_says(blocks: list[tuple[int, int, int]], node: int, length: int) -> None:
    """In 256 addresses: each block with one exception, and one declared network of nodes. Unknown is always right."""

    def network(number: int, bits: int) -> str:
        return f"198.51.100.{number >> (8 - bits) << (8 - bits) if bits else 0}/{24 + bits}"

    nodes = ip_network(network(node, length))
    admits = [
        Admission(ip_network(network(number, bits)), (ip_network(network(number, max(bits, more))),))
        for number, bits, more in blocks
    ]
    counted = {
        any(address in each.network and address not in each.exceptions[0] for each in admits) for address in nodes
    }
    answer = ClusterAddresses((nodes,)).nodes_admitted(admits, 4)
    assert answer is not YES or counted == {True}
    assert answer is not NO or counted == {False}


def test_without_cidrs_the_nodes_tell_where_they_are() -> None:
    declared = Environment(node_cidrs=("10.0.0.0/24",))
    assert ClusterAddresses.of(declared, ["10.9.0.1"]).nodes == (ip_network("10.0.0.0/24"),)
    assert ClusterAddresses.of(Environment(), ["10.9.0.1"]).nodes == (ip_network("10.9.0.1/32"),)
    assert ClusterAddresses.of(Environment(), ["10.9.0.1", "?"]).nodes == ()


def test_which_addresses_are_whose() -> None:
    assert not_public(ip_network("10.3.0.0/16"))
    assert not_public(ip_network("169.254.169.254/32"))
    assert not not_public(ip_network("203.0.113.0/24"))
    assert not not_public(ip_network("0.0.0.0/0"))
    assert may_hold_nodes(ip_network("172.0.0.0/8"))
    assert not may_hold_nodes(ip_network("169.254.0.0/16"))
    assert no_clients(ip_network("35.191.4.0/24"))
    assert not no_clients(ip_network("35.0.0.0/8"))


def test_a_list_with_an_entry_that_is_no_network_is_unknown() -> None:
    assert read_networks(("10.0.0.0/24", "nodes")) == ()
    assert read_networks(("10.0.0.7/24", "fd00::1")) == (ip_network("10.0.0.0/24"), ip_network("fd00::1/128"))
