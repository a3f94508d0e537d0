"""A change of `healthCheckNodePort`: the API server rejects it, since load balancers poll the port they once learned.

The field cannot be changed while the Service stays what needs it, a LoadBalancer whose external traffic policy is
Local. The whole update is refused, also whatever else it changes, and the Service keeps running as it was.

What the Service was before is read from the commit that `--since` names, and counts as applied. Without `--since` this
rule does not run.

## Reported when

- `changed`: a health-check node port is written, another one was written before, and neither is 0.
- `needed-before`: the Service surely was a LoadBalancer with the external policy Local.
- `needed-now`: it surely still is.

## Silent when

- `unknown`: type, policy, port or name is a placeholder or made up by the API server, then or now.
- `allocated`: no port is written, then or now: the API server picks one, and keeps it.
- `patch`: another definition of the Service, which it may be a patch of or be patched by, writes a type, a policy or a
  port, then or now.
- `new`: there was no such Service.
- `ambiguous`: there were several Services of the name, none of them in this file or kustomization.

## Bad

```yaml
# earlier: web.yaml
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
# file: web.yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  healthCheckNodePort: 32001  # want error "it was 32000"
  selector:
    app: web
  ports:
    - port: 80
```

## Good

```yaml
# earlier: web.yaml
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
# file: web.yaml
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
    - port: 443
```

## Fix

Write the old port again, or leave the field out: the API server then keeps the port that it has. Where it must be
another one, delete the Service and create it anew; its address may change.

## Sources

- kubernetes/kubernetes `pkg/apis/core/validation/validation.go` (update of a Service: "field is immutable"), and
  `pkg/registry/core/service/strategy.go` (`patchAllocatedValues`: a port that is left out is taken over).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, Model, Reach, Rule, Service, Severity


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service, at its health-check node port."""
    for service in model.local_services:
        earlier = model.before(service) if _port(service) else None
        if model.earlier is None or earlier is None or earlier not in model.earlier.local_services:
            continue
        was, port = _port(earlier), _port(service)
        is_sure = not _may_be_patched(model, service) and not _may_be_patched(model.earlier, earlier)
        if was and port and was != port and is_sure:
            yield _rejected(service, was, port)


def _port(service: Service) -> int | None:
    """The health-check node port that is written on a Service which surely needs one."""
    port = service.health_check_node_port
    return port.value if service.type.value == "LoadBalancer" and isinstance(port.value, int) else None


def _may_be_patched(model: Model, service: Service) -> bool:
    fields = [
        (patch.type, patch.external_traffic_policy, patch.health_check_node_port)
        for patch in model.bundle.patches_of(service)
    ]
    return any(field.written for written in fields for field in written)


def _rejected(service: Service, was: int, port: int) -> Diagnosis:
    return Diagnosis(
        at=service.health_check_node_port.place,
        message=f"The API server rejects this change: healthCheckNodePort is immutable while the Service is a "
        f"LoadBalancer with externalTrafficPolicy Local; it was {was} and is {port} here.",
        severity=Severity.ERROR,
        object=service.object,
        fixes=(
            f"write `healthCheckNodePort: {was}` again, or leave the field out, which keeps {was}",
            "delete the Service and create it anew; its address may change",
        ),
    )


RULE = Rule(
    id="SRC505",
    name="health-check-node-port-changed",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    reach=Reach.CHANGE,
)
