"""What nginx decides by the address: lists, limits, conditions and look-ups, and which of them count."""

from __future__ import annotations

import pytest

from nginx_pods import route_of, text_at
from srcip_lint.path.hops import Keyed
from srcip_lint.proxies.behaviour import Control


def decided(configuration: str, name: str = "location /") -> list[tuple[Keyed, str, list[str]]]:
    return [
        (each.keyed, each.name, [str(network) for network in each.networks])
        for each in route_of(configuration, name).controls
    ]


ZONE = "limit_req_zone $binary_remote_addr zone=one:1m rate=1r/s;"
GEO = "geo $blocked { default 0; 198.51.100.0/24 1; }"
EXEMPT = "geo $limited { default 1; 10.0.0.0/8 0; } map $limited $key { 0 ''; 1 $binary_remote_addr; }"

CONTROLS = {
    "an allow-list": (
        "server { location / { allow 10.0.0.0/8; deny all; } }",
        [(Keyed.ALLOW, "allow", ["10.0.0.0/8"])],
    ),
    "open at the end": ("server { location / { allow 10.0.0.0/8; } }", []),
    "a deny-list": ("server { location / { deny 192.0.2.7; allow all; } }", [(Keyed.DENY, "deny", ["192.0.2.7/32"])]),
    "both": (
        "server { location / { deny 10.0.0.1; allow 10.0.0.0/8; deny all; } }",
        [(Keyed.ALLOW, "allow", ["10.0.0.0/8"]), (Keyed.DENY, "deny", ["10.0.0.1/32"])],
    ),
    "what comes behind all": ("server { location / { deny all; allow 10.0.0.0/8; } }", []),
    "the pod itself": ("server { location / { allow 127.0.0.1; allow ::1; deny all; } }", []),
    "inherited": ("server { allow 10.0.0.0/8; deny all; location / { } }", [(Keyed.ALLOW, "allow", ["10.0.0.0/8"])]),
    "replaced as a whole": ("server { allow 10.0.0.0/8; deny all; location / { allow all; } }", []),
    "other methods": (
        "server { location / { limit_except GET { allow 10.0.0.0/8; deny all; } } }",
        [(Keyed.ALLOW, "allow", ["10.0.0.0/8"])],
    ),
    "a limit": (f"{ZONE} server {{ location / {{ limit_req zone=one burst=5; }} }}", [(Keyed.LIMIT, "limit_req", [])]),
    "a limit that is inherited": (
        f"{ZONE} server {{ limit_req zone=one; location / {{ }} }}",
        [(Keyed.LIMIT, "limit_req", [])],
    ),
    "a zone that no limit uses": (f"{ZONE} server {{ location / {{ }} }}", []),
    "connections": (
        "limit_conn_zone $remote_addr zone=c:1m; server { location / { limit_conn c 10; } }",
        [(Keyed.LIMIT, "limit_conn", [])],
    ),
    "a limit by something else": (
        "limit_req_zone $server_name zone=one:1m rate=1r/s; server { location / { limit_req zone=one; } }",
        [],
    ),
    "a limit with exemptions": (
        f"{EXEMPT} limit_req_zone $key zone=one:1m rate=1r/s; server {{ location / {{ limit_req zone=one; }} }}",
        [(Keyed.LIMIT, "limit_req", [])],
    ),
    "a look-up that decides": (
        f"{GEO} server {{ if ($blocked) {{ return 403; }} location / {{ }} }}",
        [(Keyed.GEO, "geo", ["198.51.100.0/24"])],
    ),
    "a look-up through a map": (
        f"{GEO} map $blocked $refuse {{ 1 yes; }} server {{ location / {{ if ($refuse = yes) {{ return 403; }} }} }}",
        [(Keyed.GEO, "geo", ["198.51.100.0/24"])],
    ),
    "a look-up for a log": (
        f"{GEO} log_format l '$blocked'; server {{ location / {{ add_header X-B $blocked; }} }}",
        [],
    ),
    "a look-up of a header": ("geo $http_a $b { 10.0.0.0/8 1; } server { location / { if ($b) { return 403; } } }", []),
    "a map of the address": (
        "map $remote_addr $b { 10.0.0.1 1; } server { location / { if ($b) { return 403; } } }",
        [(Keyed.GEO, "map", [])],
    ),
    "GeoIP": (
        "geoip2 /db.mmdb { $country country iso_code; } server { location / { if ($country = XX) { return 403; } } }",
        [(Keyed.GEO, "geoip2", [])],
    ),
    "GeoIP of a header": (
        "geoip2 /db { auto_reload 1h; $c source=$http_a country; } server { location / { if ($c) { return 403; } } }",
        [],
    ),
    "if": (
        "server { location / { if ($remote_addr = 192.0.2.7) { return 403; } } }",
        [(Keyed.DENY, "if", ["192.0.2.7/32"])],
    ),
    "if not": (
        "server { location / { if ( $remote_addr != 192.0.2.7 ) { return 444; } } }",
        [(Keyed.ALLOW, "if", ["192.0.2.7/32"])],
    ),
    "if it matches": ("server { location / { if ($remote_addr ~ ^10\\.) { return 403; } } }", [(Keyed.GEO, "if", [])]),
    "if, for something else": (
        "server { location / { if ($remote_addr = 192.0.2.7) { set $a 1; } } }",
        [(Keyed.GEO, "if", ["192.0.2.7/32"])],
    ),
    "if the pod itself": ("server { location / { if ($remote_addr != 127.0.0.1) { return 403; } } }", []),
    "if something else": ("server { location / { if ($http_a = 1) { return 403; } } }", []),
}


@pytest.mark.parametrize("case", CONTROLS)
def test_controls(case: str) -> None:
    configuration, expected = CONTROLS[case]
    assert decided(configuration) == expected


def test_an_if_of_one_location_is_none_of_an_inner_one() -> None:
    configuration = "server { location / { if ($remote_addr = 192.0.2.7) { return 403; } location /in { } } }"
    assert decided(configuration, "location /in") == []


def control_of(configuration: str) -> Control:
    return route_of(configuration).controls[0]


def test_a_control_that_a_password_makes_up_for() -> None:
    listed = "allow 10.0.0.0/8; deny all; auth_basic x;"
    assert control_of(f"server {{ satisfy any; location / {{ {listed} }} }}").has_alternative
    assert not control_of(f"server {{ location / {{ {listed} }} }}").has_alternative
    assert not control_of(f"server {{ satisfy any; location / {{ {listed} auth_basic off; }} }}").has_alternative


def test_where_a_control_stands() -> None:
    assert text_at(control_of(f"{ZONE}\nserver {{ location / {{ limit_req zone=one; }} }}").at) == ZONE.rstrip(";")
    listed = "server {\n  allow 127.0.0.1;\n  allow 10.0.0.0/8;\n  deny all;\n  location / { }\n}"
    assert text_at(control_of(listed).at) == "allow 127.0.0.1"


def test_a_placeholder_in_a_list() -> None:
    control = control_of("server { location / { allow ${OFFICE}; deny all; } }")
    assert (control.keyed, control.networks, control.unreadable) == (Keyed.ALLOW, (), True)
