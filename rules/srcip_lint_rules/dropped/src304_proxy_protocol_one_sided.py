"""Only one side of a connection speaks the PROXY protocol, so none is ever answered.

The PROXY protocol is a line before anything else on a connection, by which a load balancer tells who the client is.
Both sides have to be set: who opens the connection has to send it, and the listener has to read it.

- Where it is sent and not read, the line is taken for the first line of a request: every request is answered with
  HTTP 400, and on a TLS port the handshake fails (`wrong version number`).
- Where it is demanded and not sent, every connection is closed or reset without any answer; the log of nginx says
  `broken header`. A bare TCP check succeeds all the same, so the load balancer calls the pods healthy.
- A port that is carried without a look inside hands the line on to the application, in place of what that speaks.

The finding stands on the side that most likely has to be changed. It is sent and not read: at the Service's annotation,
which asks for it; but where the Service's other ports are read, at the listener that is the odd one out. It is demanded
and not sent: at the setting of the listener. The other side is a related place.

## Reported when

- `known-sender`: the connection is opened by the load balancer of a Service of type LoadBalancer, or by a proxy whose
  configuration was read.
- `one-side`: that sends the PROXY protocol, and the listener it comes to does not read it; or that sends none, and the
  listener takes no connection without.
- `every-pod`: that is so in all pods that the connection may come to.
- `odd-port`: a port that hands the PROXY protocol on to an application is reported where the same proxy reads it on
  another of the Service's ports.

It is an **error**, and a **warning** where one side is assumed: that a load balancer which nothing names sends none;
that nobody has turned it on by hand at AWS's, whose old controller leaves that alone; that DigitalOcean's is of the
type that can send it; that an Istio gateway gets no EnvoyFilter but those that were read; that the application behind a
port that is handed on does not read it itself.

## Silent when

- `tolerant`: the listener takes connections with and without.
- `asked-otherwise`: the load balancer may be asked in another way: by a default of its controller (Hetzner's), by a
  private link (Google's, Azure's), by words of a vendor that are not known here.
- `asked-in-vain`: the annotation may have no effect: DigitalOcean's network load balancers send none; what AWS's
  classic one does in HTTP mode, and by lists of ports, is not known; Azure's is about its private link.
- `unknown-class`: the load balancer's class is not one that is known here.
- `declared-front`: the configuration declares a front that opens connections of its own (`edges`).
- `placeholder`: a placeholder stands in an annotation, or in the setting.
- `unread-configuration`: part of the proxy's configuration was not read.
- `application`: there is no proxy behind the port: what the application reads, its image knows.
- `differing-listeners`: the port has several listeners, and only some of them read it.
- `not-tcp`: the port is not TCP, which alone has room for it.
- `other-definition`: another definition of the proxy's ConfigMap stands as near to the Service, or nearer; or another
  definition of the Service asks for it.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: ingress-nginx-controller
  namespace: ingress-nginx
  annotations:
    load-balancer.hetzner.cloud/uses-proxyprotocol: "true"  # want error "does not read it"
spec:
  type: LoadBalancer
  selector: {app: ingress-nginx}
  ports:
    - {name: http, port: 80, targetPort: 80}
    - {name: https, port: 443, targetPort: 443}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: ingress-nginx-controller
  namespace: ingress-nginx
data:
  enable-brotli: "true"
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
          args: [/nginx-ingress-controller, --configmap=$(POD_NAMESPACE)/ingress-nginx-controller]
```

## Good

```yaml
apiVersion: v1
kind: Service
metadata:
  name: ingress-nginx-controller
  namespace: ingress-nginx
  annotations:
    load-balancer.hetzner.cloud/uses-proxyprotocol: "true"
spec:
  type: LoadBalancer
  selector: {app: ingress-nginx}
  ports:
    - {name: http, port: 80, targetPort: 80}
    - {name: https, port: 443, targetPort: 443}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: ingress-nginx-controller
  namespace: ingress-nginx
data:
  use-proxy-protocol: "true"
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
          args: [/nginx-ingress-controller, --configmap=$(POD_NAMESPACE)/ingress-nginx-controller]
```

## Fix

Set the other side as well, in the same roll-out: while only one is set, nothing is answered. Where the load balancer
cannot send the PROXY protocol, let the proxy not demand it; `externalTrafficPolicy: Local` then keeps the client's
address. Where something that is not in the manifests stands in front of the load balancer's address and sends it,
declare that: `edges: [{service: NAMESPACE/NAME, front: l4-proxy}]` in srcip-lint.yaml.

## Sources

- The PROXY protocol, versions 1 and 2: haproxy `doc/proxy-protocol.txt` ("the receiver must be configured to only
  receive the protocol").
- kubernetes/ingress-nginx `docs/user-guide/nginx-configuration/configmap.md` (`use-proxy-protocol`),
  `docs/user-guide/exposing-tcp-udp-services.md`; both sides set: `deploy/static/provider/do/deploy.yaml`.
- What each load balancer reads: `docs/load-balancers.md`. DigitalOcean's types: traefik/traefik-helm-chart#1574.
- vitobotta/hetzner-k3s#73, #87, #182, #241, #292 (HTTP 400), #362 (one port); kubernetes/ingress-nginx#3996 (demanded
  behind MetalLB).
- What clients get was seen with nginx 1.22.1 and 1.31.5, HAProxy 2.6.12 and 3.4.0 and Apache httpd 2.4.71.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, Fault, Model, Object, OneSided, Place, Related, Rule, Severity


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a place that has to be changed, whichever ports and Services it is about."""
    by_place: dict[object, list[OneSided]] = {}
    for service in model.bundle.services:
        for found in model.one_sided(service):
            by_place.setdefault(_key(_place(found)), []).append(found)
    for found_here in by_place.values():
        yield _diagnosis(model, sorted(found_here, key=lambda each: bool(each.assumptions)))


def _place(found: OneSided) -> Place:
    """The side that has to be changed most likely."""
    if found.fault is Fault.NOT_READ and not found.reads_elsewhere:
        return found.asked_at or found.sender.at or found.listener.at
    return found.listener.at


def _key(at: Place) -> object:
    """What two places have in common that are one."""
    return at.document, at.path, at.inside


def _diagnosis(model: Model, found: list[OneSided]) -> Diagnosis:
    first, at = found[0], _place(found[0])
    return Diagnosis(
        at=at,
        message=_message(first, found),
        severity=Severity.WARNING if first.assumptions else Severity.ERROR,
        object=_object(model, at) or first.service.object,
        related=tuple(_related(model, at, found)),
        assumptions=first.assumptions,
        fixes=_fixes(first),
        path=first.path,
    )


def _object(model: Model, at: Place) -> Object | None:
    return model.owner(at) or model.object_at(at)


def _message(first: OneSided, found: list[OneSided]) -> str:
    proxy = f"{first.receiver.name} in {first.receiver.object}"
    ports = dict.fromkeys(each.path.key.port for each in found if each.service is first.service)
    where = f"port{'s' if len(ports) > 1 else ''} {', '.join(ports)}"
    unset = f" ({first.listener.setting} is not on)" if first.listener.setting else ""
    if first.fault is Fault.NOT_READ:
        return (
            f"{_sends(first)}, but {proxy} does not read it on {where}{unset}: every request is answered with HTTP "
            "400, and on a TLS port the handshake fails."
        )
    if first.fault is Fault.HANDED_ON:
        return (
            f"{_sends(first)}, but {proxy} does not read it on {where} as it does on others{unset}: {first.target} "
            "gets it in place of what it expects."
        )
    how = f" ({first.listener.setting})" if first.listener.setting else ""
    return (
        f"{proxy} demands the PROXY protocol on {where} of {first.service.object.ref}{how}, {_sends_none(first)}: "
        'every connection is closed without an answer ("broken header" in the log).'
    )


def _sends(found: OneSided) -> str:
    if found.asked_at is None:
        return f"{found.sender.name} in {found.sender.object} sends the PROXY protocol"
    return f"{found.service.object.ref} asks the load balancer to send the PROXY protocol"


def _sends_none(found: OneSided) -> str:
    if found.sender.kind == "proxy":
        return f"and {found.sender.name} in {found.sender.object} sends none"
    if not found.can_send:
        return f"which {found.sender.name} cannot send"
    return "and nothing asks the load balancer to send it"


def _related(model: Model, at: Place, found: list[OneSided]) -> Iterable[Related]:
    """The other side, and the other Services."""
    seen = {_key(at)}
    for each in found:
        sends = "no PROXY protocol is sent" if each.fault is Fault.NOT_SENT else "the PROXY protocol is sent"
        reads = "it is demanded here" if each.fault is Fault.NOT_SENT else "it would have to be read here"
        for place, words in ((each.asked_at or each.sender.at, f"{sends} from here"), (each.listener.at, reads)):
            if place is not None and _key(place) not in seen:
                seen.add(_key(place))
                yield Related(place, words, _object(model, place))


def _fixes(found: OneSided) -> tuple[str, ...]:
    proxy = f"{found.receiver.name} in {found.receiver.object}"
    setting = f" ({found.listener.setting})" if found.listener.setting else ""
    if found.reads_elsewhere:
        return (
            f"let {proxy} read it on that port too{setting}",
            "or give that port a Service of its own, whose load balancer does not send it",
        )
    if found.fault is not Fault.NOT_SENT:
        sender = "the load balancer" if found.sender.kind != "proxy" else found.sender.name
        return (
            f"let {proxy} read it on that port{setting}, rolled out together with {sender}",
            f"or let {sender} not send it, where nobody behind it needs the client's address",
        )
    not_demanded = f"let {proxy} not demand it{setting}"
    if found.sender.kind == "proxy":
        return (not_demanded, f"or let {found.sender.name} in {found.sender.object} send it")
    declare = "where something else in front sends it, declare it: `edges: [{service: ..., front: l4-proxy}]`"
    if not found.can_send:
        return (f"{not_demanded}; `externalTrafficPolicy: Local` keeps the client's address", declare)
    return ("let the load balancer send it, rolled out together", f"or {not_demanded}", declare)


RULE = Rule(
    id="SRC304",
    name="proxy-protocol-one-sided",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
