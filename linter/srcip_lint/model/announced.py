"""MetalLB's announcement of a Service's address, as hops of the Service's paths: by which advertisements, from which
nodes, and what happens under Local when a pod moves (metallb `website/content/concepts/layer2.md`, `bgp.md`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srcip_lint.metallb.announcement import advertised_from
from srcip_lint.model.announcers import Announcers
from srcip_lint.path.hops import Basis, Evidence, Hop, State
from srcip_lint.resources.metallb import Advertisement
from srcip_lint.resources.objects import Object
from srcip_lint.resources.selectors import Answer

MOST_NAMED = 5
"""How many nodes are named; of more, their number is told."""

_LAYER_2 = (
    "in layer 2 one node answers for the address, elected among {nodes}",
    "when its last ready pod goes, another of them takes over, and connections through the old one break",
)
_BGP = (
    "the address is announced to BGP peers by {nodes}",
    "when the last ready pod of one goes, its route is withdrawn, and routers may move connections of the others too",
)
"""How a protocol announces, and what a pod that moves does to it under Local."""


def announced(found: Announcers, holders: frozenset[str] | None, state: State) -> Iterator[Hop]:
    """One hop for each protocol that announces. `holders` are the nodes of the inventory that may hold a pod; None
    without an inventory. They change no address, and rest on what was read of MetalLB's configuration."""
    for advertisements, words in ((found.announcement.l2, _LAYER_2), (found.announcement.bgp, _BGP)):
        if advertisements:
            yield _hop(found, advertisements, words, holders, state)


def _hop(
    found: Announcers,
    advertisements: Sequence[Advertisement],
    words: tuple[str, str],
    holders: frozenset[str] | None,
    state: State,
) -> Hop:
    pods = " with a ready pod" if found.needs_local_pod else ""
    does = [words[0].format(nodes=_nodes(found, advertisements) + pods)]
    does += [words[1]] if found.needs_local_pod else []
    does += [known] if (known := _known(found, advertisements, holders)) else []
    objects = [each.object for each in advertisements]
    pools = [each.object for each in found.announcement.pools]
    return Hop(
        "announcement",
        ", ".join(str(each.ref) for each in objects),
        "; ".join(does),
        state,
        Basis(tuple(map(_evidence, (*objects, *pools)))),
        at=objects[0].place.at("kind"),
        object=objects[0].ref,
    )


def _nodes(found: Announcers, advertisements: Sequence[Advertisement]) -> str:
    """The nodes that may announce, by the conditions on their labels."""
    nodes = advertised_from(advertisements).intersection(found.speaking.conditions).usual
    return "all nodes" if nodes.everything else f"the nodes {nodes}"


def _known(found: Announcers, advertisements: Sequence[Advertisement], holders: frozenset[str] | None) -> str:
    """Which nodes of the inventory these are; empty without one."""
    answers = found.allowed.answers
    if answers is None or found.inventory is None:
        return ""
    advertised = advertised_from(advertisements)
    names = [
        node.name
        for node in found.inventory.nodes
        if answers.get(node.name) is not Answer.NO
        and advertised.has(node) is not Answer.NO
        and (not found.needs_local_pod or holders is None or node.name in holders)
    ]
    if not names:
        return "none of the nodes that are known can"
    if len(names) > MOST_NAMED:
        return f"{len(names)} of the nodes that are known can"
    return f"of the nodes that are known: {', '.join(names)}"


def _evidence(found: Object) -> Evidence:
    return Evidence(f"{found.ref} is there", found.place.at("kind"), found.ref)
