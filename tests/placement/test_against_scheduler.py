"""Placement against a scheduler that tries everything, on random small clusters.

Always sound: what is promised holds in every placement that can be reached. And tight, where `exact` says so: the
number of nodes is reached by one, a node that is not said to be sure is empty in one, a possible node holds a pod in
one.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest

from clusters import app, inventory_of, machines, workload_of
from scheduler import HOSTNAME, App, Cluster, Machine, Spread
from srcip_lint.placement import Coverage, Placement, place

BATCH = 250
SLOW = 10_000


def names(cluster: Cluster, found: Iterable[Iterable[int]]) -> list[frozenset[str]]:
    return [frozenset(cluster.machines[index].name for index in indices) for indices in found]


def truth(covered: list[frozenset[str]]) -> Coverage:
    """What holds in all of these states."""
    return Coverage(frozenset.intersection(*covered), min(map(len, covered)))


def promises_no_more(promised: Coverage, true: Coverage) -> bool:
    return promised.surely <= true.surely and promised.at_least <= true.at_least


def check_steady(one: App, found: list[Machine]) -> Placement:
    """Check a cluster's steady placements; the answer."""
    cluster = Cluster(one, found)
    finals = cluster.finals()
    covered = names(cluster, ([index for index in cluster.indices if counts[index]] for counts in finals))
    answer = place(workload_of(one), one.replicas, inventory_of(found))
    assert answer.known
    assert promises_no_more(answer.steady, truth(covered))
    assert not answer.exact or answer.steady == truth(covered)
    assert answer.possibly == frozenset.union(*covered)
    assert answer.never == {machine.name for machine in found} - answer.possibly
    assert answer.replicas == cluster.replicas
    most = max(map(sum, finals))
    assert answer.capacity is None or most <= answer.capacity
    assert most <= cluster.replicas - answer.pending
    drained = [nodes - {node} for nodes in covered for node in answer.possibly | {"none"}]
    assert answer.drain.at_least == max(0, min(map(len, drained))) or not answer.exact
    assert all(answer.drain.surely - {node} <= nodes - {node} for nodes in covered for node in answer.possibly)
    return answer


def check_update(one: App, found: list[Machine]) -> Placement:
    """Check every moment of an update; the answer."""
    cluster = Cluster(one, found)
    answer = place(workload_of(one), one.replicas, inventory_of(found))
    if one.kind == "DaemonSet":
        moments, finished = cluster.daemon_update(), True
    else:
        moments, finished = cluster.update()
    true = truth(names(cluster, moments))
    assert promises_no_more(answer.rollout, true)
    assert not answer.exact_rollout or answer.rollout == true
    assert not (answer.stuck and finished)
    if answer.exact_rollout and answer.possibly and not answer.pending:
        assert answer.stuck is not finished
    return answer


def steady_cases(start: int, count: int) -> Counter[str]:
    seen: Counter[str] = Counter()
    for seed in range(start, start + count):
        chance = random.Random(seed)  # noqa: S311  (the same clusters every time)
        answer = check_steady(app(chance, 6), machines(chance, 4))
        seen["exact"] += answer.exact
        seen["several"] += answer.steady.at_least > 1
        seen["sure"] += bool(answer.steady.surely)
        seen["pending"] += bool(answer.pending)
    return seen


def update_cases(start: int, count: int) -> Counter[str]:
    seen: Counter[str] = Counter()
    for seed in range(start, start + count):
        chance = random.Random(seed)  # noqa: S311
        answer = check_update(app(chance, 4), machines(chance, 3))
        seen["exact"] += answer.exact_rollout
        seen["several"] += answer.rollout.at_least > 1
        seen["sure"] += bool(answer.rollout.surely)
        seen["stuck"] += answer.stuck
    return seen


def test_steady_states_of_a_few_hundred_clusters() -> None:
    seen = steady_cases(0, 300)
    assert seen["exact"] > 290  # the exceptions are exceptions
    assert min(seen["several"], seen["sure"], seen["pending"]) > 20


def test_updates_in_a_few_hundred_clusters() -> None:
    seen = update_cases(0, 200)
    assert seen["exact"] > 100
    assert min(seen["several"], seen["sure"], seen["stuck"]) > 10


@pytest.mark.slow
@pytest.mark.parametrize("start", range(1000, 1000 + SLOW, BATCH))
def test_steady_states_of_ten_thousand_clusters(start: int) -> None:
    assert steady_cases(start, BATCH)["exact"] > 0.95 * BATCH


@pytest.mark.slow
@pytest.mark.parametrize("start", range(1000, 1000 + SLOW, BATCH))
def test_updates_in_ten_thousand_clusters(start: int) -> None:
    assert update_cases(start, BATCH)["exact"] > 0.4 * BATCH


# The exceptions that the docstrings name, each shown to be one


def machine(name: str, **labels: str) -> Machine:
    return Machine(name, {HOSTNAME: name, **labels})


def test_limits_that_divide_the_nodes_in_two_ways_are_promised_less_than_is_true() -> None:
    found = [machine("a", zone="x", rack="1"), machine("b", zone="x", rack="2"), machine("c", zone="y", rack="2")]
    one = App(replicas=2, anti=(("zone", True, False), ("rack", True, False)))
    answer = check_steady(one, found)
    assert not answer.exact
    finals = Cluster(one, found).finals()
    assert finals == {(1, 0, 1), (0, 1, 0)}  # b alone keeps both others away
    assert answer.steady == Coverage(frozenset(), 1)
    assert not check_update(replace(one, replicas=3, unavailable=0), found).exact_rollout


def test_a_bound_that_rises_is_promised_less_than_is_true_during_an_update() -> None:
    loose = 0
    for replicas in range(2, 5):
        one = App(replicas=replicas, spreads=(Spread(HOSTNAME, 1),), surge=1, unavailable=0)
        found = [machine(f"n{index}") for index in range(4)]
        answer = check_update(one, found)
        assert not answer.exact_rollout
        moments, _ = Cluster(one, found).update()
        loose += min(map(len, moments)) > answer.rollout.at_least
    assert loose
