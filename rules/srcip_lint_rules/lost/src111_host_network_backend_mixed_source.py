"""Pods on their node's network behind a Cluster Service see clients and nodes, mixed.

kube-proxy does not masquerade a packet that it hands to the node's own address, so a pod on the host's network sees
the client where the packet came to its own node, and the node that sent it on where it did not. A list or a limit by
address is right for some connections and wrong for others, and which ones changes with every connection. Clients who
connect to the node's address itself, past the Service, are always seen.

## Reported when

- `external`: the Service is reachable from outside: LoadBalancer, NodePort, or external IPs.
- `cluster`: its external traffic policy is Cluster, written or by default.
- `host-network`: it selects pods on the host's network.
- `node-address`: on that way in the pod, or its proxy, takes a node for the client where it is on another node.
- `evidence`: a list or limit in the proxy's configuration is keyed on the client's address, or a network policy of the
  pods lists addresses of clients.

The severity is **info**.

## Silent when

- `asserted`: the address is asserted to be needed: SRC101 reports the Service.
- `header`: the proxy writes the address into a forwarding header: SRC102 reports that.
- `mixed-policy`: another Service, with Local, keeps the address for the same pods: SRC105 reports this one.
- `preserving-dataplane`: the dataplane keeps the address under Cluster (Calico eBPF, Cilium DSR, hybrid for TCP).
- `proxy-protocol`: the load balancer sends the PROXY protocol, and the proxy takes the address from it.
- `http-front`: an HTTP load balancer stands in front; the client is in the header that it wrote.
- `behind-ingress`: an Ingress sends to the Service; its clients come through that.
- `cluster-addresses`: the lists name only addresses of the declared nodes and pods.
- `unknown-dataplane`: the signs of the dataplane disagree, or do not tell its mode.

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
        allow 198.51.100.0/24;
        deny all;
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
      hostNetwork: true
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
  type: NodePort  # want info "a node's for any other"
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
        allow 198.51.100.0/24;
        deny all;
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
      hostNetwork: true
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
  type: NodePort
  externalTrafficPolicy: Local
  selector:
    app: edge
  ports:
    - port: 80
```

## Fix

Set `externalTrafficPolicy: Local`, or let clients connect to the nodes' own addresses, past the Service.

## Sources

- kubernetes `pkg/proxy/nftables/README.md`, on packets to a host network address.
- kubernetes/ingress-nginx `docs/deploy/baremetal.md`, "Via the host network".
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, MixedOnHost, Model, Rule, Service, Severity, cluster_policy, required_here


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service."""
    for service in model.cluster_services:
        found = model.mixed_on_host(service)
        if found:
            yield _diagnosis(service, found)


def _diagnosis(service: Service, found: MixedOnHost) -> Diagnosis:
    at, uses_cluster = cluster_policy(service)
    pod = found.path.edge_pod
    return Diagnosis(
        at=at,
        message=f"{uses_cluster}, and {pod.object if pod else 'its pod'} is on its node's network: it sees the "
        "client's address for a packet that came to its own node, and a node's for any other. The address matters "
        f"there: {found.needed.why}.",
        severity=Severity.INFO,
        object=service.object,
        related=required_here(found.needed),
        assumptions=found.path.peer_basis(found.judge).assumptions,
        fixes=(
            f"set `externalTrafficPolicy: Local` on {service.object.ref}, and see that packets go only to nodes with a "
            "ready pod",
            "or let clients connect to the nodes' own addresses, past the Service",
        ),
        path=found.path,
    )


RULE = Rule(
    id="SRC111",
    name="host-network-backend-mixed-source",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
)
