"""What a rule is given: everything that was read, put together, and what was declared.

Shared analysis is computed once and asked here. A rule names a question (`model.ways_in(service)`), not a raw field that the
model could answer for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from srcip_lint.balancers import Balancer, identify
from srcip_lint.bundle import Bundle, Selection
from srcip_lint.documents import Place
from srcip_lint.environment import REQUIRE_CLIENT_IP, Environment
from srcip_lint.inputs import Inputs
from srcip_lint.placement import can_run_on, pinned, runs_everywhere, separation
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.service import Service
from srcip_lint.resources.workload import Workload

_HEALTH_CHECKING_INGRESSES = ("alb", "gce", "gce-internal")
"""Ingress classes whose load balancer polls the Service's node port and leaves out nodes that do not answer."""


@dataclass(frozen=True, slots=True)
class WayIn:
    """One way from outside into a Service. `name` is what a person calls it; `follows_endpoints` says whether packets
    avoid nodes without a ready pod, None where that is unknown, and `because` says why, for a message."""

    name: str
    at: Place
    follows_endpoints: bool | None
    because: str
    balancer: Balancer | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """Why the client's address is needed at a Service. `at` is None where the configuration declares it."""

    why: str
    at: Place | None = None
    object: Object | None = None


class Model:
    """Everything a rule may ask. Frozen in effect: nothing changes after it is built."""

    def __init__(self, inputs: Inputs, bundle: Bundle, environment: Environment) -> None:
        self.inputs = inputs
        self.bundle = bundle
        self.environment = environment
        self._ways: dict[Service, tuple[WayIn, ...]] = {}

    @classmethod
    def of(cls, inputs: Inputs, environment: Environment) -> Model:
        return cls(inputs, Bundle(inputs), environment)

    @cached_property
    def local_services(self) -> tuple[Service, ...]:
        """The externally accessible Services whose external policy is surely Local."""
        return tuple(
            service
            for service in self.bundle.services
            if service.external and not service.headless and service.external_traffic_policy.value == "Local"
        )

    def selected(self, service: Service) -> Selection:
        """The workloads a Service selects; see `Selection`."""
        return self.bundle.selected(service)

    def replicas(self, workload: Workload) -> int | None:
        """The least number of replicas that runs; None where the kind has none or the manifests do not tell."""
        located = self.bundle.replicas(workload)
        return located.value if located and isinstance(located.value, int) else None

    def replicas_place(self, workload: Workload) -> Place:
        """Where the least number of replicas is written, or else the workload itself."""
        located = self.bundle.replicas(workload)
        return located.place if located and located.written else workload.object.place.at("kind")

    def separated(self, workload: Workload) -> bool:
        """Do the workload's pods surely stand on different nodes?"""
        found = separation(workload.template, self.replicas(workload))
        return workload.kind == "DaemonSet" or bool(found and not found.soft)

    def covers_every_node(self, world: tuple[Workload, ...]) -> bool:
        """Do the selected workloads put a pod on every node that takes ordinary pods?"""
        return any(runs_everywhere(workload) for workload in world)

    def pinned(self, workload: Workload) -> bool:
        """Is the workload bound to nodes by their names?"""
        return pinned(workload.template)

    def uncoverable_target(self, service: Service, world: tuple[Workload, ...]) -> str | None:
        """A node that the configuration names as a target of the Service and on which none of the workloads can run."""
        edge = self.environment.edge(service.object.namespace, service.object.name)
        if edge is None or edge.target_nodes is None:
            return None
        for node in self.environment.nodes:
            is_target = all(node.labels.get(key) == value for key, value in edge.target_nodes.items())
            if is_target and not any(can_run_on(workload.template, node) for workload in world):
                return node.name
        return None

    def ways_in(self, service: Service) -> tuple[WayIn, ...]:
        """Every way from outside into an external Service, and whether it avoids nodes without a pod."""
        if service not in self._ways:
            self._ways[service] = tuple(self._find_ways(service))
        return self._ways[service]

    def _find_ways(self, service: Service) -> Iterator[WayIn]:
        at = service.type.place
        if service.type.value == "LoadBalancer":
            balancer = identify(service, self.bundle, self.environment)
            because = balancer.family.how if balancer.family else balancer.reason
            yield WayIn(balancer.name, at, balancer.follows_endpoints, because, balancer)
        if service.type.value == "NodePort":
            front = self._health_checked_front(service)
            because = front or "whoever connects to a node port picks the node, and no health check node port exists for it"
            yield WayIn("the node port", at, bool(front), because)
        for address in service.external_ips[:1]:
            because = "packets go to whichever node the address is routed to, pod or no pod"
            yield WayIn("an external IP", address.place, follows_endpoints=False, because=because)

    def _health_checked_front(self, service: Service) -> str | None:
        """What in front of a node port leaves out nodes that do not answer; None where nothing is known to."""
        edge = self.environment.edge(service.object.namespace, service.object.name)
        if edge and edge.front_health_check:
            return "the declared front checks the node port's health"
        for backend in self.bundle.backends:
            if (
                backend.controller in _HEALTH_CHECKING_INGRESSES
                and service.object.name in backend.services
                and same_namespace(service.object.namespace, backend.object.namespace) is not Answer.NO
            ):
                return f"the load balancer of {backend.object.ref} checks the node port's health"
        return None

    def required(self, service: Service) -> Requirement | None:
        """Why the client's address is needed here: asserted on the Service, on a workload it selects, or declared."""
        workloads = [workload for world in self.selected(service).worlds for workload in world]
        for found in (service.object, *(workload.object for workload in workloads)):
            if found.annotation(REQUIRE_CLIENT_IP) == "true":
                place = found.place.at("metadata", "annotations", REQUIRE_CLIENT_IP)
                return Requirement(f"{found.ref} asserts {REQUIRE_CLIENT_IP}", place, found)
        for pattern in self.environment.require_client_ip:
            if pattern.matches(service.object.namespace, service.object.name, _known(service.object)):
                return Requirement("the configuration declares requireClientIP for it")
        return None


def _known(found: Object) -> dict[str, str]:
    return {key: value for key, value in found.labels.items() if not isinstance(value, Unknown)}
