"""MetalLB and another controller take the same LoadBalancer Services.

A Service without `loadBalancerClass` belongs to whichever load balancer runs in the cluster. Where two do, both take
it: each writes its own address or its own form of it into the status and sees the other's as a change to undo, and
both may announce the address. The address moves between their nodes, connections break, and what was worked out for
the one (which node answers, whether it has a pod, whether the client's address arrives) does not hold for the other.

## Reported when

- `metallb`: MetalLB is there: its speaker or controller, or one of its objects.
- `second`: so is kube-vip that looks after Services (`svc_enable`), its cloud provider, or a pod of k3s ServiceLB.
- `without-class`: neither is confined to a class: MetalLB by `--lb-class`, kube-vip by `lb_class_only` or without
  legacy handling, its cloud provider by `KUBEVIP_ENABLE_LOADBALANCERCLASS`.
- `contested`: of the LoadBalancer Services that were read, one has no class; or none was read.

It is a **warning** where the two stand in one folder, one in a folder above the other's, or `closedWorld` is declared;
**info** where they stand in folders beside each other, which may be those of two clusters. Where the manifests of
MetalLB itself were not read, it is assumed to run without `--lb-class`.

## Silent when

- `no-updates`: kube-vip is told to leave the status alone (`disable_service_updates`): it runs beside MetalLB on
  purpose.
- `unknown-setting`: a placeholder, or something outside the manifest, fills in the variable that decides.

## Bad

```yaml
apiVersion: apps/v1
kind: DaemonSet  # want warning "kube-vip and MetalLB both take LoadBalancer Services without a class"
metadata:
  name: kube-vip
  namespace: kube-system
spec:
  selector:
    matchLabels:
      app: kube-vip
  template:
    metadata:
      labels:
        app: kube-vip
    spec:
      containers:
        - name: kube-vip
          image: ghcr.io/kube-vip/kube-vip:v0.8.9
          args: [manager]
          env:
            - name: cp_enable
              value: "true"
            - name: svc_enable
              value: "true"
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: home
  namespace: metallb-system
spec:
  addresses:
    - 192.0.2.0/28
```

## Good

kube-vip keeps to the control plane:

```yaml
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: kube-vip
  namespace: kube-system
spec:
  selector:
    matchLabels:
      app: kube-vip
  template:
    metadata:
      labels:
        app: kube-vip
    spec:
      containers:
        - name: kube-vip
          image: ghcr.io/kube-vip/kube-vip:v0.8.9
          args: [manager]
          env:
            - name: cp_enable
              value: "true"
            - name: svc_enable
              value: "false"
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: home
  namespace: metallb-system
spec:
  addresses:
    - 192.0.2.0/28
```

## Fix

Let one of them go: `--disable servicelb` for k3s, `svc_enable: "false"` for kube-vip. Or give each a class:
`lb_class_only: "true"` for kube-vip, `--lb-class` for MetalLB's controller and speakers, and `loadBalancerClass` on the
Services.

## Sources

- metallb/metallb#2177, #2396, #2641, #804; kubernetes-sigs/kubespray#11271; kube-vip/kube-vip#1061; k3s-io/k3s#269,
  #2323.
- metallb/metallb `website/content/configuration/k3s.md`, `internal/k8s/controllers/service_controller.go`
  (filterByLoadBalancerClass); kube-vip/kube-vip `pkg/services/watch_services.go` (lbClassFilterLegacy).
- Kubernetes API, `core/v1` ServiceSpec loadBalancerClass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.rule import Diagnosis, Model, Related, Rival, Rule, Severity


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis for each controller besides MetalLB."""
    for rival in model.rivals:
        taker = rival.taker
        yield Diagnosis(
            at=taker.workload.place,
            message=f"{taker.label} and MetalLB both take LoadBalancer Services without a class: {taker.does}.",
            severity=Severity.INFO if rival.apart else Severity.WARNING,
            object=taker.workload.object,
            related=(Related(rival.metallb.place.at("kind"), "MetalLB is there too", rival.metallb),),
            assumptions=tuple(_assumptions(rival)),
            fixes=(
                taker.instead,
                "or start MetalLB's controller and speakers with `--lb-class`, and set it as the loadBalancerClass of "
                "the Services that are meant for it",
            ),
        )


def _assumptions(rival: Rival) -> Iterator[str]:
    if rival.apart:
        yield "the two run in one cluster, although they stand in different folders"
    if not rival.class_known:
        yield "MetalLB runs without `--lb-class`"


RULE = Rule(
    id="SRC616",
    name="metallb-with-second-lb-controller",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
