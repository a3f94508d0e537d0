"""A `healthCheckNodePort` that is taken, or that no node port may be: the API server rejects the Service.

Node ports and health-check node ports come out of one pool for the whole cluster, whatever the namespace and the
protocol. The second Service that asks for a number is refused as a whole: nothing of it is created or changed, and a
load balancer that polls the port asks about the pods of the first. Where no number is written, the API server picks a
free one.

## Reported when

- `written`: a health-check node port other than 0 is written.
- `needed`: the type is surely LoadBalancer and the external traffic policy surely Local; otherwise SRC503 speaks.
- `taken`: another Service pins the same health-check node port, or the number is some Service's `nodePort`, the
  Service's own among them; or it lies outside the range 30000-32767; or it is no port at all.

It is an **error**. It is a **warning** where the two Services stand in different files, of one folder or of one below
the other, that may be meant for different clusters (unless `closedWorld` is declared), and for a number outside the
range, which is the default of the API server's flag `--service-node-port-range`.

## Silent when

- `unknown`: the port, the type or the policy is a placeholder.
- `patch`: a patch of one of the two Services writes a type, a policy or a health-check node port.
- `same-service`: the two are definitions of one Service, or may be.
- `not-applied`: the other Service is one that the API server rejects anyway: a `nodePort` on a ClusterIP, or without
  a cluster IP; a health-check node port without LoadBalancer and Local.
- `other-bundle`: the two stand in folders neither of which holds the other, or in files that define one object both,
  so they need not meet in one cluster.
- `range-flag`: the files start an API server with a `--service-node-port-range`; then no number is out of range.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  healthCheckNodePort: 32000
  selector:
    app: web
  ports:
    - port: 80
---
apiVersion: v1
kind: Service
metadata:
  name: mail
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  healthCheckNodePort: 32000  # want error "node port 32000 is also claimed by Service web"
  selector:
    app: mail
  ports:
    - port: 25
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
  healthCheckNodePort: 32000
  selector:
    app: web
  ports:
    - port: 80
---
apiVersion: v1
kind: Service
metadata:
  name: mail
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: mail
  ports:
    - port: 25
```

## Fix

Remove the field: the API server picks a free port, and load balancers that are told of the Service by Kubernetes learn
it. Write a number only where something outside the cluster must know it, and then one of its own between 30000 and
32767. On a Service that exists the number cannot be changed: that Service must be deleted first.

## Sources

- Kubernetes API, `core/v1` ServiceSpec `healthCheckNodePort` ("in-range, and is not in use").
- kubernetes/kubernetes `pkg/registry/core/service/storage/alloc.go` (`allocHealthCheckNodePort`),
  `pkg/apis/core/validation/validation.go` (`validateServiceExternalTrafficPolicy`).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import (
    DEFAULT_RANGE,
    HEALTH_CHECK,
    Diagnosis,
    Model,
    PortClaim,
    Related,
    Rivalry,
    Rule,
    Service,
    Severity,
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a health-check node port: it is no port, it is taken, or it is out of range."""
    for claim in model.node_ports.claims:
        if claim.field != HEALTH_CHECK or _may_be_patched(model, claim.service):
            continue
        rivalry = model.node_ports.rivalry(claim)
        if not 1 <= claim.number <= 65535:
            yield _refused(claim, "is no port: it must be between 1 and 65535", Severity.ERROR)
        elif rivalry and not _may_be_patched(model, rivalry.other.service):
            yield _taken(claim, rivalry)
        elif claim.number not in DEFAULT_RANGE and not model.node_ports.range_is_set:
            yield _refused(claim, "is not in the range of node ports, 30000-32767", Severity.WARNING)


def _may_be_patched(model: Model, service: Service) -> bool:
    return any(
        patch.type.written or patch.external_traffic_policy.written or patch.health_check_node_port.written
        for patch in model.bundle.patches_of(service)
    )


def _taken(claim: PortClaim, rivalry: Rivalry) -> Diagnosis:
    other, mine = rivalry.other, claim.service.object
    is_own = other.service is claim.service
    who = "this Service's own nodePort" if is_own else str(other.service.object.ref)
    which = "this Service" if is_own else "whichever of the two Services is created second"
    return Diagnosis(
        at=claim.at,
        message=f"The API server rejects {which}: node port {claim.number} is also claimed by {who}. Health-check node "
        "ports and node ports come out of one pool for the whole cluster.",
        severity=Severity.ERROR if rivalry.sure else Severity.WARNING,
        object=mine,
        related=(Related(other.at, f"{other.field} {other.number}", other.service.object),),
        assumptions=() if rivalry.sure else (f"{mine.path} and {other.service.object.path} are for one cluster",),
        fixes=_fixes(claim),
    )


def _refused(claim: PortClaim, why: str, severity: Severity) -> Diagnosis:
    is_default = severity is Severity.WARNING
    return Diagnosis(
        at=claim.at,
        message=f"The API server rejects this Service: healthCheckNodePort {claim.number} {why}.",
        severity=severity,
        object=claim.service.object,
        assumptions=("the API server's flag --service-node-port-range is at its default",) if is_default else (),
        fixes=_fixes(claim),
    )


def _fixes(claim: PortClaim) -> tuple[str, ...]:
    return (
        f"remove `healthCheckNodePort: {claim.number}`: the API server picks a free port",
        "or write a number from 30000 to 32767 that nothing else claims, if something outside the cluster must know it",
    )


RULE = Rule(
    id="SRC504",
    name="health-check-node-port-collision",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
