"""Routes are announced only from nodes that have no BGP session.

A BGPAdvertisement names the nodes that announce (`nodeSelectors`), and a BGPPeer those that have a session with the
router (`nodeSelectors` too). A router learns of an address only from a node that is in both, and under
`externalTrafficPolicy: Local` only if that node holds a ready pod besides. Where no node can be in all of them, the
Service gets an address and no router has a route to it.

## Reported when

- `bgp-only`: a pool, or a Service that MetalLB surely handles, is announced by BGPAdvertisements alone.
- `peers`: at least one BGPPeer that was read, in the folder of its advertisement, may be told of the address.
- `severed`: for every advertisement that may reach the pool, and every peer that it may go to, no node is named by
  both. For a Service, besides: or no such node runs a speaker, or, under Local, none can hold a pod of a selected
  workload; and it is a warning where the pods may all stand on nodes without a session although the advertisements
  name those. Labels are compared as conditions, so it holds whatever nodes there are; with an inventory (`nodes` in
  the configuration, or else the Node objects read) node by node.

It is an **error** where the conditions exclude each other, and where declared nodes show it; a **warning** where Node
objects show it, which may not be all, where the Service may have pods that no manifest shows, and where pods may all
stand beside the sessions. It is **info** where they keep apart so that one never does.

## Silent when

- `unknown-nodes`: a placeholder leaves open which nodes are meant, or which peers.
- `no-advertised-node`: the advertisement names no node of the inventory, wherever the sessions are (SRC313 speaks).
- `disjoint`: the pods, the speakers and the advertisements have no node in common anyway (SRC306 speaks).
- `loose`: the pods are not confined to the nodes of the advertisements in the first place (SRC307 speaks).
- `control-plane`: without an inventory, of the nodes that the pods choose only those of the control plane have no
  session (label `node-role.kubernetes.io/control-plane` or `master`), and the pods neither tolerate their usual taint
  of that name nor ask for such nodes.
- `refused`: MetalLB refuses to announce from all nodes that could (SRC315 speaks).
- `alternatives`: files define the workload in several ways, and one of them can stand where there are sessions.
- `unplaced-pods`: the pods can stand on no node at all, which is another fault.

## Bad

```yaml
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: public
  namespace: metallb-system
spec:
  addresses:
    - 192.0.2.0/28
---
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata:
  name: public
  namespace: metallb-system
spec:
  nodeSelectors:  # want error "announces only from nodes that have no BGP session"
    - matchLabels:
        rack: a
---
apiVersion: metallb.io/v1beta2
kind: BGPPeer
metadata:
  name: tor-b
  namespace: metallb-system
spec:
  myASN: 64500
  peerASN: 64501
  peerAddress: 192.0.2.254
  nodeSelectors:
    - matchLabels:
        rack: b
```

## Good

```yaml
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: public
  namespace: metallb-system
spec:
  addresses:
    - 192.0.2.0/28
---
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata:
  name: public
  namespace: metallb-system
spec:
  nodeSelectors:
    - matchLabels:
        rack: a
---
apiVersion: metallb.io/v1beta2
kind: BGPPeer
metadata:
  name: tor-a
  namespace: metallb-system
spec:
  myASN: 64500
  peerASN: 64501
  peerAddress: 192.0.2.254
  nodeSelectors:
    - matchLabels:
        rack: a
```

## Fix

Let the advertisement and a peer name the same nodes; or add a BGPPeer for the nodes of the advertisement; and under
Local let the pods run on nodes that are in both.

## Sources

- metallb/metallb `speaker/bgp_controller.go` (`syncPeers`, `ShouldAnnounce`), `internal/bgp` (MatchesPeer);
  `design/pool-configuration.md`, which names this fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce

from srcip_lint.rule import (
    AddressPool,
    Advertisement,
    Announcers,
    Diagnosis,
    Meeting,
    Model,
    Pairing,
    Related,
    Rule,
    Severity,
    Sites,
    choices_here,
    listed,
    named_by,
)

_DEAD = "is assigned, and no router learns of it"


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis an advertisement whose pool nobody else announces, and one a Service that has none of these."""
    told: set[Advertisement] = set()
    for pool in model.metallb.pools:
        advertisements = tuple(each for each, _ in model.metallb.reaching(pool))
        if told.isdisjoint(advertisements):
            for diagnosis in _severed(model, pool, advertisements):
                told.update(advertisements)
                yield diagnosis
    for service in model.bundle.services:
        announcers = model.announcers(service)
        if announcers and told.isdisjoint(announcers.announcement.advertisements):
            yield from _of_service(model, announcers)


def _pairings(
    model: Model, advertisements: tuple[Advertisement, ...], of: AddressPool | Announcers
) -> tuple[Pairing, ...]:
    """The advertisements with their peers, where they announce by BGP alone and have one beside them."""
    if any(each.is_l2 for each in advertisements):
        return ()
    inventory = of.inventory if isinstance(of, Announcers) else model.siting.inventory(of)
    found = model.metallb.pairings(advertisements, inventory)
    return found if any(pairing.together for pairing in found) else ()


def _sessions(pairings: tuple[Pairing, ...]) -> Sites:
    return reduce(Sites.either, (pairing.nodes for pairing in pairings))


def _severed(model: Model, pool: AddressPool, advertisements: tuple[Advertisement, ...]) -> Iterator[Diagnosis]:
    """Is a pool announced only from nodes without a session, whatever Service takes an address of it?"""
    pairings, inventory = _pairings(model, advertisements, pool), model.siting.inventory(pool)
    if not pairings:
        return
    nodes, named = _sessions(pairings), model.metallb.named(advertisements, inventory)
    if not nodes.nowhere or named.nowhere:
        return
    first = named_by(pairings[0].advertisement)
    proved = nodes.impossible or (inventory is not None and inventory.declared)
    listing = inventory.assumption if inventory and not nodes.impossible else ""
    open_world = (
        () if model.environment.closed_world else ("no other BGPPeer or advertisement is applied beside these",)
    )
    yield Diagnosis(
        at=first.at,
        message=f"{first.object.ref} announces only from nodes that have no BGP session: {_apart(pairings)}. An "
        f"address of {pool.object.ref} {_DEAD}.",
        severity=Severity.ERROR if proved else Severity.WARNING,
        object=first.object,
        related=(*_peers_here(pairings), Related(pool.place, "the pool whose addresses it announces", pool.object)),
        assumptions=(*open_world, *((listing,) if listing else ())),
        fixes=_fixes(pairings),
    )


def _of_service(model: Model, announcers: Announcers) -> Iterator[Diagnosis]:
    pairings = _pairings(model, announcers.announcement.advertisements, announcers)
    if not pairings or announcers.advertised.nowhere:
        return
    sessions = _sessions(pairings)
    service, meetings = announcers.service, model.meetings(announcers.service)
    if announcers.nodes.both(sessions).nowhere and not announcers.nodes.nowhere:
        nobody = announcers.nodes.both(sessions)
        grounds = announcers.grounds(nobody)
        yield Diagnosis(
            at=service.type.place,
            message=f"Its address is announced only from nodes that have no BGP session: {_apart(pairings)}. "
            f"It {_DEAD}.",
            severity=Severity.ERROR if grounds.proved else Severity.WARNING,
            object=service.object,
            related=(*_advertisers_here(announcers), *_peers_here(pairings)),
            assumptions=grounds.assumptions,
            fixes=_fixes(pairings),
        )
    elif service.external_traffic_policy.value == "Local":
        found = [_local(meeting, pairings, sessions) for meeting in meetings]
        if found and all(found):
            yield min((each for each in found if each), key=lambda each: each.severity)


def _local(meeting: Meeting, pairings: tuple[Pairing, ...], sessions: Sites) -> Diagnosis | None:
    """Under Local: can no pod, or need no pod, stand on a node that announces and has a session?"""
    if meeting.able.nowhere or meeting.refused:
        return None
    allowed, able = meeting.announcers.allowed, meeting.able.both(sessions)
    workloads = " and ".join(str(choice.object.ref) for choice in meeting.holders)
    if able.nowhere:
        grounds = meeting.grounds(able)
        severity = Severity.ERROR if grounds.proved else Severity.WARNING
        words = (
            f"No node that can run {workloads} and announces the address has a BGP session: {_apart(pairings)}. Under "
            f"Local it {_DEAD}."
        )
    else:
        miss = meeting.may_miss(allowed.both(sessions))
        if miss is None or meeting.may_miss(allowed):
            return None
        grounds = meeting.grounds(able)
        severity = Severity.INFO if miss.held else Severity.WARNING
        where = (
            f"on {listed(miss.names)}, which have no BGP session" if miss.names else "on nodes without a BGP session"
        )
        rest = "One of them always has one." if miss.held else f"Then the address {_DEAD}."
        words = f"The pods of {workloads} may all stand {where}: {_apart(pairings)}. {rest}"
    return Diagnosis(
        at=meeting.service.external_traffic_policy.place,
        message=words,
        severity=severity,
        object=meeting.service.object,
        related=(*choices_here(meeting), *_peers_here(pairings)),
        assumptions=grounds.assumptions,
        fixes=_fixes(pairings),
    )


def _apart(pairings: tuple[Pairing, ...]) -> str:
    """What the advertisements name, and where the peers have sessions."""
    advertisements = dict.fromkeys(pairing.advertisement for pairing in pairings)
    peers = dict.fromkeys(pairing.peer for pairing in pairings)
    naming = (f"{each.object.ref} names {named_by(each).nodes or 'every node'}" for each in advertisements)
    having = (f"{each.object.ref} has sessions on {named_by(each).nodes or 'every node'}" for each in peers)
    return f"{' and '.join(naming)}, and {' and '.join(having)}"


def _peers_here(pairings: tuple[Pairing, ...]) -> Iterator[Related]:
    for peer in dict.fromkeys(pairing.peer for pairing in pairings):
        choice = named_by(peer)
        yield Related(choice.at, f"sessions on {choice.nodes or 'every node'}", choice.object)


def _advertisers_here(announcers: Announcers) -> Iterator[Related]:
    for choice in announcers.advertisers:
        yield Related(choice.at, f"announces from {choice.nodes or 'every node'}", choice.object)


def _fixes(pairings: tuple[Pairing, ...]) -> tuple[str, ...]:
    advertisement, peer = pairings[0].advertisement.object, pairings[0].peer.object
    return (
        f"let {advertisement.ref} and {peer.ref} name the same nodes in nodeSelectors",
        "or add a BGPPeer for the nodes that announce",
    )


RULE = Rule(
    id="SRC308",
    name="metallb-bgp-session-nodes-disjoint",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
