"""Numbers: networks as they are written, and whether the cluster's own addresses lie in them.

A node that masquerades takes the address of the outgoing interface: one of its own, or the pod network's gateway or
tunnel address on it (kubernetes `pkg/proxy/nftables/README.md`). What is not declared is unknown: then a private
network may hold the nodes, and of a public one it is assumed that it does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from srcip_lint.environment import Environment
from srcip_lint.resources.selectors import Answer, every, some

Network = IPv4Network | IPv6Network


def read_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks of a declared list, a bare address as a network of its own; none, so unknown, where one of them is
    no network."""
    try:
        return tuple(ip_network(text, strict=False) for text in texts)
    except ValueError:
        return ()


def within(inner: Network, outer: Network) -> bool:
    """Does one network hold all addresses of the other? Not where they are of two families."""
    return inner.prefixlen >= outer.prefixlen and inner.overlaps(outer)


_MAY_BE_NODES = read_networks(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
"""Private addresses (RFC 1918, 6598, 4193), which nodes and pods mostly have."""

_NOBODYS = read_networks(("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10"))
"""Loopback and link-local addresses: no client outside has one, and no node shows one to another."""

_BALANCERS = read_networks(
    (
        "35.191.0.0/16",
        "130.211.0.0/22",
        "209.85.152.0/22",
        "209.85.204.0/22",
        "2600:2d00:1:b029::/64",
        "2600:2d00:1:1::/64",
        "168.63.129.16/32",
    )
)
"""Whence Google's and Azure's load balancers check health, or proxy (Google Cloud "Health checks overview", Azure "What
is IP address 168.63.129.16"): no client has one."""


def not_public(network: Network) -> bool:
    """Does a network hold no public address?"""
    return any(within(network, private) for private in (*_MAY_BE_NODES, *_NOBODYS))


def no_clients(network: Network) -> bool:
    """Does no client outside have an address of a network: is it a host's own, or a load balancer's?"""
    return any(within(network, other) for other in (*_NOBODYS, *_BALANCERS))


def may_hold_nodes(network: Network) -> bool:
    """May nodes have an address of a network, as far as nothing is declared? Mostly theirs are private."""
    return any(network.overlaps(private) for private in _MAY_BE_NODES)


@dataclass(frozen=True, slots=True)
class Admission:
    """A network that a list admits, without its exceptions."""

    network: Network
    exceptions: tuple[Network, ...] = ()

    @property
    def everybody(self) -> bool:
        """Are that all addresses of a family?"""
        return self.network.prefixlen == 0 and not self.exceptions

    def admits(self, network: Network) -> Answer:
        """Are all addresses of a network admitted, or none? Unknown where some are."""
        if not network.overlaps(self.network) or any(within(network, each) for each in self.exceptions):
            return Answer.NO
        whole = within(network, self.network) and not any(network.overlaps(each) for each in self.exceptions)
        return Answer.YES if whole else Answer.UNKNOWN


def joined(admissions: Iterable[Admission]) -> tuple[Admission, ...]:
    """The same addresses in as few networks as possible: two halves are one, unless one of them has exceptions."""
    kept = tuple(admissions)
    plain = [each.network for each in kept if not each.exceptions]
    four = collapse_addresses(each for each in plain if isinstance(each, IPv4Network))
    six = collapse_addresses(each for each in plain if isinstance(each, IPv6Network))
    return (*map(Admission, four), *map(Admission, six), *(each for each in kept if each.exceptions))


@dataclass(frozen=True, slots=True)
class ClusterAddresses:
    """Where the cluster's own addresses lie, as far as that is declared or the Node objects tell."""

    nodes: tuple[Network, ...] = ()
    pods: tuple[Network, ...] = ()
    services: tuple[Network, ...] = ()

    @classmethod
    def of(cls, environment: Environment, node_addresses: Iterable[str] = ()) -> ClusterAddresses:
        """What is declared; without `cidrs.nodes` the addresses of the known nodes."""
        nodes = read_networks(environment.node_cidrs) or read_networks(node_addresses)
        return cls(nodes, read_networks(environment.pod_cidrs), read_networks(environment.service_cidrs))

    def knows_nodes(self, version: int) -> bool:
        """Is it known where nodes' addresses of a family (4 or 6) lie?"""
        return any(network.version == version for network in self.nodes)

    def holds(self, network: Network) -> bool:
        """Has a network no addresses but the cluster's own?"""
        return any(within(network, each) for each in (*self.nodes, *self.pods, *self.services))

    def nodes_admitted(self, admissions: Iterable[Admission], version: int) -> Answer:
        """Is a node that connects, by whatever address of that family, admitted by one of these?

        Where it is not known where the nodes are: yes by a list of everybody but public exceptions, unknown by one
        that names private addresses, else no.
        """
        mine = [each for each in joined(admissions) if each.network.version == version]
        nodes = [each for each in self.nodes if each.version == version]
        if not nodes:
            return some(_admits_unknown_nodes(each) for each in mine)
        by_node = [some(each.admits(node) for each in mine) for node in nodes]
        by_pod = [some(each.admits(pod) for each in mine) for pod in self.pods if pod.version == version]
        if all(answer is Answer.YES for answer in by_node):
            return Answer.YES
        return Answer.NO if all(answer is Answer.NO for answer in (*by_node, *by_pod)) else Answer.UNKNOWN


def _admits_unknown_nodes(admission: Admission) -> Answer:
    excepted = (Answer.UNKNOWN if may_hold_nodes(each) else Answer.YES for each in admission.exceptions)
    if admission.network.prefixlen == 0:
        return every(excepted)
    return Answer.UNKNOWN if may_hold_nodes(admission.network) else Answer.NO
