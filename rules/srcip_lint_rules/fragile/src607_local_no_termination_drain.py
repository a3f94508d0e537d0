"""Under `externalTrafficPolicy: Local`, a node's last pod may be gone before the load balancer notices.

A load balancer that polls the health-check node port learns late that a node has no ready pod any more: the check has
to fail some times, each a few seconds after the other. It fails as soon as the last pod there is to end, and until the
load balancer has noticed, packets still come to the node. From Kubernetes 1.26 on kube-proxy hands them to the ending
pod, as long as that goes on serving. By default it gets SIGTERM at once, most servers close their port then, and the
packets are refused. Under Cluster another node's pod would have got them.

Before Kubernetes 1.26 kube-proxy hands nothing to a pod that is to end. What comes is dropped whatever the pod does, at
each rollout and each drain.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, or NodePort behind a front that checks its health.
- `local`: its external traffic policy is Local.
- `health-checked`: the way in leaves out nodes without a pod by polling their health: a cloud's load balancer, a
  declared health-checked front, an ALB or GCE Ingress.
- `no-drain`: nothing that is written keeps the pods serving for a while: no container has a preStop hook, and
  terminationGracePeriodSeconds is no longer than the default of 30 seconds. Below Kubernetes 1.26 (declared) with
  kube-proxy, that does not matter.

It is **info**; a **warning** where `kubernetesVersion` declares one below 1.26 and the nodes run kube-proxy.

## Silent when

- `announced`: MetalLB, BGP announcers and whatever else reads the endpoints instead of polling nodes: they know when a
  pod is to end.
- `pre-stop`: a container has a preStop hook.
- `grace-period`: the pods have more than 30 seconds to end: whoever writes that lets them end what they have begun.
- `bare-pod`: Pods and Jobs, which no one replaces while they run.
- `patched`: another file may give the pods a hook, or more time.
- `placeholder`: a placeholder stands for the lifecycle, the hook or the time.
- `not-by-node`: the load balancer connects to the pods themselves.
- `unknown-selection`: what the Service selects is not known: a placeholder, or files that contradict each other.
- `headless`: the Service has no cluster IP, so no node handles packets for it.

## Bad

```yaml
# given loadBalancer: health-checked
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
kind: Deployment  # want info "may be gone before a health-checked load balancer notices"
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
        - name: app
          image: registry.example/app:1.0
```

## Good

```yaml
# given loadBalancer: health-checked
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
      terminationGracePeriodSeconds: 60
      containers:
        - name: app
          image: registry.example/app:1.0
          lifecycle:
            preStop:
              sleep:
                seconds: 30
```

## Fix

Keep the pod serving for at least as long as the load balancer needs to notice (its interval times its threshold): with
a preStop hook that waits, or with a server that goes on accepting after SIGTERM, and a terminationGracePeriodSeconds
above that. Its readiness must not fail meanwhile, or it gets no packets. Below Kubernetes 1.26, upgrade.

## Sources

- KEP-1669 (terminating endpoints: beta and on since 1.26); Kubernetes `pkg/proxy/topology.go`; "Virtual IPs and Service
  Proxies", traffic to terminating endpoints.
- kubernetes/kubernetes#85643, #73362 (a network load balancer that takes 90 seconds), #50977.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import (
    Answer,
    Diagnosis,
    Model,
    Related,
    Rule,
    Service,
    Severity,
    WayIn,
    Workload,
    drains,
)

_UNREPLACED = ("Pod", "Job", "CronJob")
_HANDS_ON = (1, 26)
"""Since when kube-proxy hands packets to a terminating pod where a node has no other."""
_GATED = (1, 22)
"""Since when it could be told to, by a feature gate that was off."""


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a workload, however many Services select it."""
    seen = set()
    for service in model.local_services:
        way = next((way for way in model.ways_in(service) if way.checks_health), None)
        selection = model.selected(service)
        if way is None or not selection.known:
            continue
        for definitions in selection.definitions:
            workload = definitions[0]
            if workload not in seen and _ends_early(model, service, definitions):
                seen.add(workload)
                yield _diagnosis(model, service, way, workload)


def _ends_early(model: Model, service: Service, definitions: tuple[Workload, ...]) -> bool:
    """May the pods be gone early, in whichever of the files that contradict each other?"""
    if definitions[0].kind in _UNREPLACED:
        return False
    written = [*definitions, *model.bundle.other_definitions(definitions[0])]
    return _drops(model, service) or all(drains(each.template) is Answer.NO for each in written)


def _drops(model: Model, service: Service) -> bool:
    """Do the nodes hand no packet to a pod that is to end?"""
    version = model.environment.kubernetes_version
    if version is None or version >= _HANDS_ON:
        return False
    found = model.dataplane(service).dataplane
    return found is not None and found.name.startswith("kube-proxy")


def _diagnosis(model: Model, service: Service, way: WayIn, workload: Workload) -> Diagnosis:
    drops = _drops(model, service)
    return Diagnosis(
        at=workload.place,
        message=(_dropped if drops else _refused)(way, workload),
        severity=Severity.WARNING if drops else Severity.INFO,
        object=workload.object,
        related=(
            Related(service.external_traffic_policy.place, "under Local only nodes with a pod serve", service.object),
        ),
        assumptions=_assumptions(model, service) if drops else (),
        fixes=_UPGRADE if drops else _WAIT,
    )


def _watcher(way: WayIn) -> str:
    return way.name if way.balancer and way.balancer.polls_health else "the front that checks the nodes"


def _dropped(way: WayIn, workload: Workload) -> str:
    return (
        f"When the last pod of {workload.object.ref} on a node is to end, what {_watcher(way)} still sends to that "
        "node is dropped until its health check has failed: before Kubernetes 1.26 kube-proxy hands nothing to such a "
        "pod, whatever keeps it serving."
    )


def _refused(way: WayIn, workload: Workload) -> str:
    return (
        f"The last pod of {workload.object.ref} on a node may be gone before {_watcher(way)} notices by its health "
        "checks, and what still comes to the node is refused: no preStop hook and no longer time to end keeps it "
        "serving."
    )


_UPGRADE = (
    "upgrade to Kubernetes 1.26 or newer, and keep the pods serving until the health check has failed",
    "until then let the load balancer's health check fail fast: a short interval, a low threshold",
)
_WAIT = (
    "let a preStop hook wait until the health check has failed, e.g. `lifecycle: {preStop: {sleep: {seconds: 30}}}` "
    "(before Kubernetes 1.30 an exec hook), and set terminationGracePeriodSeconds above that",
    "where the server goes on accepting after SIGTERM, say so by a terminationGracePeriodSeconds above 30",
)


def _assumptions(model: Model, service: Service) -> tuple[str, ...]:
    version = model.environment.kubernetes_version
    gate = ("the feature gate ProxyTerminatingEndpoints is off, as it is by default below 1.26",)
    gated = gate if version is not None and version >= _GATED else ()
    return (*gated, *(() if model.dataplane(service).basis.certain else ("the nodes run kube-proxy",)))


RULE = Rule(
    id="SRC607",
    name="local-no-termination-drain",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
