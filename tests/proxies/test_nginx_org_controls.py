"""NGINX Inc's ingress controller: which Policies and annotations are in force, and what they decide by address."""

from __future__ import annotations

import pytest

from nginx_org_objects import BY_ADDRESS, CLASS, OFFICES, controller, ingress, policy, server
from nginx_pods import bundle_of, text_at
from srcip_lint.path.hops import Keyed
from srcip_lint.proxies import nginx_org
from srcip_lint.proxies.behaviour import Control


def controls(*texts: str) -> tuple[Control, ...]:
    """What the first controller decides by address, on every port alike."""
    bundle = bundle_of(*texts)
    found = nginx_org.behaviour(bundle.workloads[0], bundle)
    assert found
    (route,) = found.listeners[0].routes
    return route.controls


def shown(*texts: str) -> list[str]:
    """The controls: what stands there, and the networks."""
    return [" ".join([text_at(each.at), *map(str, each.networks)]) for each in controls(*texts)]


@pytest.mark.parametrize(
    ("spec", "keyed", "networks", "place"),
    [
        (OFFICES, Keyed.ALLOW, ["203.0.113.0/24"], "allow"),
        (
            "{accessControl: {deny: [203.0.113.9, '2001:db8::/32']}}",
            Keyed.DENY,
            ["203.0.113.9/32", "2001:db8::/32"],
            "deny",
        ),
        (BY_ADDRESS, Keyed.LIMIT, [], "key: '${binary_remote_addr}'"),
        ("{rateLimit: {rate: 5r/s, key: $remote_addr}}", Keyed.LIMIT, [], "key: $remote_addr"),
    ],
)
def test_a_policy_that_a_virtual_server_names_is_a_control_where_it_stands(
    spec: str, keyed: Keyed, networks: list[str], place: str
) -> None:
    (found,) = controls(controller(), policy(spec), server())
    assert (found.keyed, list(map(str, found.networks)), found.basis.certain) == (keyed, networks, True)
    assert text_at(found.at).startswith(place)


def test_the_version_of_old_is_read_too_and_a_policy_that_nothing_names_is_no_control() -> None:
    assert shown(controller(), policy(version="v1alpha1"), server()) == ["allow 203.0.113.0/24"]
    assert shown(controller(), policy(), server("{host: a.example}")) == []


@pytest.mark.parametrize(
    "spec",
    [
        "{accessControl: {allow: [203.0.113.0/24], deny: [198.51.100.1]}}",
        "{accessControl: {allow: [203.0.113.0/33]}}",
        "{accessControl: {allow: [203.0.113.0/24]}, rateLimit: {rate: 5r/s, key: '$remote_addr'}}",
        "{accessControl: {allow: []}}",
        "{accessControl: {allow: ['${OFFICES}']}}",
        "{accessControl: {allow: [0.0.0.0/0]}}",
        "{accessControl: {allow: [127.0.0.1]}}",
        "{rateLimit: {rate: 5r/s, key: '${request_uri}'}}",
        "{rateLimit: {rate: 5r/s, key: '${binary_remote_addr}${request_uri}'}}",
        "{rateLimit: {rate: 5r/s, key: '${binary_remote_addr}', dryRun: true}}",
        "{ingressClassName: internal, accessControl: {allow: [203.0.113.0/24]}}",
        "{jwt: {secret: s}}",
    ],
)
def test_a_policy_that_is_refused_or_about_something_else_is_no_control(spec: str) -> None:
    assert controls(controller(), policy(spec), server()) == ()


def test_a_list_goes_on_where_a_placeholder_stands() -> None:
    (found,) = controls(controller(), policy("{accessControl: {allow: [203.0.113.0/24, '${MORE}']}}"), server())
    assert found.unreadable


def test_a_policy_of_another_namespace_is_named_with_it() -> None:
    elsewhere = policy(namespace="common")
    assert len(controls(controller(), elsewhere, server("{policies: [{name: offices, namespace: common}]}"))) == 1
    assert controls(controller(), elsewhere, server()) == ()
    other = server("{policies: [{name: offices, namespace: '${NS}'}]}")
    assert controls(controller(), policy(), other) == ()


def test_an_allow_list_makes_a_deny_list_void_and_what_was_not_read_may_be_one() -> None:
    denying = policy("{accessControl: {deny: [198.51.100.1]}}", name="bad")
    both = server("{policies: [{name: bad}, {name: offices}]}")
    assert shown(controller(), policy(), denying, both) == ["allow 203.0.113.0/24"]
    assert shown(controller(), denying, both) == []
    assert shown(controller(), policy(), both) == []
    placeholder = server("{policies: '${POLICIES}'}")
    assert shown(controller(), policy(), placeholder) == []


@pytest.mark.parametrize(
    ("path", "is_left"),
    [
        ("{path: /}", True),
        ("{path: /, policies: [{name: slow}]}", True),
        ("{path: /, policies: [{name: homes}]}", False),
        ("{path: /, policies: [{name: unread}]}", False),
        ("{path: /, route: elsewhere}", False),
        ("{path: /, policies: [{name: homes}]}, {path: /b}", True),
    ],
)
def test_what_every_path_decides_itself_is_not_the_virtual_servers(path: str, is_left: bool) -> None:
    homes = policy("{accessControl: {allow: [198.51.100.0/24]}}", name="homes")
    texts = (controller(), policy(), homes, policy(BY_ADDRESS, name="slow"))
    found = shown(*texts, server(f"{{policies: [{{name: offices}}], routes: [{path}]}}"))
    assert ("allow 203.0.113.0/24" in found) is is_left


def test_a_virtual_server_route_has_policies_of_its_own_or_those_of_the_path_that_leads_to_it() -> None:
    texts = (controller(), policy(), policy(BY_ADDRESS, name="slow"))
    whole = server("{host: a.example, routes: [{path: /, route: pages, policies: [{name: offices}]}]}")
    own = server("{host: a.example, subroutes: [{path: /b, policies: [{name: slow}]}]}", "VirtualServerRoute", "pages")
    none = server("{host: a.example, subroutes: [{path: /b}]}", "VirtualServerRoute", "pages")
    assert shown(*texts, whole, own) == ["key: '${binary_remote_addr}'"]
    assert shown(*texts, whole, none) == ["allow 203.0.113.0/24"]
    assert shown(*texts, own) == []
    assert shown(*texts, whole, none.replace("a.example", "b.example")) == []
    assert shown(*texts, whole, none.replace("{host", "{ingressClassName: other, host")) == []
    by_labels = whole.replace("route: pages", "routeSelector: {matchLabels: {a: b}}")
    assert shown(*texts, by_labels, none) == []


@pytest.mark.parametrize(
    ("arguments", "spec", "is_served"),
    [
        ((), "{policies: [{name: offices}]}", True),
        ((), "{ingressClassName: nginx, policies: [{name: offices}]}", True),
        ((), "{ingressClassName: other, policies: [{name: offices}]}", False),
        (("-ingress-class=other",), "{ingressClassName: other, policies: [{name: offices}]}", True),
        (("-watch-namespace=shop,edge",), "{policies: [{name: offices}]}", True),
        (("-watch-namespace=",), "{policies: [{name: offices}]}", True),
        (("-watch-namespace=$(POD_NAMESPACE)",), "{policies: [{name: offices}]}", False),
        (("-watch-namespace-label=a=b",), "{policies: [{name: offices}]}", False),
        (("-enable-custom-resources=false",), "{policies: [{name: offices}]}", False),
        ((), "{listener: {http: h}, policies: [{name: offices}]}", False),
    ],
)
def test_which_virtual_servers_it_serves(arguments: tuple[str, ...], spec: str, is_served: bool) -> None:
    assert bool(controls(controller(*arguments), policy(), server(spec))) is is_served


def test_of_two_controllers_with_one_class_none_is_known_to_serve_a_virtual_server() -> None:
    bundle = bundle_of(controller(), controller(name="d"), policy(), server())
    found = [nginx_org.behaviour(each, bundle) for each in bundle.workloads]
    assert [each.listeners[0].routes[0].controls for each in found if each] == [(), ()]


@pytest.mark.parametrize(
    "snippets",
    [
        '{policies: [{name: offices}], server-snippets: "satisfy any;"}',
        '{policies: [{name: offices}], server-snippets: "set_real_ip_from 0.0.0.0/0;"}',
        '{routes: [{path: /, policies: [{name: offices}], location-snippets: "allow $host;"}]}',
    ],
)
def test_snippets_that_decide_otherwise_leave_lists_unknown(snippets: str) -> None:
    assert controls(controller(), policy(), server(snippets)) == ()


def test_a_snippet_that_lets_in_says_nothing_about_limits_and_one_that_changes_the_address_does() -> None:
    limited = (controller(), policy(BY_ADDRESS))
    assert len(controls(*limited, server('{policies: [{name: offices}], server-snippets: "allow all;"}'))) == 1
    assert controls(*limited, server('{policies: [{name: offices}], server-snippets: "real_ip_header X;"}')) == ()


@pytest.mark.parametrize(
    ("texts", "count"),
    [
        ((controller(), ingress("nginx.org/policies: offices"), policy()), 1),
        ((controller(), ingress("nginx.org/policies: 'other/offices'"), policy()), 0),
        ((controller(), ingress("nginx.com/policies: 'shop/offices'"), policy()), 1),
        ((controller(image="nginx/nginx-ingress:5.3.4"), ingress("nginx.org/policies: offices"), policy()), 0),
        ((controller(image="nginx/nginx-ingress:edge"), ingress("nginx.org/policies: offices"), policy()), 1),
        ((controller(), ingress("nginx.org/policies: offices"), policy(BY_ADDRESS)), 0),
        ((controller(), ingress("nginx.org/policies: offices", "nginx.org/listen-ports: '81'"), policy()), 0),
        ((controller("-enable-custom-resources=false"), ingress("nginx.org/policies: offices"), policy()), 0),
        ((controller(), ingress("nginx.org/limit-req-rate: 10r/s")), 1),
        ((controller(image="nginx/nginx-ingress:3.3.2"), ingress("nginx.org/limit-req-rate: 10r/s")), 0),
        ((controller(), ingress("nginx.org/limit-req-rate: fast")), 0),
        ((controller(), ingress("nginx.org/limit-req-rate: 10r/s", "nginx.org/limit-req-key: ${http_x}")), 0),
        ((controller(), ingress("nginx.org/limit-req-rate: 10r/s", "nginx.org/limit-req-dry-run: 'true'")), 0),
        (
            (controller(), ingress("nginx.org/limit-req-rate: 10r/s", "nginx.org/server-snippets: real_ip_header $x;")),
            0,
        ),
    ],
)
def test_what_an_ingress_asks_for(texts: tuple[str, ...], count: int) -> None:
    assert len(controls(*texts, CLASS)) == count


def test_an_ingress_is_served_by_its_class_and_the_annotation_goes_first() -> None:
    limit = "nginx.org/limit-req-rate: 10r/s"
    (assumed,) = controls(controller(), ingress(limit))
    assert assumed.basis.assumptions == ("the IngressClass nginx is nginx.org/ingress-controller's",)
    (sure,) = controls(controller(), ingress(limit), CLASS)
    assert sure.basis.certain
    assert controls(controller("-ingress-class=mine"), ingress(limit), CLASS) == ()
    annotated = ingress(limit, "kubernetes.io/ingress.class: other")
    assert controls(controller(), annotated, CLASS) == ()
    default = CLASS.replace(
        "{name: nginx}", "{name: nginx, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}"
    )
    assert len(controls(controller(), ingress(limit, spec="{}"), default)) == 1
    assert controls(controller("-ingress-class=mine"), ingress(limit, spec="{}"), default) == ()


def test_its_own_namespace_is_what_the_variable_stands_for() -> None:
    own = server().replace("namespace: shop", "namespace: edge")
    texts = (policy(namespace="edge"), own)
    assert len(controls(controller("-watch-namespace=$(POD_NAMESPACE)"), *texts)) == 1
    assert controls(controller("-watch-namespace=$(OTHER)").replace(", namespace: edge", ""), *texts) == ()


def test_snippets_of_the_virtual_server_are_in_force_on_its_paths_too() -> None:
    limited = (controller(), policy())
    for beside in ("server-snippets: satisfy any;, routes: [{", "routes: [{location-snippets: allow all;, "):
        path = "path: /, policies: [{name: offices}]}]"
        assert controls(*limited, server(f"{{{beside}{path}}}")) == ()
    handed = "{host: a.example, routes: [{path: /, route: pages, location-snippets: allow all;}]}"
    pages = "{host: a.example, subroutes: [{path: /b, policies: [{name: offices}]}]}"
    assert controls(*limited, server(handed), server(pages, "VirtualServerRoute", "pages")) == ()
    own = pages.replace("path: /b", "path: /b, location-snippets: gzip on;")
    assert len(controls(*limited, server(handed), server(own, "VirtualServerRoute", "pages"))) == 1


def test_a_virtual_server_route_names_policies_of_its_own_namespace() -> None:
    whole = server("{host: a.example, routes: [{path: /, route: other/pages}]}")
    pages = "{host: a.example, subroutes: [{path: /b, policies: [{name: offices}]}]}"
    elsewhere = server(pages, "VirtualServerRoute", "pages").replace("namespace: shop", "namespace: other")
    assert len(controls(controller(), policy(namespace="other"), whole, elsewhere)) == 1
    assert controls(controller(), policy(), whole, elsewhere) == ()


def test_of_two_policies_that_may_be_meant_none_is() -> None:
    unplaced = policy().replace(", namespace: shop", "")
    assert controls(controller(), unplaced, policy("{accessControl: {deny: [198.51.100.1]}}"), server()) == ()


def test_the_lists_of_policies_that_are_named_together_are_one() -> None:
    homes = policy("{accessControl: {allow: [198.51.100.0/24]}}", name="homes")
    both = server("{policies: [{name: offices}, {name: homes}]}")
    assert shown(controller(), policy(), homes, both) == [
        "allow 203.0.113.0/24 198.51.100.0/24",
        "allow 198.51.100.0/24 203.0.113.0/24",
    ]


def test_a_limit_that_every_path_replaces_is_not_in_force() -> None:
    other = policy("{rateLimit: {rate: 5r/s, key: '$request_uri'}}", name="other")
    replaced = server("{policies: [{name: offices}], routes: [{path: /, policies: [{name: other}]}]}")
    assert controls(controller(), policy(BY_ADDRESS), other, replaced) == ()


def test_an_upstream_of_another_namespace_is_no_service_of_its_own() -> None:
    (found,) = bundle_of(server("{upstreams: [{name: a, service: web}, {name: b, service: other/api}]}")).backends
    assert (found.services, found.controller) == (("web",), None)
