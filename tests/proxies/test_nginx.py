"""nginx configurations to what they do, every inheritance as the real nginx 1.22.1 has it."""

from __future__ import annotations

import pytest

from nginx_pods import behaviour_in, behaviour_of, bundle_of, config_map, deployment, listener_of, route_of, text_at
from srcip_lint.path.hops import Keyed
from srcip_lint.proxies.behaviour import HeaderWrite, Reads, Route, Writes

EDGE = """
server {
    listen 80;

    location / {
        # Forward the real client IP in a header
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_pass http://backend-service:8080;
    }
}
"""


def test_an_edge_proxy_that_adds_headers() -> None:
    listener = listener_of(EDGE)
    assert (listener.port, listener.address, listener.families, listener.proxy_protocol) == (80, "", (4,), Reads.NOT)
    (route,) = listener.routes
    assert route.upstream is not None
    assert (route.upstream.host, route.upstream.port, route.real_ip, route.controls) == (
        "backend-service",
        8080,
        (),
        (),
    )
    assert written(route) == {
        "x-forwarded-for": Writes.APPENDS,
        "x-real-ip": Writes.REPLACES,
        "forwarded": Writes.PASSES,
    }


def test_everything_stands_at_its_line() -> None:
    listener = listener_of(EDGE)
    (route,) = listener.routes
    assert route.upstream is not None
    assert text_at(listener.at) == "listen 80"
    assert text_at(route.at) == "location /"
    assert [text_at(write.at) for write in route.writes] == [
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for",
        "proxy_set_header X-Real-IP $remote_addr",
        "proxy_pass http://backend-service:8080",
    ]
    assert text_at(route.upstream.at) == "proxy_pass http://backend-service:8080"


def test_several_directives_on_a_line_and_repeated_words() -> None:
    listener = listener_of('server { add_header X "listen 81"; listen 80; listen 81 proxy_protocol; } # listen 82;\n')
    assert text_at(listener.at) == "listen 80"
    other = behaviour_of('server { add_header X "listen 81"; listen 80; listen 81 proxy_protocol; }').listeners[1]
    assert text_at(other.at) == "listen 81 proxy_protocol"


def written(route: Route) -> dict[str, Writes]:
    return {write.header: write.writes for write in route.writes}


def believed(route: Route) -> list[tuple[str, list[str], bool]]:
    return [(each.source, [str(network) for network in each.trust.networks], each.recursive) for each in route.real_ip]


# Real IP: what a location believes. `%s` stands in the http block's place, since conf.d is included there.

XFF = "x-forwarded-for"

REAL_IP = {
    "nothing": ("server { location / { } }", []),
    "the default header": (
        "server { set_real_ip_from 10.0.0.0/8; location / { } }",
        [("x-real-ip", ["10.0.0.0/8"], False)],
    ),
    "no trust": ("server { real_ip_header X-Forwarded-For; location / { } }", [(XFF, [], False)]),
    "recursive alone": ("real_ip_recursive on; server { location / { } }", []),
    "inherited from http": (
        "set_real_ip_from 10.1.0.0/16; set_real_ip_from fd00::/8; real_ip_header X-Forwarded-For; real_ip_recursive on;"
        "server { location / { } }",
        [(XFF, ["10.1.0.0/16", "fd00::/8"], True)],
    ),
    "a list replaces the outer one as a whole": (
        "set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;"
        "server { set_real_ip_from 10.0.0.0/8; location / { } }",
        [(XFF, ["10.0.0.0/8"], False)],
    ),
    "the header is inherited by itself": (
        "set_real_ip_from 10.0.0.0/8; real_ip_header X-Forwarded-For;"
        "server { real_ip_header CF-Connecting-IP; location / { } }",
        [("cf-connecting-ip", ["10.0.0.0/8"], False)],
    ),
    "the location's scope comes second": (
        "server { set_real_ip_from 10.0.0.0/8;"
        "location / { set_real_ip_from 0.0.0.0/0; real_ip_header X-Forwarded-For; } }",
        [("x-real-ip", ["10.0.0.0/8"], False), (XFF, ["0.0.0.0/0"], False)],
    ),
    "the same again is one scope": (
        "server { set_real_ip_from 10.0.0.0/8; location / { client_max_body_size 1m; } }",
        [("x-real-ip", ["10.0.0.0/8"], False)],
    ),
    "an address, and host bits": (
        "server { set_real_ip_from 10.1.2.3/8; set_real_ip_from 10.9.9.9; location / { } }",
        [("x-real-ip", ["10.0.0.0/8", "10.9.9.9/32"], False)],
    ),
    "the PROXY protocol": (
        "server { listen 80 proxy_protocol; set_real_ip_from 10.0.0.0/8; real_ip_header proxy_protocol;"
        "location / { } }",
        [("proxy_protocol", ["10.0.0.0/8"], False)],
    ),
}


@pytest.mark.parametrize("case", REAL_IP)
def test_real_ip(case: str) -> None:
    configuration, expected = REAL_IP[case]
    assert believed(route_of(configuration)) == expected


def test_where_trust_is_to_be_changed() -> None:
    trust = "set_real_ip_from 10.0.0.0/8;\n  set_real_ip_from 0.0.0.0/0;\n  real_ip_header X-Forwarded-For;"
    real_ip = route_of(f"server {{\n  {trust}\n  location / {{ }}\n}}").real_ip[0]
    assert text_at(real_ip.at) == "real_ip_header X-Forwarded-For"
    assert real_ip.trust.at is not None
    assert text_at(real_ip.trust.at) == "set_real_ip_from 0.0.0.0/0"
    assert real_ip.trust.everyone
    assert real_ip.source_written


@pytest.mark.parametrize(
    ("entry", "unreadable"),
    [("proxy.example.com", True), ("${TRUSTED}", True), ("unix:", False), ("{{ cidr }}", True), ("10.0.0.0/8", False)],
)
def test_an_entry_that_is_no_network(entry: str, unreadable: bool) -> None:
    trust = route_of(f"server {{ set_real_ip_from {entry}; location / {{ }} }}").real_ip[0].trust
    assert trust.unreadable is unreadable


# Headers.

SET = "proxy_set_header X-Forwarded-For"

HEADERS = {
    "appends": ("$proxy_add_x_forwarded_for", Writes.APPENDS),
    "appends by hand": ('"$http_x_forwarded_for, $remote_addr"', Writes.APPENDS),
    "replaces": ("$remote_addr", Writes.REPLACES),
    "braces and capitals": ("${REMOTE_addr}", Writes.REPLACES),
    "the client's own": ("$http_x_forwarded_for", Writes.PASSES),
    "clears": ('""', Writes.CLEARS),
    "the PROXY protocol's": ("$proxy_protocol_addr", Writes.PROXY_PROTOCOL),
    "something else": ("$remote_addr,$server_addr", Writes.UNKNOWN),
    "a constant": ("127.0.0.1", Writes.UNKNOWN),
    "a placeholder": ("{{ .Values.address }}", Writes.UNKNOWN),
}


@pytest.mark.parametrize("case", HEADERS)
def test_what_a_header_is_set_to(case: str) -> None:
    value, expected = HEADERS[case]
    route = route_of(f"server {{ location / {{ {SET} {value}; proxy_pass http://app; }} }}")
    assert written(route)[XFF] is expected


def write_of(configuration: str, header: str = XFF) -> HeaderWrite:
    return next(write for write in route_of(configuration).writes if write.header == header)


def test_the_address_before_any_replacement() -> None:
    location = "location / { proxy_set_header X-Real-IP $realip_remote_addr; proxy_pass http://app; }"
    write = write_of(f"server {{ {location} }}", "x-real-ip")
    assert (write.writes, write.peer_is_original) == (Writes.REPLACES, True)
    appended = "location / { proxy_set_header X-Forwarded-For '$http_x_forwarded_for, %s'; proxy_pass http://app; }"
    for variable, is_original in (("$remote_addr", False), ("$realip_remote_addr", True)):
        write = write_of(f"server {{ {appended % variable} }}")
        assert (write.writes, write.peer_is_original, write.copied_from) == (Writes.APPENDS, is_original, "")


def test_a_header_that_is_copied_from_another() -> None:
    location = "location / { proxy_set_header X-Real-IP $http_cf_connecting_ip; proxy_pass http://app; }"
    write = write_of(f"server {{ {location} }}", "x-real-ip")
    assert (write.writes, write.copied_from) == (Writes.PASSES, "cf-connecting-ip")


def test_another_header_where_it_is_there_and_else_the_peer() -> None:
    chosen = 'map $http_cf_connecting_ip $ip { default $http_cf_connecting_ip; "" $remote_addr; }'
    location = "location / { proxy_set_header X-Real-IP $ip; proxy_pass http://app; }"
    write = write_of(f"{chosen} server {{ {location} }}", "x-real-ip")
    assert write == HeaderWrite("x-real-ip", Writes.IF_ABSENT, write.at, copied_from="cf-connecting-ip")
    assert text_at(write.at) == "proxy_set_header X-Real-IP $ip"


@pytest.mark.parametrize(
    "entries",
    [
        'default $http_a; "" $server_addr;',
        'default $http_b; "" $remote_addr;',
        'default $http_a; "" $remote_addr; unknown $remote_addr;',
        '"" $remote_addr;',
    ],
)
def test_a_choice_that_is_another_one(entries: str) -> None:
    location = "location / { proxy_set_header X-Real-IP $ip; proxy_pass http://app; }"
    assert write_of(f"map $http_a $ip {{ {entries} }} server {{ {location} }}", "x-real-ip").writes is Writes.UNKNOWN


def test_other_headers_that_carry_an_address() -> None:
    location = (
        "location / { proxy_set_header X-Client $remote_addr; proxy_set_header Host $host; proxy_pass http://app; }"
    )
    assert written(route_of(f"server {{ {location} }}")) == {
        XFF: Writes.PASSES,
        "x-real-ip": Writes.PASSES,
        "forwarded": Writes.PASSES,
        "x-client": Writes.REPLACES,
    }


INHERITED = {
    "from the server": (f"server {{ {SET} $remote_addr; location / {{ proxy_pass http://app; }} }}", Writes.REPLACES),
    "from http": (f"{SET} $remote_addr; server {{ location / {{ proxy_pass http://app; }} }}", Writes.REPLACES),
    "lost by one of its own": (
        f"server {{ {SET} $remote_addr; location / {{ proxy_set_header Host $host; proxy_pass http://app; }} }}",
        Writes.PASSES,
    ),
    "off": ("server { location / { proxy_pass_request_headers off; proxy_pass http://app; } }", Writes.CLEARS),
    "twice the same": (
        f"server {{ location / {{ {SET} $remote_addr; {SET} $remote_addr; proxy_pass http://app; }} }}",
        Writes.REPLACES,
    ),
    "two lines": (f"server {{ location / {{ {SET} $remote_addr; {SET} 1; proxy_pass http://app; }} }}", Writes.UNKNOWN),
    "set": (
        f"server {{ set $a $remote_addr; location / {{ set $b $a; {SET} $b; proxy_pass http://app; }} }}",
        Writes.REPLACES,
    ),
    "set if": (
        "server { set $a $remote_addr; if ($http_a) { set $a $http_a; }"
        f"location / {{ {SET} $a; proxy_pass http://app; }} }}",
        Writes.UNKNOWN,
    ),
    "a map of one value": (
        f"map $host $a {{ default $remote_addr; }} server {{ location / {{ {SET} $a; proxy_pass http://app; }} }}",
        Writes.REPLACES,
    ),
    "a map of several values": (
        "map $host $a { a $remote_addr; default $http_a; }"
        f"server {{ location / {{ {SET} $a; proxy_pass http://app; }} }}",
        Writes.UNKNOWN,
    ),
    "a map with the default left out": (
        f"map $host $a {{ a $remote_addr; }} server {{ location / {{ {SET} $a; proxy_pass http://app; }} }}",
        Writes.UNKNOWN,
    ),
    "the client's, or else the peer": (
        'map $http_x_forwarded_for $a { "" $remote_addr; default $http_x_forwarded_for; }'
        f"server {{ location / {{ {SET} $a; proxy_pass http://app; }} }}",
        Writes.IF_ABSENT,
    ),
    "a variable that code sets": (
        f"server {{ location / {{ {SET} $from_lua; proxy_pass http://app; }} }}",
        Writes.UNKNOWN,
    ),
}


@pytest.mark.parametrize("case", INHERITED)
def test_how_a_header_comes_to_be_set(case: str) -> None:
    configuration, expected = INHERITED[case]
    assert write_of(configuration).writes is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"for=$remote_addr;proto=$scheme"', Writes.REPLACES),
        ('"$http_forwarded, for=$remote_addr"', Writes.APPENDS),
        ("'for=\"[$remote_addr]\"'", Writes.REPLACES),
        ("$http_forwarded", Writes.PASSES),
        ('"by=$server_addr"', Writes.UNKNOWN),
        ('"for=$remote_addr, for=$proxy_protocol_addr"', Writes.UNKNOWN),
    ],
)
def test_the_header_of_rfc_7239(value: str, expected: Writes) -> None:
    configuration = f"server {{ location / {{ proxy_set_header Forwarded {value}; proxy_pass http://app; }} }}"
    assert write_of(configuration, "forwarded").writes is expected


@pytest.mark.parametrize(
    "passing", ["fastcgi_pass app:9000", "uwsgi_pass uwsgi://app:9000", "grpc_pass grpc://app:9000", "root /srv"]
)
def test_no_header_is_written_but_over_http(passing: str) -> None:
    route = route_of(f"server {{ location / {{ proxy_set_header X-Real-IP $remote_addr; {passing}; }} }}")
    assert route.writes == ()
    assert passing.startswith("root") or (route.upstream is not None and route.upstream.port == 9000)


# Listeners.


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ("", [("", 80, (4,))]),
        ("listen 8080 default_server;", [("", 8080, (4,))]),
        ("listen *:8080; listen [::]:8080;", [("", 8080, (4,)), ("", 8080, (6,))]),
        ("listen [::]:80 ipv6only=off;", [("", 80, (4, 6))]),
        ("listen [::1]:80;", [("::1", 80, (6,))]),
        ("listen 127.0.0.1:81; listen 80;", [("", 80, (4,)), ("127.0.0.1", 81, (4,))]),
        ("listen localhost;", [("localhost", 80, (4,))]),
        ("listen 8001-8002;", [("", 8001, (4,)), ("", 8002, (4,))]),
        ("listen unix:/run/x.sock; listen 443 ssl; listen 443 quic;", [("", 443, (4,))]),
    ],
)
def test_sockets(listen: str, expected: list[tuple[str, int, tuple[int, ...]]]) -> None:
    found = behaviour_of(f"server {{ {listen} }}")
    assert found.complete
    assert [(each.address, each.port, each.families) for each in found.listeners] == expected


@pytest.mark.parametrize("first", ["proxy_protocol", ""])
def test_the_proxy_protocol_belongs_to_the_socket(first: str) -> None:
    second = "" if first else "proxy_protocol"
    one, other = (f"server {{ listen 80 {flag}; server_name {name}; }}" for name, flag in (("a", first), ("b", second)))
    listener = listener_of(f"{one} {other} server {{ listen 127.0.0.1:80; }}")
    assert listener.proxy_protocol is Reads.STRICTLY
    assert text_at(listener.at) == "listen 80 proxy_protocol"
    assert [route.name for route in listener.routes] == ["a", "b"]
    assert behaviour_of(f"{one} {other} server {{ listen 127.0.0.1:80; }}").listeners[1].proxy_protocol is Reads.NOT


def test_whether_the_announced_address_is_used() -> None:
    assert listener_of("log_format l '$proxy_protocol_addr'; server { listen 80 proxy_protocol; }").uses_announced
    header = "location / { proxy_set_header X-Real-IP $proxy_protocol_addr; proxy_pass http://app; }"
    assert not listener_of(f"server {{ listen 80 proxy_protocol; {header} }}").uses_announced


def test_locations_and_what_is_left_to_the_server() -> None:
    names = [
        route.name
        for route in listener_of("server { server_name a; location = /x { } location /y { location /y/z { } } }").routes
    ]
    assert names == ["a", "location = /x", "location /y", "location /y/z"]
    assert [route.name for route in listener_of("server { location / { } }").routes] == ["location /"]


# Streams.

STREAM = """
stream {
    upstream mail { server mail:25; }
    set_real_ip_from 10.0.0.0/8;
    server { listen 25 proxy_protocol; proxy_pass mail; proxy_protocol on; allow 10.0.0.0/8; deny all; }
    server { listen 53 udp; proxy_pass dns.kube-system:53; }
    server { proxy_pass nowhere:1; }
}
"""


def test_streams() -> None:
    mounts = [{"name": "conf", "mountPath": "/etc/nginx/nginx.conf", "subPath": "main"}]
    found = behaviour_in(bundle_of(config_map({"main": STREAM}), deployment(mounts)))
    assert found.complete
    mail, names = found.listeners
    assert (mail.port, mail.protocol, mail.proxy_protocol) == (25, "tcp", Reads.STRICTLY)
    (route,) = mail.routes
    assert route.upstream is not None
    assert (route.upstream.host, route.upstream.port, route.sends_proxy_protocol) == ("mail", 25, True)
    assert believed(route) == [("proxy_protocol", ["10.0.0.0/8"], False)]
    assert ([each.keyed for each in route.controls], route.writes) == ([Keyed.ALLOW], ())
    assert (names.port, names.protocol, names.proxy_protocol) == (53, "udp", Reads.NOT)
    assert not names.routes[0].sends_proxy_protocol
