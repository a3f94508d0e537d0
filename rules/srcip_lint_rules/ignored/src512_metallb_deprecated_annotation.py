"""A Service uses MetalLB's annotations by their old prefix, `metallb.universe.tf/`.

Since MetalLB 0.14.9 the prefix is `metallb.io/`. The old one is still read, but only where the new one is not there: of
two annotations of one name the new one holds, and what the old one says has no effect.

## Reported when

- `service`: it stands on a Service.
- `old-prefix`: it is `address-pool`, `loadBalancerIPs` or `allow-shared-ip` with the prefix `metallb.universe.tf/`.

It is **info**, once a Service; a **warning** where the same annotation is there with both prefixes and they disagree.

## Silent when

- `older-version`: MetalLB is older than 0.14.9, by the configuration or by its image, and reads no other prefix.
- `not-read`: it is another annotation of that prefix (MetalLB's own note, or one that SRC511 speaks of).

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    metallb.universe.tf/address-pool: public  # want info "metallb.universe.tf/address-pool has the prefix"
spec:
  type: LoadBalancer
  selector:
    app: web
  ports:
    - port: 80
```

And where both are there:

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    metallb.io/address-pool: public
    metallb.universe.tf/address-pool: internal  # want warning "the newer one holds"
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
    metallb.io/address-pool: public
spec:
  type: LoadBalancer
  selector:
    app: web
  ports:
    - port: 80
```

## Fix

Write `metallb.io/` instead, once MetalLB is 0.14.9 or newer. Of two that disagree keep the one that is meant.

## Sources

- MetalLB `controller/service.go` (valueForAnnotation, SharingKey); release notes of 0.14.9, #2495.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.rule import Answer, Diagnosis, MetalLbAnnotation, Model, Related, Rule, Service, Severity

_NEW = "metallb.io/"


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service, and one for each annotation that another prefix contradicts."""
    for service in model.bundle.services:
        old = [each for each in model.metallb.annotations(service) if each.is_deprecated]
        is_new = model.metallb.installation(service.object).at_least(0, 14, 9) if old else Answer.NO
        contradicted = [each for each in old if _contradicted(service, each)]
        yield from (_disagreement(service, each, is_new) for each in contradicted)
        rest = [each for each in old if each not in contradicted]
        if rest and is_new is not Answer.NO:
            yield _deprecated(service, rest, is_new)


def _contradicted(service: Service, old: MetalLbAnnotation) -> bool:
    """Does the same annotation of the newer prefix surely say something else?"""
    new = service.object.annotation(_NEW + old.name)
    return new is not None and isinstance(old.value, str) and _items(new) != _items(old.value)


def _items(value: str) -> set[str]:
    """What a value lists, in whatever order."""
    return {part.strip() for part in value.split(",")}


def _disagreement(service: Service, old: MetalLbAnnotation, is_new: Answer) -> Diagnosis:
    new = _NEW + old.name
    holds = "MetalLB before 0.14.9 reads only the older one" if is_new is Answer.NO else "the newer one holds"
    return Diagnosis(
        at=old.place,
        message=f"{old.key} and {new} disagree, and {holds}.",
        severity=Severity.WARNING,
        object=service.object,
        related=(Related(service.object.place.at("metadata", "annotations", new), "the newer one", service.object),),
        fixes=(f"keep one of them, with the value that is meant{'' if is_new is Answer.NO else f': {new}'}",),
    )


def _deprecated(service: Service, old: list[MetalLbAnnotation], is_new: Answer) -> Diagnosis:
    keys, have = " and ".join(each.key for each in old), "has" if len(old) == 1 else "have"
    return Diagnosis(
        at=old[0].place,
        message=f"{keys} {have} the prefix from before MetalLB 0.14.9, which is deprecated.",
        severity=Severity.INFO,
        object=service.object,
        related=tuple(Related(each.place, "and here", service.object) for each in old[1:]),
        assumptions=() if is_new is Answer.YES else ("MetalLB is 0.14.9 or newer",),
        fixes=tuple(_renamed(service, old)),
    )


def _renamed(service: Service, old: list[MetalLbAnnotation]) -> Iterator[str]:
    there = [each.key for each in old if _NEW + each.name in service.object.annotations]
    renamed = [_NEW + each.name for each in old if each.key not in there]
    if renamed:
        yield f"write {' and '.join(renamed)}"
    if there:
        yield f"remove {' and '.join(there)}, which the newer prefix says too"


RULE = Rule(
    id="SRC512",
    name="metallb-deprecated-annotation",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
