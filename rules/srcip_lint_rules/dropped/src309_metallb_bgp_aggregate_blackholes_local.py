"""A BGP aggregate draws packets for a Local Service to nodes that have none of its pods.

With `externalTrafficPolicy: Local` MetalLB announces a Service only from nodes with a ready pod, and a `/32` per
Service keeps packets on those nodes. A BGPAdvertisement with a shorter `aggregationLength` announces the whole prefix
instead, and a node announces it as soon as it serves *any* Service in it. So the router also sends packets for this
Service to nodes that only serve another one; Local drops them there without an answer. Some connections work and some
time out, by the router's hash.

A second advertisement of single addresses to the same peers ends it: routers prefer the longer prefix.

## Reported when

- `aggregate`: a BGPAdvertisement has an `aggregationLength` below 32, or an `aggregationLengthV6` below 128.
- `reaches`: it surely reaches an IPAddressPool of its own folder or stream that has addresses of that IP version.
- `handled`: MetalLB surely handles a LoadBalancer Service that may get an address from that pool.
- `local`: the Service's external traffic policy is Local.
- `no-companion`: of all that reaches the pool, no advertisement of single addresses that speaks for the Service goes
  to every peer of the aggregate, from every node that announces it or from every node that the pods may stand on.
- `not-everywhere`: nothing puts a pod of the Service on every node that the aggregate may be announced from.

It is an **error** where another Service surely has an address in the same prefix: the addresses that both ask for, or
all pools that they may come from, lie in one. It is a **warning** where they may lie in different ones, where no other
Service was read (another one is assumed then), and where single addresses are announced from some of the nodes only.

## Silent when

- `alone`: `closedWorld` is declared, and no other Service can have an address in the prefix.
- `same-pods`: the other Service is Local too and selects the same pods, so the same nodes announce both.
- `off`: every workload that it selects has zero replicas and no autoscaler (SRC302 speaks then).
- `refused`: MetalLB refuses the configuration (SRC516 speaks then): an aggregate wider than the pool's range, or one
  that selects Services.
- `no-peer`: `closedWorld` is declared, and no BGPPeer gets the aggregate.
- `l2-declared`: `loadBalancer: metallb-l2` is declared.
- `unknown-companion`: whether single addresses go the same way is not known: a placeholder.
- `unknown-selection`: what the Service selects is not known: a placeholder, or files that contradict each other.

## Bad

```yaml
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: public
  namespace: metallb-system
spec:
  addresses:
    - 198.51.100.0/24
---
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata:
  name: external
  namespace: metallb-system
spec:
  ipAddressPools: [public]
  aggregationLength: 24  # want error "announces 198.51.100.0/24 from every node that serves any Service in it"
---
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
  name: mail
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: mail
  ports:
    - port: 25
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: nginx
          image: nginx:1.27
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: mail
spec:
  replicas: 2
  selector:
    matchLabels:
      app: mail
  template:
    metadata:
      labels:
        app: mail
    spec:
      containers:
        - name: postfix
          image: example.com/postfix:3
```

## Good

The `/32` keeps packets on the nodes with a pod; the community `no-advertise` keeps it inside:

```yaml
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: public
  namespace: metallb-system
spec:
  addresses:
    - 198.51.100.0/24
---
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata:
  name: external
  namespace: metallb-system
spec:
  ipAddressPools: [public]
  aggregationLength: 24
---
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata:
  name: local
  namespace: metallb-system
spec:
  ipAddressPools: [public]
  aggregationLength: 32
  communities: ["65535:65282"]
---
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
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: nginx
          image: nginx:1.27
```

## Fix

Add a BGPAdvertisement of single addresses (`aggregationLength: 32`, `aggregationLengthV6: 128`) for the same pools,
peers and nodes; with the community `65535:65282` (no-advertise) the peer keeps it to itself. Or give Local Services a
pool of their own that is not aggregated. A DaemonSet with a pod on every node that announces also ends it.

## Sources

- metallb/metallb#2811 (a maintainer: a service advertised from the wrong node, the traffic blackholed).
- metallb/metallb `speaker/bgp_controller.go` (SetBalancer masks each address, ShouldAnnounce),
  `internal/config/config.go` (validateBGPAdvPerPool),
  `website/content/configuration/_advanced_bgp_configuration.md` (the pair of `/32` and `/24`).
- cilium/cilium#36777 (the same for Cilium's aggregates).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from srcip_lint.rule import (
    Aggregate,
    Answer,
    Companion,
    Diagnosis,
    Model,
    Related,
    Rule,
    Service,
    Severity,
    Tenant,
)


@dataclass(frozen=True, slots=True)
class _Fault:
    """A Local Service whose packets the aggregate draws elsewhere. `by` is who draws them; None where it is assumed
    that somebody does."""

    aggregate: Aggregate
    victim: Tenant
    by: Tenant | None
    sure: bool
    is_partial: bool

    @property
    def severity(self) -> Severity:
        return Severity.ERROR if self.sure and not self.is_partial else Severity.WARNING


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis for each length that an advertisement aggregates by."""
    found: dict[tuple[object, str], list[_Fault]] = {}
    for aggregate in model.aggregation.aggregates:
        faults = found.setdefault((aggregate.advertisement, aggregate.field), [])
        faults += _faults(model, aggregate)
    for faults in found.values():
        if faults:
            yield _diagnosis(faults)


def _faults(model: Model, aggregate: Aggregate) -> Iterator[_Fault]:
    tenants = model.aggregation.tenants(aggregate)
    for victim in tenants:
        if victim.service.external_traffic_policy.value != "Local" or not _runs(model, victim.service):
            continue
        companion = model.aggregation.companion(aggregate, victim.service)
        drawing = [other for other in tenants if _may_draw(model, aggregate, victim, other)]
        is_exposed = bool(drawing) or _may_be_drawn_by_others(model, aggregate, victim)
        if companion is not Companion.ENOUGH and is_exposed:
            by = max(drawing, key=lambda other: _surely_share(model, victim, other), default=None)
            sure = by is not None and _surely_share(model, victim, by)
            yield _Fault(aggregate, victim, by, sure, companion is Companion.PARTIAL)


def _runs(model: Model, service: Service) -> bool:
    """Is it known what a Service selects, and does that run?"""
    selection = model.selected(service)
    return selection.known and not any(all(map(model.pods.switched_off, world)) for world in selection.worlds)


def _may_draw(model: Model, aggregate: Aggregate, victim: Tenant, other: Tenant) -> bool:
    """May a node that announces the prefix for another Service have no pod of this one?"""
    one, two = victim.service, other.service
    is_other = one is not two and model.bundle.compatible(one.object, two.object) and not _has_the_pods_of(two, one)
    may_share = is_other and victim.blocks.meets(other.blocks)
    return may_share and model.aggregation.covered(aggregate, one, other) is Answer.NO


def _has_the_pods_of(two: Service, one: Service) -> bool:
    """Is it announced from the very nodes that the other one is?"""
    is_local = two.external_traffic_policy.value == "Local"
    return is_local and two.object.namespace == one.object.namespace and two.selector.value == one.selector.value


def _may_be_drawn_by_others(model: Model, aggregate: Aggregate, victim: Tenant) -> bool:
    """May a Service that was not read do it?"""
    is_open = not model.environment.closed_world
    return is_open and model.aggregation.covered(aggregate, victim.service, None) is Answer.NO


def _surely_share(model: Model, victim: Tenant, other: Tenant) -> bool:
    """Are both surely in one prefix, and is the other announced at all?"""
    return victim.prefix is not None and victim.prefix == other.prefix and _runs(model, other.service)


def _diagnosis(faults: list[_Fault]) -> Diagnosis:
    worst = max(faults, key=lambda fault: fault.severity)
    aggregate, victim = worst.aggregate, worst.victim.service
    prefix = str(worst.victim.prefix) if worst.victim.prefix else f"a prefix of length {aggregate.length}"
    others = {fault.victim.service for fault in faults} - {victim}
    rest = f" So are those for {len(others)} more Local Service{'s' * (len(others) > 1)}." if others else ""
    return Diagnosis(
        at=aggregate.place,
        message=f"{aggregate.advertisement.object.ref} announces {prefix} from every node that serves any Service in "
        f"it. {_what_happens(worst)}, for its externalTrafficPolicy is Local.{rest}",
        severity=worst.severity,
        object=aggregate.advertisement.object,
        related=tuple(_related(faults, worst)),
        assumptions=tuple(_assumptions(worst)),
        fixes=_fixes(aggregate),
    )


def _what_happens(fault: _Fault) -> str:
    victim = fault.victim.service.object.ref
    if fault.by is None:
        return f"Packets for {victim} that come to a node which serves only another one are dropped"
    other = fault.by.service
    if other.external_traffic_policy.value == "Cluster":
        return (
            f"{other.object.ref} has the policy Cluster, so all nodes serve it, and packets for {victim} that come to "
            "a node without a pod of its own are dropped"
        )
    return f"Packets for {victim} that come to a node with a pod of {other.object.ref} and none of its own are dropped"


def _related(faults: list[_Fault], worst: _Fault) -> Iterator[Related]:
    for service in dict.fromkeys(fault.victim.service for fault in faults):
        yield Related(service.external_traffic_policy.place, "Local keeps its packets on the node", service.object)
    if worst.by:
        other = worst.by.service.object
        yield Related(other.place.at("kind"), "it draws the prefix to its nodes", other)
    pool = worst.aggregate.pool
    yield Related(pool.place, "the addresses come from here", pool.object)


def _assumptions(fault: _Fault) -> Iterator[str]:
    if fault.by is None:
        yield "another Service, which is not in these files, has an address in the same prefix and pods on other nodes"
    elif not fault.sure:
        yield f"{fault.victim.service.object.ref} and {fault.by.service.object.ref} get addresses in one prefix"
    if fault.is_partial:
        yield "its pods may all stand on nodes that no advertisement of single addresses names"


def _fixes(aggregate: Aggregate) -> tuple[str, ...]:
    full = 32 if aggregate.version == 4 else 128
    return (
        f"add a BGPAdvertisement with {aggregate.field}: {full} for the same pools, peers and nodes: routers prefer "
        "the longer prefix, and it comes only from nodes with a pod (the community 65535:65282, no-advertise, keeps it "
        "inside)",
        "or give the Local Services a pool of their own that no BGPAdvertisement aggregates",
    )


RULE = Rule(
    id="SRC309",
    name="metallb-bgp-aggregate-blackholes-local",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
