"""Behind `externalTrafficPolicy: Local`, nothing tells when a pod can take packets.

A container without a readiness or startup probe is ready as soon as it runs. Under Local readiness is all that load
balancers go by: it decides which node announces the address, or answers the health check. So packets are drawn to a
node before its pod listens, and the node hands them to its own pods only, however many others could take them.

## Reported when

- `external`: the workload is behind a Service that is reachable from outside.
- `local`: that Service's external traffic policy is Local.
- `no-probe`: no container with a port that the Service sends to has a readiness or startup probe; where no container
  names such a port, no container of the pod has.
- `no-gate`: the pod has no readiness gate, which a load balancer's controller would open.

The severity is **info**.

## Silent when

- `unknown`: a probe, a readiness gate or a container is a placeholder.
- `patch`: another definition of the workload, a patch, has a probe or a readiness gate.
- `injected`: a label or annotation of the pod, or of its namespace, asks a mesh (Istio, Linkerd, Consul, Kuma) for a
  proxy in the pod, which brings a probe of its own.
- `not-ready-published`: the Service publishes pods that are not ready, so no probe would help (SRC614 speaks then).
- `job`: the pods of a Job or CronJob end.
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
        - name: nginx  # want info "Nothing tells when the pods of Deployment web can take packets"
          image: nginx:1.27
          ports:
            - containerPort: 80
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
          ports:
            - containerPort: 80
          readinessProbe:
            httpGet:
              path: /
              port: 80
```

## Fix

Give the container a `readinessProbe`: `httpGet` of a path that answers only while the pod can serve, or at least a
`tcpSocket` on its port.

## Sources

- Kubernetes, "Pod Lifecycle" (container probes, pod readiness); kubernetes `pkg/proxy/topology.go`
  (`CategorizeEndpoints`), `pkg/proxy/healthcheck/service_health.go`.
- MetalLB `speaker/layer2_controller.go` (`nodesWithEndpoint`), `speaker/bgp_controller.go` (`noLocalEndpoints`).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import (
    Container,
    Diagnosis,
    Model,
    Related,
    Rule,
    Service,
    Severity,
    Workload,
    injected,
    probed,
    unguarded,
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a workload, at its first container that takes the packets."""
    for workload, services in model.behind_local.items():
        if workload.kind in ("Job", "CronJob") or _may_be_ready_by_others(model, workload):
            continue
        blind = {
            service: containers
            for service in services
            if service.publish_not_ready.value is False and model.goes_by_node(service)
            for containers in [unguarded(service, workload.template)]
            if containers
        }
        if blind:
            yield _unprobed(workload, blind)


def _may_be_ready_by_others(model: Model, workload: Workload) -> bool:
    """May a patch, or a mesh, put something into the pods that tells when they are ready?"""
    namespaces = (each for each in model.bundle.namespaces if each.object.name == workload.object.namespace)
    others = model.bundle.other_definitions(workload)
    patches = (other for other in others if other.partial or not other.template.labels)
    return injected(workload.template, namespaces) or any(probed(patch.template) for patch in patches)


def _unprobed(workload: Workload, blind: dict[Service, tuple[Container, ...]]) -> Diagnosis:
    service, containers = next(iter(blind.items()))
    container = containers[0]
    return Diagnosis(
        at=container.place,
        message=f"Nothing tells when {_whose(workload)} can take packets: {_who(containers)} no "
        "readinessProbe, and is ready as soon as it runs. Under externalTrafficPolicy Local load balancers choose "
        "nodes by readiness alone, and a node hands packets to its own pods only.",
        severity=Severity.INFO,
        object=workload.object,
        related=tuple(
            Related(each.external_traffic_policy.place, "under Local, it sends to these pods", each.object)
            for each in blind
        ),
        fixes=_fixes(service, container),
    )


def _whose(workload: Workload) -> str:
    return str(workload.object.ref) if workload.kind == "Pod" else f"the pods of {workload.object.ref}"


def _name(container: Container) -> str:
    return f"container {container.name.value}" if isinstance(container.name.value, str) else "its container"


def _who(containers: tuple[Container, ...]) -> str:
    if len(containers) == 1:
        return f"{_name(containers[0])} has"
    return "no container has one: each has"


def _fixes(service: Service, container: Container) -> tuple[str, ...]:
    over_tcp = [port for port in service.ports if port.protocol.value == "TCP"]
    target = next((port.target_port.value for port in over_tcp if isinstance(port.target_port.value, int | str)), None)
    best = f"give {_name(container)} a readinessProbe with `httpGet` of a path that answers only while it can serve"
    if target is None:
        return (f"{best}, or with `exec` of a command that asks it",)
    return (best, f"or at least `readinessProbe: {{tcpSocket: {{port: {target}}}}}`")


RULE = Rule(
    id="SRC613",
    name="local-no-readiness-probe",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
)
