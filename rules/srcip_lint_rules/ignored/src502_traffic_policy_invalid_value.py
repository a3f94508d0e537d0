"""A traffic policy that is neither `Cluster` nor `Local`: the API server rejects the whole Service.

Both values are case-sensitive, so `local`, as some manuals write it, is refused like any other word. Nothing of the
Service is created or changed, and a Service that is there already keeps its old policy.

## Reported when

- `written`: an external or internal traffic policy is written.
- `not-a-policy`: it is not exactly `Cluster` or `Local`.

## Silent when

- `placeholder`: the value is to be filled in later.
- `not-external`: the external policy may not be written on this Service at all (SRC501 speaks then).

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: local  # want error "local is no externalTrafficPolicy"
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
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: web
  ports:
    - port: 80
```

## Fix

Write `Local` or `Cluster`, with the capital letter.

## Sources

- kubernetes/kubernetes `pkg/apis/core/validation/validation.go` (`validateServiceExternalTrafficPolicy`,
  `validateServiceInternalTrafficFieldsValue`).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Change, Diagnosis, Model, Reach, Rule, Service, Severity

_POLICIES = ("Cluster", "Local")


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a field."""
    for service in model.bundle.services:
        if not service.not_external:
            yield from _judge(service, "externalTrafficPolicy")
        yield from _judge(service, "internalTrafficPolicy")


def _judge(service: Service, field: str) -> Iterable[Diagnosis]:
    policy = service.external_traffic_policy if field == "externalTrafficPolicy" else service.internal_traffic_policy
    if not isinstance(policy.value, str) or policy.value in _POLICIES:
        return
    meant = next((known for known in _POLICIES if known.casefold() == policy.value.strip().casefold()), None)
    fix = f"write `{field}: {meant}`" if meant else f"write `{field}: Cluster` or `{field}: Local`"
    hint = f"; did you mean {meant}?" if meant else "."
    yield Diagnosis(
        at=policy.place,
        message=f"The API server rejects this Service: {policy.value} is no {field}, only Cluster and Local are{hint}",
        severity=Severity.ERROR,
        object=service.object,
        fixes=(fix,),
        changes=(Change(fix, policy.place, meant),) if meant else (),
    )


RULE = Rule(
    id="SRC502",
    name="traffic-policy-invalid-value",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    reach=Reach.FILE,
)
