"""A Service without a cluster IP that asks to be reached from outside: rejected, or ignored field by field.

A headless Service (`clusterIP: None`) and an ExternalName are names in DNS and nothing else: no node handles packets
for them. So the API server rejects a headless LoadBalancer or NodePort as a whole. An external IP on a headless
Service or an ExternalName, and `loadBalancerIP` or `sessionAffinity` on a headless one, it takes with a warning and
then nobody reads them: packets to the address reach no pod, and no client is kept on one.

## Reported when

- `no-cluster-ip`: the Service is headless, or an ExternalName.
- `external-field`: it is a LoadBalancer or a NodePort; or it has external IPs; or, headless, a `loadBalancerIP` or
  `sessionAffinity: ClientIP`.

A headless LoadBalancer or NodePort is an **error**, a field that is ignored a **warning**. All ignored fields of a
Service are one finding.

## Silent when

- `unknown`: the type, `clusterIP` or the field is a placeholder.
- `patch`: another definition of the Service, which it may be a patch of or be patched by, writes a type or a
  `clusterIP`.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  clusterIP: None  # want error "may not be set to 'None' for LoadBalancer services"
  selector:
    app: web
  ports:
    - port: 80
```

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  clusterIP: None
  externalIPs:  # want warning "externalIPs is ignored for headless services"
    - 192.0.2.5
  selector:
    app: web
  ports:
    - port: 80
```

## Good

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  clusterIP: None
  selector:
    app: web
  ports:
    - port: 80
```

## Fix

Where clients outside the cluster are meant, remove `clusterIP: None`: the API server gives the Service a cluster IP.
Where the pods' own addresses in DNS are meant, keep it and remove the rest. Both wishes take two Services.

## Sources

- kubernetes/kubernetes `pkg/apis/core/validation/validation.go` (`ValidateService`), `pkg/api/service/warnings.go`
  (`GetWarningsForService`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.rule import Diagnosis, Model, Place, Related, Rule, Service, Severity


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service: rejected as a whole, or with fields that are ignored."""
    for service in model.bundle.services:
        if not service.headless and service.type.value != "ExternalName":
            continue
        is_rejected = service.type.value in ("LoadBalancer", "NodePort")
        found = _rejected(service) if is_rejected else _ignored(service, tuple(_fields(service)))
        if found and not _may_be_patched(model, service):
            yield found


def _may_be_patched(model: Model, service: Service) -> bool:
    return any(patch.type.written or patch.cluster_ip.written for patch in model.bundle.patches_of(service))


def _rejected(service: Service) -> Diagnosis:
    kind = service.type.value
    return Diagnosis(
        at=service.cluster_ip.place,
        message=f"The API server rejects this Service: clusterIP may not be set to 'None' for {kind} services. Without "
        "a cluster IP no node handles packets for it.",
        severity=Severity.ERROR,
        object=service.object,
        related=(Related(service.type.place, f"the type is {kind}", service.object),),
        fixes=(
            "remove `clusterIP: None`, if clients outside the cluster are meant",
            f"or remove `type: {kind}`, if the pods' own addresses in DNS are meant",
        ),
    )


def _fields(service: Service) -> Iterator[tuple[str, Place]]:
    """The fields that are ignored on a Service of this kind, each with its place."""
    if service.external_ips and service.type.value in ("ClusterIP", "ExternalName"):
        yield "externalIPs", service.object.place.at("spec", "externalIPs")
    is_asked = isinstance(service.load_balancer_ip.value, str) and service.load_balancer_ip.value != ""
    if service.type.value == "ClusterIP" and is_asked:
        yield "loadBalancerIP", service.load_balancer_ip.place
    if service.type.value == "ClusterIP" and service.session_affinity.value == "ClientIP":
        yield "sessionAffinity", service.session_affinity.place


def _ignored(service: Service, fields: tuple[tuple[str, Place], ...]) -> Diagnosis | None:
    if not fields:
        return None
    is_alias = service.type.value == "ExternalName"
    (_, at), *others = fields
    names = [name for name, _ in fields]
    whose = "ExternalName services, which are a name in DNS and nothing else" if is_alias else "headless services"
    verb = "is" if len(names) == 1 else "are"
    meant = (
        "write `type: LoadBalancer` or `type: NodePort`, with a selector" if is_alias else "remove `clusterIP: None`"
    )
    cause = service.type.place if is_alias else service.cluster_ip.place
    return Diagnosis(
        at=at,
        message=f"{' and '.join(names)} {verb} ignored for {whose}: {_consequence(names)}.",
        severity=Severity.WARNING,
        object=service.object,
        related=(
            Related(cause, "the type is ExternalName" if is_alias else "it is headless", service.object),
            *(Related(place, f"so is {name}", service.object) for name, place in others),
        ),
        fixes=(f"remove {' and '.join(names)}", f"or {meant}, if it is to be reached by an address of its own"),
    )


def _consequence(names: list[str]) -> str:
    """What does not happen then."""
    addressed = [name for name in names if name != "sessionAffinity"]
    parts = ["packets to the address reach no pod"] if addressed else []
    parts += ["no client is kept on one pod"] if "sessionAffinity" in names else []
    return ", and ".join(parts)


RULE = Rule(
    id="SRC507",
    name="headless-or-externalname-external-fields",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
