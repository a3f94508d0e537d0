"""The interpreter: from a Service to every way a packet can take into its pods, hop by hop.

    client -> load balancer -> node (policy, dataplane) -> pod / proxy -> [ClusterIP Service -> pod]*

Each hop is a pure function of the state before it. A chain of proxies is followed to a fixed depth and never in a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from srcip_lint.bundle import Bundle
from srcip_lint.dataplane import Identified, Keeps, follows_service_local
from srcip_lint.dataplane import identify as identify_dataplane
from srcip_lint.environment import Environment
from srcip_lint.path.filters import source_ranges
from srcip_lint.path.front import front
from srcip_lint.path.hops import (
    CLIENT,
    NODE,
    Addresses,
    Atom,
    Delivered,
    Entry,
    Hop,
    Observation,
    Origin,
    PathKey,
    SourcePath,
    State,
    When,
    Whose,
    always,
)
from srcip_lint.path.policed import observed
from srcip_lint.path.proxied import Proxied, through_proxy
from srcip_lint.placement import runs_everywhere
from srcip_lint.policies import ContainerPort, Policies
from srcip_lint.proxies.behaviour import ProxyBehaviour, Upstream
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.objects import same_namespace
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.service import Service, ServicePort
from srcip_lint.resources.workload import Workload, target_number
from srcip_lint.scopes import nearest

MAX_DEPTH = 4
"""How many Services in a row a chain of proxies is followed through."""

MAX_PATHS = 64
"""How many paths are computed for one Service; a proxy with more routes than that shows them all alike."""

Behaviours = Callable[[Workload], "ProxyBehaviour | None"]


Announced = Callable[[Service, State], "tuple[Hop, ...]"]


def unannounced(_service: Service, _state: State) -> tuple[Hop, ...]:
    """No announcement is known."""
    return ()


@dataclass(frozen=True, slots=True)
class Arriving:
    """What comes to a Service's pods. `source` is the address before a node's masquerade, None where none is on the
    way."""

    state: State
    source: Addresses | None = None


@dataclass(frozen=True, slots=True)
class Walker:
    """What the interpreter asks while it walks."""

    bundle: Bundle
    environment: Environment
    behaviour: Behaviours
    policies: Policies
    announced: Announced = unannounced
    """How an address of a load balancer of the cluster's own is announced."""

    def paths(self, service: Service) -> tuple[SourcePath, ...]:
        """Every way from outside into a Service's pods, at most MAX_PATHS."""
        found: list[SourcePath] = []
        for entry, port in self._entries(service):
            key = PathKey(Origin.EXTERNAL, entry, service.object.ref, _port_name(port), _protocol(port))
            for hops in self._from_outside(service, entry, port):
                if len(found) == MAX_PATHS:
                    return tuple(found)
                found.append(SourcePath(key, hops))
        return tuple(found)

    def direct_paths(self, workload: Workload) -> tuple[SourcePath, ...]:
        """The ways to a pod that pass every Service by: the host's network, and host ports. Nothing translates
        there."""
        return tuple(self._direct(workload))

    def in_cluster_paths(self, service: Service) -> tuple[SourcePath, ...]:
        """How a pod, and a process on a node, reach a Service: by its cluster IP, and by its external address, which
        the node that the caller runs on takes for its own."""
        found: list[SourcePath] = []
        for origin, whose in ((Origin.POD, Whose.POD), (Origin.HOST_PROCESS, Whose.NODE)):
            for entry, port in self._inside_entries(service):
                caller = Hop("client", origin.value, f"connects to the {entry.value}", State(always(Atom(whose))))
                key = PathKey(origin, entry, service.object.ref, _port_name(port), _protocol(port))
                hops: tuple[Hop, ...] = (caller,)
                if entry is not Entry.CLUSTER_IP:
                    hops = (caller, self._short_cut(service, port, caller.state))
                found += [
                    SourcePath(key, (*hops, *rest))
                    for rest in self._into(service, port, Arriving(hops[-1].state), 1, ())
                ]
        return tuple(found[:MAX_PATHS])

    def _inside_entries(self, service: Service) -> Iterator[tuple[Entry, ServicePort]]:
        if not service.headless:
            yield from ((Entry.CLUSTER_IP, port) for port in service.ports)
            yield from (each for each in self._entries(service) if each[0] is not Entry.NODE_PORT)

    def _short_cut(self, service: Service, port: ServicePort, state: State) -> Hop:
        """The caller's own node, for an external address: under Local all endpoints serve and a pod keeps its address,
        under Cluster it is masqueraded (kubernetes `pkg/proxy/iptables/proxier.go`, "pod traffic for ... external
        destinations")."""
        policy = service.external_traffic_policy.value
        identified = identify_dataplane(service, self.bundle, self.environment)
        keeps = identified.keeps(_protocol(port))
        after = state
        if keeps is not Keeps.NEVER or policy not in ("Local", "Cluster"):
            after = replace(state, peer=always(Atom(Whose.UNKNOWN, "how this dataplane treats callers in the cluster")))
        elif policy == "Cluster":
            after = replace(state, peer=always(NODE))
        does = "takes the external address for its own and hands the connection to any ready pod"
        at, ref = service.type.place, service.object.ref
        return Hop("node", "the caller's own node", does, after, identified.basis, at=at, object=ref)

    def _entries(self, service: Service) -> Iterator[tuple[Entry, ServicePort]]:
        kinds = {"LoadBalancer": Entry.LOAD_BALANCER, "NodePort": Entry.NODE_PORT}
        kind = service.type.value if isinstance(service.type.value, str) else ""
        entries = [kinds[kind]] if kind in kinds else []
        if service.external_ips and kind in (*kinds, "ClusterIP"):
            entries.append(Entry.EXTERNAL_IP)
        if not service.headless:
            yield from ((entry, port) for entry in entries for port in service.ports)

    def _from_outside(self, service: Service, entry: Entry, port: ServicePort) -> Iterator[tuple[Hop, ...]]:
        client = Hop("client", "the client", "connects", State(always(CLIENT)))
        before = front(service, entry, port, client.state, self.bundle, self.environment)
        hops = (client, *before.hops)
        if entry is Entry.LOAD_BALANCER:
            hops = (*hops, *self.announced(service, hops[-1].state))
        source = hops[-1].state.peer
        if not before.targets_pods:
            node = self._node(service, port, hops[-1].state, before.follows_endpoints)
            hops = (*hops, replace(node, observations=source_ranges(service, entry, hops[-1].state)))
        arriving = Arriving(hops[-1].state, source if hops[-1].kind == "node" else None)
        for rest in self._into(service, port, arriving, 1, ()):
            yield (*hops, *rest)

    def _node(self, service: Service, port: ServicePort, state: State, follows_endpoints: bool | None) -> Hop:
        """The node that receives the packet: policy and dataplane decide about the address, and whether it goes on."""
        policy = service.external_traffic_policy
        words = f"externalTrafficPolicy {policy.value}" + ("" if policy.written else " (the default)")
        place = policy.place if policy.written else service.type.place
        found = service.object.ref
        if follows_service_local(service):
            place = service.object.place.at("metadata", "annotations", "kube-router.io/service.local")
            words = "kube-router.io/service.local"
        if policy.value == "Local" or follows_service_local(service):
            delivered = self._delivered(service, follows_endpoints)
            does = "keeps the source address, and hands packets only to a ready pod of its own"
            return Hop("node", words, does, state, at=place, object=found, delivered=delivered)
        if policy.value != "Cluster":
            why = policy.value.why if isinstance(policy.value, Unknown) else "the API server rejects the policy"
            after = replace(state, peer=always(Atom(Whose.UNKNOWN, why)))
            words = "externalTrafficPolicy unknown"
            return Hop("node", words, "may replace the source address", after, at=place, object=found)
        identified = identify_dataplane(service, self.bundle, self.environment)
        return _masquerade(service, identified, _protocol(port), state, words)

    def _delivered(self, service: Service, follows_endpoints: bool | None) -> Delivered:
        """Under Local: do packets come only to nodes that have a pod?"""
        selection = self.bundle.selected(service)
        everywhere = selection.known and all(any(map(runs_everywhere, world)) for world in selection.worlds)
        if follows_endpoints is True or everywhere:
            return Delivered.YES
        return Delivered.MAYBE if follows_endpoints is False else Delivered.UNKNOWN

    def _into(
        self, service: Service, port: ServicePort, arriving: Arriving, depth: int, seen: tuple[Service, ...]
    ) -> Iterator[tuple[Hop, ...]]:
        """From a Service to its pods, and on through what they proxy to."""
        selection = self.bundle.selected(service)
        if not selection.known:
            why = "what it selects is not known" if selection.possible else "no workload that it selects was read"
            yield (_unseen_pod(service, why, arriving.state),)
            return
        for workload in dict.fromkeys(workload for world in selection.worlds for workload in world):
            number = target_number(port, workload)
            judged = self._policed(service, workload, port, arriving)
            pod = _pod_hop(workload, number, _at_pod(workload, arriving), judged)
            for rest in self._behind(workload, number, _protocol(port), pod.state, depth, (*seen, service)):
                yield (pod, *rest)

    def _policed(
        self, service: Service, workload: Workload, port: ServicePort, arriving: Arriving
    ) -> tuple[Observation, ...]:
        """What the network policies of the pods see, which decide by address."""
        admitted = self.policies.admitted(service, workload, container_port(port, workload))
        return observed(admitted, workload, arriving.state.peer, arriving.source) if admitted else ()

    def _behind(
        self, workload: Workload, number: int | None, protocol: str, state: State, depth: int, seen: tuple[Service, ...]
    ) -> Iterator[tuple[Hop, ...]]:
        """The proxy in a pod, if it has one on this port, and where that sends."""
        behaviour = self.behaviour(workload)
        found = through_proxy(workload, behaviour, number, state, self.environment, protocol) if behaviour else ()
        if not found:
            yield ()
        for proxied in found:
            for rest in self._onward(workload, proxied, depth, seen):
                yield (proxied.hop, *rest)

    def _onward(
        self, workload: Workload, proxied: Proxied, depth: int, seen: tuple[Service, ...]
    ) -> Iterator[tuple[Hop, ...]]:
        """The next Service of a chain, or whatever it sends to; nothing where it answers itself."""
        found = self._service_of(workload, proxied.upstream) if proxied.upstream else None
        port = _port_of(found, proxied.upstream.port) if found and proxied.upstream else None
        if not proxied.sends_on:
            yield ()
        elif found is None or port is None or depth >= MAX_DEPTH or found in seen:
            yield (_upstream_hop(proxied, is_loop=found in seen),)
        else:
            hop = _service_hop(found, proxied.state)
            for rest in self._into(found, port, Arriving(proxied.state), depth + 1, seen):
                yield (hop, *rest)

    def _service_of(self, workload: Workload, upstream: Upstream) -> Service | None:
        """The Service a host name means: `name`, `name.namespace`, `name.namespace.svc...`."""
        name, _, rest = upstream.host.partition(".")
        namespace = rest.split(".")[0] or workload.object.namespace
        found = [
            service
            for service in self.bundle.services
            if service.object.name == name
            and same_namespace(namespace, service.object.namespace) is not Answer.NO
            and self.bundle.compatible(workload.object, service.object)
        ]
        near = nearest(workload.object, found)
        return near[0] if len(near) == 1 else None

    def _direct(self, workload: Workload) -> Iterator[SourcePath]:
        on_host = workload.template.host_network.value is True
        for port in (port for container in workload.template.containers for port in container.ports):
            number = port.number.value if on_host else port.host_port.value
            if isinstance(number, int) and isinstance(port.number.value, int):
                entry = Entry.HOST_NETWORK if on_host else Entry.HOST_PORT
                protocol = port.protocol.value if isinstance(port.protocol.value, str) else "TCP"
                key = PathKey(Origin.EXTERNAL, entry, None, str(number), protocol)
                client = Hop("client", "the client", "connects to the node itself", State(always(CLIENT)))
                pod = _pod_hop(workload, port.number.value, client.state)
                for rest in self._behind(workload, port.number.value, protocol, pod.state, 1, ()):
                    yield SourcePath(key, (client, pod, *rest))


def _at_pod(workload: Workload, arriving: Arriving) -> State:
    """A pod on the host's network is not masqueraded to on its own node (kubernetes
    `pkg/proxy/nftables/README.md`)."""
    masqueraded = arriving.state.peer == always(NODE) and arriving.source is not None
    if not masqueraded or arriving.source is None or workload.template.host_network.value is not True:
        return arriving.state
    on_node = ((atom, When.SAME_NODE) for atom, _ in arriving.source)
    return replace(arriving.state, peer=frozenset({(NODE, When.OTHER_NODE), *on_node}))


def _masquerade(service: Service, identified: Identified, protocol: str, state: State, words: str) -> Hop:
    """Cluster: the dataplane decides whether the source survives. The answer is a mixture where placement decides."""
    keeps = identified.keeps(protocol)
    peers: dict[Keeps, Addresses] = {
        Keeps.ALWAYS: state.peer,
        Keeps.NEVER: always(NODE),
        Keeps.SAME_NODE: frozenset({(NODE, When.OTHER_NODE), *((atom, When.SAME_NODE) for atom, _ in state.peer)}),
        Keeps.UNKNOWN: always(Atom(Whose.UNKNOWN, "the dataplane is not known")),
    }
    label = identified.dataplane.label if identified.dataplane else "an unknown dataplane"
    policy = service.external_traffic_policy
    return Hop(
        "node",
        words,
        f"{label} {keeps.value}",
        replace(state, peer=peers[keeps]),
        identified.basis,
        at=policy.place if policy.written else service.type.place,
        object=service.object.ref,
        replaces=keeps is Keeps.NEVER,
    )


def _pod_hop(workload: Workload, number: int | None, state: State, observations: tuple[Observation, ...] = ()) -> Hop:
    port = f", port {number}" if number else ""
    traits = ["on every node"] if runs_everywhere(workload) else []
    traits += ["on its node's network"] if workload.template.host_network.value is True else []
    return Hop(
        "pod",
        f"{workload.object.ref}{port}",
        ", ".join(["receives the connection", *traits]),
        state,
        at=workload.place,
        object=workload.object.ref,
        observations=observations,
    )


def _unseen_pod(service: Service, why: str, state: State) -> Hop:
    return Hop(
        "pod",
        f"a pod of {service.object.ref}",
        why,
        state,
        at=service.selector.place,
        object=service.object.ref,
        delivered=Delivered.UNKNOWN,
    )


def _service_hop(service: Service, state: State) -> Hop:
    return Hop(
        "service",
        str(service.object.ref),
        "hands the connection to one of its pods; nothing translates the source",
        state,
        at=service.object.place.at("kind"),
        object=service.object.ref,
    )


def _upstream_hop(proxied: Proxied, *, is_loop: bool) -> Hop:
    """Where a chain leaves what was read."""
    target = proxied.upstream
    name = f"{target.host}:{target.port}" if target and target.port else target.host if target else "what it proxies to"
    does = (
        "is a Service that the connection has come through already" if is_loop else "is no Service whose pods were read"
    )
    return Hop("upstream", name, does, proxied.state, at=target.at if target else None)


def container_port(port: ServicePort, workload: Workload) -> ContainerPort:
    """The port of a workload's pods that a Service's port sends to."""
    target = port.target_port.value
    return ContainerPort(target_number(port, workload), _protocol(port), target if isinstance(target, str) else None)


def _port_of(service: Service, number: int | None) -> ServicePort | None:
    return next((port for port in service.ports if port.port.value == number), None)


def _port_name(port: ServicePort) -> str:
    return str(port.port.value) if isinstance(port.port.value, int) else "?"


def _protocol(port: ServicePort) -> str:
    return port.protocol.value if isinstance(port.protocol.value, str) else "TCP"
