"""A Service asks something of MetalLB, and is not of the class that MetalLB handles.

MetalLB started with `--lb-class` handles only the Services whose `loadBalancerClass` is that word; without the option
only those that have no class. It passes all others over: its annotations on them say nothing to anybody, and the
Service stays pending, or another controller gives it an address that MetalLB knows nothing of.

## Reported when

- `load-balancer`: the Service's type is LoadBalancer.
- `asks-metallb`: it has one of MetalLB's annotations, or asks for an address of one of the pools that were read.
- `class-known`: it is known which class MetalLB handles: declared as `lbClass` of `metallb`, or told by the manifests
  of its speaker and controller.
- `mismatch`: the Service surely has another class, or none where MetalLB handles one.

It is an **error** where the class is declared, and a **warning** where the manifests tell it; of manifests in another
folder it is assumed that they are of the same cluster.

## Silent when

- `placeholder`: the Service's class, or the one in MetalLB's manifests, is a placeholder.
- `several`: the manifests nearest to the Service run MetalLB with different classes.
- `patch`: another file holds a patch of the Service.

## Bad

```yaml
# given metallb: {lbClass: metallb}
apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    metallb.io/address-pool: public  # want error "MetalLB passes this Service over"
spec:
  type: LoadBalancer
  selector:
    app: web
  ports:
    - port: 80
```

## Good

```yaml
# given metallb: {lbClass: metallb}
apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    metallb.io/address-pool: public
spec:
  type: LoadBalancer
  loadBalancerClass: metallb
  selector:
    app: web
  ports:
    - port: 80
```

## Fix

Write the class that MetalLB handles, or leave it out where MetalLB runs without one. The field cannot be changed while
the Service is a LoadBalancer: delete the Service and create it anew. Where another controller is meant, remove
MetalLB's annotations.

## Sources

- MetalLB `internal/k8s/controllers/service_controller.go` (filterByLoadBalancerClass), `controller/main.go` and
  `speaker/main.go` (`--lb-class`).
- Kubernetes API, `core/v1` ServiceSpec, loadBalancerClass.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, Model, Place, Related, Rule, Service, Severity, Workload

_ANEW = "(delete the Service and create it anew: the field cannot be changed)"


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service, at its class, else at what it asks."""
    for service in model.bundle.services:
        asks = _asks(model, service) if service.type.value == "LoadBalancer" else None
        if asks and not model.bundle.patches_of(service):
            handled = model.metallb.installation(service.object).lb_class
            wanted = service.load_balancer_class.value
            if handled is not None and isinstance(wanted, str | None) and (wanted or "") != handled:
                yield _passed_over(model, service, asks, handled)


def _asks(model: Model, service: Service) -> tuple[Place, str] | None:
    """What the Service asks of MetalLB: where, and in words."""
    own = [each for each in model.metallb.annotations(service) if not each.is_note]
    if own:
        return own[0].place, own[0].key
    pool = model.metallb.pool_asked(service)
    return (model.metallb.address_place(service), f"an address of {pool.object.ref}") if pool else None


def _passed_over(model: Model, service: Service, asks: tuple[Place, str], handled: str) -> Diagnosis:
    found, written = model.metallb.installation(service.object), service.load_balancer_class
    is_declared = "lbClass" in model.environment.metallb
    has = f"its loadBalancerClass is {written.value}" if written.value else "it has no loadBalancerClass"
    only = f"only Services of the class {handled}" if handled else "only Services without a class"
    runs = f"runs with --lb-class={handled}" if handled else "runs without --lb-class"
    shown = () if is_declared else (*found.controllers, *found.speakers)[:1]
    return Diagnosis(
        at=written.place if written.value else asks[0],
        message=f"MetalLB passes this Service over: {has}, and MetalLB handles {only}. What it asks of MetalLB "
        f"({asks[1]}) has no effect, and it stays pending unless another controller serves it.",
        severity=Severity.ERROR if is_declared else Severity.WARNING,
        object=service.object,
        related=(
            *((Related(asks[0], "what it asks of MetalLB", service.object),) if written.value else ()),
            *(Related(each.object.place.at("kind"), runs, each.object) for each in shown),
        ),
        assumptions=tuple(
            f"{each.object.ref} runs in the cluster of this Service" for each in shown if _is_elsewhere(each, service)
        ),
        fixes=(
            f"write `loadBalancerClass: {handled}` {_ANEW}" if handled else f"remove loadBalancerClass {_ANEW}",
            "or, if another controller is meant, remove what it asks of MetalLB",
        ),
    )


def _is_elsewhere(workload: Workload, service: Service) -> bool:
    """May the two be of different clusters, of which a repository can hold several?"""
    one, other = workload.object, service.object
    return one.stream != other.stream and one.folder != other.folder


RULE = Rule(
    id="SRC514",
    name="metallb-class-mismatch",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
