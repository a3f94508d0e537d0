"""The load-balancer families, and the classes and annotations by which a Service names its own.

Sources: each vendor's controller documentation as listed in `docs/load-balancers.md`. `follows_endpoints` is what
happens to nodes without a ready pod under `externalTrafficPolicy: Local`: MetalLB, Cilium and Calico BGP announce only
from nodes with an endpoint, cloud load balancers poll the health-check node port, the rest do not look.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Family:
    """A family of load balancers. `name` is the word of the configuration, `label` the one of messages."""

    name: str
    label: str
    follows_endpoints: bool | None
    how: str
    """How it leaves out nodes without a pod, or why it does not."""
    on_one_node: str = "only one healthy target"
    """What it has left when all ready pods stand on one node."""
    mostly_blind: bool = False
    """Where it is not known whether it leaves out nodes without a pod: did it not for most of its history?"""
    remedy: str = ""
    """What would let it leave them out."""


_HEALTH = "it polls the health-check node port and leaves out nodes without a ready pod"
_ENDPOINTS = "it announces the address only from nodes with a ready pod"
_BLIND = "it does not look at where the pods are"
_UNKNOWN = "whether it looks at where the pods are depends on how it is set up"
_LEADER = "no standby node"
_NEXT_HOP = "only one next hop"


def polls_health(family: Family) -> bool:
    """Does it poll the health-check node port?"""
    return family.how == _HEALTH


_WITHOUT_NODE_PORTS = frozenset(
    {"metallb", "metallb-l2", "metallb-bgp", "calico-bgp", "cilium", "cilium-bgp", "cilium-l2", "purelb"}
    | {"kube-vip", "kube-vip-per-service", "kube-vip-global"}
)
"""Families that bring packets for the address itself to the nodes, and use no node port."""

_BARE_METAL = _WITHOUT_NODE_PORTS | {"k3s-servicelb", "openelb"}


def is_bare_metal(family: Family) -> bool:
    """Does it run on the cluster's own nodes, with no cloud whose firewall would stand before them?"""
    return family.name in _BARE_METAL


NAMES_ONLY = frozenset({"aws-lbc", "aws-ccm"})
"""Families that give a Service a host name and no address."""

HOST_NAMES = (
    "load-balancer.hetzner.cloud/hostname",
    "loadbalancer.openstack.org/hostname",
    "service.beta.kubernetes.io/do-loadbalancer-hostname",
    "service.beta.kubernetes.io/scw-loadbalancer-use-hostname",
)
"""Annotations by which a Service gets a host name in place of its address."""


def needs_node_ports(family: Family) -> bool:
    """May it need the node ports of a Service to reach its pods?"""
    return family.name not in _WITHOUT_NODE_PORTS


def _cloud(name: str, label: str) -> Family:
    return Family(name, label, follows_endpoints=True, how=_HEALTH)


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("metallb", "MetalLB", True, _ENDPOINTS, "no standby node (layer 2) or only one next hop (BGP)"),
        Family("metallb-l2", "MetalLB in layer 2 mode", follows_endpoints=True, how=_ENDPOINTS, on_one_node=_LEADER),
        Family("metallb-bgp", "MetalLB in BGP mode", follows_endpoints=True, how=_ENDPOINTS, on_one_node=_NEXT_HOP),
        Family("calico-bgp", "Calico BGP", follows_endpoints=True, how=_ENDPOINTS, on_one_node=_NEXT_HOP),
        Family("cilium-bgp", "the Cilium BGP control plane", True, _ENDPOINTS, _NEXT_HOP),
        Family(
            "cilium-l2",
            "Cilium's L2 announcer",
            follows_endpoints=None,
            how="it looks at where the pods are only from Cilium 1.20.2 on",
            on_one_node=_LEADER,
            mostly_blind=True,
            remedy="run Cilium 1.20.2 or newer, which announces the address only from nodes with a ready pod, and "
            'declare it: `cilium: {version: "1.20.2"}` in srcip-lint.yaml',
        ),
        Family("cilium", "Cilium", follows_endpoints=None, how=_UNKNOWN),
        Family("kube-vip", "kube-vip", follows_endpoints=None, how=_UNKNOWN),
        Family("kube-vip-per-service", "kube-vip with svc_election", True, _ENDPOINTS, _LEADER),
        Family("kube-vip-global", "kube-vip without svc_election", follows_endpoints=False, how=_BLIND),
        Family("k3s-servicelb", "k3s ServiceLB", True, "it lists only nodes with a pod", "only one node to list"),
        Family("purelb", "PureLB", True, "it honours Local only where it announces by route", _NEXT_HOP),
        Family("openelb", "OpenELB", follows_endpoints=None, how=_UNKNOWN),
        Family("static", "a static front", follows_endpoints=False, how=_BLIND),
        Family("tailscale", "the Tailscale operator", True, "it proxies to the cluster IP"),
        _cloud("aws-lbc", "the AWS load balancer controller"),
        _cloud("aws-ccm", "the AWS cloud provider"),
        _cloud("gke", "the GKE load balancer"),
        _cloud("aks", "the Azure load balancer"),
        _cloud("digitalocean", "the DigitalOcean load balancer"),
        _cloud("hetzner", "the Hetzner load balancer"),
        _cloud("oci", "the Oracle Cloud load balancer"),
        _cloud("linode", "the Linode NodeBalancer"),
        _cloud("openstack", "the OpenStack load balancer"),
        _cloud("scaleway", "the Scaleway load balancer"),
        _cloud("health-checked", "a health-checked load balancer"),
    )
}


def of_version(family: Family, version: tuple[int, ...] | None) -> Family:
    """The family as it is in one version of its product.

    Cilium's layer 2 announcer takes a lease under Local only with a backend of its own node since 1.20.2
    (cilium/cilium#46399, backported by #48550); whether the last releases of 1.19 do is not known. Before 1.14 its BGP
    control plane announced a Local Service from every node (cilium/cilium#23035).
    """
    if version is None:
        return family
    if family.name == "cilium-bgp" and version < _BGP_BY_BACKEND:
        return replace(family, follows_endpoints=False, how=_BLIND)
    if family.name != "cilium-l2" or len(version) < len(_L2_BY_BACKEND) or version[:2] == (1, 19):
        return family
    if version >= _L2_BY_BACKEND:
        return replace(family, follows_endpoints=True, how=_ENDPOINTS)
    return replace(family, follows_endpoints=False, how=_BLIND)


_L2_BY_BACKEND = (1, 20, 2)
_BGP_BY_BACKEND = (1, 14)

CLASSES: dict[str, str] = {
    "service.k8s.aws/nlb": "aws-lbc",
    "eks.amazonaws.com/nlb": "aws-lbc",
    "networking.gke.io/l4-regional-external": "gke",
    "networking.gke.io/l4-regional-internal": "gke",
    "io.cilium/l2-announcer": "cilium-l2",
    "io.cilium/bgp-control-plane": "cilium-bgp",
    "kube-vip.io/kube-vip-class": "kube-vip",
    "purelb.io/purelb": "purelb",
    "tailscale": "tailscale",
    "metallb": "metallb",
}

ANNOTATIONS: dict[str, str] = {
    "metallb.io/": "metallb",
    "metallb.universe.tf/": "metallb",
    "service.beta.kubernetes.io/aws-load-balancer": "aws-ccm",
    "cloud.google.com/l4-rbs": "gke",
    "cloud.google.com/load-balancer-type": "gke",
    "cloud.google.com/neg": "gke",
    "networking.gke.io/": "gke",
    "service.beta.kubernetes.io/azure-": "aks",
    "service.beta.kubernetes.io/do-loadbalancer": "digitalocean",
    "kubernetes.digitalocean.com/": "digitalocean",
    "load-balancer.hetzner.cloud/": "hetzner",
    "oci.oraclecloud.com/": "oci",
    "oci-network-load-balancer.oraclecloud.com/": "oci",
    "service.beta.kubernetes.io/oci-": "oci",
    "service.beta.kubernetes.io/linode-loadbalancer": "linode",
    "loadbalancer.openstack.org/": "openstack",
    "service.beta.kubernetes.io/openstack-": "openstack",
    "service.beta.kubernetes.io/scw-": "scaleway",
    "svccontroller.k3s.cattle.io/": "k3s-servicelb",
    "kube-vip.io/": "kube-vip",
    "purelb.io/": "purelb",
    "lb.kubesphere.io/": "openelb",
    "eip.openelb.kubesphere.io/": "openelb",
    "lbipam.cilium.io/": "cilium",
    "io.cilium/lb-ipam": "cilium",
    "service.beta.kubernetes.io/exoscale-": "health-checked",
    "k8s.cloudscale.ch/": "health-checked",
    "service.beta.kubernetes.io/alibaba-cloud-loadbalancer": "health-checked",
    "service.beta.kubernetes.io/vultr-": "health-checked",
    "service.beta.kubernetes.io/upcloud-": "health-checked",
    "service.kubernetes.io/qcloud-": "health-checked",
    "service.cloud.tencent.com/": "health-checked",
    "service.kubernetes.io/ibm-": "health-checked",
    "kubernetes.io/elb.": "health-checked",
}
"""Prefixes of Service annotations. One that no controller here reads says nothing about the load balancer."""
