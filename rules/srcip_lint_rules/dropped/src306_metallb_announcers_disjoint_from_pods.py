"""Nobody can both run the pods and announce the address: MetalLB announces it from nowhere.

Under `externalTrafficPolicy: Local` MetalLB announces an address only from nodes that hold a ready pod of the Service.
Of these an advertisement's `nodeSelectors` leave those that it names, and a node without a speaker announces nothing at
all. Where the pods can stand on none of the nodes that are left, the Service gets an address that answers nobody, and
everything looks healthy: the pods are ready, and `kubectl get service` shows the address.

Before MetalLB 0.11 layer 2 wanted a pod beside the speaker under `Cluster` too.

## Reported when

- `metallb`: MetalLB surely handles the Service.
- `local`: its external traffic policy is Local; or MetalLB is older than 0.11, and announces in layer 2.
- `selects`: it surely selects a workload that runs pods.
- `advertised`: an advertisement that was read may announce its address, or nothing of MetalLB's configuration was read
  and only its speakers are known.
- `apart`: no node can hold a pod of any of the selected workloads and run a speaker and be named by any of the
  advertisements, of whatever pool the address may come from. Labels, names and operators are compared as conditions, so
  it holds whatever nodes there are; with an inventory (`nodes` in the configuration, or else the Node objects read)
  node by node, with taints.

It is an **error** where the conditions exclude each other, and where declared nodes show it. It is a **warning** where
Node objects show it, which may not be all, and where the Service may have pods that no manifest shows.

## Silent when

- `unknown-nodes`: a placeholder leaves open which nodes are meant.
- `unknown-selection`: what the Service selects is not known, or somebody writes its endpoints by hand.
- `alternatives`: files define the workload in several ways, and one of them can stand where the address is announced.
- `unplaced-pods`: the pods can stand on no node at all, which is another fault.
- `no-advertised-node`: the advertisements name no node of the inventory, wherever the pods are (SRC313 speaks).

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local  # want error "No node can both run Deployment web"
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

Choose the same nodes twice: write the advertisement's labels into the pods' `nodeSelector`, or the pods' labels into
the advertisement's `nodeSelectors`; where the speakers are the obstacle, run them on the pods' nodes too. Where the
client's address does not matter, `Cluster` needs no pod on the announcing node.

## Sources

- metallb/metallb `speaker/layer2_controller.go` (`speakersForAds`, `nodesWithEndpoint`), `speaker/bgp_controller.go`
  (`noLocalEndpoints`); `design/pool-configuration.md`, which names this fault; release notes 0.11.0.
- metallb/metallb#322, #1762, #302.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import (
    Choice,
    Diagnosis,
    Meeting,
    Model,
    Rule,
    Service,
    Severity,
    Sites,
    choices_here,
    listed,
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service, of which all worlds must show it."""
    for service in model.bundle.services:
        found = [_judge(service, meeting) for meeting in model.meetings(service)]
        if found and all(found):
            yield min((each for each in found if each), key=lambda each: each.severity)


def _judge(service: Service, meeting: Meeting) -> Diagnosis | None:
    announcers, pods = meeting.announcers, meeting.pods
    if not announcers.needs_local_pod or pods.nowhere or announcers.advertised.nowhere:
        return None
    speakerless = pods.both(announcers.speaking).nowhere
    nobody = pods.both(announcers.speaking if speakerless else announcers.nodes)
    if not nobody.nowhere:
        return None
    grounds = meeting.grounds(nobody, whatever_advertised=speakerless)
    return Diagnosis(
        at=service.external_traffic_policy.place,
        message=f"{_apart(meeting, nobody)}: under {service.external_traffic_policy.value} MetalLB announces the "
        "address from nowhere, and clients get no answer although the pods are ready.",
        severity=Severity.ERROR if grounds.proved else Severity.WARNING,
        object=service.object,
        related=choices_here(meeting),
        assumptions=grounds.assumptions,
        fixes=_fixes(meeting),
    )


def _apart(meeting: Meeting, nobody: Sites) -> str:
    """That the pods and the announcers have no node in common, and how one sees it."""
    announcers, inventory = meeting.announcers, meeting.announcers.inventory
    workloads = _named(meeting.holders, with_nodes=nobody.impossible)
    if inventory is None or nobody.impossible:
        return f"No node can both run {workloads} and announce its address ({_obstacle(meeting)})"
    can_announce = announcers.nodes.possibly
    where = f"only {listed(can_announce)} can announce its address" if can_announce else "none can announce its address"
    return f"Of {inventory.source}, {workloads} can stand on {listed(meeting.pods.possibly)}, and {where}"


def _obstacle(meeting: Meeting) -> str:
    """Who leaves the pods' nodes out: the advertisements, the speakers, or only both together."""
    announcers, pods = meeting.announcers, meeting.pods
    advertisers = () if pods.both(announcers.speaking).nowhere else announcers.advertisers
    speakers = () if pods.both(announcers.advertised).nowhere else announcers.speakers
    return _named((*advertisers, *speakers), with_nodes=True) or f"a speaker on {announcers.speaking.conditions}"


def _named(choices: Iterable[Choice], *, with_nodes: bool) -> str:
    return " and ".join(
        f"{choice.object.ref} on {choice.nodes}" if with_nodes and choice.nodes else str(choice.object.ref)
        for choice in choices
    )


def _fixes(meeting: Meeting) -> tuple[str, ...]:
    announcers = meeting.announcers
    cluster = "use externalTrafficPolicy: Cluster, if nobody behind the Service needs the client's address"
    if meeting.pods.both(announcers.speaking).nowhere:
        return (
            "let the speakers run on the nodes of the pods, or the pods on theirs: the same labels in nodeSelector",
        )
    if announcers.nodes.nowhere:
        return ("let the speakers run on the nodes that the advertisement names, or let it name theirs",)
    return (
        "let the pods run where the address is announced: give them the labels of the advertisement's nodeSelectors as "
        "nodeSelector, or the advertisement those of the pods",
        cluster,
    )


RULE = Rule(
    id="SRC306",
    name="metallb-announcers-disjoint-from-pods",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
