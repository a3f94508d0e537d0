"""ingress-nginx: what its flags, its ConfigMap and the Ingresses that it serves come to."""

from __future__ import annotations

import pytest

from nginx_pods import bundle_of, text_at
from srcip_lint.path.hops import Keyed
from srcip_lint.proxies import ingress_nginx
from srcip_lint.proxies.behaviour import ProxyBehaviour, Reads, Route
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


def test_it_listens_where_its_flags_say_and_on_no_port_of_a_tcp_service() -> None:
    assert [each.port for each in behaviour(controller()).listeners] == [80, 443]
    moved = behaviour(controller("--http-port=8080", "--https-port", "8443"))
    assert [each.port for each in moved.listeners] == [8080, 8443]


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
