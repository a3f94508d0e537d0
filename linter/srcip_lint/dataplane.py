"""What translates a packet's source address on the node, and under which policy.

kube-proxy masquerades every external packet under Cluster, also when the pod stands on the receiving node
(kubernetes `pkg/proxy/iptables/proxier.go`, "masquerade traffic for ... external destinations"). Cilium's SNAT mode
does so only when the backend is remote; its DSR mode never, its hybrid mode only for what is not TCP; Calico's eBPF
dataplane never (Cilium `Documentation/network/kubernetes/kubeproxy-free.rst`, Calico "Enable the eBPF dataplane").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import chain

from srcip_lint.bundle import Bundle
from srcip_lint.environment import Environment
from srcip_lint.path.hops import Basis, Evidence
from srcip_lint.resources.cluster import ConfigMap, DataplaneSetting
from srcip_lint.resources.objects import Object
from srcip_lint.resources.service import Service
from srcip_lint.resources.workload import Workload
from srcip_lint.scopes import closeness


class Keeps(Enum):
    """Does the client's address survive `externalTrafficPolicy: Cluster`?"""

    ALWAYS = "keeps the source address"
    SAME_NODE = "keeps the source address for a pod on the receiving node, and replaces it by its own for any other"
    NEVER = "replaces the source address by one of the node, for a pod on that node too"
    UNKNOWN = "may replace the source address"


@dataclass(frozen=True, slots=True)
class Dataplane:
    """A dataplane: its word in the configuration, and what it keeps, by protocol."""

    name: str
    label: str
    tcp: Keeps
    other: Keeps

    def keeps(self, protocol: str) -> Keeps:
        return self.tcp if protocol == "TCP" else self.other


@dataclass(frozen=True, slots=True)
class Identified:
    """The dataplane a Service is served by; None where the signals disagree or name none, and then `basis` says so."""

    dataplane: Dataplane | None
    basis: Basis

    def keeps(self, protocol: str) -> Keeps:
        """What happens under Cluster. Without a sign of another dataplane it is assumed to be as with kube-proxy."""
        return self.dataplane.keeps(protocol) if self.dataplane else Keeps.UNKNOWN


def _plane(name: str, label: str, tcp: Keeps, other: Keeps | None = None) -> Dataplane:
    return Dataplane(name, label, tcp, other or tcp)


DATAPLANES = {
    plane.name: plane
    for plane in (
        _plane("kube-proxy", "kube-proxy", Keeps.NEVER),
        _plane("kube-proxy-iptables", "kube-proxy (iptables)", Keeps.NEVER),
        _plane("kube-proxy-ipvs", "kube-proxy (ipvs)", Keeps.NEVER),
        _plane("kube-proxy-nftables", "kube-proxy (nftables)", Keeps.NEVER),
        _plane("kube-router", "kube-router", Keeps.NEVER),
        _plane("kube-router-dsr", "kube-router with direct server return", Keeps.ALWAYS),
        _plane("cilium-snat", "Cilium in SNAT mode", Keeps.SAME_NODE),
        _plane("cilium-dsr", "Cilium in DSR mode", Keeps.ALWAYS),
        _plane("cilium-hybrid", "Cilium in hybrid mode", Keeps.ALWAYS, Keeps.SAME_NODE),
        _plane("cilium", "Cilium", Keeps.UNKNOWN),
        _plane("calico-ebpf", "Calico's eBPF dataplane", Keeps.ALWAYS),
    )
}

ASSUMED = "the dataplane masquerades external packets under Cluster, as kube-proxy does"
_ASSUMED_KUBE_PROXY = Identified(DATAPLANES["kube-proxy"], Basis(assumptions=(ASSUMED,)))
_KUBE_PROXY = frozenset(name for name in DATAPLANES if name.startswith("kube-proxy"))
_ENABLED = ("true", "1", "enabled", "Enabled")
_MODE = "--proxy-mode="
_ALL_TYPES = "bpf-lb-source-range-all-types"
_LOOPBACK = re.compile(r"localhost|127\.[\d./]+|::1/128")


def identify(service: Service, bundle: Bundle, environment: Environment) -> Identified:
    """The dataplane: what the Service itself asks for, else declared, else told by the objects in the nearest scope."""
    own = asked_by_service(service)
    if own:
        return own
    if environment.dataplane:
        why = Evidence(f"dataplane: {environment.dataplane} is declared")
        return Identified(DATAPLANES[environment.dataplane], Basis((why,)))
    found = list(signs(service.object, bundle))
    names = {name for name, _ in found}
    basis = Basis(tuple(evidence for _, evidence in found))
    if len(names) > 1 and all(name in _KUBE_PROXY for name in names):
        names = {"kube-proxy"}  # they disagree about the mode only, and that changes no address
    if len(names) == 1:
        return Identified(DATAPLANES[names.pop()], basis)
    if not names:
        cilium = _runs_cilium(service, bundle)
        return Identified(DATAPLANES["cilium"], Basis((cilium,))) if cilium else _ASSUMED_KUBE_PROXY
    disagreement = f"the signs of the dataplane disagree ({', '.join(sorted(names))})"
    return Identified(None, basis + Basis(assumptions=(disagreement,)))


def asked_by_service(service: Service) -> Identified | None:
    """Cilium lets a Service choose its mode (`bpf.lbModeAnnotation`), kube-router lets it choose direct return."""
    for key, value, name in (
        ("service.cilium.io/forwarding-mode", "dsr", "cilium-dsr"),
        ("service.cilium.io/forwarding-mode", "snat", "cilium-snat"),
        ("kube-router.io/service.dsr", "tunnel", "kube-router-dsr"),
    ):
        if service.object.annotation(key) == value:
            place = service.object.place.at("metadata", "annotations", key)
            evidence = Evidence(f"the annotation {key}: {value}", place, service.object.ref)
            return Identified(DATAPLANES[name], Basis((evidence,)))
    return None


def follows_service_local(service: Service) -> bool:
    """Does the Service ask kube-router for Local, whatever its policies say (kube-router `docs/user-guide.md`)?"""
    return service.object.annotation("kube-router.io/service.local") == "true"


def guards_node_ports(service: Service, bundle: Bundle) -> bool:
    """Are a LoadBalancer Service's node ports closed to clients, or under its source ranges like its address?

    Cilium can be told to put the ranges before all ways in, or to open no node port for one Service (Cilium
    `Documentation/network/kubernetes/kubeproxy-free.rst`); kube-proxy can be told to answer on the loopback only.
    """
    if service.object.annotation("service.cilium.io/type") in ("LoadBalancer", "ClusterIP"):
        return True
    found = (each for each in bundle.config_maps if bundle.compatible(service.object, each.object))
    return any(_covers_node_ports(each) for each in found)


def _covers_node_ports(config: ConfigMap) -> bool:
    if config.kube_proxy:
        addresses = config.kube_proxy.node_port_addresses
        return bool(addresses) and all(_LOOPBACK.fullmatch(each) for each in addresses)
    setting = config.data.get(_ALL_TYPES) if _is_cilium(config) else None
    return setting is not None and setting.value != "false"


def signs(referrer: Object, bundle: Bundle) -> Iterator[tuple[str, Evidence]]:
    """The dataplanes that the objects of the nearest scope tell of, kube-router's agent and Calico's among them."""
    found: list[tuple[Object, str | None]] = [
        *((each.object, _of_config_map(each)) for each in bundle.config_maps if each.kube_proxy or _is_cilium(each)),
        *((each.object, each.dataplane) for each in bundle.of(DataplaneSetting)),
        *((each.object, _of_agent(each)) for each in dict.fromkeys(chain.from_iterable(map(bundle.running, _AGENTS)))),
    ]
    telling = [(each, name) for each, name in found if name and bundle.compatible(referrer, each)]
    near = max((closeness(referrer.folder, each.folder) for each, _ in telling), default=0)
    for each, name in telling:
        if closeness(referrer.folder, each.folder) == near:
            yield name, _is_there(each)


_AGENTS = ("kube-router", "calico/node", "kube-proxy")
"""What the images of node agents that tell the dataplane have in their names."""


def _is_there(found: Object) -> Evidence:
    return Evidence(f"{found.ref} is there", found.place.at("kind"), found.ref)


def _of_agent(workload: Workload) -> str | None:
    """The dataplane that a node agent runs: kube-router's service proxy, Calico's eBPF by a variable, or kube-proxy in
    the mode of an argument."""
    for container in workload.template.containers if workload.kind == "DaemonSet" else ():
        image = container.image.value if isinstance(container.image.value, str) else ""
        proxies = {"--run-service-proxy", "--run-service-proxy=true"} & {*container.arguments}
        if "kube-router" in image and proxies:
            return "kube-router"
        if "calico/node" in image and dict(container.environment).get("FELIX_BPFENABLED") in _ENABLED:
            return "calico-ebpf"
        modes = (word.removeprefix(_MODE) for word in container.arguments if word.startswith(_MODE))
        if "kube-proxy" in image:
            return next(map(_kube_proxy, modes), None)
    return None


def _kube_proxy(mode: str | None) -> str:
    """kube-proxy in a mode; one that is not known, or left to the default, says no more than that it is kube-proxy."""
    name = f"kube-proxy-{mode}"
    return name if name in DATAPLANES else "kube-proxy"


def _is_cilium(config: ConfigMap) -> bool:
    return config.object.name == "cilium-config"


def _runs_cilium(service: Service, bundle: Bundle) -> Evidence | None:
    """A sign of Cilium that does not tell its mode: then nobody knows what happens to the address."""
    objects = [policy.object for policy in bundle.cilium_l2_policies]
    objects += [each.object for each in bundle.evidence if each.object.group == "cilium.io"]
    found = next((each for each in objects if bundle.compatible(service.object, each)), None)
    return _is_there(found) if found else None


def _of_config_map(config: ConfigMap) -> str | None:
    """The dataplane that `cilium-config` or kube-proxy's own ConfigMap sets up. A value we do not know means
    unknown."""
    if config.kube_proxy:
        mode = config.kube_proxy.mode.value
        return _kube_proxy(mode if isinstance(mode, str) and mode else None)
    values = {key: located.value for key, located in config.data.items()}
    replaces = values.get("kube-proxy-replacement")
    if replaces in ("false", "disabled"):
        return "kube-proxy"
    mode = values.get("bpf-lb-mode", "snat")
    known = isinstance(mode, str) and f"cilium-{mode}" in DATAPLANES and replaces in ("true", "strict")
    return f"cilium-{mode}" if known else "cilium"


__all__ = [
    "ASSUMED",
    "DATAPLANES",
    "Dataplane",
    "Identified",
    "Keeps",
    "asked_by_service",
    "follows_service_local",
    "guards_node_ports",
    "identify",
    "signs",
]
