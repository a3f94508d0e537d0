"""Behind `externalTrafficPolicy: Local`, a drain may evict all pods at once, or none ever.

Under Local a node without a ready pod takes no packets, so what a drain takes away, it takes from the address too.
`kubectl drain` and the cluster autoscaler evict pods through the API, which asks the PodDisruptionBudgets: without one
all replicas on the drained nodes go together, before others are ready elsewhere. A budget that allows no eviction at
all is no better, for then the drain never ends, and whoever forces it takes the pods away together.

## Reported when

- `external`: the workload is behind a Service that is reachable from outside.
- `local`: that Service's external traffic policy is Local.
- `replicas`: the workload keeps two replicas or more, or an autoscaler leaves as many.
- `no-budget`: no PodDisruptionBudget that was read selects its pods; or one does, and allows no eviction while all
  pods are ready (`maxUnavailable: 0`, or a `minAvailable` that is all of them).

The severity is **info**. Where no budget was found, it is assumed that there is none outside the files (unless
`closedWorld` is declared).

## Silent when

- `maybe-budget`: a budget may select the pods: its selector or namespace, or the pods' labels, are not known in full.
- `autoscaled`: `minAvailable` is the replicas that are written, but an autoscaler may make more of them.
- `unread`: something beside the Service could not be read, and may be the budget.
- `daemon-set`: a drain leaves the pods of a DaemonSet alone; bare Pods and Jobs are nobody's replicas.
- `replicas-unknown`: the number of replicas is a placeholder.
- `one-node`: there is only one node that takes ordinary pods: then the pods have nowhere to go, whatever is allowed.
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
kind: Deployment  # want info "may evict all 2 pods of Deployment web together"
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
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: web
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app: web
```

## Fix

Write a PodDisruptionBudget with `maxUnavailable: 1` and the labels of the pods, as above. Where a budget allows no
eviction, set its `maxUnavailable` to 1 instead of what is there.

## Sources

- Kubernetes, "Disruptions" and "Specifying a Disruption Budget for your Application"; API `policy/v1` types.go.
- kubernetes/kubernetes#50977.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from srcip_lint.rule import (
    Answer,
    Diagnosis,
    Model,
    Place,
    PodDisruptionBudget,
    Related,
    Rule,
    Service,
    Severity,
    Workload,
    budgeted,
    forbidding,
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a workload, or a budget, however many Services select the pods."""
    for workload, services in model.behind_local.items():
        replicas = model.siting.replicas(workload) or 0
        if replicas < 2 or not any(map(model.goes_by_node, services)) or any(map(model.siting.one_node, services)):
            continue
        found = forbidding(workload, model.bundle)
        if found:
            yield _stuck(workload, services, *found)
        elif budgeted(workload, model.bundle) is Answer.NO and not any(map(model.bundle.has_gap, services)):
            yield _unprotected(model, workload, services, replicas)


def _unprotected(model: Model, workload: Workload, services: tuple[Service, ...], replicas: int) -> Diagnosis:
    labels = {key: value for key, value in services[0].selector.value.items() if isinstance(value, str)}
    budget = f"{{maxUnavailable: 1, selector: {{matchLabels: {json.dumps(labels)}}}}}"
    name = workload.object.ref
    return Diagnosis(
        at=workload.place,
        message=f"A drain may evict all {replicas} pods of {name} together: no PodDisruptionBudget keeps one back. "
        "Under externalTrafficPolicy Local no node takes packets then until other pods are ready.",
        severity=Severity.INFO,
        object=workload.object,
        related=(*_behind(services), Related(model.pods.replicas_place(workload), "how many pods there are at least")),
        assumptions=()
        if model.environment.closed_world
        else (f"no PodDisruptionBudget outside these files selects the pods of {name}",),
        fixes=(f"add a PodDisruptionBudget (apiVersion: policy/v1) beside it, with spec: {budget}",),
    )


def _stuck(workload: Workload, services: tuple[Service, ...], budget: PodDisruptionBudget, at: Place) -> Diagnosis:
    return Diagnosis(
        at=at,
        message=f"A drain never ends: this allows no eviction of the pods of {workload.object.ref}. Whoever forces it "
        "takes them away together, and under externalTrafficPolicy Local their nodes then take no more packets.",
        severity=Severity.INFO,
        object=budget.object,
        related=(Related(workload.place, "the pods that it keeps", workload.object), *_behind(services)),
        fixes=("write `maxUnavailable: 1` instead",),
    )


def _behind(services: tuple[Service, ...]) -> tuple[Related, ...]:
    return tuple(
        Related(service.external_traffic_policy.place, "under Local, it sends to these pods", service.object)
        for service in services
    )


RULE = Rule(
    id="SRC612",
    name="local-no-pdb",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
)
