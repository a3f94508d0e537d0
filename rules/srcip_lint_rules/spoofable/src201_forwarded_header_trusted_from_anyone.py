"""A proxy takes the client's address from a header, whoever connects, so clients choose the address that it sees.

A proxy behind another one learns the client's address from a header that the other one writes. Anybody may send such a
header, so the proxy has to be told whom to believe. Where that is everybody (`0.0.0.0/0`, which some products have as
their default), each client chooses its own address: allow-lists, deny-lists, limits and logs are about what it wrote.

An honest proxy or load balancer in front is no remedy where the proxy takes the leftmost entry of `X-Forwarded-For`:
what stands in front appends the client's address, and leaves on the left what the client wrote. With everybody among
the trusted, nginx and what is built from it (`real_ip_recursive on`), and Envoy by trusted networks, take that one.
Only a front that overwrites the header helps then.

## Reported when

- `everybody`: the networks that a proxy believes are all of IPv4, in one entry or in several, written or by default.
- `header`: it takes the client's address from a header that came with the request, or passes such a header on as true.

It is an **error** where every client chooses its own address: where clients connect to the proxy (LoadBalancer,
NodePort, external IPs) without an HTTP load balancer in front; and, whatever stands in front, where the leftmost entry
is taken. It is a **warning** where that is safe as long as nobody gets past what stands in front: an HTTP load
balancer, listed networks, an Ingress, a node's own address, an internal network, or the cluster. Where the proxy itself
or the Service that leads to it is not in the files, that is assumed: a **warning** for the leftmost entry, else
**info**. All Services by which one setting is reached are one finding.

## Silent when

- `overwriting-front`: it is declared that what stands in front overwrites the header (`front: l7-overwrite`).
- `restricted`: only the cluster, or an Ingress, leads to the proxy, and a network policy says who may connect to it.
- `other-family`: all of IPv6 is believed, but not all of IPv4, and no client is known to come by IPv6.
- `counted`: the proxy is told how many proxies stand in front, and not whom to believe.
- `own-pod`: the proxy listens for its own pod only.
- `other-controller`: a controller in the files reads another ConfigMap.
- `unknown-type`: a placeholder stands for the Service's type.
- `placeholder`: a placeholder stands for the header or the networks.
- `unread-configuration`: part of the proxy's configuration was not read, or changes whom it believes.

The PROXY protocol of everybody is not reported: what stands in front sends it for every connection, and a client
behind that cannot.

## Bad

```yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: ingress-nginx-controller
  namespace: ingress-nginx
data:
  use-forwarded-headers: "true"  # want error "so each of them chooses its own address"
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
          args:
            - /nginx-ingress-controller
            - --configmap=$(POD_NAMESPACE)/ingress-nginx-controller
          ports:
            - {name: https, containerPort: 443}
```

## Good

```yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: ingress-nginx-controller
  namespace: ingress-nginx
data:
  use-forwarded-headers: "true"
  proxy-real-ip-cidr: 198.51.100.0/24
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
          args:
            - /nginx-ingress-controller
            - --configmap=$(POD_NAMESPACE)/ingress-nginx-controller
          ports:
            - {name: https, containerPort: 443}
```

## Fix

Where clients connect to the proxy themselves, do not take the address from a header. Where something stands in front,
list its networks as those to believe, and nothing else. Where that overwrites the header, and nobody gets past it,
declare it (`edges` with `front: l7-overwrite`).

## Sources

- nginx `src/http/modules/ngx_http_realip_module.c`, `src/http/ngx_http_core_module.c`
  (`ngx_http_get_forwarded_addr_internal`).
- kubernetes/ingress-nginx `rootfs/etc/nginx/template/nginx.tmpl`, `docs/user-guide/nginx-configuration/configmap.md`
  (`proxy-real-ip-cidr` is `0.0.0.0/0` by default).
- traefik/traefik `pkg/middlewares/forwardedheaders/forwarded_header.go`; Kong/kong `kong.conf.default`;
  haproxytech/kubernetes-ingress `documentation/annotations.md` (`src-ip-header` has no list of whom to believe).
- nginx/kubernetes-ingress `internal/configs/configmaps.go`; envoyproxy/envoy
  `api/envoy/extensions/http/original_ip_detection/xff/v3/xff.proto` (all trusted: the leftmost entry).
- kubernetes/ingress-nginx#1000, Kong/kong#3946, Kong/kong#13599.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import (
    Approach,
    Believed,
    Diagnosis,
    Model,
    Related,
    Rule,
    Severity,
    listed,
    spelled,
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a setting: the worst of the ways on which it acts; other Services are related."""
    by_setting: dict[object, list[Believed]] = {}
    for believed in model.believed:
        by_setting.setdefault(believed.setting, []).append(believed)
    for ways in by_setting.values():
        widest_first = sorted(ways, key=lambda each: list(Approach).index(each.approach))
        yield _diagnosis(model, sorted(widest_first, key=_severity, reverse=True))


def _severity(found: Believed) -> Severity:
    """Where something is assumed it is one lower."""
    if found.by_anybody and not found.assumptions:
        return Severity.ERROR
    is_open = found.approach is not Approach.UNKNOWN and not found.assumptions
    return Severity.WARNING if is_open or found.by_anybody or found.belief.leftmost else Severity.INFO


def _diagnosis(model: Model, ways: list[Believed]) -> Diagnosis:
    first = ways[0]
    belief = first.belief
    subject = f"{first.product} in {first.owner.ref}" if first.is_placed else first.product
    header = spelled(belief.header)
    taken = f"the leftmost entry of {header}" if belief.leftmost else header
    taken += ", by default," if belief.header_is_default else ""
    does = f"keeps the {header}" if belief.is_passed_on else f"takes {taken} for the client's address,"
    return Diagnosis(
        at=first.belief.at,
        message=f"{subject} {does} {'of whoever' if belief.is_passed_on else 'whoever'} connects"
        f"{_unless_told(first)}{_then(first)}{_more(ways)}",
        severity=_severity(first),
        object=model.object_at(first.belief.at) or first.owner,
        related=tuple(_related(model, ways)),
        assumptions=first.assumptions,
        fixes=_fixes(first),
        path=first.path,
    )


def _unless_told(found: Believed) -> str:
    belief = found.belief
    return (
        f" (`{belief.setting}` is not set, and everybody is its default)"
        if belief.setting and belief.is_default
        else ""
    )


def _then(found: Believed) -> str:
    """Who may write it, and what it comes to: the rest of the sentence."""
    if not found.by_anybody:
        return f": that is safe only while {_while(found)}."
    behind = found.service.object.ref if found.service else found.owner.ref
    if found.before:
        who = f"{found.before.name} in {found.before.object} passes on what clients wrote"
    else:
        who = {
            Approach.OUTSIDE: f"Clients connect to it through {behind}",
            Approach.NODE: "Clients connect to its node",
            Approach.FRONT: f"What stands in front of {behind} appends to the header and leaves what clients wrote",
            Approach.LISTED: f"A proxy that is let in to {behind} and appends to the header leaves what clients wrote",
        }[found.approach]
    return f". {who}, so each of them chooses its own address."


def _while(found: Believed) -> str:
    """What has to be so where not every client surely chooses."""
    overwrites = (
        "overwrites the header (to append is not enough)" if found.belief.leftmost else "writes the header itself"
    )
    proxy = f"a proxy that {overwrites}"
    past = "to its pods or node ports"
    return {
        Approach.OUTSIDE: f"nobody connects to it but {proxy}",
        Approach.NODE: f"nobody connects to its node but {proxy}",
        Approach.FRONT: f"nobody gets past the load balancer in front {past}, and that {overwrites}",
        Approach.LISTED: f"whatever is let in is {proxy}",
        Approach.INTERNAL: f"nobody on the internal network connects to it but {proxy}",
        Approach.INGRESS: f"nobody gets past the Ingress {past}, and what serves that {overwrites}",
        Approach.CLUSTER: f"nobody connects to it but {proxy}: any other pod chooses its own address",
        Approach.UNKNOWN: f"nobody connects to it but {proxy}",
    }[found.approach]


def _more(ways: list[Believed]) -> str:
    """What depends on it: the address of the PROXY protocol, and what judges by address."""
    announced = " The address that the PROXY protocol tells is passed over." if ways[0].overrides_announced else ""
    controls = {each.control for way in ways for each in way.controls}
    bypassed = f" One header gets a client past {listed(controls)}." if controls else ""
    return announced + bypassed


def _related(model: Model, ways: list[Believed]) -> Iterable[Related]:
    """The Services, and the lists and limits that are passed by, each once."""
    seen: set[object] = set()
    for way in ways:
        if way.service and way.service not in seen:
            seen.add(way.service)
            yield Related(way.service.type.place, f"here {way.approach.value}", way.service.object)
    for control in (control for way in ways for control in way.controls):
        if control.at not in seen:
            seen.add(control.at)
            yield Related(control.at, f"{control.control} judges what the client wrote", model.object_at(control.at))


def _fixes(found: Believed) -> tuple[str, ...]:
    """Best first, which is not the same where clients connect to it themselves."""
    setting = found.belief.setting
    narrow = f"believe only what stands in front: list its networks in `{setting}`, and nobody else's"
    narrow = narrow if setting else "let nothing connect to it but what stands in front, and that write the header"
    header = spelled(found.belief.header)
    does = f"keep {header}" if found.belief.is_passed_on else f"take the address from {header}"
    drop = f"do not {does} where clients connect directly"
    is_direct = found.approach in (Approach.OUTSIDE, Approach.NODE) and not found.before
    first = (drop, narrow) if is_direct else (narrow, drop)
    if found.service is None:
        return first
    place = found.service.object
    edge = f"{place.namespace}/{place.name}" if place.namespace else place.name
    declared = f"declare `front: l7-overwrite` for {edge} under `edges` in srcip-lint.yaml"
    return (*first, f"where what stands in front overwrites the header, and nobody gets past it, {declared}")


RULE = Rule(
    id="SRC201",
    name="forwarded-header-trusted-from-anyone",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
