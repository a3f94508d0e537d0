"""What a rule is given: everything that was read, put together, and what was declared.

Shared analysis is computed once and asked here. A rule names a question (`model.ways_in(service)`), not a raw field
that the model could answer for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from srcip_lint.annotations import LegacyAnnotation, asking_for_local
from srcip_lint.balancers import by_name, identify
from srcip_lint.believed import Believed, believed
from srcip_lint.bundle import Bundle
from srcip_lint.callers import Caller, on_host_network, on_pod_network
from srcip_lint.dataplane import Identified, guards_node_ports
from srcip_lint.dataplane import identify as identify_dataplane
from srcip_lint.documents import Place
from srcip_lint.earlier import before
from srcip_lint.environment import Environment
from srcip_lint.inputs import Inputs
from srcip_lint.isolation import Isolation
from srcip_lint.misjudged import Misjudged, misjudged
from srcip_lint.model.acceptance import Acceptance, Misplaced, MissingProfile, Rejection, Unread
from srcip_lint.model.advertising import Advertising, NoMatch, NoNode, Unadvertised, UnknownName
from srcip_lint.model.aggregation import Aggregation
from srcip_lint.model.announced import announced
from srcip_lint.model.announcers import Announcers, Meeting, announcers, meeting
from srcip_lint.model.arp import LaxProxy, find_lax_proxies
from srcip_lint.model.metallb import MetalLB
from srcip_lint.model.pods import Pods
from srcip_lint.model.rivals import Rival, find_rivals
from srcip_lint.model.siting import DeadTarget, Siting, TaintedTarget, Uncovered
from srcip_lint.model.ways import WayIn, find_ways
from srcip_lint.needs import (
    BackDoor,
    MistakenPolicy,
    MixedOnHost,
    Requirement,
    back_door,
    mistaken_policy,
    mixed_on_host,
    near_hints,
    needed_on,
    required,
)
from srcip_lint.node_ports import NodePorts
from srcip_lint.one_sided import OneSided, one_sided
from srcip_lint.path.advice import filter_by_address, keep_address
from srcip_lint.path.hops import Addresses, Hop, SourcePath, State, Whose, surely
from srcip_lint.path.verdict import arrives
from srcip_lint.path.walk import Walker
from srcip_lint.policies import Policies
from srcip_lint.proxies.behaviour import ProxyBehaviour
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.service import Service
from srcip_lint.resources.workload import Workload
from srcip_lint.selection import Selection

__all__ = [
    "DeadTarget",
    "Misplaced",
    "MissingProfile",
    "Model",
    "NoMatch",
    "NoNode",
    "Rejection",
    "TaintedTarget",
    "Unadvertised",
    "Uncovered",
    "UnknownName",
    "Unread",
    "WayIn",
]


class Model:
    """Everything a rule may ask. Frozen in effect: nothing changes after it is built."""

    def __init__(self, inputs: Inputs, bundle: Bundle, environment: Environment, earlier: Model | None = None) -> None:
        self.inputs = inputs
        self.bundle = bundle
        self.environment = environment
        self.earlier = earlier
        self._ways: dict[Service, tuple[WayIn, ...]] = {}
        self._paths: dict[Service, tuple[SourcePath, ...]] = {}
        self._behaviours: dict[Workload, ProxyBehaviour | None] = {}
        self._back_doors: dict[Service, BackDoor | None] = {}
        self._misjudged: dict[Service, tuple[Misjudged, ...]] = {}
        self._announcers: dict[Service, Announcers | None] = {}

    @classmethod
    def of(cls, inputs: Inputs, environment: Environment, earlier: Model | None = None) -> Model:
        """The model of what was read, and, where that is known, of what it was `earlier`."""
        return cls(inputs, Bundle(inputs), environment, earlier)

    @cached_property
    def metallb(self) -> MetalLB:
        """The questions about MetalLB: pools, advertisements, peers, speakers."""
        return MetalLB(self.bundle, self.environment)

    @cached_property
    def advertising(self) -> Advertising:
        """The questions about MetalLB's pools and advertisements: what nobody announces, what does nothing."""
        return Advertising(self.bundle, self.environment, self.metallb, self.siting)

    @cached_property
    def acceptance(self) -> Acceptance:
        """The questions about what MetalLB takes of its configuration, and what it rejects or does not read."""
        return Acceptance(self.bundle, self.environment, self.metallb, self.siting)

    @cached_property
    def aggregation(self) -> Aggregation:
        """The questions about prefixes that hold the addresses of several Services."""
        return Aggregation(self.metallb, self.siting)

    @cached_property
    def lax_proxies(self) -> tuple[LaxProxy, ...]:
        """The kube-proxies that let every node answer ARP for an address that MetalLB announces in layer 2."""
        return tuple(find_lax_proxies(self.metallb))

    @cached_property
    def rivals(self) -> tuple[Rival, ...]:
        """The controllers that take LoadBalancer Services without a class, as MetalLB does."""
        return tuple(find_rivals(self.metallb))

    @cached_property
    def local_services(self) -> tuple[Service, ...]:
        """The externally accessible Services whose external policy is surely Local."""
        return tuple(
            service
            for service in self.bundle.services
            if service.external and not service.headless and service.external_traffic_policy.value == "Local"
        )

    @cached_property
    def cluster_services(self) -> tuple[Service, ...]:
        """The externally accessible Services whose external policy is surely Cluster, written or by default."""
        return tuple(
            service
            for service in self.bundle.services
            if service.external and not service.headless and service.external_traffic_policy.value == "Cluster"
        )

    def local_in_vain(self, service: Service) -> tuple[LegacyAnnotation, ...]:
        """The annotations, read by nobody, by which a Service asks for Local although its policy is surely Cluster, and
        the client's address does not arrive whatever the policy."""
        asking = asking_for_local(service, self.environment)
        if not asking or service not in self.cluster_services or self.arrives_anyway(service):
            return ()
        patches = self.bundle.patches_of(service)
        is_patched = any(patch.type.written or patch.external_traffic_policy.written for patch in patches)
        return () if is_patched else asking

    def arrives_anyway(self, service: Service) -> bool:
        """Does the client's address surely arrive on every way into a Service, under the policy that it has?"""
        return bool(self.paths(service)) and all(map(arrives, self.paths(service)))

    @cached_property
    def node_ports(self) -> NodePorts:
        """Which Service claims which port of the nodes."""
        return NodePorts(self.bundle, self.environment)

    def paths(self, service: Service) -> tuple[SourcePath, ...]:
        """Every way a packet from outside can take into a Service's pods; see `path.hops`."""
        if service not in self._paths:
            self._paths[service] = self._walker.paths(service)
        return self._paths[service]

    def direct_paths(self, workload: Workload) -> tuple[SourcePath, ...]:
        """The ways to a workload's pods that pass every Service by."""
        return self._walker.direct_paths(workload)

    @cached_property
    def _walker(self) -> Walker:
        return Walker(self.bundle, self.environment, self.behaviour, self.policies, self._announced)

    def _announced(self, service: Service, state: State) -> tuple[Hop, ...]:
        """How MetalLB announces a Service's address, as far as its configuration was read."""
        found = self.announcers(service)
        if found is None:
            return ()
        placements = [self.siting.placement(each) for world in self.selected(service).worlds for each in world]
        known = [placement.possibly for placement in placements if placement]
        holders = frozenset().union(*known) if known and len(known) == len(placements) else None
        return tuple(announced(found, holders, state))

    @cached_property
    def policies(self) -> Policies:
        """Who may connect to pods, by the network policies."""
        return Policies(self.bundle)

    @cached_property
    def isolation(self) -> Isolation:
        """The questions about network policies."""
        return Isolation(self.bundle, self.environment, self.policies, self.paths)

    def behaviour(self, workload: Workload) -> ProxyBehaviour | None:
        """What the proxy in a workload's pods does with addresses; None where none is recognised."""
        if workload not in self._behaviours:
            from srcip_lint.proxies import behaviours

            self._behaviours[workload] = behaviours(workload, self.bundle)
        return self._behaviours[workload]

    @cached_property
    def unmounted_configurations(self) -> tuple[Place, ...]:
        """The files in ConfigMaps that look like a proxy's configuration and that no workload mounts: nothing judges
        them, since nobody knows which way leads there."""
        if not self.bundle.config_maps:
            return ()
        from srcip_lint.proxies import nginx

        return tuple(place for _, place in nginx.loose(self.bundle))

    def sent_to_by_ingress(self, service: Service) -> bool:
        """Does an Ingress send to the Service? Then its clients come through that."""
        return any(
            service.object.name in backend.services
            and same_namespace(service.object.namespace, backend.object.namespace) is not Answer.NO
            for backend in self.bundle.backends
        )

    def owner(self, at: Place) -> Object | None:
        """The ConfigMap that a place in a proxy's configuration belongs to; None for a place in no ConfigMap."""
        found = (config_map.object for config_map in self.bundle.config_maps if config_map.object.holds(at))
        return next(found, None)

    def object_at(self, at: Place) -> Object | None:
        """The object that a place stands in."""
        return next((each.object for each in self.inputs.resources if each.object.holds(at)), None)

    def keep_address_fixes(self, service: Service) -> tuple[str, ...]:
        """What to change so that the client's address arrives, best first; fits how the load balancer delivers."""
        return keep_address(service, self.bundle, self.environment)

    def filter_fixes(self, service: Service) -> tuple[str, ...]:
        """What to change so that clients are told apart by address, best first, where a network policy is to do it."""
        return filter_by_address(service, self.bundle, self.environment)

    @cached_property
    def behind_local(self) -> dict[Workload, tuple[Service, ...]]:
        """The workloads that Local Services surely select in one of their worlds, and by which."""
        found: dict[Workload, list[Service]] = {}
        for service in self.local_services:
            for definitions in self.selected(service).definitions:
                for workload in definitions:
                    found.setdefault(workload, []).append(service)
        return {workload: tuple(services) for workload, services in found.items()}

    def before(self, service: Service) -> Service | None:
        """The Service as it was earlier. None where no earlier state is known, or nobody can tell which one it was."""
        return before(service, self.bundle, self.earlier.bundle) if self.earlier else None

    def selected(self, service: Service) -> Selection:
        """The workloads a Service selects; see `Selection`."""
        return self.bundle.selected(service)

    @cached_property
    def pods(self) -> Pods:
        """The questions about pods: how many, whose, and whether all are in sight."""
        return Pods(self.bundle, self.siting)

    @cached_property
    def siting(self) -> Siting:
        """The questions about nodes and pods: which nodes there are, and which of them hold a workload's pods."""
        return Siting(self.bundle, self.environment)

    def announcers(self, service: Service) -> Announcers | None:
        """The nodes that may announce a Service's address; None where MetalLB does not surely handle it, or no
        advertisement that was read may apply."""
        if service not in self._announcers:
            self._announcers[service] = announcers(service, self.metallb, self.siting.inventory(service))
        return self._announcers[service]

    def meetings(self, service: Service) -> tuple[Meeting, ...]:
        """In each world of files, the nodes that may announce a Service's address and those that may hold its pods.
        None where the one or the other is not known, or where one of the worlds runs no pod."""
        found, selection = self.announcers(service), self.selected(service)
        worlds = [tuple(each for each in world if not self.pods.switched_off(each)) for world in selection.worlds]
        if found is None or not (selection.known and all(worlds)) or self.bundle.hand_made_endpoints(service):
            return ()
        unseen = self.pods.may_be_hidden(service)
        return tuple(meeting(found, world, self.siting, may_hide_pods=unseen) for world in worlds)

    def ways_in(self, service: Service) -> tuple[WayIn, ...]:
        """Every way from outside into an external Service, and whether it avoids nodes without a pod."""
        if service not in self._ways:
            self._ways[service] = tuple(find_ways(service, self.bundle, self.environment))
        return self._ways[service]

    def goes_by_node(self, service: Service) -> bool:
        """Does a way in lead to the nodes, so that it matters to it which of them have a ready pod?"""
        return any(way.on_one_node for way in self.ways_in(service))

    def following_way(self, service: Service) -> WayIn | None:
        """The way that speaks for a Service every way into which is known to leave out nodes without a ready pod; None
        where one does not, or may not."""
        ways = self.ways_in(service)
        if service.external_ips_unknown or not all(way.follows_endpoints is True for way in ways):
            return None
        return next(iter(ways), None)

    def dataplane(self, service: Service) -> Identified:
        """What carries the Service's packets on the nodes, and how that is known."""
        return identify_dataplane(service, self.bundle, self.environment)

    def node_ports_guarded(self, service: Service) -> bool:
        """Are the Service's node ports closed to clients, or under its source ranges like its address?"""
        return self.environment.node_ports_closed or guards_node_ports(service, self.bundle)

    def callers(self, service: Service, *, on_host: bool) -> tuple[Caller, ...]:
        """Who in the cluster may connect to the Service's external address, from a node's network or from the pods';
        nobody where its load balancer may give it a host name instead."""
        if by_name(service, identify(service, self.bundle, self.environment)):
            return ()
        return (on_host_network if on_host else on_pod_network)(service, self.bundle)

    def lost(self, service: Service) -> Iterator[tuple[SourcePath, Hop, Addresses]]:
        """The ways in on which a node's address is taken for the client's: the way, the hop that judges, and what that
        takes. There is none for a Service whose clients come through an Ingress, or an HTTP load balancer that tells of
        them in a header."""
        for path in () if self.sent_to_by_ingress(service) else self.paths(service):
            judge = path.edge_proxy or path.edge_pod
            seen = judge.takes if path.edge_proxy and judge else judge.state.peer if judge else None
            if judge and seen and surely(seen, Whose.NODE) and not path.has_http_front:
                yield path, judge, seen

    def lost_where_required(self, service: Service) -> tuple[SourcePath, Hop, Addresses, Requirement] | None:
        """The first way in on which a node's address is taken for the client's (see `lost`), where it is asserted that
        the client's is required."""
        required = self.required(service)
        lost = next(self.lost(service), None) if required else None
        return (*lost, required) if lost and required else None

    def misjudged(self, service: Service) -> tuple[Misjudged, ...]:
        """The lists and limits of proxies that judge a node's address in place of the client's."""
        if service not in self._misjudged:
            self._misjudged[service] = tuple(misjudged(self, service))
        return self._misjudged[service]

    def one_sided(self, service: Service) -> tuple[OneSided, ...]:
        """The ways in on which a connection fails over the PROXY protocol: sent and not read, or demanded and not
        sent."""
        return tuple(one_sided(self, service))

    @cached_property
    def believed(self) -> tuple[Believed, ...]:
        """The headers that proxies take the client's address from, whoever connects; one for each way to them."""
        return tuple(believed(self))

    @cached_property
    def services_with_lists(self) -> tuple[Service, ...]:
        """The Services behind whose Cluster policy a list of addresses, of a proxy or a network policy, judges a
        node."""
        found = self.isolation
        return tuple(
            service
            for service in self.cluster_services
            if any(each.control.networks for each in self.misjudged(service))
            or found.refused(service)
            or found.bypassed(service)
            or found.voided(service)
        )

    def back_door(self, service: Service) -> BackDoor | None:
        """The way by which a Cluster Service passes by what a Local one does for the same pods; see `needs`."""
        if service not in self._back_doors:
            self._back_doors[service] = back_door(self, service)
        return self._back_doors[service]

    def mixed_on_host(self, service: Service) -> MixedOnHost | None:
        """A way in to pods on their node's network, where a list or a limit gets a node's address; see `needs`."""
        return mixed_on_host(self, service)

    def mistaken_policy(self, service: Service) -> MistakenPolicy | None:
        """That the internal policy stands where the external one was meant; see `needs`."""
        return mistaken_policy(self, service)

    def near_hints(self, service: Service) -> tuple[tuple[Place, str, Object], ...]:
        """What is sometimes taken to keep the client's address under Cluster: the place, and that it does not."""
        return tuple(near_hints(service, self.bundle))

    def needed_on(self, service: Service, path: SourcePath) -> Requirement | None:
        """Why the client's address is needed on a way in; see `needs`."""
        return needed_on(self, service, path)

    def required(self, service: Service) -> Requirement | None:
        """Why the client's address is needed at a Service: asserted, or declared."""
        return required(service, self.bundle, self.environment)
