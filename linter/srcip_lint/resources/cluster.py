"""Nodes, namespaces, ConfigMaps, and the objects by which load balancers and proxies give themselves away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from srcip_lint.resources.fields import Field, Located, Unknown
from srcip_lint.resources.kube_proxy import KubeProxySettings, read_kube_proxy
from srcip_lint.resources.legacy_metallb import LegacyMetalLB, read_legacy_metallb
from srcip_lint.resources.objects import Object, read_object
from srcip_lint.resources.selectors import Labels, Selector, label_selector


@dataclass(frozen=True, eq=False, slots=True)
class Taint:
    key: str | Unknown
    value: str | Unknown
    effect: str | Unknown


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    object: Object
    labels: Labels
    taints: tuple[Taint, ...]
    unschedulable: bool
    addresses: tuple[str, ...] = ()
    """Its addresses in the cluster (`InternalIP` of `status.addresses`), where the manifest is a dump that has them."""


@dataclass(frozen=True, eq=False, slots=True)
class Namespace:
    object: Object


@dataclass(frozen=True, eq=False, slots=True)
class ConfigMap:
    """A ConfigMap. `data` holds each value with its place, read as a setting: a placeholder is Unknown. `files` holds
    them read as files, with a syntax of their own in which `$remote_addr` is no placeholder."""

    object: Object
    data: Mapping[str, Located[str | Unknown]]
    files: Mapping[str, Located[str | Unknown]]
    kube_proxy: KubeProxySettings | None = None
    """What it tells kube-proxy, where it is kube-proxy's own."""
    legacy_metallb: LegacyMetalLB | None = None
    """What it told a MetalLB of before 0.13, where it holds that."""


@dataclass(frozen=True, eq=False, slots=True)
class CiliumL2Policy:
    """A CiliumL2AnnouncementPolicy. `selector` is None where it is absent, and then it selects every Service."""

    object: Object
    selector: Selector | None
    load_balancer_ips: Located[bool | Unknown]
    external_ips: Located[bool | Unknown]


@dataclass(frozen=True, eq=False, slots=True)
class Evidence:
    """An object whose mere presence tells what runs in the cluster (a MetalLB pool, a Cilium BGP policy, ...)."""

    object: Object


@dataclass(frozen=True, eq=False, slots=True)
class DataplaneSetting:
    """An object that tells which dataplane runs: a Calico FelixConfiguration or Installation. None where it says
    nothing."""

    object: Object
    dataplane: str | None


@dataclass(frozen=True, eq=False, slots=True)
class BgpConfiguration:
    """Calico's BGPConfiguration: the ranges of load balancer addresses that it announces, whoever assigns them."""

    object: Object
    load_balancer_ips: tuple[Located[str | Unknown], ...]


def read_bgp_configuration(root: Field) -> BgpConfiguration:
    items = root.field("spec", "serviceLoadBalancerIPs").items()
    return BgpConfiguration(read_object(root), tuple(item.field("cidr").text("") for item in items))


def read_felix_configuration(root: Field) -> DataplaneSetting:
    """Calico's own setting: `bpfEnabled`."""
    enabled = root.field("spec", "bpfEnabled").boolean(default=False).value is True
    return DataplaneSetting(read_object(root), "calico-ebpf" if enabled else None)


def read_calico_installation(root: Field) -> DataplaneSetting:
    """The Tigera operator's setting: `linuxDataplane: BPF`."""
    dataplane = root.field("spec", "calicoNetwork", "linuxDataplane").text("").value
    return DataplaneSetting(read_object(root), "calico-ebpf" if dataplane == "BPF" else None)


def read_node(root: Field) -> Node:
    found = read_object(root)
    taints = tuple(
        Taint(*(item.field(name).text("").value for name in ("key", "value", "effect")))
        for item in root.field("spec", "taints").items()
    )
    addresses = tuple(
        _text(item.field("address"))
        for item in root.field("status", "addresses").items()
        if item.field("type").raw == "InternalIP"
    )
    unschedulable = root.field("spec", "unschedulable").boolean(default=False).value is True
    return Node(found, found.labels, taints, unschedulable, addresses)


def read_namespace(root: Field) -> Namespace:
    return Namespace(read_object(root))


def read_config_map(root: Field) -> ConfigMap:
    found, data = read_object(root), dict(root.field("data").pairs())
    settings = {key: value.text("") for key, value in data.items()}
    files = {key: value.verbatim() for key, value in data.items()}
    kube_proxy = read_kube_proxy(found.name, files)
    return ConfigMap(found, settings, files, kube_proxy, read_legacy_metallb(files))


def read_evidence(root: Field) -> Evidence:
    return Evidence(read_object(root))


def read_cilium_l2_policy(root: Field) -> CiliumL2Policy:
    spec = root.field("spec")
    return CiliumL2Policy(
        read_object(root),
        label_selector(spec.field("serviceSelector")),
        spec.field("loadBalancerIPs").boolean(default=False),
        spec.field("externalIPs").boolean(default=False),
    )


def _text(field: Field) -> str:
    value = field.text("").value
    return value if isinstance(value, str) else ""
