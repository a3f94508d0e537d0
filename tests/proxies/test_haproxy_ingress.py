"""HAProxy Ingress: what its flags, its ConfigMap and the Ingresses that it serves come to."""

from __future__ import annotations

import pytest

from nginx_pods import bundle_of, text_at
from srcip_lint.path.hops import Keyed
from srcip_lint.proxies import behaviours, haproxy_ingress
from srcip_lint.proxies.behaviour import Control, ProxyBehaviour, Reads, Route, Writes

PREFIX = "haproxy-ingress.github.io"
ALLOW = f"{PREFIX}/allowlist-source-range: 203.0.113.0/24"
LIMIT = f"{PREFIX}/limit-rps: '5'"
CLASS = (
    "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: haproxy}\n"
    "spec: {controller: haproxy-ingress.github.io/controller}\n"
)


def controller(*arguments: str, image: str = "quay.io/jcmoraisjr/haproxy-ingress:v0.15.0", mount: str = "") -> str:
    args = "".join(f"        - '{each}'\n" for each in arguments)
    mounts = f"        volumeMounts: [{{name: v, mountPath: {mount}}}]\n" if mount else ""
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: c, namespace: edge}}
spec:
  selector: {{matchLabels: {{app: c}}}}
  template:
    metadata: {{labels: {{app: c}}}}
    spec:
      containers:
      - name: controller
        image: {image}
{mounts}        args:
        - --v=2
{args}"""


CONFIGURED = controller("--configmap=edge/conf")


def settings(*lines: str) -> str:
    data = "".join(f"  {line}\n" for line in lines)
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf, namespace: edge}}\ndata:\n{data}"


def ingress(*annotations: str, spec: str = "ingressClassName: haproxy") -> str:
    written = "".join(f"    {each}\n" for each in annotations)
    paths = "rules: [{http: {paths: [{backend: {service: {name: web}}}]}}]"
    return (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  namespace: shop\n"
        f"  annotations:\n{written or '    {}'}\nspec: {{{spec}{', ' if spec else ''}{paths}}}\n"
    )


def service(*annotations: str, name: str = "web", namespace: str = "shop") -> str:
    written = "".join(f"    {each}\n" for each in annotations)
    return (
        f"apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: {namespace}\n"
        f"  annotations:\n{written}spec: {{selector: {{a: b}}, ports: [{{port: 80}}]}}\n"
    )


def behaviour(*texts: str) -> ProxyBehaviour:
    bundle = bundle_of(*texts)
    found = haproxy_ingress.behaviour(bundle.workloads[0], bundle)
    assert found
    return found


def route(*texts: str) -> Route:
    (found,) = behaviour(*texts).listeners[0].routes
    return found


def controls(*texts: str) -> tuple[Control, ...]:
    return route(*texts).controls


def shown(*texts: str) -> list[str]:
    """The controls, each by where it stands."""
    return [text_at(each.at) for each in controls(*texts)]


def test_it_is_known_by_its_image() -> None:
    for image, product in (
        ("quay.io/jcmoraisjr/haproxy-ingress:v0.14.7", "HAProxy Ingress"),
        ("haproxytech/kubernetes-ingress", "HAProxy Ingress Controller"),
        ("haproxy:3.1", None),
    ):
        bundle = bundle_of(controller(image=image))
        found = behaviours(bundle.workloads[0], bundle)
        assert (found.product if found else None) == product


def test_it_listens_where_its_config_map_says() -> None:
    assert [each.port for each in behaviour(controller()).listeners] == [80, 443]
    moved = behaviour(CONFIGURED, settings("http-port: '8080'", "https-port: '8443'"))
    assert [each.port for each in moved.listeners] == [8080, 8443]


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ((CONFIGURED,), "its ConfigMap conf was not read"),
        ((CONFIGURED, settings("forwardfor: ${MODE}")), "forwardfor of its ConfigMap is a placeholder"),
        ((CONFIGURED, settings("bind-http: ':80'")), "bind-http of its ConfigMap is not read"),
        ((CONFIGURED, settings("http-frontends: a=8080/8443")), "http-frontends of its ConfigMap is not read"),
        ((CONFIGURED, settings("config-frontend-early: http-request set-src hdr(x)")), "a snippet"),
        ((CONFIGURED, settings("config-sections: 'listen x\n    bind :1 accept-proxy'")), "a snippet"),
        ((controller(mount="/etc/templates/haproxy"),), "template of its own"),
        ((controller(image="jcmoraisjr/haproxy-ingress:v0.11"),), "before 0.12"),
    ],
)
def test_what_is_not_read_leaves_it_unknown(texts: tuple[str, ...], why: str) -> None:
    found = behaviour(*texts)
    assert not found.complete
    assert why in found.why_incomplete


def test_the_proxy_protocol_is_read_strictly_where_it_is_asked_for() -> None:
    asked = (CONFIGURED, settings("use-proxy-protocol: 'true'"))
    assert behaviour(*asked).listeners[0].proxy_protocol is Reads.STRICTLY
    (found,) = route(*asked).real_ip
    assert (found.source, found.trust.everyone, text_at(found.at)) == (
        "proxy_protocol",
        True,
        "use-proxy-protocol: 'true'",
    )
    not_asked = (CONFIGURED, settings("use-proxy-protocol: 'false'"))
    assert behaviour(*not_asked).listeners[0].proxy_protocol is Reads.NOT
    assert route(*not_asked).real_ip == ()


@pytest.mark.parametrize(
    ("lines", "image", "writes"),
    [
        ((), "v0.15.0", [Writes.REPLACES, Writes.REPLACES]),
        ((), "v0.14.7", [Writes.REPLACES, Writes.PASSES]),
        (("forwardfor: add",), "v0.15.0", [Writes.REPLACES, Writes.REPLACES]),
        (("forwardfor: update",), "v0.15.0", [Writes.APPENDS, Writes.REPLACES]),
        (("forwardfor: ignore", "real-ip-hdr: ''"), "v0.15.0", [Writes.PASSES, Writes.PASSES]),
        (("forwardfor: ifmissing", "real-ip-hdr: X-Client"), "v0.15.0", [Writes.IF_ABSENT, Writes.PASSES]),
        (("forwardfor: other", "real-ip-hdr: X-REAL-IP"), "v0.15.0", [Writes.REPLACES, Writes.REPLACES]),
        (("config-backend: http-request del-header X-Forwarded-For",), "v0.15.0", [Writes.UNKNOWN, Writes.UNKNOWN]),
        (("allowlist-source-header: X-Client",), "v0.15.0", [Writes.UNKNOWN, Writes.UNKNOWN]),
    ],
)
def test_what_it_writes_into_headers(lines: tuple[str, ...], image: str, writes: list[Writes]) -> None:
    named = controller("--configmap=edge/conf", image=f"quay.io/jcmoraisjr/haproxy-ingress:{image}")
    found = route(named, settings("ssl-redirect: 'true'", *lines)).writes
    assert [each.header for each in found] == ["x-forwarded-for", "x-real-ip"]
    assert [each.writes for each in found] == writes


def test_an_ingress_or_its_service_may_write_them_too() -> None:
    header = f"{PREFIX}/request-set-headers: 'X-Real-IP: a'"
    for texts, writes in (
        ((ingress(header),), Writes.UNKNOWN),
        ((ingress(ALLOW), service(header)), Writes.UNKNOWN),
        ((ingress(ALLOW), service(header, name="other")), Writes.REPLACES),
        ((ingress(ALLOW), service(header, namespace="other")), Writes.REPLACES),
    ):
        assert route(controller(), CLASS, *texts).writes[0].writes is writes


@pytest.mark.parametrize(
    ("annotation", "keyed", "networks"),
    [
        (
            f"{PREFIX}/allowlist-source-range: '203.0.113.0/24,198.51.100.7'",
            Keyed.ALLOW,
            ["203.0.113.0/24", "198.51.100.7/32"],
        ),
        ("ingress.kubernetes.io/whitelist-source-range: 203.0.113.0/24", Keyed.ALLOW, ["203.0.113.0/24"]),
        (f"{PREFIX}/denylist-source-range: 203.0.113.0/24", Keyed.DENY, ["203.0.113.0/24"]),
        (f"{PREFIX}/limit-connections: '5'", Keyed.LIMIT, []),
        (LIMIT, Keyed.LIMIT, []),
    ],
)
def test_an_annotation_of_an_ingress_that_it_serves_is_a_control(
    annotation: str, keyed: Keyed, networks: list[str]
) -> None:
    (found,) = controls(controller(), CLASS, ingress(annotation))
    assert (found.keyed, list(map(str, found.networks)), found.basis.certain) == (keyed, networks, True)
    assert text_at(found.at) == annotation
    assert found.name == annotation.partition(":")[0]


@pytest.mark.parametrize(
    "annotations",
    [
        (f"{PREFIX}/allowlist-source-range: '10.0.0.0/8,!10.1.0.0/16'",),
        (f"{PREFIX}/allowlist-source-range: ${{OFFICES}}",),
        (f"{PREFIX}/allowlist-source-range: 0.0.0.0/0",),
        (f"{PREFIX}/allowlist-source-range: ''",),
        ("haproxy.org/allowlist-source-range: 203.0.113.0/24",),
        (ALLOW, "ingress.kubernetes.io/allowlist-source-range: 198.51.100.0/24"),
        (ALLOW, f"{PREFIX}/allowlist-source-header: X-Client"),
        (LIMIT, f"{PREFIX}/limit-whitelist: 10.0.0.0/8"),
        (f"{PREFIX}/limit-rps: '0'",),
        (f"{PREFIX}/limit-rps: many",),
    ],
)
def test_what_cannot_be_told_or_names_everybody_is_no_control(annotations: tuple[str, ...]) -> None:
    assert controls(controller(), CLASS, ingress(*annotations)) == ()


def test_the_nearest_object_says_it() -> None:
    by_all = (CONFIGURED, settings("allowlist-source-range: 198.51.100.0/24", "limit-rps: '9'"), CLASS)
    assert shown(*by_all) == []
    assert shown(*by_all, ingress()) == ["allowlist-source-range: 198.51.100.0/24", "limit-rps: '9'"]
    assert shown(*by_all, ingress(ALLOW, LIMIT)) == [ALLOW, LIMIT]
    of_service, of_no_path = f"{PREFIX}/limit-rps: '7'", ALLOW.replace("203.0.113", "192.0.2")
    assert shown(*by_all, ingress(ALLOW, LIMIT), service(of_service, of_no_path)) == [ALLOW, of_service]
    old = f"{PREFIX}/whitelist-source-range: 192.0.2.0/24"
    assert shown(controller(), CLASS, ingress(old, ALLOW)) == [ALLOW]
    assert shown(controller(), CLASS, ingress(old, f"{PREFIX}/allowlist-source-range: ''")) == [old]


def test_prefixes_are_those_of_the_flag() -> None:
    assert controls(controller("--annotations-prefix=a.example,b.example"), CLASS, ingress(ALLOW)) == ()
    other = ALLOW.replace(PREFIX, "b.example")
    assert shown(controller("--annotations-prefix=a.example,b.example"), CLASS, ingress(other)) == [other]


def test_a_class_with_settings_of_its_own_leaves_its_ingresses_unknown() -> None:
    with_more = CLASS.replace("/controller}", "/controller, parameters: {kind: ConfigMap, name: more}}")
    assert controls(controller(), with_more, ingress(ALLOW)) == ()


ANNOTATED = "kubernetes.io/ingress.class: haproxy"
STAGING = CLASS.replace("/controller}", "/controller/staging}")


@pytest.mark.parametrize(
    ("texts", "is_served"),
    [
        ((controller(), CLASS, ingress(ALLOW)), True),
        ((controller(), STAGING, ingress(ALLOW)), False),
        ((controller("--controller-class=staging"), STAGING, ingress(ALLOW)), True),
        (
            (
                controller("--full-controller-name=haproxy-ingress.github.io/controller/staging"),
                STAGING,
                ingress(ALLOW),
            ),
            True,
        ),
        ((controller(), ingress(ALLOW, ANNOTATED, spec="")), True),
        ((controller("--ingress-class=other"), ingress(ALLOW, ANNOTATED, spec="")), False),
        ((controller(), STAGING, ingress(ALLOW, ANNOTATED)), True),
        ((controller("--ingress-class-precedence"), STAGING, ingress(ALLOW, ANNOTATED)), False),
        ((controller(), ingress(ALLOW, spec="")), False),
        ((controller("--watch-ingress-without-class"), ingress(ALLOW, spec="")), True),
        ((controller("--watch-namespace=shop"), CLASS, ingress(ALLOW)), True),
        ((controller("--watch-namespace=$(POD_NAMESPACE)"), CLASS, ingress(ALLOW)), False),
        ((controller("--watch-namespace=$(NS)").replace("edge", "shop"), CLASS, ingress(ALLOW)), True),
    ],
)
def test_which_ingresses_it_serves(texts: tuple[str, ...], is_served: bool) -> None:
    assert bool(controls(*texts)) is is_served


def test_a_class_that_was_not_read_is_assumed_to_be_its_own() -> None:
    (found,) = controls(controller(), ingress(ALLOW))
    assert found.basis.assumptions == ("the IngressClass haproxy is haproxy-ingress.github.io/controller's",)
