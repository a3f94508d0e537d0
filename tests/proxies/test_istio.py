"""Istio's gateways: which pods are one, what stands in front of them, and which policies are about them."""

from __future__ import annotations

import pytest

from nginx_pods import bundle_of, text_at
from srcip_lint.bundle import Bundle
from srcip_lint.inputs import gather
from srcip_lint.path.hops import Keyed
from srcip_lint.proxies import istio
from srcip_lint.proxies.behaviour import Control, ProxyBehaviour, Reads, Route, Writes
from srcip_lint.sources import Reading, Source

CHART = "annotations: {inject.istio.io/templates: gateway}"
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: gw, namespace: edge}
spec:
  type: LoadBalancer
  selector: {istio: gw}
  ports:
  - {name: status-port, port: 15021}
  - {name: http2, port: 80, targetPort: 8080}
  - {name: https, port: 443, targetPort: web}
  - {name: tcp, port: 31400}
  - {name: http3, port: 443, protocol: UDP, targetPort: 8444}
"""


def gateway(
    annotations: str = CHART, image: str = "auto", args: str = "[]", labels: str = "istio: gw", name: str = "gw"
) -> str:
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: edge}}
spec:
  selector: {{matchLabels: {{{labels}}}}}
  template:
    metadata:
      labels: {{{labels}}}
      {annotations}
    spec:
      containers:
      - name: istio-proxy
        image: {image}
        args: {args}
        ports: [{{name: web, containerPort: 8443}}]
"""


def policy(
    *rules: str,
    action: str = "ALLOW",
    selector: str = "selector: {matchLabels: {istio: gw}}",
    name: str = "p",
    namespace: str = "edge",
    annotations: str = "",
) -> str:
    written = "".join(f"  - {rule}\n" for rule in rules)
    return f"""\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: {name}, namespace: {namespace}{annotations}}}
spec:
  {selector}
  action: {action}
  rules:
{written}"""


def source(text: str) -> str:
    return f"from: [{{source: {{{text}}}}}]"


def mesh(text: str, name: str = "istio") -> str:
    return (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: istio-system}}\n"
        f"data:\n  mesh: |\n    defaultConfig:\n      gatewayTopology: {text}\n"
    )


def envoy_filter(text: str, selector: str = "workloadSelector: {labels: {istio: gw}}") -> str:
    return (
        "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: f, namespace: edge}\n"
        f"spec:\n  {selector}\n  configPatches:\n  - applyTo: LISTENER\n    patch: {text}\n"
    )


def behaviour(*texts: str) -> ProxyBehaviour:
    bundle = bundle_of(*texts)
    found = istio.behaviour(bundle.workloads[0], bundle)
    assert found
    return found


def route(*texts: str) -> Route:
    (found,) = behaviour(gateway(), SERVICE, *texts).listeners[0].routes
    return found


def told(*texts: str) -> list[tuple[Keyed, str]]:
    return [(each.keyed, " ".join(map(str, each.networks))) for each in route(*texts).controls]


def control(*texts: str) -> Control:
    (found,) = route(*texts).controls
    return found


OFFICE = "ipBlocks: [203.0.113.0/24]"
ONLY_OFFICE = [(Keyed.ALLOW, "203.0.113.0/24")]


@pytest.mark.parametrize(
    ("annotations", "image", "args"),
    [
        (CHART, "auto", "[]"),
        ("", "docker.io/istio/proxyv2:1.24.0", "[proxy, router, --domain, x]"),
        ("", "registry.redhat.io/openshift-service-mesh/proxyv2-rhel8@sha256:00", "[proxy, router]"),
        (CHART, "gcr.io/istio-release/proxyv2:1.20", "[]"),
    ],
)
def test_a_gateway_is_a_proxy_without_an_application(annotations: str, image: str, args: str) -> None:
    assert behaviour(gateway(annotations, image, args), SERVICE).product == "Istio gateway"


@pytest.mark.parametrize(
    ("annotations", "image", "args"),
    [
        ("", "auto", "[]"),
        ("", "docker.io/istio/proxyv2:1.24.0", "[proxy, sidecar]"),
        ("annotations: {inject.istio.io/templates: sidecar}", "auto", "[]"),
        (CHART, "nginx", "[]"),
    ],
)
def test_a_sidecar_and_anything_else_is_none(annotations: str, image: str, args: str) -> None:
    bundle = bundle_of(gateway(annotations, image, args))
    assert istio.behaviour(bundle.workloads[0], bundle) is None


def test_it_listens_where_its_services_send_requests_and_not_on_istios_own_ports() -> None:
    found = behaviour(gateway(), SERVICE)
    assert [(each.port, each.proxy_protocol) for each in found.listeners] == [(8080, Reads.NOT), (8443, Reads.NOT)]


def test_it_appends_its_peer_and_rests_on_a_mesh_that_was_not_read() -> None:
    found = behaviour(gateway(), SERVICE)
    (write,) = found.listeners[0].routes[0].writes
    assert (write.header, write.writes) == ("x-forwarded-for", Writes.APPENDS)
    assert "numTrustedProxies" in found.basis.assumptions[0]
    assert behaviour(gateway(), SERVICE, mesh("{}")).basis.certain


OPERATOR = """\
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: istio, namespace: istio-system}
spec:
  meshConfig:
    defaultConfig:
      gatewayTopology: {numTrustedProxies: 1}
"""
SAIL = """\
apiVersion: sailoperator.io/v1
kind: Istio
metadata: {name: default}
spec:
  values:
    meshConfig:
      defaultConfig:
        gatewayTopology: {numTrustedProxies: 1}
"""


@pytest.mark.parametrize(
    "text", [mesh("{numTrustedProxies: 1}"), mesh("{numTrustedProxies: 1}", "istio-1-24"), OPERATOR, SAIL]
)
def test_with_one_proxy_in_front_it_takes_the_last_entry_whoever_sent_it(text: str) -> None:
    found = route(text)
    (real_ip,) = found.real_ip
    assert (real_ip.source, real_ip.recursive, real_ip.trust.everyone) == ("x-forwarded-for", False, True)
    assert "numTrustedProxies" in text_at(real_ip.at)
    assert [each.writes for each in found.writes] == [Writes.UNKNOWN]


def test_the_pods_annotation_goes_before_the_mesh_field_by_field() -> None:
    config = "proxy.istio.io/config: '{gatewayTopology: {numTrustedProxies: 0}}'"
    annotated = f"annotations: {{inject.istio.io/templates: gateway, {config}}}"
    found = behaviour(gateway(annotated), SERVICE, mesh("{numTrustedProxies: 1}"))
    assert found.listeners[0].routes[0].real_ip == ()
    found = behaviour(gateway(annotated), SERVICE, mesh("{numTrustedProxies: 1, proxyProtocol: {}}"))
    assert [each.source for each in found.listeners[0].routes[0].real_ip] == ["proxy_protocol"]


@pytest.mark.parametrize(
    "text",
    [
        mesh("{proxyProtocol: {}}"),
        envoy_filter("{operation: MERGE, value: {listener_filters: [{name: envoy.filters.listener.proxy_protocol}]}}"),
    ],
)
def test_it_reads_the_proxy_protocol_where_it_is_told_to(text: str) -> None:
    found = behaviour(gateway(), SERVICE, text)
    assert found.listeners[0].proxy_protocol is Reads.STRICTLY
    assert [each.source for each in found.listeners[0].routes[0].real_ip] == ["proxy_protocol"]


@pytest.mark.parametrize(
    "texts",
    [
        (mesh("{numTrustedProxies: 2}"),),
        (mesh("{numTrustedProxies: 1, proxyProtocol: {}}"),),
        (mesh("{numTrustedProxies: ${N}}"),),
        (mesh("{numTrustedProxies: 1}"), mesh("{}", "istio-old")),
        (mesh("{}") + "    rootNamespace: ${ROOT}\n",),
        (envoy_filter("{value: {typed_config: {xff_num_trusted_hops: 1}}}"),),
        (envoy_filter("{value: {typed_config: {use_remote_address: false}}}", ""),),
        (envoy_filter("{value: [{name: listener.proxy_protocol}]}", "workloadSelector: {labels: {istio: '${GW}'}}"),),
    ],
)
def test_what_cannot_be_followed_leaves_it_unknown(texts: tuple[str, ...]) -> None:
    assert not behaviour(gateway(), SERVICE, *texts).complete


def test_a_patch_of_something_else_changes_nothing() -> None:
    other = envoy_filter("{value: {name: envoy.filters.http.compressor}}")
    of_another = envoy_filter("{value: {use_remote_address: false}}", "workloadSelector: {labels: {istio: b}}")
    assert behaviour(gateway(), SERVICE, other, of_another).complete


def test_a_list_of_who_may_come_in_is_about_the_peer_by_its_name() -> None:
    found = control(policy(source(OFFICE)))
    assert (found.keyed, found.name, found.judges_peer) == (Keyed.ALLOW, "ipBlocks", True)
    assert text_at(found.at) == "ipBlocks"
    assert found.basis.assumptions
    assert not control(policy(source("remoteIpBlocks: [203.0.113.0/24]"))).judges_peer


@pytest.mark.parametrize(
    ("rules", "action", "expected"),
    [
        ([source(OFFICE)], "DENY", [(Keyed.DENY, "203.0.113.0/24")]),
        ([source("notIpBlocks: [203.0.113.0/24]")], "DENY", ONLY_OFFICE),
        ([source("notRemoteIpBlocks: [203.0.113.0/24]")], "ALLOW", [(Keyed.DENY, "203.0.113.0/24")]),
        (["when: [{key: source.ip, values: [203.0.113.0/24]}]"], "ALLOW", ONLY_OFFICE),
        (["when: [{key: remote.ip, notValues: [203.0.113.0/24]}]"], "DENY", ONLY_OFFICE),
        ([source("ipBlocks: [203.0.113.7]")], "ALLOW", [(Keyed.ALLOW, "203.0.113.7/32")]),
        ([source(OFFICE + ", principals: []")], "ALLOW", ONLY_OFFICE),
        ([source(OFFICE)], "AUDIT", []),
        ([source(OFFICE)], "CUSTOM", []),
        ([source("ipBlocks: [0.0.0.0/0]")], "ALLOW", []),
        ([source("ipBlocks: [127.0.0.1/32]")], "ALLOW", []),
        ([source("ipBlocks: [127.0.0.1/32, 203.0.113.0/24]")], "ALLOW", ONLY_OFFICE),
        ([source("ipBlocks: [office]")], "ALLOW", []),
        ([source("namespaces: [shop]")], "ALLOW", []),
        ([source(OFFICE + ", namespaces: [shop]")], "ALLOW", []),
        ([source(OFFICE + ", notIpBlocks: [203.0.113.7]")], "ALLOW", []),
        ([source(OFFICE) + "\n    when: [{key: 'request.headers[x]', values: [a]}]"], "ALLOW", []),
        (["from: [{source: {notIpBlocks: [203.0.113.7]}}, {source: {notIpBlocks: [203.0.113.8]}}]"], "DENY", []),
    ],
)
def test_what_a_rule_comes_to(rules: list[str], action: str, expected: list[tuple[Keyed, str]]) -> None:
    assert told(policy(*rules, action=action)) == expected


def test_what_several_rules_let_in_is_one_list() -> None:
    both = policy(source(OFFICE), source("ipBlocks: [198.51.100.0/24]"))
    assert told(both) == [
        (Keyed.ALLOW, "203.0.113.0/24 198.51.100.0/24"),
        (Keyed.ALLOW, "198.51.100.0/24 203.0.113.0/24"),
    ]
    two = (policy(source(OFFICE)), policy(source("ipBlocks: [198.51.100.0/24]"), name="q"))
    assert told(*two) == told(both)


@pytest.mark.parametrize(
    "other",
    [
        "{}",
        "to: [{operation: {paths: [/]}}]",
        source("requestPrincipals: ['*']"),
        source("notIpBlocks: [198.51.100.0/24]"),
        "from: [{source: {}}]",
        source("ipBlocks: [198.51.100.0/24]") + "\n    to: [{operation: {paths: [/]}}]",
    ],
)
def test_a_list_beside_a_rule_that_lets_others_in_is_none_of_who_may_come_in(other: str) -> None:
    assert told(policy(source(OFFICE), other)) == []
    assert told(policy(source(OFFICE)), policy(other, name="q")) == []


def test_rules_about_other_requests_that_let_in_the_same_change_nothing() -> None:
    same = source(OFFICE) + "\n    to: [{operation: {paths: [/]}}]"
    assert told(policy(source(OFFICE), same)) == 2 * ONLY_OFFICE


def test_rules_about_other_hosts_let_nobody_in() -> None:
    mine, others = "to: [{operation: {hosts: [a.example]}}]", "to: [{operation: {hosts: [b.example, c.example]}}]"
    assert told(policy(source(OFFICE) + f"\n    {mine}", others)) == ONLY_OFFICE
    assert told(policy(source(OFFICE) + f"\n    {mine}", "to: [{operation: {hosts: ['*.example']}}]")) == []


def test_lists_of_two_kinds_are_one_only_where_both_see_the_same() -> None:
    mixed = policy(source(OFFICE), source("remoteIpBlocks: [198.51.100.0/24]"))
    assert len(told(mixed)) == 2
    assert told(mixed, mesh("{numTrustedProxies: 1}")) == []


def test_a_list_about_the_peer_is_not_told_behind_the_proxy_protocol() -> None:
    assert told(policy(source(OFFICE)), mesh("{proxyProtocol: {}}")) == []
    assert len(told(policy(source("remoteIpBlocks: [203.0.113.0/24]")), mesh("{proxyProtocol: {}}"))) == 1


@pytest.mark.parametrize(
    ("selector", "namespace", "is_told"),
    [
        ("selector: {matchLabels: {istio: gw}}", "edge", True),
        ("", "edge", True),
        ("selector: {}", "edge", True),
        ("selector: {matchLabels: {istio: gw}}", "istio-system", True),
        ("selector: {matchLabels: {istio: gw}}", "shop", False),
        ("selector: {matchLabels: {istio: b}}", "edge", False),
        ("selector: {matchLabels: {istio: '${GW}'}}", "edge", False),
        ("selector: ${SELECTOR}", "edge", False),
        ("targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]", "edge", False),
    ],
)
def test_a_policy_is_about_a_gateway_by_namespace_and_labels(selector: str, namespace: str, is_told: bool) -> None:
    assert bool(told(policy(source(OFFICE), selector=selector, namespace=namespace))) is is_told


def test_a_policy_tied_to_a_gateway_is_about_the_pods_that_have_its_name() -> None:
    labels = "istio: gw, gateway.networking.k8s.io/gateway-name: web"
    for name, expected in (("web", 1), ("b", 0)):
        tied = policy(source(OFFICE), selector=f"targetRefs: [{{kind: Gateway, name: {name}}}]")
        (found,) = behaviour(gateway(labels=labels), SERVICE, tied).listeners[0].routes
        assert len(found.controls) == expected


def test_a_policy_that_may_be_about_it_leaves_open_who_may_come_in() -> None:
    perhaps = policy("{}", selector="selector: {matchLabels: {istio: '${GW}'}}", name="q")
    assert told(policy(source(OFFICE)), perhaps) == []
    assert told(policy(source(OFFICE), action="DENY"), perhaps) == [(Keyed.DENY, "203.0.113.0/24")]


@pytest.mark.parametrize("action", ["${ACTION}", "AUDIT"])
def test_a_policy_whose_action_is_not_known_leaves_open_who_may_come_in(action: str) -> None:
    assert bool(told(policy(source(OFFICE)), policy("{}", action=action, name="q"))) is (action == "AUDIT")
    assert told(policy(source(OFFICE), action=action)) == []


@pytest.mark.parametrize("rules", ["rules: ${RULES}", "rules: [{from: '${FROM}'}]", "rules: ['${RULE}']"])
def test_rules_that_cannot_be_read_leave_open_who_may_come_in(rules: str) -> None:
    unread = policy(name="q").replace("rules:", rules)
    assert told(policy(source(OFFICE)), unread) == []


def test_a_policy_that_may_refuse_is_not_told() -> None:
    assert told(policy(source(OFFICE), action="DENY", selector="selector: {matchLabels: {istio: '${GW}'}}")) == []


@pytest.mark.parametrize(("added", "names_more", "is_told"), [("'${NET}'", True, True), ("office", False, False)])
def test_a_list_goes_on_where_a_placeholder_stands(added: str, names_more: bool, is_told: bool) -> None:
    for rules in ([source(f"ipBlocks: [203.0.113.0/24, {added}]")], [source(OFFICE), source(f"ipBlocks: [{added}]")]):
        found = route(policy(*rules)).controls
        assert [each.unreadable for each in found][:1] == [names_more] * is_told


def in_folders(**texts: str) -> Bundle:
    sources = [Source(f"{name.replace('_', '/')}.yaml", text.encode(), named=True) for name, text in texts.items()]
    return Bundle(gather(sources, Reading([])))


def test_each_cluster_has_its_own_mesh_and_its_own_policies() -> None:
    bundle = in_folders(
        a_gw=gateway(name="a") + "---\n" + SERVICE,
        a_mesh=mesh("{numTrustedProxies: 1}"),
        a_policy=policy(source(OFFICE), action="DENY"),
        b_gw=gateway(name="b") + "---\n" + SERVICE.replace("name: gw", "name: b"),
        b_mesh=mesh("{}", "istio-b"),
    )
    behaviours = [istio.behaviour(each, bundle) for each in bundle.workloads]
    routes = [each.listeners[0].routes[0] for each in behaviours if each]
    assert [(len(each.real_ip), len(each.controls)) for each in routes] == [(1, 1), (0, 0)]


def test_a_policy_beside_another_definition_of_the_gateway_is_not_about_this_one() -> None:
    both = gateway() + "---\n" + SERVICE
    bundle = in_folders(a_x=both, a_y=both + "---\n" + policy(source(OFFICE), action="DENY"))
    behaviours = [istio.behaviour(each, bundle) for each in bundle.workloads]
    assert [len(each.listeners[0].routes[0].controls) for each in behaviours if each] == [0, 1]


def test_an_overlay_that_contradicts_the_gateways_own_is_not_its_mesh() -> None:
    both = gateway() + "---\n" + SERVICE + "---\n"
    bundle = in_folders(a_x=both + mesh("{}"), a_y=both + mesh("{numTrustedProxies: 1}"))
    found = istio.behaviour(bundle.workloads[0], bundle)
    assert found
    assert found.listeners[0].routes[0].real_ip == ()


def test_a_service_of_other_pods_opens_no_port_and_istios_own_never_does() -> None:
    other = SERVICE.replace("name: gw", "name: b").replace("istio: gw", "istio: b").replace("8080", "8081")
    status = SERVICE.replace("name: gw", "name: s").replace("status-port", "http-status")
    assert [each.port for each in behaviour(gateway(), SERVICE, other, status).listeners] == [8080, 8443]


def test_an_operator_still_makes_pods() -> None:
    assert [each.kind for each in bundle_of(OPERATOR).inputs.foreign] == ["IstioOperator"]


def test_a_dry_run_refuses_nobody() -> None:
    dry = policy(source(OFFICE), annotations=", annotations: {istio.io/dry-run: 'true'}")
    assert told(dry) == []
    assert told(dry, policy(source(OFFICE), name="q")) == ONLY_OFFICE
