"""Traefik: which lists and limits stand on its routes, and what they judge."""

from __future__ import annotations

import pytest

from linting import model_of
from nginx_pods import bundle_of, text_at
from srcip_lint.path.hops import Keyed
from srcip_lint.proxies import traefik
from srcip_lint.proxies.behaviour import Writes
from traefik_pods import CRD, INGRESS, WEB, controls, deployment, http, ingress, listener, middleware, route, with_file

LIST = "ipAllowList: {sourceRange: [203.0.113.0/24]}"
PLUGINS = ("--experimental.plugins.p.modulename=example.com/p", "--experimental.plugins.p.version=v1")
CROSSES = "--providers.kubernetescrd.allowcrossnamespace"


@pytest.mark.parametrize(
    ("spec", "keyed", "at", "networks"),
    [
        (
            "ipAllowList:\n  sourceRange:\n  - 203.0.113.0/24\n  - 2001:db8::1",
            Keyed.ALLOW,
            "sourceRange",
            ["203.0.113.0/24", "2001:db8::1/128"],
        ),
        ("ipWhiteList:\n  sourceRange: [203.0.113.9/24]", Keyed.ALLOW, "sourceRange", ["203.0.113.0/24"]),
        ("ipAllowList:\n  sourceRange: [127.0.0.1, 10.0.0.0/8]", Keyed.ALLOW, "sourceRange", ["10.0.0.0/8"]),
        ("rateLimit:\n  average: 5", Keyed.LIMIT, "rateLimit", []),
        ("rateLimit:\n  average: 5\n  sourceCriterion: {ipStrategy: {}}", Keyed.LIMIT, "rateLimit", []),
        ("rateLimit:\n  average: 5\n  sourceCriterion: {}", Keyed.LIMIT, "rateLimit", []),
        ("inFlightReq:\n  amount: 5\n  sourceCriterion: {ipStrategy: {depth: 0}}", Keyed.LIMIT, "inFlightReq", []),
    ],
)
def test_a_middleware_on_a_route_is_a_control(spec: str, keyed: Keyed, at: str, networks: list[str]) -> None:
    (control,) = controls(deployment(WEB, CRD), route("office"), middleware(spec))
    assert control.keyed is keyed
    assert text_at(control.at) == at
    assert [str(each) for each in control.networks] == networks
    assert control.entry is None
    assert control.basis.certain


@pytest.mark.parametrize(
    "spec",
    [
        "ipAllowList: {sourceRange: []}",
        "ipAllowList: {sourceRange: [0.0.0.0/0, 203.0.113.0/24]}",
        "ipAllowList: {sourceRange: [127.0.0.0/8]}",
        "ipAllowList: {sourceRange: [office.example]}",
        "ipAllowList: {sourceRange: [203.0.113.0/24, office.example]}",
        "ipAllowList: {sourceRange: '${OFFICE}'}",
        "ipAllowList: {sourceRange: [203.0.113.0/24], ipStrategy: '${STRATEGY}'}",
        "ipAllowList: {sourceRange: [203.0.113.0/24], ipStrategy: {depth: '${DEPTH}'}}",
        "ipAllowList: {sourceRange: [203.0.113.0/24], ipStrategy: {excludedIPs: ['${FRONT}']}}",
        "ipAllowList: {sourceRange: [203.0.113.0/24], ipStrategy: {excludedIPs: [front.example]}}",
        "rateLimit: {burst: 5}",
        "rateLimit: {average: '${RATE}'}",
        "rateLimit: {average: 5, sourceCriterion: {requestHost: true}}",
        "rateLimit: {average: 5, sourceCriterion: {requestHeaderName: X-User}}",
        "inFlightReq: {amount: 5}",
        "inFlightReq: {amount: 5, sourceCriterion: {requestHost: true}}",
        "headers: {customRequestHeaders: {X-A: b}}",
        f"{LIST}\nrateLimit: {{average: 5}}",
    ],
)
def test_what_names_nobody_or_goes_by_something_else_is_none(spec: str) -> None:
    assert controls(deployment(WEB, CRD), route("office"), middleware(spec)) == ()


def test_a_list_may_name_more_than_can_be_read() -> None:
    spec = "ipAllowList: {sourceRange: [203.0.113.0/24, '${OFFICE}']}"
    (control,) = controls(deployment(WEB, CRD), route("office"), middleware(spec))
    assert control.unreadable


@pytest.mark.parametrize(
    ("strategy", "depth", "passed_over"),
    [
        ("{depth: 2}", 2, []),
        ("{excludedIPs: [10.0.0.0/8]}", 0, ["10.0.0.0/8"]),
        ("{depth: 1, excludedIPs: [a]}", 1, []),
    ],
)
def test_a_strategy_chooses_an_entry_of_the_header(strategy: str, depth: int, passed_over: list[str]) -> None:
    spec = f"ipAllowList: {{sourceRange: [203.0.113.0/24], ipStrategy: {strategy}}}"
    (control,) = controls(deployment(WEB, CRD), route("office"), middleware(spec))
    assert control.entry
    assert control.entry.depth == depth
    assert [str(each) for each in control.entry.passed_over.networks] == passed_over


def test_what_nothing_binds_is_no_control() -> None:
    assert controls(deployment(WEB, CRD), route(), middleware(LIST)) == ()
    assert controls(deployment(WEB, CRD), middleware(LIST)) == ()


def test_a_route_that_matches_nothing_is_none() -> None:
    text = route("office").replace("Host(`a.example`)", "''")
    assert controls(deployment(WEB, CRD), text, middleware(LIST)) == ()


@pytest.mark.parametrize(
    ("service", "services"),
    [
        ("{name: app, port: 80}", ("app",)),
        ("{name: app, namespace: shop, port: web}", ("app",)),
        ("{name: app, namespace: other, port: 80}", ()),
        ("{name: app, kind: TraefikService}", ()),
        ("{name: app, kind: Service, port: 80}", ("app",)),
        ("{name: '${APP}', port: 80}", ()),
    ],
)
def test_a_route_sends_to_services_like_an_ingress(service: str, services: tuple[str, ...]) -> None:
    (found,) = bundle_of(route().replace("{name: app, port: 80}", service)).backends
    assert found.services == services


def test_an_id_means_no_middleware_of_tcp_routes() -> None:
    over_tcp = middleware("ipAllowList: {sourceRange: [198.51.100.0/24]}", kind="MiddlewareTCP")
    assert controls(deployment(WEB, INGRESS), ingress("shop-office@kubernetescrd"), over_tcp) == ()
    both = controls(deployment(WEB, INGRESS), ingress("shop-office@kubernetescrd"), over_tcp, middleware(LIST))
    assert [str(each.networks[0]) for each in both] == ["203.0.113.0/24"]


def test_one_on_several_routes_is_one() -> None:
    other = route("office").replace("name: r", "name: s")
    assert len(controls(deployment(WEB, CRD), route("office"), other, middleware(LIST))) == 1


@pytest.mark.parametrize(
    ("spec", "controlled"),
    [("entryPoints: [web]", True), ("entryPoints: [WEB]", True), ("entryPoints: [other]", False), ("", True)],
)
def test_a_route_stands_on_the_entry_points_that_it_names(spec: str, *, controlled: bool) -> None:
    assert bool(controls(deployment(WEB, CRD), route("office", spec=spec), middleware(LIST))) is controlled


def test_without_naming_any_it_stands_on_those_that_are_the_default() -> None:
    flagged = "--entryPoints.other.asDefault"
    texts = (deployment(WEB, "--entryPoints.other.address=:81", flagged, CRD), route("office"), middleware(LIST))
    bundle = bundle_of(*texts)
    found = traefik.behaviour(bundle.workloads[0], bundle)
    assert found
    assert [len(each.routes[0].controls) for each in found.listeners] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "reference", "controlled"),
    [
        ((), "{name: office, namespace: shop}", True),
        ((), "{name: office, namespace: other}", False),
        ((CROSSES,), "{name: office, namespace: other}", True),
        ((f"{CROSSES}=false",), "{name: office, namespace: other}", False),
        ((f"{CROSSES}=$(CROSSES)",), "{name: office, namespace: other}", False),
        ((), "other-office@kubernetescrd", False),
        ((CROSSES,), "other-office@kubernetescrd", True),
        ((CROSSES,), "office@file", False),
        ((), "'${NAME}'", False),
    ],
)
def test_a_route_names_middlewares_of_its_namespace(
    arguments: tuple[str, ...], reference: str, *, controlled: bool
) -> None:
    namespace = "other" if "other" in reference else "shop"
    texts = (route(reference), middleware(LIST, namespace=namespace))
    assert bool(controls(deployment(WEB, CRD, *arguments), *texts)) is controlled


def test_a_refused_middleware_takes_the_route_down_and_the_others_with_it() -> None:
    two = middleware(f"{LIST}\nrateLimit: {{average: 1}}", "two")
    elsewhere = "{name: far, namespace: other}"
    for first in ("two", elsewhere):
        texts = (route("office", first), middleware(LIST), two, middleware("compress: {}", "far", "other"))
        assert controls(deployment(WEB, CRD), *texts) == ()


def test_a_chain_stands_for_several_in_their_order() -> None:
    chain = middleware("chain: {middlewares: [{name: limit}, {name: office}]}", "all")
    texts = (route("all"), chain, middleware(LIST), middleware("rateLimit: {average: 5}", "limit"))
    assert [each.name for each in controls(deployment(WEB, CRD), *texts)] == ["rateLimit", "ipAllowList"]


def test_a_chain_that_comes_back_to_itself_is_refused() -> None:
    chain = middleware("chain: {middlewares: [{name: office}, {name: all}]}", "all")
    assert controls(deployment(WEB, CRD), route("all"), chain, middleware(LIST)) == ()


@pytest.mark.parametrize(
    ("named", "namespace", "name", "controlled"),
    [
        ("shop-office@kubernetescrd", "shop", "office", True),
        ("x-y@kubernetescrd,shop-office@kubernetescrd", "shop", "office", True),
        ("my-shop-the-office@kubernetescrd", "my-shop", "the.office", True),
        ("shop-office@kubernetescrd", None, "office", True),
        ("shop-office@kubernetescrd", "other", "office", False),
        ("shop-office@file", "shop", "office", False),
        ("office", "shop", "office", False),
        ("${PREFIX}-office@kubernetescrd", "shop", "office", False),
    ],
)
def test_an_ingress_names_them_in_an_annotation(
    named: str, namespace: str | None, name: str, *, controlled: bool
) -> None:
    found = controls(deployment(WEB, INGRESS), ingress(named), middleware(LIST, name, namespace))
    assert bool(found) is controlled


def test_an_ingress_may_name_its_entry_points() -> None:
    def on(name: str) -> bool:
        annotation = f"traefik.ingress.kubernetes.io/router.entrypoints: {name}"
        texts = (ingress("shop-office@kubernetescrd", annotation), middleware(LIST))
        return bool(controls(deployment(WEB, INGRESS), *texts))

    assert on("web")
    assert on("other, Web")
    assert not on("other")
    assert not on("${NAME}")


def test_what_stands_on_an_entry_point_stands_on_all_its_routes() -> None:
    bound = "--entryPoints.web.http.middlewares=shop-office@kubernetescrd"
    (control,) = controls(deployment(WEB, bound), middleware(LIST))
    assert control.name == "ipAllowList"


@pytest.mark.parametrize(
    ("arguments", "before", "controlled"),
    [
        ((), "plugin: {p: {}}", False),
        (PLUGINS, "plugin: {p: {}}", False),
        (PLUGINS, "compress: {}", True),
        (PLUGINS, "", False),
        ((), "", True),
    ],
)
def test_a_plugin_may_change_what_is_judged_behind_it(
    arguments: tuple[str, ...], before: str, *, controlled: bool
) -> None:
    others = (middleware(before, "before"),) if before else ()
    texts = (route("before", "office"), middleware(LIST), *others)
    assert bool(controls(deployment(WEB, CRD, *arguments), *texts)) is controlled


def test_a_plugin_changes_nothing_before_it() -> None:
    texts = (route("office", "p"), middleware(LIST), middleware("plugin: {p: {}}", "p"))
    assert len(controls(deployment(WEB, CRD, *PLUGINS), *texts)) == 1


def test_a_list_behind_a_middleware_that_writes_the_header_judges_that() -> None:
    writes = middleware("headers: {customRequestHeaders: {X-Forwarded-For: '192.0.2.1'}}", "writes")
    by_header = middleware("ipAllowList: {sourceRange: [203.0.113.0/24], ipStrategy: {depth: 1}}", "header")
    texts = (route("writes", "header", "office"), writes, by_header, middleware(LIST))
    found = http(deployment(WEB, CRD), *texts)
    assert [each.entry for each in found.controls] == [None]
    assert {each.header: each.writes for each in found.writes} == {
        "x-forwarded-for": Writes.UNKNOWN,
        "x-real-ip": Writes.REPLACES,
    }


@pytest.mark.parametrize(
    ("arguments", "texts", "known"),
    [
        (PLUGINS, (), True),
        (("--experimental.plugins.real-ip.version=v1",), (), False),
        (("--experimental.localplugins.x.modulename=example.com/cloudflare",), (), False),
        (PLUGINS, (route("p"), middleware("plugin: {p: {}}", "p")), True),
        ((), (route("p"), middleware("plugin: {p: {}}", "p")), False),
        ((PLUGINS[0].replace("/p", "/client-ip"),), (route("p"), middleware("plugin: {p: {}}", "p")), False),
        ((*PLUGINS, "--entrypoints.web.http.middlewares=p@file"), (), False),
        (("--entrypoints.web.http.middlewares=p@file",), (), True),
    ],
)
def test_a_plugin_may_write_the_headers(arguments: tuple[str, ...], texts: tuple[str, ...], *, known: bool) -> None:
    found = http(deployment(WEB, CRD, *arguments), *texts)
    assert {each.writes for each in found.writes} == {Writes.REPLACES if known else Writes.UNKNOWN}


@pytest.mark.parametrize(
    ("spec", "keyed"),
    [
        ("ipAllowList: {sourceRange: [203.0.113.0/24]}", Keyed.ALLOW),
        ("ipWhiteList: {sourceRange: [203.0.113.0/24]}", Keyed.ALLOW),
        ("inFlightConn: {amount: 5}", Keyed.LIMIT),
    ],
)
def test_those_on_tcp_routes_are_on_these_only(spec: str, keyed: Keyed) -> None:
    over_tcp = route("office", kind="IngressRouteTCP", spec="tls: {}")
    texts = (over_tcp, middleware(spec, kind="MiddlewareTCP"), middleware("rateLimit: {average: 5}"))
    http_route, tcp_route = listener(deployment(WEB, CRD), *texts).routes
    assert http_route.controls == ()
    assert [each.keyed for each in tcp_route.controls] == [keyed]


@pytest.mark.parametrize(("strategy", "needed"), [("", True), (", ipStrategy: {depth: 1}", False)])
def test_the_clients_address_is_needed_by_what_judges_who_connects(strategy: str, *, needed: bool) -> None:
    service = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: edge}\n"
        "spec: {type: LoadBalancer, selector: {app: t}, ports: [{port: 80, targetPort: 8000}]}"
    )
    spec = f"ipAllowList: {{sourceRange: [203.0.113.0/24]{strategy}}}"
    texts = (deployment(WEB, CRD), route("office"), middleware(spec), service)
    model = model_of({f"{number}.yaml": text for number, text in enumerate(texts)})
    (found,) = model.bundle.services
    assert (model.needed_on(found, model.paths(found)[0]) is not None) is needed


def test_a_middleware_that_a_file_binds_to_its_entry_point_is_found() -> None:
    text = "entryPoints:\n  web:\n    address: ':80'\n    http: {middlewares: [edge-office@kubernetescrd]}\n"
    (control,) = controls(*with_file("traefik.yaml", text), middleware(LIST, namespace="edge"))
    assert control.name == "ipAllowList"
