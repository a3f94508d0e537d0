"""The index: which Service selects which workload, what scales it, and how far the files can be trusted to be complete.

A repository often holds the same objects several times (overlays, environments, examples). A reference is resolved in the
nearest folder, going outward, that has a match. Two files that define one object are never in one bundle: files that conflict
with the referrer's own are left out, and where candidates conflict with each other every alternative is a world of its own,
in which a rule must hold to be reported.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from srcip_lint.finding import ObjectRef
from srcip_lint.inputs import Foreign, Inputs
from srcip_lint.resources.cluster import BackendReference, CiliumL2Policy, ConfigMap, Evidence, Namespace, Node
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.selectors import Answer, Selector, equality_selector, every
from srcip_lint.resources.service import Endpoints, Service
from srcip_lint.resources.workload import Autoscaler, Workload

R = TypeVar("R")
MAX_WORLDS = 16

Folder = tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Selection:
    """What a Service selects. `worlds` are the consistent choices among conflicting files, each the workloads that are
    surely selected in it; `possible` are workloads of which it cannot be told."""

    worlds: tuple[tuple[Workload, ...], ...] = ((),)
    possible: tuple[Workload, ...] = ()

    @property
    def nothing(self) -> bool:
        """Surely nothing that was read is selected."""
        return not self.possible and not any(self.worlds)

    @property
    def known(self) -> bool:
        """Surely something is selected, in every world, and it is known what."""
        return not self.possible and all(self.worlds)


def closeness(one: Folder, other: Folder) -> int:
    """How many folders two paths share from the top: the depth of the scope where they meet."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


class Bundle:
    """All resources of a run, indexed. Built once, asked by rules and by the analyses; never changed."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.services = tuple(service for service in self._all(Service) if not service.partial)
        self.workloads = tuple(workload for workload in self._all(Workload) if not workload.partial)
        self.autoscalers = self._all(Autoscaler)
        self.nodes = self._all(Node)
        self.namespaces = self._all(Namespace)
        self.config_maps = self._all(ConfigMap)
        self.endpoints = self._all(Endpoints)
        self.backends = self._all(BackendReference)
        self.cilium_l2_policies = self._all(CiliumL2Policy)
        self.evidence = self._all(Evidence)
        self._selections: dict[Service, Selection] = {}

    def _all(self, kind: type[R]) -> tuple[R, ...]:
        return tuple(resource for resource in self.inputs.resources if isinstance(resource, kind))

    def selected(self, service: Service) -> Selection:
        """The workloads a Service selects, by labels and namespace, in the nearest scope that has any."""
        if service not in self._selections:
            self._selections[service] = self._select(service)
        return self._selections[service]

    def _select(self, service: Service) -> Selection:
        labels = service.selector.value
        if not labels or any(isinstance(value, Unknown) for value in labels.values()):
            return Selection(possible=self.workloads if labels else ())
        return self._resolve(service.object, equality_selector(labels), self._candidates(service))

    def _resolve(self, referrer: Object, selector: Selector, candidates: Iterable[Workload]) -> Selection:
        sure, possible = [], []
        for workload in candidates:
            answer = every(
                (selector.matches(workload.template.labels), same_namespace(referrer.namespace, workload.object.namespace))
            )
            if answer is not Answer.NO and self.compatible(referrer, workload.object):
                (sure if answer is Answer.YES else possible).append(workload)
        if not sure:
            return Selection(possible=tuple(possible))
        depth = max(closeness(referrer.folder, workload.object.folder) for workload in sure)
        near = [workload for workload in sure if closeness(referrer.folder, workload.object.folder) == depth]
        maybe = [workload for workload in possible if closeness(referrer.folder, workload.object.folder) >= depth]
        worlds = _worlds(near)
        return Selection(worlds, tuple(maybe)) if worlds else Selection(possible=(*near, *maybe))

    def _candidates(self, service: Service) -> Iterator[Workload]:
        """The workloads that carry the selector's rarest label, or one that a placeholder stands for."""
        postings = [
            [*self._by_label.get((key, value), ()), *self._by_label.get((key, None), ())]
            for key, value in service.selector.value.items()
        ]
        yield from min(postings, key=len)

    @cached_property
    def _by_label(self) -> dict[tuple[str, object], list[Workload]]:
        index: dict[tuple[str, object], list[Workload]] = defaultdict(list)
        for workload in self.workloads:
            for key, value in workload.template.labels.items():
                index[key, None if isinstance(value, Unknown) else value].append(workload)
        return index

    @cached_property
    def _files_of(self) -> dict[ObjectRef, set[str]]:
        """Which files define an object."""
        files: dict[ObjectRef, set[str]] = defaultdict(set)
        for resource in self.inputs.resources:
            files[resource.object.ref].add(resource.object.path)
        return files

    @cached_property
    def _conflicts(self) -> dict[str, set[str]]:
        """For each file the files that define one of its objects again."""
        conflicts: dict[str, set[str]] = defaultdict(set)
        for files in self._files_of.values():
            if len(files) > 1:
                for path in files:
                    conflicts[path] |= files - {path}
        return conflicts

    def compatible(self, one: Object, other: Object) -> bool:
        """May two objects be in one bundle? Not where their files define one object twice."""
        return other.path not in self._conflicts.get(one.path, ())

    def replicas(self, workload: Workload) -> Located[int | Unknown] | None:
        """The least number of replicas: what an autoscaler that targets the workload leaves, else `spec.replicas`.

        None for a kind without replicas. Unknown where two autoscalers contradict each other.
        """
        if workload.replicas is None:
            return None
        scalers = self._scalers(workload)
        minima = {scaler.minimum.value for scaler in scalers}
        if len(minima) > 1:
            return Located(Unknown("several autoscalers"), workload.replicas.place)
        return scalers[0].minimum if scalers else workload.replicas

    def _scalers(self, workload: Workload) -> list[Autoscaler]:
        found = self._scalers_by_target.get((workload.kind, workload.object.name), ())
        near = [
            scaler
            for scaler in found
            if same_namespace(scaler.object.namespace, workload.object.namespace) is not Answer.NO
            and self.compatible(workload.object, scaler.object)
        ]
        return nearest(workload.object, near)

    @cached_property
    def _scalers_by_target(self) -> dict[tuple[str, str], list[Autoscaler]]:
        index: dict[tuple[str, str], list[Autoscaler]] = defaultdict(list)
        for scaler in self.autoscalers:
            index[scaler.target_kind, scaler.target_name].append(scaler)
        return index

    def foreign_near(self, service: Service) -> Iterator[Foreign]:
        """Custom resources in the Service's namespace, or beside it where namespaces do not tell."""
        for foreign in self.inputs.foreign:
            answer = same_namespace(service.object.namespace, foreign.namespace)
            beside = closeness(service.object.folder, foreign.folder) >= len(service.object.folder)
            if (answer is Answer.YES and foreign.namespace is not None) or (answer is not Answer.NO and beside):
                yield foreign

    def beside(self, service: Service) -> tuple[Workload, ...]:
        """The workloads in the Service's own folder and below, in its namespace, that can be in one bundle with it."""
        return tuple(
            workload
            for workload in self.workloads
            if closeness(service.object.folder, workload.object.folder) >= len(service.object.folder)
            and same_namespace(service.object.namespace, workload.object.namespace) is Answer.YES
            and self.compatible(service.object, workload.object)
        )

    def has_gap(self, service: Service) -> bool:
        """Could something beside the Service not be read, so that absence proves nothing there?"""
        return any(closeness(service.object.folder, gap) >= len(service.object.folder) for gap in self.inputs.gaps)


def nearest(referrer: Object, found: Sequence[R]) -> list[R]:
    """Those of the found resources that stand in the nearest scope."""
    if not found:
        return []
    depths = [closeness(referrer.folder, _object(resource).folder) for resource in found]
    return [resource for resource, depth in zip(found, depths, strict=True) if depth == max(depths)]


def _object(resource: Any) -> Object:
    found: Object = resource.object
    return found


def _worlds(workloads: Sequence[Workload]) -> tuple[tuple[Workload, ...], ...]:
    """The consistent choices: of the definitions of one object in several files, one each. None where there are too many."""
    groups: dict[ObjectRef, dict[str, list[Workload]]] = defaultdict(lambda: defaultdict(list))
    for workload in workloads:
        groups[workload.object.ref][workload.object.path].append(workload)
    choices = [list(by_file.values()) for by_file in groups.values()]
    if math.prod(map(len, choices)) > MAX_WORLDS:
        return ()
    return tuple(tuple(itertools.chain.from_iterable(world)) for world in itertools.product(*choices))
