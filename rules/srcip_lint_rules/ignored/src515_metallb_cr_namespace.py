"""A custom resource of MetalLB is in a namespace that MetalLB does not look into.

MetalLB reads pools, advertisements, peers and profiles from its own namespace only. Its webhook refuses them
elsewhere; without the webhook they are there, `kubectl get` shows them, and nothing happens: no address is assigned
from such a pool, and nothing is announced by such an advertisement.

## Reported when

- `other-namespace`: an IPAddressPool, advertisement, BGPPeer or BFDProfile is in another namespace than MetalLB, by
  `metallb.namespace` in the configuration, or by the manifests of the speaker or controller in the same folder, one
  below or one above.
- `spread`: nothing tells where MetalLB runs, and resources of one file, kustomization or folder are in several
  namespaces; the ones that are not in the commonest are reported.

The first is an **error**, the second a **warning**, on the assumption that one MetalLB is meant to read them all.

## Silent when

- `no-namespace`: the resource writes no namespace: whatever `kubectl -n` says.
- `placeholder`: its namespace is filled in later.
- `several`: MetalLB runs in more than one namespace, or in one beside these files: each may read its own.

## Bad

```yaml
# given metallb: {namespace: metallb-system}
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: public
  namespace: default  # want error "MetalLB reads namespace metallb-system only"
spec:
  addresses:
    - 192.0.2.0/28
```

## Good

```yaml
# given metallb: {namespace: metallb-system}
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: public
  namespace: metallb-system
spec:
  addresses:
    - 192.0.2.0/28
```

## Fix

Put the resource into MetalLB's namespace. Services may be in any namespace; only MetalLB's own resources may not.

## Sources

- MetalLB `internal/k8s/k8s.go` (the informers' namespace), `internal/k8s/webhooks` (*resource must be created in*),
  `website/content/configuration/_index.md`.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, Misplaced, Model, Related, Rule, Severity


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a resource."""
    for found in model.acceptance.misplaced:
        yield _diagnosis(found)


def _diagnosis(found: Misplaced) -> Diagnosis:
    reads = f"MetalLB reads namespace {found.namespace} only"
    if found.guessed:
        reads = f"MetalLB reads one namespace only, and the resources beside this are in {found.namespace}"
    words = "this is in the other namespace" if found.guessed else "MetalLB runs here"
    return Diagnosis(
        at=found.object.place.at("metadata", "namespace"),
        message=f"{reads}: this {found.object.kind} in {found.object.namespace} is refused, or never read.",
        severity=Severity.WARNING if found.guessed else Severity.ERROR,
        object=found.object,
        related=tuple(Related(each.place.at("metadata", "namespace"), words, each) for each in found.evidence[:2]),
        assumptions=(f"one MetalLB, in {found.namespace}, is meant to read them all",) if found.guessed else (),
        fixes=(
            f"write `namespace: {found.namespace}`",
            "declare `metallb: {namespace: ...}` in srcip-lint.yaml, if MetalLB runs elsewhere",
        ),
    )


RULE = Rule(
    id="SRC515",
    name="metallb-cr-namespace",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
