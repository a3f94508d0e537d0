"""Kong: what its environment comes to, and which plugins it runs."""

from __future__ import annotations

import pytest

from nginx_pods import bundle_of, text_at
from srcip_lint.bundle import Bundle
from srcip_lint.inputs import gather
from srcip_lint.path.hops import Keyed
from srcip_lint.proxies import kong
from srcip_lint.proxies.behaviour import Control, ProxyBehaviour, Reads, Route, Writes
from srcip_lint.sources import Reading, Source

CONTROLLER = "{name: controller, image: 'kong/kubernetes-ingress-controller:3.5'%s}"


def deployment(*containers: str, name: str = "kong", namespace: str = "edge", pod: str = "") -> str:
    written = "".join(f"      - {each}\n" for each in containers)
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: kong}}}}
  template:
    metadata: {{labels: {{app: kong}}}}
    spec:
      {pod or "terminationGracePeriodSeconds: 30"}
      containers:
{written}"""


def proxy(rest: str = "", image: str = "kong:3.9", **variables: str) -> str:
    env = ", ".join(f"{{name: KONG_{name}, value: '{value}'}}" for name, value in variables.items())
    return f"{{name: proxy, image: '{image}', env: [{env}]{rest}}}"


def plugin(name: str, config: str, rest: str = "", kind: str = "KongPlugin", metadata: str = "namespace: shop") -> str:
    return (
        f"apiVersion: configuration.konghq.com/v1\nkind: {kind}\nmetadata: {{name: p, {metadata}}}\n"
        f"plugin: {name}\nconfig: {config}\n{rest}"
    )


def restriction(config: str = "{allow: [203.0.113.0/24]}", **more: str) -> str:
    return plugin("ip-restriction", config, **more)


def ingress(plugins: str = "p", class_name: str = "kong") -> str:
    return (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  namespace: shop\n"
        f"  annotations: {{konghq.com/plugins: '{plugins}'}}\nspec:\n  ingressClassName: {class_name}\n"
        "  defaultBackend: {service: {name: web, port: {number: 80}}}\n"
    )


def service(plugins: str = "p", name: str = "web", namespace: str = "shop") -> str:
    return (
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}, "
        f"annotations: {{konghq.com/plugins: '{plugins}'}}}}\nspec: {{ports: [{{port: 80}}], selector: {{app: w}}}}\n"
    )


def behaviour(*texts: str) -> ProxyBehaviour:
    bundle = bundle_of(*texts)
    found = kong.behaviour(bundle.workloads[0], bundle)
    assert found
    return found


def route(*texts: str) -> Route:
    (found,) = behaviour(*texts).listeners[0].routes
    return found


def controls(*texts: str) -> tuple[Control, ...]:
    return route(deployment(CONTROLLER % "", proxy()), *texts).controls


def told(*texts: str) -> list[tuple[Keyed, str]]:
    return [(each.keyed, " ".join(map(str, each.networks))) for each in controls(*texts)]


ONLY_OFFICE = [(Keyed.ALLOW, "203.0.113.0/24")]


@pytest.mark.parametrize(
    "image",
    ["kong", "kong:3.9", "docker.io/kong/kong:3.9", "kong/kong-gateway:3.12", "docker.io/bitnami/kong@sha256:0"],
)
def test_it_is_known_by_its_image(image: str) -> None:
    assert behaviour(deployment(proxy(image=image))).product == "Kong"


@pytest.mark.parametrize("image", ["kong/kubernetes-ingress-controller:3.5", "kong/httpbin", "nginx"])
def test_other_images_are_not_it(image: str) -> None:
    bundle = bundle_of(deployment(proxy(image=image)))
    assert kong.behaviour(bundle.workloads[0], bundle) is None


def test_migrations_of_its_database_are_not_it() -> None:
    bundle = bundle_of(deployment(proxy(", args: [kong, migrations, bootstrap]")))
    assert kong.behaviour(bundle.workloads[0], bundle) is None


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, [(8000, Reads.NOT, ""), (8443, Reads.NOT, "")]),
        ({"PROXY_LISTEN": "0.0.0.0:80 reuseport, [::]:80"}, [(80, Reads.NOT, ""), (80, Reads.NOT, "")]),
        ({"PROXY_LISTEN": "0.0.0.0:80 proxy_protocol ssl"}, [(80, Reads.STRICTLY, "")]),
        ({"PROXY_LISTEN": "127.0.0.1:80"}, [(80, Reads.NOT, "127.0.0.1")]),
        ({"PROXY_LISTEN": "off"}, []),
    ],
)
def test_it_listens_where_it_is_told_to(variables: dict[str, str], expected: list[tuple[int, Reads, str]]) -> None:
    found = behaviour(deployment(proxy(**variables)))
    assert [(each.port, each.proxy_protocol, each.address) for each in found.listeners] == expected


def test_it_believes_nobody_unless_told_whom() -> None:
    found = route(deployment(proxy(REAL_IP_HEADER="X-Forwarded-For")))
    assert found.real_ip == ()
    assert [(each.header, each.writes) for each in found.writes] == [
        ("x-forwarded-for", Writes.APPENDS),
        ("x-real-ip", Writes.REPLACES),
    ]


@pytest.mark.parametrize(
    ("variables", "header", "recursive"),
    [
        ({}, "x-real-ip", False),
        ({"REAL_IP_HEADER": "X-Forwarded-For", "REAL_IP_RECURSIVE": "on"}, "x-forwarded-for", True),
        ({"NGINX_PROXY_REAL_IP_HEADER": "proxy_protocol"}, "proxy_protocol", False),
        ({"NGINX_PROXY_REAL_IP_RECURSIVE": "on"}, "x-real-ip", True),
    ],
)
def test_whom_it_trusts_tells_it_of_the_client(variables: dict[str, str], header: str, *, recursive: bool) -> None:
    found = route(deployment(proxy(TRUSTED_IPS="10.0.0.0/8,unix:", **variables)))
    (real_ip,) = found.real_ip
    assert (real_ip.source, real_ip.recursive) == (header, recursive)
    assert [str(each) for each in real_ip.trust.networks] == ["10.0.0.0/8"]
    assert not real_ip.trust.unreadable
    assert found.writes[0].writes is Writes.UNKNOWN


def test_what_is_no_address_leaves_open_whom_it_trusts() -> None:
    (real_ip,) = route(deployment(proxy(TRUSTED_IPS="10.0.0.0/8,office"))).real_ip
    assert real_ip.trust.unreadable


@pytest.mark.parametrize(
    ("container", "why"),
    [
        (proxy(", envFrom: [{configMapRef: {name: x}}]"), "environment"),
        (proxy(", volumeMounts: [{name: x, mountPath: /etc/kong/kong.conf}]"), "configuration file"),
        (proxy(", args: [kong, start, --nginx-conf, /x]"), "command"),
        (proxy(TRUSTED_IPS="${IPS}"), "KONG_TRUSTED_IPS"),
        (proxy(PROXY_LISTEN="${L}"), "KONG_PROXY_LISTEN"),
        (proxy(REAL_IP_HEADER="${L}"), "KONG_REAL_IP_HEADER"),
        (proxy(NGINX_PROXY_SET_REAL_IP_FROM="10.0.0.0/8"), "KONG_NGINX_PROXY_SET_REAL_IP_FROM"),
        (proxy(NGINX_HTTP_INCLUDE="/x"), "KONG_NGINX_HTTP_INCLUDE"),
    ],
)
def test_what_is_not_read_leaves_it_unknown(container: str, why: str) -> None:
    found = behaviour(deployment(container))
    assert not found.complete
    assert why in found.why_incomplete


def test_a_plugin_that_an_ingress_names_decides_at_its_own_place() -> None:
    (found,) = controls(restriction(), ingress("other, p"))
    assert (found.keyed, found.name) == (Keyed.ALLOW, "ip-restriction allow")
    assert text_at(found.at) == "allow"
    assert found.basis.certain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (restriction("{deny: [203.0.113.7]}"), [(Keyed.DENY, "203.0.113.7/32")]),
        (
            restriction("{allow: [203.0.113.0/24], deny: [203.0.113.7]}"),
            [*ONLY_OFFICE, (Keyed.DENY, "203.0.113.7/32")],
        ),
        (restriction("{whitelist: [203.0.113.0/24]}"), ONLY_OFFICE),
        (restriction("{allow: [0.0.0.0/0]}"), []),
        (restriction("{allow: [office]}"), []),
        (restriction("'${CONFIG}'"), []),
        (restriction(rest="disabled: true\n"), []),
        (restriction(rest="disabled: ${OFF}\n"), []),
        (restriction(rest="configPatches: []\n"), []),
        (restriction(rest="configFrom: {secretKeyRef: {}}\n"), []),
        (restriction(metadata="namespace: other"), []),
        (plugin("rate-limiting", "{minute: 5, limit_by: ip}"), [(Keyed.LIMIT, "")]),
        (plugin("rate-limiting", "{minute: 5, limit_by: header}"), []),
        (plugin("rate-limiting", "{limit_by: ip}"), []),
        (plugin("cors", "{allow: [203.0.113.0/24]}"), []),
    ],
)
def test_what_a_plugin_comes_to(text: str, expected: list[tuple[Keyed, str]]) -> None:
    assert told(text, ingress()) == expected


def test_a_list_goes_on_where_a_placeholder_stands() -> None:
    (found,) = controls(restriction("{allow: [203.0.113.0/24, '${NET}']}"), ingress())
    assert found.unreadable


def test_requests_that_nobody_tells_whose_they_are_are_counted_by_address() -> None:
    limit = plugin("rate-limiting", "{minute: 5}")
    (found,) = controls(limit, ingress())
    assert text_at(found.at) == "minute: 5"
    assert found.basis.assumptions
    assert told(limit, ingress(), plugin("key-auth", "{}").replace("name: p", "name: q")) == []
    assert told(limit, ingress(), plugin("${P}", "{}").replace("name: p", "name: q")) == []
    consumer = "apiVersion: configuration.konghq.com/v1\nkind: KongConsumer\nmetadata: {name: c}\n"
    assert told(limit, ingress(), consumer) == []
    assert len(told(plugin("rate-limiting", "{minute: 5, limit_by: ip}"), ingress(), consumer)) == 1


def test_a_plugin_that_a_consumer_names_is_for_that_consumer() -> None:
    consumer = (
        "apiVersion: configuration.konghq.com/v1\nkind: KongConsumer\n"
        "metadata: {name: c, namespace: shop, annotations: {konghq.com/plugins: p}}\n"
    )
    assert told(restriction(), ingress(), consumer) == []


def test_a_plugin_that_nothing_names_runs_nowhere() -> None:
    assert told(restriction()) == []
    assert told(restriction(), ingress("q")) == []
    assert told(restriction(), ingress(class_name="nginx")) == []


def test_a_service_names_a_plugin_for_the_ingresses_that_send_to_it() -> None:
    assert told(restriction(), ingress(""), service()) == ONLY_OFFICE
    assert told(restriction(), ingress(), service()) == ONLY_OFFICE
    assert told(restriction(), service()) == []
    assert told(restriction(), ingress(""), service(name="other")) == []
    assert told(restriction(metadata="namespace: other"), ingress(""), service(namespace="other")) == []


GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: kong}
spec: {controllerName: konghq.com/kic-gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web, namespace: edge}
spec: {gatewayClassName: kong}
"""


def http_route(plugins: str = "p", parent: str = "{name: web, namespace: edge}") -> str:
    return (
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
        f"metadata: {{name: web, namespace: shop, annotations: {{konghq.com/plugins: '{plugins}'}}}}\n"
        f"spec: {{parentRefs: [{parent}], rules: [{{backendRefs: [{{name: web, port: 80}}]}}]}}\n"
    )


def test_an_http_route_names_a_plugin_where_its_gateway_is_kongs() -> None:
    assert told(restriction(), GATEWAY, http_route()) == ONLY_OFFICE
    assert told(restriction(), GATEWAY, http_route(""), service()) == ONLY_OFFICE


@pytest.mark.parametrize(
    "texts",
    [
        (http_route(),),
        (GATEWAY, http_route(parent="{name: web}")),
        (GATEWAY, http_route(parent="{name: web, namespace: edge, kind: Service}")),
        (GATEWAY, http_route(parent="{name: web, namespace: '${NS}'}")),
        (GATEWAY.replace("konghq.com/kic", "example.com/x"), http_route()),
        (GATEWAY.replace("gatewayClassName: kong", "gatewayClassName: x"), http_route()),
    ],
)
def test_an_http_route_of_another_gateway_runs_nothing(texts: tuple[str, ...]) -> None:
    assert told(restriction(), *texts) == []


def test_an_http_route_that_the_controller_does_not_look_at_runs_nothing() -> None:
    for settings in ("[--watch-namespace=other]", "[--gateway-api-controller-name=example.com/x]"):
        pods = deployment(CONTROLLER % f", args: {settings}", proxy())
        assert route(pods, restriction(), GATEWAY, http_route()).controls == ()
    assert route(deployment(proxy()), restriction(), GATEWAY, http_route()).controls == ()


def test_a_gateway_may_still_make_pods() -> None:
    assert [each.kind for each in bundle_of(GATEWAY).inputs.foreign] == ["Gateway"]


OF_CLASS = "annotations: {kubernetes.io/ingress.class: kong}"


@pytest.mark.parametrize(
    ("metadata", "kind", "named", "is_run"),
    [
        (f"{OF_CLASS}, labels: {{global: 'true'}}", "KongClusterPlugin", False, True),
        (OF_CLASS, "KongClusterPlugin", False, False),
        ("labels: {global: 'true'}", "KongClusterPlugin", False, False),
        (f"namespace: shop, {OF_CLASS}, labels: {{global: 'true'}}", "KongPlugin", False, False),
        (OF_CLASS, "KongClusterPlugin", True, True),
        ("annotations: {}", "KongClusterPlugin", True, False),
    ],
)
def test_a_plugin_of_the_cluster_is_of_a_class_and_named_or_global(
    metadata: str, kind: str, *, named: bool, is_run: bool
) -> None:
    text = restriction(kind=kind, metadata=metadata)
    assert bool(told(text, ingress("p" if named else ""))) is is_run


def test_a_plugin_of_the_namespace_goes_before_one_of_the_cluster() -> None:
    of_cluster = restriction("{allow: [198.51.100.0/24]}", kind="KongClusterPlugin", metadata=OF_CLASS)
    assert told(of_cluster, restriction(), ingress()) == ONLY_OFFICE


@pytest.mark.parametrize(
    ("settings", "is_run"),
    [
        ("", True),
        (", args: [--ingress-class=public]", False),
        (", env: [{name: CONTROLLER_INGRESS_CLASS, value: public}]", False),
        (", args: [--watch-namespace=shop]", True),
        (", args: [--watch-namespace=other]", False),
        (", args: ['--watch-namespace=shop,other']", False),
        (", env: [{name: CONTROLLER_WATCH_NAMESPACE, value: other}]", False),
    ],
)
def test_the_controller_beside_it_or_near_it_tells_it_what_to_serve(settings: str, *, is_run: bool) -> None:
    together = deployment(CONTROLLER % settings, proxy())
    apart = (deployment(proxy()), deployment(CONTROLLER % settings, name="controller"))
    for pods in ((together,), apart):
        assert bool(route(*pods, restriction(), ingress()).controls) is is_run


def test_without_a_controller_it_serves_no_ingress() -> None:
    assert route(deployment(proxy()), restriction(), ingress()).controls == ()
    elsewhere = deployment(CONTROLLER % "", name="controller", namespace="other")
    assert route(deployment(proxy()), elsewhere, restriction(), ingress()).controls == ()
    two = (deployment(CONTROLLER % "", name="a"), deployment(CONTROLLER % "", name="b"))
    assert route(deployment(proxy()), *two, restriction(), ingress()).controls == ()


GLOBAL = f"{OF_CLASS}, labels: {{global: 'true'}}"


@pytest.mark.parametrize(
    ("mine", "others"),
    [
        (ingress(""), (service(), restriction())),
        (ingress(), (restriction(),)),
        (ingress(), (restriction(kind="KongClusterPlugin", metadata=GLOBAL),)),
        (f"{GATEWAY}---\n{http_route('')}", (service(), restriction())),
    ],
)
def test_what_stands_beside_another_definition_is_of_another_bundle(mine: str, others: tuple[str, ...]) -> None:
    pods = deployment(CONTROLLER % "", proxy())
    assert len(route(f"{pods}---\n{mine}", *others).controls) == 1
    contradicting = "---\n".join((mine, *others))
    assert route(f"{pods}---\n{mine}", contradicting).controls == ()


def test_of_two_plugins_of_one_name_nobody_knows_which_runs() -> None:
    assert told(restriction(), restriction("{deny: [203.0.113.7]}"), ingress()) == []


def test_a_gateway_beside_another_definition_of_the_route_is_not_the_routes() -> None:
    class_, gateway = GATEWAY.split("---\n")
    pods = f"{deployment(CONTROLLER % '', proxy())}---\n{class_}"
    assert len(route(pods, gateway, f"{restriction()}---\n{http_route()}").controls) == 1
    texts = (f"{gateway}---\n{http_route()}", f"{restriction()}---\n{http_route()}")
    assert route(pods, *texts).controls == ()


def test_each_cluster_has_its_own_routes() -> None:
    pods = deployment(CONTROLLER % "", proxy())
    texts = {"a/all": f"{pods}---\n{GATEWAY}---\n{restriction()}---\n{http_route()}"}
    texts["b/all"] = pods.replace("name: kong", "name: b")
    bundle = Bundle(
        gather([Source(f"{at}.yaml", text.encode(), named=True) for at, text in texts.items()], Reading([]))
    )
    found = [kong.behaviour(each, bundle) for each in bundle.workloads]
    assert [len(each.listeners[0].routes[0].controls) for each in found if each] == [1, 0]


def test_each_cluster_has_its_own_plugins() -> None:
    pods = deployment(CONTROLLER % "", proxy())
    global_plugin = restriction(kind="KongClusterPlugin", metadata=GLOBAL)
    refused = restriction("{deny: [203.0.113.7]}")
    texts = {
        "a/all": f"{pods}---\n{restriction()}---\n{ingress()}",
        "b/all": f"{pods.replace('name: kong', 'name: b')}---\n{refused}---\n{ingress()}",
        "c/all": f"{pods.replace('name: kong', 'name: c')}---\n{global_plugin}",
    }
    bundle = Bundle(
        gather([Source(f"{at}.yaml", text.encode(), named=True) for at, text in texts.items()], Reading([]))
    )
    found = [kong.behaviour(each, bundle) for each in bundle.workloads]
    assert [[control.keyed for control in each.listeners[0].routes[0].controls] for each in found if each] == [
        [Keyed.ALLOW],
        [Keyed.DENY],
        [Keyed.ALLOW],
    ]
