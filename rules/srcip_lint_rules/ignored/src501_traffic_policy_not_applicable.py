"""`externalTrafficPolicy` on a Service that is not reachable from outside: the API server rejects the whole Service.

The field decides what nodes do with packets from outside, so a Service without a way in from outside may not have it.
It is written most often where `type` was forgotten: the type is then ClusterIP. Nothing of the Service is created or
changed, and a Service that is there already keeps its old policy.

## Reported when

- `written`: an external traffic policy is written, whatever it is.
- `not-external`: the Service is surely not reachable from outside: an ExternalName, or a ClusterIP without external
  IPs.

It is an **error**. A ClusterIP with external IPs may have the field since Kubernetes 1.28; a declared
`kubernetesVersion` below that makes it a **warning** there.

## Silent when

- `unknown`: the type, the policy or the external IPs are a placeholder.
- `patch`: another definition of the Service, which it may be a patch of or be patched by, writes a type or external
  IPs.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  externalTrafficPolicy: Local  # want error "may only be set for externally-accessible services"
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

Write the type that was meant, `LoadBalancer` or `NodePort`. If the Service is for the cluster only, remove the field:
callers inside the cluster keep their own address anyway, and `internalTrafficPolicy` is what keeps their packets on
their node.

## Sources

- kubernetes/kubernetes `pkg/apis/core/validation/validation.go` (`validateServiceExternalTrafficPolicy`), pull
  request 119150.
- astronomer/astronomer#1726.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Change, Diagnosis, Model, Related, Rule, Service, Severity

_ACCEPTS_EXTERNAL_IPS = (1, 28)
"""The Kubernetes version since which a ClusterIP Service with external IPs may have the field."""


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service, at its policy."""
    for service in model.bundle.services:
        policy = service.external_traffic_policy
        if not policy.written or not isinstance(policy.value, str):
            continue
        if service.not_external and not any(
            patch.type.written or patch.external_ips for patch in model.bundle.patches_of(service)
        ):
            yield _rejected(service, policy.value)
        elif service.type.value == "ClusterIP" and service.external_ips and _is_older(model):
            yield _rejected_by_older(model, service)


def _is_older(model: Model) -> bool:
    version = model.environment.kubernetes_version
    return version is not None and version < _ACCEPTS_EXTERNAL_IPS


def _rejected(service: Service, policy: str) -> Diagnosis:
    meant = "write `type: LoadBalancer` or `type: NodePort`, if clients outside the cluster are meant"
    removal = "remove externalTrafficPolicy" if service.type.written else "else remove externalTrafficPolicy"
    return Diagnosis(
        at=service.external_traffic_policy.place,
        message=f"The API server rejects this Service: externalTrafficPolicy {policy} may only be set for "
        f"externally-accessible services, and this one is {_kind(service)}.",
        severity=Severity.ERROR,
        object=service.object,
        related=(_type(service),),
        fixes=(removal, meant) if service.type.written else (meant, removal),
        changes=(Change(removal, service.external_traffic_policy.place, None),),
    )


def _rejected_by_older(model: Model, service: Service) -> Diagnosis:
    removal = "else remove externalTrafficPolicy"
    version = ".".join(str(part) for part in model.environment.kubernetes_version or ())
    return Diagnosis(
        at=service.external_traffic_policy.place,
        message=f"The API server of Kubernetes {version} rejects this Service: before 1.28, externalTrafficPolicy "
        "may only be set for LoadBalancer and NodePort services, and this one is ClusterIP with external IPs.",
        severity=Severity.WARNING,
        object=service.object,
        related=(_type(service), Related(service.external_ips[0].place, "its external IPs", service.object)),
        fixes=(
            "write `type: NodePort` or `type: LoadBalancer`: both may have external IPs too",
            removal,
        ),
        changes=(Change(removal, service.external_traffic_policy.place, None),),
    )


def _kind(service: Service) -> str:
    if service.type.value == "ExternalName":
        return "ExternalName"
    return "headless" if service.headless else "ClusterIP without external IPs"


def _type(service: Service) -> Related:
    if service.type.written:
        return Related(service.type.place, f"the type is {service.type.value}", service.object)
    return Related(service.object.place.at("spec"), "no type is written, so it is ClusterIP", service.object)


RULE = Rule(
    id="SRC501",
    name="traffic-policy-not-applicable",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
