"""Where nginx sends requests, as far as the files tell."""

from __future__ import annotations

import pytest

from nginx_pods import listener_of


def sent(configuration: str) -> list[tuple[str, int | None]]:
    return [(route.upstream.host, route.upstream.port) for route in listener_of(configuration).routes if route.upstream]


@pytest.mark.parametrize(
    ("passing", "expected"),
    [
        ("proxy_pass http://app;", [("app", 80)]),
        ("proxy_pass https://app.shop.svc/;", [("app.shop.svc", 443)]),
        ("proxy_pass http://app:8080/a?b;", [("app", 8080)]),
        ("proxy_pass http://[fd00::1]:80;", [("[fd00::1]", 80)]),
        ("proxy_pass http://unix:/run/x.sock;", []),
        ("proxy_pass http://$http_host;", []),
        ("proxy_pass http://${BACKEND}:80;", []),
        ("proxy_pass http://group;", [("one", 80), ("two", 81)]),
        ("set $app http://app:8080; proxy_pass $app$request_uri;", [("app", 8080)]),
        ("set $app http://app; proxy_pass $app$suffix;", []),
        ("set $app app.shop.svc.cluster.local; proxy_pass http://$app:8080;", [("app.shop.svc.cluster.local", 8080)]),
        ("if ($http_a) { proxy_pass http://canary; } proxy_pass http://app;", [("app", 80), ("canary", 80)]),
    ],
)
def test_destinations(passing: str, expected: list[tuple[str, int | None]]) -> None:
    group = "upstream group { server one; server two:81 weight=2; server old down; server unix:/run/x; keepalive 8; }"
    assert sent(f"{group} server {{ location / {{ {passing} }} }}") == expected
