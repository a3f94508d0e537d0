"""A Service asks MetalLB for an address in a way that MetalLB cannot grant: it gets none.

MetalLB takes the wish for an address from the annotation `loadBalancerIPs` or from `spec.loadBalancerIP`, not from
both; the annotation may name one address of each family, and they must come from one pool that is open to the Service.
In every other case the Service stays pending, with an event, and MetalLB does not fall back to another address.

This is about being reachable at all rather than about the client's address, so the rule is **off by default**: it runs
where it is selected by its id or its name.

## Reported when

- `metallb`: MetalLB surely serves the Service.
- `refused`: the annotation and the field are both set; or what is asked for is no address, more than two addresses, or
  two of one family; or, where `closedWorld` is declared, no pool that was read holds the address, it is one that the
  pool leaves out (`avoidBuggyIPs`), the annotation `address-pool` names another pool, or the pool's `serviceAllocation`
  surely excludes the Service; or the address is asked for by `spec.loadBalancerIP`, deprecated since Kubernetes 1.24.

It is an **error**; **info** for the deprecated field alone.

## Silent when

- `unknown`: what is asked for, or part of the pools, is a placeholder.
- `open-world`: there may be other pools than those that were read.
- `patch`: another file holds a patch of the Service.

## Bad

```yaml
# given loadBalancer: metallb-l2
apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    metallb.io/loadBalancerIPs: 192.0.2.5
spec:
  type: LoadBalancer
  loadBalancerIP: 192.0.2.6  # want error "takes one of them only"
  selector:
    app: web
  ports:
    - port: 80
```

## Good

```yaml
# given loadBalancer: metallb-l2
apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    metallb.io/loadBalancerIPs: 192.0.2.5
spec:
  type: LoadBalancer
  selector:
    app: web
  ports:
    - port: 80
```

## Fix

Ask by the annotation alone, for one address of each family, out of one pool that is open to the Service.

## Sources

- MetalLB `controller/service.go` (getDesiredLbIPs, allocateIPs), `internal/ipfamily` (ForAddressesIPs),
  `internal/allocator/allocator.go` (Assign, poolFor, isPoolCompatibleWithService).
- Kubernetes API, `core/v1` ServiceSpec, loadBalancerIP.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.rule import Answer, Change, Diagnosis, Model, RequestConflict, Rule, Service, Severity


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a fault of a request, and one for the deprecated field."""
    for service in model.bundle.services:
        is_served = model.metallb.handles(service) is Answer.YES
        if is_served and not model.bundle.patches_of(service):
            yield from _judge(model, service)


def _judge(model: Model, service: Service) -> Iterator[Diagnosis]:
    found = model.metallb.request_conflicts(service)
    yield from (_refused(service, conflict) for conflict in found)
    field = service.load_balancer_ip
    if not found and isinstance(field.value, str) and field.value:
        yield Diagnosis(
            at=field.place,
            message="spec.loadBalancerIP is deprecated since Kubernetes 1.24, and holds one address only.",
            severity=Severity.INFO,
            object=service.object,
            fixes=("write the annotation metallb.io/loadBalancerIPs (MetalLB 0.14.9 or newer) instead",),
        )


def _refused(service: Service, conflict: RequestConflict) -> Diagnosis:
    return Diagnosis(
        at=conflict.place,
        message=f"MetalLB gives this Service no address, and it stays pending: {conflict.why}.",
        severity=Severity.ERROR,
        object=service.object,
        fixes=(conflict.fix,),
        changes=(Change(conflict.fix, conflict.place, None),) if conflict.is_removal else (),
    )


RULE = Rule(
    id="SRC519",
    name="metallb-ip-request-conflict",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    default=False,
)
