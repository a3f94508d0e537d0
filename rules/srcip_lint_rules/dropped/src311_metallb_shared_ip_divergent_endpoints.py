"""Two Services share an address of MetalLB's and have their pods on different nodes.

MetalLB lets two Local Services share an address where their selectors are equal as texts. It does not look at the
namespace, so `app: web` in one is taken for the pods of `app: web` in another, and a Local Service without a selector
is taken for the same as a Cluster one. Each Service is then announced by itself. In layer 2 each elects its own node,
so two nodes may answer for the one address, and clients send everything to whichever answered last. Over BGP every node
with an endpoint of either announces it. On a node that has only the other Service's pods packets are dropped.

Before MetalLB 0.11 layer 2 chose the node by the Service's name, so two nodes may answer for any shared address.

## Reported when

- `shared`: two LoadBalancer Services ask for one address, by `loadBalancerIPs` or `loadBalancerIP`; or they carry the
  same sharing key, and at least one of them asks for no address.
- `admitted`: MetalLB surely lets them share it: the same key, different ports, and the same selector under Local. (If
  not, SRC310 speaks.)
- `divergent`: both are Local and surely in different namespaces; or one is Local and has no selector, so that its
  endpoints are written by hand; or MetalLB is surely older than 0.11 and not known to announce over BGP.
- `metallb`: MetalLB serves one of them, and nothing tells that another load balancer serves the other.
- `one-cluster`: they are applied together (one file, one kustomization), or stand in one folder.

It is a **warning**; **info** where that rests on an assumption: that both files of a folder are applied to one cluster,
that MetalLB serves a Service of which nothing tells who does, that Services without an address of their own get one
address, that an old MetalLB announces in layer 2.

## Silent when

- `every-node`: the pods of both are surely on every node, so both elect the same one.
- `one-node`: there is one node only that takes ordinary pods, by the inventory.
- `unknown`: the selector, the policy, the key or a namespace is not known.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: blue
  annotations:
    metallb.io/allow-shared-ip: edge
    metallb.io/loadBalancerIPs: 192.0.2.5
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
  name: web
  namespace: green
  annotations:
    metallb.io/allow-shared-ip: edge
    metallb.io/loadBalancerIPs: 192.0.2.5  # want warning "share 192.0.2.5"
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: web
  ports:
    - port: 8080
```

## Good

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: blue
  annotations:
    metallb.io/loadBalancerIPs: 192.0.2.5
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
  name: web
  namespace: green
  annotations:
    metallb.io/loadBalancerIPs: 192.0.2.6
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: web
  ports:
    - port: 8080
```

## Fix

Give each Service an address of its own. An old MetalLB should be updated.

## Sources

- MetalLB `internal/allocator/k8salloc/k8salloc.go` (BackendKey), `internal/allocator/allocator.go` (sharingOK),
  `speaker/layer2_controller.go` and `speaker/bgp_controller.go` (ShouldAnnounce); release notes of 0.11.0.
- metallb/metallb#271, #315, #558, #968.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Answer, Diagnosis, Model, Related, Rule, Service, Severity, Sharing, same_namespace

_OWN = "give each of them an address of its own"


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service: the first one before it that it shares an address with."""
    seen: set[Service] = set()
    for service in model.bundle.services:
        for sharing in model.metallb.sharers.with_service(service):
            why = _divergence(model, sharing) if sharing.other in seen and sharing.admitted else None
            if why:
                yield _diagnosis(model, sharing, *why)
                break
        seen.add(service)


def _divergence(model: Model, sharing: Sharing) -> tuple[str, bool] | None:
    """Why the two may be announced from different nodes, and whether it is the old election's fault."""
    both = (sharing.other, sharing.service)
    if any(model.siting.one_node(service) for service in both):
        return None
    bare = next((each for each in both if _is_local(each) and not each.selector.value), None)
    if bare:
        return f"{bare.object.ref} is Local and has no selector, so its endpoints are its own", False
    apart = same_namespace(*(service.object.namespace for service in both)) is Answer.NO
    if all(map(_is_local, both)) and apart and not all(_is_everywhere(model, service) for service in both):
        return "their selectors are equal, but they select pods of different namespaces", False
    is_old = model.metallb.installation(sharing.service.object).at_least(0, 11) is Answer.NO
    if is_old and model.metallb.layer2(sharing.service) is not Answer.NO:
        return "MetalLB before 0.11 chooses the node by the Service's name", True
    return None


def _is_local(service: Service) -> bool:
    return service.external_traffic_policy.value == "Local"


def _is_everywhere(model: Model, service: Service) -> bool:
    selection = model.selected(service)
    return selection.known and all(model.siting.covers_every_node(service, world) for world in selection.worlds)


def _diagnosis(model: Model, sharing: Sharing, why: str, is_old: bool) -> Diagnosis:
    mode = Answer.YES if is_old else model.metallb.layer2(sharing.service)
    assumptions = (*sharing.assumptions, *_assumptions(model, sharing, is_old=is_old))
    address = "an address" if sharing.address is None else f"{sharing.address}"
    return Diagnosis(
        at=model.metallb.address_place(sharing.service),
        message=f"{sharing.other.object.ref} and {sharing.service.object.ref} share {address}, and each is announced "
        f"by itself: {why}. {_CONSEQUENCE[mode]}",
        severity=Severity.INFO if assumptions else Severity.WARNING,
        object=sharing.service.object,
        related=(
            Related(model.metallb.address_place(sharing.other), "shares it", sharing.other.object),
            *(
                Related(each.external_traffic_policy.place, "only the nodes of its own pods count", each.object)
                for each in (sharing.other, sharing.service)
                if _is_local(each)
            ),
        ),
        assumptions=assumptions,
        fixes=(_OWN, "or update MetalLB") if is_old else (_OWN,),
    )


_CONSEQUENCE = {
    Answer.YES: "Two nodes may answer ARP for the address, and packets for the one Service are lost on the other's "
    "node.",
    Answer.NO: "A node with the pods of one of them only announces the address all the same, and drops the packets for "
    "the other.",
    Answer.UNKNOWN: "Two nodes may answer for the address or announce it, and packets for the one Service are dropped "
    "on a node that has only the other's pods.",
}


def _assumptions(model: Model, sharing: Sharing, *, is_old: bool) -> tuple[str, ...]:
    found = []
    if sharing.address is None:
        found.append("MetalLB gives both the same address")
    if is_old and model.metallb.layer2(sharing.service) is not Answer.YES:
        found.append("MetalLB announces in layer 2")
    return tuple(found)


RULE = Rule(
    id="SRC311",
    name="metallb-shared-ip-divergent-endpoints",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
