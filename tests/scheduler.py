"""A scheduler, a Deployment controller and a DaemonSet controller in a few lines: every placement that they can reach.

It shares nothing with what it checks: its own small data model, its own reading of the rules, and no arithmetic beyond
counting. Rules: kube-scheduler's filter plugins NodeAffinity, TaintToleration, NodeUnschedulable, NodePorts,
InterPodAffinity and PodTopologySpread; the Deployment controller's rolling.go; the DaemonSet controller's update.go.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

HOSTNAME = "kubernetes.io/hostname"

Counts = tuple[int, ...]
Condition = tuple[str, str, str, tuple[str, ...]]
"""`label` or `field`, the key, the operator, the values."""


@dataclass(frozen=True)
class Machine:
    name: str
    labels: dict[str, str]
    taints: tuple[tuple[str, str, str], ...] = ()
    cordoned: bool = False

    def all_taints(self) -> list[tuple[str, str, str]]:
        return [*self.taints, *([("node.kubernetes.io/unschedulable", "", "NoSchedule")] if self.cordoned else [])]


@dataclass(frozen=True)
class Spread:
    key: str
    skew: int
    min_domains: int | None = None
    honour_affinity: bool = True
    honour_taints: bool = False
    own: bool = True
    per_revision: bool = False


@dataclass(frozen=True)
class App:
    kind: str = "Deployment"
    replicas: int = 1
    selector: dict[str, str] = field(default_factory=dict)
    terms: tuple[tuple[Condition, ...], ...] = ()
    tolerations: tuple[tuple[str | None, str, str | None, str | None], ...] = ()
    spreads: tuple[Spread, ...] = ()
    anti: tuple[tuple[str, bool, bool], ...] = ()
    """Required anti-affinity: key, whether it matches the app's own pods, whether only those of one revision."""
    affinity: tuple[str, ...] = ()
    """Required affinity to the app's own pods: the keys."""
    host_port: bool = False
    surge: int | str = "25%"
    unavailable: int | str = "25%"


DAEMON_TOLERATIONS = (
    ("node.kubernetes.io/not-ready", "Exists", None, "NoExecute"),
    ("node.kubernetes.io/unreachable", "Exists", None, "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "Exists", None, "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "Exists", None, "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "Exists", None, "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "Exists", None, "NoSchedule"),
)


def tolerated(app: App, machine: Machine) -> bool:
    tolerations = [*app.tolerations, *(DAEMON_TOLERATIONS if app.kind == "DaemonSet" else ())]
    for key, value, effect in machine.all_taints():
        if effect == "PreferNoSchedule":
            continue
        for wanted, operator, expected, scope in tolerations:
            if scope and scope != effect:
                continue
            if wanted and wanted != key:
                continue
            if operator == "Exists" or (wanted and (expected or "") == value):
                break
        else:
            return False
    return True


def condition_holds(machine: Machine, condition: Condition) -> bool:
    kind, key, operator, values = condition
    found = machine.labels.get(key) if kind == "label" else machine.name
    if operator == "Exists":
        return found is not None
    if operator == "DoesNotExist":
        return found is None
    if operator == "In":
        return found in values
    if operator == "NotIn":
        return found not in values
    if found is None or not found.isdigit():
        return False
    return int(found) > int(values[0]) if operator == "Gt" else int(found) < int(values[0])


def chosen(app: App, machine: Machine) -> bool:
    """nodeSelector and the required node affinity."""
    if any(machine.labels.get(key) != value for key, value in app.selector.items()):
        return False
    if not app.terms:
        return True
    return any(term and all(condition_holds(machine, each) for each in term) for term in app.terms)


class Cluster:
    """An app on some machines. A placement is how many pods each machine holds, in the order of the machines."""

    def __init__(self, app: App, machines: list[Machine]) -> None:
        self.app, self.machines = app, machines
        self.indices = range(len(machines))
        self.admits = [self._admits(machine) for machine in machines]
        self.replicas = sum(self.admits) if app.kind == "DaemonSet" else app.replicas

    def _admits(self, machine: Machine) -> bool:
        keys = [spread.key for spread in self.app.spreads] + list(self.app.affinity)
        return chosen(self.app, machine) and tolerated(self.app, machine) and all(key in machine.labels for key in keys)

    def counts(self, spread: Spread, index: int, target: int) -> bool:
        """Is a machine among those that the constraint of a pod which is to stand on `target` counts?"""
        machine = self.machines[index]
        if not all(each.key in machine.labels for each in self.app.spreads):
            return False
        if spread.honour_affinity:
            bound_elsewhere = self.app.kind == "DaemonSet" and index != target
            if bound_elsewhere or not chosen(self.app, machine):
                return False
        return not spread.honour_taints or tolerated(self.app, machine)

    def allowed(self, same: Counts, other: Counts, index: int) -> bool:
        """May a pod be put on a machine where pods of its own revision (`same`) and of another stand as counted?"""
        if not self.admits[index]:
            return False
        if self.app.kind == "DaemonSet" and same[index]:
            return False
        everybody = tuple(map(sum, zip(same, other, strict=True)))
        if self.app.host_port and everybody[index]:
            return False
        return (
            self._repelled_by_none(same, everybody, index)
            and self._drawn(everybody, index)
            and all(
                self._even(spread, same if spread.per_revision else everybody, index) for spread in self.app.spreads
            )
        )

    def _in_domain(self, key: str, index: int, counts: Counts) -> int:
        value = self.machines[index].labels[key]
        return sum(n for n, machine in zip(counts, self.machines, strict=True) if machine.labels.get(key) == value)

    def _repelled_by_none(self, same: Counts, everybody: Counts, index: int) -> bool:
        for key, own, per_revision in self.app.anti:
            is_bound = own and key in self.machines[index].labels
            if is_bound and self._in_domain(key, index, same if per_revision else everybody):
                return False
        return True

    def _drawn(self, everybody: Counts, index: int) -> bool:
        if not sum(everybody):
            return True
        return all(self._in_domain(key, index, everybody) for key in self.app.affinity)

    def _even(self, spread: Spread, counts: Counts, index: int) -> bool:
        domains: dict[str, int] = {}
        for other in self.indices:
            if self.counts(spread, other, index):
                value = self.machines[other].labels[spread.key]
                domains[value] = domains.get(value, 0) + (counts[other] if spread.own else 0)
        least = min(domains.values(), default=0)
        if len(domains) < (spread.min_domains or 1):
            least = 0
        here = domains.get(self.machines[index].labels[spread.key], 0)
        return here + (1 if spread.own else 0) - least <= spread.skew

    # Steady

    def finals(self) -> set[Counts]:
        """Every placement in which all pods stand, or no further one fits, however they came one by one."""
        nobody = (0,) * len(self.machines)
        found, seen, pending = set(), {nobody}, [nobody]
        while pending:
            placed = pending.pop()
            options = [] if sum(placed) == self.replicas else self.options(placed, nobody)
            if not options:
                found.add(placed)
            for index in options:
                following = plus(placed, index)
                if following not in seen:
                    seen.add(following)
                    pending.append(following)
        return found

    def options(self, same: Counts, other: Counts) -> list[int]:
        return [index for index in self.indices if self.allowed(same, other, index)]

    # A rolling update

    def numbers(self) -> tuple[int, int]:
        """maxSurge and maxUnavailable in pods."""
        surge = share(self.app.surge, self.replicas, up=True)
        missing = share(self.app.unavailable, self.replicas, up=self.app.kind == "DaemonSet")
        return surge, min(self.replicas, 1 if surge == missing == 0 else missing)

    def update(self) -> tuple[set[frozenset[int]], bool]:
        """The sets of machines that have a ready pod at some moment of an update, and whether one can be finished."""
        seen: set[Update] = set()
        pending = [Update(placed, self.replicas - sum(placed)) for placed in self.finals()]
        if pending and not pending[0].new:
            nobody = (0,) * len(self.machines)
            pending = [Update(each.old, each.old_waiting, nobody, nobody) for each in pending]
        seen.update(pending)
        finished = False
        while pending:
            state = pending.pop()
            finished = finished or (sum(state.old) == state.old_waiting == 0 and sum(state.new) == self.replicas)
            for following in self._steps(state):
                if following not in seen:
                    seen.add(following)
                    pending.append(following)
        return {state.serving() for state in seen}, finished

    def _steps(self, state: Update) -> Iterator[Update]:
        both = tuple(map(sum, zip(state.new, state.young, strict=True)))
        if state.waiting:
            for index in self.options(both, state.old):
                yield state.but(young=plus(state.young, index), waiting=state.waiting - 1)
        if state.old_waiting:
            for index in self.options(state.old, both):
                yield state.but(old=plus(state.old, index), old_waiting=state.old_waiting - 1)
        for index in self.indices:
            if state.young[index]:
                yield state.but(young=minus(state.young, index), new=plus(state.new, index))
        yield from self._controller(state, sum(both))

    def _controller(self, state: Update, placed_new: int) -> Iterator[Update]:
        surge, missing = self.numbers()
        new = placed_new + state.waiting
        old = sum(state.old) + state.old_waiting
        more = min(self.replicas + surge - old - new, self.replicas - new)
        if more > 0:
            yield state.but(waiting=state.waiting + more)
            return
        unready = new - sum(state.new)
        fewer = old + new - (self.replicas - missing) - unready
        if fewer <= 0:
            return
        cleaned = min(fewer, state.old_waiting)
        available = sum(state.old) + sum(state.new)
        gone = max(0, min(sum(state.old), available - (self.replicas - missing)))
        if cleaned or gone:
            for left in removals(state.old, gone):
                yield state.but(old=left, old_waiting=state.old_waiting - cleaned)

    def daemon_update(self) -> set[frozenset[int]]:
        """The same for a DaemonSet: up to maxUnavailable of its machines are without a pod at a time; with a surge,
        none is."""
        surge, missing = self.numbers()
        found = set()
        for placed in self.finals():
            covered = [index for index in self.indices if placed[index]]
            for count in range(0 if surge else min(missing, len(covered)), -1, -1):
                found |= {frozenset(covered) - set(gone) for gone in itertools.combinations(covered, count)}
        return found


@dataclass(frozen=True)
class Update:
    """A moment of an update: old pods (all ready, but for those that never found a machine), new ready ones, new ones
    that are placed and not ready yet (`young`), and new ones without a machine."""

    old: Counts
    old_waiting: int
    new: Counts = ()
    young: Counts = ()
    waiting: int = 0

    def but(self, **changes: Counts | int) -> Update:
        return Update(**{**self.__dict__, **changes})

    def serving(self) -> frozenset[int]:
        return frozenset(i for i, (a, b) in enumerate(zip(self.old, self.new, strict=True)) if a or b)


def plus(counts: Counts, index: int) -> Counts:
    return (*counts[:index], counts[index] + 1, *counts[index + 1 :])


def minus(counts: Counts, index: int) -> Counts:
    return (*counts[:index], counts[index] - 1, *counts[index + 1 :])


def removals(counts: Counts, gone: int) -> set[Counts]:
    """What can be left when so many pods are deleted, whichever they are."""
    found = {counts}
    for _ in range(gone):
        found = {minus(each, index) for each in found for index in range(len(each)) if each[index]}
    return found


def share(value: int | str, of: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    exact = int(value.removesuffix("%")) * of
    return -(-exact // 100) if up else exact // 100
