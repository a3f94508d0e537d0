"""Behind `externalTrafficPolicy: Local`, a spread constraint or anti-affinity that counts none of its own pods.

A topologySpreadConstraint counts the pods that its labelSelector matches. Where those are not the workload's own (a
label was renamed, a value mistyped, the selector forgotten: a null one matches no pod), placing another pod never
changes the count, and the constraint does not spread these pods at all, however hard it is. The API server accepts it
without a word. In the same way a pod anti-affinity whose selector matches nobody keeps nobody away. Under Local that
is the difference between several nodes that answer and one.

## Reported when

- `behind-local`: an external Service with the policy Local surely selects the workload, whatever the way in.
- `counts-none`: a topologySpreadConstraint of it has no labelSelector, or one that its own pods surely do not match.
- `repels-none`: or a pod anti-affinity term over `kubernetes.io/hostname`, required or preferred, has a selector that
  matches the pods of no workload that was read in the namespace, this one included.

The constraint is a **warning**, and so is an anti-affinity term without any labelSelector. A term whose selector
matches nobody is **info**, because the pods it means may be in files that were not read; with `closedWorld` declared
it is a warning.

## Silent when

- `other-workload`: the constraint's selector matches another workload beside this one: spreading over it may be
  meant.
- `unknown-selector`: whether the selector matches cannot be told: a placeholder, or a label that pods get when they
  run.
- `kept-apart`: another anti-affinity term over `kubernetes.io/hostname` repels the workload's own pods, or something
  else keeps them on different nodes: then the term that matches nobody was meant for others.
- `other-namespaces`: the anti-affinity term names the namespaces that it looks at.
- `hidden-pods`: an anti-affinity term may mean the pods of a custom resource, or of a file beside the Service that
  could not be read.
- `daemon-set`: a DaemonSet has one pod on a node whatever its constraints say.

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
          labelSelector:  # want warning "selects app=web-server, but they carry app=web"
            matchLabels:
              app: web-server
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
          labelSelector:
            matchLabels:
              app: web
      containers:
        - name: nginx
          image: nginx:1.27
```

## Fix

Let the labelSelector match the labels of the pod template it stands in: the same labels that the Service selects are
enough.

## Sources

- Kubernetes "Pod Topology Spread Constraints", section "Implicit conventions"; API `core/v1` TopologySpreadConstraint
  ("a null labelSelector matches no pods") and PodAffinityTerm.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from srcip_lint.rule import (
    HOSTNAME,
    AffinityTerm,
    Answer,
    Diagnosis,
    Model,
    Related,
    Rule,
    Selector,
    Service,
    Severity,
    SpreadConstraint,
    Workload,
)

_SO = "So it does not spread them, and under externalTrafficPolicy Local only nodes with one of them serve."


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis for each constraint and each anti-affinity term, however many Services select the workload."""
    for workload, services in model.behind_local.items():
        if workload.kind != "DaemonSet":
            for constraint in workload.template.spread:
                if _counts_nobody_meant(model, workload, constraint, services):
                    yield _uncounted(model, workload, constraint, services)
            for term in workload.template.anti_affinity:
                if _repels_nobody(model, workload, term, services):
                    yield _unrepelled(model, workload, term, services)


def _counts_nobody_meant(
    model: Model, workload: Workload, constraint: SpreadConstraint, services: tuple[Service, ...]
) -> bool:
    counts_own = model.pods.matches(workload, constraint.selector)
    return counts_own is Answer.NO and not model.pods.matches_beside(workload, constraint.selector, services)


def _repels_nobody(model: Model, workload: Workload, term: AffinityTerm, services: tuple[Service, ...]) -> bool:
    if term.topology_key.value != HOSTNAME or not term.own_namespace or _kept_apart(model, workload):
        return False
    if term.selector is None:
        return True
    return model.pods.matches_nobody(workload, term.selector) and not any(map(model.pods.may_be_hidden, services))


def _kept_apart(model: Model, workload: Workload) -> bool:
    """Does something, if only by preference for another term, keep the workload's own pods on different nodes?"""
    return model.siting.separated(workload) or any(
        term.topology_key.value == HOSTNAME and model.pods.matches(workload, term.selector) is Answer.YES
        for term in workload.template.anti_affinity
    )


def _uncounted(
    model: Model, workload: Workload, constraint: SpreadConstraint, services: tuple[Service, ...]
) -> Diagnosis:
    why = _difference(model, workload, constraint.selector)
    return Diagnosis(
        at=constraint.place if constraint.selector is None else constraint.selector_place,
        message=f"This constraint never counts the pods of {workload.object.ref}: {why}. {_SO}",
        severity=Severity.WARNING,
        object=workload.object,
        related=_behind(services),
        fixes=_fixes(services),
    )


def _unrepelled(model: Model, workload: Workload, term: AffinityTerm, services: tuple[Service, ...]) -> Diagnosis:
    is_sure = term.selector is None or model.environment.closed_world
    why = _difference(model, workload, term.selector)
    return Diagnosis(
        at=term.place if term.selector is None else term.selector_place,
        message=f"This anti-affinity keeps no pod away from those of {workload.object.ref}: {why}. {_SO}",
        severity=Severity.WARNING if is_sure else Severity.INFO,
        object=workload.object,
        related=_behind(services),
        assumptions=() if is_sure else ("no workload outside these files has the labels that it selects",),
        fixes=_fixes(services),
    )


def _difference(model: Model, workload: Workload, selector: Selector | None) -> str:
    """What the selector wants and the pods do not have, in words."""
    if selector is None:
        return "it has no labelSelector, and that matches no pod"
    missed = model.pods.missed(workload, selector)
    labels = workload.template.labels
    keys = dict.fromkeys(found.key for found in missed)
    carried = (f"{key}={_shown(labels[key])}" if key in labels else f"no {key}" for key in keys)
    return f"it selects {', '.join(map(str, missed))}, but they carry {', '.join(carried)}"


def _shown(value: object) -> str:
    """A label's value; the key of one that a placeholder stands for is sure all the same."""
    return value if isinstance(value, str) else "?"


def _behind(services: tuple[Service, ...]) -> tuple[Related, ...]:
    return tuple(
        Related(service.external_traffic_policy.place, "under Local, it sends to these pods", service.object)
        for service in services
    )


def _fixes(services: tuple[Service, ...]) -> tuple[str, ...]:
    labels = {key: value for key, value in services[0].selector.value.items() if isinstance(value, str)}
    return (f"let it match these pods: labelSelector: {{matchLabels: {json.dumps(labels)}}}",)


RULE = Rule(
    id="SRC602",
    name="spread-selector-mismatch",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
