"""A Service that is reachable from outside and has no pod behind it.

A Service sends to the pods that carry every label of its selector, in its own namespace. Where there is no such pod
it has no endpoints, under either traffic policy: connections to a node port or an external address are refused, and a
load balancer that looks at endpoints (MetalLB, the health checks of the clouds) does not announce the address, or
takes every node out.

Mostly one label differs by a word, or was renamed on one side only. Pods may also come from somewhere that is not
read here, so the rule speaks only where a workload beside the Service has a label of its selector, or has a key of it
and is likely to be meant, and nothing else could make the pods.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, NodePort, or external IPs; under any traffic
  policy.
- `selects-nothing`: no workload that was read carries all the labels of the selector, or everything it selects has
  zero replicas.
- `near-miss`: where it selects nothing, a workload in its folder or below, in its namespace, has a label of the
  selector, or has a key of it and is selected by no other Service: with a like value (two letters differ, one is the
  beginning or end of the other, the words are the same), or in the Service's own file. Pods that are bound to a node
  already show what runs, and need only have the key.
- `zero-replicas`: where it selects something, every workload it selects has zero replicas, in whichever files belong
  together.

It is an **error** where `closedWorld: true` declares that the files are the whole cluster, else a **warning**: pods
that are not in these files may carry the labels.

## Silent when

- `custom-resource`: an object of a kind that may make pods (a HelmRelease, an operator's resource) is in the
  namespace or beside the Service.
- `gap`: something beside the Service could not be read: an unrendered template, a broken file.
- `endpoints`: Endpoints or an EndpointSlice are written for the Service.
- `without-manifest`: the selector means pods that run without a manifest: the static pods and add-ons of the control
  plane.
- `run-time-label`: pods that carry the other labels may be given the missing one when they run (`role`, a
  StatefulSet's `statefulset.kubernetes.io/pod-name`).
- `placeholder`: a label of the selector or of a workload is to be filled in later.
- `fragment`: a patch of the Service or of a workload may change the selector, the labels or the replicas, or a workload
  in a file that contradicts the Service's own has the labels.
- `scaled`: an autoscaler decides how many replicas there are (SRC321 speaks of scaling to zero).
- `headless`: the Service has no cluster IP, so no node handles packets for it.
- `unlike`: the workloads in other files have the keys of the selector with unlike values, and no label of it: they are
  other applications, and the pods come from a chart or another repository.
- `has-service`: the workloads with the keys are selected by other Services, and have no label of this one's selector.
- `batch`: the only workload beside it with a key of the selector is a Job or CronJob, which serves nobody.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  selector:  # want warning "app=web, and Deployment web has app=web-server"
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
      app: web-server
  template:
    metadata:
      labels:
        app: web-server
    spec:
      containers:
        - name: nginx
          image: nginx:1.27
```

## Good

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  selector:
    app: web-server
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
      app: web-server
  template:
    metadata:
      labels:
        app: web-server
    spec:
      containers:
        - name: nginx
          image: nginx:1.27
```

## Fix

Make the selector equal to the labels of the pod template. Rather change the Service: a Deployment's own selector
cannot be changed once it exists. Give a workload that was switched off its replicas back, or take away the Service in
front of it.

## Sources

- Kubernetes API, `core/v1` ServiceSpec.selector; "Virtual IPs and Service Proxies", traffic policies.
- kubernetes/kubernetes `pkg/proxy/nftables/README.md`: packets of Services without any endpoint are rejected.
- MetalLB `speaker/layer2_controller.go` (`activeEndpointExists`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.rule import Diagnosis, Model, Related, Rule, Service, Severity, Workload, nearly_same

_FAULT = "No pod is behind this Service, so connections are refused, or its address is not announced at all"


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service: nothing is selected, or nothing that is selected runs."""
    for service in model.bundle.services:
        if service.external and not service.headless:
            found = _switched_off(model, service) or _mismatch(model, service)
            if found and not model.pods.may_be_unseen(service):
                yield found


def _nearest(model: Model, service: Service) -> Workload | None:
    """The workload beside the Service that comes nearest to what it selects; None where none comes near."""
    found = [
        workload
        for workload in model.bundle.beside(service)
        if workload.kind not in ("Job", "CronJob") and _is_near(model, service, workload)
    ]
    return max(found, key=lambda workload: _nearness(service, workload), default=None)


def _is_near(model: Model, service: Service, workload: Workload) -> bool:
    """Is it likely that the Service means a workload? Any two applications have a key like `app` in common."""
    pairs = [pair for pair in _differences(service, workload) if pair[2] is not None]
    wanted = service.selector.value
    if any(workload.template.labels.get(key) == value for key, value in wanted.items()):
        return True
    if workload.kind == "Pod" and workload.template.node_name.value is not None:
        return bool(pairs)
    is_like = any(nearly_same(str(value), str(found)) for _, value, found in pairs)
    is_in_file = bool(pairs) and service.object.path == workload.object.path
    return (is_like or is_in_file) and not any(
        workload in world for other in model.bundle.services for world in model.selected(other).worlds
    )


def _nearness(service: Service, workload: Workload) -> tuple[int, float, bool]:
    """How near: by the number of labels that are equal, by the likeness of those that differ, and by the file."""
    pairs = list(_differences(service, workload))
    likeness = max((_likeness(str(wanted), str(found)) for _, wanted, found in pairs if found is not None), default=0.0)
    return len(service.selector.value) - len(pairs), likeness, service.object.path == workload.object.path


def _differences(service: Service, workload: Workload) -> Iterator[tuple[str, object, object | None]]:
    """The labels that the Service wants and the workload's pods do not have: key, wanted value, their value or None."""
    for key, wanted in service.selector.value.items():
        found = workload.template.labels.get(key)
        if found != wanted:
            yield key, wanted, found


def _likeness(one: str, other: str) -> float:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, one, other).ratio()


def _mismatch(model: Model, service: Service) -> Diagnosis | None:
    """Surely nothing is selected, although a workload comes near."""
    nearest = _nearest(model, service) if model.selected(service).nothing else None
    if nearest is None:
        return None
    differences = list(_differences(service, nearest))
    name = str(nearest.object.ref)
    has = " and ".join(f"{key}={found}" if found is not None else f"no label {key}" for key, _, found in differences)
    return Diagnosis(
        at=service.selector.place,
        message=f"{_FAULT}: it selects {_selected(service)}, and {name} has {has}.",
        severity=_severity(model),
        object=service.object,
        related=tuple(_difference(nearest, key, found) for key, _, found in differences),
        assumptions=_assumptions(model, service),
        fixes=_fixes(name, differences),
    )


def _difference(workload: Workload, key: str, found: object | None) -> Related:
    place = workload.template.labels_place
    if found is None:
        return Related(place, f"the pods of {workload.object.ref} have no label {key}", workload.object)
    return Related(place.at(key), f"the pods of {workload.object.ref} have {key}={found}", workload.object)


def _fixes(name: str, differences: list[tuple[str, object, object | None]]) -> tuple[str, ...]:
    key, wanted, found = differences[0]
    to_add = " and ".join(f"{key}: {wanted}" for key, wanted, _ in differences)
    if len(differences) > 1 or found is None:
        return (f"if {name} is meant, give its pod template {to_add}, or select only labels that it has",)
    return (
        f"if {name} is meant, select {key}: {found} instead of {key}: {wanted}",
        f"or give its pod template {key}: {wanted} (a Deployment's own selector cannot be changed once it exists)",
    )


def _switched_off(model: Model, service: Service) -> Diagnosis | None:
    """Everything that is selected has zero replicas, whichever files belong together."""
    selection = model.selected(service)
    workloads = dict.fromkeys(workload for world in selection.worlds for workload in world)
    if not selection.known or not all(model.pods.switched_off(workload) for workload in workloads):
        return None
    names = ", ".join(dict.fromkeys(str(workload.object.ref) for workload in workloads))
    return Diagnosis(
        at=service.selector.place,
        message=f"{_FAULT}: all that it selects has zero replicas ({names}).",
        severity=_severity(model),
        object=service.object,
        related=tuple(
            Related(model.pods.replicas_place(workload), f"{workload.object.ref} is switched off here", workload.object)
            for workload in workloads
        ),
        assumptions=_assumptions(model, service),
        fixes=("give it replicas", "take away the Service, or its way in from outside, while nothing runs behind it"),
    )


def _selected(service: Service) -> str:
    return ",".join(f"{key}={value}" for key, value in service.selector.value.items())


def _severity(model: Model) -> Severity:
    return Severity.ERROR if model.environment.closed_world else Severity.WARNING


def _assumptions(model: Model, service: Service) -> tuple[str, ...]:
    return () if model.environment.closed_world else (f"no pods from outside these files have {_selected(service)}",)


RULE = Rule(
    id="SRC302",
    name="external-service-no-backends",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
