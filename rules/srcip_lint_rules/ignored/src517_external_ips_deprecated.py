"""`externalIPs` are deprecated since Kubernetes 1.36, and kube-proxy is to stop serving them.

Nodes accept packets for these addresses because kube-proxy tells them to. From Kubernetes 1.36 on the API server warns
of the field; kube-proxy is planned to ignore it by default in about 1.40 and for good in about 1.43. Packets to the
address then reach no pod.

## Reported when

- `external-ips`: `externalIPs` holds at least one address.
- `served`: the Service has a cluster IP, and is no ExternalName; otherwise the field is ignored, as SRC507 says.

The severity is **info**.

## Silent when

- `unknown`: the type, `clusterIP` or `externalIPs` is a placeholder.
- `older`: the declared `kubernetesVersion` is below 1.36.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
    - port: 80
  externalIPs:  # want info "externalIPs is deprecated since Kubernetes 1.36"
    - 192.0.2.5
```

## Good

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  selector:
    app: web
  ports:
    - port: 80
```

## Fix

Write `type: LoadBalancer`, let a load balancer such as MetalLB announce the address, and remove `externalIPs`; MetalLB
is asked for a certain address by the annotation `metallb.io/loadBalancerIPs`. Where a router sends the packets to
certain nodes anyway, `type: NodePort` does too.

## Sources

- kubernetes/enhancements KEP-5707; kubernetes/kubernetes `pkg/api/service/warnings.go` (`GetWarningsForService`).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, Model, Rule, Service, Severity

_DEPRECATED_SINCE = (1, 36)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service, at its external IPs."""
    version = model.environment.kubernetes_version
    if version is not None and version < _DEPRECATED_SINCE:
        return
    for service in model.bundle.services:
        if service.external_ips and _is_served(service):
            yield _deprecated(service)


def _is_served(service: Service) -> bool:
    """Is it surely neither headless nor an ExternalName?"""
    has_cluster_ip = service.cluster_ip.value is None or isinstance(service.cluster_ip.value, str)
    return has_cluster_ip and not service.headless and service.type.value in ("ClusterIP", "NodePort", "LoadBalancer")


def _deprecated(service: Service) -> Diagnosis:
    addresses = [address.value for address in service.external_ips if isinstance(address.value, str)]
    asked = f" with the annotation `metallb.io/loadBalancerIPs: {','.join(addresses)}`" if addresses else ""
    balanced = (
        f"write `type: LoadBalancer`, let a load balancer announce the address (MetalLB does{asked}), and remove "
        "externalIPs"
    )
    kept = "remove externalIPs, and let the load balancer announce the address"
    return Diagnosis(
        at=service.object.place.at("spec", "externalIPs"),
        message="externalIPs is deprecated since Kubernetes 1.36: the API server warns of it, and kube-proxy is planned"
        " to ignore it by default in about 1.40. Packets to these addresses then reach no pod.",
        severity=Severity.INFO,
        object=service.object,
        fixes=(kept if service.type.value == "LoadBalancer" else balanced,),
    )


RULE = Rule(
    id="SRC517",
    name="external-ips-deprecated",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
)
