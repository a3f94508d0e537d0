"""The address can be announced only by nodes that MetalLB refuses to announce from.

A node with the label `node.kubernetes.io/exclude-from-external-load-balancers` announces nothing, in layer 2 and in
BGP, from MetalLB 0.14.2 on: the label's presence counts, not its value. kubeadm and Talos put it on the nodes of the
control plane. Under `externalTrafficPolicy: Local` an address whose pods stand on such nodes only is announced from
nowhere; where all nodes have the label, as in a cluster of one node, so is every address.

## Reported when

- `metallb`: MetalLB surely handles the Service.
- `excluded`: every node that can announce its address has the label. Under Local these are the nodes that can hold a
  pod, run a speaker and are named by an advertisement; under Cluster the latter two. It takes an inventory (`nodes` in
  the configuration, or else the Node objects read). Without one, under Local: the pods ask for nodes with that label,
  or for nodes of the control plane, by its label.
- `refused`: the speakers are not told to ignore the label (`--ignore-exclude-lb`), and MetalLB is not older than
  0.14.2.
- `false-value`: besides, a Node object has the label with the value "false", which MetalLB does not look at.

It is an **error** where declared nodes, or the pods' own request for the label, show it and both the version and the
missing flag are known, by the speaker's manifest or the configuration. It is a **warning** where Node objects show it,
where one of these is assumed, where pods that no manifest shows may stand elsewhere, and for pods on the control plane
without an inventory. The label with the value "false" is **info**, on the Node.

## Silent when

- `unknown-nodes`: a placeholder leaves open where the pods can stand, or who announces.
- `unplaced-pods`: the pods can stand on no node at all, which is another fault.
- `disjoint`: the pods can stand on no node that is advertised and runs a speaker (SRC306 speaks).
- `alternatives`: files define the workload in several ways, and one of them can stand elsewhere.
- `other-balancer`: nothing tells of MetalLB where a Node has the label with the value "false".

## Bad

```yaml
# given nodes: [{name: cp, labels: {role: cp, node.kubernetes.io/exclude-from-external-load-balancers: ""}}, {name: w}]
# given metallb: {version: "0.15.2", ignoreExcludeLB: false}
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local  # want error "Deployment web can stand on no other"
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
        role: cp
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
  name: public
  namespace: metallb-system
```

## Good

The speakers are told to ignore the label:

```yaml
# given nodes: [{name: cp, labels: {role: cp, node.kubernetes.io/exclude-from-external-load-balancers: ""}}, {name: w}]
# given metallb: {version: "0.15.2", ignoreExcludeLB: true}
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
        role: cp
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
  name: public
  namespace: metallb-system
```

## Fix

Start the speakers with `--ignore-exclude-lb` (`speaker.ignoreExcludeLB: true` in the Helm chart); or take the label off
the nodes that shall announce (kubeadm may put it back at the next upgrade); or let the pods run on other nodes.

## Sources

- metallb/metallb `internal/k8s/nodes/nodes.go` (IsNodeExcludedFromBalancers), `speaker/main.go`; troubleshooting page,
  "MetalLB is not advertising my service from my control-plane nodes"; release notes 0.14.2, 0.14.4.
- metallb/metallb#2274, #2285, #2280; cozystack/cozystack#4043.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from srcip_lint.rule import (
    EXCLUDED,
    Announcers,
    Answer,
    Diagnosis,
    Meeting,
    Model,
    Related,
    Rule,
    Severity,
    choices_here,
    listed,
)

_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})
"""What Go's `strconv.ParseBool` takes for false, as cloud providers read the label's value."""

_LABEL = f"MetalLB announces nothing from nodes with the label {EXCLUDED}"


@dataclass(frozen=True, slots=True)
class _Finding:
    """Why nobody announces: the words for it, the nodes of an inventory that it is about, and what it rests on."""

    why: str
    nodes: frozenset[str]
    assumptions: tuple[str, ...]
    proved: bool
    related: tuple[Related, ...] = ()
    by_policy: bool = True
    """Does the policy have a part in it?"""


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service, and one a Node whose label says false and is in no other."""
    told: set[str] = set()
    for service in model.bundle.services:
        announcers = model.announcers(service)
        if announcers is None or announcers.installation.refuses_excluded is Answer.NO:
            continue
        found = _judge(model, announcers)
        if found:
            told |= found.nodes
            yield _diagnosis(announcers, found)
    yield from _false_values(model, told)


def _judge(model: Model, announcers: Announcers) -> _Finding | None:
    policy = announcers.service.external_traffic_policy.value
    if policy == "Cluster":
        return _everywhere(announcers)
    if policy != "Local":
        return None
    found = [_local(meeting) for meeting in model.meetings(announcers.service)]
    if not found or not all(found):
        return None
    return min((each for each in found if each), key=lambda each: each.proved)


def _everywhere(announcers: Announcers) -> _Finding | None:
    """Under Cluster, are all nodes that can announce excluded?"""
    able, inventory = announcers.nodes.possibly, announcers.inventory
    if not able or inventory is None or not able <= announcers.excluded:
        return None
    are_all = len(announcers.excluded) == len(inventory.nodes)
    grounds = announcers.grounds(announcers.nodes, whatever_advertised=are_all)
    others = "no node is without it" if are_all else "nobody else can announce the address"
    why = f"{others} ({listed(able)} of {inventory.source})"
    return _Finding(why, able, grounds.assumptions, inventory.declared, by_policy=False)


def _local(meeting: Meeting) -> _Finding | None:
    """Under Local, are all nodes excluded that can hold a pod and announce?"""
    if not meeting.refused:
        return None
    able, excluded, inventory = meeting.able, meeting.announcers.excluded, meeting.announcers.inventory
    workloads = " and ".join(str(choice.object.ref) for choice in meeting.holders)
    related, unseen = choices_here(meeting), meeting.unseen
    if able.answers is not None and inventory:
        are_all = meeting.pods.possibly <= excluded
        grounds = meeting.grounds(able, whatever_advertised=are_all)
        others = "" if are_all else " that announces the address"
        why = f"{workloads} can stand on no other{others} ({listed(able.possibly)} of {inventory.source})"
        return _Finding(why, able.possibly, grounds.assumptions, grounds.proved, related)
    if meeting.asks_for_excluded:
        return _Finding(f"{workloads} asks for nodes that have it", frozenset(), unseen, not unseen, related)
    usual = "the nodes of the control plane have the label, as kubeadm and Talos set it"
    why = f"{workloads} asks for nodes of the control plane, which kubeadm and Talos give that label"
    return _Finding(why, frozenset(), (usual, *unseen), proved=False, related=related)


def _diagnosis(announcers: Announcers, found: _Finding) -> Diagnosis:
    service, doubts = announcers.service, announcers.installation.exclusion_doubts
    return Diagnosis(
        at=(service.external_traffic_policy if found.by_policy else service.type).place,
        message=f"{_LABEL}, and {found.why}: the address of {service.object.ref} is announced from nowhere, and "
        "clients get no answer.",
        severity=Severity.ERROR if found.proved and not doubts else Severity.WARNING,
        object=service.object,
        related=(*found.related, *_labelled(announcers, found.nodes)),
        assumptions=(*doubts, *found.assumptions),
        fixes=_fixes(found.nodes),
    )


def _labelled(announcers: Announcers, names: frozenset[str]) -> Iterator[Related]:
    """The Node objects that have the label."""
    inventory = announcers.inventory
    for node, place in zip(inventory.nodes, inventory.places, strict=False) if inventory else ():
        if node.name in names:
            yield Related(place, f"node {node.name} has the label")


def _fixes(names: Iterable[str]) -> tuple[str, ...]:
    node = min(names, default="NODE")
    return (
        "start the speakers with --ignore-exclude-lb (`speaker.ignoreExcludeLB: true` in the Helm chart)",
        f"take the label off the nodes that shall announce: `kubectl label node {node} {EXCLUDED}-`",
        "or let the pods run on nodes without the label",
    )


def _false_values(model: Model, told: set[str]) -> Iterator[Diagnosis]:
    """The nodes whose label says that they are not excluded, and that MetalLB excludes all the same."""
    for node in model.bundle.nodes:
        value, installed = node.labels.get(EXCLUDED), model.metallb.installation(node.object)
        is_meant = value in _FALSE and node.object.name not in told and model.metallb.is_near(node.object)
        if is_meant and installed.refuses_excluded is not Answer.NO:
            yield Diagnosis(
                at=node.object.place.at("metadata", "labels", EXCLUDED),
                message=f'{_LABEL}, whatever its value: "{value}" does not keep node {node.object.name} among them.',
                severity=Severity.INFO,
                object=node.object,
                assumptions=installed.exclusion_doubts,
                fixes=("take the label away if the node shall announce addresses",),
            )


RULE = Rule(
    id="SRC315",
    name="metallb-local-on-excluded-nodes",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
