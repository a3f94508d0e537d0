"""MetalLB rejects its whole configuration.

MetalLB reads pools, advertisements, peers and BFD profiles as one configuration and checks it as a whole. One fault is
enough: its webhook refuses the object that completes it. Where the webhook is not asked (it was down, the object was
there before an upgrade, the mode was changed) MetalLB keeps the configuration it had, and nothing that is applied
afterwards has any effect: no new pool, no new advertisement. Only its log tells.

## Reported when

- `addresses`: an item of a pool's `addresses` is neither a network with a prefix length nor a range of two whole
  addresses.
- `overlap`: two ranges share an address, of two pools or of one.
- `repeated`: a name, a selector, or a condition in a selector stands twice in one list.
- `aggregation-with-selectors`: a BGPAdvertisement has both `serviceSelectors` and an aggregation length other than that
  of one address.
- `aggregation-too-long`: an aggregation length is longer than an address.
- `aggregation-too-short`: an aggregation length makes a prefix that goes beyond a range of a pool it reaches.
- `local-preference`: two BGPAdvertisements without service selectors announce the same prefixes to the same peers from
  the same nodes, with different `localPref`.
- `missing-profile`: a BGPPeer's `bfdProfile` names no BFDProfile, while others, or pools with advertisements, stand
  beside it or `closedWorld` is declared.
- `echo-with-ipv6`: a peer with a BFD profile in echo mode is sent IPv6 addresses.
- `native`: MetalLB surely speaks BGP in its native mode (by `metallb.bgpMode` in the configuration, or the speaker's
  manifest) and the configuration has what only FRR can do: a BFDProfile, IPv6 addresses in a BGP pool, or a peer with
  `bfdProfile`, `vrf`, `keepaliveTime`, `connectTime` or the like.

It is an **error**. A **warning** where the two that contradict each other stand in different files of one folder, on
the assumption that both are applied to one cluster; and for a missing profile without `closedWorld`, on the assumption
that it is not applied from outside the files.

## Silent when

- `placeholder`: the value is filled in later.
- `other-cluster`: the two stand in different folders, or in files of one folder that define one object twice: examples
  or clusters side by side.
- `other-namespace`: the two are in different namespaces: MetalLB reads its own only (SRC515).
- `defined-twice`: both are one object, defined twice; SRC005 speaks.
- `unread`: something beside a peer could not be read, and may be the profile.
- `profile-elsewhere`: neither a profile nor a whole configuration stands beside the peer.
- `mode-unknown`: nothing tells how MetalLB speaks BGP, or the speaker's manifest stands in another folder.

## Bad

```yaml
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: public
  namespace: metallb-system
spec:
  addresses:
    - 192.0.2.0/24
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: reserved
  namespace: metallb-system
spec:
  addresses:
    - 192.0.2.10-192.0.2.20  # want error "192.0.2.10-192.0.2.20 overlaps 192.0.2.0/24 of pool public"
```

```yaml
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: public
  namespace: metallb-system
spec:
  addresses:
    - 192.0.2.10  # want error "a prefix length is missing (/32 for one address)"
    - 192.0.2.20-30  # want error "30 is no address to end at, both ends are written in full"
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
    - 192.0.2.32-192.0.2.254
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: reserved
  namespace: metallb-system
spec:
  addresses:
    - 192.0.2.10-192.0.2.20
    - 192.0.2.5/32
```

## Fix

What the finding says. Afterwards look for `config` in the log of MetalLB's controller: it says whether the
configuration was loaded.

## Sources

- MetalLB `internal/config/config.go` (For, ParseCIDR, poolsFor, validateBGPAdvPerPool,
  BGPAdvertisementsHaveCompatibleLocalPref, validateDuplicate, validateLabelSelectorDuplicate, bgpAdvertisementFromCR).
- MetalLB `internal/config/validation.go` (DiscardFRROnly, validateConfig), `speaker/main.go` (METALLB_BGP_TYPE).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, MissingProfile, Model, Rejection, Related, Rule, Severity

_STALE = "its webhook refuses this, or the configuration it had before stays in force and later changes have no effect"


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a reason."""
    for rejection in model.acceptance.rejections:
        yield _diagnosis(rejection)
    for missing in model.acceptance.missing_profiles:
        yield _missing(missing, closed=model.environment.closed_world)


def _diagnosis(rejection: Rejection) -> Diagnosis:
    reason = rejection.reason
    return Diagnosis(
        at=reason.place,
        message=f"MetalLB rejects its whole configuration, because {reason.words}: {_STALE}.",
        severity=Severity.WARNING if rejection.assumption else Severity.ERROR,
        object=reason.object,
        related=tuple(Related(other.place, other.words, other.object) for other in reason.others),
        assumptions=(rejection.assumption,) if rejection.assumption else (),
        fixes=(reason.fix,),
    )


def _missing(found: MissingProfile, *, closed: bool) -> Diagnosis:
    hint = f" (did you mean {found.meant}?)" if found.meant else ""
    return Diagnosis(
        at=found.peer.bfd_profile.place,
        message=f"MetalLB rejects its whole configuration, because there is no BFDProfile {found.name}{hint}: the "
        "configuration it had before stays in force and later changes have no effect.",
        severity=Severity.ERROR if closed else Severity.WARNING,
        object=found.peer.object,
        assumptions=() if closed else (f"no BFDProfile {found.name} is applied from outside these files",),
        fixes=(f"write {found.meant}" if found.meant else f"add BFDProfile {found.name}, or take bfdProfile away",),
    )


RULE = Rule(
    id="SRC516",
    name="metallb-config-rejected",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
