"""NGINX Inc's ingress controller: what its flags and its ConfigMap come to."""

from __future__ import annotations

import pytest

from nginx_org_objects import CONFIGURED, controller, server, settings
from nginx_pods import bundle_of, text_at
from srcip_lint.proxies import behaviours, nginx_org
from srcip_lint.proxies.behaviour import ProxyBehaviour, Reads, Route, Writes


def behaviour(*texts: str) -> ProxyBehaviour:
    bundle = bundle_of(*texts)
    found = nginx_org.behaviour(bundle.workloads[0], bundle)
    assert found
    return found


def route(*texts: str) -> Route:
    (found,) = behaviour(*texts).listeners[0].routes
    return found


@pytest.mark.parametrize(
    "image",
    [
        "nginx/nginx-ingress:4.0.0",
        "nginx/nginx-ingress@sha256:ff",
        "quay.io/nginx/nginx-ingress:edge",
        "ghcr.io/nginxinc/kubernetes-ingress:3.4.0",
        "private-registry.nginx.com/nginx-ic/nginx-plus-ingress:5.0.0",
        "registry.example/nginx-plus-ingress",
    ],
)
def test_it_is_known_by_its_image_and_no_other_adapter_takes_it_too(image: str) -> None:
    bundle = bundle_of(controller(image=image))
    found = behaviours(bundle.workloads[0], bundle)
    assert found
    assert (found.product, found.complete) == ("NGINX Ingress Controller", True)


@pytest.mark.parametrize(
    "image",
    [
        "nginx:1.27",
        "registry.k8s.io/ingress-nginx/controller:v1.12.1",
        "rancher/nginx-ingress-controller:nginx-1.9",
        "nginx/nginx-ingress-operator:3.0.0",
        "nginxinc/nginx-unprivileged",
    ],
)
def test_other_images_are_not_it(image: str) -> None:
    bundle = bundle_of(controller(image=image))
    assert nginx_org.behaviour(bundle.workloads[0], bundle) is None


@pytest.mark.parametrize(
    ("arguments", "ports"),
    [
        ((), [80, 443]),
        (("-default-http-listener-port=8080", "-default-https-listener-port", "8443"), [8080, 8443]),
        (("-tls-passthrough-port=9443",), [80, 443]),
        (("-tls-passthrough-port=9443", "-enable-tls-passthrough"), [80, 9443]),
    ],
)
def test_it_listens_where_its_flags_say(arguments: tuple[str, ...], ports: list[int]) -> None:
    assert [each.port for each in behaviour(controller(*arguments)).listeners] == ports


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ((CONFIGURED,), "its ConfigMap conf was not read"),
        ((CONFIGURED, settings(set_real_ip_from="${TRUSTED}")), "set-real-ip-from of its ConfigMap is a placeholder"),
        ((CONFIGURED, settings(http_snippets="real_ip_header X;")), "http-snippets of its ConfigMap change whom"),
        ((CONFIGURED, settings(main_template="http {}")), "template of its own"),
        ((controller("-ingress-template-path=/mine"),), "template of its own"),
        ((controller(mount="/nginx.ingress.tmpl"),), "template of its own"),
        ((controller(), server('{http-snippets: "real_ip_header X;"}')), "http-snippets of a VirtualServer"),
    ],
)
def test_what_is_not_read_leaves_it_unknown(texts: tuple[str, ...], why: str) -> None:
    found = behaviour(*texts)
    assert not found.complete
    assert why in found.why_incomplete


def test_variables_of_nginx_in_a_setting_are_no_placeholders() -> None:
    texts = (CONFIGURED, settings(log_format="$remote_addr", http_snippets="map $host $x { default 1; }"))
    assert behaviour(*texts).complete


def test_by_default_it_believes_nobody_replaces_one_header_and_appends_to_the_other() -> None:
    found = behaviour(controller())
    assert found.listeners[0].proxy_protocol is Reads.NOT
    assert route(controller()).real_ip == ()
    assert [(each.header, each.writes) for each in route(controller()).writes] == [
        ("x-forwarded-for", Writes.APPENDS),
        ("x-real-ip", Writes.REPLACES),
    ]


def test_it_believes_the_header_that_is_named_from_those_that_are_named() -> None:
    texts = (CONFIGURED, settings(real_ip_header="X-Forwarded-For", set_real_ip_from='"10.0.0.0/8, fd00::/8"'))
    (found,) = route(*texts).real_ip
    assert (found.source, found.recursive, found.source_written) == ("x-forwarded-for", False, True)
    assert list(map(str, found.trust.networks)) == ["10.0.0.0/8", "fd00::/8"]
    assert text_at(found.at) == "real-ip-header: X-Forwarded-For"
    assert found.trust.at
    assert text_at(found.trust.at) == 'set-real-ip-from: "10.0.0.0/8, fd00::/8"'


def test_without_a_name_the_header_is_x_real_ip_and_without_networks_nobody_is_believed() -> None:
    (by_default,) = route(CONFIGURED, settings(set_real_ip_from="10.0.0.0/8", real_ip_recursive='"True"')).real_ip
    (inert,) = route(CONFIGURED, settings(real_ip_header="X-Forwarded-For")).real_ip
    assert (by_default.source, by_default.recursive, by_default.source_written) == ("x-real-ip", True, False)
    assert not inert.trust.networks
    assert not inert.trust.unreadable


def test_a_host_name_among_the_networks_is_not_read() -> None:
    (found,) = route(CONFIGURED, settings(set_real_ip_from="'10.0.0.0/8,lb.example'")).real_ip
    assert found.trust.unreadable


def test_the_proxy_protocol_is_read_strictly_and_with_tls_passthrough_it_is_what_counts() -> None:
    configured = settings(proxy_protocol='"true"', real_ip_header="X-Forwarded-For", set_real_ip_from="10.0.0.0/8")
    assert behaviour(CONFIGURED, configured).listeners[0].proxy_protocol is Reads.STRICTLY
    passing = controller("-nginx-configmaps=edge/conf", "-enable-tls-passthrough=true")
    assert [each.source for each in route(passing, configured).real_ip] == ["proxy_protocol"]


@pytest.mark.parametrize(
    ("arguments", "setting", "writes"),
    [
        (("-enable-snippets",), {"disable_forwarded_headers": '"true"'}, [Writes.PASSES, Writes.REPLACES]),
        ((), {"disable_forwarded_headers": '"true"'}, [Writes.APPENDS, Writes.REPLACES]),
        ((), {"location_snippets": "proxy_set_header X-Real-IP $host;"}, [Writes.UNKNOWN, Writes.UNKNOWN]),
    ],
)
def test_what_becomes_of_the_headers_otherwise(
    arguments: tuple[str, ...], setting: dict[str, str], writes: list[Writes]
) -> None:
    found = route(controller("-nginx-configmaps=edge/conf", *arguments), settings(**setting))
    assert [each.writes for each in found.writes] == writes
