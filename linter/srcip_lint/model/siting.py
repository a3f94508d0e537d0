"""The questions about where pods stand: which nodes there are, and which of them hold a workload's pods."""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.bundle import Bundle, closeness, nearest
from srcip_lint.environment import DeclaredNode, Environment
from srcip_lint.placement import (
    Inventory,
    Pace,
    Placement,
    Separation,
    labelled,
    may_block,
    of_objects,
    pace,
    place,
    restricted,
    runs_everywhere,
    separated,
    separations,
)
from srcip_lint.resources.pods import PodTemplate, SpreadConstraint
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.service import Service
from srcip_lint.resources.workload import Workload
from srcip_lint.spreading import vain_spreads

_EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"


@dataclass(frozen=True, slots=True)
class DeadTarget:
    """A node that packets may be sent to and that can run no pod for them. `chosen` says that the declared edge sends
    them there; otherwise it is one of all the nodes."""

    name: str
    why: str
    chosen: bool
    inventory: Inventory


class Siting:
    """What may be asked about nodes and pods; rules ask it through the model."""

    def __init__(self, bundle: Bundle, environment: Environment) -> None:
        self.bundle = bundle
        self.environment = environment
        self._placements: dict[Workload, Placement | None] = {}

    def inventory(self, of: Service | Workload) -> Inventory | None:
        """The nodes of the cluster that a Service or workload is applied to: the declared ones, else the Node objects
        in the nearest folder around it that has any. Those of a folder beside it may be another cluster's, or a test's.
        None where neither tells."""
        if self.environment.nodes:
            return Inventory(self.environment.nodes)
        folder = of.object.folder
        nodes = [
            node
            for node in self.bundle.nodes
            if closeness(folder, node.object.folder) == len(node.object.folder)
            and self.bundle.compatible(of.object, node.object)
        ]
        near = nearest(of.object, nodes)
        return of_objects(near) if near else None

    def placement(self, workload: Workload) -> Placement | None:
        """Where the workload's pods stand on the nodes of its inventory; None without one."""
        if workload not in self._placements:
            inventory = self.inventory(workload)
            self._placements[workload] = (
                place(workload, self.replicas(workload), inventory, self._neighbours(workload)) if inventory else None
            )
        return self._placements[workload]

    def _neighbours(self, workload: Workload) -> tuple[PodTemplate, ...]:
        """The templates of the other workloads in its namespace that stand in its folder or below."""
        depth = len(workload.object.folder)
        return tuple(
            other.template
            for other in self.bundle.around(workload, ())
            if closeness(workload.object.folder, other.object.folder) >= depth
        )

    def pace(self, workload: Workload) -> Pace:
        """How an update of the workload goes, in numbers of pods (of nodes, for a DaemonSet with an inventory)."""
        placement = self.placement(workload)
        return placement.pace if placement else pace(workload, self.replicas(workload))

    def may_block_updates(self, workload: Workload) -> tuple[SpreadConstraint, ...]:
        """The spread constraints that may stop the workload's updates for good, where its nodes are not known. One that
        lets all replicas share a node stops none."""
        replicas, is_known = self.replicas(workload), self.inventory(workload) is not None
        if is_known or not replicas or replicas < 2:
            return ()
        vain = vain_spreads(workload, self.bundle)
        return tuple(found for found in may_block(workload, self.pace(workload)) if found not in vain)

    def replicas(self, workload: Workload) -> int | None:
        """The least number of replicas that runs; None where the kind has none or the manifests do not tell."""
        located = self.bundle.replicas(workload)
        return located.value if located and isinstance(located.value, int) else None

    def separated(self, workload: Workload) -> bool:
        """Do the workload's pods surely not all stand on one node, by the template alone or by the inventory?"""
        if workload.kind == "DaemonSet" or separated(workload.template, self.replicas(workload)) is Answer.YES:
            return True
        placement = self.placement(workload)
        return placement is not None and placement.steady.at_least > 1

    def may_share_a_node(self, world: tuple[Workload, ...]) -> bool:
        """Does surely nothing keep the pods of all these workloads from standing on one node together, of several that
        they could stand on?"""
        loose = all(
            workload.kind != "DaemonSet" and separated(workload.template, self.replicas(workload)) is Answer.NO
            for workload in world
        )
        alone = len(world) == 1 or not any(restricted(workload.template) for workload in world)
        return loose and alone and not self._have_one_node(world)

    def _have_one_node(self, world: tuple[Workload, ...]) -> bool:
        """By the inventory, is there one node only that pods of any of them can stand on?"""
        reached = [placement.possibly for placement in map(self.placement, world) if placement]
        return len(reached) == len(world) and len(frozenset().union(*reached)) == 1

    def weak_separations(self, workload: Workload) -> tuple[Separation, ...]:
        """What is meant to keep the workload's pods on different nodes and surely does not force it."""
        found = separations(workload.template, self.replicas(workload))
        return tuple(separation for separation in found if separation.holds is Answer.NO)

    def one_node(self, service: Service) -> bool:
        """Is there one node only that takes ordinary pods, by the inventory?"""
        inventory = self.inventory(service)
        return inventory is not None and len(inventory.ordinary) == 1

    def covers_every_node(self, service: Service, world: tuple[Workload, ...]) -> bool:
        """Do the selected workloads put a pod on every node that takes ordinary pods, or at least on every node that
        packets for the Service are sent to?"""
        targets = self.targets(service)
        if not (targets and self._chooses_nodes(service)) and any(map(runs_everywhere, world)):
            return True
        placements = [self.placement(workload) for workload in world]
        covered = [placement.steady.surely for placement in placements if placement]
        return bool(targets) and all(node.name in frozenset().union(*covered) for node in targets)

    def dead_target(self, service: Service, world: tuple[Workload, ...]) -> DeadTarget | None:
        """A node of the inventory that packets for the Service may be sent to and on which none of the workloads can
        run: one that the declared edge chooses, or else one that takes ordinary pods and traffic of load balancers."""
        placements = [placement for placement in map(self.placement, world) if placement]
        inventory, chosen_by_edge = self.inventory(service), self._chooses_nodes(service)
        if inventory is None or len(placements) < len(world):
            return None
        for node in self.targets(service):
            is_meant = chosen_by_edge or (node in inventory.ordinary and _EXCLUDED not in node.labels)
            refusals = [placement.fits[node.name] for placement in placements if node.name in placement.never]
            if is_meant and len(refusals) == len(placements):
                return DeadTarget(node.name, refusals[0].why, chosen_by_edge, inventory)
        return None

    def _chooses_nodes(self, service: Service) -> bool:
        """Does the configuration say which nodes packets for the Service are sent to?"""
        edge = self.environment.edge(service.object.namespace, service.object.name)
        return edge is not None and edge.target_nodes is not None

    def targets(self, service: Service) -> tuple[DeclaredNode, ...]:
        """The nodes that packets for a Service are sent to: of the inventory those that its declared edge chooses, else
        all."""
        edge, inventory = self.environment.edge(service.object.namespace, service.object.name), self.inventory(service)
        wanted = labelled((edge.target_nodes if edge else None) or {})
        return tuple(node for node in inventory.nodes if wanted.has(node) is Answer.YES) if inventory else ()
