"""A proxy at the edge writes a node's address into X-Forwarded-For, because its Service uses Cluster policy.

Under `externalTrafficPolicy: Cluster`, the default, the node that receives a packet replaces its source address
before it hands it on, also when the pod stands on that very node. A proxy behind such a Service takes the node for
its client: what it puts into `X-Forwarded-For`, `X-Real-IP` or `Forwarded` is a cluster address, and everything
behind it logs, limits and looks up the node. Where it appends (`$proxy_add_x_forwarded_for`), what the client
itself wrote into the header stays in front of that, so the only address that differs between clients is one that
they choose.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, NodePort, or external IPs.
- `cluster`: its external traffic policy is Cluster, written or by default.
- `proxy`: a proxy whose configuration was read listens on the port that the Service sends to.
- `writes-peer`: it writes the address it took for the client's into a forwarding header.
- `node-address`: on that way in, that address is a node's.

The severity is **warning**.

## Silent when

- `proxy-protocol`: the load balancer sends the PROXY protocol, and the proxy takes the address from it.
- `http-front`: an HTTP load balancer stands in front; the client is in the header that it wrote.
- `real-ip`: the proxy takes the address from a header that something in front is trusted to write, or may be.
- `required`: it is asserted that the address is required here: SRC101 reports the Service.
- `control`: a list or limit of the proxy judges the node: SRC401 reports that.
- `mixed-policy`: another Service, with Local, keeps the address for the same pods, and it matters there: SRC105
  reports the Service.
- `pod-targets`: the load balancer connects to the pods themselves.
- `unknown-dataplane`: the signs of the dataplane disagree, or do not tell its mode.
- `unknown-policy`: a placeholder stands for the policy or the type.
- `preserving-dataplane`: the dataplane keeps the address under Cluster (Calico eBPF, Cilium DSR, hybrid for
  TCP).
- `cluster-ip`: the proxy is reached through a cluster IP only.
- `host-network`: the proxy is reached on its nodes' own addresses, past every Service.
- `other-port`: the part of the configuration that writes the header listens on another port.
- `behind-ingress`: an Ingress sends to the Service; that is its way in, and the proxy there is the edge.
- `legacy-annotation`: an annotation that nothing reads any more asks for Local: SRC508 reports the Service.
- `unread-configuration`: part of the proxy's configuration was not read, or its settings are placeholders.
- `unanswered`: the PROXY protocol is sent and not read, so no connection is answered: SRC304 reports that.

## Bad

```yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: edge
data:
  default.conf: |
    server {
        listen 80;
        location / {
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;  # want warning "writes a node address"
            proxy_pass http://backend:8080;
        }
    }
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: edge
spec:
  selector:
    matchLabels:
      app: edge
  template:
    metadata:
      labels:
        app: edge
    spec:
      containers:
        - name: nginx
          image: nginx:1.27
          volumeMounts:
            - name: conf
              mountPath: /etc/nginx/conf.d
      volumes:
        - name: conf
          configMap:
            name: edge
---
apiVersion: v1
kind: Service
metadata:
  name: edge
spec:
  type: LoadBalancer
  selector:
    app: edge
  ports:
    - port: 80
```

## Good

```yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: edge
data:
  default.conf: |
    server {
        listen 80;
        location / {
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_pass http://backend:8080;
        }
    }
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: edge
spec:
  selector:
    matchLabels:
      app: edge
  template:
    metadata:
      labels:
        app: edge
    spec:
      containers:
        - name: nginx
          image: nginx:1.27
          volumeMounts:
            - name: conf
              mountPath: /etc/nginx/conf.d
      volumes:
        - name: conf
          configMap:
            name: edge
---
apiVersion: v1
kind: Service
metadata:
  name: edge
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: edge
  ports:
    - port: 80
```

## Fix

Set `externalTrafficPolicy: Local` on the proxy's Service where the load balancer passes connections through, and
see that packets go only to nodes with a pod (SRC301). Where the load balancer opens connections of its own, Local
alone does not help: let it send the PROXY protocol and read it in the proxy. Or use a dataplane that keeps the
address, and declare it (`dataplane:`).

## Sources

- Kubernetes, "Using Source IP"; kubernetes/ingress-nginx `docs/deploy/baremetal.md`, "Source IP address".
- kubernetes `pkg/proxy/iptables/proxier.go` ("masquerade traffic for ... external destinations").
- metallb/metallb#1309, kubernetes/ingress-nginx#9711, traefik/traefik#10708, k3s-io/k3s#1652.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from srcip_lint.rule import (
    Diagnosis,
    Hop,
    Model,
    Observation,
    Related,
    Rule,
    Service,
    Severity,
    SourcePath,
    Whose,
    spelled,
    surely,
    under_every_placement,
)


@dataclass(frozen=True, slots=True)
class _Lost:
    """A proxy that writes a node's address into headers, on one Service's way in."""

    service: Service
    path: SourcePath
    proxy: Hop
    writes: tuple[Observation, ...]


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a place: the first header that a proxy writes so. Other headers and Services are related."""
    by_place: dict[object, list[_Lost]] = {}
    for lost in _lost(model):
        by_place.setdefault(lost.writes[0].at, []).append(lost)
    for found in by_place.values():
        yield _diagnosis(model, found)


def _lost(model: Model) -> Iterator[_Lost]:
    """Each Service's proxies that do so, each proxy once."""
    for service in model.cluster_services:
        seen: set[object] = set()
        door = model.back_door(service)
        is_judged = model.lost_where_required(service) or model.misjudged(service)
        is_told = is_judged or model.local_in_vain(service) or (door and door.needed.sure)
        if model.sent_to_by_ingress(service) or is_told:
            continue
        for path in model.paths(service):
            proxy = path.edge_proxy
            if proxy and proxy.object not in seen and not path.has_http_front:
                writes = tuple(
                    each for each in proxy.observations if each.header and surely(each.addresses, Whose.NODE)
                )
                seen.update({proxy.object} if writes else ())
                yield from [_Lost(service, path, proxy, writes)] if writes else []


def _diagnosis(model: Model, found: list[_Lost]) -> Diagnosis:
    first = found[0]
    service, proxy, write = first.service, first.proxy, first.writes[0]
    policy = service.external_traffic_policy
    at_policy = policy.place if policy.written else service.type.place
    config_map = model.owner(write.at)
    is_always = under_every_placement(write.addresses, Whose.NODE)
    related = [Related(at_policy, "here nodes replace the source address", service.object)] if config_map else []
    related += [] if config_map else [Related(write.at, f"{proxy.name} runs here")]
    others = [(each, model.owner(each.at)) for each in first.writes[1:] if each.at != write.at]
    related += [Related(each.at, f"{spelled(each.header)} gets it too", owner) for each, owner in others]
    related += [Related(other.service.type.place, "so does this Service", other.service.object) for other in found[1:]]
    return Diagnosis(
        at=write.at if config_map else at_policy,
        message=f"{proxy.name} in {proxy.object} writes a node address into {spelled(write.header)} "
        f"{'' if is_always else 'whenever its pod is not on the node that received the packet '}"
        f"and not the client's: {service.object.ref} uses externalTrafficPolicy "
        f"Cluster{'' if policy.written else ', the default'}, so its peer is a node. Whatever behind it logs, limits "
        "or looks up the client gets the node.",
        severity=Severity.WARNING,
        object=config_map or service.object,
        related=tuple(related),
        assumptions=first.path.peer_basis(proxy).assumptions,
        fixes=model.keep_address_fixes(service),
        path=first.path,
    )


RULE = Rule(
    id="SRC102",
    name="edge-proxy-behind-cluster-policy",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
