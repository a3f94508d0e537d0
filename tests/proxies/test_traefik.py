"""Traefik: where its configuration comes from, and what its entry points do with the client's address."""

from __future__ import annotations

import pytest

from nginx_pods import bundle_of, text_at
from srcip_lint.proxies import traefik
from srcip_lint.proxies.behaviour import Reads, Trust, Writes
from traefik_pods import CRD, WEB, behaviour, deployment, http, listener, route, with_file


@pytest.mark.parametrize(
    "image",
    ["traefik:v3.3", "docker.io/traefik:2.2.8", "rancher/mirrored-library-traefik:2.10.5", "traefik/traefik@sha256:ff"],
)
def test_it_is_known_by_its_image(image: str) -> None:
    assert behaviour(deployment(WEB, image=image)).product == "Traefik"


@pytest.mark.parametrize("image", ["traefik/whoami:v1.10", "nginx:1.27", "example.com/not-traefik:1"])
def test_other_images_are_not_it(image: str) -> None:
    bundle = bundle_of(deployment(WEB, image=image))
    assert traefik.behaviour(bundle.workloads[0], bundle) is None


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ((deployment(),), "nothing was read that configures it"),
        ((deployment(container="args: ${ARGS}"),), "its arguments are a placeholder"),
        ((deployment("${MORE}", WEB),), "an argument is a placeholder"),
        ((deployment("-c", "traefik", container="command: [sh]"),), "a command of its own"),
        ((deployment(WEB, image="traefik:1.7-alpine"),), "its first version is not read"),
        ((deployment("--entrypoints=Name:http Address::80"),), "its first version is not read"),
        ((deployment("--configFile=/conf/t.yaml"),), "its configuration file /conf/t.yaml was not read"),
        ((deployment("--configFile=$(FILE)"),), "the name of its configuration file is a placeholder"),
        (with_file("other.yaml", "x: y", "--configFile=/conf/t.yaml"), "/conf/t.yaml was not read"),
        (with_file("traefik.yaml", "[broken"), "/etc/traefik/traefik.yaml cannot be read"),
        (with_file("traefik.yaml", "- a list"), "/etc/traefik/traefik.yaml cannot be read"),
        (with_file("traefik.yaml", "a: b\n---\nc: d"), "/etc/traefik/traefik.yaml cannot be read"),
        (with_file("traefik.toml", "= broken"), "/etc/traefik/traefik.toml cannot be read"),
        ((deployment(container="envFrom: [{secretRef: {name: s}}]"),), "variables that were not read"),
        ((deployment("--entrypoints.web.address=web"),), "the address of its entry point web cannot be read"),
        (
            (deployment(WEB, "--entrypoints.web.forwardedheaders.insecure=${TRUST}"),),
            "entry point web is a placeholder",
        ),
        ((deployment(WEB, "--entrypoints.web.proxyprotocol.insecure=${TRUST}"),), "entry point web is a placeholder"),
        (
            (
                deployment(
                    WEB,
                    container="volumeMounts: [{name: all, mountPath: /etc/traefik}]",
                    pod="volumes: [{name: all, persistentVolumeClaim: {claimName: all}}]",
                ),
            ),
            "its configuration file /etc/traefik/traefik.toml was not read",
        ),
    ],
)
def test_what_is_not_read_leaves_it_unknown(texts: tuple[str, ...], why: str) -> None:
    found = behaviour(*texts)
    assert not found.complete
    assert why in found.why_incomplete


def test_a_file_is_all_of_it_and_so_are_arguments_before_the_environment() -> None:
    trust = "--entryPoints.web.forwardedHeaders.insecure"
    file = "entryPoints:\n  web:\n    address: ':9000'\n"
    assert listener(*with_file("traefik.yml", file, WEB, trust)).port == 9000
    assert http(*with_file("traefik.yml", file, WEB, trust)).keeps is None
    variables = "env: [{name: TRAEFIK_ENTRYPOINTS_WEB_FORWARDEDHEADERS_INSECURE, value: 'true'}]"
    assert http(deployment(WEB, container=variables)).keeps is None


def test_a_folder_of_other_files_is_no_configuration_file() -> None:
    assert listener(*with_file("dynamic.yaml", "http: {}", WEB)).port == 8000
    assert listener(*with_file("traefik.yaml", "api: {}", WEB, path="/elsewhere")).port == 8000


@pytest.mark.parametrize(
    "arguments",
    [
        ("--entryPoints.web.address=:8000", "--entryPoints.web.forwardedHeaders.insecure"),
        ("--ENTRYPOINTS.WEB.ADDRESS", ":8000", "--entrypoints.web.forwardedheaders.insecure=true"),
        ("-entrypoints.web.address=:8000", "--entrypoints.web.forwardedheaders.insecure", "--log"),
        ("traefik", "--entrypoints.web.address=:8000", "--entrypoints.web.forwardedheaders.insecure=1"),
    ],
)
def test_arguments_are_written_in_many_ways(arguments: tuple[str, ...]) -> None:
    keeps = http(deployment(*arguments)).keeps
    assert keeps
    assert keeps.everyone


def test_the_environment_is_read_where_there_are_no_arguments() -> None:
    variables = """
        env:
        - {name: TRAEFIK_ENTRYPOINTS_WEB_ADDRESS, value: ":8000"}
        - {name: TRAEFIK_ENTRYPOINTS_WEB_FORWARDEDHEADERS_TRUSTEDIPS, value: "10.0.0.0/8, 192.0.2.1"}
    """
    keeps = http(deployment(container=variables)).keeps
    assert keeps
    assert [str(each) for each in keeps.networks] == ["10.0.0.0/8", "192.0.2.1/32"]


YAML = """
entryPoints:
  web:
    address: ":8000"
    forwardedHeaders:
      trustedIPs:
        - 10.0.0.0/8
    proxyProtocol:
      insecure: true
"""
TOML = """
[entryPoints.web]
address = ":8000"
[entryPoints.web.forwardedHeaders]
trustedIPs = ["10.0.0.0/8"]
[entryPoints.web.proxyProtocol]
insecure = true
"""


@pytest.mark.parametrize(
    ("key", "text", "at", "insecure"),
    [("traefik.yaml", YAML, "- 10.0.0.0/8", "insecure: true"), ("traefik.toml", TOML, "traefik.toml", "traefik.toml")],
)
def test_a_file_is_read_with_places(key: str, text: str, at: str, insecure: str) -> None:
    found = http(*with_file(key, text))
    assert found.keeps
    assert found.keeps.at
    assert [str(each) for each in found.keeps.networks] == ["10.0.0.0/8"]
    assert text_at(found.keeps.at) == at.removeprefix("- ")
    assert text_at(found.real_ip[0].at) == insecure


def test_a_named_file_is_read() -> None:
    found = listener(*with_file("t.yaml", YAML, "--configfile=/conf/t.yaml", path="/conf"))
    assert found.proxy_protocol is Reads.TOLERANTLY


def test_the_place_of_an_argument_is_its_own() -> None:
    keeps = http(deployment(WEB, "--entryPoints.web.forwardedHeaders.trustedIPs=10.0.0.0/8")).keeps
    assert keeps
    assert keeps.at
    assert "trustedIPs" in text_at(keeps.at)


def test_without_an_entry_point_there_is_one_on_port_80() -> None:
    found = behaviour(deployment(CRD, "--entrypoints.traefik.address=:8080"))
    assert [each.port for each in found.listeners] == [80]


def test_one_without_an_address_is_on_no_port_that_is_known() -> None:
    found = behaviour(
        deployment(WEB, "--entrypoints.traefik.http.middlewares=a@kubernetescrd", "--entrypoints.x.http3")
    )
    assert found.complete
    assert [each.port for each in found.listeners] == [8000]
    assert behaviour(deployment("--entrypoints.x.http3")).listeners == ()


def test_it_serves_clients_on_its_tcp_entry_points_but_its_own() -> None:
    found = behaviour(
        deployment(
            WEB,
            "--entrypoints.dns.address=:53/udp",
            "--entrypoints.metrics.address=:9100/tcp",
            "--entrypoints.traefik.address=:8080",
            "--entrypoints.local.address=127.0.0.1:81/TCP",
            "--entrypoints.four.address=0.0.0.0:82",
            "--entrypoints.six.address=[::]:83",
            "--entrypoints.any.address=${ADDRESS}",
        )
    )
    assert [(each.port, each.address) for each in found.listeners] == [
        (8000, ""),
        (81, "127.0.0.1"),
        (82, ""),
        (83, ""),
        (None, ""),
    ]


def test_by_default_it_believes_nobody_and_replaces_what_came() -> None:
    found = http(deployment(WEB))
    assert found.keeps is None
    assert {write.header: write.writes for write in found.writes} == {
        "x-forwarded-for": Writes.REPLACES,
        "x-real-ip": Writes.REPLACES,
    }
    assert listener(deployment(WEB)).proxy_protocol is Reads.NOT


@pytest.mark.parametrize(
    ("settings", "forwarded", "real_ip"),
    [
        (("insecure",), Writes.APPENDS, Writes.IF_ABSENT),
        (("trustedIPs=10.0.0.0/8",), Writes.APPENDS, Writes.IF_ABSENT),
        (("trustedIPs=${FRONT}",), Writes.APPENDS, Writes.IF_ABSENT),
        (("insecure", "notAppendXForwardedFor"), Writes.PASSES, Writes.IF_ABSENT),
        (("notAppendXForwardedFor",), Writes.CLEARS, Writes.REPLACES),
        (("insecure=false",), Writes.REPLACES, Writes.REPLACES),
    ],
)
def test_of_whom_it_believes_it_keeps_the_headers(
    settings: tuple[str, ...], forwarded: Writes, real_ip: Writes
) -> None:
    found = http(deployment(WEB, *(f"--entryPoints.web.forwardedHeaders.{each}" for each in settings)))
    assert {write.header: write.writes for write in found.writes} == {
        "x-forwarded-for": forwarded,
        "x-real-ip": real_ip,
    }
    assert (found.keeps is not None) is (forwarded in (Writes.APPENDS, Writes.PASSES))


def test_a_placeholder_among_those_it_believes_may_be_anybody() -> None:
    found = http(deployment(WEB, "--entryPoints.web.forwardedHeaders.trustedIPs=10.0.0.0/8,${FRONT}"))
    assert found.keeps
    assert found.keeps.unreadable


@pytest.mark.parametrize(
    ("setting", "everyone", "networks"),
    [("insecure", True, 2), ("trustedIPs=10.0.0.0/8", False, 1), ("trustedIPs=10.0.0.0/8,192.0.2.1", False, 2)],
)
def test_it_reads_the_proxy_protocol_where_it_comes(setting: str, *, everyone: bool, networks: int) -> None:
    found = listener(deployment(WEB, f"--entryPoints.web.proxyProtocol.{setting}"))
    (real_ip,) = found.routes[0].real_ip
    assert found.proxy_protocol is Reads.TOLERANTLY
    assert real_ip.source == "proxy_protocol"
    assert real_ip.trust.everyone is everyone
    assert len(real_ip.trust.networks) == networks


def test_a_bare_proxy_protocol_believes_nobody() -> None:
    (real_ip,) = http(deployment(WEB, "--entryPoints.web.proxyProtocol")).real_ip
    assert real_ip.trust == Trust((), at=real_ip.trust.at)


def test_an_entry_point_that_redirects_everything_sends_nothing_on() -> None:
    to = "--entryPoints.web.http.redirections.entryPoint"
    assert http(deployment(WEB, f"{to}.to=websecure", f"{to}.scheme=https")).writes == ()
    assert http(deployment(WEB, f"{to}.to=websecure", f"{to}.priority=1")).writes != ()


def test_a_switch_may_be_off() -> None:
    assert not http(deployment(WEB, "--entryPoints.web.forwardedHeaders.insecure=false")).keeps
    found = listener(*with_file("traefik.yaml", "entryPoints:\n  web: {address: ':80', proxyProtocol: {}}"))
    assert found.proxy_protocol is Reads.TOLERANTLY


def test_a_tcp_route_that_takes_every_connection_leaves_nothing_for_http() -> None:
    found = listener(deployment(WEB, CRD), route(kind="IngressRouteTCP"))
    (over_tcp,) = found.routes
    assert found.protocol == "tcp"
    assert over_tcp.upstream
    assert (over_tcp.upstream.host, over_tcp.upstream.port) == ("app.shop", 80)
    assert over_tcp.writes == ()
    assert not over_tcp.sends_proxy_protocol


def test_a_tcp_route_with_tls_stands_beside_http() -> None:
    found = listener(deployment(WEB, CRD), route(kind="IngressRouteTCP", spec="tls: {passthrough: true}"))
    assert [bool(each.writes) for each in found.routes] == [True, False]


def test_a_tcp_route_may_send_the_proxy_protocol() -> None:
    text = route(kind="IngressRouteTCP").replace("port: 80", "port: 80, proxyProtocol: {version: 2}")
    assert listener(deployment(WEB, CRD), text).routes[0].sends_proxy_protocol
