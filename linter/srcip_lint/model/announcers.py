"""Who can both hold the pods of a Service and announce its address: where the questions about MetalLB and those about
nodes meet.

Under Local a node announces an address only where it has a ready pod of the Service (metallb
`speaker/layer2_controller.go` nodesWithEndpoint, `speaker/bgp_controller.go` noLocalEndpoints). So what counts is the
nodes that are in all sets at once. Each set is told in two ways (`placement.sites`), and holds everything that may be
in it: that nobody is in all of them is then sure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from srcip_lint.documents import Place
from srcip_lint.metallb.announcement import nodes_of
from srcip_lint.metallb.installation import EXCLUDED, Installation
from srcip_lint.model.metallb import Announcement, MetalLB
from srcip_lint.model.siting import Siting
from srcip_lint.placement import (
    CONTROL_PLANE,
    EVERY_NODE,
    Inventory,
    Placement,
    Sites,
    chosen,
    selected,
    sites,
    subset,
    usually_taking,
)
from srcip_lint.resources.metallb import Advertisement, BgpPeer
from srcip_lint.resources.objects import Object
from srcip_lint.resources.selectors import Answer, Requirement, Selector, every
from srcip_lint.resources.service import Service
from srcip_lint.resources.workload import Workload

NO_OTHERS = "no advertisement outside these files announces the address"


@dataclass(frozen=True, slots=True)
class Choice:
    """What chooses nodes: the object, the line where it does, and the nodes in words (empty for every node)."""

    object: Object
    at: Place
    nodes: str


@dataclass(frozen=True, eq=False, slots=True)
class Announcers:
    """The nodes that may announce a Service's address: those that an advertisement names and that run a speaker."""

    announcement: Announcement
    installation: Installation
    inventory: Inventory | None
    advertised: Sites
    speaking: Sites
    needs_local_pod: bool
    """Does only a node with a pod announce? So it is under Local; before 0.11 it was so in layer 2 under any policy
    (metallb release notes 0.11.0)."""
    closed_world: bool = False

    def grounds(self, nobody: Sites, *, whatever_advertised: bool = False) -> Grounds:
        """On what it rests that no node is among these: `whatever_advertised` says that advertisements have no part in
        it."""
        is_open = not (self.closed_world or whatever_advertised)
        seen = (NO_OTHERS,) if is_open else ()
        if nobody.impossible or self.inventory is None:
            return Grounds(seen, nobody.impossible)
        listed = (self.inventory.assumption,) if self.inventory.assumption else ()
        return Grounds((*seen, *listed), self.inventory.declared)

    @property
    def service(self) -> Service:
        return self.announcement.service

    @property
    def nodes(self) -> Sites:
        return self.advertised.both(self.speaking)

    @property
    def allowed(self) -> Sites:
        """These nodes without those that MetalLB refuses to announce from."""
        excluded, refuses = self.excluded, self.installation.refuses_excluded
        if self.nodes.answers is None or refuses is Answer.NO:
            return self.nodes
        out = Answer.NO if refuses is Answer.YES else Answer.UNKNOWN
        answers = {
            name: every((answer, out)) if name in excluded else answer for name, answer in self.nodes.answers.items()
        }
        return Sites(self.nodes.conditions, answers)

    @property
    def excluded(self) -> frozenset[str]:
        """The nodes of the inventory with the label that excludes them from load balancers, whatever its value."""
        nodes = self.inventory.nodes if self.inventory else ()
        return frozenset(node.name for node in nodes if EXCLUDED in node.labels)

    @property
    def advertisers(self) -> tuple[Choice, ...]:
        """The advertisements, each with its line."""
        return tuple(map(named_by, self.announcement.advertisements))

    @property
    def preferred(self) -> Sites | None:
        """The nodes that layer 2 advertisements prefer; None where they prefer none, or not all can be read."""
        found = [preference.selector for each in self.announcement.l2 for preference in each.preferences]
        selectors = [selector for selector in found if selector is not None]
        return sites(selected(selectors), self.inventory) if found and len(selectors) == len(found) else None

    @property
    def speakers(self) -> tuple[Choice, ...]:
        """The DaemonSets of the speaker that were read and that run on some of the nodes only."""
        return tuple(choice for choice in map(choice_of, self.installation.speakers) if choice.nodes)


@dataclass(frozen=True, slots=True)
class Grounds:
    """On what a claim rests: what else must be true, and whether it is proved by what was written and declared."""

    assumptions: tuple[str, ...]
    proved: bool


@dataclass(frozen=True, slots=True)
class Miss:
    """All pods of a Service may stand beside some nodes. `names` are the nodes of the inventory where they then stand;
    empty without an inventory. `held` says that so many pods keep apart that one surely stands on one of the nodes."""

    names: tuple[str, ...] = ()
    held: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Meeting:
    """A Service's announcers and its pods, in one of the worlds of files that contradict each other."""

    announcers: Announcers
    world: tuple[Workload, ...]
    pods: Sites
    placements: tuple[Placement, ...]
    """Where the pods of each workload stand; empty without an inventory."""
    may_hide_pods: bool = False
    """May the Service have pods that no workload which was read makes?"""

    @property
    def service(self) -> Service:
        return self.announcers.service

    def grounds(self, nobody: Sites, *, whatever_advertised: bool = False) -> Grounds:
        """On what it rests that no node is among these, of which the pods' are a part."""
        found = self.announcers.grounds(nobody, whatever_advertised=whatever_advertised)
        return Grounds((*found.assumptions, *self.unseen), found.proved and not self.unseen)

    @property
    def unseen(self) -> tuple[str, ...]:
        """What must be true about the Service's pods, where it may have pods that no workload which was read makes."""
        names = " and ".join(str(workload.object.ref) for workload in self.world)
        return (f"{self.service.object.ref} has no pods but those of {names}",) if self.may_hide_pods else ()

    @property
    def holders(self) -> tuple[Choice, ...]:
        """The workloads, each with the line that chooses its nodes."""
        return tuple(map(choice_of, self.world))

    @property
    def on_control_plane(self) -> bool:
        """Do the pods ask for nodes of the control plane, whatever nodes there are? kubeadm and Talos exclude them from
        load balancers when they set them up."""
        wanted = selected(Selector((Requirement(key, "Exists"),)) for key in CONTROL_PLANE)
        return subset(self.pods.conditions, wanted) is Answer.YES

    @property
    def asks_for_excluded(self) -> bool:
        """Do the pods ask for nodes with the label that excludes them from load balancers?"""
        wanted = selected((Selector((Requirement(EXCLUDED, "Exists"),)),))
        return subset(self.pods.conditions, wanted) is Answer.YES

    @property
    def able(self) -> Sites:
        """The nodes that may hold a pod and announce, whether MetalLB refuses them or not. Pods that can stand nowhere
        leave none."""
        return self.pods.both(self.announcers.nodes)

    @property
    def refused(self) -> bool:
        """Does MetalLB, as far as is known, refuse to announce from all of these? By the inventory, or without one
        because of what the pods ask for."""
        if self.announcers.installation.refuses_excluded is Answer.NO or self.able.nowhere:
            return False
        if self.able.answers is None:
            return self.asks_for_excluded or self.on_control_plane
        return self.able.possibly <= self.announcers.excluded

    def may_miss(self, nodes: Sites) -> Miss | None:
        """May all pods stand on other nodes than these? None where one surely does not, and where that is not known."""
        if self.placements:
            found = [_placed_beside(placement, nodes) for placement in self.placements]
        else:
            found = [_chosen_beside(workload, nodes) for workload in self.world]
        missing = [miss for miss in found if miss]
        if len(missing) < len(self.world):
            return None
        names = dict.fromkeys(name for miss in missing for name in miss.names)
        return Miss(tuple(names), any(miss.held for miss in missing))


def announcers(service: Service, metallb: MetalLB, inventory: Inventory | None) -> Announcers | None:
    """The nodes that may announce a Service's address; None where MetalLB does not surely handle the Service, or of
    what was read no advertisement may apply. Where nothing of MetalLB's configuration was read, any node may be
    advertised, and its speakers still tell something."""
    if metallb.handles(service) is not Answer.YES:
        return None
    announcement = metallb.announcement(service)
    if not announcement.advertisements and (metallb.pools or metallb.advertisements):
        return None
    advertised = announcement.nodes.usual if announcement.advertisements else EVERY_NODE
    found = metallb.installation(service.object)
    is_old = found.at_least(0, 11) is Answer.NO and metallb.in_layer2(service)
    return Announcers(
        announcement,
        found,
        inventory,
        sites(advertised, inventory),
        metallb.speaking(service.object, inventory),
        needs_local_pod=service.external_traffic_policy.value == "Local" or is_old,
        closed_world=metallb.environment.closed_world,
    )


def meeting(found: Announcers, world: tuple[Workload, ...], siting: Siting, *, may_hide_pods: bool) -> Meeting:
    """The announcers of a Service with the pods of one world."""
    placed = [placement for placement in map(siting.placement, world) if placement]
    inventory = found.inventory
    is_one = inventory is not None and all(placement.inventory.nodes == inventory.nodes for placement in placed)
    known = tuple(placed) if is_one and len(placed) == len(world) else ()
    each = [
        Sites(chosen(workload.template), {name: fit.answer for name, fit in placement.fits.items()})
        for workload, placement in zip(world, known, strict=False)
    ] or [Sites(chosen(workload.template)) for workload in world]
    return Meeting(found, world, reduce(Sites.either, each), known, may_hide_pods)


def _placed_beside(placement: Placement, nodes: Sites) -> Miss | None:
    """With an inventory: may all pods of a workload stand beside the nodes?"""
    answers = nodes.answers or {}
    beside = [
        name for name, fit in placement.fits.items() if fit.answer is Answer.YES and answers.get(name) is Answer.NO
    ]
    if not beside or not placement.known or placement.steady.surely & nodes.possibly:
        return None
    return Miss(tuple(beside), placement.steady.at_least > len(beside))


def _chosen_beside(workload: Workload, nodes: Sites) -> Miss | None:
    """Without one. A DaemonSet stands on all nodes that it chooses, so on those of them that are among the nodes. Nodes
    of the control plane, of whose taint no manifest tells, are supposed to have it."""
    own = usually_taking(workload)
    is_told = own.sure and nodes.conditions.sure and subset(own, nodes.conditions) is not Answer.YES
    return Miss() if is_told and workload.kind != "DaemonSet" else None


def choice_of(workload: Workload) -> Choice:
    """What chooses the nodes of a workload's pods."""
    at = workload.template.choice_place or workload.place
    return Choice(workload.object, at, str(chosen(workload.template).usual))


def named_by(found: Advertisement | BgpPeer) -> Choice:
    """What chooses the nodes of an advertisement, or of a peer's sessions."""
    selectors = found.node_selectors
    at = found.object.place.at("kind") if selectors.absent else selectors.place
    return Choice(found.object, at, str(nodes_of(selectors).usual))
