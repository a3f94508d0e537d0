"""The questions about where pods stand: which nodes there are, and which of them hold a workload's pods."""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.bundle import Bundle
from srcip_lint.environment import DeclaredNode, Environment
from srcip_lint.metallb.announcement import Electorate
from srcip_lint.model.ways import WayIn
from srcip_lint.placement import (
    Conjunction,
    Inventory,
    NodeSet,
    Pace,
    Placement,
    Separation,
    Taint,
    chosen,
    labelled,
    matches_pods,
    may_block,
    of_objects,
    pace,
    place,
    restricted,
    runs_everywhere,
    separated,
    separations,
    subset,
    takes_pods,
    untolerated,
)
from srcip_lint.resources.metallb import AddressPool, Advertisement
from srcip_lint.resources.objects import same_namespace
from srcip_lint.resources.pods import HOSTNAME, NODE_NAME, AffinityTerm, PodTemplate, SpreadConstraint
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.service import Service
from srcip_lint.resources.workload import Workload
from srcip_lint.scopes import closeness, nearest
from srcip_lint.spreading import vain_spreads

_EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"


def _node_of(template: PodTemplate) -> str | None:
    """The one node that a template's pods are bound to; None where it names none, or several."""
    parts = chosen(template).parts
    found = {_named_by(part) for part in parts}
    return found.pop() if len(found) == 1 else None


def _named_by(part: Conjunction) -> str | None:
    names = {
        requirement.values[0]
        for requirement in (*part.labels, *part.names)
        if requirement.operator == "In" and requirement.key in (HOSTNAME, NODE_NAME) and len(requirement.values) == 1
    }
    found = names.pop() if len(names) == 1 else None
    return found if isinstance(found, str) else None


def _draws_together(template: PodTemplate) -> bool:
    """Must every pod stand on the node of another one of its own?"""
    return any(
        term.required
        and term.own_namespace
        and term.topology_key.value == HOSTNAME
        and not term.mismatch_label_keys
        and matches_pods(template, term.selector) is Answer.YES
        for term in template.affinity
    )


@dataclass(frozen=True, slots=True)
class DeadTarget:
    """A node that packets may be sent to and that can run no pod for them. `chosen` says that the declared edge sends
    them there; otherwise it is one of all the nodes."""

    name: str
    why: str
    chosen: bool
    inventory: Inventory


@dataclass(frozen=True, slots=True)
class TaintedTarget:
    """A node that packets may be sent to, which a DaemonSet chooses and whose taints keep its pods away. `why` tells
    the first of the taints."""

    name: str
    why: str
    taints: tuple[Taint, ...]
    workload: Workload
    inventory: Inventory


@dataclass(frozen=True, slots=True)
class Uncovered:
    """The nodes of an inventory on which nothing guarantees a pod. `why` says of the first why it can have none; empty
    where it may have one. `tainted` says that all that take ordinary pods are covered, and only others are not."""

    nodes: tuple[str, ...]
    why: str
    tainted: bool
    inventory: Inventory


class Siting:
    """What may be asked about nodes and pods; rules ask it through the model."""

    def __init__(self, bundle: Bundle, environment: Environment) -> None:
        self.bundle = bundle
        self.environment = environment
        self._placements: dict[Workload, Placement | None] = {}

    def inventory(self, of: Service | Workload | AddressPool | Advertisement) -> Inventory | None:
        """The nodes of the cluster that a resource is applied to: the declared ones, else the Node objects
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

    def tainted_targets(self, service: Service, world: tuple[Workload, ...], way: WayIn) -> tuple[TaintedTarget, ...]:
        """The nodes of the inventory that a way in may lead to, and that one of the workloads, a DaemonSet, chooses,
        and on which none of them can run for the taints. None where the declared edge chooses the nodes: `dead_target`
        tells of those."""
        placements = [placement for placement in map(self.placement, world) if placement]
        inventory = self.inventory(service)
        if inventory is None or len(placements) < len(world) or self._chooses_nodes(service):
            return ()
        if any(map(self._may_be_moved, world)):
            return ()
        pairs = tuple(zip(world, placements, strict=True))
        found = (_kept_off(node, pairs, inventory) for node in _reached(service, inventory, way))
        return tuple(target for target in found if target)

    def uncovered(self, service: Service, world: tuple[Workload, ...]) -> Uncovered | None:
        """The nodes of the inventory on which callers may stand and that surely have, or in some placement have, no pod
        of any of the workloads. None without an inventory, where there is no such node, and where it is not known."""
        placements = [placement for placement in map(self.placement, world) if placement]
        inventory = self.inventory(service)
        if inventory is None or len(placements) < len(world) or any(map(self._may_be_moved, world)):
            return None
        bare = [node for node in inventory.nodes if not node.unschedulable and _may_be_bare(node, placements)]
        for answer in (Answer.YES, Answer.NO):
            names = tuple(node.name for node in bare if takes_pods(node) is answer)
            if names:
                why = next((each.fits[names[0]].why for each in placements if names[0] in each.never), "")
                return Uncovered(names, why, answer is Answer.NO, inventory)
        return None

    def beside_callers(self, world: tuple[Workload, ...]) -> bool:
        """Do the manifests bind pods to the nodes of others: callers to these workloads' pods, or these to those of
        others?"""
        return any(
            any(_binds(term, workload, other) for term in other.template.affinity)
            or any(
                _binds(term, other, workload) and matches_pods(workload.template, term.selector) is Answer.NO
                for term in workload.template.affinity
            )
            for workload in world
            for other in self.bundle.workloads
            if all(other.object.ref != one.object.ref for one in world)
        )

    def _may_be_moved(self, workload: Workload) -> bool:
        """May another file decide on which nodes the pods run?"""
        patches = [other.template for other in self.bundle.other_definitions(workload) if other.partial]
        return any(patch.tolerations or patch.node_selector or patch.node_terms or patch.obscured for patch in patches)

    def _chooses_nodes(self, service: Service) -> bool:
        """Does the configuration say which nodes packets for the Service are sent to?"""
        edge = self.environment.edge(service.object.namespace, service.object.name)
        return edge is not None and edge.target_nodes is not None

    def stands_on_all(self, world: tuple[Workload, ...], nodes: NodeSet, electorate: Electorate | None) -> Answer:
        """Do these workloads surely put a pod on every node of a set that MetalLB may announce from? NO says that they
        surely guarantee no such thing; `electorate` are the nodes of the inventory, None without one."""
        placements = [placement for placement in map(self.placement, world) if placement]
        if electorate and len(placements) == len(world):
            covered = frozenset[str]().union(*(placement.steady.surely for placement in placements))
            asked = [
                node
                for node in electorate.nodes
                if nodes.has(node) is not Answer.NO and electorate.eligible(node) is not Answer.NO
            ]
            if all(node.name in covered for node in asked):
                return Answer.YES
            return Answer.NO if all(placement.known for placement in placements) else Answer.UNKNOWN
        chosen_by = [chosen(workload.template).usual for workload in world if workload.kind == "DaemonSet"]
        if any(subset(nodes.usual, found) is Answer.YES for found in chosen_by):
            return Answer.YES
        is_read = all(found.empty is Answer.NO for found in chosen_by)
        return Answer.NO if is_read else Answer.UNKNOWN

    def together(self, world: tuple[Workload, ...]) -> bool:
        """Do the pods of these workloads surely all stand on one node: the one that they name, the only one that the
        inventory leaves them, or the one that the first pod of a single workload draws the others to?"""
        if self._have_one_node(world):
            return True
        names = {_node_of(workload.template) for workload in world}
        return (len(names) == 1 and None not in names) or (len(world) == 1 and _draws_together(world[0].template))

    def targets(self, service: Service) -> tuple[DeclaredNode, ...]:
        """The nodes that packets for a Service are sent to: of the inventory those that its declared edge chooses, else
        all."""
        edge, inventory = self.environment.edge(service.object.namespace, service.object.name), self.inventory(service)
        wanted = labelled((edge.target_nodes if edge else None) or {})
        return tuple(node for node in inventory.nodes if wanted.has(node) is Answer.YES) if inventory else ()


def _may_be_bare(node: DeclaredNode, placements: list[Placement]) -> bool:
    """Has the node no pod, surely or in a placement that the scheduler may choose?"""
    if all(node.name in placement.never for placement in placements):
        return True
    return all(placement.exact and node.name not in placement.steady.surely for placement in placements)


def _binds(term: AffinityTerm, workload: Workload, other: Workload) -> bool:
    """Does an affinity term of another workload bind its pods to nodes that have a pod of the workload?"""
    is_near = not term.own_namespace or same_namespace(workload.object.namespace, other.object.namespace) is Answer.YES
    is_bound = term.required and term.topology_key.value == HOSTNAME and is_near
    return is_bound and matches_pods(workload.template, term.selector) is Answer.YES


def _kept_off(
    node: DeclaredNode, pairs: tuple[tuple[Workload, Placement], ...], inventory: Inventory
) -> TaintedTarget | None:
    """The node, where all the workloads are kept off, and a DaemonSet that chooses it by its taints."""
    if _EXCLUDED in node.labels or not all(node.name in placement.never for _, placement in pairs):
        return None
    for workload, placement in pairs:
        taints = untolerated(workload, node)
        if taints and workload.kind == "DaemonSet" and chosen(workload.template).has(node) is Answer.YES:
            return TaintedTarget(node.name, placement.fits[node.name].why, taints, workload, inventory)
    return None


def _reached(service: Service, inventory: Inventory, way: WayIn) -> tuple[DeclaredNode, ...]:
    """The nodes that a way in may lead to: those whose own addresses all the external IPs are, for these; else all."""
    addresses = [each.value for each in service.external_ips]
    is_external_ip = any(way.at == each.place for each in service.external_ips)
    owners = tuple(node for node in inventory.nodes if any(each in node.addresses for each in addresses))
    are_known = all(any(each in node.addresses for node in owners) for each in addresses)
    return owners if is_external_ip and are_known and not service.external_ips_unknown else inventory.nodes
