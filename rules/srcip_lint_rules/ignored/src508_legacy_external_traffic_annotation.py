"""An annotation that asks for the Local traffic policy and that nothing has read since Kubernetes 1.8.

Before `externalTrafficPolicy` was a field it was the annotation `external-traffic: OnlyLocal`, and the health-check
port the annotation `healthcheck-nodeport`. Manifests that kept them are accepted in silence: the Service gets the
policy `Cluster`, nodes may replace the client's address, and allow-lists, rate limits and sessions that are keyed on
it break.

## Reported when

- `annotation`: `service.beta.kubernetes.io/external-traffic` (or the same below `service.alpha.kubernetes.io/`) asks
  for `OnlyLocal`, or `healthcheck-nodeport` below either of them holds a port.
- `ignored`: the external traffic policy is something else than Local, so that the annotation is all that asks for it.

It is an **error** where the Service is reachable from outside and its policy is surely Cluster, written or by default.
Where the annotation is merely left over, it is **info**: beside a written `externalTrafficPolicy: Local`, on a Service
without a way in from outside, or where the client's address arrives whatever the policy (Calico eBPF, Cilium DSR, the
PROXY protocol, an HTTP load balancer, one that connects to the pods themselves). SRC101, SRC102 and SRC401 leave a
Service to this rule where it is an error; what they would report is related here.

## Silent when

- `unknown`: the annotation, the type or the policy is a placeholder.
- `case`: the policy is `Local` but for its case (SRC502 speaks then).
- `patch`: another definition of the Service, which it may be a patch of or be patched by, writes a type or a policy.
- `older`: the declared `kubernetesVersion` is below 1.8, which reads the annotation.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    service.beta.kubernetes.io/external-traffic: OnlyLocal  # want error "runs with externalTrafficPolicy Cluster"
spec:
  type: LoadBalancer
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
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: web
  ports:
    - port: 80
```

## Fix

Replace the annotation by the field: `externalTrafficPolicy: Local` in the `spec`. Local then drops packets on nodes
without a ready pod, so see that the load balancer leaves those out, or that every node has one (SRC301). The
health-check port needs no number, for the API server picks one; where something outside the cluster polls a certain
port, `healthCheckNodePort` is its field.

## Sources

- Kubernetes, "Create an External Load Balancer", section on preserving the client source IP; Kubernetes 1.8.
- kubernetes/ingress-nginx#1924, traefik/traefik#2566, bitnami/charts#620, voyagermesh/voyager#415.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.rule import (
    Diagnosis,
    LegacyAnnotation,
    Model,
    Place,
    Related,
    Rule,
    Service,
    Severity,
    Whose,
    asking_for_local,
    spelled,
    surely,
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service, at the annotation that asks for the policy, or else for the port."""
    for service in model.bundle.services:
        annotations = asking_for_local(service, model.environment)
        why = _needless(model, service) if annotations else ""
        if why and not _may_be_patched(model, service):
            yield _left_over(service, annotations, why)
        elif model.local_in_vain(service):
            yield _ignored(model, service, annotations)


def _needless(model: Model, service: Service) -> str:
    """Why nothing is lost although the annotation is not read; empty where something is, or may be."""
    if service.external_traffic_policy.value == "Local":
        return "the field externalTrafficPolicy says the same"
    if service.not_external:
        return "nothing reaches this Service from outside"
    is_kept = model.arrives_anyway(service)
    return "the client's address arrives under the policy Cluster too" if is_kept else ""


def _may_be_patched(model: Model, service: Service) -> bool:
    patches = model.bundle.patches_of(service)
    return any(patch.type.written or patch.external_traffic_policy.written for patch in patches)


def _ignored(model: Model, service: Service, annotations: tuple[LegacyAnnotation, ...]) -> Diagnosis:
    policy = service.external_traffic_policy
    lost, misjudged = model.lost_where_required(service), model.misjudged(service)
    why = lost[3].why if lost else f"{misjudged[0].control.control} is keyed on it" if misjudged else ""
    needed = f" But the client's address is needed: {why}." if why else ""
    return Diagnosis(
        at=annotations[0].at,
        message=f"Since Kubernetes 1.8 nothing reads the annotation {annotations[0].key}: this Service runs with "
        f"externalTrafficPolicy Cluster{'' if policy.written else ', the default'}, under which nodes may replace the "
        f"client's address with their own.{needed}",
        severity=Severity.ERROR,
        object=service.object,
        related=(
            *([Related(policy.place, "the policy that counts", service.object)] if policy.written else ()),
            *_others(service, annotations),
            *([Related(lost[3].at, lost[3].why, lost[3].object)] if lost and lost[3].at else ()),
            *_symptoms(model, service),
        ),
        fixes=(
            f"write `externalTrafficPolicy: Local` into the spec, and remove {_named(annotations)}",
            *_port_fixes(service, annotations),
            "see that packets go only to nodes with a ready pod: a DaemonSet, or a load balancer that leaves out the "
            "others",
        ),
        path=lost[0] if lost else misjudged[0].path if misjudged else None,
    )


def _symptoms(model: Model, service: Service) -> Iterator[Related]:
    """Where a proxy judges a node's address, or writes it into a header, because of it."""
    seen: set[Place] = set()
    for each in model.misjudged(service):
        words = f"{each.control.control} judges a node's address because of it"
        yield Related(each.control.at, words, model.object_at(each.control.at))
    if model.sent_to_by_ingress(service):
        return
    for proxy in (path.edge_proxy for path in model.paths(service)):
        for write in proxy.observations if proxy else ():
            if proxy and write.header and surely(write.addresses, Whose.NODE) and write.at not in seen:
                seen.add(write.at)
                words = f"{proxy.name} writes a node's address into {spelled(write.header)} because of it"
                yield Related(write.at, words, model.owner(write.at))


def _left_over(service: Service, annotations: tuple[LegacyAnnotation, ...], why: str) -> Diagnosis:
    policy = service.external_traffic_policy
    is_local = policy.value == "Local"
    return Diagnosis(
        at=annotations[0].at,
        message=f"Since Kubernetes 1.8 nothing reads the annotation {annotations[0].key}; {why}.",
        severity=Severity.INFO,
        object=service.object,
        related=(
            *([Related(policy.place, "the policy that counts", service.object)] if is_local else ()),
            *_others(service, annotations),
        ),
        fixes=(f"remove {_named(annotations)}", *(_port_fixes(service, annotations) if is_local else ())),
    )


def _others(service: Service, annotations: tuple[LegacyAnnotation, ...]) -> Iterator[Related]:
    for other in annotations[1:]:
        yield Related(other.at, "nothing reads this one either", service.object)


def _named(annotations: tuple[LegacyAnnotation, ...]) -> str:
    return " and ".join(f"the annotation {annotation.key}" for annotation in annotations)


def _port_fixes(service: Service, annotations: tuple[LegacyAnnotation, ...]) -> Iterator[str]:
    """What to write for the health-check port that an annotation asks for; only a LoadBalancer has one."""
    port = next((annotation.port for annotation in annotations if annotation.port), None)
    if port and service.type.value == "LoadBalancer" and not service.health_check_node_port.written:
        yield f"write `healthCheckNodePort: {port}` too, if something outside the cluster polls that port"


RULE = Rule(
    id="SRC508",
    name="legacy-external-traffic-annotation",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
