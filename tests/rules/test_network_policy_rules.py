"""Rules that speak of one cause: which of them does, and what stands beside the finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from linting import report
from srcip_lint.examples import example
from srcip_lint.finding import Certainty, Finding

FIXTURES = Path(__file__).parents[2] / "fixtures" / "rules"
OF_ONE_CAUSE = ("SRC101", "SRC102", "SRC105", "SRC111", "SRC401", "SRC402", "SRC403", "SRC404")
REPORTED = [
    pytest.param(path, id=f"{path.parent.name} {path.stem}")
    for rule in ("SRC105", "SRC111", "SRC401", "SRC402", "SRC403", "SRC404")
    for path in sorted((FIXTURES / rule).glob("reported*.yaml"))
]


def findings(path: Path) -> list[Finding]:
    """What the rules of one cause report, all of them running."""
    case = example(path.stem, path.read_text(encoding="utf-8"))
    return [each for each in report(case.sources, case.given).findings if each.rule in OF_ONE_CAUSE]


@pytest.mark.parametrize("path", REPORTED)
def test_one_cause_is_one_finding(path: Path) -> None:
    assert [each.rule for each in findings(path)] == [path.parent.name]


@pytest.mark.parametrize(
    ("rule", "silence", "speaks"),
    [
        ("SRC402", "nodes-admitted", ["SRC404"]),
        ("SRC402", "nodes-admitted-2", ["SRC404"]),
        ("SRC402", "deny-list", ["SRC403"]),
        ("SRC402", "mixed-policy", ["SRC105"]),
        ("SRC402", "host-network", ["SRC111"]),
        ("SRC403", "nodes-left-out", ["SRC402"]),
        ("SRC403", "mixed-policy", ["SRC105"]),
        ("SRC404", "deny-list", ["SRC403"]),
        ("SRC404", "deny-list-2", ["SRC403"]),
        ("SRC404", "mixed-policy", ["SRC105"]),
        ("SRC105", "required-2", ["SRC101"]),
        ("SRC105", "balancer-hides", ["SRC402"]),
        ("SRC111", "asserted", ["SRC101"]),
        ("SRC111", "header", ["SRC102"]),
        ("SRC111", "mixed-policy", ["SRC105"]),
        ("SRC101", "control", ["SRC401"]),
        ("SRC102", "control", ["SRC401"]),
        ("SRC401", "host-network-2", ["SRC111"]),
    ],
)
def test_where_one_rule_is_silent_for_another_that_one_speaks(rule: str, silence: str, speaks: list[str]) -> None:
    assert [each.rule for each in findings(FIXTURES / rule / f"{silence}.yaml")] == speaks


def only(rule: str, name: str) -> Finding:
    (found,) = findings(FIXTURES / rule / f"{name}.yaml")
    return found


def notes(finding: Finding) -> list[tuple[str, str]]:
    return [(str(note.object), note.message) for note in finding.related]


def test_what_is_taken_for_a_cure_is_noted() -> None:
    assert notes(only("SRC402", "reported-14"))[1:] == [
        ("Service admin", "preferring near endpoints does not keep the client's address"),
        ("DaemonSet admin", "running as a DaemonSet does not keep the client's address"),
    ]
    assert len(notes(only("SRC402", "reported"))) == 1


def test_several_services_and_lists_are_notes_of_one_finding() -> None:
    assert [ref for ref, _ in notes(only("SRC402", "reported-15"))] == ["Service admin", "Service admin-nodeport"]
    assert notes(only("SRC402", "reported-8"))[1:] == [("NetworkPolicy partner", "and the clients of this list")]


def test_a_control_owns_the_finding_and_the_service_is_a_note() -> None:
    for rule, kind in (("SRC402", "NetworkPolicy"), ("SRC403", "NetworkPolicy"), ("SRC404", "NetworkPolicy")):
        finding = only(rule, "reported")
        assert finding.object is not None
        assert finding.object.kind == kind
        assert ("Service", "admin") in [(note.object.kind, note.object.name) for note in finding.related if note.object]


def test_what_the_verdict_rests_on_is_printed() -> None:
    order = "the network plugin checks a policy on the pod's node"
    assumed = only("SRC402", "reported").assumptions
    assert [each.partition(",")[0] for each in assumed] == [
        "the dataplane masquerades external packets under Cluster",
        order,
        "no node has an address in 198.51.100.0/24",
    ]
    declared = only("SRC402", "reported-4")
    assert [each.partition(",")[0] for each in declared.assumptions] == [order]
    assert declared.certainty is Certainty.ASSUMED


def test_a_policy_sees_no_client_behind_a_proxying_load_balancer_so_they_are_listed_there() -> None:
    (fix,) = only("SRC402", "reported-13").fixes
    assert fix.startswith("list the clients at the Hetzner load balancer")
    assert not any("PROXY protocol" in fix for fix in only("SRC402", "reported").fixes)


def test_source_ranges_are_advised_for_load_balancers_only() -> None:
    assert any("loadBalancerSourceRanges" in fix for fix in only("SRC402", "reported").fixes)
    assert not any("loadBalancerSourceRanges" in fix for fix in only("SRC402", "reported-9").fixes)


@pytest.mark.parametrize("networks", [2, 3, 4, 20])
def test_a_long_list_is_named_in_part(networks: int) -> None:
    text = (FIXTURES / "SRC402" / "reported.yaml").read_text(encoding="utf-8")
    block = "        - ipBlock:\n            cidr: 198.51.{}.0/24\n"
    more = "".join(block.format(number) for number in range(101, 100 + networks))
    (finding,) = report(text.replace("---\n", more + "---\n", 1)).findings
    assert finding.message.count("198.51.") <= 6
    assert (f"and {networks - 3} more" in finding.message) == (networks > 3)
    assert max(map(len, finding.assumptions)) < 200
