"""Contour: which pods are its Envoys, what they are told, and which HTTPProxies they serve."""

from __future__ import annotations

import pytest

from nginx_pods import bundle_of, text_at
from srcip_lint.bundle import Bundle
from srcip_lint.inputs import gather
from srcip_lint.path.hops import Keyed
from srcip_lint.proxies import contour
from srcip_lint.proxies.behaviour import Control, ProxyBehaviour, Reads, Route, Writes
from srcip_lint.sources import Reading, Source


def envoy(beside: str = "shutdown-manager", image: str = "docker.io/envoyproxy/envoy:v1.30.1") -> str:
    return f"""\
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: envoy, namespace: edge}}
spec:
  selector: {{matchLabels: {{app: envoy}}}}
  template:
    metadata: {{labels: {{app: envoy}}}}
    spec:
      containers:
      - {{name: manager, image: 'ghcr.io/projectcontour/contour:v1.29.0', args: [envoy, {beside}]}}
      - {{name: envoy, image: '{image}'}}
"""


def serve(*arguments: str, name: str = "contour", namespace: str = "edge") -> str:
    args = "".join(f"        - '{each}'\n" for each in ("serve", *arguments))
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: contour}}}}
  template:
    metadata: {{labels: {{app: contour}}}}
    spec:
      containers:
      - name: contour
        image: ghcr.io/projectcontour/contour:v1.29.0
        command: [contour]
        volumeMounts: [{{name: config, mountPath: /config}}]
        args:
{args}\
      volumes: [{{name: config, configMap: {{name: contour}}}}]
"""


FILE = "--config-path=/config/contour.yaml"


def config(text: str) -> str:
    return (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: contour, namespace: edge}\ndata:\n"
        f"  contour.yaml: |\n    {text}\n"
    )


def configuration(envoy_settings: str) -> str:
    return (
        "apiVersion: projectcontour.io/v1alpha1\nkind: ContourConfiguration\n"
        f"metadata: {{name: cc, namespace: edge}}\nspec:\n  envoy: {envoy_settings}\n"
    )


def proxy(spec: str, metadata: str = "name: web, namespace: shop") -> str:
    return f"apiVersion: projectcontour.io/v1\nkind: HTTPProxy\nmetadata: {{{metadata}}}\nspec: {spec}\n"


def hosted(policy: str, routes: str = "[{}]", rest: str = "") -> str:
    return proxy(f"{{virtualhost: {{fqdn: a.example, {policy}}}, routes: {routes}{rest}}}")


def entry(cidr: str = "203.0.113.0/24", source: str = "Peer") -> str:
    return f"{{source: {source}, cidr: '{cidr}'}}"


def allow(*entries: str) -> str:
    return f"ipAllowPolicy: [{', '.join(entries or [entry()])}]"


def behaviour(*texts: str) -> ProxyBehaviour:
    bundle = bundle_of(*texts)
    found = contour.behaviour(bundle.workloads[0], bundle)
    assert found
    return found


def route(*texts: str) -> Route:
    (found,) = behaviour(envoy(), *texts).listeners[0].routes
    return found


def told(*texts: str) -> list[tuple[Keyed, str]]:
    return [(each.keyed, " ".join(map(str, each.networks))) for each in route(serve(), *texts).controls]


def control(*texts: str) -> Control:
    (found,) = route(serve(), *texts).controls
    return found


ONLY_OFFICE = [(Keyed.ALLOW, "203.0.113.0/24")]


def test_its_envoys_are_those_beside_its_shutdown_manager() -> None:
    found = behaviour(envoy(), serve())
    assert [(each.port, each.proxy_protocol) for each in found.listeners] == [(8080, Reads.NOT), (8443, Reads.NOT)]
    assert [(each.header, each.writes) for each in found.listeners[0].routes[0].writes] == [
        ("x-forwarded-for", Writes.APPENDS)
    ]
    for other in (envoy("bootstrap"), envoy(image="nginx")):
        bundle = bundle_of(other, serve())
        assert contour.behaviour(bundle.workloads[0], bundle) is None


def test_flags_move_its_ports_and_read_the_proxy_protocol() -> None:
    found = behaviour(envoy(), serve("--envoy-service-http-port=80", "--use-proxy-protocol"))
    assert [(each.port, each.proxy_protocol) for each in found.listeners] == [
        (80, Reads.STRICTLY),
        (8443, Reads.STRICTLY),
    ]
    assert [each.source for each in found.listeners[0].routes[0].real_ip] == ["proxy_protocol"]


def test_a_file_tells_of_a_proxy_in_front() -> None:
    found = route(serve(FILE), config("network: {num-trusted-hops: 1}"))
    (real_ip,) = found.real_ip
    assert real_ip.source == "x-forwarded-for"
    assert text_at(real_ip.at) == "num-trusted-hops: 1"
    assert [each.writes for each in found.writes] == [Writes.UNKNOWN]
    assert route(serve(FILE), config("# nothing")).real_ip == ()


def test_a_contour_configuration_tells_all() -> None:
    told_by = serve("--contour-config-name=cc", "--use-proxy-protocol")
    found = behaviour(envoy(), told_by, configuration("{http: {port: 80}, listener: {useProxyProtocol: false}}"))
    assert [(each.port, each.proxy_protocol) for each in found.listeners] == [(80, Reads.NOT), (8443, Reads.NOT)]
    assert route(told_by, configuration("{network: {numTrustedHops: 1}}")).real_ip[0].source == "x-forwarded-for"
    assert route(told_by, configuration("{listener: {useProxyProtocol: true}}")).real_ip[0].source == "proxy_protocol"


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ((), "which Contour"),
        ((serve(namespace="other"),), "which Contour"),
        ((serve(), serve(name="b")), "which Contour"),
        ((serve(FILE),), "/config/contour.yaml was not read"),
        ((serve(FILE), config("{")), "/config/contour.yaml was not read"),
        ((serve(FILE), config("network: {num-trusted-hops: 2}")), "counts 2 proxies"),
        ((serve(FILE), config("network: {num-trusted-hops: '${N}'}")), "placeholder"),
        ((serve(FILE, "--use-proxy-protocol"), config("network: {num-trusted-hops: 1}")), "PROXY protocol and X-"),
        ((serve("--contour-config-name=cc"),), "ContourConfiguration cc was not read"),
        ((serve("--contour-config-name=dd"), configuration("{}")), "ContourConfiguration dd was not read"),
        ((serve("--contour-config-name=cc"), configuration("{}"), configuration("{}")), "cc was not read"),
        ((serve(FILE), config("network: {}\n    ---\n    network: {num-trusted-hops: 1}")), "was not read"),
        ((serve("--contour-config-name=cc"), configuration("{http: {port: '${P}'}}")), "placeholder"),
        ((serve("--envoy-service-http-port=${P}"),), "placeholder"),
    ],
)
def test_what_is_not_read_leaves_it_unknown(texts: tuple[str, ...], why: str) -> None:
    found = behaviour(envoy(), *texts)
    assert not found.complete
    assert why in found.why_incomplete


def test_a_list_of_a_host_is_a_control_at_its_own_place() -> None:
    found = control(hosted(allow()))
    assert (found.keyed, found.name, found.judges_peer) == (Keyed.ALLOW, "ipAllowPolicy", True)
    assert text_at(found.at).startswith("ipAllowPolicy")
    assert not control(hosted(allow(entry(source="Remote")))).judges_peer


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (hosted(f"ipDenyPolicy: [{entry()}]"), [(Keyed.DENY, "203.0.113.0/24")]),
        (hosted("", f"[{{{allow()}}}, {{}}]"), ONLY_OFFICE),
        (hosted(allow(entry("203.0.113.7"))), [(Keyed.ALLOW, "203.0.113.7/32")]),
        (hosted(allow(), f"[{{{allow(entry('198.51.100.0/24'))}}}]"), [(Keyed.ALLOW, "198.51.100.0/24")]),
        (hosted(allow(), "[]", ", includes: [{name: x}]"), ONLY_OFFICE),
        (hosted(allow(), "[]", ", tcpproxy: {}"), []),
        (hosted(f"{allow()}, ipDenyPolicy: [{entry()}]"), []),
        (hosted(allow(entry("office"))), []),
        (hosted(allow(entry("0.0.0.0/0"))), []),
        (hosted(allow(entry(source="'${S}'"))), []),
        (hosted("ipAllowPolicy: '${LIST}'"), []),
        (hosted(allow(entry(), entry("198.51.100.0/24", "Remote"))), [(Keyed.ALLOW, "203.0.113.0/24 198.51.100.0/24")]),
    ],
)
def test_what_a_host_and_its_routes_come_to(spec: str, expected: list[tuple[Keyed, str]]) -> None:
    assert told(spec) == expected


def test_lists_about_the_peer_and_about_whom_it_speaks_for_differ_with_a_proxy_in_front() -> None:
    mixed = hosted(allow(entry(), entry("198.51.100.0/24", "Remote")))
    assert not control(mixed).judges_peer
    in_front = (serve(FILE), config("network: {num-trusted-hops: 1}"))
    assert route(*in_front, mixed).controls == ()
    assert [each.judges_peer for each in route(*in_front, hosted(allow())).controls] == [True]
    assert route(serve("--use-proxy-protocol"), hosted(allow())).controls == ()


@pytest.mark.parametrize(
    ("flags", "class_name", "is_served"),
    [
        ((), "", True),
        ((), "contour", True),
        ((), "public", False),
        ((), "${CLASS}", False),
        (("--ingress-class-name=a,public",), "public", True),
        (("--ingress-class-name=public",), "", False),
        (("--watch-namespaces=shop",), "", True),
        (("--watch-namespaces=other",), "", False),
        (("--root-namespaces=other",), "", False),
    ],
)
def test_it_serves_proxies_of_its_class_and_its_namespaces(
    flags: tuple[str, ...], class_name: str, is_served: bool
) -> None:
    by_field = hosted(allow(), rest=f", ingressClassName: '{class_name}'" if class_name else "")
    note = f"name: web, namespace: shop, annotations: {{kubernetes.io/ingress.class: '{class_name}'}}"
    by_annotation = hosted(allow()).replace("name: web, namespace: shop", note) if class_name else by_field
    for text in (by_field, by_annotation):
        assert bool(route(serve(*flags), text).controls) is is_served


def test_routes_that_no_host_goes_on_in_serve_nothing() -> None:
    child = proxy(f"{{routes: [{{{allow()}}}]}}", "name: child, namespace: team")
    assert told(child) == []
    between = proxy("{includes: [{name: child}]}", "name: between, namespace: team")
    assert told(child, between) == []
    assert told(child, between, hosted("", "[]", ", includes: [{name: between, namespace: team}]")) == ONLY_OFFICE
    assert told(child, proxy("{includes: [{name: child}]}", "name: child, namespace: team")) == []
    assert told(child, hosted("", "[]", ", includes: [{name: child}]")) == []


def test_only_hosts_are_bound_to_the_root_namespaces() -> None:
    child = proxy(f"{{routes: [{{{allow()}}}]}}", "name: child, namespace: team")
    host = hosted("", "[]", ", includes: [{name: child, namespace: team}]")
    assert len(route(serve("--root-namespaces=shop"), child, host).controls) == 1


def test_the_nearest_contour_serves_a_proxy() -> None:
    texts = {
        "a/all": envoy() + "---\n" + serve(),
        "a/web": hosted(allow()),
        "b/all": envoy() + "---\n" + serve(),
    }
    bundle = Bundle(
        gather([Source(f"{at}.yaml", text.encode(), named=True) for at, text in texts.items()], Reading([]))
    )
    found = [contour.behaviour(each, bundle) for each in bundle.workloads if each.kind == "DaemonSet"]
    assert [len(each.listeners[0].routes[0].controls) for each in found if each] == [1, 0]
