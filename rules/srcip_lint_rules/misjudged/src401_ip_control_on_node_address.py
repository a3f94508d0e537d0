"""A list of addresses, or a limit by address, judges a node's address in place of the client's.

An allow-list, a deny-list, a rate limit or a look-up in a proxy is about clients. Behind a Service with
`externalTrafficPolicy: Cluster`, the default, the proxy takes a node for every client, since the node that receives a
packet replaces its source address before it hands it on, also when the pod stands on that very node. What becomes of
the list then depends on what it names:

- a list of public addresses lets nobody in any more;
- a list that holds the nodes' addresses lets everybody in, whoever they are, and so does the private range that is
  often added "to make it work";
- a list of the unwanted never matches any of them;
- a limit is shared by all clients that come by one node, so that one of them uses it up for the others.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, NodePort, or external IPs.
- `cluster`: its external traffic policy is Cluster, written or by default.
- `control`: a proxy that it leads to has a list, a limit or a look-up that is keyed on the client's address: in its
  own configuration, on an Ingress that it serves, in an object that such a one names, or in a policy that is about it.
- `node-address`: on that way in, the address is a node's.

It is an **error** where the dataplane is known, and a **warning** where that is assumed, where only pods on other nodes
than the one that received the packet see a node (Cilium in SNAT mode), where it is assumed which controller serves the
Ingress, or that no other policy lets in more, where a password lets in whom the list does not, and where it is not
known whether the nodes are in the list (`cidrs` in the configuration, or a Node list, would tell). Lists and limits of
one object are one finding.

## Silent when

- `proxy-protocol`: the load balancer sends the PROXY protocol, and the proxy takes the address from it.
- `http-front`: an HTTP load balancer stands in front; the client is in the header that it wrote.
- `real-ip`: the proxy takes the address from a header that something in front is trusted to write, or may be, or the
  list looks into that header itself.
- `pod-targets`: the load balancer connects to the pods themselves and keeps the address.
- `preserving-dataplane`: the dataplane keeps the address under Cluster (Calico eBPF, Cilium DSR, hybrid for
  TCP).
- `unknown-dataplane`: the signs of the dataplane disagree, or do not tell its mode.
- `unknown-policy`: a placeholder stands for the policy or the type.
- `cluster-ip`: the proxy is reached through a cluster IP only.
- `host-network`: the proxy is on its nodes' network, and sees clients and nodes, mixed (SRC111).
- `behind-ingress`: an Ingress sends to the Service; that is its way in, and the proxy there is the edge.
- `other-class`: another controller serves the Ingress or route, or it is not known which one does.
- `other-key`: the limit is keyed on something else than the address.
- `everybody`: the list names everybody, or only the pod itself.
- `other-rule`: another rule lets in whom the list does not, or may.
- `internal`: only an internal network reaches the load balancer, and the list is of private addresses, among which the
  nodes may be.
- `placeholder`: a placeholder stands for the list, or part of it is no network at all.
- `legacy-annotation`: an annotation that nothing reads any more asks for Local: SRC508 reports the Service.
- `unread-configuration`: part of the proxy's configuration was not read, or changes whom it believes.
- `unanswered`: the PROXY protocol is sent and not read, so no connection is answered: SRC304 reports that.

## Bad

```yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: admin
  namespace: shop
  annotations:
    nginx.ingress.kubernetes.io/whitelist-source-range: 203.0.113.0/24  # want warning "Every request is refused"
spec:
  ingressClassName: nginx
  rules:
    - host: admin.example
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: admin, port: {number: 80}}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata:
  name: nginx
spec:
  controller: k8s.io/ingress-nginx
---
apiVersion: v1
kind: Service
metadata:
  name: ingress-nginx-controller
  namespace: ingress-nginx
spec:
  type: LoadBalancer
  selector: {app: ingress-nginx}
  ports:
    - {name: https, port: 443, targetPort: 443}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ingress-nginx-controller
  namespace: ingress-nginx
spec:
  selector: {matchLabels: {app: ingress-nginx}}
  template:
    metadata:
      labels: {app: ingress-nginx}
    spec:
      containers:
        - name: controller
          image: registry.k8s.io/ingress-nginx/controller:v1.12.1
          args: [/nginx-ingress-controller]
          ports:
            - {name: https, containerPort: 443}
```

## Good

```yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: admin
  namespace: shop
  annotations:
    nginx.ingress.kubernetes.io/whitelist-source-range: 203.0.113.0/24
spec:
  ingressClassName: nginx
  rules:
    - host: admin.example
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: admin, port: {number: 80}}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata:
  name: nginx
spec:
  controller: k8s.io/ingress-nginx
---
apiVersion: v1
kind: Service
metadata:
  name: ingress-nginx-controller
  namespace: ingress-nginx
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector: {app: ingress-nginx}
  ports:
    - {name: https, port: 443, targetPort: 443}
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: ingress-nginx-controller
  namespace: ingress-nginx
spec:
  selector: {matchLabels: {app: ingress-nginx}}
  template:
    metadata:
      labels: {app: ingress-nginx}
    spec:
      containers:
        - name: controller
          image: registry.k8s.io/ingress-nginx/controller:v1.12.1
          args: [/nginx-ingress-controller]
          ports:
            - {name: https, containerPort: 443}
```

## Fix

Set `externalTrafficPolicy: Local` on the proxy's Service where the load balancer passes connections through, and see
that packets go only to nodes with a pod (SRC301). Where the load balancer opens connections of its own, Local alone
does not help: let it send the PROXY protocol and read it in the proxy. Do not add the nodes' addresses to the list:
that lets everybody in.

## Sources

- kubernetes/ingress-nginx `docs/deploy/baremetal.md`, "Source IP address";
  `docs/user-guide/nginx-configuration/annotations.md`.
- istio.io "Ingress Access Control"; istio/istio `pilot/pkg/security/authz/model/generator.go`.
- Kong/kong `kong/plugins/ip-restriction/handler.lua`, `kong/plugins/rate-limiting/handler.lua`.
- projectcontour/contour `site/content/docs/main/config/ip-filtering.md`.
- nginx/kubernetes-ingress `internal/configs/policy.go`, `internal/configs/version2/nginx.virtualserver.tmpl`.
- haproxytech/kubernetes-ingress `documentation/annotations.md`, `pkg/annotations/ingress/accessControl.go`;
  jcmoraisjr/haproxy-ingress `docs/content/en/docs/configuration/keys.md`.
- kubernetes `pkg/proxy/iptables/proxier.go` ("masquerade traffic for ... external destinations").
- traefik/traefik `pkg/ip/strategy.go`, `pkg/middlewares/ratelimiter/rate_limiter.go`.
- kubernetes/ingress-nginx#1859, #4161; traefik/traefik#8478, #10194; traefik/traefik-helm-chart#1149;
  XenitAB/terraform-modules#159; a list with the nodes in it: Kong/kong#9983,
  traefik/traefik#5816.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import (
    Diagnosis,
    Effect,
    Keyed,
    Misjudged,
    Model,
    Object,
    Related,
    Rule,
    Severity,
    cluster_policy,
    hints_here,
    required_here,
)

_SHOWN = 3


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis an object with lists and limits: the surest of them; the others, and other Services by which the
    same comes about, are related."""
    by_owner: dict[object, list[Misjudged]] = {}
    for service in model.cluster_services:
        for found in () if model.local_in_vain(service) else model.misjudged(service):
            by_owner.setdefault(model.object_at(found.control.at) or found.control.at, []).append(found)
    for misjudged in by_owner.values():
        yield _diagnosis(model, sorted(misjudged, key=lambda each: not each.sure))


def _diagnosis(model: Model, found: list[Misjudged]) -> Diagnosis:
    first = found[0]
    service, control = first.service, first.control
    owner = model.object_at(control.at)
    at_policy, policy = cluster_policy(service)
    name = f"{first.proxy.name} in {first.proxy.object}"
    why = f"{name} takes a node's address for every client's{_unless(first)}"
    if control.addresses != first.proxy.takes:
        why = f"that is about who connects to {name}, which is a node{_unless(first)}"
    subject = owner.ref if owner else first.proxy.name
    return Diagnosis(
        at=control.at,
        message=f"{subject} {_does(first)}, but {why}: {policy}. {_consequence(first)}",
        severity=Severity.ERROR if first.sure else Severity.WARNING,
        object=owner or service.object,
        related=(
            Related(at_policy, "here nodes replace the source address", service.object),
            *required_here(model.required(service)),
            *_others(found, owner),
            *hints_here(model, service),
        ),
        assumptions=first.assumptions,
        fixes=model.keep_address_fixes(service),
        path=first.path,
    )


def _does(found: Misjudged) -> str:
    """What the control is for."""
    control, keyed = found.control, found.control.keyed
    if keyed in (Keyed.LIMIT, Keyed.GEO):
        return f"{'limits' if keyed is Keyed.LIMIT else 'looks up'} clients by address ({control.control})"
    names = [str(network) for network in control.networks]
    shown = names[:_SHOWN] + ([f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else [])
    shown += ["what a placeholder stands for"] if control.names_more else []
    return f"{'lets in only' if keyed is Keyed.ALLOW else 'refuses'} {', '.join(shown)} ({control.control})"


def _unless(found: Misjudged) -> str:
    return "" if found.always else " whenever its pod is not on the node that received the packet"


def _consequence(found: Misjudged) -> str:
    """What becomes of the control, in a sentence."""
    keyed, effect = found.control.keyed, found.effect
    then = "" if found.always else "Then "
    if found.control.has_alternative and keyed is Keyed.ALLOW:
        return "Whom it lets in without a password is not decided by who they are."
    if effect is Effect.BY_NODE:
        does = "lets in" if keyed is Keyed.ALLOW else "refuses"
        sentence = f"it {does} everybody who comes by a node whose address is in the list, and nobody else"
    else:
        sentence = {
            Effect.REFUSES_ALL: "every request is refused",
            Effect.ADMITS_ALL: "the nodes' addresses are in the list, so everybody is let in",
            Effect.NEVER_MATCHES: "nobody is ever refused by it",
            Effect.SHARED: "all clients that come by one node share one limit",
            Effect.MISLED: "what it decides, it decides about a node",
        }[effect]
    sentence = then + sentence
    return f"{sentence[0].upper()}{sentence[1:]}."


def _others(found: list[Misjudged], owner: Object | None) -> list[Related]:
    """The object's other lists and limits, and the other Services."""
    first = found[0]
    related = []
    seen: set[object] = {first.control.at, first.service}
    for each in found[1:]:
        if each.control.at not in seen:
            seen.add(each.control.at)
            related.append(Related(each.control.at, f"{each.control.control} judges a node too", owner))
        if each.service not in seen:
            seen.add(each.service)
            related.append(Related(each.service.type.place, "so it is behind this Service", each.service.object))
    return related


RULE = Rule(
    id="SRC401",
    name="ip-control-on-node-address",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
