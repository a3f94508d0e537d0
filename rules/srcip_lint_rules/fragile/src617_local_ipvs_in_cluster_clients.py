"""With kube-proxy in ipvs mode, some callers in the cluster cannot reach a Local load balancer's address.

In ipvs mode every node takes the load balancer's address for its own: packets that start in the cluster never leave the
node for it. Under `externalTrafficPolicy: Local` a node without a pod has nothing behind the address, and what starts
on its own network, a process on it or a pod with hostNetwork, gets a time-out. kube-proxy's other modes send such
callers to any pod; ipvs does so for pods on the pod network only, and that since Kubernetes 1.21.

It works while a pod happens to stand on the caller's node, and breaks when it moves. Whom a pod connects to is in no
manifest, so this is a hint.

## Reported when

- `load-balancer`: the Service is of type LoadBalancer.
- `local`: its external traffic policy is Local.
- `ipvs`: the dataplane is kube-proxy in ipvs mode: declared, or so in kube-proxy's own ConfigMap or DaemonSet.
- `caller`: beside it there are pods on their nodes' network that are no node agents. Below Kubernetes 1.21 (declared)
  also cert-manager, which looks itself whether a challenge is answered, and a CoreDNS that answers with the Service's
  external address or rewrites to its host name.
- `uncovered`: what it selects does not put a pod on every node.

It is **info**, and assumes that those pods do connect to the address.

## Silent when

- `own-pods`: the only pods on their nodes' network are those behind the Service: their nodes have a pod.
- `agents`: the pods on their nodes' network are there for the cluster's own sake: the network plugin, storage drivers,
  the load balancer, exporters.
- `host-name`: the load balancer gives the Service a host name and no address, as those of AWS do: then no node takes it
  for its own.
- `one-node`: there is only one node that takes ordinary pods, by `nodes` in the configuration or the Node objects read.
- `placeholder`: a placeholder stands for the policy, the type or hostNetwork.
- `unknown-dataplane`: the signs of the dataplane disagree.
- `unknown-selection`: what the Service selects is not known: a placeholder, or files that contradict each other.
- `headless`: the Service has no cluster IP; the API rejects that for a LoadBalancer.

## Bad

```yaml
# given dataplane: kube-proxy-ipvs
# given loadBalancer: metallb-l2
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local  # want info "Deployment probe cannot reach the address of Service web"
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
        - name: app
          image: registry.example/app:1.0
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: probe
spec:
  selector:
    matchLabels:
      app: probe
  template:
    metadata:
      labels:
        app: probe
    spec:
      hostNetwork: true
      containers:
        - name: probe
          image: registry.example/probe:1.0
```

## Good

```yaml
# given dataplane: kube-proxy-nftables
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
        - name: app
          image: registry.example/app:1.0
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: probe
spec:
  selector:
    matchLabels:
      app: probe
  template:
    metadata:
      labels:
        app: probe
    spec:
      hostNetwork: true
      containers:
        - name: probe
          image: registry.example/probe:1.0
```

## Fix

Let callers in the cluster use the Service's cluster IP, by its name in the cluster's DNS: no external policy counts
there. Or run kube-proxy in nftables or iptables mode, where such callers reach any pod. A DaemonSet behind the Service
has a pod on every node.

## Sources

- kubernetes/kubernetes#75262, #93456, #92857, and pull request 97081 (pods on the pod network only).
- metallb/metallb#2751; Kubernetes `pkg/proxy/ipvs/proxier.go`; a like fault of Cilium 1.19: cilium/cilium#45252.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Caller, Diagnosis, Model, Related, Rule, Service, Severity

_PODS_REACH = (1, 21)
"""Since when pods on the pod network reach the address from every node."""

_SHOWN = 3
"""How many callers a message names."""


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service."""
    for service in model.local_services:
        found = model.dataplane(service).dataplane
        if service.type.value == "LoadBalancer" and found and found.name == "kube-proxy-ipvs":
            callers = _callers(model, service)
            if callers and _leaves_nodes_out(model, service):
                yield _diagnosis(model, service, callers)


def _callers(model: Model, service: Service) -> tuple[Caller, ...]:
    """Who may connect to the address and cannot from a node without a pod."""
    version = model.environment.kubernetes_version
    others = version is not None and version < _PODS_REACH
    return (*model.callers(service, on_host=True), *(model.callers(service, on_host=False) if others else ()))


def _leaves_nodes_out(model: Model, service: Service) -> bool:
    """Are there surely nodes, or may there be, without a pod of the Service?"""
    selection = model.selected(service)
    covered = any(model.siting.covers_every_node(service, world) for world in selection.worlds)
    return selection.known and not covered and not model.siting.one_node(service)


def _diagnosis(model: Model, service: Service, callers: tuple[Caller, ...]) -> Diagnosis:
    names = [caller.who for caller in callers]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    who = ", ".join(names[:_SHOWN]) + more
    evidence = model.dataplane(service).basis.evidence
    return Diagnosis(
        at=service.external_traffic_policy.place,
        message=f"From a node without a pod of it, {who} cannot reach the address of {service.object.ref}: kube-proxy "
        "in ipvs mode takes the address for the node's own, and under externalTrafficPolicy Local there is nothing "
        "behind it there.",
        severity=Severity.INFO,
        object=service.object,
        related=(
            *(Related(caller.at, caller.why, caller.object) for caller in callers[:_SHOWN]),
            *(Related(each.at, "this tells that kube-proxy runs in ipvs mode") for each in evidence if each.at),
        ),
        assumptions=(f"{who} {'connect' if len(names) > 1 else 'connects'} to the address",),
        fixes=(
            f"let callers in the cluster use the cluster IP, by the name {_dns(service)}",
            "run kube-proxy in nftables or iptables mode: there such callers reach any pod",
        ),
    )


def _dns(service: Service) -> str:
    return f"{service.object.name}.{service.object.namespace or '<namespace>'}.svc"


RULE = Rule(
    id="SRC617",
    name="local-ipvs-in-cluster-clients",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
)
