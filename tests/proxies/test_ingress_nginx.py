"""ingress-nginx: what its flags, its ConfigMap and the Ingresses that it serves come to."""

from __future__ import annotations

import pytest

from nginx_pods import bundle_of, text_at
from srcip_lint.path.hops import Keyed
from srcip_lint.proxies import ingress_nginx
from srcip_lint.proxies.behaviour import Listener, ProxyBehaviour, Reads, Route
from srcip_lint.proxies.flags import flag, is_on

PREFIX = "nginx.ingress.kubernetes.io"


def controller(
    *arguments: str, image: str = "registry.k8s.io/ingress-nginx/controller:v1.12.1", name: str = "c"
) -> str:
    args = "".join(f"        - '{each}'\n" for each in arguments)
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: edge}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - name: controller
        image: {image}
        args:
        - /nginx-ingress-controller
{args}"""


def settings(**keys: str) -> str:
    data = "".join(f"  {key.replace('_', '-')}: {value}\n" for key, value in keys.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf, namespace: edge}}\ndata:\n{data}"


def ingress(*annotations: str, class_name: str = "nginx") -> str:
    written = "".join(f"    {each}\n" for each in annotations)
    spec = f"spec: {{ingressClassName: {class_name}}}\n" if class_name else "spec: {}\n"
    return (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  namespace: shop\n"
        f"  annotations:\n{written}{spec}"
    )


def behaviour(*texts: str) -> ProxyBehaviour:
    bundle = bundle_of(*texts)
    found = ingress_nginx.behaviour(bundle.workloads[0], bundle)
    assert found
    return found


def route(*texts: str) -> Route:
    (found,) = behaviour(*texts).listeners[0].routes
    return found


@pytest.mark.parametrize(
    "image",
    [
        "registry.k8s.io/ingress-nginx/controller:v1.12.1@sha256:ff",
        "registry.k8s.io/ingress-nginx/controller-chroot:v1.12.1",
        "quay.io/kubernetes-ingress-controller/nginx-ingress-controller:0.26.1",
        "gcr.io/google_containers/nginx-ingress-controller:0.9.0-beta.11",
        "quay.io/kubernetes-ingress-controller/nginx-ingress-controller-amd64:0.21.0",
        "docker.io/bitnami/nginx-ingress-controller:1.9.4",
        "rancher/nginx-ingress-controller",
    ],
)
def test_it_is_known_by_its_image(image: str) -> None:
    assert behaviour(controller(image=image)).product == "ingress-nginx"


@pytest.mark.parametrize(
    "image", ["nginx:1.27", "nginx/nginx-ingress:5.0", "registry.k8s.io/ingress-nginx/kube-webhook-certgen"]
)
def test_other_images_are_not_it(image: str) -> None:
    bundle = bundle_of(controller(image=image))
    assert ingress_nginx.behaviour(bundle.workloads[0], bundle) is None


def test_it_listens_where_its_flags_say() -> None:
    assert [each.port for each in behaviour(controller()).listeners] == [80, 443]
    moved = behaviour(controller("--http-port=8080", "--https-port", "8443"))
    assert [each.port for each in moved.listeners] == [8080, 8443]


TCP = "--tcp-services-configmap=$(POD_NAMESPACE)/conf"


def stream(entry: str, port: str = "9000") -> list[Listener]:
    text = settings().replace("data:\n", f"data:\n  '{port}': {entry}\n")
    return [each for each in behaviour(controller(TCP), text).listeners if each.protocol == "tcp"]


@pytest.mark.parametrize(
    ("entry", "reads", "sends"),
    [
        ("shop/db:5432", Reads.NOT, False),
        ("shop/db:5432:PROXY", Reads.STRICTLY, False),
        ("shop/db:5432:proxy", Reads.STRICTLY, False),
        ("'shop/db:5432::PROXY'", Reads.NOT, True),
        ("shop/db:5432:PROXY:PROXY", Reads.STRICTLY, True),
        ("shop/db:5432:TLS", Reads.NOT, False),
        ("shop/db:5432:PROXY:TLS", Reads.STRICTLY, False),
    ],
)
def test_an_entry_of_the_tcp_services_is_a_listener(entry: str, reads: Reads, sends: bool) -> None:
    (listener,) = stream(entry)
    (route,) = listener.routes
    assert (listener.port, listener.protocol, listener.proxy_protocol) == (9000, "tcp", reads)
    assert route.upstream
    assert (route.upstream.host, route.upstream.port, route.sends_proxy_protocol) == ("db.shop", 5432, sends)
    assert text_at(listener.at) == f"'9000': {entry}"


def test_a_port_by_its_name_is_not_looked_up() -> None:
    (listener,) = stream("shop/db:postgres:PROXY")
    assert listener.routes[0].upstream
    assert listener.routes[0].upstream.port is None


@pytest.mark.parametrize(
    ("entry", "port"),
    [("shop/db", "9000"), ("db:5432", "9000"), ("${ENTRY}", "9000"), ("shop/db:1", "http"), ("shop/db:1", "443")],
)
def test_an_entry_that_the_controller_skips_is_none(entry: str, port: str) -> None:
    assert not stream(entry, port)


def test_tcp_services_that_were_not_read_leave_the_rest_known() -> None:
    found = behaviour(controller("--tcp-services-configmap=edge/tcp"), settings(use_proxy_protocol='"true"'))
    assert found.complete
    assert [each.port for each in found.listeners] == [80, 443]


def test_a_listener_stands_where_it_is_said_or_would_be_that_it_reads_the_proxy_protocol() -> None:
    named = controller("--configmap=edge/conf")
    listener = behaviour(named, settings(use_proxy_protocol='"true"')).listeners[0]
    assert (listener.proxy_protocol, text_at(listener.at)) == (Reads.STRICTLY, 'use-proxy-protocol: "true"')
    assert text_at(behaviour(named, settings(use_http2='"true"')).listeners[0].at) == "kind: ConfigMap"
    assert text_at(behaviour(controller()).listeners[0].at).startswith("image: registry.k8s.io")


def test_a_flag_has_its_value_behind_a_sign_or_in_the_next_word_and_the_last_one_counts() -> None:
    container = (
        bundle_of(controller("--a=1", "-b", "two", "--c", "--d=false", "--a=3")).workloads[0].template.containers[0]
    )
    assert [flag(container, name) for name in "abcde"] == ["3", "two", "", "false", None]
    assert [is_on(container, name) for name in "cde"] == [True, False, False]


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ((controller("--configmap=edge/conf"),), "its ConfigMap conf was not read"),
        ((controller("--configmap=edge/conf"), settings(use_proxy_protocol="${PP}")), "placeholder"),
        ((controller("--configmap=edge/conf"), settings(http_snippet="real_ip_header X;")), "http-snippet"),
    ],
)
def test_what_is_not_read_leaves_it_unknown(texts: tuple[str, ...], why: str) -> None:
    found = behaviour(*texts)
    assert not found.complete
    assert why in found.why_incomplete


@pytest.mark.parametrize(
    "keys",
    [
        {"http_snippet": "map $host $x { default 1; }"},
        {"log_format_upstream": "$remote_addr - $request"},
        {"ssl_dh_param": "${PARAMETERS}"},
    ],
)
def test_variables_and_placeholders_in_what_does_not_decide_are_passed_over(keys: dict[str, str]) -> None:
    texts = (controller("--configmap=edge/conf"), settings(**keys, use_proxy_protocol='"true"'))
    assert behaviour(*texts).complete
    assert behaviour(*texts).listeners[0].proxy_protocol is Reads.STRICTLY


def test_by_default_it_believes_no_header_and_reads_no_proxy_protocol() -> None:
    found = behaviour(controller())
    assert found.listeners[0].proxy_protocol is Reads.NOT
    assert route(controller()).real_ip == ()


def test_forwarded_headers_are_believed_from_everybody_unless_told_whom() -> None:
    named = controller("--configmap=edge/conf")
    (everybody,) = route(named, settings(use_forwarded_headers='"true"')).real_ip
    (some,) = route(named, settings(enable_real_ip='"true"', proxy_real_ip_cidr="10.0.0.0/8")).real_ip
    assert everybody.source == "x-forwarded-for"
    assert everybody.trust.everyone
    assert not some.trust.everyone
    assert some.trust.at
    assert text_at(some.trust.at) == "proxy-real-ip-cidr: 10.0.0.0/8"


@pytest.mark.parametrize(
    ("tag", "believes"), [("0.21.0", True), ("0.9.0-beta.11", True), ("0.22.0", False), ("v1.12.1", False)]
)
def test_before_0_22_0_everybody_was_believed_unless_told_otherwise(tag: str, believes: bool) -> None:
    image = f"quay.io/kubernetes-ingress-controller/nginx-ingress-controller:{tag}"
    assert bool(route(controller(image=image)).real_ip) is believes
    named = controller("--configmap=edge/conf", image=image)
    assert route(named, settings(use_forwarded_headers='"false"')).real_ip == ()


@pytest.mark.parametrize(
    ("annotation", "keyed", "networks"),
    [
        ("whitelist-source-range: '203.0.113.0/24, 198.51.100.7'", Keyed.ALLOW, ("203.0.113.0/24", "198.51.100.7/32")),
        ("allowlist-source-range: 203.0.113.0/24", Keyed.ALLOW, ("203.0.113.0/24",)),
        ("denylist-source-range: 203.0.113.0/24", Keyed.DENY, ("203.0.113.0/24",)),
        ("limit-rps: '5'", Keyed.LIMIT, ()),
        ("limit-rpm: '5'", Keyed.LIMIT, ()),
        ("limit-connections: '5'", Keyed.LIMIT, ()),
    ],
)
def test_an_annotation_of_an_ingress_that_it_serves_is_a_control(
    annotation: str, keyed: Keyed, networks: tuple[str, ...]
) -> None:
    (control,) = route(controller("--ingress-class-by-name"), ingress(f"{PREFIX}/{annotation}")).controls
    assert control.keyed is keyed
    assert tuple(map(str, control.networks)) == networks
    assert control.basis.certain
    assert text_at(control.at) == f"{PREFIX}/{annotation}"


def test_it_is_assumed_that_a_class_of_its_word_is_its_own_where_the_class_was_not_read() -> None:
    (control,) = route(controller(), ingress(f"{PREFIX}/limit-rps: '5'")).controls
    assert control.basis.assumptions == ("the IngressClass nginx is k8s.io/ingress-nginx's",)


def test_of_two_controllers_with_one_class_none_is_known_to_serve_an_ingress() -> None:
    bundle = bundle_of(controller(), controller(name="d"), ingress(f"{PREFIX}/limit-rps: '5'"))
    found = [ingress_nginx.behaviour(each, bundle) for each in bundle.workloads]
    assert [each.listeners[0].routes[0].controls for each in found if each] == [(), ()]


def test_before_0_9_the_flag_of_its_config_map_had_another_name() -> None:
    image = "gcr.io/google_containers/nginx-ingress-controller:0.8.3"
    told = (controller("--nginx-configmap=$(POD_NAMESPACE)/conf", image=image), settings(use_proxy_protocol='"true"'))
    assert behaviour(*told).listeners[0].proxy_protocol is Reads.STRICTLY


CLASS = """\
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: example.com/other}
"""


def test_a_class_of_another_controller_is_not_its_own_unless_it_goes_by_the_name() -> None:
    limited = ingress(f"{PREFIX}/limit-rps: '5'")
    assert route(controller(), CLASS, limited).controls == ()
    assert len(route(controller("--ingress-class-by-name"), CLASS, limited).controls) == 1
