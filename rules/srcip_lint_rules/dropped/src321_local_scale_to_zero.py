"""An autoscaler may leave a Local Service without any pod, and no packet can bring one back.

Under `externalTrafficPolicy: Local` a node serves only while it has a ready pod. Scaled to zero there is none anywhere:
MetalLB and the BGP announcers withdraw the address, every node fails a cloud load balancer's health check, a node port
refuses. KEDA brings pods back when one of its triggers fires, a queue that fills, say. A client that connects fires
none: its packet reaches nobody who could count it.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, NodePort, or external IPs.
- `local`: its external traffic policy is Local.
- `to-zero`: an autoscaler may leave a workload that it selects no replica: a KEDA ScaledObject whose minReplicaCount is
  0 (the default) or whose idleReplicaCount is, or a HorizontalPodAutoscaler whose minReplicas is 0.
- `all`: everything that the Service selects may be without a pod.

It is a **warning**; **info** where only a timetable (the trigger `cron`) decides: whoever wrote that chose the hours.

## Silent when

- `interceptor`: the Service leads to the interceptor of KEDA's HTTP add-on, which takes requests for workloads without
  a pod.
- `busy-triggers`: the ScaledObject looks at nothing but processor and memory, and KEDA never scales to zero by these.
- `paused`: an annotation tells KEDA to leave the number of replicas alone.
- `placeholder`: a placeholder stands for the minimum or the triggers, or autoscalers contradict each other.
- `alternatives`: files define the autoscaler or the workload in several ways, and in one of them a pod is left.
- `unknown-selection`: what the Service selects is not known: a placeholder, or files that contradict each other.
- `headless`: the Service has no cluster IP, so no node handles packets for it.

## Bad

```yaml
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
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: app
          image: registry.example/app:1.0
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject  # want warning "minReplicaCount is not written, and 0 is the default"
metadata:
  name: web
spec:
  scaleTargetRef:
    name: web
  triggers:
    - type: prometheus
      metadata:
        serverAddress: http://prometheus.monitoring:9090
        query: sum(rate(http_requests_total{app="web"}[2m]))
        threshold: "100"
```

## Good

```yaml
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
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: app
          image: registry.example/app:1.0
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: web
spec:
  scaleTargetRef:
    name: web
  minReplicaCount: 2
  triggers:
    - type: prometheus
      metadata:
        serverAddress: http://prometheus.monitoring:9090
        query: sum(rate(http_requests_total{app="web"}[2m]))
        threshold: "100"
```

## Fix

Set `minReplicaCount` to 1 or more; two, on different nodes, keep a standby (SRC605, SRC601). Where nothing is to run
while nobody asks, let the Service lead to something that does run and wakes the workload, as the interceptor of KEDA's
HTTP add-on does for HTTP.

## Sources

- KEDA "ScaledObject specification" (minReplicaCount, idleReplicaCount, pausing) and "CPU" scaler (no scaling to zero
  without another trigger).
- Kubernetes `autoscaling/v2` (minReplicas may be 0 where the feature gate HPAScaleToZero is on).
- MetalLB `speaker/layer2_controller.go` (`ShouldAnnounce`: no endpoint, no announcement).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import (
    Answer,
    Autoscaler,
    Diagnosis,
    Model,
    Related,
    Rule,
    Service,
    Severity,
    Workload,
    by_timetable,
    falls_to_zero,
    is_interceptor,
    least_replicas,
)

_GATE = "the feature gate HPAScaleToZero is on; without it the API server rejects minReplicas 0"
_INTERCEPTOR = (
    "or let the Service lead to something that runs and wakes the workload, such as the interceptor of KEDA's HTTP "
    "add-on"
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis an autoscaler, however many Services lead to its workload."""
    found: dict[Autoscaler, tuple[Workload, list[Service]]] = {}
    for service in model.local_services:
        selection = model.selected(service)
        if selection.known and all(_sleeps(model, world) for world in selection.worlds):
            for workload in selection.worlds[0]:
                scaler = _to_zero(model, workload)
                if scaler:
                    found.setdefault(scaler, (workload, []))[1].append(service)
    for scaler, (workload, services) in found.items():
        yield _diagnosis(scaler, workload, services)


def _sleeps(model: Model, world: tuple[Workload, ...]) -> bool:
    """May everything that is selected be without a pod, and does an autoscaler decide about some of it?"""
    decided = [workload for workload in world if _to_zero(model, workload)]
    others = (workload for workload in world if workload not in decided)
    return bool(decided) and all(model.pods.switched_off(workload) for workload in others)


def _to_zero(model: Model, workload: Workload) -> Autoscaler | None:
    """An autoscaler that surely may leave the workload no replica; all that decide about it must."""
    scalers = model.bundle.scalers(workload)
    if is_interceptor(workload) or not all(falls_to_zero(scaler) is Answer.YES for scaler in scalers):
        return None
    return next(iter(scalers), None)


def _diagnosis(scaler: Autoscaler, workload: Workload, services: list[Service]) -> Diagnosis:
    least = least_replicas(scaler)
    names = " and ".join(str(service.object.ref) for service in services)
    is_keda = scaler.object.kind == "ScaledObject"
    return Diagnosis(
        at=least.place if least.written else scaler.object.place.at("kind"),
        message=f"{scaler.object.ref} may leave {workload.object.ref} without a pod: {_why(scaler)}. Then no node has "
        f"one for {names}, nothing answers, and no packet can wake it{_wakes(scaler)}.",
        severity=Severity.INFO if by_timetable(scaler) else Severity.WARNING,
        object=scaler.object,
        related=(
            *(
                Related(
                    service.external_traffic_policy.place, "under Local only nodes with a pod serve", service.object
                )
                for service in services
            ),
            Related(workload.place, "this is what it scales", workload.object),
        ),
        assumptions=() if is_keda else (_GATE,),
        fixes=(_fix(scaler), _INTERCEPTOR),
    )


def _why(scaler: Autoscaler) -> str:
    if scaler.idle.written:
        return "idleReplicaCount is 0"
    field = "minReplicaCount" if scaler.object.kind == "ScaledObject" else "minReplicas"
    return f"{field} is 0" if scaler.minimum.written else f"{field} is not written, and 0 is the default"


def _wakes(scaler: Autoscaler) -> str:
    kinds = dict.fromkeys(kind for kind in scaler.triggers or () if isinstance(kind, str))
    return f": only its triggers can ({', '.join(kinds)})" if kinds else ""


def _fix(scaler: Autoscaler) -> str:
    if scaler.object.kind != "ScaledObject":
        return "set minReplicas to 1 or more; two, on different nodes, keep a standby"
    taken = "take idleReplicaCount away, and " if scaler.idle.written else ""
    return f"{taken}set minReplicaCount to 1 or more; two, on different nodes, keep a standby"


RULE = Rule(
    id="SRC321",
    name="local-scale-to-zero",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
