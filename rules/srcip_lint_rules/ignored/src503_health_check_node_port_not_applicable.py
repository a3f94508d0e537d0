"""`healthCheckNodePort` on a Service that has no health check: the API server rejects the whole Service.

The node port answers whether a node has a ready pod, for load balancers that poll it. Only a LoadBalancer Service
whose external traffic policy is Local has one, and the API server picks a free port itself where none is written.

## Reported when

- `written`: a health-check node port other than 0 is written.
- `not-both`: the type is surely not LoadBalancer, or the external traffic policy is surely not Local.

## Silent when

- `unknown`: the type, the policy or the port is a placeholder.
- `case`: the policy is `Local` but for its case (SRC502 speaks then).
- `patch`: another definition of the Service, which it may be a patch of or be patched by, writes a type or a policy.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Cluster
  healthCheckNodePort: 32000  # want error "may only be set when `type` is 'LoadBalancer'"
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
  healthCheckNodePort: 32000
  selector:
    app: web
  ports:
    - port: 80
```

## Fix

Remove the field. If the address of the clients is needed, write `type: LoadBalancer` and `externalTrafficPolicy:
Local`; the port is then chosen by the API server, and is worth writing only where something outside the cluster must
know it.

## Sources

- kubernetes/kubernetes `pkg/apis/core/validation/validation.go` (`validateServiceExternalTrafficPolicy`).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Change, Diagnosis, Model, Related, Rule, Service, Severity


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service, at its health-check node port."""
    for service in model.bundle.services:
        port = service.health_check_node_port.value
        has_port = isinstance(port, int) and port != 0
        if has_port and _surely_has_no_health_check(service) and not _may_be_patched(model, service):
            yield _rejected(service, port)


def _rejected(service: Service, port: object) -> Diagnosis:
    place, removal = service.health_check_node_port.place, "remove healthCheckNodePort"
    return Diagnosis(
        at=place,
        message=f"The API server rejects this Service: healthCheckNodePort {port} may only be set when "
        f"`type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local', and here {_state(service)}.",
        severity=Severity.ERROR,
        object=service.object,
        related=_wrong(service),
        fixes=(removal, _completed(service)),
        changes=(Change(removal, place, None),),
    )


def _surely_has_no_health_check(service: Service) -> bool:
    kind, policy = service.type.value, service.external_traffic_policy.value
    if not isinstance(kind, str) or not isinstance(policy, str | None):
        return False
    if kind == "LoadBalancer":
        return policy is None or policy.strip().casefold() != "local"
    return True


def _may_be_patched(model: Model, service: Service) -> bool:
    patches = model.bundle.patches_of(service)
    return any(patch.type.written or patch.external_traffic_policy.written for patch in patches)


def _state(service: Service) -> str:
    kind, policy = service.type, service.external_traffic_policy
    if kind.value != "LoadBalancer":
        return f"the type is {kind.value}" if kind.written else "no type is written, so it is ClusterIP"
    return f"the policy is {policy.value}" if policy.written else "no policy is written, so it is Cluster"


def _wrong(service: Service) -> tuple[Related, ...]:
    """What is in the way, where it is written; a default stands nowhere."""
    located = service.type if service.type.value != "LoadBalancer" else service.external_traffic_policy
    return (Related(located.place, _state(service).removeprefix("the "), service.object),) if located.written else ()


def _completed(service: Service) -> str:
    needed = []
    if service.type.value != "LoadBalancer":
        needed.append("`type: LoadBalancer`")
    if service.external_traffic_policy.value != "Local":
        needed.append("`externalTrafficPolicy: Local`")
    return f"or write {' and '.join(needed)}, if a load balancer is to poll it"


RULE = Rule(
    id="SRC503",
    name="health-check-node-port-not-applicable",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
