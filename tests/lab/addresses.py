"""The lab's addresses, and whose each of them is."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

ROUTER = "192.0.2.1"
"""Where the clients are, as the nodes and the load balancer see it: their default route."""
FRONT = "192.0.2.5"
"""The load balancer, where it opens connections of its own."""
PODS = "10.244.0.0/16"
SERVICES = "10.96.0.0/16"
CLIENTS = {"client": "203.0.113.50", "other": "198.51.100.77"}
"""Two clients from different networks."""
FORGED = "100.64.0.66"
"""What a client writes into the headers that it forges."""
FORGED_ANNOUNCEMENT = "100.64.0.77"
"""What a client claims by the PROXY protocol."""

Owner = tuple[str, str]
"""Whose an address is, in the words of `srcip-lint trace`: (`whose`, `name`)."""


def node_address(index: int) -> str:
    """A node's own address; nodes are counted from 1."""
    return f"192.0.2.{10 + index}"


def gateway(index: int) -> str:
    """The pod network's gateway on a node."""
    return f"10.244.{index}.1"


def pod_address(node: int, index: int) -> str:
    """A pod's address; the pods of a node are counted from 1."""
    return f"10.244.{node}.{10 + index}"


def cluster_address(index: int) -> str:
    return f"10.96.0.{10 + index}"


def external_address(index: int, node: int = 0) -> str:
    """The address of a load balancer for a Service. A balancer that opens connections of its own has one more for each
    node, so that a test can say through which node it goes."""
    return f"192.0.2.{100 + 10 * index + node}"


def owners(text: str, pods: dict[str, frozenset[Owner]]) -> frozenset[Owner]:
    """Whose an address may be. `pods` are the owners of the pods' addresses: one of the host's network is its node's
    too."""
    try:
        address = ip_address(text)
    except ValueError:
        return frozenset({("no address", text)})
    if text in (FORGED, FORGED_ANNOUNCEMENT):
        return frozenset({("forged", "")})
    if text in CLIENTS.values():
        return frozenset({("client", "")})
    if text == FRONT:
        return frozenset({("balancer", "")})
    if address.is_loopback:
        return frozenset({("loopback", "")})
    found = pods.get(text, frozenset())
    is_node = address in ip_network("192.0.2.0/27") or (address in ip_network(PODS) and text.endswith(".1"))
    return found | {("node", "")} if is_node else found or frozenset({("nobody in the lab", text)})
