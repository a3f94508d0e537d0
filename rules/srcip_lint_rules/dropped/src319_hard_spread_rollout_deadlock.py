"""Behind `externalTrafficPolicy: Local`, what keeps the pods on different nodes leaves no room for the next update.

Under Local the pods should stand on different nodes, and a topologySpreadConstraint with DoNotSchedule forces it. But
it counts nodes that the pods cannot use: unless `nodeTaintsPolicy: Honor` is written, a tainted control plane is a
node with no pod, for ever, and then no other node may hold more than `maxSkew`. It also counts the old and the new pods
of an update together. Three replicas on three workers leave no room for a fourth pod; the default strategy starts
with one, and of three replicas lets none be missing (25 % rounds down). So the new pod stays Pending and no old one is
deleted: the fix that you roll out never arrives, and nothing but the Pending pod tells you. A required anti-affinity
and a port of the host leave room for one pod on each node in the same way.

## Reported when

- `behind-local`: an external Service with the policy Local surely selects the workload, whatever the way in.
- `bounded`: something that surely separates its pods bounds how many can stand at once: a spread constraint that
  counts a domain in which none of them can stand, or fewer than its minDomains; a required anti-affinity; a port of
  the host.
- `full`: the replicas fill that room, so that no further pod finds a node; or there are more of them than fit.
- `none-may-go`: of a Deployment with fewer replicas than fit, nothing but a new pod that is ready lets an old one go:
  maxUnavailable comes to 0.

With an inventory (`nodes` in the configuration) it is an **error**; where Node objects are the inventory, a
**warning**. Without one it is **info**, and only for a spread constraint over `kubernetes.io/hostname` of several
replicas: whether there is a node that the pods cannot use, and how many others, is not known.

## Silent when

- `taints-honoured`: the constraint leaves out nodes whose taints the pods do not tolerate (`nodeTaintsPolicy: Honor`).
- `revisions-apart`: each revision is counted by itself (`matchLabelKeys: [pod-template-hash]`), so that new pods find
  room beside the old ones.
- `room-left`: another pod finds a node: it becomes ready, and makes room for the next.
- `vain-spread`: the nodes are not known, and the constraint lets all replicas stand on one (SRC603 speaks).
- `recreate`: the strategy is Recreate: all old pods go first.
- `not-a-deployment`: a StatefulSet deletes a pod before it makes the next, and a DaemonSet is not spread.
- `others-counted`: pods of other workloads may be counted too, or something else that decides is not known.

## Bad

```yaml
# given nodes: [{name: a}, {name: b}, {name: c}, {name: main, taints: [{key: main, effect: NoSchedule}]}]
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
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      topologySpreadConstraints:
        - maxSkew: 1  # want error "Every update of Deployment web gets stuck"
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          labelSelector:
            matchLabels:
              app: web
      containers:
        - name: nginx
          image: nginx:1.27
```

## Good

```yaml
# given nodes: [{name: a}, {name: b}, {name: c}, {name: main, taints: [{key: main, effect: NoSchedule}]}]
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
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          nodeTaintsPolicy: Honor
          matchLabelKeys: [pod-template-hash]
          labelSelector:
            matchLabels:
              app: web
      containers:
        - name: nginx
          image: nginx:1.27
```

## Fix

Write `nodeTaintsPolicy: Honor` into the constraint (Kubernetes 1.26 or newer), and `matchLabelKeys:
[pod-template-hash]` (1.27 or newer), so that a new pod is not kept waiting by old ones. Or let one pod be missing
during an update: `maxUnavailable: 1`; under Local, a load balancer that looks at where the pods are leaves that node
out meanwhile. Without an inventory, `nodes` in `srcip-lint.yaml` settles whether it happens.

## Sources

- Kubernetes API, `core/v1` TopologySpreadConstraint (nodeTaintsPolicy, matchLabelKeys) and `apps/v1`
  RollingUpdateDeployment (percentages); `pkg/controller/deployment/util/deployment_util.go` (ResolveFenceposts).
- kubernetes/kubernetes#116118, #107464, #106127; KEP-3094, KEP-3243.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.rule import (
    HOSTNAME,
    AffinityTerm,
    Answer,
    Diagnosis,
    Limit,
    Model,
    Placement,
    Related,
    Rule,
    Service,
    Severity,
    SpreadConstraint,
    Workload,
)

_ASSUMED = (
    "there is a node that the pods cannot stand on and the constraint counts, a tainted control plane say, and on each "
    "of the others stand as many as may"
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a workload, however many Services select it."""
    for workload, services in model.behind_local.items():
        placement = model.siting.placement(workload)
        if placement and workload.kind != "DaemonSet":
            yield from _known(model, workload, placement, services)
        for constraint in model.siting.may_block_updates(workload)[:1]:
            yield _unknown(model, workload, constraint, services)


def _known(
    model: Model, workload: Workload, placement: Placement, services: tuple[Service, ...]
) -> Iterator[Diagnosis]:
    """What the nodes of an inventory tell."""
    limit = _tightest(placement)
    if limit is None or not (placement.pending or placement.stuck):
        return
    message = (_pending if placement.pending else _stuck)(workload, placement, _why(limit, placement))
    inventory = placement.inventory
    yield Diagnosis(
        at=limit.place,
        message=message,
        severity=Severity.ERROR if inventory.declared else Severity.WARNING,
        object=workload.object,
        related=(_counted(model, workload), *_behind(services)),
        assumptions=(inventory.assumption,) if inventory.assumption else (),
        fixes=_fixes(limit, placement),
    )


def _tightest(placement: Placement) -> Limit | None:
    """The limit that leaves the least room, to an update if that is what gets stuck; None where none bounds it, or no
    node takes any pod at all."""
    rooms = [(limit.capacity(placement.possibly), limit) for limit in placement.limits]
    known = [(room, limit) for room, limit in rooms if room and (placement.pending or limit.counts_old is Answer.YES)]
    return min(known, key=lambda found: found[0], default=(0, None))[1]


def _pending(workload: Workload, placement: Placement, why: str) -> str:
    verb, replicas = "stays" if placement.pending == 1 else "stay", _many(placement.replicas or 0, "replica")
    return (
        f"{placement.pending} of the {replicas} of {workload.object.ref} {verb} Pending: {why}, which is room for "
        f"{placement.capacity}."
    )


def _stuck(workload: Workload, placement: Placement, why: str) -> str:
    return (
        f"Every update of {workload.object.ref} gets stuck: {why}, and its {_many(placement.replicas or 0, 'replica')} "
        "leave no room for a new pod. That stays Pending, and no old one is deleted before it is ready, because "
        f"maxUnavailable comes to {placement.pace.unavailable}."
    )


def _why(limit: Limit, placement: Placement) -> str:
    """How the limit bounds the pods, with its numbers."""
    usable = len({limit.domains[name] for name in placement.possibly})
    if not limit.counted:
        return f"{limit.reason} lets each of the {_domains(limit, usable)} that its pods can use hold {limit.most}"
    counts = f"this constraint counts {_domains(limit, len(limit.counted))}"
    if len(limit.counted) < limit.min_domains:
        return f"{counts}, fewer than its minDomains of {limit.min_domains}, so none may hold more than {limit.most}"
    bound = f"so none may hold more than {limit.most}"
    return f"{counts} but its pods can use {usable} only{_example(limit, placement)}, {bound}"


def _domains(limit: Limit, number: int) -> str:
    """So many domains of the limit, in words."""
    key = limit.constraint.topology_key.value if limit.constraint else HOSTNAME
    return _many(number, "node") if key == HOSTNAME else f"{_many(number, 'value')} of {key}"


def _example(limit: Limit, placement: Placement) -> str:
    """A node of a domain that stays empty, and why."""
    reached = {limit.domains[name] for name in placement.possibly}
    empty = (name for name, domain in limit.domains.items() if domain in limit.counted - reached)
    return next((f" (not {name}: {placement.fits[name].why})" for name in empty), "")


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _unknown(
    model: Model, workload: Workload, constraint: SpreadConstraint, services: tuple[Service, ...]
) -> Diagnosis:
    """What may be, where nobody tells which nodes there are."""
    return Diagnosis(
        at=constraint.place,
        message=f"An update of {workload.object.ref} may get stuck: this constraint counts nodes whose taints its pods "
        "do not tolerate, and old and new pods together, and maxUnavailable comes to 0. Where such a node stays empty "
        f"and each of the others holds {constraint.max_skew.value}, the new pod stays Pending and no old one goes.",
        severity=Severity.INFO,
        object=workload.object,
        related=(_counted(model, workload), *_behind(services)),
        assumptions=(_ASSUMED,),
        fixes=(_HONOR, _KEYS, _MISSING, "declare the nodes, `nodes: nodes.yaml` say: they settle it"),
    )


_HONOR = "write `nodeTaintsPolicy: Honor` into the constraint, so that nodes which the pods cannot use are not counted"
_KEYS = "write `matchLabelKeys: [pod-template-hash]` into the constraint, so that each revision is counted by itself"
_MISSING = "let one pod be missing during an update: strategy.rollingUpdate.maxUnavailable: 1"


def _fixes(limit: Limit, placement: Placement) -> tuple[str, ...]:
    found = [_HONOR] if limit.counted and len(limit.counted) >= limit.min_domains else []
    if limit.counted and not found:
        found.append(f"lower minDomains to {len(limit.counted)} or less")
    if placement.pending:
        return (*found, f"run {placement.capacity} replicas or fewer, or let the pods stand on more nodes")
    if isinstance(limit.constraint, AffinityTerm):
        found.append(
            "write `matchLabelKeys: [pod-template-hash]` into the anti-affinity term (Kubernetes 1.31 or newer)"
        )
    elif limit.constraint:
        found.append(_KEYS)
    return (*found, _MISSING)


def _counted(model: Model, workload: Workload) -> Related:
    pace, replicas = model.siting.pace(workload), model.siting.replicas(workload) or 0
    bounds = "" if pace.surge is None else f"; maxSurge comes to {pace.surge}, maxUnavailable to {pace.unavailable}"
    words = f"{_many(replicas, 'replica')}{bounds}"
    return Related(model.pods.replicas_place(workload), words, model.pods.replicas_owner(workload))


def _behind(services: tuple[Service, ...]) -> tuple[Related, ...]:
    return tuple(
        Related(service.external_traffic_policy.place, "under Local, it sends to these pods", service.object)
        for service in services
    )


RULE = Rule(
    id="SRC319",
    name="hard-spread-rollout-deadlock",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
