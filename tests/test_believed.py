"""Proxies that believe whoever connects: who may connect to them, and whether every client chooses its own address."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.scenario import names
from lab.scenario import read as scenario
from linting import findings_of, model_of, report
from srcip_lint.believed import Approach, Believed
from srcip_lint.documents import Document, Place
from srcip_lint.examples import example
from srcip_lint.finding import Severity
from srcip_lint.path.hops import (
    BALANCER,
    CLIENT,
    FORGED,
    NODE,
    Basis,
    Belief,
    Header,
    HeaderEntry,
    ProxyProtocol,
    State,
    always,
)
from srcip_lint.proxies.behaviour import RealIp, Trust
from srcip_lint.proxies.real_ip import Membership, beliefs, believed_from_anyone
from srcip_lint.sources import Source
from srcip_lint_rules import RULES
from srcip_lint_rules.spoofable.src201_forwarded_header_trusted_from_anyone import check

FIXTURES = Path(__file__).parents[1] / "fixtures" / "rules" / "SRC201"
HERE, LIST = (Place(Document(Source("a.yaml", b""), 0, 0, "", None), (name,)) for name in ("header", "list"))
XFF = "x-forwarded-for"


def text(name: str) -> str:
    return (FIXTURES / f"{name}.yaml").read_text(encoding="utf-8")


def believed(name: str, old: str = "", new: str = "") -> tuple[Believed, ...]:
    found = text(name)
    assert old in found
    case = example(name, found.replace(old, new) if old else found)
    return model_of({each.path: each.data.decode() for each in case.sources}, case.given).believed


def real_ip(*networks: str, source: str = XFF, recursive: bool = True, counted: bool = False) -> RealIp:
    trust = Trust(tuple(ip_network(network) for network in networks), at=LIST, setting="trusted")
    return RealIp(source, trust, recursive, HERE, counted=counted)


def one(state: State, *real_ips: RealIp) -> Belief:
    (found,) = beliefs(state, real_ips, Membership())
    return found


def state(header: Header, name: str = XFF, peer: State | None = None) -> State:
    return (peer or State(always(NODE))).with_header(name, header)


APPENDED = Header(True, (HeaderEntry("load balancer", always(CLIENT)),))
OVERWRITTEN = replace(APPENDED, forgeable=False)


@pytest.mark.parametrize(
    ("header", "recursive", "forged"),
    [
        (Header(), False, True),
        (Header(), True, True),
        (APPENDED, False, False),
        (APPENDED, True, True),
        (OVERWRITTEN, False, False),
        (OVERWRITTEN, True, False),
    ],
)
def test_what_the_client_wrote_is_taken_at_the_edge_and_as_the_leftmost_entry(
    header: Header, recursive: bool, forged: bool
) -> None:
    found = one(state(header), real_ip("0.0.0.0/0", recursive=recursive))
    assert found == Belief(XFF, LIST, recursive, forged, "trusted")


def test_what_a_proxy_before_it_was_told_by_the_client_is_not_its_fault() -> None:
    written = Header(False, (HeaderEntry("nginx", always(FORGED)),))
    assert not one(state(written), real_ip("0.0.0.0/0")).forged


def test_a_header_of_one_address_has_no_leftmost_entry() -> None:
    found = one(state(APPENDED), real_ip("0.0.0.0/0", source="cf-connecting-ip"))
    assert (found.leftmost, found.forged) == (False, True)


@pytest.mark.parametrize(
    "harmless",
    [
        real_ip("0.0.0.0/1"),
        real_ip("10.0.0.0/8", "::/0"),
        real_ip(),
        real_ip("0.0.0.0/0", source="proxy_protocol"),
        real_ip("0.0.0.0/0", counted=True),
    ],
    ids=["half", "the other family", "nobody", "the PROXY protocol", "a number of proxies"],
)
def test_what_is_no_belief_in_anybody(harmless: RealIp) -> None:
    assert not list(beliefs(state(Header()), [harmless], Membership()))


def test_the_other_family_is_believed_of_those_who_come_by_it() -> None:
    found = believed_from_anyone(real_ip("::/0"), family=6)
    assert found is not None
    assert found.at == LIST


def test_without_a_list_the_finding_stands_where_the_header_is_believed() -> None:
    unlisted = RealIp(XFF, Trust((ip_network("0.0.0.0/0"),), setting="trusted"), True, HERE)
    found = one(state(Header()), unlisted)
    assert (found.at, found.is_default) == (HERE, True)


def test_what_comes_behind_a_replacement_that_never_declines_is_not_asked() -> None:
    announced = replace(State(always(BALANCER)), proxy_protocol=ProxyProtocol.PRESENT, announced=always(CLIENT))
    announcing = real_ip("0.0.0.0/0", source="proxy_protocol")
    assert not list(beliefs(announced, [announcing, real_ip("0.0.0.0/0")], Membership()))
    assert one(announced, real_ip("0.0.0.0/0"), announcing).forged


@pytest.mark.parametrize(
    ("name", "approach", "by_anybody"),
    [
        ("reported", Approach.OUTSIDE, True),
        ("reported-3", Approach.FRONT, True),
        ("reported-5", Approach.FRONT, False),
        ("reported-6", Approach.INTERNAL, False),
        ("reported-7", Approach.LISTED, False),
        ("reported-8", Approach.LISTED, True),
        ("reported-11", Approach.NODE, True),
        ("reported-12", Approach.NODE, False),
        ("reported-13", Approach.CLUSTER, False),
        ("reported-15", Approach.CLUSTER, False),
        ("reported-17", Approach.UNKNOWN, False),
        ("reported-19", Approach.UNKNOWN, False),
        ("reported-26", Approach.INGRESS, False),
        ("reported-29", Approach.LISTED, False),
        ("reported-30", Approach.INTERNAL, False),
        ("reported-32", Approach.OUTSIDE, True),
    ],
)
def test_who_may_connect(name: str, approach: Approach, by_anybody: bool) -> None:
    assert {(each.approach, each.by_anybody) for each in believed(name)} == {(approach, by_anybody)}


def test_a_placeholder_among_the_source_ranges_may_be_everybody_and_is_taken_for_a_list() -> None:
    (found,) = believed("reported-7", "    - 198.51.100.0/24", "    - ${FRONT}")
    assert found.approach is Approach.LISTED


def test_the_proxy_before_it_is_told_and_no_other() -> None:
    inner = {
        each.proxy.object.name: each.before for each in believed("reported-14") if each.proxy and each.proxy.object
    }
    assert inner["inner"] is not None
    assert str(inner["inner"].object) == "Deployment edge"
    assert {each.before for each in believed("reported")} == {None}


def test_a_host_port_beside_a_service_is_no_way_of_its_own() -> None:
    (found,) = believed(
        "reported-4", "            - containerPort: 80\n", "            - {containerPort: 80, hostPort: 80}\n"
    )
    assert found.approach is Approach.OUTSIDE


def test_each_list_and_limit_is_told_where_the_client_gets_past_it() -> None:
    (found,) = believed("reported")
    assert [each.control for each in found.controls] == ["nginx.ingress.kubernetes.io/whitelist-source-range"]


def test_several_ports_and_locations_are_one_finding() -> None:
    changed = text("reported-4").replace(
        "    - port: 80\n", "    - port: 80\n    - {port: 8080, targetPort: 80, name: b}\n"
    )
    changed = changed.replace(
        "        location / {", "        location /b { proxy_pass http://b; }\n        location / {"
    )
    case = example("ports", changed)
    rule = next(each for each in RULES if each.id == "SRC201")
    assert len(model_of({"a.yaml": changed}).believed) == 4
    assert len(findings_of(rule, case)) == 1


@pytest.mark.parametrize("name", ["reported", "reported-31", "reported-4", "reported-27"])
def test_one_cause_is_one_finding(name: str) -> None:
    """Behind Cluster policy the peer is a node, too: the header decides, and no rule about the node's address
    speaks."""
    found = report(text(name)).findings
    assert [each.rule for each in found if each.severity.value != "info"] == (
        ["SRC201"] if name != "reported-4" else ["SRC201", "SRC301"]
    )


LAB = {
    "lb-http-append-everybody": True,
    "lb-http-append-last-entry": False,
    "location-real-ip": True,
    "nginx-real-ip-from-anybody": True,
    "nginx-realip-original": True,
    "nginx-trusts-everybody": True,
    "nginx-trusts-everybody-recursive": True,
}
"""The scenarios of the lab in which nginx believes everybody, and whether a forged header is what it takes there when
`make lab` sends one. The others see no forged address, or believe a list."""


def test_every_client_chooses_exactly_where_nginx_takes_a_forged_header_in_the_lab() -> None:
    found = {}
    for name in names():
        read = scenario(name)
        ways = model_of({"a.yaml": read.manifests}, tuple(read.given.items())).believed
        found.update({name: any(way.by_anybody for way in ways)} if ways else {})
    assert found == LAB


def test_nobody_chooses_where_the_header_cannot_be_forged() -> None:
    (found,) = believed("reported-3")
    assert found.by_anybody
    assert not replace(found, belief=replace(found.belief, forged=False)).by_anybody


def test_a_list_that_judges_the_peer_is_not_got_past() -> None:
    (found,) = believed("reported")
    assert found.proxy is not None
    observed = tuple(replace(each, addresses=always(NODE)) for each in found.proxy.observations)
    assert not replace(found, proxy=replace(found.proxy, observations=observed)).controls


def test_of_three_proxies_the_nearest_before_it_is_told() -> None:
    found = next(each for each in believed("reported-14") if each.before)
    assert found.path is not None
    assert found.before is not None
    far = replace(found.before, name="another")
    longer = replace(found, path=replace(found.path, hops=(far, *found.path.hops)))
    assert longer.before == found.before


def test_each_workload_that_gets_a_file_has_ways_of_its_own() -> None:
    text_of_two = text("reported-4") + "---\n" + text("reported-17").partition("---\n")[2].replace("edge", "other")
    text_of_two = text_of_two.replace("            name: other\n", "            name: edge\n")
    found = model_of({"a.yaml": text_of_two}).believed
    assert {(each.owner.name, each.approach) for each in found} == {
        ("edge", Approach.OUTSIDE),
        ("other", Approach.UNKNOWN),
    }


def test_one_file_of_two_workloads_is_one_finding() -> None:
    other = text("reported-4").partition("---\n")[2].replace("edge", "other")
    shared = other.replace("            name: other\n", "            name: edge\n")
    found = [each for each in report(f"{text('reported-4')}---\n{shared}").findings if each.rule == "SRC201"]
    assert len(found) == 1
    assert [str(note.object) for note in found[0].related] == ["Service edge", "Service other"]


def test_two_definitions_of_a_workload_have_settings_of_their_own() -> None:
    found = model_of({"a/a.yaml": text("reported-4"), "b/b.yaml": text("reported-4")}).believed
    assert len(found) == 2
    assert len({each.belief.at for each in found}) == 2


def test_what_a_proxys_behaviour_rests_on_lowers_the_severity() -> None:
    model = model_of({"a.yaml": text("reported")})
    (service,) = model.cluster_services
    hops = (replace(hop, basis=Basis(assumptions=("so",))) for hop in model.paths(service)[0].hops)
    model._paths[service] = (replace(model.paths(service)[0], hops=tuple(hops)),)
    (found,) = model.believed
    assert found.assumptions == ("so",)
    assert [each.severity for each in check(model)] == [Severity.WARNING]


@pytest.mark.parametrize(
    ("name", "severity"),
    [("reported-5", Severity.INFO), ("reported-13", Severity.WARNING), ("reported", Severity.WARNING)],
)
def test_what_is_assumed_is_one_lower(name: str, severity: Severity) -> None:
    ways = tuple(replace(each, assumptions=("so",)) for each in believed(name))
    model: Any = SimpleNamespace(believed=ways, object_at=lambda _at: None)
    assert [each.severity for each in check(model)] == [severity]


def test_who_comes_by_ipv6_is_an_assumption_where_only_that_is_believed() -> None:
    assert [each.assumptions for name in ("reported-23", "reported-24") for each in believed(name)] == [
        ("clients reach the gateway",),
        ("clients reach the gateway by IPv6",),
    ]
