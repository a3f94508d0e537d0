"""The index: which Service selects which workload, what scales it, and how far the files can be trusted to be complete.

A repository often holds the same objects several times (overlays, environments, examples). A reference is resolved in
the nearest folder, going outward, that has a match. Two files that define one object are never in one bundle: files
that conflict with the referrer's own are left out, and where candidates conflict with each other every alternative is
a world of its own, in which a rule must hold to be reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, TypeVar

from srcip_lint.inputs import Foreign, Inputs
from srcip_lint.resources.budget import PodDisruptionBudget
from srcip_lint.resources.cluster import (
    CiliumL2Policy,
    ConfigMap,
    Evidence,
    Namespace,
    Node,
)
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.metallb import AddressPool, Advertisement, BfdProfile, BgpPeer
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.policy import NetworkPolicy
from srcip_lint.resources.selectors import Answer, Selector, equality_selector, every
from srcip_lint.resources.senders import SENDERS, Sender
from srcip_lint.resources.service import Endpoints, Service
from srcip_lint.resources.unseen import deploys_anywhere, makes_pods
from srcip_lint.resources.workload import Autoscaler, Workload
from srcip_lint.scopes import closeness, is_beside, nearest, object_of
from srcip_lint.selection import Selection, could_be_selected, in_namespace, worlds_of

R = TypeVar("R")


class Bundle:
    """All resources of a run, indexed. Built once, asked by rules and by the analyses; never changed."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.services = tuple(service for service in self.of(Service) if not service.partial)
        self.workloads = _written(workload for workload in self.of(Workload) if not workload.partial)
        self.autoscalers = self.of(Autoscaler)
        self.budgets = self.of(PodDisruptionBudget)
        self.nodes = self.of(Node)
        self.namespaces = self.of(Namespace)
        self.config_maps = self.of(ConfigMap)
        self.endpoints = self.of(Endpoints)
        self.backends: tuple[Sender, ...] = tuple(each for kind in SENDERS for each in self.of(kind))
        self.cilium_l2_policies = self.of(CiliumL2Policy)
        self.evidence = self.of(Evidence)
        self.network_policies = self.of(NetworkPolicy)
        self.pools = self.of(AddressPool)
        self.advertisements = self.of(Advertisement)
        self.bgp_peers = self.of(BgpPeer)
        self.bfd_profiles = self.of(BfdProfile)
        self._selections: dict[Service, Selection] = {}
        self._running: dict[str, tuple[Workload, ...]] = {}

    def of(self, kind: type[R]) -> tuple[R, ...]:
        """All resources of a kind, in the order in which they were read."""
        return tuple(self._by_kind.get(kind, ()))

    @cached_property
    def _by_kind(self) -> dict[type, list[Any]]:
        index: dict[type, list[Any]] = defaultdict(list)
        for resource in self.inputs.resources:
            index[type(resource)].append(resource)
        return index

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
        sure: list[Workload] = []
        possible: list[Workload] = []
        for workload in candidates:
            answer = every(
                (
                    selector.matches(workload.template.labels),
                    same_namespace(referrer.namespace, workload.object.namespace),
                )
            )
            if answer is not Answer.NO and self.compatible(referrer, workload.object):
                (sure if answer is Answer.YES else possible).append(workload)
        if not sure:
            return Selection(possible=tuple(possible))
        depth = max(closeness(referrer.folder, workload.object.folder) for workload in sure)
        near = [workload for workload in sure if closeness(referrer.folder, workload.object.folder) == depth]
        maybe = [workload for workload in possible if closeness(referrer.folder, workload.object.folder) >= depth]
        worlds = worlds_of(near)
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
    def _streams_of(self) -> dict[object, set[str]]:
        """Which streams define an object: by its name, or out of one and the same manifest under whatever name."""
        streams: dict[object, set[str]] = defaultdict(set)
        for resource in self.inputs.resources:
            found: Object = resource.object
            written = found.place.origin
            for key in (found.ref, (written.document, written.path)):
                streams[key].add(found.stream)
        return streams

    @cached_property
    def _conflicts(self) -> dict[str, set[str]]:
        """For each stream the streams that define one of its objects again."""
        conflicts: dict[str, set[str]] = defaultdict(set)
        for streams in self._streams_of.values():
            if len(streams) > 1:
                for stream in streams:
                    conflicts[stream] |= streams - {stream}
        return conflicts

    def compatible(self, one: Object, other: Object) -> bool:
        """May two objects be in one bundle? Not where their streams (files, kustomizations) define one object twice."""
        return other.stream not in self._conflicts.get(one.stream, ())

    def replicas(self, workload: Workload) -> Located[int | Unknown] | None:
        """The least number of replicas: what an autoscaler that targets the workload leaves, else `spec.replicas`.

        None for a kind without replicas. Unknown where two autoscalers contradict each other.
        """
        if workload.replicas is None:
            return None
        scalers = self.scalers(workload)
        minima = {scaler.minimum.value for scaler in scalers}
        if len(minima) > 1:
            return Located(Unknown("several autoscalers"), workload.replicas.place)
        return scalers[0].minimum if scalers else workload.replicas

    def scaler(self, workload: Workload) -> Autoscaler | None:
        """The autoscaler that decides how many replicas there are at least; of several that agree, one."""
        return next(iter(self.scalers(workload)), None)

    def scalers(self, workload: Workload) -> list[Autoscaler]:
        """The autoscalers that decide about a workload: those of the nearest scope that has any."""
        found = self._scalers_by_target.get((workload.kind, workload.object.name), ())
        return self._near(workload.object, found)

    @cached_property
    def _scalers_by_target(self) -> dict[tuple[str, str], list[Autoscaler]]:
        index: dict[tuple[str, str], list[Autoscaler]] = defaultdict(list)
        for scaler in self.autoscalers:
            index[scaler.target_kind, scaler.target_name].append(scaler)
        return index

    def config_map(self, referrer: Object, name: str) -> ConfigMap | None:
        """The ConfigMap of that name in the referrer's namespace, in the nearest scope that has one. None where none
        was read, and where several were and nothing tells which of them it is."""
        near = self._near(referrer, self._config_maps_by_name.get(name, ()))
        return near[0] if len(near) == 1 else None

    def _near(self, referrer: Object, found: Iterable[R], but_not: tuple[Answer, ...] = (Answer.NO,)) -> list[R]:
        """Those of the found resources that may be in the referrer's namespace, and stand in the nearest scope."""
        objects = ((resource, object_of(resource)) for resource in found)
        fitting = [
            resource
            for resource, each in objects
            if same_namespace(referrer.namespace, each.namespace) not in but_not and self.compatible(referrer, each)
        ]
        return nearest(referrer, fitting)

    @cached_property
    def _config_maps_by_name(self) -> dict[str, list[ConfigMap]]:
        index: dict[str, list[ConfigMap]] = defaultdict(list)
        for config_map in self.config_maps:
            index[config_map.object.name].append(config_map)
        return index

    @cached_property
    def metallb_objects(self) -> tuple[Object, ...]:
        """The objects that configure MetalLB, of whatever kind."""
        found = (self.pools, self.advertisements, self.bgp_peers, self.bfd_profiles)
        return tuple(object_of(each) for kind in found for each in kind)

    def pod_makers_near(self, service: Service) -> Iterator[Foreign]:
        """Objects of kinds that are not read and may make pods in the Service's namespace: those that are in it, and
        those beside the Service where namespaces do not tell."""
        for foreign in self._pod_makers:
            answer = same_namespace(service.object.namespace, foreign.namespace)
            may_reach = answer is not Answer.NO or deploys_anywhere(foreign.group, foreign.kind)
            near = is_beside(service.object.folder, foreign.folder) or (
                answer is Answer.YES and foreign.namespace is not None
            )
            if may_reach and near:
                yield foreign

    @cached_property
    def _pod_makers(self) -> tuple[Foreign, ...]:
        return tuple(each for each in self.inputs.foreign if makes_pods(each.group, each.kind))

    def running(self, image: str) -> tuple[Workload, ...]:
        """The workloads with a container whose image has this in its name."""
        if image not in self._running:
            self._running[image] = tuple(
                workload
                for workload in self.workloads
                if any(image in str(container.image.value) for container in workload.template.containers)
            )
        return self._running[image]

    def beside(self, service: Service) -> tuple[Workload, ...]:
        """The workloads in the Service's own folder and below, in its namespace, that can be in one bundle with it."""
        return tuple(
            workload
            for workload in self.workloads
            if is_beside(service.object.folder, workload.object.folder)
            and same_namespace(service.object.namespace, workload.object.namespace) is Answer.YES
            and self.compatible(service.object, workload.object)
        )

    def around(self, workload: Workload, services: Iterable[Service]) -> tuple[Workload, ...]:
        """The other workloads that may run beside one in its namespace: those of the folder where it and the Services
        that select it meet, and below."""
        meeting = min((closeness(workload.object.folder, service.object.folder) for service in services), default=0)
        return tuple(
            other
            for other in self.workloads
            if other.object.ref != workload.object.ref
            and closeness(workload.object.folder, other.object.folder) >= meeting
            and same_namespace(workload.object.namespace, other.object.namespace) is not Answer.NO
            and self.compatible(workload.object, other.object)
        )

    def has_gap(self, service: Service) -> bool:
        """Could something beside the Service not be read, so that absence proves nothing there?"""
        return any(is_beside(service.object.folder, gap) for gap in self.inputs.gaps)

    def hand_made_endpoints(self, service: Service) -> tuple[Endpoints, ...]:
        """The Endpoints and EndpointSlices that are written for the Service, whatever it selects."""
        return tuple(
            endpoints
            for endpoints in self.endpoints
            if endpoints.service == service.object.name
            and same_namespace(service.object.namespace, endpoints.object.namespace) is not Answer.NO
        )

    def endpoints_of(self, service: Service) -> list[Endpoints]:
        """Those of them that surely belong to it: in its namespace, in the nearest scope that has any."""
        return self._near(service.object, self.hand_made_endpoints(service), but_not=(Answer.NO, Answer.UNKNOWN))

    def patches_of(self, service: Service) -> tuple[Service, ...]:
        """Definitions of a Service that may be applied on top of it, or it on top of them: partial ones and, where it
        writes no type and so may be a patch itself, all others."""
        return tuple(
            other
            for other in self._services_by_name[service.object.name]
            if other is not service
            and (other.partial or not service.type.written)
            and same_namespace(service.object.namespace, other.object.namespace) is not Answer.NO
        )

    @cached_property
    def _services_by_name(self) -> dict[str, list[Service]]:
        """All definitions of the Services of one name, partial ones too."""
        found: dict[str, list[Service]] = defaultdict(list)
        for service in self.of(Service):
            found[service.object.name].append(service)
        return found

    def other_definitions(self, workload: Workload) -> tuple[Workload, ...]:
        """All that is written of a workload elsewhere: patches, and definitions in files that contradict its own."""
        found = in_namespace(workload.object, self._definitions[workload.kind, workload.object.name])
        return tuple(other for other in found if other is not workload)

    @cached_property
    def _definitions(self) -> dict[tuple[str, str], list[Workload]]:
        """All definitions of the workloads of one kind and name, partial ones too."""
        found: dict[tuple[str, str], list[Workload]] = defaultdict(list)
        for workload in self.of(Workload):
            found[workload.kind, workload.object.name].append(workload)
        return found

    def could_select(self, service: Service) -> bool:
        """Could running pods have the labels that the Service selects, although nothing that is read surely has them?

        They could through a patch, or in a file that contradicts the Service's own, or because a pod is given a label
        when it runs. The labels of all definitions of one workload are taken together.
        """
        groups = (in_namespace(service.object, definitions) for definitions in self._definitions.values())
        return any(could_be_selected(service, group) for group in groups if group)


def _written(workloads: Iterable[Workload]) -> tuple[Workload, ...]:
    """The workloads without those that another of them made: a dump of a cluster holds a Deployment, its ReplicaSets,
    old ones without replicas too, and their pods."""
    found = tuple(workloads)
    makers = {(each.object.stream, each.object.namespace, each.kind, each.object.name) for each in found}
    return tuple(
        each
        for each in found
        if each.object.controller is None
        or (each.object.stream, each.object.namespace, *each.object.controller) not in makers
    )
