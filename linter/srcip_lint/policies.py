"""Who may connect to a port of a workload's pods, by the union of the network policies that select them.

A policy surely selects a workload where labels and namespace say so and it is one of the nearest that the policy
selects: a policy in another environment's folder may never meet it. What only may select it can silence a rule and is
never reported; farther away than all that surely do, it is another scope's. Policies are additive: whoever is admitted
by one is admitted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from srcip_lint.bundle import Bundle
from srcip_lint.resources.objects import same_namespace
from srcip_lint.resources.policy import IngressRule, IpBlock, NetworkPolicy, PolicySpec
from srcip_lint.resources.selectors import Answer, Selector, every
from srcip_lint.resources.service import Service
from srcip_lint.resources.unseen import given_at_run_time
from srcip_lint.resources.workload import Workload
from srcip_lint.scopes import closeness

MAX_NETWORKS = 2000
"""How many networks of the policies of one port are compared with each other; with more it is not known what they come
to."""


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A port of a workload's pods that a Service sends to. `number` is None where the name resolves to nothing that was
    read."""

    number: int | None
    protocol: str = "TCP"
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who may connect, as far as addresses decide it: the blocks of all rules that speak of the port, each with its
    policy. No block means that pods may, or nobody."""

    blocks: tuple[tuple[NetworkPolicy, IpBlock], ...]


_WITHOUT_EFFECT = frozenset(
    {
        "crd.projectcalico.org",  # staged policies: what would happen
        "network.openshift.io",  # what goes out
        "networking.gke.io",  # what goes out
        "policy.networking.k8s.io",  # names pods and namespaces as sources
        "projectcalico.org",
    }
)
"""Groups whose other kinds of network policy admit no address from outside to a pod."""


@dataclass(frozen=True, slots=True)
class _Selecting:
    """The specifications that select a workload, surely or maybe."""

    sure: tuple[tuple[NetworkPolicy, PolicySpec], ...]
    maybe: tuple[tuple[NetworkPolicy, PolicySpec], ...]


class Policies:
    """The network policies of a bundle. Frozen in effect; what has been asked once is remembered."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._depths: dict[PolicySpec, int] = {}
        self._selecting: dict[Workload, _Selecting] = {}

    def admitted(self, service: Service, workload: Workload, port: ContainerPort) -> Admitted | None:
        """Who may connect to a port behind a Service. None where that does not depend on an address, or where it is not
        known: no policy isolates the pods, a rule admits everybody, or something may admit more than can be told."""
        found = self._of(workload)
        if not any(spec.isolates is Answer.YES for _, spec in found.sure) or self._may_miss_one(service, found):
            return None
        named = _named(workload, port.protocol)
        blocks: list[tuple[NetworkPolicy, IpBlock]] = []
        for policy, rule in _rules(found.sure):
            covers = rule.covers(port.number, port.protocol, named, port.name)
            if covers is Answer.NO or not rule.admits_addresses:
                continue
            if covers is Answer.UNKNOWN or rule.everyone or rule.unknown:
                return None
            blocks += [(policy, block) for block in rule.blocks]
        for _, rule in _rules(found.maybe):
            if rule.admits_addresses and rule.covers(port.number, port.protocol, named, port.name) is not Answer.NO:
                return None
        named_networks = sum(1 + len(block.exceptions) for _, block in blocks)
        return Admitted(tuple(blocks)) if named_networks <= MAX_NETWORKS else None

    def _may_miss_one(self, service: Service, found: _Selecting) -> bool:
        """May a policy be missing: of a kind that is not read, in a file that could not be, or one of two definitions
        that contradict each other?"""
        policies = tuple(dict.fromkeys(policy for policy, _ in found.sure))
        contradict = len({policy.object.ref for policy in policies}) < len(policies)
        elsewhere = not all(self._bundle.compatible(service.object, policy.object) for policy in policies)
        return contradict or elsewhere or self._has_other_kinds or self._bundle.has_gap(service)

    @cached_property
    def _has_other_kinds(self) -> bool:
        foreign = self._bundle.inputs.foreign
        return any(each.kind.endswith("NetworkPolicy") and each.group not in _WITHOUT_EFFECT for each in foreign)

    def _of(self, workload: Workload) -> _Selecting:
        if workload not in self._selecting:
            self._selecting[workload] = self._select(workload)
        return self._selecting[workload]

    def _select(self, workload: Workload) -> _Selecting:
        sure: list[tuple[NetworkPolicy, PolicySpec]] = []
        maybe: list[tuple[NetworkPolicy, PolicySpec]] = []
        for policy, spec in self._candidates(workload):
            answer = _selects(policy, spec, workload)
            if answer is not Answer.NO and self._bundle.compatible(workload.object, policy.object):
                near = closeness(policy.object.folder, workload.object.folder) == self._depth(policy, spec)
                is_sure = answer is Answer.YES and near and spec.isolates is not Answer.UNKNOWN
                (sure if is_sure else maybe).append((policy, spec))
        scope = min((closeness(policy.object.folder, workload.object.folder) for policy, _ in sure), default=0)
        beside = [
            (policy, spec)
            for policy, spec in maybe
            if closeness(policy.object.folder, workload.object.folder) >= scope
            and all(self._bundle.compatible(policy.object, other.object) for other, _ in sure)
        ]
        return _Selecting(tuple(sure), tuple(beside))

    def _depth(self, policy: NetworkPolicy, spec: PolicySpec) -> int:
        """The scope of the nearest workloads that a policy surely selects."""
        if spec not in self._depths:
            self._depths[spec] = max(
                (
                    closeness(policy.object.folder, workload.object.folder)
                    for workload in self._labelled.get(_label(spec), ())
                    if _selects(policy, spec, workload) is Answer.YES
                    and self._bundle.compatible(policy.object, workload.object)
                ),
                default=-1,
            )
        return self._depths[spec]

    def _candidates(self, workload: Workload) -> Iterator[tuple[NetworkPolicy, PolicySpec]]:
        """The specifications that ask for a label of the workload, or for none; all, where its labels are not known."""
        labels = workload.template.labels
        known = [(key, value) for key, value in labels.items() if isinstance(value, str)]
        is_whole = len(known) == len(labels) and not workload.template.labels_obscured
        for label in (None, *known) if is_whole else self._asking:
            yield from self._asking.get(label, ())

    @cached_property
    def _asking(self) -> dict[tuple[str, str] | None, list[tuple[NetworkPolicy, PolicySpec]]]:
        """The specifications by a label that they ask for; under None those that ask for none."""
        index: dict[tuple[str, str] | None, list[tuple[NetworkPolicy, PolicySpec]]] = {}
        for policy in self._bundle.network_policies:
            for spec in policy.specs:
                index.setdefault(_label(spec), []).append((policy, spec))
        return index

    @cached_property
    def _labelled(self) -> dict[tuple[str, str] | None, list[Workload]]:
        """The workloads by each label that they surely carry, and all of them under None."""
        index: dict[tuple[str, str] | None, list[Workload]] = {None: list(self._bundle.workloads)}
        for workload in self._bundle.workloads:
            for key, value in workload.template.labels.items():
                if isinstance(value, str):
                    index.setdefault((key, value), []).append(workload)
        return index


def _label(spec: PolicySpec) -> tuple[str, str] | None:
    """A label that whoever a specification selects has in its template; None where it asks for none."""
    for each in spec.selector.requirements if spec.selector else ():
        value = each.values[0] if len(each.values) == 1 else None
        if each.operator == "In" and isinstance(value, str) and not given_at_run_time(each.key):
            return each.key, value
    return None


def _selects(policy: NetworkPolicy, spec: PolicySpec, workload: Workload) -> Answer:
    """Does a policy select the workload's pods, by their labels and namespace?"""
    if spec.selector is None:
        return Answer.NO
    labels = _matches(spec.selector, workload)
    same = Answer.YES if policy.clusterwide else same_namespace(policy.object.namespace, workload.object.namespace)
    return every((labels, same))


def _matches(selector: Selector, workload: Workload) -> Answer:
    """Does a selector match the pods' labels, those that they get when they run among them?"""
    template = workload.template
    written = tuple(
        each for each in selector.requirements if each.key in template.labels or not given_at_run_time(each.key)
    )
    answer = Selector(written, selector.unknown).matches(template.labels)
    is_whole = len(written) == len(selector.requirements) and not template.labels_obscured
    return answer if is_whole or answer is Answer.NO else Answer.UNKNOWN


def _rules(specs: tuple[tuple[NetworkPolicy, PolicySpec], ...]) -> Iterator[tuple[NetworkPolicy, IngressRule]]:
    yield from ((policy, rule) for policy, spec in specs for rule in spec.rules)


def _named(workload: Workload, protocol: str) -> dict[str, int]:
    """The ports of the workload's containers that have a name, by it."""
    return {
        port.name.value: port.number.value
        for container in workload.template.containers
        for port in container.ports
        if isinstance(port.name.value, str) and isinstance(port.number.value, int) and port.protocol.value == protocol
    }
