"""Lists and limits of proxies that judge a node's address in place of the client's, and what becomes of them.

A list of clients refuses them all, one that holds the nodes lets everybody in, a list of the unwanted never matches,
and a limit is shared by all who come by one node.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from srcip_lint.balancers.internal import is_internal
from srcip_lint.bundle import Bundle
from srcip_lint.isolation import Isolation
from srcip_lint.needs import on_host
from srcip_lint.networks import Admission, ClusterAddresses
from srcip_lint.path.hops import (
    NODE,
    Basis,
    Hop,
    Keyed,
    Observation,
    SourcePath,
    Whose,
    atoms,
    surely,
    under_every_placement,
)
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.service import Service


class Effect(Enum):
    """What a list or limit does where every client comes as a node."""

    REFUSES_ALL = "every request is refused"
    ADMITS_ALL = "everybody is let in"
    BY_NODE = "the node that a client comes by decides"
    NEVER_MATCHES = "nobody is refused by it"
    SHARED = "all who come by one node share one limit"
    MISLED = "a node is looked up"


@dataclass(frozen=True, slots=True)
class Misjudged:
    """A list or limit that judges a node, on one way in, at the proxy that has it."""

    service: Service
    path: SourcePath
    proxy: Hop
    control: Observation
    effect: Effect
    knows_nodes: bool
    """Is it known where the nodes' addresses lie?"""

    @property
    def basis(self) -> Basis:
        """What it rests on that the address is a node's, and that the control holds there."""
        return self.path.peer_basis(self.proxy) + self.control.basis

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The basis, and that it is open which of two effects a list has."""
        is_open = self.effect is Effect.BY_NODE and not self.knows_nodes
        return (*self.basis.assumptions, *([_OPEN] if is_open else ()))

    @property
    def always(self) -> bool:
        """Is it a node's address wherever the pod stands?"""
        return under_every_placement(self.control.addresses, Whose.NODE)

    @property
    def sure(self) -> bool:
        """Is it certain what becomes of the control, and that nothing else decides?"""
        decided = self.effect is not Effect.BY_NODE and not self.control.has_alternative
        return decided and self.always and self.basis.certain


_OPEN = "nodes may have addresses of the list or not (`cidrs` in the configuration would tell)"


class Asked(Protocol):
    """What the model answers."""

    @property
    def bundle(self) -> Bundle: ...
    @property
    def isolation(self) -> Isolation: ...
    def paths(self, service: Service) -> tuple[SourcePath, ...]: ...
    def sent_to_by_ingress(self, service: Service) -> bool: ...


def misjudged(model: Asked, service: Service) -> Iterator[Misjudged]:
    """Each control once. None behind an Ingress or an HTTP load balancer, which tell of the client, and none in pods on
    their node's network, which see clients too (see `needs.mixed_on_host`)."""
    told = set()
    cluster = model.isolation.cluster
    knows_nodes = cluster.knows_nodes(4) or cluster.knows_nodes(6)
    for path in () if model.sent_to_by_ingress(service) else model.paths(service):
        if path.has_http_front or on_host(path, model.bundle):
            continue
        for proxy in (hop for hop in path.hops if hop.kind == "proxy"):
            for control in proxy.observations:
                found = _effect(control, service, cluster) if _judges_node(control) else None
                if found and control.at not in told:
                    told.add(control.at)
                    yield Misjudged(service, path, proxy, control, found, knows_nodes)


def _judges_node(control: Observation) -> bool:
    """Does it judge the address by which a node masquerades, for one placement of the pod at least? A proxy on its
    node's network has a node's address too, and is not meant."""
    nodes = {atom for atom in atoms(control.addresses) if atom.whose is Whose.NODE}
    return control.keyed is not None and surely(control.addresses, Whose.NODE) and nodes == {NODE}


def _effect(control: Observation, service: Service, cluster: ClusterAddresses) -> Effect | None:
    """None for a list that may hold the nodes where only an internal network reaches the Service: it is about that
    network as a whole."""
    if control.keyed is Keyed.LIMIT:
        return Effect.SHARED
    if control.keyed is Keyed.GEO:
        return Effect.MISLED
    holds_nodes = _holds_nodes(control, cluster)
    if control.keyed is Keyed.DENY:
        return {Answer.YES: Effect.REFUSES_ALL, Answer.NO: Effect.NEVER_MATCHES}.get(holds_nodes, Effect.BY_NODE)
    if holds_nodes is Answer.NO:
        return Effect.REFUSES_ALL
    if is_internal(service):
        return None
    return Effect.ADMITS_ALL if holds_nodes is Answer.YES else Effect.BY_NODE


def _holds_nodes(control: Observation, cluster: ClusterAddresses) -> Answer:
    """Are the nodes' addresses among a control's networks? Unknown where some are, or where the list goes on
    unread."""
    listed = [Admission(network) for network in control.networks]
    answers = {cluster.nodes_admitted(listed, version) for version in {each.version for each in control.networks}}
    if control.names_more and Answer.YES not in answers:
        return Answer.UNKNOWN
    return answers.pop() if len(answers) == 1 else Answer.UNKNOWN
