"""The questions about MetalLB: which of its pools serve a Service, who announces the address, and from where.

Everything that may be in one bundle with the object that is asked about counts, from whatever folder: an answer about
*all* advertisements or *no* pool is then the more careful the more was read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from srcip_lint.balancers import identify
from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.environment import DeclaredNode, Environment
from srcip_lint.metallb.allocation import ADDRESS_POOL, ALLOW_SHARED_IP, asked, labels_of, may_come_from, requested
from srcip_lint.metallb.annotations import MetalLbAnnotation, annotations_of
from srcip_lint.metallb.announcement import Electorate, advertised_from, nodes_of, speakers_on
from srcip_lint.metallb.installation import EXCLUDED, Installation, installation
from srcip_lint.metallb.reach import reaches, speaks_for, targets
from srcip_lint.metallb.requests import RequestConflict, conflicts, unavailable
from srcip_lint.model.sharing import Sharers
from srcip_lint.placement import Inventory, NodeSet, Sites, chosen, disjoint, sites, subset, tolerated
from srcip_lint.resources.metallb import AddressPool, Advertisement, BgpPeer
from srcip_lint.resources.objects import Object
from srcip_lint.resources.selectors import Answer, Labels, every, some
from srcip_lint.resources.service import Service
from srcip_lint.resources.workload import Workload


@dataclass(frozen=True, eq=False, slots=True)
class Announcement:
    """How a Service's address may be announced: from one of the `pools`, by any of the advertisements that may reach
    them and speak for the Service, to the peers. `sure` says that nothing of it hangs on what cannot be read."""

    service: Service
    pools: tuple[AddressPool, ...]
    advertisements: tuple[Advertisement, ...]
    peers: tuple[BgpPeer, ...]
    sure: bool

    @property
    def l2(self) -> tuple[Advertisement, ...]:
        return tuple(each for each in self.advertisements if each.is_l2)

    @property
    def bgp(self) -> tuple[Advertisement, ...]:
        return tuple(each for each in self.advertisements if not each.is_l2)

    @property
    def nodes(self) -> NodeSet:
        """The nodes that any of the advertisements names."""
        return advertised_from(self.advertisements)


@dataclass(frozen=True, slots=True)
class Protocols:
    """Is a Service's address announced in layer 2, and is it by BGP?"""

    l2: Answer
    bgp: Answer


_PROTOCOLS = {
    "metallb-l2": Protocols(Answer.YES, Answer.NO),
    "metallb-bgp": Protocols(Answer.NO, Answer.YES),
}
"""What the families of load balancers say about it."""


def _agreed(answers: Iterable[Answer]) -> Answer:
    """What all the pools say, where they agree."""
    found = set(answers)
    return found.pop() if len(found) == 1 else Answer.UNKNOWN


@dataclass(frozen=True, eq=False, slots=True)
class Pairing:
    """A BGPAdvertisement and a peer that it may go to. `nodes` are those that announce to the peer: the advertisement
    names them, and the peer has a session with them."""

    advertisement: Advertisement
    peer: BgpPeer
    nodes: Sites

    @property
    def together(self) -> bool:
        """Do the two stand in one folder, or in one stream? A repository may hold several clusters side by side."""
        one, other = self.advertisement.object, self.peer.object
        return one.stream == other.stream or one.folder == other.folder


@dataclass(frozen=True, slots=True)
class Silent:
    """Nodes that may be elected and run no speaker: of the inventory by name. `proved` says that there are some, by
    what was written and declared; else some node that the advertisement names must be none of the speakers'."""

    names: tuple[str, ...] = ()
    proved: bool = False


class MetalLB:
    """What may be asked about MetalLB; rules ask it through the model."""

    def __init__(self, bundle: Bundle, environment: Environment) -> None:
        self.bundle = bundle
        self.environment = environment
        self._installations: dict[str, Installation] = {}

    @cached_property
    def pools(self) -> tuple[AddressPool, ...]:
        """The IPAddressPools; AddressPools of before 0.13 are not among them."""
        return tuple(pool for pool in self.bundle.pools if not pool.legacy)

    @cached_property
    def speakers(self) -> tuple[Workload, ...]:
        """The DaemonSets of its speaker, of whatever installation."""
        found = self.bundle.running("speaker")
        return tuple(each for each in found if each in self.installation(each.object).speakers)

    @property
    def advertisements(self) -> tuple[Advertisement, ...]:
        return self.bundle.advertisements

    @property
    def peers(self) -> tuple[BgpPeer, ...]:
        return self.bundle.bgp_peers

    @cached_property
    def _namespaces(self) -> dict[str, Labels]:
        return labels_of(self.bundle.namespaces)

    def installation(self, of: Object) -> Installation:
        """The MetalLB that an object has to do with; see `Installation`."""
        if of.stream not in self._installations:
            self._installations[of.stream] = installation(of, self.bundle, self.environment)
        return self._installations[of.stream]

    def handles(self, service: Service) -> Answer:
        """Does MetalLB handle a Service (the facts' MAY-BE-METALLB)? It takes LoadBalancer Services of its own class,
        or those without one where it has none (metallb `internal/k8s/controllers/service_controller.go`)."""
        if service.type.value != "LoadBalancer":
            return Answer.NO if isinstance(service.type.value, str) else Answer.UNKNOWN
        wanted, found = service.load_balancer_class.value, self.installation(service.object)
        if isinstance(wanted, str) and found.lb_class is not None:
            return Answer.YES if wanted == found.lb_class else Answer.NO
        if wanted is None and found.lb_class:
            return Answer.NO
        balancer = identify(service, self.bundle, self.environment)
        if balancer.family is None:
            return Answer.UNKNOWN
        return Answer.YES if balancer.family.name.startswith("metallb") else Answer.NO

    def unclaimed(self, service: Service) -> bool:
        """Does nothing at all tell who serves a LoadBalancer Service?"""
        has_class = service.load_balancer_class.value is not None
        return not has_class and not identify(service, self.bundle, self.environment).named

    @cached_property
    def sharers(self) -> Sharers:
        """The questions about Services that are to share an address."""
        return Sharers(self)

    def annotations(self, service: Service) -> tuple[MetalLbAnnotation, ...]:
        """A Service's annotations with one of MetalLB's prefixes, whether MetalLB reads them or not."""
        return annotations_of(service)

    def pool_asked(self, service: Service) -> AddressPool | None:
        """A pool that a Service asks for an address of; None where it asks for no address, or for one of no pool that
        was read."""
        asks = requested(service).addresses
        return next((pool for pool, answer in self.pools_for(service) if asks and answer is Answer.YES), None)

    def address_place(self, service: Service) -> Place:
        """Where a Service asks for its address, else for sharing one, else where it is a LoadBalancer."""
        key = asked(service, ALLOW_SHARED_IP)
        return requested(service).place or (key.place if key else service.type.place)

    def is_near(self, of: Object) -> bool:
        """Does anything say that MetalLB runs where an object is applied to?"""
        declared = (self.environment.load_balancer or "").startswith("metallb") or bool(self.environment.metallb)
        objects = any(self.bundle.compatible(of, found) for found in self.bundle.metallb_objects)
        return declared or objects or self.installation(of).present

    def in_layer2(self, service: Service) -> bool:
        """Is a Service's address surely announced by layer 2 alone?"""
        balancer = identify(service, self.bundle, self.environment)
        return balancer.family is not None and balancer.family.name == "metallb-l2"

    def pools_for(self, service: Service) -> tuple[tuple[AddressPool, Answer], ...]:
        """The pools that a Service's address may come from (the facts' ALG-POOLS), and whether that is sure."""
        found = (
            (pool, may_come_from(service, pool, self._namespaces))
            for pool in self.pools
            if self.bundle.compatible(service.object, pool.object)
        )
        return tuple((pool, answer) for pool, answer in found if answer is not Answer.NO)

    def reaching(self, pool: AddressPool) -> tuple[tuple[Advertisement, Answer], ...]:
        """The advertisements that may reach a pool, and whether they surely do."""
        found = (
            (each, reaches(each, pool))
            for each in self.advertisements
            if self.bundle.compatible(pool.object, each.object)
        )
        return tuple((each, answer) for each, answer in found if answer is not Answer.NO)

    def reached(self, advertisement: Advertisement) -> tuple[tuple[AddressPool, Answer], ...]:
        """The pools that an advertisement may reach, and whether it surely does."""
        found = (
            (pool, reaches(advertisement, pool))
            for pool in self.pools
            if self.bundle.compatible(advertisement.object, pool.object)
        )
        return tuple((pool, answer) for pool, answer in found if answer is not Answer.NO)

    def peers_of(self, advertisement: Advertisement) -> tuple[BgpPeer, ...]:
        """The peers that can be in one bundle with an advertisement, whether it goes to them or not."""
        return tuple(each for each in self.peers if self.bundle.compatible(advertisement.object, each.object))

    def named(self, advertisements: tuple[Advertisement, ...], inventory: Inventory | None) -> Sites:
        """The nodes that any of some advertisements names."""
        return sites(advertised_from(advertisements).usual, inventory)

    def pairings(self, advertisements: tuple[Advertisement, ...], inventory: Inventory | None) -> tuple[Pairing, ...]:
        """The BGPAdvertisements of some, each with each peer that it may go to."""
        return tuple(
            Pairing(each, peer, _named(each, inventory).both(_named(peer, inventory)))
            for each in advertisements
            for peer in (() if each.is_l2 else self.peers_of(each))
            if targets(each, peer.object.name) is not Answer.NO
        )

    def announcement(self, service: Service) -> Announcement:
        """How a Service's address may be announced (the facts' ALG-ADS, of all protocols)."""
        pools = self.pools_for(service)
        advertisements: dict[Advertisement, set[Answer]] = {}
        for pool, _ in pools:
            for each, reach in self.reaching(pool):
                speaks = speaks_for(each, service)
                if speaks is not Answer.NO and self.bundle.compatible(service.object, each.object):
                    advertisements.setdefault(each, set()).update((reach, speaks))
        answers = {answer for _, answer in pools}.union(*advertisements.values())
        return Announcement(
            service,
            tuple(pool for pool, _ in pools),
            tuple(advertisements),
            tuple(each for each in self.peers if self.bundle.compatible(service.object, each.object)),
            sure=Answer.UNKNOWN not in answers,
        )

    def request_conflicts(self, service: Service) -> tuple[RequestConflict, ...]:
        """Why MetalLB surely gives a Service none of the addresses it asks for; in a closed world also for want of a
        pool."""
        found = conflicts(service)
        if found or not self.environment.closed_world:
            return found
        pools = [pool for pool in self.pools if self.bundle.compatible(service.object, pool.object)]
        missing = unavailable(service, pools, self._namespaces)
        return (missing,) if missing else ()

    def picked_in_layer2(self, service: Service) -> tuple[Advertisement, ...]:
        """The L2Advertisements that surely pick a Service by its labels, where each pool that its address may come from
        has one; else none. Of an advertisement that files define in several ways each has to."""
        found: dict[Advertisement, None] = {}
        for pool, _ in self.pools_for(service):
            picks = [each for each, reach in self.reaching(pool) if reach is Answer.YES and _picks(each, service)]
            sure = [each for each in picks if all(other in picks for other in self._definitions(each, service))]
            if not sure:
                return ()
            found.update(dict.fromkeys(sure))
        return tuple(found)

    def _definitions(self, advertisement: Advertisement, service: Service) -> tuple[Advertisement, ...]:
        """What is written of an advertisement in files that can be in one bundle with a Service."""
        return tuple(
            each
            for each in self.advertisements
            if each.object.ref == advertisement.object.ref and self.bundle.compatible(service.object, each.object)
        )

    def names_its_pool(self, service: Service) -> bool:
        """Does a Service ask for a pool, or for an address?"""
        return asked(service, ADDRESS_POOL) is not None or bool(requested(service).addresses)

    def layer2(self, service: Service) -> Answer:
        """Is a Service's address announced in layer 2 and not over BGP? Unknown where it is both, and where no
        advertisement that may speak for it was read and nothing else tells."""
        found = self.announcement(service)
        if found.advertisements:
            modes = {each.is_l2 for each in found.advertisements}
        else:
            family = identify(service, self.bundle, self.environment).family
            modes = {family.name == "metallb-l2"} if family and family.name != "metallb" else set()
        return Answer.UNKNOWN if len(modes) != 1 else Answer.YES if modes.pop() else Answer.NO

    def protocols(self, service: Service) -> Protocols:
        """By which protocols a Service's address is announced: by the declared one, else by what reaches all the pools
        that it may come from, else, where no pool was read, by the advertisements that are there."""
        if self.handles(service) is not Answer.YES:
            return Protocols(Answer.UNKNOWN, Answer.UNKNOWN)
        family, pools = identify(service, self.bundle, self.environment).family, self.pools_for(service)
        if self.environment.load_balancer in _PROTOCOLS or not pools:
            return _PROTOCOLS.get(family.name if family else "", Protocols(Answer.UNKNOWN, Answer.UNKNOWN))
        return Protocols(
            _agreed(self._announced(service, pool, is_l2=True) for pool, _ in pools),
            _agreed(self._announced(service, pool, is_l2=False) for pool, _ in pools),
        )

    def _announced(self, service: Service, pool: AddressPool, *, is_l2: bool) -> Answer:
        """Is an address of the Service announced by a protocol, if it comes from this pool?"""
        return some(
            every((reach, speaks_for(each, service)))
            for each, reach in self.reaching(pool)
            if each.is_l2 is is_l2 and self.bundle.compatible(service.object, each.object)
        )

    def speaking(self, of: Object, inventory: Inventory | None) -> Sites:
        """The nodes that run a speaker of an object's MetalLB. The operating system is passed over: every manifest of
        the speaker asks for Linux, and an inventory need not tell."""
        found = self.installation(of)
        where = speakers_on(found).usual
        if inventory is None:
            return Sites(where)
        return Sites(where, {node.name: _speaks(found, where, node) for node in inventory.nodes})

    def silent_candidates(self, found: Sites, of: Object, inventory: Inventory | None) -> Silent | None:
        """Of some nodes, those that layer 2 may elect although they run no speaker: without memberlist MetalLB takes
        every node for one with a speaker. None where there are none, or none are known."""
        installed, speaking = self.installation(of), self.speaking(of, inventory)
        if installed.has_memberlist is not False or installed.at_least(0, 9) is Answer.NO:
            return None
        if inventory is not None:
            excluded = {node.name for node in inventory.nodes if EXCLUDED in node.labels}
            refused = excluded if installed.refuses_excluded is not Answer.NO else set()
            names = found.surely - speaking.possibly - refused
            return Silent(tuple(sorted(names)), proved=inventory.declared) if names else None
        is_known = found.conditions.sure and speaking.conditions.sure
        if not is_known or subset(found.conditions, speaking.conditions) is Answer.YES:
            return None
        is_apart = disjoint(found.conditions, speaking.conditions) is Answer.YES
        return Silent(proved=found.conditions.everything or is_apart)

    def confines_speakers(self, of: Object) -> bool:
        """Do the speakers of an object's MetalLB run on chosen nodes only, or on such as a placeholder chooses?"""
        return not self.speaking(of, None).conditions.everything

    def names_every_node(self, advertisement: Advertisement) -> bool:
        """Does an advertisement surely leave the choice of the node to all speakers?"""
        is_told = not advertisement.node_selectors.unknown
        return is_told and nodes_of(advertisement.node_selectors).usual.everything

    def bound_to_interfaces(self, advertisement: Advertisement) -> bool:
        """Does the address of some pool go out of named interfaces only, wherever it is announced? Another layer 2
        advertisement of the pool without interfaces would let it go out of all (metallb `speaker/layer2_controller.go`
        ipAdvertisementFor). Where no pool was read, all advertisements count."""
        free = [
            each
            for each in self.advertisements
            if each.is_l2 and not each.interfaces and self.bundle.compatible(advertisement.object, each.object)
        ]
        pools = [pool for pool, answer in self.reached(advertisement) if answer is Answer.YES]
        if not pools:
            return bool(advertisement.interfaces) and not free and not self.pools
        is_free = [any(reaches(each, pool) is not Answer.NO for each in free) for pool in pools]
        return bool(advertisement.interfaces) and not all(is_free)

    def electorate(self, of: Object, inventory: Inventory) -> Electorate:
        """The nodes of an inventory, as the MetalLB of an object sees them. Where nothing tells where its speakers run,
        that they run on a node is not known."""
        found, speaking = self.installation(of), self.speaking(of, inventory)
        return Electorate(
            nodes=inventory.nodes,
            speaking=speaking.surely,
            silent=frozenset(node.name for node in inventory.nodes) - speaking.possibly,
            has_memberlist=found.has_memberlist is not False,
            ignores_exclusion=found.ignores_exclusion is True,
        )


def _picks(advertisement: Advertisement, service: Service) -> bool:
    """Does an L2Advertisement surely speak for a Service because of its labels?"""
    is_selective = advertisement.is_l2 and not advertisement.service_selectors.absent
    return is_selective and speaks_for(advertisement, service) is Answer.YES


def _named(found: Advertisement | BgpPeer, inventory: Inventory | None) -> Sites:
    return sites(nodes_of(found.node_selectors).usual, inventory)


def _speaks(found: Installation, where: NodeSet, node: DeclaredNode) -> Answer:
    """Does a speaker run on a node, by its labels and taints?"""
    if found.speaker_labels is not None:
        return where.has(node)
    return (
        some(every((chosen(speaker.template).usual.has(node), tolerated(speaker, node))) for speaker in found.speakers)
        if found.speakers
        else Answer.UNKNOWN
    )
