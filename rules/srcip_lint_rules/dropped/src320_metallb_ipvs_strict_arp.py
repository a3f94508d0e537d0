"""With kube-proxy in ipvs mode and without `strictARP`, every node answers for MetalLB's layer 2 addresses.

In ipvs mode kube-proxy gives every node the addresses of all Services, on the interface `kube-ipvs0`. By default Linux
answers ARP for any address that a node has, on whichever interface the question comes: so not only the node that
MetalLB elected answers, but all of them, and the client or router believes one. Under Cluster that node still hands
the packets on; under `externalTrafficPolicy: Local` it drops them where it has no pod. `ipvs.strictARP: true` makes
the nodes keep still.

## Reported when

- `ipvs`: a ConfigMap holds a KubeProxyConfiguration whose `mode` is `ipvs`.
- `lax`: its `ipvs.strictARP` is false, or not written.
- `layer-two`: an L2Advertisement is there, or `loadBalancer: metallb-l2` is declared and no advertisement was read.

## Silent when

- `other-dataplane`: the configuration declares another dataplane, or objects show one.
- `other-cluster`: another kube-proxy stands nearer to the L2Advertisement, or other advertisements nearer to the
  kube-proxy.
- `alternatives`: files define the ConfigMap in several ways, and one of them is strict.
- `bgp-declared`: `loadBalancer: metallb-bgp` is declared.

## Bad

```yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: kube-proxy
  namespace: kube-system
data:
  config.conf: |
    apiVersion: kubeproxy.config.k8s.io/v1alpha1
    kind: KubeProxyConfiguration
    mode: ipvs
    ipvs:
      strictARP: false  # want warning "every node answers ARP for each address of a LoadBalancer Service"
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: home
  namespace: metallb-system
spec:
  addresses:
    - 192.0.2.0/28
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata:
  name: home
  namespace: metallb-system
```

## Good

```yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: kube-proxy
  namespace: kube-system
data:
  config.conf: |
    apiVersion: kubeproxy.config.k8s.io/v1alpha1
    kind: KubeProxyConfiguration
    mode: ipvs
    ipvs:
      strictARP: true
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: home
  namespace: metallb-system
spec:
  addresses:
    - 192.0.2.0/28
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata:
  name: home
  namespace: metallb-system
```

## Fix

Set `ipvs.strictARP: true` in the ConfigMap and restart the kube-proxy pods: they read it when they start.

## Sources

- metallb/metallb `website/content/installation/_index.md` (Preparation); metallb/metallb#153.
- antrea-io/antrea#3785 (with Local, most connections fail until it is set); kubermatic/kubermatic#7309 (with Cluster,
  connections break when the answer changes).
- Kubernetes "kube-proxy Configuration (v1alpha1)", KubeProxyIPVSConfiguration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.rule import Change, Diagnosis, LaxProxy, Model, Related, Rule, Severity

_FIX = "set ipvs.strictARP to true, and restart the kube-proxy pods"


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a kube-proxy."""
    for lax in model.lax_proxies:
        proxy = lax.kube_proxy
        is_written = proxy.strict_arp.written
        yield Diagnosis(
            at=proxy.strict_arp.place if is_written else proxy.mode.place,
            message="kube-proxy in ipvs mode gives every node the addresses of all Services, and without strictARP "
            "every node answers ARP for each address of a LoadBalancer Service, not only the one that MetalLB elects "
            f"in layer 2 mode. {_what_happens(lax)}",
            severity=Severity.WARNING,
            object=proxy.object,
            related=tuple(_related(lax)),
            fixes=(_FIX,),
            changes=(Change(_FIX, proxy.strict_arp.place, "true"),) if is_written else (),
        )


def _what_happens(lax: LaxProxy) -> str:
    if not lax.local:
        return "Which node gets the packets is left to chance, and open connections break when it changes."
    names = " and ".join(str(service.object.ref) for service in lax.local[:2])
    more = len(lax.local) - 2
    rest = f" and {more} more" if more > 0 else ""
    return f"Packets for {names}{rest} that come to a node without a pod are dropped: the policy there is Local."


def _related(lax: LaxProxy) -> Iterator[Related]:
    if lax.advertisement:
        found = lax.advertisement.object
        yield Related(found.place.at("kind"), "MetalLB announces in layer 2 mode", found)
    for service in lax.local:
        yield Related(service.external_traffic_policy.place, "Local drops where no pod is", service.object)


RULE = Rule(
    id="SRC320",
    name="metallb-ipvs-strict-arp",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
