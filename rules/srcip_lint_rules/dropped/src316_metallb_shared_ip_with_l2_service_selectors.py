"""A Service may share its address, and an L2Advertisement picks it by `serviceSelectors`: MetalLB does not announce it.

With `serviceSelectors` the Services of one address could be spoken for by different advertisements, with different
nodes, and two nodes would answer for it. So MetalLB refuses the pair: a Service with the annotation
`metallb.io/allow-shared-ip` (whatever it says, and whether anybody shares the address) is not announced in layer 2 at
all if any L2Advertisement that speaks for it has `serviceSelectors`. It keeps its address, and nobody answers ARP for
it. MetalLB 0.16.0 and 0.16.1, the first that read `serviceSelectors`, do not refuse it yet, and there two nodes may
answer.

## Reported when

- `metallb`: MetalLB surely serves the Service.
- `may-share`: it has the annotation `allow-shared-ip`, by either prefix.
- `picked`: every pool that its address may come from is surely reached by an L2Advertisement whose `serviceSelectors`
  surely select the Service.

It is an **error** where MetalLB is surely 0.17 or newer, no other pool can be meant (the Service names its pool or
address, or `closedWorld` is declared) and no BGPAdvertisement may announce the address all the same; else a
**warning**. Where the version is not known it is assumed that it is newer than 0.16.1.

## Silent when

- `older-version`: MetalLB is surely older than 0.16, and reads no `serviceSelectors`.
- `alternatives`: files define the advertisement differently, and one of them does not pick the Service so.
- `unknown`: the selectors, or the pools of the advertisement, are placeholders.
- `patch`: another file holds a patch of the Service, whose labels and annotations it may change.

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
kind: L2Advertisement
metadata:
  name: edge
  namespace: metallb-system
spec:
  ipAddressPools:
    - public
  serviceSelectors:
    - matchLabels:
        tier: edge
---
apiVersion: v1
kind: Service
metadata:
  name: web
  labels:
    tier: edge
  annotations:
    metallb.io/allow-shared-ip: edge  # want warning "not announced in layer 2"
spec:
  type: LoadBalancer
  selector:
    app: web
  ports:
    - port: 80
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
    - 192.0.2.0/24
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata:
  name: edge
  namespace: metallb-system
spec:
  ipAddressPools:
    - public
---
apiVersion: v1
kind: Service
metadata:
  name: web
  labels:
    tier: edge
  annotations:
    metallb.io/allow-shared-ip: edge
spec:
  type: LoadBalancer
  selector:
    app: web
  ports:
    - port: 80
```

## Fix

Remove the annotation, if the Service need not share its address; else keep `serviceSelectors` out of every
L2Advertisement that reaches its pool, and give the Services that share a pool of their own.

## Sources

- MetalLB `speaker/layer2_controller.go` (ShouldAnnounce, `sharedIPWithServiceSelector`), which came after 0.16.1;
  `website/content/usage/_index.md`, IP address sharing; release notes of 0.16.0.
- metallb/metallb#3025.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import (
    Advertisement,
    Answer,
    Diagnosis,
    MetalLbAnnotation,
    Model,
    Related,
    Rule,
    Service,
    Severity,
)

_SHARE = "allow-shared-ip"


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service, at its annotation."""
    for service in model.bundle.services:
        share = next((each for each in model.metallb.annotations(service) if each.name == _SHARE), None)
        if share is None or model.bundle.patches_of(service) or model.metallb.handles(service) is not Answer.YES:
            continue
        picks = model.metallb.picked_in_layer2(service)
        if picks and model.metallb.installation(service.object).at_least(0, 16) is not Answer.NO:
            yield _diagnosis(model, service, share, picks)


def _diagnosis(model: Model, service: Service, share: MetalLbAnnotation, picks: tuple[Advertisement, ...]) -> Diagnosis:
    version = model.metallb.installation(service.object)
    refuses = version.at_least(0, 17)
    assumptions = []
    if refuses is Answer.UNKNOWN:
        assumptions.append("MetalLB is newer than 0.16.1 (0.16.0 and 0.16.1 announce it, perhaps from two nodes)")
    if not model.metallb.names_its_pool(service) and not model.environment.closed_world:
        assumptions.append("its address comes from none but the pools that were read")
    by_bgp = bool(model.metallb.announcement(service).bgp)
    is_proven = refuses is Answer.YES and not assumptions and not by_bgp
    names = " and ".join(str(each.object.ref) for each in picks)
    return Diagnosis(
        at=share.place,
        message=_SPLIT.format(names) if refuses is Answer.NO else _REFUSED.format(names),
        severity=Severity.ERROR if is_proven else Severity.WARNING,
        object=service.object,
        related=tuple(
            Related(each.service_selectors.place, "it picks its Services by their labels", each.object)
            for each in picks
        ),
        assumptions=tuple(assumptions),
        fixes=(
            f"remove {share.key}, if nothing needs to share the address",
            "or leave serviceSelectors out of the L2Advertisements that reach its pool",
        ),
    )


_REFUSED = (
    "This Service is not announced in layer 2, so nobody answers ARP for its address: MetalLB does not announce a "
    "Service that may share its address where an L2Advertisement picks it by serviceSelectors: {}."
)
_SPLIT = (
    "Services that share this address may be announced from two nodes, since serviceSelectors pick them: {}. MetalLB "
    "newer than 0.16.1 does not announce such a Service in layer 2 at all."
)


RULE = Rule(
    id="SRC316",
    name="metallb-shared-ip-with-l2-service-selectors",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
