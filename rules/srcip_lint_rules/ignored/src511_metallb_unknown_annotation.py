"""A Service has an annotation of MetalLB's that MetalLB does not read.

MetalLB reads three annotations of a Service: `address-pool`, `loadBalancerIPs` and `allow-shared-ip`, with the prefix
`metallb.io/` or the older `metallb.universe.tf/`. Every other name is passed over without a word. So a mistyped sharing
key shares nothing, and the Service takes another address or stays pending; an annotation that is to choose the
announcing node chooses none, since that is said in the L2Advertisement or BGPAdvertisement.

## Reported when

- `service`: it stands on a Service.
- `prefix`: its prefix is `metallb.io/` or `metallb.universe.tf/`.
- `unknown`: its name is none of `address-pool`, `loadBalancerIPs` and `allow-shared-ip`, nor MetalLB's own note
  `ip-allocated-from-pool`. Upper and lower case matter.

It is a **warning**.

## Silent when

- `placeholder`: a placeholder is part of the annotation's key.
- `newer-version`: MetalLB is of a version that this tool does not know yet (0.17 or newer), by the configuration or by
  its image.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    metallb.io/allow-shared: edge  # want warning "did you mean allow-shared-ip?"
spec:
  type: LoadBalancer
  selector:
    app: web
  ports:
    - port: 80
```

## Good

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
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

Write the name that MetalLB reads, or remove the annotation. Which nodes announce an address, and over which interfaces,
stands in the advertisement of its pool (`nodeSelectors`, `interfaces`), and which advertisement speaks for a Service in
its `serviceSelectors`.

## Sources

- MetalLB `controller/service.go` (the constants, valueForAnnotation, SharingKey).
- metallb/metallb#1696 (`allow-shared`), #1762 (`metallb.universe.tf/L2Advertisement`).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Answer, Diagnosis, MetalLbAnnotation, Model, Related, Rule, Service, Severity

_READ = "address-pool, loadBalancerIPs and allow-shared-ip"


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis an annotation."""
    for service in model.bundle.services:
        unread = [each for each in model.metallb.annotations(service) if not each.is_read]
        if unread and model.metallb.installation(service.object).at_least(0, 17) is not Answer.YES:
            yield from (_unread(model, service, each) for each in unread)


def _unread(model: Model, service: Service, annotation: MetalLbAnnotation) -> Diagnosis:
    meant = annotation.meant
    hint = f"; did you mean {meant}?" if meant else f". It reads {_READ}."
    return Diagnosis(
        at=annotation.place,
        message=f"MetalLB does not read the annotation {annotation.key}, so what it says has no effect{hint}",
        severity=Severity.WARNING,
        object=service.object,
        related=_symptoms(model, service, annotation),
        fixes=(_fix(service, annotation),),
    )


def _fix(service: Service, annotation: MetalLbAnnotation) -> str:
    meant = annotation.meant
    if meant is None:
        return (
            "remove it; which nodes announce an address is said in the L2Advertisement or BGPAdvertisement of its pool"
        )
    key = annotation.prefix + meant
    return f"remove it, {key} is there" if key in service.object.annotations else f"write {key}"


def _symptoms(model: Model, service: Service, annotation: MetalLbAnnotation) -> tuple[Related, ...]:
    """The Services that get no address, or this one none beside them, for no other reason than this."""
    if annotation.meant != "allow-shared-ip":
        return ()
    return tuple(
        Related(
            model.metallb.address_place(sharing.other),
            f"asks for {sharing.address} too, and MetalLB gives it to only one of them",
            sharing.other.object,
        )
        for sharing in model.metallb.sharers.with_service(service)
        if sharing.address is not None and sharing.refusals and not sharing.refusals_as_meant
    )


RULE = Rule(
    id="SRC511",
    name="metallb-unknown-annotation",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
