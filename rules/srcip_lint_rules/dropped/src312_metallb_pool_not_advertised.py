"""Addresses of a MetalLB pool are assigned and never announced.

Since 0.13 an IPAddressPool only says which addresses there are. MetalLB's controller gives them to Services, and
`kubectl get service` shows one; but its speakers answer for an address only where an L2Advertisement or a
BGPAdvertisement reaches the pool. Without one nobody answers ARP or NDP and no router gets a route: clients time out.

## Reported when

- `pool`: there is an IPAddressPool.
- `unreached`: no L2Advertisement and no BGPAdvertisement that was read reaches it, by its name, by its labels, or
  because it names no pool and so reaches all.

It is an **error** where `closedWorld` is declared, or where a Service asks for the pool or for an address in it and the
advertisements beside the pool reach only others. Otherwise it is a **warning**. Without `closedWorld` it is assumed
that no advertisement outside the files reaches the pool.

## Silent when

- `other-announcer`: somebody other than MetalLB announces the addresses: another `loadBalancer` is declared, or
  Cilium's BGP or layer 2 policies are there, or a kube-vip that looks after Services (`svc_enable`).
- `calico`: Calico's BGPConfigurations announce the ranges, in all their networks together (`serviceLoadBalancerIPs`).
- `no-speaker`: MetalLB's controller is in the files and its speaker is not: somebody else is meant to announce.
- `misspelt`: an advertisement beside it names a pool that is not there; SRC313 speaks, and names this pool.
- `may-reach`: an advertisement may reach it: its pools, or the pool's labels, are a placeholder.
- `unread`: something in the pool's folder could not be read, and may be its advertisement.

## Bad

```yaml
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: public  # want warning "no L2Advertisement or BGPAdvertisement reaches this pool"
  namespace: metallb-system
spec:
  addresses:
    - 192.0.2.0/28
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
kind: L2Advertisement
metadata:
  name: public
  namespace: metallb-system
spec:
  ipAddressPools:
    - public
```

## Fix

Add an L2Advertisement (or a BGPAdvertisement, with a BGPPeer) that names the pool, or add the pool to one that is
there. Where Calico or Cilium announces the range, declare it (`loadBalancer: calico-bgp`).

## Sources

- MetalLB `website/content/troubleshooting/index.md`, `website/content/configuration/calico.md`.
- MetalLB `internal/config/config.go` (setL2AdvertisementsToPools, setBGPAdvertisementsToPools).
- metallb/metallb#1561, metallb/metallb#1154, metallb/metallb#1989.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, Model, Related, Rule, Severity, Unadvertised


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a pool."""
    for found in model.advertising.unadvertised:
        yield _diagnosis(found, closed=model.environment.closed_world)


def _diagnosis(found: Unadvertised, *, closed: bool) -> Diagnosis:
    pool = found.pool.object
    is_proven = closed or bool(found.asking and found.others)
    return Diagnosis(
        at=pool.place.at("metadata", "name"),
        message="MetalLB assigns addresses of this pool and never announces them: no L2Advertisement or "
        "BGPAdvertisement reaches this pool, so nobody answers for them and clients time out.",
        severity=Severity.ERROR if is_proven else Severity.WARNING,
        object=pool,
        related=_related(found),
        assumptions=() if closed else (f"no advertisement outside these files reaches {pool.ref}",),
        fixes=_fixes(found),
    )


def _related(found: Unadvertised) -> tuple[Related, ...]:
    others = [
        Related(each.object.place.at("spec"), "this advertisement reaches other pools only", each.object)
        for each in found.others
    ]
    asking = [
        Related(each.object.place.at("metadata", "name"), "this Service asks for an address of the pool", each.object)
        for each in found.asking
    ]
    return (*others[:3], *asking[:3])


def _fixes(found: Unadvertised) -> tuple[str, ...]:
    name = found.pool.object.name
    add = f"add an L2Advertisement (or a BGPAdvertisement) with `ipAddressPools: [{name}]`"
    listing = next((each for each in found.others if each.pools), None)
    declare = "declare who announces the addresses, if it is not MetalLB: `loadBalancer: calico-bgp`"
    if listing is None:
        return (add, declare)
    return (f"add {name} to the ipAddressPools of {listing.object.ref}", add, declare)


RULE = Rule(
    id="SRC312",
    name="metallb-pool-not-advertised",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
