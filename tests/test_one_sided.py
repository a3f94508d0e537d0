"""Connections that fail over the PROXY protocol: which two places contradict each other, and what a real nginx does."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.scenario import read
from linting import model_of, report
from srcip_lint.examples import example
from srcip_lint.one_sided import Fault, OneSided

FIXTURES = Path(__file__).parents[1] / "fixtures" / "rules" / "SRC304"


def found(text: str, *given: tuple[str, str]) -> list[OneSided]:
    model = model_of({"a.yaml": text}, given)
    return [each for service in model.bundle.services for each in model.one_sided(service)]


def fixture(name: str) -> str:
    return (FIXTURES / f"{name}.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "fault", "answer"),
    [
        ("proxy-protocol-not-read", Fault.NOT_READ, 400),
        ("proxy-protocol-handed-on-unread", Fault.NOT_READ, 400),
        ("proxy-protocol-demanded-metallb", Fault.NOT_SENT, 0),
    ],
)
def test_the_lab_answers_as_the_rule_says(name: str, fault: Fault, answer: int) -> None:
    """The statuses are what comes of the steps in `make lab`; 0 is a connection that is closed without an answer."""
    scenario = read(name)
    (one,) = found(scenario.manifests, *scenario.given.items())
    assert one.fault is fault
    assert not one.assumptions
    assert {step.status for step in scenario.steps} == {answer}


@pytest.mark.parametrize(
    "name",
    [
        "proxy-protocol-cluster",
        "proxy-protocol-local",
        "proxy-protocol-demanded",
        "proxy-protocol-handed-on",
        "nginx-stream-reads-proxy-protocol",
        "nginx-stream-proxy-protocol",
    ],
)
def test_what_the_lab_sees_answered_or_cannot_tell_is_no_fault(name: str) -> None:
    scenario = read(name)
    assert not found(scenario.manifests, *scenario.given.items())


def test_what_hands_it_on_is_to_be_changed_and_not_who_gets_it_then() -> None:
    scenario = read("proxy-protocol-handed-on-unread")
    (one,) = found(scenario.manifests, *scenario.given.items())
    assert str(one.receiver.object) == "Deployment shop/edge"
    assert one.listener.hands_on
    assert one.sender.kind == "load balancer"


def test_of_two_proxies_in_a_row_the_one_before_is_the_sender() -> None:
    (one,) = found(fixture("reported-8"), ("loadBalancer", "metallb"))
    assert (str(one.sender.object), str(one.receiver.object)) == ("Deployment shop/edge", "Deployment shop/app")
    (other,) = found(fixture("reported-9"))
    assert (other.fault, str(other.sender.object)) == (Fault.NOT_SENT, "Deployment shop/edge")


def test_where_it_is_asked_for_is_told_and_nothing_where_it_is_not() -> None:
    (sent,) = found(fixture("reported"))
    assert sent.asked_at
    assert sent.asked_at.path[-1] == "load-balancer.hetzner.cloud/uses-proxyprotocol"
    (refused,) = found(fixture("reported-11"))
    assert refused.asked_at is None


def test_every_port_is_told_and_the_one_that_is_handed_on_with_where_it_goes() -> None:
    (one,) = found(fixture("reported-4"))
    assert (one.fault, one.path.key.port, one.target) == (Fault.HANDED_ON, "1194", "Service vpn/openvpn")
    assert one.assumptions == ("Service vpn/openvpn does not read the PROXY protocol itself",)
    assert [each.path.key.port for each in found(fixture("reported-2"), ("loadBalancer", "metallb"))] == ["80", "443"]


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("reported*.yaml")), ids=lambda path: path.stem)
def test_one_cause_is_one_finding_whatever_else_would_be_lost_behind_it(path: Path) -> None:
    """No rule about the client's address speaks of a connection that nobody answers."""
    case = example(path.stem, path.read_text(encoding="utf-8"))
    rules = {each.rule for each in report(case.sources, case.given).findings}
    assert rules & {"SRC101", "SRC102", "SRC401", "SRC304"} == {"SRC304"}


@pytest.mark.parametrize(
    ("name", "fixes"),
    [
        ("reported", ["let nginx in Deployment shop/edge read it on that port (`proxy_protocol`", "or let the load"]),
        ("reported-3", ["let the load balancer send it", "or let ingress-nginx in", "where something else in front"]),
        ("reported-2", ["not demand it (`use-proxy-protocol`); `externalTrafficPolicy: Local`", "declare it: `edges:"]),
        ("reported-4", ["read it on that port too (`:PROXY` behind", "or give that port a Service of its own"]),
        (
            "reported-9",
            ["let nginx in Deployment shop/app not demand it", "or let nginx in Deployment shop/edge send it"],
        ),
    ],
)
def test_what_to_change_fits_the_side_that_can(name: str, fixes: list[str]) -> None:
    case = example(name, fixture(name))
    (finding,) = (each for each in report(case.sources, case.given).findings if each.rule == "SRC304")
    assert len(finding.fixes) == len(fixes)
    assert all(part in fix for part, fix in zip(fixes, finding.fixes, strict=True))
