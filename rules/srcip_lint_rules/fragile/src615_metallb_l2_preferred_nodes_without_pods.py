"""The preferred nodes can hold no pod, so preferring them has no effect.

`preferredNodeSelectors` of an L2Advertisement ranks the nodes among which MetalLB elects the one that announces. Under
`externalTrafficPolicy: Local` only nodes with a ready pod take part in the election at all. Where the pods can stand on
none of the preferred nodes, the address is announced from another one, and whoever counted on a certain node (a
firewall, a cabling, a bigger link) is surprised.

## Reported when

- `metallb`: MetalLB surely handles the Service.
- `local`: its external traffic policy is Local.
- `prefers`: layer 2 advertisements that may announce its address prefer nodes.
- `apart`: no node that any of them prefers can hold a pod of a selected workload. Labels are compared as conditions, so
  it holds whatever nodes there are; with an inventory (`nodes` in the configuration, or else the Node objects read)
  node by node, with taints.

It is always **info**: the address is announced all the same.

## Silent when

- `unknown-nodes`: a placeholder leaves open which nodes are meant.
- `unplaced-pods`: the pods can stand on no node at all, which is another fault.
- `disjoint`: no node can both hold a pod and announce (SRC306 speaks).
- `refused`: MetalLB refuses to announce from all nodes that could (SRC315 speaks).
- `alternatives`: files define the workload in several ways, and one of them can stand on a preferred node.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local  # want info "can hold none of the pods of Deployment web"
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
      nodeSelector:
        role: worker
      containers:
        - name: nginx
          image: nginx:1.27
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: public
  namespace: metallb-system
spec:
  addresses:
    - 192.0.2.0/28
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata:
  name: edge
  namespace: metallb-system
spec:
  preferredNodeSelectors:
    - weight: 100
      preference:
        matchLabels:
          role: edge
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
      nodeSelector:
        role: edge
      containers:
        - name: nginx
          image: nginx:1.27
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: public
  namespace: metallb-system
spec:
  addresses:
    - 192.0.2.0/28
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata:
  name: edge
  namespace: metallb-system
spec:
  preferredNodeSelectors:
    - weight: 100
      preference:
        matchLabels:
          role: edge
```

## Fix

Prefer nodes that the pods can stand on, or let the pods stand on the preferred ones. A preference of the scheduler
(`preferredDuringSchedulingIgnoredDuringExecution`) for the same labels brings both together.

## Sources

- metallb/metallb `speaker/layer2_controller.go` (`nodesWithEndpoint`, then `sortL2Candidates`).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, Meeting, Model, Related, Rule, Severity, Sites, choices_here, listed


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service, of which all worlds must show it."""
    for service in model.local_services:
        announcers = model.announcers(service)
        preferred = announcers.preferred if announcers else None
        meetings = model.meetings(service) if preferred else ()
        found = [_judge(meeting, preferred) for meeting in meetings if preferred]
        if all(found):
            yield from (each for each in found[:1] if each)


def _judge(meeting: Meeting, preferred: Sites) -> Diagnosis | None:
    nobody = meeting.pods.both(preferred)
    if meeting.able.nowhere or meeting.refused or not nobody.nowhere:
        return None
    workloads = " and ".join(str(choice.object.ref) for choice in meeting.holders)
    inventory = meeting.announcers.inventory
    is_listed = inventory is not None and not nobody.impossible and preferred.possibly
    names = f" ({listed(preferred.possibly)} of {inventory.source})" if is_listed and inventory else ""
    return Diagnosis(
        at=meeting.service.external_traffic_policy.place,
        message=f"The nodes preferred to announce the address, those on {preferred.conditions}{names}, can hold none "
        f"of the pods of {workloads}. Under Local only nodes with a pod take part in the election, so the preference "
        "has no effect.",
        severity=Severity.INFO,
        object=meeting.service.object,
        related=(*_preferences(meeting), *choices_here(meeting)),
        assumptions=meeting.grounds(nobody).assumptions,
        fixes=("prefer nodes that the pods can stand on, or let the pods stand on the preferred ones",),
    )


def _preferences(meeting: Meeting) -> Iterable[Related]:
    for advertisement in meeting.announcers.announcement.l2:
        for preference in advertisement.preferences:
            yield Related(preference.place, "prefers these nodes", advertisement.object)


RULE = Rule(
    id="SRC615",
    name="metallb-l2-preferred-nodes-without-pods",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
)
