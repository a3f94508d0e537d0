"""Who may announce a Service's address: by which advertisements, from which nodes, to which peers, as which prefix.

Two ways to ask. Without an inventory, sets of nodes as conditions on their labels (`placement.nodes`), three-valued.
With one, node by node, as MetalLB's speakers decide (metallb `speaker/layer2_controller.go` ShouldAnnounce,
`speaker/bgp_controller.go` ShouldAnnounce and syncPeers).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from srcip_lint.environment import DeclaredNode
from srcip_lint.metallb.addresses import Address, Network
from srcip_lint.metallb.installation import EXCLUDED, Installation
from srcip_lint.metallb.reach import targets
from srcip_lint.placement import EVERY_NODE, NO_NODE, NodeSet, chosen, labelled, labels_of, selected
from srcip_lint.resources.metallb import Advertisement, BgpPeer, Selectors
from srcip_lint.resources.selectors import Answer, every, some


def nodes_of(selectors: Selectors) -> NodeSet:
    """The nodes that a list of selectors names; an empty list names all."""
    if selectors.absent:
        return EVERY_NODE
    unread = selected(()) if not selectors.unknown else EVERY_NODE
    return selected(selectors.any_of).union(unread)


def advertised_from(advertisements: Iterable[Advertisement]) -> NodeSet:
    """The nodes that any of some advertisements names; no node for no advertisement."""
    found = NO_NODE
    for advertisement in advertisements:
        found = found.union(nodes_of(advertisement.node_selectors))
    return found


def speakers_on(installation: Installation) -> NodeSet:
    """The nodes that may run a speaker, by the conditions its manifests or the configuration put on them; every node
    where neither tells."""
    if installation.speaker_labels is not None:
        return labelled(installation.speaker_labels)
    if not installation.speakers:
        return EVERY_NODE
    found = NO_NODE
    for speaker in installation.speakers:
        found = found.union(chosen(speaker.template))
    return found


@dataclass(frozen=True, slots=True)
class Route:
    """A prefix that a node announces to a peer."""

    node: str
    peer: str
    prefix: Network


@dataclass(frozen=True, slots=True)
class Electorate:
    """The nodes of an inventory, with what MetalLB asks of each. `speaking` are those that run a speaker; of a node
    that is in neither it is not known."""

    nodes: tuple[DeclaredNode, ...]
    speaking: frozenset[str]
    silent: frozenset[str]
    has_memberlist: bool = True
    """Without it every node is taken for one with a speaker."""
    ignores_exclusion: bool = False

    def eligible(self, node: DeclaredNode) -> Answer:
        """May a node announce, as far as its speaker and its labels are concerned?"""
        if EXCLUDED in node.labels and not self.ignores_exclusion:
            return Answer.NO
        return self.speaks(node)

    def speaks(self, node: DeclaredNode) -> Answer:
        if node.name in self.speaking:
            return Answer.YES
        return Answer.NO if node.name in self.silent else Answer.UNKNOWN

    def electable(self, node: DeclaredNode) -> Answer:
        """May a node be elected in layer 2? Without memberlist one without a speaker may, and is silent then."""
        excluded = EXCLUDED in node.labels and not self.ignores_exclusion
        if excluded or self.has_memberlist:
            return self.eligible(node)
        return Answer.YES


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The nodes with an endpoint that can serve. Under `is_local` only they count."""

    nodes: frozenset[str]
    is_local: bool


def candidates(
    advertisements: Sequence[Advertisement], electorate: Electorate, endpoints: Endpoints
) -> dict[str, Answer]:
    """Layer 2: which nodes may be elected to announce an address. Those that surely may not are left out."""
    if not endpoints.nodes:
        return {}
    found: dict[str, Answer] = {}
    for node in electorate.nodes:
        named = some(nodes_of(advertisement.node_selectors).has(node) for advertisement in advertisements)
        serves = Answer.YES if not endpoints.is_local or node.name in endpoints.nodes else Answer.NO
        answer = every((named, serves, electorate.electable(node)))
        if answer is not Answer.NO:
            found[node.name] = answer
    return found


def elected(
    address: Address, among: Iterable[str], advertisements: Sequence[Advertisement], electorate: Electorate
) -> str | None:
    """Layer 2: which of the candidates announces an address: the most preferred one, and of several the first by the
    SHA-256 of `node#address`."""
    import hashlib  # loads OpenSSL

    nodes = {node.name: node for node in electorate.nodes}
    ranked = sorted(
        among,
        key=lambda name: (
            -_preference(nodes[name], advertisements),
            hashlib.sha256(f"{name}#{address}".encode()).digest(),
        ),
    )
    return ranked[0] if ranked else None


def _preference(node: DeclaredNode, advertisements: Sequence[Advertisement]) -> int:
    """The weights of all preferences that a node meets, of the advertisements that name the node."""
    total = 0
    for advertisement in advertisements:
        if nodes_of(advertisement.node_selectors).has(node) is Answer.YES:
            for preference in advertisement.preferences:
                selector, weight = preference.selector, preference.weight.value
                if selector and isinstance(weight, int) and selector.matches(labels_of(node)) is Answer.YES:
                    total += weight
    return total


def routes(
    address: Address,
    advertisements: Sequence[Advertisement],
    peers: Sequence[BgpPeer],
    electorate: Electorate,
    endpoints: Endpoints,
) -> frozenset[Route]:
    """BGP: which nodes surely announce which prefix to which peer for an address."""
    found = set()
    for node in electorate.nodes:
        serves = node.name in endpoints.nodes if endpoints.is_local else bool(endpoints.nodes)
        if not serves or electorate.eligible(node) is not Answer.YES:
            continue
        for advertisement in advertisements:
            prefix = prefix_of(address, advertisement)
            if prefix is None or nodes_of(advertisement.node_selectors).has(node) is not Answer.YES:
                continue
            for peer in peers:
                has_session = nodes_of(peer.node_selectors).has(node) is Answer.YES
                if has_session and targets(advertisement, peer.object.name) is Answer.YES:
                    found.add(Route(node.name, peer.object.name, prefix))
    return frozenset(found)


def prefix_of(address: Address, advertisement: Advertisement) -> Network | None:
    """The prefix that an address is announced in; None where its length cannot be read, or is none."""
    length = (advertisement.aggregation_length if address.version == 4 else advertisement.aggregation_length_v6).value
    if not isinstance(length, int) or not 0 <= length <= address.max_prefixlen:
        return None
    return ip_network((address, length), strict=False)
