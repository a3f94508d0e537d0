"""An allow-list of client addresses in an annotation that nothing here reads: everybody is let in.

`service.beta.kubernetes.io/load-balancer-source-ranges` is read by the load balancers of cloud providers. MetalLB,
kube-vip and Cilium announce an address and filter nothing; there it is kube-proxy, or what stands in for it, that keeps
strangers out, and it reads the field `loadBalancerSourceRanges` alone. The API server checks that the annotation holds
networks, which makes it look as if it counted.

## Reported when

- `annotation`: the annotation holds networks.
- `no-field`: `loadBalancerSourceRanges` is not written, or an empty list.
- `load-balancer`: the type is LoadBalancer; otherwise SRC506 speaks.
- `filters-nothing`: its load balancer is MetalLB, kube-vip or Cilium.

It is a **warning**, and an **error** where `loadBalancer` is declared to be MetalLB.

## Silent when

- `cloud`: the load balancer is a cloud provider's, which reads the annotation.
- `unknown-load-balancer`: nothing tells which load balancer it is, or signs disagree.
- `allow-all`: one of the networks is everybody, `0.0.0.0/0` or `::/0`.
- `unreadable`: an entry is a placeholder, or no network (the API server rejects that).
- `unknown`: the type or the field is a placeholder.
- `patch`: another definition of the Service, which it may be a patch of or be patched by, writes the field or a type.

## Bad

```yaml
# given loadBalancer: metallb
apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    service.beta.kubernetes.io/load-balancer-source-ranges: 198.51.100.0/24  # want error "is not enforced"
spec:
  type: LoadBalancer
  selector:
    app: web
  ports:
    - port: 80
```

## Good

```yaml
# given loadBalancer: metallb
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

Move the networks into `loadBalancerSourceRanges`, and remove the annotation. The list is enforced from then on, on the
load balancer's address and before the source address is replaced, so it works under either traffic policy; it does not
hold on node ports.

## Sources

- kubernetes/kubernetes `pkg/proxy/serviceport.go` (`newBaseServiceInfo`), `pkg/proxy/nftables/README.md`,
  `pkg/api/service/annotations.go` (not all cloud providers support it).
- kubernetes/cloud-provider `service/helpers/helper.go` (`GetLoadBalancerSourceRanges`).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import (
    SOURCE_RANGES,
    Balancer,
    Diagnosis,
    Model,
    Related,
    Rule,
    Service,
    Severity,
    filtering_nothing,
    unread_ranges,
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service, at its annotation."""
    for service in model.bundle.services:
        ranges = unread_ranges(service)
        balancer = filtering_nothing(service, model.bundle, model.environment) if ranges else None
        if balancer and not _may_be_patched(model, service):
            yield _open_to_all(model, service, balancer, ranges)


def _may_be_patched(model: Model, service: Service) -> bool:
    return any(
        patch.type.written or patch.source_ranges or patch.source_ranges_unknown
        for patch in model.bundle.patches_of(service)
    )


def _open_to_all(model: Model, service: Service, balancer: Balancer, ranges: tuple[str, ...]) -> Diagnosis:
    is_metallb = (model.environment.load_balancer or "").startswith("metallb")
    return Diagnosis(
        at=service.object.place.at("metadata", "annotations", SOURCE_RANGES),
        message=f"This allow-list is not enforced: {balancer.name} filters nothing, and kube-proxy, or what stands in "
        "for it, reads only spec.loadBalancerSourceRanges, not the annotation. Clients of every address are let in.",
        severity=Severity.ERROR if is_metallb else Severity.WARNING,
        object=service.object,
        related=tuple(Related(signal.at, signal.why, signal.object) for signal in balancer.signals if signal.at),
        fixes=(
            f"write `loadBalancerSourceRanges: [{', '.join(map(_quoted, ranges))}]` into the spec, and remove the "
            "annotation: the list is enforced from then on",
        ),
    )


def _quoted(network: str) -> str:
    """As YAML needs it inside brackets: a colon of IPv6 would be taken for a mapping's in some places."""
    return f'"{network}"' if ":" in network else network


RULE = Rule(
    id="SRC509",
    name="source-ranges-annotation-ignored",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
