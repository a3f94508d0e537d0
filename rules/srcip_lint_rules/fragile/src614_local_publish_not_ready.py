"""Behind `externalTrafficPolicy: Local`, pods that are not ready count as ready.

`publishNotReadyAddresses` makes the endpoints controller call every pod ready, so that peers can find each other while
they start. On a Service that clients use, it takes away what Local goes by: a node whose pods are all starting, or
failing, still answers the health check or announces the address, and hands what comes to pods that cannot take it.

## Reported when

- `published`: `publishNotReadyAddresses` is surely true.
- `external`: the type is LoadBalancer or NodePort.
- `local`: the external traffic policy is surely Local.
- `selector`: the Service has a selector, by which the controller makes its endpoints.

The severity is **warning**.

## Silent when

- `headless`: the Service has no cluster IP; that is where the field belongs.
- `unknown`: the field, the type, the policy or the selector is a placeholder.
- `patch`: another definition of the Service, which it may be a patch of or be patched by, writes the field, a type or
  a policy.
- `older-metallb`: the load balancer is MetalLB from 0.14.2 to 0.14.4, by `metallb.version` or its own manifests: these
  go by whether a pod serves, and draw no packets to such a node.
- `not-by-node`: the load balancer connects to the pods themselves, so it does not matter to it where they stand.

## Bad

```yaml
# given loadBalancer: metallb-l2
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  publishNotReadyAddresses: true  # want warning "packets go to pods that are not ready"
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
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: web
  ports:
    - port: 80
---
apiVersion: v1
kind: Service
metadata:
  name: web-peers
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector:
    app: web
  ports:
    - port: 80
```

## Fix

Remove the field from the Service that clients use. Where the pods must find each other before they are ready, give
them a headless Service of their own that has it, as above.

## Sources

- Kubernetes API, `core/v1` ServiceSpec `publishNotReadyAddresses`; kubernetes `pkg/proxy/topology.go`
  (`CategorizeEndpoints`).
- MetalLB release notes 0.14.2 (pull request 2088) and 0.14.5 (2337).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Answer, Diagnosis, Model, Related, Rule, Service, Severity


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service, at the field."""
    for service in model.local_services:
        if (
            service.publish_not_ready.value is True
            and service.type.value in ("LoadBalancer", "NodePort")
            and service.selector.value
            and model.goes_by_node(service)
            and not _goes_by_serving(model, service)
            and not _may_be_patched(model, service)
        ):
            yield _published(service)


def _may_be_patched(model: Model, service: Service) -> bool:
    return any(
        patch.type.written or patch.external_traffic_policy.written or patch.publish_not_ready.written
        for patch in model.bundle.patches_of(service)
    )


def _goes_by_serving(model: Model, service: Service) -> bool:
    """Is it MetalLB of a version that goes by the endpoints' condition `serving`? Older ones and newer ones go by
    `ready`, which the field makes true."""
    installed = model.metallb.installation(service.object)
    families = [way.balancer.family for way in model.ways_in(service) if way.balancer and way.balancer.family]
    is_metallb = any(family.name.startswith("metallb") for family in families)
    may_be = installed.at_least(0, 14, 2) is not Answer.NO and installed.at_least(0, 14, 5) is not Answer.YES
    return is_metallb and installed.version is not None and may_be


def _published(service: Service) -> Diagnosis:
    is_balanced = service.type.value == "LoadBalancer"
    drawn = "keeps its share of the load balancer's packets" if is_balanced else "goes on taking packets for them"
    return Diagnosis(
        at=service.publish_not_ready.place,
        message="publishNotReadyAddresses takes from externalTrafficPolicy Local what it goes by, and packets go to "
        f"pods that are not ready: a node whose pods are all starting or failing {drawn}.",
        severity=Severity.WARNING,
        object=service.object,
        related=(Related(service.external_traffic_policy.place, "under Local only ready pods count", service.object),),
        fixes=(
            "remove publishNotReadyAddresses from this Service",
            "where the pods must find each other before they are ready, write it on a headless Service of their own "
            "(`clusterIP: None`)",
        ),
    )


RULE = Rule(
    id="SRC614",
    name="local-publish-not-ready",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
