"""A MetalLB advertisement names a pool, a node or a peer that does not exist.

An advertisement chooses pools, nodes and BGP peers by name or by label. MetalLB passes over a name that nothing has and
says nothing: an advertisement whose pools do not exist reaches no pool (not all pools), one whose nodes do not exist is
made from nowhere, one whose peers do not exist is sent to nobody. Addresses are still assigned; clients time out.

## Reported when

- `unknown-pool`: a name in `ipAddressPools` is that of no IPAddressPool, while others stand beside the advertisement or
  `closedWorld` is declared.
- `unmatched-pools`: it chooses pools by `ipAddressPoolSelectors` only, and they match none of the pools beside it.
- `unmatched-nodes`: its `nodeSelectors` match no node, by `nodes` in the configuration or the Node objects read.
- `unknown-peer`: a name in a BGPAdvertisement's `peers` is the `metadata.name` of no BGPPeer, while others stand beside
  the advertisement or `closedWorld` is declared.
- `no-peer`: `closedWorld` is declared, and a BGPAdvertisement has no BGPPeer at all to go to.

Pools and peers are an **error** with `closedWorld`, otherwise a **warning**, on the assumption that nothing outside the
files has the name or the labels. Nodes are an **error**; a **warning** where other advertisements reach all its pools
from nodes that exist. `no-peer` is a **warning**. *Beside* is in the same file or kustomization, or in files of one
folder that define nothing twice.

## Silent when

- `elsewhere`: no pool (or no BGPPeer) stands beside the advertisement, and the files need not be all there is.
- `placeholder`: the name, the list, or the name of a pool or peer is filled in later.
- `unread`: something in the advertisement's folder could not be read, and may be what it names.
- `no-inventory`: nobody says which nodes there are.

## Bad

```yaml
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: production
  namespace: metallb-system
spec:
  addresses:
    - 192.0.2.0/28
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata:
  name: production
  namespace: metallb-system
spec:
  ipAddressPools:
    - prodution  # want "There is no IPAddressPool prodution"
```

## Good

```yaml
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: production
  namespace: metallb-system
spec:
  addresses:
    - 192.0.2.0/28
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata:
  name: production
  namespace: metallb-system
spec:
  ipAddressPools:
    - production
```

## Fix

Correct the name; `peers` takes the `metadata.name` of BGPPeers, not addresses. For nodes, compare the selector with
`kubectl get nodes --show-labels`: it looks at labels, never at annotations.

## Sources

- MetalLB `internal/config/config.go` (setL2AdvertisementsToPools, setBGPAdvertisementsToPools, selectedNodes,
  validateConfig), `internal/bgp` (MatchesPeer).
- metallb/metallb#1663, metallb/metallb#2909, metallb/metallb#1762.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.rule import Diagnosis, Model, NoMatch, NoNode, Related, Rule, Severity, UnknownName


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a name, and one a list of selectors."""
    advertising, closed = model.advertising, model.environment.closed_world
    for unknown in advertising.unknown_pools:
        yield _unknown_pool(unknown, closed=closed)
    for unmatched in advertising.unmatched:
        yield _unmatched(unmatched, closed=closed)
    for nodeless in advertising.nodeless:
        yield _nodeless(nodeless)
    for unknown in advertising.unknown_peers:
        yield _unknown_peer(unknown, closed=closed)
    yield from _peerless(model)


def _unknown_pool(found: UnknownName, *, closed: bool) -> Diagnosis:
    what = "this advertisement reaches no pool and does nothing" if found.alone else "the name is passed over"
    return Diagnosis(
        at=found.place,
        message=f"There is no IPAddressPool {found.name}: {what}.{_hint(found)}{_consequence(found)}",
        severity=Severity.ERROR if closed else Severity.WARNING,
        object=found.advertisement.object,
        related=_orphans(found),
        assumptions=() if closed else (f"no IPAddressPool {found.name} is applied from outside these files",),
        fixes=_name_fixes(found, "IPAddressPool"),
    )


def _unknown_peer(found: UnknownName, *, closed: bool) -> Diagnosis:
    what = "these addresses are announced to nobody" if found.alone else "nothing is announced to it"
    return Diagnosis(
        at=found.place,
        message=f"There is no BGPPeer {found.name}: {what}.{_hint(found)}",
        severity=Severity.ERROR if closed else Severity.WARNING,
        object=found.advertisement.object,
        assumptions=() if closed else (f"no BGPPeer {found.name} is applied from outside these files",),
        fixes=_name_fixes(found, "BGPPeer"),
    )


def _hint(found: UnknownName) -> str:
    return f" Did you mean {found.meant}?" if found.meant else ""


def _consequence(found: UnknownName) -> str:
    names = ", ".join(pool.object.name for pool in found.orphans[:3])
    return f" Addresses of {names} are assigned and never announced." if names else ""


def _orphans(found: UnknownName | NoMatch) -> tuple[Related, ...]:
    return tuple(
        Related(pool.object.place.at("metadata", "name"), "no advertisement reaches this pool", pool.object)
        for pool in found.orphans[:3]
    )


def _name_fixes(found: UnknownName, kind: str) -> tuple[str, ...]:
    if found.meant:
        return (f"write {found.meant}",)
    names = ", ".join(sorted({each.name for each in found.known})[:5])
    there = f"name one that is there: {names}" if names else f"add the {kind}"
    return (there, f"add {kind} {found.name}, or take the name away") if names else (there,)


def _unmatched(found: NoMatch, *, closed: bool) -> Diagnosis:
    names = ", ".join(pool.object.name for pool in found.orphans[:3])
    lost = f" Addresses of {names} are assigned and never announced." if names else ""
    return Diagnosis(
        at=found.place,
        message="No IPAddressPool has the labels that these selectors ask for: this advertisement reaches no pool (not "
        f"all of them) and does nothing.{lost}",
        severity=Severity.ERROR if closed else Severity.WARNING,
        object=found.advertisement.object,
        related=_orphans(found),
        assumptions=() if closed else ("no IPAddressPool with these labels is applied from outside these files",),
        fixes=(
            "put the labels on the pool that is meant, or select labels that it has",
            "name the pools in ipAddressPools instead",
        ),
    )


def _nodeless(found: NoNode) -> Diagnosis:
    nodes = found.inventory.nodes
    count = "the one known node" if len(nodes) == 1 else f"any of the {len(nodes)} known nodes"
    what = "other advertisements announce its pools" if found.replaced else "its pools are announced from nowhere"
    return Diagnosis(
        at=found.place,
        message=f"These node selectors do not match {count}: this advertisement does nothing, and {what}.",
        severity=Severity.WARNING if found.replaced else Severity.ERROR,
        object=found.advertisement.object,
        fixes=(
            "select labels that nodes have (`kubectl get nodes --show-labels`); annotations do not count",
            "correct `nodes` in srcip-lint.yaml, if a node with these labels is missing there",
        ),
    )


def _peerless(model: Model) -> Iterator[Diagnosis]:
    for advertisement in model.advertising.peerless:
        yield Diagnosis(
            at=advertisement.object.place.at("kind"),
            message="There is no BGPPeer at all, so this BGPAdvertisement is sent to nobody.",
            severity=Severity.WARNING,
            object=advertisement.object,
            fixes=("add a BGPPeer for the router", "use an L2Advertisement, where clients are in the same network"),
        )


RULE = Rule(
    id="SRC313",
    name="metallb-advertisement-inert",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
