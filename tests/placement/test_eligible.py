"""May a pod stand on a node: its taints, and the labels that constraints need. What it chooses has its own tests."""

from __future__ import annotations

import pytest

from srcip_lint.environment import DeclaredNode
from srcip_lint.placement import Fit, Inventory, place, takes_pods
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.selectors import Answer
from templates import ZONE, anti_affinity, spread, workload

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
EDGE = ("dedicated", "edge", "NoSchedule")


def fit(node: DeclaredNode, spec: str = "", kind: str = "Deployment") -> Fit:
    return place(workload(kind, spec), 1, Inventory((node,))).fits[node.name]


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        ("", NO),
        ("{operator: Exists}", YES),
        ("{operator: Exists, effect: NoSchedule}", YES),
        ("{operator: Exists, effect: NoExecute}", NO),
        ("{key: dedicated, operator: Exists}", YES),
        ("{key: dedicated, value: edge}", YES),
        ("{key: dedicated, operator: Equal, value: edge, effect: NoSchedule}", YES),
        ("{key: dedicated, value: edge, effect: ''}", YES),
        ("{key: dedicated, value: edge, effect: NoExecute}", NO),
        ("{key: dedicated, value: other}", NO),
        ("{key: dedicated}", NO),
        ("{value: edge}", NO),  # the API server rejects it
        ("{key: other, operator: Exists}", NO),
        ("{key: other, operator: Exists}, {key: dedicated, operator: Exists}", YES),
        ("'${TOLERATION}'", UNKNOWN),
        ("{key: '${KEY}', operator: Exists}", UNKNOWN),
        ("{key: dedicated, value: '${VALUE}'}", UNKNOWN),
        ("{key: other, value: '${VALUE}'}", NO),
        ("{key: dedicated, operator: '${OPERATOR}'}", UNKNOWN),
        ("{key: dedicated, operator: Gt, value: '1'}", UNKNOWN),  # alpha
        ("{key: dedicated, operator: Exists, effect: '${EFFECT}'}", UNKNOWN),
    ],
)
def test_a_taint_is_to_be_tolerated(toleration: str, expected: Answer) -> None:
    assert fit(DeclaredNode("a", taints=(EDGE,)), f"tolerations: [{toleration}]").answer is expected


def test_tolerations_that_cannot_be_read_may_tolerate_anything() -> None:
    assert fit(DeclaredNode("a", taints=(EDGE,)), "tolerations: '${TOLERATIONS}'").answer is UNKNOWN
    assert fit(DeclaredNode("a"), "tolerations: '${TOLERATIONS}'").answer is YES


def test_an_empty_value_equals_a_taint_without_one() -> None:
    assert fit(DeclaredNode("a", taints=(("gpu", "", "NoSchedule"),)), "tolerations: [{key: gpu}]").answer is YES


@pytest.mark.parametrize(
    ("taint", "deployment", "daemon_set", "on_host"),
    [
        (("a", "", "PreferNoSchedule"), YES, YES, YES),
        (("a", "", "NoExecute"), NO, NO, NO),
        (("node-role.kubernetes.io/control-plane", "", "NoSchedule"), NO, NO, NO),
        (("node.kubernetes.io/not-ready", "", "NoExecute"), NO, YES, YES),
        (("node.kubernetes.io/not-ready", "", "NoSchedule"), NO, NO, NO),
        (("node.kubernetes.io/unreachable", "", "NoExecute"), NO, YES, YES),
        (("node.kubernetes.io/disk-pressure", "", "NoSchedule"), NO, YES, YES),
        (("node.kubernetes.io/memory-pressure", "", "NoSchedule"), NO, YES, YES),
        (("node.kubernetes.io/pid-pressure", "", "NoSchedule"), NO, YES, YES),
        (("node.kubernetes.io/unschedulable", "", "NoSchedule"), NO, YES, YES),
        (("node.kubernetes.io/network-unavailable", "", "NoSchedule"), NO, NO, YES),
        (("a", "", Unknown("a placeholder")), UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_what_a_daemon_set_tolerates_by_itself(
    taint: tuple[str, str, str], deployment: Answer, daemon_set: Answer, on_host: Answer
) -> None:
    node = DeclaredNode("a", taints=(taint,))
    assert fit(node).answer is deployment
    assert fit(node, kind="DaemonSet").answer is daemon_set
    assert fit(node, "hostNetwork: true", kind="DaemonSet").answer is on_host


def test_a_cordoned_node_takes_the_pods_of_daemon_sets_only() -> None:
    node = DeclaredNode("a", unschedulable=True)
    assert fit(node).answer is NO
    assert fit(node, kind="DaemonSet").answer is YES
    assert fit(node, "tolerations: [{key: node.kubernetes.io/unschedulable, operator: Exists}]").answer is YES


@pytest.mark.parametrize(("effect", "expected"), [("NoSchedule", YES), ("NoExecute", NO), ("PreferNoSchedule", YES)])
def test_a_pod_that_names_its_node_passes_the_scheduler_by(effect: str, expected: Answer) -> None:
    node = DeclaredNode("a", taints=(("dedicated", "edge", effect),), unschedulable=True)
    assert fit(node, f"nodeName: a, {spread(key=ZONE)}").answer is expected
    assert fit(DeclaredNode("b"), "nodeName: a").answer is NO
    assert fit(node, "nodeName: a, nodeSelector: {role: edge}").answer is NO  # the kubelet turns it away


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (spread(key=ZONE), NO),
        (spread(key=ZONE, when="ScheduleAnyway"), YES),
        (spread(key=ZONE, when="'${WHEN}'"), UNKNOWN),
        (spread(key="'${KEY}'"), UNKNOWN),
        (spread(key=ZONE, selector="null"), NO),  # it counts no pod, and wants the label all the same
        (anti_affinity(key=ZONE), YES),
        (anti_affinity(key=ZONE).replace("podAntiAffinity", "podAffinity"), NO),
        (anti_affinity(key=ZONE, required=False).replace("podAntiAffinity", "podAffinity"), YES),
    ],
)
def test_a_hard_constraint_wants_its_label(spec: str, expected: Answer) -> None:
    assert fit(DeclaredNode("a"), spec).answer is expected
    assert fit(DeclaredNode("a", {ZONE: "x"}), spec).answer is (UNKNOWN if "KEY" in spec else YES)


@pytest.mark.parametrize(
    ("spec", "node", "why"),
    [
        ("nodeName: b", DeclaredNode("a"), "the pods name another node, b"),
        ("nodeSelector: {role: edge}", DeclaredNode("a"), "the pods' nodeSelector wants role=edge"),
        ("", DeclaredNode("a", taints=(EDGE,)), "the pods do not tolerate its taint dedicated=edge:NoSchedule"),
        (
            "",
            DeclaredNode("a", unschedulable=True),
            "the pods do not tolerate its taint node.kubernetes.io/unschedulable:NoSchedule",
        ),
        (spread(key=ZONE), DeclaredNode("a"), f"it has no label {ZONE}, which the pods' topologyKey needs"),
        ("", DeclaredNode("a"), ""),
    ],
)
def test_why_a_node_takes_no_pod(spec: str, node: DeclaredNode, why: str) -> None:
    assert fit(node, spec).why == why


@pytest.mark.parametrize(
    ("taints", "unschedulable", "expected"),
    [
        ((), False, YES),
        ((("a", "", "PreferNoSchedule"),), False, YES),
        ((EDGE,), False, NO),
        ((("a", "", "PreferNoSchedule"), ("b", "", "NoExecute")), False, NO),
        ((), True, NO),
        ((("a", "", Unknown("a placeholder")),), False, UNKNOWN),
    ],
)
def test_which_nodes_take_ordinary_pods(
    taints: tuple[tuple[str, str, str], ...], unschedulable: bool, expected: Answer
) -> None:
    assert takes_pods(DeclaredNode("a", {}, taints, unschedulable)) is expected
