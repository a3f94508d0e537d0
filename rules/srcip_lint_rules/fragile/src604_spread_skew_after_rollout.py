"""Behind `externalTrafficPolicy: Local`, an update may leave the pods unevenly spread over the nodes.

A topologySpreadConstraint counts all pods that its selector matches, also those of the revision that an update is
replacing. So new pods go to where few old ones stand, and when the old ones are gone, a node may have three pods and
another none. The scheduler moves no pod afterwards. Under Local the node without one takes no packets, and the address
stands on fewer nodes than the constraint seems to promise, until the next update.

## Reported when

- `behind-local`: an external Service with the policy Local surely selects the workload.
- `several-replicas`: it is a Deployment with two replicas or more, or an autoscaler leaves that many.
- `spreads-nodes`: it has a topologySpreadConstraint over `kubernetes.io/hostname` with DoNotSchedule.
- `binds`: that surely counts its own pods, and its maxSkew is less than the number of replicas.
- `both-counted`: no matchLabelKeys tell the revisions apart.
- `rolls`: its updates replace pods in turn (RollingUpdate), not all at once.

The severity is **info**: where the pods end up depends on which old ones go first.

## Silent when

- `one-a-node`: something else lets only one pod of it stand on a node (a required anti-affinity, a port of the host),
  or may.
- `other-keys`: matchLabelKeys name another label, whose values may differ between revisions.
- `gets-stuck`: updates may not get that far (SRC319 speaks, and names the same remedy).
- `none-lost`: by the inventory, an update surely leaves as many nodes with a pod as there were.
- `drawn-together`: a required pod affinity puts all of them on one node anyway.
- `older-kubernetes`: the declared `kubernetesVersion` is below 1.27: matchLabelKeys is off there by default.
- `alternatives`: files define the workload in several ways, and one of them does not have the fault.
- `patched`: a patch may change the strategy, the number of replicas or the constraints.
- `pinned`: the workload is bound to nodes by their names.
- `one-node`: there is only one node that takes ordinary pods, by `nodes` in the configuration or the Node objects read.
- `unknown`: a placeholder stands for the number of replicas, the strategy, or something that separates the pods.
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
  replicas: 6
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      topologySpreadConstraints:
        - maxSkew: 1  # want info "An update of Deployment web may leave its pods unevenly spread"
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          nodeTaintsPolicy: Honor
          labelSelector:
            matchLabels:
              app: web
      containers:
        - name: nginx
          image: nginx:1.27
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
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 6
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

Write `matchLabelKeys: [pod-template-hash]` into the constraint (Kubernetes 1.27 or newer): each revision is then spread
by itself. What is skewed already, another update puts right, or the descheduler.

## Sources

- kubernetes/kubernetes#98215; KEP-3243 (respect pod topology spread after rolling upgrades).
- Kubernetes API, `core/v1` TopologySpreadConstraint (`matchLabelKeys`); "Pod Topology Spread Constraints", section on
  known limitations.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import (
    Diagnosis,
    Manner,
    Model,
    Related,
    Rule,
    Service,
    Severity,
    SpreadConstraint,
    Workload,
    all_at_once,
    drawn_together,
    skewed_by_updates,
)

_KEYS_SINCE = (1, 27)
"""The Kubernetes since which `matchLabelKeys` of a spread constraint is on by default."""


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a workload, however many Services select it."""
    version = model.environment.kubernetes_version
    seen: set[Workload] = set()
    for service in () if version is not None and version < _KEYS_SINCE else model.local_services:
        if not model.goes_by_node(service) or model.siting.one_node(service) or drawn_together(service, model.bundle):
            continue
        for definitions in model.selected(service).definitions:
            found = [_skewed(model, workload) for workload in definitions]
            if found[0] and all(found) and definitions[0] not in seen:
                seen.add(definitions[0])
                yield _diagnosis(model, service, definitions[0], found[0])


def _skewed(model: Model, workload: Workload) -> SpreadConstraint | None:
    """The constraint that an update may leave undone, if updates go in turn and may take a node's last pod away."""
    constraint, placement = skewed_by_updates(workload, model.bundle), model.siting.placement(workload)
    if constraint is None or model.pods.pinned(workload) or model.siting.may_block_updates(workload):
        return None
    if model.siting.pace(workload).manner is not Manner.ROLLING or all_at_once(
        workload, model.siting.replicas(workload)
    ):
        return None
    if placement and (placement.pending or placement.rollout.at_least >= placement.steady.at_least):
        return None
    return constraint


def _diagnosis(model: Model, service: Service, workload: Workload, constraint: SpreadConstraint) -> Diagnosis:
    pods = model.pods
    return Diagnosis(
        at=constraint.place,
        message=f"An update of {workload.object.ref} may leave its pods unevenly spread: this constraint counts old "
        "and new pods together, so new ones go where few old ones are, and when those are gone, a node may have "
        "several and another none. Under externalTrafficPolicy Local a node without one takes no packets.",
        severity=Severity.INFO,
        object=workload.object,
        related=(
            Related(service.external_traffic_policy.place, "under Local, it sends to these pods", service.object),
            Related(pods.replicas_place(workload), "how many pods there are", pods.replicas_owner(workload)),
        ),
        fixes=(
            "write `matchLabelKeys: [pod-template-hash]` into the constraint (Kubernetes 1.27 or newer), so that each "
            "revision is spread by itself",
        ),
    )


RULE = Rule(
    id="SRC604",
    name="spread-skew-after-rollout",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
)
