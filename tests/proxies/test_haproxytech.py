"""HAProxy Technologies' ingress controller: what its flags, its ConfigMap and the Ingresses that it serves come to."""

from __future__ import annotations

import pytest

from nginx_pods import bundle_of, text_at
from srcip_lint.path.hops import Keyed
from srcip_lint.proxies import behaviours, haproxytech
from srcip_lint.proxies.behaviour import Control, ProxyBehaviour, Reads, Route, Writes

ALLOW = "haproxy.org/allow-list: 203.0.113.0/24"
CLASS = (
    "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: haproxy}\n"
    "spec: {controller: haproxy.org/ingress-controller}\n"
)
DEFAULT = CLASS.replace(
    "{name: haproxy}", "{name: d, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}"
)


def controller(
    *arguments: str, image: str = "haproxytech/kubernetes-ingress:3.1.4", mount: str = "", namespace: str = "edge"
) -> str:
    args = "".join(f"        - '{each}'\n" for each in arguments)
    mounts = f"        volumeMounts: [{{name: v, mountPath: {mount}}}]\n" if mount else ""
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: c, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: c}}}}
  template:
    metadata: {{labels: {{app: c}}}}
    spec:
      containers:
      - name: controller
        image: {image}
{mounts}        args:
        - --log=info
{args}"""


CONFIGURED = controller("--configmap=edge/conf")


def settings(*lines: str, annotations: str = "") -> str:
    data = "".join(f"  {line}\n" for line in lines)
    metadata = f"{{name: conf, namespace: edge{annotations}}}"
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {metadata}\ndata:\n{data or '  {}'}"


def ingress(
    *annotations: str, spec: str = "ingressClassName: haproxy, ", rules: str = "rules: [{http: {paths: []}}]"
) -> str:
    written = "".join(f"    {each}\n" for each in annotations)
    return (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  namespace: shop\n"
        f"  annotations:\n{written}spec: {{{spec}{rules}}}\n"
    )


def behaviour(*texts: str) -> ProxyBehaviour:
    bundle = bundle_of(*texts)
    found = haproxytech.behaviour(bundle.workloads[0], bundle)
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


@pytest.mark.parametrize(
    "image",
    [
        "haproxytech/kubernetes-ingress",
        "docker.io/haproxytech/kubernetes-ingress:3.2.0@sha256:ff",
        "kubernetes-registry.haproxy.com/hapee-ingress:v3.0",
    ],
)
def test_it_is_known_by_its_image(image: str) -> None:
    bundle = bundle_of(controller(image=image))
    found = behaviours(bundle.workloads[0], bundle)
    assert found
    assert (found.product, found.complete) == ("HAProxy Ingress Controller", True)


@pytest.mark.parametrize(
    "image", ["haproxy:3.1", "quay.io/jcmoraisjr/haproxy-ingress:v0.14", "haproxytech/haproxy-alpine:3.1"]
)
def test_other_images_are_not_it(image: str) -> None:
    bundle = bundle_of(controller(image=image))
    assert haproxytech.behaviour(bundle.workloads[0], bundle) is None


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        (controller(), [8080, 8443]),
        (controller(image="haproxytech/kubernetes-ingress"), [8080, 8443]),
        (controller(image="haproxytech/kubernetes-ingress:1.11.0"), [8080, 8443]),
        (controller(image="haproxytech/kubernetes-ingress:1.10.11"), [80, 443]),
        (controller("--http-bind-port=81", "--https-bind-port", "444"), [81, 444]),
        (controller("--disable-http"), [8443]),
        (controller("--disable-https=true"), [8080]),
    ],
)
def test_it_listens_where_its_flags_and_its_version_say(text: str, ports: list[int]) -> None:
    assert [each.port for each in behaviour(text).listeners] == ports


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ((CONFIGURED,), "its ConfigMap conf was not read"),
        ((CONFIGURED, settings("proxy-protocol: ${SENDERS}")), "proxy-protocol of its ConfigMap is a placeholder"),
        ((CONFIGURED, settings("cr-frontend-http: edge/http")), "custom resources"),
        ((CONFIGURED, settings("cr-defaults: edge/all")), "custom resources"),
        ((CONFIGURED, settings("frontend-config-snippet: http-request set-src hdr(x)")), "a snippet"),
        ((CONFIGURED, settings("global-config-snippet: '# bind :80 accept-proxy'")), "a snippet"),
        ((CONFIGURED, settings(annotations=", annotations: {haproxy.org/src-ip-header: X}")), "annotations of its"),
        ((controller(mount="/usr/local/etc/haproxy/haproxy-aux.cfg"),), "a file of its own"),
    ],
)
def test_what_is_not_read_leaves_it_unknown(texts: tuple[str, ...], why: str) -> None:
    found = behaviour(*texts)
    assert not found.complete
    assert why in found.why_incomplete


def test_by_default_it_believes_nobody_and_adds_one_header() -> None:
    found = behaviour(controller())
    assert found.listeners[0].proxy_protocol is Reads.NOT
    assert route(controller()).real_ip == ()
    assert [(each.header, each.writes) for each in route(controller()).writes] == [
        ("x-forwarded-for", Writes.APPENDS),
        ("x-real-ip", Writes.PASSES),
    ]


@pytest.mark.parametrize(
    ("senders", "reads", "networks"),
    [
        ("0.0.0.0/0", Reads.STRICTLY, ["0.0.0.0/0"]),
        ("'10.0.0.0/8, 192.168.1.1,lb.example'", Reads.TOLERANTLY, ["10.0.0.0/8", "192.168.1.1/32"]),
    ],
)
def test_the_proxy_protocol_is_read_from_those_that_are_named(senders: str, reads: Reads, networks: list[str]) -> None:
    texts = (CONFIGURED, settings(f"haproxy.org/proxy-protocol: {senders}"))
    (found,) = route(*texts).real_ip
    assert behaviour(*texts).listeners[0].proxy_protocol is reads
    assert (found.source, list(map(str, found.trust.networks))) == ("proxy_protocol", networks)
    assert text_at(found.at) == f"haproxy.org/proxy-protocol: {senders}"


def test_a_list_of_senders_that_names_nobody_is_none() -> None:
    texts = (CONFIGURED, settings("proxy-protocol: somebody", "src-ip-header: ''"))
    assert route(*texts).real_ip == ()
    assert behaviour(*texts).listeners[0].proxy_protocol is Reads.NOT


def test_a_header_is_believed_from_everybody_and_goes_before_the_proxy_protocol() -> None:
    header, announced = route(CONFIGURED, settings("proxy-protocol: 0.0.0.0/0", "src-ip-header: X-Client")).real_ip
    assert (header.source, header.recursive, announced.source) == ("x-client", False, "proxy_protocol")
    assert header.trust.covers_all(4)
    assert header.trust.covers_all(6)


@pytest.mark.parametrize(
    ("texts", "forwards"),
    [
        ((CONFIGURED, settings("forwarded-for: 'True'")), Writes.APPENDS),
        ((CONFIGURED, settings("forwarded-for: 'false'")), Writes.PASSES),
        ((CONFIGURED, settings("forwarded-for: 'off'")), Writes.UNKNOWN),
        ((CONFIGURED, settings("request-set-header: X-Real-IP %[src]")), Writes.UNKNOWN),
        ((CONFIGURED, settings("frontend-config-snippet: option forwardfor if-none")), Writes.UNKNOWN),
        ((controller(), CLASS, ingress("haproxy.org/forwarded-for: 'false'")), Writes.UNKNOWN),
        (
            (
                controller(),
                CLASS,
                ingress("haproxy.org/backend-config-snippet: http-request del-header X-Forwarded-For"),
            ),
            Writes.UNKNOWN,
        ),
        (
            (CONFIGURED, settings("forwarded-for: 'false'"), CLASS, ingress("haproxy.org/forwarded-for: 'true'")),
            Writes.UNKNOWN,
        ),
        ((controller(), CLASS, ingress("haproxy.org/check: 'true'")), Writes.APPENDS),
    ],
)
def test_what_becomes_of_the_header_otherwise(texts: tuple[str, ...], forwards: Writes) -> None:
    expected = [forwards, Writes.UNKNOWN if forwards is Writes.UNKNOWN else Writes.PASSES]
    assert [each.writes for each in route(*texts).writes] == expected


def test_a_service_may_ask_for_no_header() -> None:
    rules = "rules: [{http: {paths: [{backend: {service: {name: web}}}]}}]"
    annotations = "annotations: {haproxy.org/forwarded-for: 'false'}"
    for name, writes in (("web", Writes.UNKNOWN), ("other", Writes.APPENDS)):
        metadata = f"{{name: {name}, namespace: shop, {annotations}}}"
        spec = "{selector: {a: b}, ports: [{port: 80}]}"
        service = f"apiVersion: v1\nkind: Service\nmetadata: {metadata}\nspec: {spec}\n"
        assert route(controller(), CLASS, ingress(ALLOW, rules=rules), service).writes[0].writes is writes


@pytest.mark.parametrize(
    ("annotation", "keyed", "networks"),
    [
        ("haproxy.org/allow-list: '203.0.113.0/24, 198.51.100.7'", Keyed.ALLOW, ["203.0.113.0/24", "198.51.100.7/32"]),
        ("haproxy.com/whitelist: 203.0.113.0/24", Keyed.ALLOW, ["203.0.113.0/24"]),
        ("ingress.kubernetes.io/deny-list: 203.0.113.0/24", Keyed.DENY, ["203.0.113.0/24"]),
        ("blacklist: 203.0.113.0/24", Keyed.DENY, ["203.0.113.0/24"]),
        ("haproxy.org/rate-limit-requests: '15'", Keyed.LIMIT, []),
    ],
)
def test_an_annotation_of_an_ingress_that_it_serves_is_a_control(
    annotation: str, keyed: Keyed, networks: list[str]
) -> None:
    (found,) = controls(controller(), CLASS, ingress(annotation))
    assert (found.keyed, list(map(str, found.networks)), found.basis.certain) == (keyed, networks, True)
    assert text_at(found.at) == annotation
    assert found.name == annotation.partition(":")[0]


def test_a_setting_of_the_config_map_is_a_control_too_once_and_another_of_the_ingress_stands_beside_it() -> None:
    texts = (CONFIGURED, settings("allow-list: 198.51.100.0/24", "rate-limit-requests: '5'"), CLASS)
    of_all = ["allow-list: 198.51.100.0/24", "rate-limit-requests: '5'"]
    assert shown(*texts, ingress("haproxy.org/check: 'true'")) == of_all
    assert shown(*texts, ingress(ALLOW)) == [*of_all, ALLOW]


@pytest.mark.parametrize(
    "annotations",
    [
        ("haproxy.org/allow-list: patterns/offices",),
        ("haproxy.org/allow-list: ${OFFICES}",),
        ("haproxy.org/allow-list: '203.0.113.0/24, office.example'",),
        ("haproxy.org/allow-list: '203.0.113.0/24, ::/0'",),
        ("haproxy.org/allow-list: 127.0.0.1",),
        ("haproxy.org/allow-list: 203.0.113.0/24", "haproxy.com/allow-list: 198.51.100.0/24"),
        ("nginx.ingress.kubernetes.io/allow-list: 203.0.113.0/24",),
        ("haproxy.org/allow-list: 203.0.113.0/24", "haproxy.org/src-ip-header: X-Client"),
        ("haproxy.org/rate-limit-requests: '0'",),
        ("haproxy.org/rate-limit-requests: many",),
        ("haproxy.org/rate-limit-requests: '5'", "haproxy.org/rate-limit-whitelist: 10.0.0.0/8"),
        ("haproxy.org/rate-limit-period: 10s",),
    ],
)
def test_what_cannot_be_told_or_names_everybody_is_no_control(annotations: tuple[str, ...]) -> None:
    assert controls(controller(), CLASS, ingress(*annotations)) == ()


def test_the_new_name_goes_before_the_old_one_wherever_it_stands() -> None:
    old = "haproxy.org/whitelist: 203.0.113.0/24"
    by_all = (CONFIGURED, settings("allow-list: 198.51.100.0/24"), CLASS)
    assert shown(*by_all, ingress(old)) == ["allow-list: 198.51.100.0/24"]
    assert shown(CONFIGURED, settings("allow-list: ''"), CLASS, ingress(old)) == [old]
    assert shown(controller(), CLASS, ingress(old, "haproxy.org/allow-list: patterns/offices")) == []
    before = controller(image="haproxytech/kubernetes-ingress:1.10.0")
    assert shown(before, CLASS, ingress(old, "haproxy.org/allow-list: 198.51.100.0/24")) == [old]


def test_an_ingress_without_rules_has_no_control_and_exceptions_of_the_config_map_hold_for_its_limit() -> None:
    for rules in ("defaultBackend: {service: {name: web}}", "rules: [{host: a.example}]"):
        assert controls(controller(), CLASS, ingress(ALLOW, rules=rules)) == ()
    texts = (CONFIGURED, settings("rate-limit-whitelist: 10.0.0.0/8"), CLASS)
    assert controls(*texts, ingress("haproxy.org/rate-limit-requests: '5'")) == ()


def test_a_snippet_that_lets_in_leaves_lists_and_limits_unknown() -> None:
    snippet = settings("frontend-config-snippet: http-request allow if { path /open }")
    assert controls(CONFIGURED, snippet, CLASS, ingress(ALLOW)) == ()
    other = settings("frontend-config-snippet: unique-id-header X-Id")
    assert len(controls(CONFIGURED, other, CLASS, ingress(ALLOW))) == 1


OLD = "haproxytech/kubernetes-ingress:3.0.4"
OWN = CLASS.replace("ingress-controller", "ingress-controller/prod")
ANNOTATED = "kubernetes.io/ingress.class: prod"


@pytest.mark.parametrize(
    ("texts", "assumptions"),
    [
        ((controller(), CLASS, ingress(ALLOW)), ()),
        ((controller(), ingress(ALLOW)), ("the IngressClass haproxy is haproxy.org/ingress-controller's",)),
        ((controller(), OWN, ingress(ALLOW)), None),
        ((controller("--ingress.class=prod"), OWN, ingress(ALLOW)), ()),
        ((controller("--ingress.class=prod"), CLASS, ingress(ALLOW)), None),
        ((controller(), ingress(ALLOW, spec="")), ("no class is the default for an Ingress without one",)),
        ((controller(), DEFAULT, ingress(ALLOW, spec="")), ()),
        ((controller(), DEFAULT.replace("haproxy.org", "other.org"), ingress(ALLOW, spec="")), None),
        ((controller("--ingress.class=prod"), ingress(ALLOW, spec="")), None),
        ((controller("--ingress.class=prod", "--empty-ingress-class"), ingress(ALLOW, spec="")), ()),
        ((controller("--ingress.class=prod"), ingress(ALLOW, ANNOTATED, spec="")), None),
        ((controller("--ingress.class=prod", image=OLD), ingress(ALLOW, ANNOTATED, spec="")), ()),
        ((controller(image=OLD), ingress(ALLOW, ANNOTATED.replace("prod", "haproxy"), spec="")), None),
        ((controller(image=OLD), CLASS, ingress(ALLOW, ANNOTATED)), None),
        ((controller(), CLASS, ingress(ALLOW, ANNOTATED)), ()),
        ((controller("--namespace-whitelist=a", "--namespace-whitelist=shop"), CLASS, ingress(ALLOW)), ()),
        ((controller("--namespace-whitelist=a"), CLASS, ingress(ALLOW)), None),
        ((controller("--namespace-blacklist", "shop"), CLASS, ingress(ALLOW)), None),
        ((controller("--namespace-blacklist=a"), CLASS, ingress(ALLOW)), ()),
        ((controller("--namespace-blacklist=shop", "--namespace-whitelist=shop"), CLASS, ingress(ALLOW)), ()),
        ((controller("--namespace-whitelist=$(POD_NAMESPACE)", namespace="shop"), CLASS, ingress(ALLOW)), ()),
    ],
)
def test_which_ingresses_it_serves_and_what_is_assumed(
    texts: tuple[str, ...], assumptions: tuple[str, ...] | None
) -> None:
    found = controls(*texts)
    assert (found[0].basis.assumptions if found else None) == assumptions
