"""Two Services are to share an address, and MetalLB gives it to only one of them.

MetalLB lets two Services have one address where both carry the same sharing key (the annotation
`metallb.io/allow-shared-ip`), no port is taken twice, and both have the same *backend*: under `externalTrafficPolicy:
Local` that is the selector, label by label, under `Cluster` nothing. So Local Services share only where their
selectors are equal, and never with a Cluster one. The Service that MetalLB sees second stays pending, with an event
that says `can't change sharing key`, and packets to its ports reach a node that knows nothing of them. Which of the two
that is may change with a restart of MetalLB's controller.

## Reported when

- `two`: two LoadBalancer Services ask for one address, by `loadBalancerIPs` or `loadBalancerIP`; or they carry the
  same sharing key, and at least one of them asks for no address.
- `refused`: MetalLB surely does not let them share it: a key is missing or empty, the keys differ, a protocol and
  port is taken by both, or one is Local and the other Cluster or of another selector.
- `metallb`: MetalLB serves one of them, and nothing tells that another load balancer serves the other.
- `one-cluster`: they are applied together (one file, one kustomization), or stand in one folder.

It is an **error** where both ask for one address, and where the one pool that serves both holds one address; a
**warning** where that rests on an assumption: that MetalLB serves a Service of which nothing tells who does, that both
files of a folder are applied to one cluster, that no other pool is there (`closedWorld` settles the last two). Without
an address that both ask for, and with a larger pool, it is **info**: each takes an address of its own.

## Silent when

- `unknown`: an address, a key, a policy, a selector or a port is a placeholder, and without it nothing stands against
  sharing.
- `refused-anyway`: one of them asks for addresses in a way that MetalLB refuses: the annotation and the field, or no
  address (SRC519, where it is switched on).
- `patch`: another file holds a patch of one of them.
- `alternatives`: they stand in files that define one object differently, of which one is applied.
- `mistyped-key`: only a mistyped annotation stands between them (SRC511 speaks then).
- `own-addresses`: each asks for an address of its own.
- `same-object`: they are one object, defined twice (SRC005).

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: dns
  annotations:
    metallb.io/allow-shared-ip: edge
    metallb.io/loadBalancerIPs: 192.0.2.5
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: dns
  ports:
    - port: 53
      protocol: UDP
---
apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    metallb.io/allow-shared-ip: edge
    metallb.io/loadBalancerIPs: 192.0.2.5  # want error "only one of Service dns and Service web"
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: web
  ports:
    - port: 443
```

## Good

The same pods, on different ports:

```yaml
apiVersion: v1
kind: Service
metadata:
  name: dns-udp
  annotations:
    metallb.io/allow-shared-ip: dns
    metallb.io/loadBalancerIPs: 192.0.2.5
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: dns
  ports:
    - port: 53
      protocol: UDP
---
apiVersion: v1
kind: Service
metadata:
  name: dns-tcp
  annotations:
    metallb.io/allow-shared-ip: dns
    metallb.io/loadBalancerIPs: 192.0.2.5
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: dns
  ports:
    - port: 53
```

## Fix

Give each Service an address of its own. Services of the same pods can be one Service with all ports (of several
protocols since Kubernetes 1.26), or carry the same key with the same policy and the same selector, on different ports.
Going back to `Cluster` on all of them lets them share, and loses the client's address.

## Sources

- MetalLB `internal/allocator/allocator.go` (checkSharing, sharingOK), `internal/allocator/k8salloc/k8salloc.go`
  (BackendKey); "Usage", IP address sharing.
- metallb/metallb#271, #788, #801, #1499, #1696, #2553.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from srcip_lint.rule import (
    Cause,
    Diagnosis,
    Model,
    OnlyPool,
    Refusal,
    Related,
    Rule,
    Service,
    Severity,
    Sharing,
)

_EVENT = {
    Cause.KEY: "can't change sharing key",
    Cause.BACKEND: "can't change sharing key",
    Cause.PORT: "is already in use",
}


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service: the surest of those before it that it cannot share with, and of several the first."""
    seen: set[Service] = set()
    for service in model.bundle.services:
        earlier = (each for each in model.metallb.sharers.with_service(service) if each.other in seen)
        found = [diagnosis for diagnosis in (_judge(model, sharing) for sharing in earlier) if diagnosis]
        if found:
            yield max(found, key=lambda diagnosis: diagnosis.severity)
        seen.add(service)


def _judge(model: Model, sharing: Sharing) -> Diagnosis | None:
    refusals = sharing.refusals
    if not refusals or not sharing.refusals_as_meant:
        return None
    if sharing.address is not None:
        event = _EVENT[refusals[0].cause]
        return _refused(model, sharing, f"{sharing.address}", event, sharing.assumptions)
    if refusals[0].cause is Cause.KEY:
        return None
    pool = model.metallb.sharers.only_pool(sharing)
    return _full(model, sharing, pool) if pool else _apart(model, sharing)


def _full(model: Model, sharing: Sharing, only: OnlyPool) -> Diagnosis:
    """There is one address for both."""
    address = f"{only.address}, all that {only.pool.object.ref} holds,"
    found = _refused(model, sharing, address, "no available IPs", (*sharing.assumptions, *only.assumptions))
    there = Related(only.pool.place, "the one address that is there for both", only.pool.object)
    return replace(found, related=(there, *found.related))


def _refused(model: Model, sharing: Sharing, address: str, event: str, assumptions: tuple[str, ...]) -> Diagnosis:
    refusals = sharing.refusals
    return Diagnosis(
        at=model.metallb.address_place(sharing.service),
        message=f"MetalLB gives {address} to only one of {sharing.other.object.ref} and {sharing.service.object.ref}: "
        f'{_whys(refusals)}. The other one stays pending without an address ("{event}").',
        severity=Severity.WARNING if assumptions else Severity.ERROR,
        object=sharing.service.object,
        related=_related(model, sharing, refusals),
        assumptions=assumptions,
        fixes=_fixes(refusals),
    )


def _apart(model: Model, sharing: Sharing) -> Diagnosis:
    """There may be an address for each."""
    refusals = sharing.refusals
    return Diagnosis(
        at=model.metallb.address_place(sharing.service),
        message=f"{sharing.other.object.ref} and {sharing.service.object.ref} carry the same sharing key, and MetalLB "
        f"does not put them on one address: {_whys(refusals)}. Each takes an address of its own, or stays pending "
        "where none is left.",
        severity=Severity.INFO,
        object=sharing.service.object,
        related=_related(model, sharing, refusals),
        assumptions=sharing.assumptions,
        fixes=_fixes(refusals),
    )


def _whys(refusals: tuple[Refusal, ...]) -> str:
    return ", and ".join(refusal.why for refusal in refusals)


def _related(model: Model, sharing: Sharing, refusals: tuple[Refusal, ...]) -> tuple[Related, ...]:
    asks = "asks for it too" if sharing.address is not None else "the other one of that key"
    found = [Related(model.metallb.address_place(sharing.other), asks, sharing.other.object)]
    if any(refusal.cause is Cause.BACKEND for refusal in refusals):
        for service in (sharing.other, sharing.service):
            policy = service.external_traffic_policy
            if policy.value == "Local":
                found.append(Related(policy.place, "under Local the selectors must be equal", service.object))
    return tuple(found)


def _fixes(refusals: tuple[Refusal, ...]) -> tuple[str, ...]:
    own = "give each of them an address of its own"
    causes = {refusal.cause for refusal in refusals}
    if causes == {Cause.KEY}:
        return ("give both the annotation metallb.io/allow-shared-ip with the same value", f"or {own}")
    if causes == {Cause.PORT}:
        return (own, "or let them take different ports")
    if Cause.PORT in causes:
        return (own,)
    same_key = "the same metallb.io/allow-shared-ip and " if Cause.KEY in causes else ""
    return (
        own,
        f"or, if they are the same pods, give both {same_key}the same policy and selector, or make them one Service",
        f"or give both {same_key}`externalTrafficPolicy: Cluster`, which loses the client's address",
    )


RULE = Rule(
    id="SRC310",
    name="metallb-shared-ip-refused",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
