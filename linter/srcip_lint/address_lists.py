"""Lists of addresses in network policies, and what becomes of them where clients come as a node.

A list that admits some clients refuses them, one that leaves some out admits them, and one that admits the nodes too
admits everybody. Which of the three it is depends on numbers, so each is told with what had to be assumed of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.networks import (
    Admission,
    ClusterAddresses,
    Network,
    joined,
    may_hold_nodes,
    no_clients,
    not_public,
)
from srcip_lint.path.hops import Hop, Observation, Point, SourcePath, Whose, surely
from srcip_lint.resources.selectors import Answer, some

_SHOWN = 3
"""How many networks are named one by one."""


@dataclass(frozen=True, slots=True)
class Policed:
    """A way into a pod whose network policies decide by address: the blocks that they admit, of one family (4 or 6)."""

    path: SourcePath
    pod: Hop
    blocks: tuple[Observation, ...]
    family: int

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What it rests on whose address the policies see."""
        return (self.path.peer_basis(self.pod) + self.blocks[0].basis).assumptions

    @property
    def masquerades(self) -> bool:
        """Does the node replace whatever address comes, as kube-proxy does?"""
        return any(hop.kind == "node" and hop.replaces for hop in self.path.hops)

    @property
    def sure_of_dataplane(self) -> bool:
        return self.path.peer_basis(self.pod).certain


@dataclass(frozen=True, slots=True)
class Refused:
    """Clients whom a list admits and who are refused when they come as a node. `maybe` says that nodes may have the
    addresses of the list: then they are not refused."""

    policed: Policed
    blocks: tuple[Observation, ...]
    maybe: bool
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class Bypassed:
    """Clients whom a list leaves out and who are admitted when they come as a node: the block, and what it leaves out.
    `maybe` says that nodes may be among that, or that it is no client's address."""

    policed: Policed
    block: Observation
    exceptions: tuple[tuple[Network, Place], ...]
    maybe: bool
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class Voided:
    """A list of clients beside which the nodes are admitted, so everybody who comes as one."""

    policed: Policed
    nodes: tuple[Observation, ...]
    clients: tuple[Observation, ...]


def policed(paths: Iterable[SourcePath]) -> Iterator[Policed]:
    """The ways on which a policy of the first pod decides by address and sees a node's, for one placement of the pod at
    least. None where everybody of a family, or of IPv4, is admitted anyway."""
    for path in paths:
        pod = path.edge_pod
        for family in (4, 6) if pod else ():
            seen = tuple(_of_family(pod, family)) if pod else ()
            if pod and seen and surely(seen[0].addresses, Whose.NODE) and not _open(pod, family):
                yield Policed(path, pod, seen, family)


def lists(pod: Hop) -> Iterator[Observation]:
    """The blocks of addresses that the network policies of a pod admit, unless they admit everybody."""
    for family in (4, 6):
        yield from () if _open(pod, family) else _of_family(pod, family)


def _of_family(pod: Hop, family: int) -> Iterator[Observation]:
    for each in pod.observations:
        if each.point is Point.POD_POLICY and each.networks[0].version == family:
            yield each


def _open(pod: Hop, family: int) -> bool:
    admitted = [each for version in {4, family} for each in _of_family(pod, version)]
    return any(each.everybody for each in joined(map(_admission, admitted)))


def _admission(block: Observation) -> Admission:
    return Admission(block.networks[0], tuple(network for network, _ in block.exceptions))


def about_clients(block: Observation, cluster: ClusterAddresses) -> bool:
    """Does a block have addresses of clients outside, and not only of the cluster or of load balancers?"""
    network = block.networks[0]
    return not cluster.holds(network) and not no_clients(network)


def surely_about_clients(block: Observation, cluster: ClusterAddresses) -> bool:
    """The same, where its addresses cannot be the nodes' either, as far as that can be told."""
    network = block.networks[0]
    if block.exceptions and network.prefixlen == 0:
        return any(_is_client(each, cluster) for each, _ in block.exceptions)
    known = cluster.knows_nodes(network.version)
    return about_clients(block, cluster) and (known or not may_hold_nodes(network))


def _is_client(network: Network, cluster: ClusterAddresses) -> bool:
    return not cluster.holds(network) and not no_clients(network) and not not_public(network)


def refused(found: Policed, cluster: ClusterAddresses) -> Refused | None:
    """The clients of an allow-list that does not admit nodes. None where it does, or may, as far as is declared."""
    admissions = tuple(map(_admission, found.blocks))
    answer, known = cluster.nodes_admitted(admissions, found.family), cluster.knows_nodes(found.family)
    clients = tuple(each for each in found.blocks if about_clients(each, cluster))
    excludes = any(each.network.prefixlen == 0 for each in admissions)
    if not clients or answer is Answer.YES or (answer is Answer.UNKNOWN and (known or excludes)):
        return None
    first = sorted(clients, key=lambda each: may_hold_nodes(each.networks[0]) and not known)
    names = [str(each.networks[0]) for each in first]
    assumed = "" if known else f"no node has an address in {_named(names)}"
    return Refused(found, tuple(first), answer is Answer.UNKNOWN, assumed)


def bypassed(found: Policed, cluster: ClusterAddresses) -> Bypassed | None:
    """The clients that a block leaves out, where it admits nodes and no other block admits those clients anyway."""
    known = cluster.knows_nodes(found.family)
    for block in found.blocks:
        rest = [_admission(each) for each in found.blocks if each is not block]
        left_out = tuple(
            (network, place)
            for network, place in block.exceptions
            if not cluster.holds(network) and some(each.admits(network) for each in joined(rest)) is not Answer.YES
        )
        answer = cluster.nodes_admitted((_admission(block),), found.family)
        for_clients = tuple(each for each in left_out if _is_client(each[0], cluster))
        if not left_out or answer is Answer.NO or (answer is Answer.UNKNOWN and (known or block.networks[0].prefixlen)):
            continue
        maybe = answer is Answer.UNKNOWN or not for_clients
        shown = for_clients or left_out
        names = [str(network) for network, _ in shown]
        assumed = "" if known else f"no node has an address in {_named(names)}"
        return Bypassed(found, block, shown, maybe, assumed)
    return None


def voided(found: Policed, cluster: ClusterAddresses) -> Voided | None:
    """The clients beside whom the nodes are listed, where it is known where these are. None where another block leaves
    clients out: that is the same hole, and the worse one."""
    nodes = [network for network in cluster.nodes if network.version == found.family]
    admitted = cluster.nodes_admitted(map(_admission, found.blocks), found.family)
    names_everybody = any(each.networks[0].prefixlen == 0 for each in found.blocks)
    worse = bypassed(found, cluster)
    if not nodes or admitted is not Answer.YES or names_everybody or (worse and not worse.maybe):
        return None
    for_nodes = tuple(
        each for each in found.blocks if any(_admission(each).admits(node) is Answer.YES for node in nodes)
    )
    clients = tuple(
        each
        for each in found.blocks
        if about_clients(each, cluster) and not any(node.overlaps(each.networks[0]) for node in nodes)
    )
    return Voided(found, for_nodes, clients) if for_nodes and clients else None


def _named(networks: list[str]) -> str:
    return ", ".join(networks) if len(networks) <= _SHOWN else "these networks"
