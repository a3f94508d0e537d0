"""The questions about pods: how many there are at least, who decides that, whom a selector matches, and whether all of
them are in sight."""

from __future__ import annotations

from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.model.siting import Siting
from srcip_lint.placement import NodeSet, chosen, matches_pods, missed, pinned
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.selectors import Answer, Selector
from srcip_lint.resources.selectors import Requirement as LabelRequirement
from srcip_lint.resources.service import Service
from srcip_lint.resources.unseen import runs_without_manifest
from srcip_lint.resources.workload import Workload


class Pods:
    """The questions. Frozen in effect."""

    def __init__(self, bundle: Bundle, siting: Siting) -> None:
        self._bundle = bundle
        self._siting = siting

    def matches(self, workload: Workload, selector: Selector | None) -> Answer:
        """Does a selector match the workload's pods? A null one matches none."""
        return matches_pods(workload.template, selector)

    def missed(self, workload: Workload, selector: Selector) -> tuple[LabelRequirement, ...]:
        """The requirements of a selector that the workload's pods surely do not meet."""
        return missed(workload.template, selector)

    def matches_beside(self, workload: Workload, selector: Selector | None, services: tuple[Service, ...]) -> bool:
        """May a selector match the pods of another workload that runs beside one which the Services select?"""
        others = self._bundle.around(workload, services)
        return any(self.matches(other, selector) is not Answer.NO for other in others)

    def matches_nobody(self, workload: Workload, selector: Selector | None) -> bool:
        """Does a selector surely match no pod of the workload's namespace that anything that was read makes?"""
        return all(
            self.matches(other, selector) is Answer.NO
            for other in self._bundle.workloads
            if same_namespace(workload.object.namespace, other.object.namespace) is not Answer.NO
        )

    def may_be_hidden(self, service: Service) -> bool:
        """May there be pods beside the Service that no workload which was read makes: an operator's, or of a file that
        could not be read?"""
        return self._bundle.has_gap(service) or any(True for _ in self._bundle.pod_makers_near(service))

    def may_be_unseen(self, service: Service) -> bool:
        """May a Service send to pods that no workload read here shows, or shows in full?"""
        bundle = self._bundle
        patched = any(patch.selector.written for patch in bundle.patches_of(service))
        if patched or bundle.has_gap(service) or bundle.hand_made_endpoints(service):
            return True
        if runs_without_manifest(service.selector.value) or any(bundle.pod_makers_near(service)):
            return True
        return self._bundle.selected(service).nothing and bundle.could_select(service)

    def pinned(self, workload: Workload) -> bool:
        """Is the workload bound to nodes by their names?"""
        return pinned(workload.template)

    def at_least(self, world: tuple[Workload, ...]) -> int:
        """How many pods these workloads surely have at least, without those of DaemonSets."""
        return sum((self._siting.replicas(workload) or 0) + (workload.kind == "Pod") for workload in world)

    def switched_off(self, workload: Workload) -> bool:
        """Has the workload surely no replicas: no autoscaler decides about it, and no patch gives it any?"""
        others = self._bundle.other_definitions(workload)
        is_zero = self._siting.replicas(workload) == 0 and self._bundle.scaler(workload) is None
        return is_zero and not any(_gives_replicas(other) for other in others)

    def replicas_place(self, workload: Workload) -> Place:
        """Where the least number of replicas is written, or else whoever decides it."""
        located = self._bundle.replicas(workload)
        return located.place if located and located.written else self.replicas_owner(workload).place.at("kind")

    def replicas_written(self, workload: Workload) -> bool:
        """Is the least number of replicas written, rather than the API's default?"""
        located = self._bundle.replicas(workload)
        return bool(located and located.written)

    def replicas_owner(self, workload: Workload) -> Object:
        """Who decides how few replicas there may be: an autoscaler, or the workload itself."""
        scaler = self._bundle.scaler(workload)
        return scaler.object if scaler else workload.object

    def chosen_nodes(self, workload: Workload) -> NodeSet:
        """The nodes that the workload's template chooses, whatever nodes there are. Taints are no part of it."""
        return chosen(workload.template)


def _gives_replicas(definition: Workload) -> bool:
    """Is a definition of a workload a patch that gives it replicas? What has no labels is no workload of its own."""
    replicas, is_patch = definition.replicas, definition.partial or not definition.template.labels
    return is_patch and replicas is not None and replicas.written and replicas.value != 0
