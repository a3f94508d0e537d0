"""MetalLB no longer reads a configuration of this form.

Until 0.12 MetalLB read a ConfigMap with `address-pools` and `peers` in it; since 0.13 it reads custom resources only,
and the pools of a ConfigMap do not exist for it. The AddressPools that 0.13 brought for the transition are gone since
0.14.2. MetalLB does not complain of what it does not read: after an upgrade Services stay pending, or keep an address
that nobody announces.

## Reported when

- `config-map`: a ConfigMap holds MetalLB's old configuration: under `config`, a list `address-pools` with protocols, or
  `peers` with AS numbers.
- `address-pool`: there is an AddressPool.
- `old-peer`: there is a BGPPeer of version `metallb.io/v1beta1`; later versions convert it, so this is only a hint.

A ConfigMap is an **error** where MetalLB is surely 0.13 or newer: by `metallb.version` in the configuration, the image
of the speaker or controller, or custom resources of MetalLB in the same folder. An AddressPool is an **error** where
it is surely 0.14.2 or newer. Otherwise they are **info**, on the assumption that it is. A ConfigMap whose pools all
stand beside it as IPAddressPools is a leftover, and **info** too. An old BGPPeer is **info**.

## Silent when

- `old-metallb`: MetalLB is of a version that reads it.
- `other-namespace`: the ConfigMap is in another namespace than the MetalLB whose manifests stand beside it, or that is
  declared.
- `other-config-map`: it holds something else: MetalLB's own `excludel2` and FRR settings, or another product's.

## Bad

```yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: config
  namespace: metallb-system
data:
  config: |  # want error "MetalLB has not read this ConfigMap since 0.13"
    address-pools:
      - name: public
        protocol: layer2
        addresses:
          - 192.0.2.0/28
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: controller
  namespace: metallb-system
spec:
  selector:
    matchLabels:
      component: controller
  template:
    metadata:
      labels:
        component: controller
    spec:
      containers:
        - name: controller
          image: quay.io/metallb/controller:v0.15.3
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

Convert it with MetalLB's `configmaptocrs`, or write an IPAddressPool for each pool, an L2Advertisement or
BGPAdvertisement for its protocol, and a BGPPeer for each peer; then delete the ConfigMap. An AddressPool becomes an
IPAddressPool with an advertisement of its own.

## Sources

- MetalLB `website/content/release-notes` (0.13.2, 0.14.2, 0.14.9),
  `website/content/configuration/migration_to_crds.md`.
- metallb/metallb#1989, metallb/metallb#1473.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Answer, Diagnosis, Model, Related, Rule, Severity, Unread


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis an object."""
    for found in model.acceptance.legacy_configs:
        yield _leftover(found) if found.replaced else _config_map(found)
    for found in model.acceptance.legacy_pools:
        yield _address_pool(found)
    for found in model.acceptance.legacy_peers:
        yield _peer(found)


def _config_map(found: Unread) -> Diagnosis:
    names = ", ".join(name for name in found.pools[:3] if name)
    lost = f"its pools ({names}) do not exist" if names else "its peers and pools do not exist"
    condition = "" if found.is_new is Answer.YES else "with that version or a later one "
    return Diagnosis(
        at=found.place,
        message=f"MetalLB has not read this ConfigMap since 0.13: {condition}{lost}, so no Service gets an address of "
        "them and nobody announces one.",
        severity=_severity(found),
        object=found.object,
        related=_evidence(found),
        assumptions=_assumptions(found, "0.13"),
        fixes=(
            "convert it with MetalLB's configmaptocrs: IPAddressPools, an advertisement for each, BGPPeers",
            "declare `metallb: {version: ...}` in srcip-lint.yaml, if it is older",
        ),
    )


def _leftover(found: Unread) -> Diagnosis:
    return Diagnosis(
        at=found.place,
        message="MetalLB has not read this ConfigMap since 0.13; IPAddressPools have taken the place of all its pools, "
        "and what is changed here has no effect.",
        severity=Severity.INFO,
        object=found.object,
        related=_evidence(found),
        fixes=("delete the ConfigMap",),
    )


def _address_pool(found: Unread) -> Diagnosis:
    return Diagnosis(
        at=found.place,
        message="MetalLB has not read AddressPools since 0.14.2: this pool does not exist, so no Service gets an "
        "address of it and nobody announces one.",
        severity=_severity(found),
        object=found.object,
        related=_evidence(found),
        assumptions=_assumptions(found, "0.14.2"),
        fixes=("make it an IPAddressPool without `protocol`, and add an L2Advertisement or BGPAdvertisement for it",),
    )


def _peer(found: Unread) -> Diagnosis:
    return Diagnosis(
        at=found.place,
        message="BGPPeers of metallb.io/v1beta1 are deprecated since MetalLB 0.14.9; they are still converted.",
        severity=Severity.INFO,
        object=found.object,
        fixes=("write `apiVersion: metallb.io/v1beta2`",),
    )


def _severity(found: Unread) -> Severity:
    return Severity.ERROR if found.is_new is Answer.YES else Severity.INFO


def _assumptions(found: Unread, version: str) -> tuple[str, ...]:
    return () if found.is_new is Answer.YES else (f"MetalLB is {version} or newer",)


def _evidence(found: Unread) -> tuple[Related, ...]:
    return tuple(Related(each.place.at("kind"), "this tells how new MetalLB is", each) for each in found.evidence[:2])


RULE = Rule(
    id="SRC513",
    name="metallb-legacy-config-ignored",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
