"""Configurations that are broken, strange or meant to harm: nothing is opened, nothing is guessed."""

from __future__ import annotations

import builtins
import io
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nginx_pods import behaviour_in, behaviour_of, bundle_of, config_map, deployment, text_at
from srcip_lint.documents import Document, Place
from srcip_lint.proxies.behaviour import Writes
from srcip_lint.proxies.mounts import File
from srcip_lint.proxies.nginx import looks_like_nginx
from srcip_lint.proxies.nginx.config import MAX_CHARACTERS, Unparsable, parse
from srcip_lint.sources import Source

HERE = Place(Document(Source("a.yaml", b""), 0, 0, "", None))

BROKEN = {
    "a brace too few": "server { listen 80;",
    "a brace too many": "server { listen 80; } }",
    "no semicolon before a brace": "server { listen 80 }",
    "no semicolon at the end": "server { } listen 80",
    "two semicolons": "server { listen 80;; }",
    "a block without a name": "{ listen 80; }",
    "a quote that is not closed": 'server { server_name "a; }',
    "a variable that is not closed": "server { set $a ${b; }",
    "Lua that is not closed": "server { content_by_lua_block { if x then } ",
    "deep nesting": "a {" * 100 + "}" * 100,
    "very deep nesting": "a {" * 100_000 + "}" * 100_000,
    "too large": "# " + "x" * MAX_CHARACTERS,
    "shell": '#!/bin/sh\nif [ -z "$A" ]; then exec nginx; fi',
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_not_guessed_at(case: str) -> None:
    found = behaviour_of(BROKEN[case])
    assert not found.complete
    assert "/etc/nginx/conf.d/default.conf was not understood: " in found.why_incomplete
    assert found.listeners == ()


def test_a_nul_character() -> None:
    with pytest.raises(Unparsable, match="NUL"):
        parse(File("server { listen\0 80; }", HERE))


def test_a_broken_file_does_not_hide_its_neighbours() -> None:
    files = {"a.conf": "server {", "b.conf": "server { listen 81; }"}
    found = behaviour_in(bundle_of(config_map(files), deployment()))
    assert [listener.port for listener in found.listeners] == [81]
    assert not found.complete


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../../../etc/passwd", "/proc/self/environ", "/etc/*", "conf.d/../../passwd"]
)
def test_an_include_opens_nothing(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    behaviour_of("server { listen 80; }")  # what has to be imported is

    def refuse(*arguments: object, **_: object) -> None:
        raise AssertionError(f"opened {arguments}")

    for module, name in ((builtins, "open"), (io, "open"), (os, "open"), (os, "scandir"), (os, "listdir")):
        monkeypatch.setattr(module, name, refuse)
    found = behaviour_of(f"server {{ listen 80; include {path}; }}")
    monkeypatch.undo()
    assert not found.complete
    assert "is not in these files" in found.why_incomplete


def test_files_that_include_each_other() -> None:
    files = {"a.conf": "include /etc/nginx/conf.d/b.conf;" * 9, "b.conf": "include conf.d/a.conf;" * 9}
    found = behaviour_in(bundle_of(config_map(files), deployment()))
    assert "its files include each other" in found.why_incomplete


def test_a_placeholder_decides_what_is_included() -> None:
    assert (
        behaviour_of("include ${WHERE}/*.conf; server { listen 81; }").why_incomplete
        == "a placeholder decides what it includes"
    )


LUA = """
server {
    listen 80;
    location / {
        content_by_lua_block {
            -- an unbalanced } in a comment, "{" in a string
            ngx.say("}" .. '{')
            local t = { a = { 1, 2 }, ["}"] = 3 }
        }
    }
    location /b { proxy_set_header X-Real-IP $remote_addr; proxy_pass http://app; }
}
"""


def test_lua_blocks() -> None:
    found = behaviour_of(LUA)
    assert found.complete
    assert [route.name for route in found.listeners[0].routes] == ["location /", "location /b"]
    assert text_at(found.listeners[0].routes[1].writes[1].at) == "proxy_set_header X-Real-IP $remote_addr"


def test_code_that_may_change_headers() -> None:
    code = "location / { rewrite_by_lua_block { ngx.req.set_header('X-Real-IP', '1') } proxy_pass http://app; }"
    assert (
        behaviour_of(f"server {{ {code} }}").why_incomplete == "rewrite_by_lua_block runs code that may change headers"
    )


TEMPLATED = """
server {
    listen 80;
    {{- if .Values.realIp }}
    set_real_ip_from {{ .Values.cidr }};
    {{- end }}
    location / {
        proxy_set_header X-Forwarded-For "{{ $value }}";
        proxy_set_header X-Real-IP $remote_addr;
        proxy_pass http://{{ .Release.Name }}-app:80;
    }
}
"""


def test_the_source_of_another_template() -> None:
    found = behaviour_of(TEMPLATED)
    assert found.why_incomplete == "/etc/nginx/conf.d/default.conf is a template that something else fills in"
    (route,) = found.listeners[0].routes
    assert route.real_ip[0].trust.unreadable
    assert [write.writes for write in route.writes] == [Writes.UNKNOWN, Writes.REPLACES, Writes.PASSES]
    assert text_at(route.writes[1].at) == "proxy_set_header X-Real-IP $remote_addr"
    assert route.upstream is None


LARGE = {
    "one line": "server { listen 80; add_header A " + "x" * 1_000_000 + "; }",
    "one quoted word": 'server { listen 80; add_header A "' + '\\"' * 200_000 + '"; }',
    "a comment": "# " + "#" * 1_000_000 + "\nserver { }",
    "braces that never close": "server { }\n# " + "{{" * 200_000,
    "parentheses that never close": 'server { add_header A "' + "$(" * 200_000 + '"; }',
    "a circle": "map $b $a { default $b; } map $a $b { default $a$a; }"
    " server { location / { proxy_pass http://$a; if ($a) { } } }",
    "long variables": "".join(f"map $v{n + 1} $v{n} {{ default '{f'$v{n + 1}' * 500}'; }}" for n in range(60))
    + "server { location / { proxy_set_header X-Real-IP $v0; proxy_pass http://app; } }",
}
MANY = {
    "locations": "server { " + "location /a { }" * 9_000 + " }",
    "servers": "server { listen 80; }" * 9_000,
    "ifs and locations": "server { " + "if ($a) { }" * 9_000 + "location /a { }" * 9_000 + "}",
    "entries and locations": "server { "
    + "allow 10.0.0.1; set_real_ip_from 10.0.0.1;" * 9_000
    + "location /a { }" * 9_000
    + "}",
}


@pytest.mark.parametrize("case", LARGE)
def test_large_files_are_read_to_the_end(case: str) -> None:
    assert len(LARGE[case]) <= MAX_CHARACTERS
    found = behaviour_of(LARGE[case])
    assert found.complete
    assert [listener.port for listener in found.listeners] == [80]


@pytest.mark.parametrize("case", MANY)
def test_a_great_many_routes_are_told_in_part(case: str) -> None:
    found = behaviour_of(MANY[case])
    assert found.why_incomplete == "it has 1000 locations or more"
    assert sum(len(listener.routes) for listener in found.listeners) == 1000


@pytest.mark.parametrize("text", ["listen " * 100_000, "server\n" * 100_000, "\n" * 500_000, "upstream a" * 50_000])
def test_what_only_starts_like_nginx_is_told_in_good_time(text: str) -> None:
    assert not looks_like_nginx("server { " + text)


def test_the_name_of_an_image_may_be_anything() -> None:
    assert not behaviour_of("server { }", image="." * 300_000).complete
    long_port = [{"name": "NGINX_HTTP_PORT_NUMBER", "value": "9" * 5000}]
    assert not behaviour_of("server { }", image="bitnami/nginx", env=long_port).complete
    assert behaviour_of("server { location / { proxy_pass http://a:" + "9" * 5000 + "; } }").complete


def test_deep_files_that_include_deep_files() -> None:
    deep = "location /a {" * 18
    files = {f"{n}.conf": f"{deep} include /etc/nginx/conf.d/{n + 1}.txt; {'}' * 18}" for n in range(1)}
    files |= {f"{n}.txt": f"{deep} include /etc/nginx/conf.d/{n + 1}.txt; {'}' * 18}" for n in range(1, 20)}
    files["0.conf"] = "server { " + files["0.conf"] + " }"
    found = behaviour_in(bundle_of(config_map(files), deployment()))
    assert "its files include each other" in found.why_incomplete
    assert len(found.listeners[0].routes) > 100


def test_a_great_many_ports_are_told_as_unknown() -> None:
    found = behaviour_of("server { " + "listen 1-65535;" * 1000 + "}")
    assert found.why_incomplete == "a port that it listens on cannot be told"
    assert [listener.port for listener in found.listeners] == [None]


WORDS = [
    *(
        [
            "server",
            "listen 80",
            "location /",
            "include a",
            "set $a",
            "map $a $b",
            "geo",
            "if ($a)",
            "allow",
            "proxy_pass",
            "$a",
            "${b}",
            "{{ x }}",
        ]
    ),
    *("content_by_lua_block", "set_by_lua_block $a", "{", "}", ";", '"', "'", "#", "\\", "\n", " ", "--", "\ue000"),
]


@given(st.lists(st.sampled_from(WORDS), max_size=30))
def test_no_text_does_harm(words: list[str]) -> None:
    """Either it is understood, or it is said not to be, in one line."""
    try:
        reason = str(parse(File(" ".join(words), HERE)).is_template)
    except Unparsable as error:
        reason = str(error)
    assert re.fullmatch(r"[^\n]+", reason)
