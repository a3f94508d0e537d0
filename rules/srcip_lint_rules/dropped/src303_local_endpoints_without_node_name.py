"""`externalTrafficPolicy: Local` for endpoints that are on no node.

A Service without a selector has the endpoints that somebody writes for it. Under Local a node hands a packet only to an
endpoint of its own, and it knows its own by `nodeName`: an endpoint without one is local to no node, so no node ever
hands anything to it. MetalLB looks for a node with an endpoint to announce the address from, finds none, and the
address stays silent; a node that gets the packet all the same drops it.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, NodePort, or external IPs.
- `local`: its external traffic policy is Local.
- `without-selector`: it has no selector.
- `endpoints`: Endpoints or an EndpointSlice with addresses are written for it.
- `nameless`: one of these endpoints or more name no node.

It is an **error** where none of them names a node, and a **warning** where only some do not: those get no packet.

## Silent when

- `patched`: another file may give the Service a selector.
- `unknown-namespace`: only one of the Service and its endpoints names a namespace, so that it is not known whether they
  are in the same one.
- `alternatives`: files define the endpoints in several ways, and in one of them an endpoint has a node.
- `placeholder`: a placeholder stands for the node, or for an endpoint as a whole.
- `stand-in`: the endpoint only fills a place, because Cilium's own proxy takes the packets on every node.
- `not-by-node`: the load balancer connects to the endpoints themselves, past the nodes.
- `unknown-class`: a `loadBalancerClass` that is not known here hands the Service to somebody who may do so too.
- `headless`: the Service has no cluster IP, so no node handles packets for it.

## Bad

```yaml
# given loadBalancer: metallb-l2
apiVersion: v1
kind: Service
metadata:
  name: legacy
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local  # want error "local to no node"
  ports:
    - port: 80
---
apiVersion: v1
kind: Endpoints
metadata:
  name: legacy
subsets:
  - addresses:
      - ip: 192.0.2.10
    ports:
      - port: 80
```

## Good

```yaml
# given loadBalancer: metallb-l2
apiVersion: v1
kind: Service
metadata:
  name: legacy
spec:
  type: LoadBalancer
  externalTrafficPolicy: Cluster
  ports:
    - port: 80
---
apiVersion: v1
kind: Endpoints
metadata:
  name: legacy
subsets:
  - addresses:
      - ip: 192.0.2.10
    ports:
      - port: 80
```

## Fix

For backends outside the cluster take `externalTrafficPolicy: Cluster`, for they are on no node; they then see a node's
address. For pods in the cluster use a selector, or write the node of each endpoint in `nodeName`.

## Sources

- Kubernetes API, `discovery/v1` Endpoint (nodeName); `pkg/proxy/topology.go`.
- MetalLB `speaker/layer2_controller.go` (`nodesWithEndpoint`), `speaker/bgp_controller.go`.
- metallb/metallb#646, #717.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, Endpoint, Endpoints, Model, Related, Rule, Service, Severity


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service."""
    for service in model.local_services:
        patched = any(patch.selector.written for patch in model.bundle.patches_of(service))
        if not service.selector.written and not patched and _goes_by_node(model, service):
            found = [each for each in model.bundle.endpoints_of(service) if each.endpoints]
            if found and not any(each.stands_in for each in found):
                yield from _judge(model, service, found)


def _goes_by_node(model: Model, service: Service) -> bool:
    """Does a way in lead to the nodes? Of a class that is not known here it may lead to the endpoints themselves."""
    is_unknown = service.load_balancer_class.written
    return any(
        way.on_one_node and not (is_unknown and way.balancer and way.balancer.family is None)
        for way in model.ways_in(service)
    )


def _judge(model: Model, service: Service, found: list[Endpoints]) -> Iterable[Diagnosis]:
    """What is wrong with the endpoints written for a Service. Where files define them in several ways, it must be wrong
    in all of them."""
    endpoints = [endpoint for each in found for endpoint in each.endpoints]
    nameless = [endpoint for endpoint in endpoints if endpoint.nameless]
    is_all = len(nameless) == len(endpoints)
    if is_all or (nameless and len({each.object.ref for each in found}) == len(found)):
        yield Diagnosis(
            at=service.external_traffic_policy.place,
            message=_none(model, service) if is_all else _some(service, len(nameless), len(endpoints)),
            severity=Severity.ERROR if is_all else Severity.WARNING,
            object=service.object,
            related=tuple(_note(each) for each in found if _nameless(each)),
            fixes=(
                "for endpoints outside the cluster set `externalTrafficPolicy: Cluster`: they are on none of its nodes",
                "for pods in the cluster give the Service a selector, or write each endpoint's node in `nodeName`",
            ),
        )


def _none(model: Model, service: Service) -> str:
    way = model.following_way(service)
    nowhere = f", and {way.name} finds no node to bring them to" if way else ""
    return (
        f"No endpoint of {service.object.ref} names its node (nodeName), so they are local to no node: under "
        f"externalTrafficPolicy Local no node hands packets to them{nowhere}."
    )


def _some(service: Service, nameless: int, of: int) -> str:
    verb, they, them = ("names", "it is", "it") if nameless == 1 else ("name", "they are", "them")
    return (
        f"{nameless} of the {of} endpoints of {service.object.ref} {verb} no node (nodeName), so {they} local to none: "
        f"under externalTrafficPolicy Local no node hands packets to {them}."
    )


def _nameless(endpoints: Endpoints) -> list[Endpoint]:
    return [endpoint for endpoint in endpoints.endpoints if endpoint.nameless]


def _note(endpoints: Endpoints) -> Related:
    first, *others = _nameless(endpoints)
    more = f", and {len(others)} more of {endpoints.object.ref}" if others else ""
    return Related(first.place.place, f"this endpoint has no nodeName{more}", endpoints.object)


RULE = Rule(
    id="SRC303",
    name="local-endpoints-without-node-name",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
