"""All pods may stand on nodes that do not announce the address.

Under `externalTrafficPolicy: Local` MetalLB announces an address only from nodes that hold a ready pod, and of these
only from those that an advertisement names and that run a speaker. Where the scheduler is free to put every pod on
other nodes, the address works until it does: after a reschedule it may be announced from nowhere, while all pods are
ready. Pods on nodes that do not announce get nothing from outside in any case.

## Reported when

- `metallb`: MetalLB surely handles the Service.
- `local`: its external traffic policy is Local.
- `advertised`: an advertisement that was read may announce its address, or nothing of MetalLB's configuration was read
  and only its speakers are known.
- `loose`: each selected workload can have all its pods beside the nodes that may announce. With an inventory (`nodes`
  in the configuration, or else the Node objects read): there are nodes that take its pods and surely do not announce
  (neither do those with the label that excludes them from load balancers), and no node that may announce surely holds
  one. Without an inventory: what the pods ask of a node does not imply what the advertisements or the speakers do.

It is a **warning**. It is **info** where the pods keep apart and are more than there are nodes that do not announce:
one of them always stands on a node that does, and the others idle.

## Silent when

- `daemon-set`: a DaemonSet has a pod on all nodes that it chooses; only an inventory tells whether they announce.
- `one-confined`: of several workloads behind the Service one stands where the address is announced.
- `control-plane`: without an inventory, of the nodes that the pods choose only those of the control plane do not
  announce (label `node-role.kubernetes.io/control-plane` or `master`), and the pods neither tolerate their usual taint
  of that name nor ask for such nodes.
- `unknown-nodes`: a placeholder leaves open which nodes are meant.
- `alternatives`: files define the workload in several ways, and one of them is confined.
- `unplaced-pods`: the pods can stand on no node at all, which is another fault.
- `disjoint`: no node can both hold a pod and announce (SRC306 speaks).
- `refused`: MetalLB refuses to announce from all nodes that could (SRC315 speaks).

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local  # want warning "Nothing keeps the pods of Deployment web on the nodes"
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
  nodeSelectors:
    - matchLabels:
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
  nodeSelectors:
    - matchLabels:
        role: edge
```

## Fix

Let the pods run only where the address is announced: write the advertisement's labels into the pods' `nodeSelector` or
required node affinity. Or let more nodes announce: drop the advertisement's `nodeSelectors`, and run the speakers
everywhere. Or run the pods as a DaemonSet on those nodes.

## Sources

- metallb/metallb `speaker/layer2_controller.go` (`speakersForAds`, `nodesWithEndpoint`), `speaker/bgp_controller.go`
  (`noLocalEndpoints`); `design/pool-configuration.md`.
- metallb/metallb#1762, #2561, #2705.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, Meeting, Miss, Model, Rule, Severity, choices_here, listed


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service, of which all worlds must show it."""
    for service in model.local_services:
        found = [_judge(meeting) for meeting in model.meetings(service)]
        if found and all(found):
            yield min((each for each in found if each), key=lambda each: each.severity)


def _judge(meeting: Meeting) -> Diagnosis | None:
    if meeting.able.nowhere or meeting.refused:
        return None
    miss = meeting.may_miss(meeting.announcers.allowed)
    if miss is None:
        return None
    grounds = meeting.grounds(meeting.able)
    return Diagnosis(
        at=meeting.service.external_traffic_policy.place,
        message=_message(meeting, miss),
        severity=Severity.INFO if miss.held else Severity.WARNING,
        object=meeting.service.object,
        related=choices_here(meeting),
        assumptions=(*grounds.assumptions, *_supposed(meeting, miss)),
        fixes=_fixes(meeting),
    )


def _message(meeting: Meeting, miss: Miss) -> str:
    workloads = " and ".join(str(choice.object.ref) for choice in meeting.holders)
    if miss.held:
        return (
            f"Pods of {workloads} may stand on {listed(miss.names)}, from where nobody announces the address. They "
            "keep apart, so that one stands on a node that does; the others get no packet from outside."
        )
    dead = "Where all stand elsewhere, the address is announced from nowhere although the pods are ready."
    if miss.names:
        announcing = listed(meeting.announcers.allowed.possibly)
        return (
            f"All pods of {workloads} may stand on {listed(miss.names)}, and under Local the address is announced from "
            f"{announcing} only. {dead}"
        )
    announcers = _announcers(meeting)
    return f"Nothing keeps the pods of {workloads} on the nodes that announce the address ({announcers}). {dead}"


def _announcers(meeting: Meeting) -> str:
    found = (*meeting.announcers.advertisers, *meeting.announcers.speakers)
    return " and ".join(f"{choice.object.ref} on {choice.nodes}" for choice in found if choice.nodes) or str(
        meeting.announcers.speaking.conditions
    )


def _supposed(meeting: Meeting, miss: Miss) -> tuple[str, ...]:
    """What is supposed about the nodes without an inventory."""
    if miss.names:
        return ()
    pods, announcing = meeting.pods.conditions.usual, meeting.announcers.nodes.conditions
    return (f"not every node that takes the pods{f' ({pods})' if str(pods) else ''} is one of {announcing}",)


def _fixes(meeting: Meeting) -> tuple[str, ...]:
    announcing = str(meeting.announcers.nodes.conditions)
    where = f" ({announcing})" if announcing else ""
    return (
        f"let the pods run only where the address is announced{where}: by nodeSelector or required node affinity",
        "or let all nodes of the pods announce: change the advertisement's nodeSelectors, and where the speakers run",
        "declare `nodes` in srcip-lint.yaml if the pods stand on announcing nodes for another reason",
    )


RULE = Rule(
    id="SRC307",
    name="metallb-pods-not-confined-to-announcers",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
