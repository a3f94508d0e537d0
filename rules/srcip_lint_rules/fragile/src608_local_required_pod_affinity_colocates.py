"""Behind `externalTrafficPolicy: Local`, a required pod affinity lets the pods stand on one node only.

A required podAffinity over `kubernetes.io/hostname` lets a pod stand only on a node that has a pod of the kind it
selects. If it selects the workload's own pods, all of them join the first; if it selects the one pod of another
workload, they join that. However many replicas there are, under Local one node takes all packets, and with it
everything is gone until the pods run somewhere else. Where a node is full, replicas stay Pending beside free ones.

## Reported when

- `behind-local`: an external Service with the policy Local surely selects the workload.
- `several-replicas`: it has two replicas or more, or an autoscaler leaves that many.
- `required`: it has a podAffinity term in `requiredDuringSchedulingIgnoredDuringExecution`.
- `over-nodes`: its topologyKey is `kubernetes.io/hostname`.
- `one-place`: the term selects the workload's own pods; or those of one other workload, which has one replica.

To its own pods it is a **warning**. To the pod of another workload it is **info**, because pods in files that were not
read may have the labels too; with `closedWorld` declared it is a warning.

## Silent when

- `others-match`: the term selects, or may select, the pods of another workload too: the pods can stand beside those.
- `several-there`: the other workload has, or may get, more than one pod.
- `other-namespaces`: the term names the namespaces that it looks at, or leaves out pods by mismatchLabelKeys.
- `hidden-pods`: the term may select the pods of a custom resource, or of a file beside the Service that could not be
  read.
- `another-workload`: the Service selects another workload too, whose pods stand somewhere else.
- `alternatives`: files define the workload in several ways, and one of them does not have the fault.
- `patched`: a patch may change the number of replicas or the affinity.
- `kept-apart`: something also keeps the pods on different nodes: then all but one stay Pending.
- `pinned`: the workload is bound to nodes by their names.
- `one-node`: there is only one node that takes ordinary pods, or that these pods can stand on, by `nodes` in the
  configuration or the Node objects read.
- `unknown`: a placeholder stands for the number of replicas, or for what the term selects or its topologyKey.
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
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      affinity:
        podAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - topologyKey: kubernetes.io/hostname  # want warning "replicas of Deployment web stand on one node only"
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
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - topologyKey: kubernetes.io/hostname
              labelSelector:
                matchLabels:
                  app: web
      containers:
        - name: nginx
          image: nginx:1.27
```

## Fix

If podAntiAffinity was meant, write that. If the pods are to be near each other or near another workload, let that be a
preference (`preferredDuringSchedulingIgnoredDuringExecution`), or over `topology.kubernetes.io/zone`, and add a
topologySpreadConstraint over `kubernetes.io/hostname`.

## Sources

- Kubernetes "Assigning Pods to Nodes", section on inter-pod affinity; API `core/v1` PodAffinityTerm.
- kube-scheduler `plugins/interpodaffinity/filtering.go` (the first pod of a series that has an affinity to itself).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, Drawn, Model, Related, Rule, Service, Severity, Workload, drawn_together


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a workload, however many Services select it."""
    seen: set[Workload] = set()
    for service in model.local_services:
        found = drawn_together(service, model.bundle)
        if found and found[0].workload not in seen and _matters(model, service, found):
            seen.add(found[0].workload)
            yield _colocated(model, service, found[0])


def _matters(model: Model, service: Service, found: tuple[Drawn, ...]) -> bool:
    """Is there another node that the pods could stand on, and does it matter that they do not?"""
    if not model.goes_by_node(service) or model.siting.one_node(service):
        return False
    return not any(_goes_elsewhere(model, each.workload) for each in found)


def _goes_elsewhere(model: Model, workload: Workload) -> bool:
    """Does something else than the affinity decide where the pods stand?"""
    placement = model.siting.placement(workload)
    has_one = placement is not None and len(placement.possibly) < 2
    return model.siting.separated(workload) or model.pods.pinned(workload) or has_one


def _colocated(model: Model, service: Service, drawn: Drawn) -> Diagnosis:
    workload, term, beside = drawn.workload, drawn.term, drawn.beside
    count = model.siting.replicas(workload)
    who = f"{'both' if count == 2 else f'all {count}'} replicas of {workload.object.ref}"
    where = f"only on the node of {beside.object.ref}, which has one pod" if beside else "on one node only"
    is_sure = beside is None or model.environment.closed_world
    pods = model.pods
    return Diagnosis(
        at=term.topology_key.place,
        message=f"This required podAffinity lets {who} stand {where}. Under externalTrafficPolicy Local that node "
        "takes all packets, and losing it is an outage until the pods run elsewhere.",
        severity=Severity.WARNING if is_sure else Severity.INFO,
        object=workload.object,
        related=(
            Related(service.external_traffic_policy.place, "under Local, it sends to these pods", service.object),
            Related(pods.replicas_place(workload), "how many pods there are", pods.replicas_owner(workload)),
            *((Related(beside.place, "the one pod that they must stand beside", beside.object),) if beside else ()),
        ),
        assumptions=() if is_sure else ("no workload outside these files has the labels that the affinity selects",),
        fixes=_fixes(beside),
    )


def _fixes(beside: Workload | None) -> tuple[str, ...]:
    prefer = (
        "where they are only to be near, make it a preference (preferredDuringSchedulingIgnoredDuringExecution), and "
        "add a topologySpreadConstraint over kubernetes.io/hostname"
    )
    if beside:
        return (prefer, f"or run a pod of {beside.object.ref} on each node that is to serve")
    return ("if they were to be kept apart, write podAntiAffinity instead of podAffinity", prefer)


RULE = Rule(
    id="SRC608",
    name="local-required-pod-affinity-colocates",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
