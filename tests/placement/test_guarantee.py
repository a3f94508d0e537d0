"""Where pods stand on an inventory: cases a reviewer can check by hand. The random ones are beside this."""

from __future__ import annotations

import pytest

from srcip_lint.environment import DeclaredNode
from srcip_lint.placement import Coverage, Inventory, Manner, Pace, Placement, pace, place
from srcip_lint.resources.pods import PodTemplate
from templates import HOSTNAME, OTHER, OWN, ZONE, anti_affinity, port, spread, template, workload

CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "", "NoSchedule")
WORKERS = tuple(DeclaredNode(name) for name in ("w1", "w2", "w3"))
CLUSTER = (*WORKERS, DeclaredNode("cp", taints=(CONTROL_PLANE,)))
ZONES = (
    DeclaredNode("a1", {ZONE: "a"}),
    DeclaredNode("a2", {ZONE: "a"}),
    DeclaredNode("b1", {ZONE: "b"}),
)
HONOUR, KEYS = ", nodeTaintsPolicy: Honor}]", ", matchLabelKeys: [pod-template-hash]}]"


def placed(
    spec: str = "",
    replicas: int | None = 3,
    nodes: tuple[DeclaredNode, ...] = WORKERS,
    kind: str = "Deployment",
    fields: str = "",
    others: tuple[PodTemplate, ...] = (),
) -> Placement:
    return place(workload(kind, spec, fields), replicas, Inventory(nodes), others)


def covering(names: str, at_least: int) -> Coverage:
    return Coverage(frozenset(names.split()), at_least)


@pytest.mark.parametrize(
    ("spec", "replicas", "nodes", "expected"),
    [
        ("", 3, WORKERS, covering("", 1)),
        ("", 0, WORKERS, covering("", 0)),
        ("", 1, WORKERS[:1], covering("w1", 1)),
        ("", 3, CLUSTER[2:], covering("w3", 1)),  # the control plane is tainted
        (spread(), 3, WORKERS, covering("w1 w2 w3", 3)),
        (spread(), 2, WORKERS, covering("", 2)),
        (spread(), 4, WORKERS, covering("w1 w2 w3", 3)),
        (spread(skew="2"), 4, WORKERS, covering("", 2)),
        (spread(skew="2"), 5, WORKERS, covering("w1 w2 w3", 3)),
        (spread(skew="3"), 3, WORKERS, covering("", 1)),
        (spread(when="ScheduleAnyway"), 3, WORKERS, covering("", 1)),
        (spread(selector=OTHER), 3, WORKERS, covering("", 1)),
        (spread(selector="null"), 3, WORKERS, covering("", 1)),
        (spread(), 5, CLUSTER, covering("w1 w2 w3", 3)),
        (spread(key=ZONE), 3, ZONES, covering("b1", 2)),
        (spread(key=ZONE), 1, ZONES, covering("", 1)),
        (spread(key=ZONE), 3, WORKERS, covering("", 0)),  # no node has the label: all pods are Pending
        (anti_affinity(), 2, WORKERS, covering("", 2)),
        (anti_affinity(), 3, WORKERS, covering("w1 w2 w3", 3)),
        (anti_affinity(key=ZONE), 3, ZONES, covering("b1", 2)),
        (anti_affinity(key=ZONE), 3, WORKERS, covering("", 1)),  # no node has the label: nothing is bound
        (anti_affinity(required=False), 3, WORKERS, covering("", 1)),
        (port("80"), 3, WORKERS, covering("w1 w2 w3", 3)),
        (port("0"), 3, WORKERS, covering("", 1)),
        (f"hostNetwork: true, {port('null')}", 2, WORKERS, covering("", 2)),
        ("nodeName: w2", 3, WORKERS, covering("w2", 1)),
        (f"nodeName: w2, {spread()}", 3, WORKERS, covering("w2", 1)),
        ("nodeName: gone", 3, WORKERS, covering("", 0)),
        (anti_affinity().replace("podAntiAffinity", "podAffinity"), 3, WORKERS, covering("", 1)),
        (anti_affinity(key=ZONE).replace("podAntiAffinity", "podAffinity"), 3, ZONES, covering("", 1)),
        (
            f"{spread()}, {anti_affinity(key=ZONE).replace('podAntiAffinity', 'podAffinity')}",
            2,
            ZONES,
            covering("", 1),  # all in one zone: on both its nodes, or the second finds no room in the smaller one
        ),
    ],
)
def test_in_a_steady_state(spec: str, replicas: int, nodes: tuple[DeclaredNode, ...], expected: Coverage) -> None:
    found = placed(spec, replicas, nodes)
    assert found.steady == expected
    assert found.known
    assert found.exact


def test_a_daemon_set_stands_on_every_node_that_admits_it() -> None:
    found = placed(kind="DaemonSet", replicas=None, nodes=CLUSTER)
    assert found.steady == covering("w1 w2 w3", 3)
    assert (found.possibly, found.never) == (frozenset({"w1", "w2", "w3"}), frozenset({"cp"}))
    assert found.fits["cp"].why == f"the pods do not tolerate its taint {CONTROL_PLANE[0]}:NoSchedule"
    tolerant = placed("tolerations: [{operator: Exists}]", kind="DaemonSet", nodes=CLUSTER)
    assert tolerant.steady == covering("w1 w2 w3 cp", 4)


def test_a_daemon_set_that_is_repelled_within_zones_has_one_pod_in_each() -> None:
    assert placed(anti_affinity(key=ZONE), kind="DaemonSet", nodes=ZONES).steady == covering("b1", 2)


UNKNOWN_CASES = [
    (f"nodeSelector: {{{HOSTNAME}: '${{NODE}}'}}", covering("", 0)),
    (spread(key="'${KEY}'"), covering("", 0)),
    (spread(key="null"), covering("", 1)),  # the API server rejects it, and a maxSkew of 0
    (spread(skew="0"), covering("", 1)),
    (spread(skew="'${SKEW}'"), covering("", 1)),
    (spread().replace("}]", ", minDomains: '${FEWEST}'}]"), covering("", 1)),
    (anti_affinity(key="'${KEY}'"), covering("", 1)),
    (anti_affinity(key="'${KEY}'").replace("podAntiAffinity", "podAffinity"), covering("", 0)),
    (spread(selector="'${SELECTOR}'"), covering("", 1)),
    (spread(when="'${WHEN}'"), covering("", 1)),
    (port("'${PORT}'"), covering("", 1)),
    ("hostNetwork: true", covering("", 1)),
    (anti_affinity(", namespaceSelector: {}"), covering("", 0)),  # others may stand on every node
    ("affinity: '${AFFINITY}'", covering("", 0)),
    ("affinity: {podAffinity: '${AFFINITY}'}", covering("", 0)),
    (anti_affinity(selector=OTHER).replace("podAntiAffinity", "podAffinity"), covering("", 0)),
]


@pytest.mark.parametrize(("spec", "expected"), UNKNOWN_CASES)
def test_what_is_not_known_is_not_promised(spec: str, expected: Coverage) -> None:
    found = placed(spec)
    assert not found.known
    assert not found.exact
    assert found.steady == expected
    assert found.steady.at_least >= found.rollout.at_least >= 0
    assert found.possibly == {"w1", "w2", "w3"}
    assert found.never == frozenset()
    assert not found.stuck


def test_of_an_unknown_number_of_replicas_nothing_is_promised() -> None:
    for fields in ("", "strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}"):
        found = placed(spread(), replicas=None, fields=fields)
        assert (found.steady, found.rollout) == (covering("", 0), covering("", 0))
        assert found.possibly == {"w1", "w2", "w3"}


@pytest.mark.parametrize(("nodes", "known"), [(WORKERS, True), (CLUSTER, False)])
def test_an_unknown_policy_matters_only_where_a_node_is_tainted(nodes: tuple[DeclaredNode, ...], known: bool) -> None:
    found = placed(spread().replace("}]", ", nodeTaintsPolicy: '${POLICY}'}]"), nodes=nodes)
    assert found.known is known
    assert found.steady.at_least == (3 if known else 1)


def test_nothing_is_said_of_an_update_where_something_is_not_known() -> None:
    assert placed(port("80"), 3).stuck
    assert not placed(f"{port('80')}, {spread(skew=chr(39) + '${SKEW}' + chr(39))}", 3).stuck


def test_each_pod_of_a_daemon_set_stands_by_itself_also_where_not_all_nodes_are_known() -> None:
    nodes = (DeclaredNode("a", {"role": "edge"}), DeclaredNode("b", taints=(("x", "", "NoSchedule"),)))
    found = placed("tolerations: [{key: '${KEY}', operator: Exists}]", kind="DaemonSet", nodes=nodes)
    assert found.steady == covering("a", 1)
    assert found.possibly == {"a", "b"}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [("{app: other}", covering("w1 w2 w3", 3)), ("{app: web}", covering("", 0)), ("'${LABELS}'", covering("", 0))],
)
def test_pods_of_others_may_be_counted_too(labels: str, expected: Coverage) -> None:
    other = template(labels=labels)
    assert placed(spread(), others=(other,)).steady == expected
    assert placed(anti_affinity(), others=(other,)).steady == expected


# Capacity, and the update that gets stuck (the facts' C4.4)


def test_the_articles_deployment_on_three_workers_and_a_tainted_control_plane() -> None:
    found = placed(spread(), 3, CLUSTER)
    assert (found.capacity, found.pending) == (3, 0)
    assert found.pace == Pace(Manner.ROLLING, surge=1, unavailable=0)
    assert found.stuck
    assert found.rollout == found.steady == covering("w1 w2 w3", 3)
    (limit,) = found.limits
    assert len(limit.counted) == 4
    assert limit.capacity(found.possibly) == 3


@pytest.mark.parametrize(
    ("spec", "replicas", "fields", "capacity", "pending", "stuck"),
    [
        (spread(), 4, "", 3, 1, True),  # three are ready, and three must be
        (spread(), 4, "strategy: {rollingUpdate: {maxUnavailable: 2}}", 3, 1, False),
        (spread().replace("}]", HONOUR), 3, "", None, 0, False),
        (spread().replace("}]", HONOUR), 7, "", None, 0, False),
        (spread().replace("}]", KEYS), 3, "", 3, 0, False),
        (spread().replace("}]", KEYS), 4, "", 3, 1, False),
        (spread(skew="2"), 6, "strategy: {rollingUpdate: {maxUnavailable: 0}}", 6, 0, True),
        (spread(skew="2"), 5, "strategy: {rollingUpdate: {maxUnavailable: 0}}", 6, 0, False),
        # One more fits, becomes ready, and makes room for the next, although three cannot stand at once.
        (spread(skew="2"), 5, "strategy: {rollingUpdate: {maxSurge: 3, maxUnavailable: 0}}", 6, 0, False),
        (spread(), 3, "strategy: {rollingUpdate: {maxUnavailable: 1}}", 3, 0, False),
        (spread(), 3, "strategy: {rollingUpdate: {maxSurge: 0}}", 3, 0, False),
        (spread(), 3, "strategy: {type: Recreate}", 3, 0, False),
        (spread(), 3, "strategy: '${STRATEGY}'", 3, 0, False),
        (spread(), 3, "strategy: {rollingUpdate: '${UPDATE}'}", 3, 0, False),
        (spread(), 3, "strategy: {rollingUpdate: {maxUnavailable: '${MISSING}'}}", 3, 0, False),
        (anti_affinity(), 3, "", 3, 0, True),
        (anti_affinity(", matchLabelKeys: [pod-template-hash]"), 3, "", 3, 0, False),
        (anti_affinity(", matchLabelKeys: [version]"), 3, "", 3, 0, False),
        (anti_affinity(), 2, "", 3, 0, False),
        (port("80"), 3, "", 3, 0, True),
        ("", 50, "", None, 0, False),
    ],
)
def test_how_many_fit_and_whether_an_update_gets_stuck(
    spec: str, replicas: int, fields: str, capacity: int | None, pending: int, stuck: bool
) -> None:
    found = placed(spec, replicas, CLUSTER, fields=fields)
    assert (found.capacity, found.pending, found.stuck) == (capacity, pending, stuck)


@pytest.mark.parametrize("kind", ["StatefulSet", "ReplicaSet", "DaemonSet"])
def test_only_a_deployment_gets_stuck(kind: str) -> None:
    assert not placed(spread(), 3, CLUSTER, kind=kind).stuck


def test_a_limit_that_spares_a_node_leaves_room_without_end() -> None:
    racks = (DeclaredNode("a", {"rack": "1"}), DeclaredNode("b"))
    found = placed(anti_affinity(key="rack"), 3, racks)
    (limit,) = found.limits
    assert limit.capacity(found.possibly) is None
    assert limit.capacity({"a"}) == 1
    assert found.capacity is None


@pytest.mark.parametrize(
    ("spec", "nodes", "expected"),
    [
        (anti_affinity(), WORKERS, True),
        (spread(), CLUSTER, True),
        (spread(), WORKERS, False),  # the bound rises
        (anti_affinity(", matchLabelKeys: [pod-template-hash]"), WORKERS, False),  # it counts each revision by itself
        (f"{port('80')}, {spread()}", WORKERS, False),
    ],
)
def test_when_the_promise_for_an_update_is_exact(spec: str, nodes: tuple[DeclaredNode, ...], expected: bool) -> None:
    found = placed(spec, 3, nodes)
    assert found.exact
    assert found.exact_rollout is expected


def test_too_few_domains_bound_the_pods_absolutely() -> None:
    with_domains = spread().replace("}]", ", minDomains: 4}]")
    assert (placed(with_domains, 5).capacity, placed(spread(), 5).capacity) == (3, None)


# During an update


@pytest.mark.parametrize(
    ("spec", "replicas", "fields", "expected"),
    [
        ("", 3, "", covering("", 1)),
        ("", 1, "strategy: {rollingUpdate: {maxUnavailable: 1}}", covering("", 0)),
        ("", 3, "strategy: {type: Recreate}", covering("", 0)),
        ("", 3, "strategy: {type: Unheard}", covering("", 0)),
        ("", 3, "strategy: {rollingUpdate: {maxUnavailable: 100%}}", covering("", 0)),
        ("", 3, "strategy: {rollingUpdate: {maxUnavailable: '${MISSING}'}}", covering("", 0)),
        ("", 3, "strategy: {rollingUpdate: {maxSurge: '${MORE}'}}", covering("", 1)),
        (anti_affinity(), 2, "", covering("", 2)),
        (anti_affinity(), 3, "strategy: {rollingUpdate: {maxUnavailable: 1}}", covering("", 2)),
        (anti_affinity(), 3, "", covering("w1 w2 w3", 3)),  # stuck: nothing is ever deleted
        # An old and a new pod may share each node, so three ready ones may stand on two.
        (anti_affinity(", matchLabelKeys: [pod-template-hash]"), 3, "", covering("", 2)),
        (spread(), 3, "", covering("", 2)),
    ],
)
def test_during_an_update(spec: str, replicas: int, fields: str, expected: Coverage) -> None:
    assert placed(spec, replicas, fields=fields).rollout == expected


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("DaemonSet", "", covering("", 2)),
        ("DaemonSet", "updateStrategy: {rollingUpdate: {maxUnavailable: 50%}}", covering("", 1)),
        ("DaemonSet", "updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}", covering("w1 w2 w3", 3)),
        ("DaemonSet", "updateStrategy: {type: OnDelete}", covering("", 0)),
        ("StatefulSet", "", covering("", 2)),
        ("ReplicaSet", "", covering("w1 w2 w3", 3)),
        ("Rollout", "", covering("", 0)),
    ],
)
def test_during_an_update_of_other_kinds(kind: str, fields: str, expected: Coverage) -> None:
    assert placed(anti_affinity(), 3, kind=kind, fields=fields).rollout == expected


def test_while_any_node_is_drained_one_node_fewer_is_sure() -> None:
    assert placed(spread(), 3).drain == covering("w1 w2 w3", 2)
    assert placed("", 3).drain == covering("", 0)
    assert placed(replicas=0).drain == covering("", 0)


@pytest.mark.parametrize(
    ("kind", "fields", "replicas", "expected"),
    [
        ("Deployment", "", 3, Pace(Manner.ROLLING, 1, 0)),
        ("Deployment", "", 4, Pace(Manner.ROLLING, 1, 1)),
        ("Deployment", "", 5, Pace(Manner.ROLLING, 2, 1)),
        (
            "Deployment",
            "strategy: {rollingUpdate: {maxSurge: 100%, maxUnavailable: 50%}}",
            4,
            Pace(Manner.ROLLING, 4, 2),
        ),
        ("Deployment", "", None, Pace(Manner.ROLLING, None, None)),
        ("Deployment", "strategy: {rollingUpdate: {maxSurge: 2, maxUnavailable: 0}}", None, Pace(Manner.ROLLING, 2, 0)),
        ("Deployment", "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 10%}}", 3, Pace(Manner.ROLLING, 0, 1)),
        ("Deployment", "strategy: {rollingUpdate: {maxUnavailable: 7}}", 3, Pace(Manner.ROLLING, 1, 3)),
        ("Deployment", "strategy: {rollingUpdate: {maxSurge: half}}", 3, Pace(Manner.ROLLING, None, 0)),
        ("Deployment", "strategy: {rollingUpdate: {maxSurge: -1}}", 3, Pace(Manner.ROLLING, None, 0)),
        ("Deployment", "strategy: {type: Recreate}", 3, Pace(Manner.RECREATE)),
        ("Deployment", "strategy: {type: '${TYPE}'}", 3, Pace(Manner.UNKNOWN)),
        ("StatefulSet", "", 3, Pace(Manner.ROLLING, 0, 1)),
        ("StatefulSet", "updateStrategy: {rollingUpdate: {maxUnavailable: 50%}}", 3, Pace(Manner.ROLLING, 0, 2)),
        ("StatefulSet", "updateStrategy: {type: OnDelete}", 3, Pace(Manner.MANUAL)),
        ("DaemonSet", "", 3, Pace(Manner.ROLLING, 0, 1)),
        ("DaemonSet", "updateStrategy: {rollingUpdate: {maxUnavailable: 10%}}", 3, Pace(Manner.ROLLING, 0, 1)),
        ("ReplicaSet", "", 3, Pace(Manner.NONE)),
        ("Pod", "", None, Pace(Manner.NONE)),
        ("Rollout", "", 3, Pace(Manner.UNKNOWN)),
    ],
)
def test_the_pace_of_an_update(kind: str, fields: str, replicas: int | None, expected: Pace) -> None:
    assert pace(workload(kind, fields=fields), replicas) == expected


def test_very_many_replicas_and_nodes_are_reckoned_with_at_once() -> None:
    nodes = tuple(DeclaredNode(f"n{index}", {ZONE: str(index % 7)}) for index in range(2000))
    both = f"topologySpreadConstraints: [{spread()[28:-1]}, {spread(key=ZONE, skew='5')[28:-1]}]"
    found = placed(both, 10**9, nodes)
    assert found.steady.at_least == 2000
    assert found.exact


def test_the_helpers_of_this_file_mean_what_they_say() -> None:
    assert placed(spread()).limits[0].domains == {"w1": "w1", "w2": "w2", "w3": "w3"}
    assert workload("Deployment", spread()).template.spread[0].topology_key.value == HOSTNAME
    assert OWN in spread()
