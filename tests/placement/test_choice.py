"""Which nodes a pod template chooses, without knowing them."""

from __future__ import annotations

import pytest

from srcip_lint.environment import DeclaredNode
from srcip_lint.placement import chosen, pinned, restricted, runs_everywhere
from srcip_lint.resources.selectors import Answer
from templates import HOSTNAME, node_affinity, template, workload

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
MATCH_FIELDS = "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: %s}}}"


@pytest.mark.parametrize(
    ("spec", "is_restricted", "is_pinned"),
    [
        ("", False, False),
        ("nodeSelector: {kubernetes.io/os: linux}", False, False),
        ("nodeSelector: {kubernetes.io/os: linux, edge: 'true'}", True, False),
        (f"nodeSelector: {{{HOSTNAME}: a}}", True, True),
        ("nodeName: a", True, True),
        ("nodeName: '${NODE}'", True, True),
        (node_affinity("{key: edge, operator: Exists}"), True, False),
        (node_affinity("{key: kubernetes.io/arch, operator: In, values: [amd64]}"), False, False),
        (node_affinity(f"{{key: {HOSTNAME}, operator: In, values: [a, b]}}"), True, True),
        (node_affinity(f"{{key: {HOSTNAME}, operator: NotIn, values: [a]}}"), True, False),
        (
            node_affinity(f"{{key: {HOSTNAME}, operator: In, values: [a]}}", "{key: edge, operator: Exists}"),
            True,
            False,
        ),
        (MATCH_FIELDS % "[{matchFields: [{key: metadata.name, operator: In, values: [a]}]}]", True, True),
        (MATCH_FIELDS % "[{matchFields: [{key: metadata.name, operator: NotIn, values: [a]}]}]", True, False),
        (MATCH_FIELDS % "'${TERMS}'", False, False),
        (MATCH_FIELDS % "['${TERM}']", False, False),
        (MATCH_FIELDS % "[{}]", True, False),  # a term without conditions matches no node
        ("affinity: '${AFFINITY}'", False, False),
    ],
)
def test_which_templates_choose_their_nodes_and_which_by_name(spec: str, is_restricted: bool, is_pinned: bool) -> None:
    assert restricted(template(spec)) is is_restricted
    assert pinned(template(spec)) is is_pinned


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        ("DaemonSet", "", True),
        ("DaemonSet", "nodeSelector: {kubernetes.io/os: linux}", True),
        ("DaemonSet", "nodeSelector: {edge: 'true'}", False),
        ("Deployment", "", False),
    ],
)
def test_only_a_daemon_set_on_no_chosen_nodes_runs_everywhere(kind: str, spec: str, expected: bool) -> None:
    assert runs_everywhere(workload(kind, spec)) is expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("", YES),
        ("nodeName: a", YES),
        ("nodeName: b", NO),
        ("nodeName: '${NODE}'", UNKNOWN),
        ("nodeSelector: {edge: 'true'}", YES),
        ("nodeSelector: {edge: 'false'}", NO),
        ("nodeSelector: {edge: '${EDGE}'}", UNKNOWN),
        ("nodeSelector: {'${KEY}': 'true'}", UNKNOWN),
        ("nodeSelector: {gpu: 'true'}", NO),
        ("nodeSelector: {gpu: 'true', edge: '${EDGE}'}", NO),
        ("nodeSelector: '${NODES}'", UNKNOWN),
        (f"nodeSelector: {{{HOSTNAME}: a}}", YES),
        (node_affinity(f"{{key: {HOSTNAME}, operator: In, values: [a]}}"), YES),
        (node_affinity("{key: gpu, operator: Exists}"), NO),
        (node_affinity("{key: gpu, operator: DoesNotExist}"), YES),
        (node_affinity("{key: gpu, operator: NotIn, values: ['1']}"), YES),
        (node_affinity("{key: gpu, operator: Exists}", "{key: edge, operator: Exists}"), YES),
        (node_affinity("{key: edge, operator: In, values: '${VALUES}'}"), UNKNOWN),
        (node_affinity("{key: edge, operator: In}"), UNKNOWN),  # the API server rejects it
        (node_affinity("{key: edge, operator: in, values: ['true']}"), UNKNOWN),
        (node_affinity("{key: cores, operator: Gt, values: ['8']}"), YES),
        (node_affinity("{key: cores, operator: Lt, values: ['8']}"), NO),
        (node_affinity("{key: edge, operator: Gt, values: ['8']}"), NO),  # no number
        (node_affinity("{key: metadata.name, operator: Exists}"), NO),  # a field, and no label
        (MATCH_FIELDS % "[{matchFields: [{key: metadata.name, operator: In, values: [a]}]}]", YES),
        (MATCH_FIELDS % "[{matchFields: [{key: metadata.name, operator: In, values: [b]}]}]", NO),
        (MATCH_FIELDS % "[{matchFields: [{key: spec.unschedulable, operator: In, values: [b]}]}]", UNKNOWN),
        (MATCH_FIELDS % "[{}]", NO),
        (MATCH_FIELDS % "[{}, {matchExpressions: [{key: edge, operator: Exists}]}]", YES),
        (MATCH_FIELDS % "'${TERMS}'", UNKNOWN),
        (MATCH_FIELDS % "['${TERM}', {matchExpressions: [{key: edge, operator: Exists}]}]", YES),
        (MATCH_FIELDS % "[{matchExpressions: '${CONDITIONS}'}]", UNKNOWN),
        ("affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: '${REQUIRED}'}}", UNKNOWN),
        (f"nodeSelector: {{gpu: '1'}}, {node_affinity('{key: edge, operator: Exists}')}", NO),  # both must hold
    ],
)
def test_what_of_a_node_is_chosen(spec: str, expected: Answer) -> None:
    node = DeclaredNode("a", {"edge": "true", "cores": "16"})
    assert chosen(template(spec)).has(node) is expected


def test_a_set_of_nodes_is_told_as_kubectl_would_take_it() -> None:
    found = chosen(
        template(f"nodeSelector: {{role: edge}}, {node_affinity('{key: zone, operator: In, values: [a, b]}')}")
    )
    assert str(found) == "role=edge and zone in (a, b)"
