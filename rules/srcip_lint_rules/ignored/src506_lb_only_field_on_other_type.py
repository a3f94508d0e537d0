"""A setting for load balancers on a Service of another type: the API server rejects the whole Service.

An allow-list, a class or a choice about node ports means something to a load balancer only, so the API takes it on
`type: LoadBalancer` alone. It is written most often where `type` was forgotten: the type is then ClusterIP. Nothing of
the Service is created or changed, and one that is there already keeps its old allow-list.

## Reported when

- `written`: one of these is written: a non-empty `loadBalancerSourceRanges`; the annotation
  `service.beta.kubernetes.io/load-balancer-source-ranges`, whatever it holds; `allocateLoadBalancerNodePorts`, true or
  false; `loadBalancerClass`.
- `other-type`: the type is surely not LoadBalancer.

It is an **error**. All such fields of a Service are one finding.

## Silent when

- `unknown`: the type or the field is a placeholder.
- `patch`: another definition of the Service, which it may be a patch of or be patched by, writes a type.
- `older`: the declared `kubernetesVersion` is below 1.22, whose API server drops `allocateLoadBalancerNodePorts` and
  `loadBalancerClass` instead.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  loadBalancerSourceRanges:  # want error "loadBalancerSourceRanges may only be used when `type` is 'LoadBalancer'"
    - 198.51.100.0/24
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
  loadBalancerSourceRanges:
    - 198.51.100.0/24
  selector:
    app: web
  ports:
    - port: 80
```

## Fix

Write `type: LoadBalancer` if a load balancer was meant, else remove the fields. An allow-list for a NodePort or a
ClusterIP must go elsewhere: into a NetworkPolicy, which under `externalTrafficPolicy: Cluster` may see a node's address
instead of the client's, or into the proxy.

## Sources

- kubernetes/kubernetes `pkg/apis/core/validation/validation.go` (`ValidateService`,
  `validateLoadBalancerClassField`).
- kubernetes/enhancements KEP-1864 and KEP-1959 (both fields: off by default before 1.22).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.rule import SOURCE_RANGES, Diagnosis, Model, Place, Related, Rule, Service, Severity

_ON_SINCE = (1, 22)
"""The Kubernetes version whose API server takes the two younger fields unless told not to."""


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service, at the first of the fields."""
    version = model.environment.kubernetes_version
    is_older = version is not None and version < _ON_SINCE
    for service in model.bundle.services:
        if service.type.value not in ("ClusterIP", "NodePort", "ExternalName"):
            continue
        fields = tuple(_fields(service, is_older=is_older))
        if fields and not any(patch.type.written for patch in model.bundle.patches_of(service)):
            yield _rejected(service, fields)


def _fields(service: Service, *, is_older: bool) -> Iterator[tuple[str, Place]]:
    """The fields for load balancers that are surely written, each with its place."""
    spec = service.object.place.at("spec")
    if service.source_ranges:
        yield "loadBalancerSourceRanges", spec.at("loadBalancerSourceRanges")
    elif service.object.annotation(SOURCE_RANGES) is not None and not service.source_ranges_unknown:
        yield f"the annotation {SOURCE_RANGES}", service.object.place.at("metadata", "annotations", SOURCE_RANGES)
    if isinstance(service.allocate_node_ports.value, bool) and service.allocate_node_ports.written and not is_older:
        yield "allocateLoadBalancerNodePorts", service.allocate_node_ports.place
    if isinstance(service.load_balancer_class.value, str) and not is_older:
        yield "loadBalancerClass", service.load_balancer_class.place


def _rejected(service: Service, fields: tuple[tuple[str, Place], ...]) -> Diagnosis:
    (name, at), *others = fields
    names = [name for name, _ in fields]
    meant = "write `type: LoadBalancer`, if a load balancer is meant"
    remove = f"remove {' and '.join(names)}"
    state = f"the type is {service.type.value}" if service.type.written else "no type is written, so it is ClusterIP"
    return Diagnosis(
        at=at,
        message=f"The API server rejects this Service: {name} may only be used when `type` is 'LoadBalancer', and here "
        f"{state}.",
        severity=Severity.ERROR,
        object=service.object,
        related=(
            *(
                [Related(service.type.place, state.removeprefix("the "), service.object)]
                if service.type.written
                else ()
            ),
            *(Related(place, f"{other} is refused too", service.object) for other, place in others),
        ),
        fixes=(remove, f"or {meant}") if service.type.written else (meant, f"else {remove}"),
    )


RULE = Rule(
    id="SRC506",
    name="lb-only-field-on-other-type",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
