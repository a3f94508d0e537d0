"""What a rule may ask about network policies: where a list of addresses judges a node, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from srcip_lint.address_lists import (
    Bypassed,
    Policed,
    Refused,
    Voided,
    about_clients,
    bypassed,
    lists,
    policed,
    refused,
    surely_about_clients,
    voided,
)
from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.environment import Environment
from srcip_lint.networks import ClusterAddresses
from srcip_lint.path.hops import Observation, SourcePath
from srcip_lint.path.walk import container_port
from srcip_lint.policies import ContainerPort, Policies
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.policy import IpBlock, NetworkPolicy, Product
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.senders import Sender
from srcip_lint.resources.service import Service
from srcip_lint.resources.workload import Workload
from srcip_lint.scopes import nearest


@dataclass(frozen=True, slots=True)
class BehindIngress:
    """A list of addresses on pods that Cilium's own Ingress sends to: it connects by an identity of its own, which no
    network of addresses matches."""

    ingress: Object
    workload: Workload
    port: ContainerPort
    blocks: tuple[tuple[NetworkPolicy, IpBlock], ...]


class Isolation:
    """The questions. Frozen in effect; `paths` are the ways into a Service."""

    def __init__(
        self,
        bundle: Bundle,
        environment: Environment,
        policies: Policies,
        paths: Callable[[Service], tuple[SourcePath, ...]],
    ) -> None:
        self._bundle = bundle
        self._environment = environment
        self._policies = policies
        self._paths = paths

    @cached_property
    def cluster(self) -> ClusterAddresses:
        """Where the cluster's own addresses lie, by what is declared, else by the addresses of the known nodes."""
        declared = [each.addresses for each in self._environment.nodes]
        known = declared or [each.addresses for each in self._bundle.nodes]
        addresses = [address for each in known for address in each] if all(known) else []
        return ClusterAddresses.of(self._environment, addresses)

    def refused(self, service: Service) -> Refused | None:
        """The first way in on which clients of an allow-list are refused since they come as a node; one on which that
        is sure goes first."""
        found = [each for way in self._ways(service) for each in [refused(way, self.cluster)] if each]
        return min(found, key=lambda each: each.maybe, default=None)

    def bypassed(self, service: Service) -> Bypassed | None:
        """The first way in on which clients who are left out of a list are admitted since they come as a node; one on
        which that is sure goes first, and one on which it is not says nothing where the list is void anyway."""
        found = [each for way in self._masqueraded(service) for each in [bypassed(way, self.cluster)] if each]
        telling = [each for each in found if not (each.maybe and voided(each.policed, self.cluster))]
        return min(telling, key=lambda each: each.maybe, default=None)

    def voided(self, service: Service) -> Voided | None:
        """The first way in on which a list of clients admits everybody since it admits the nodes too."""
        found = (voided(way, self.cluster) for way in self._masqueraded(service))
        return next((each for each in found if each), None)

    def _ways(self, service: Service) -> tuple[Policed, ...]:
        """The ways on which a policy sees another node. On a single node there is none."""
        return () if self.node_count(service) == 1 else tuple(policed(self._paths(service)))

    def _masqueraded(self, service: Service) -> tuple[Policed, ...]:
        """Those of them on which an address decides about a node: with Cilium's policies it does not, a node has an
        identity that only `policy-cidr-match-mode` makes one of addresses (Cilium `Documentation/security/policy`,
        "Caveats"; cilium/cilium#23603, #35401), and Calico's may deny what Kubernetes' admit."""
        if any(self._bundle.compatible(service.object, each) for each in self._signs_of_others):
            return ()
        return tuple(way for way in self._ways(service) if way.masquerades)

    @cached_property
    def _signs_of_others(self) -> tuple[Object, ...]:
        """What tells that another product than Kubernetes' own policies decides, or decides too."""
        bundle = self._bundle
        signs = [each.object for each in bundle.network_policies if each.product is not Product.KUBERNETES]
        signs += [each.object for each in bundle.config_maps if each.object.name == "cilium-config"]
        signs += [each.object for each in bundle.evidence if each.object.group == "cilium.io"]
        signs += [each.object for each in bundle.cilium_l2_policies]
        return tuple(signs)

    def node_count(self, service: Service) -> int | None:
        """How many nodes there are, by the inventory or else by the nearest Node objects; None where none is known."""
        if self._environment.nodes:
            return len(self._environment.nodes)
        nodes = [node for node in self._bundle.nodes if self._bundle.compatible(service.object, node.object)]
        return len(nearest(service.object, nodes)) or None

    def list_of_clients(self, path: SourcePath) -> tuple[Observation, bool] | None:
        """A list of addresses on the first pod's ports that is about clients, and whether that is sure: a private one
        may be about the cluster's own addresses where these are not declared."""
        found = list(lists(path.edge_pod)) if path.edge_pod else []
        surely = [each for each in found if surely_about_clients(each, self.cluster)]
        maybe = [each for each in found if about_clients(each, self.cluster) and not each.exceptions]
        first = next(iter((*surely, *maybe)), None)
        return (first, bool(surely)) if first else None

    def behind_ingress(self, service: Service) -> Iterator[BehindIngress]:
        """The lists of addresses on the pods of a Service that an Ingress of Cilium's sends to."""
        ingress = next((each.object for each in self._bundle.backends if self._is_cilium(each, service)), None)
        selection = self._bundle.selected(service)
        if ingress is None or not selection.known:
            return
        for workload in dict.fromkeys(workload for world in selection.worlds for workload in world):
            for port in service.ports:
                wanted = container_port(port, workload)
                admitted = self._policies.admitted(service, workload, wanted)
                on_host = workload.template.host_network.value is not False
                blocks = admitted.blocks if admitted and not on_host else ()
                clients = tuple(each for each in blocks if not self.cluster.holds(each[1].network.value))
                if clients and not any(block.network.value.prefixlen == 0 for _, block in blocks):
                    yield BehindIngress(ingress, workload, wanted, clients)

    def _is_cilium(self, backend: Sender, service: Service) -> bool:
        """Does an Ingress of the class `cilium` end the clients' connections for a Service?"""
        passes_through = backend.object.annotation("ingress.cilium.io/tls-passthrough")
        return (
            backend.controller == "cilium"
            and passes_through is None
            and service.object.name in backend.services
            and same_namespace(service.object.namespace, backend.object.namespace) is Answer.YES
            and self._bundle.compatible(service.object, backend.object)
        )

    def policy(self, block: Observation) -> Object | None:
        """The policy that a block of addresses stands in."""
        return self._policy_at.get(block.at)

    @cached_property
    def _policy_at(self) -> dict[Place, Object]:
        return {
            block.network.place: policy.object
            for policy in self._bundle.network_policies
            for spec in policy.specs
            for rule in spec.rules
            for block in rule.blocks
        }
