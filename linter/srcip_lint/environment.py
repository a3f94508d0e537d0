"""What manifests alone cannot know: load balancer, dataplane, nodes, and which Services need the client's address.

Everything here is declared in the configuration; what is inferred from the bundle is inferred where it is asked for,
with its evidence. The vocabulary is the public one of `srcip-lint.yaml` (see `docs/configuration.md`).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field

from srcip_lint.resources.cluster import Node
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.selectors import Labels

DATAPLANES = (
    "kube-proxy-iptables",
    "kube-proxy-ipvs",
    "kube-proxy-nftables",
    "kube-proxy",
    "cilium-snat",
    "cilium-dsr",
    "cilium-hybrid",
    "calico-ebpf",
    "kube-router",
)

LOAD_BALANCERS = (
    "metallb-l2",
    "metallb-bgp",
    "metallb",
    "aws-lbc",
    "aws-ccm",
    "gke",
    "aks",
    "digitalocean",
    "hetzner",
    "oci",
    "linode",
    "openstack",
    "scaleway",
    "k3s-servicelb",
    "kube-vip",
    "purelb",
    "openelb",
    "cilium-l2",
    "cilium-bgp",
    "calico-bgp",
    "health-checked",
    "static",
)

FRONTS = ("direct", "l4-passthrough", "l4-proxy", "l7-append", "l7-overwrite")

REQUIRE_CLIENT_IP = "srcip-lint.io/require-client-ip"
"""The annotation (on a Service or workload) that asserts: whoever runs here must see the client's address."""


@dataclass(frozen=True, slots=True)
class ObjectPattern:
    """Selects objects: globs over namespace and name, and labels that must be equal. An absent namespace matches `*`
    only."""

    namespace: str = "*"
    name: str = "*"
    labels: Mapping[str, str] = field(default_factory=dict)

    def matches(self, namespace: str | None, name: str, labels: Mapping[str, object]) -> bool:
        fits = fnmatch.fnmatchcase(namespace or "", self.namespace) and fnmatch.fnmatchcase(name, self.name)
        return fits and all(labels.get(key) == value for key, value in self.labels.items())


@dataclass(frozen=True, slots=True)
class DeclaredNode:
    """A node of an inventory. Taints are `(key, value, effect)`; `unschedulable` is what `kubectl cordon` sets;
    addresses come from a Node list only."""

    name: str
    labels: Labels = field(default_factory=dict)
    taints: tuple[tuple[str | Unknown, str | Unknown, str | Unknown], ...] = ()
    unschedulable: bool = False
    addresses: tuple[str, ...] = ()

    @classmethod
    def of(cls, node: Node) -> DeclaredNode:
        """A Node object as a node of an inventory."""
        taints = tuple((taint.key, taint.value, taint.effect) for taint in node.taints)
        return cls(node.object.name, node.labels, taints, node.unschedulable, node.addresses)


@dataclass(frozen=True, slots=True)
class Edge:
    """What stands in front of one Service. `target_nodes` selects (by node labels) the nodes that packets are sent to;
    `front_health_check` says that the front itself leaves out nodes whose node port does not answer."""

    service: str
    front: str | None = None
    hops: int | None = None
    target_nodes: Mapping[str, str] | None = None
    front_health_check: bool = False


@dataclass(frozen=True, slots=True)
class Environment:
    """The declared environment. Everything is optional, and what is absent is unknown, never a default."""

    dataplane: str | None = None
    load_balancer: str | None = None
    nodes: tuple[DeclaredNode, ...] = ()
    node_cidrs: tuple[str, ...] = ()
    pod_cidrs: tuple[str, ...] = ()
    service_cidrs: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    edges: tuple[Edge, ...] = ()
    metallb: Mapping[str, object] = field(default_factory=dict)
    cilium_version: tuple[int, ...] | None = None
    kubernetes_version: tuple[int, int] | None = None
    closed_world: bool = False
    node_ports_closed: bool = False
    require_client_ip: tuple[ObjectPattern, ...] = ()

    def edge(self, namespace: str | None, name: str) -> Edge | None:
        """The declared edge of a Service: `namespace/name`, or the bare name where the Service has no namespace."""
        wanted = f"{namespace}/{name}" if namespace else name
        return next((edge for edge in self.edges if edge.service == wanted), None)
