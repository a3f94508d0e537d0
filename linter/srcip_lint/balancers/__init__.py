"""Who brings packets to the nodes for a Service, and whether it leaves out nodes without a pod.

A load balancer is recognised by what is declared, by the Service's class and annotations, or by the objects around it;
two signals that disagree mean unknown. Under `externalTrafficPolicy: Local` the one question that decides between a
fault and a healthy set-up is whether the deliverer looks at endpoints (through EndpointSlices, routes or the
health-check node port).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from srcip_lint.balancers.signals import (
    ANNOTATIONS,
    CLASSES,
    FAMILIES,
    HOST_NAMES,
    NAMES_ONLY,
    Family,
    is_bare_metal,
    needs_node_ports,
    of_version,
    polls_health,
)
from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.environment import Environment
from srcip_lint.metallb.installation import installation
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.legacy_metallb import LegacyMetalLB
from srcip_lint.resources.objects import Object
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.service import Service
from srcip_lint.resources.workload import Workload
from srcip_lint.scopes import closeness

__all__ = ["Balancer", "Signal", "by_name", "identify"]

_CILIUM = re.compile(r"(?:^|/)cilium/cilium:v(\d+)\.(\d+)\.(\d+)")
_KUBE_VIP = "kube-vip/kube-vip"
"""What the image's name holds, whatever the registry."""


@dataclass(frozen=True, slots=True)
class Signal:
    """Why we think so: what was seen, and where. `at` is None for what the configuration declares."""

    family: Family
    why: str
    at: Place | None = None
    object: Object | None = None


@dataclass(frozen=True, slots=True)
class Balancer:
    """Who delivers. `family` is None where it is unknown, and then `reason` says why."""

    family: Family | None
    signals: tuple[Signal, ...] = ()
    reason: str = ""
    named: bool = True
    """Does anything (a class, an annotation, an object, a declaration) say which load balancer it is, known to us or
    not?"""

    @property
    def name(self) -> str:
        return self.family.label if self.family else "an unknown load balancer"

    @property
    def polls_health(self) -> bool:
        """Does it learn from the health-check node port which nodes have a pod? Signals may disagree about the
        rest."""
        return bool(self.signals) and all(polls_health(signal.family) for signal in self.signals)

    @property
    def mostly_blind(self) -> bool:
        """Did it, for most of its history, not look at where the pods are?"""
        return self.family is not None and self.family.mostly_blind

    @property
    def remedy(self) -> str:
        """What would let it leave out nodes without a pod; empty where nothing is known to."""
        return self.family.remedy if self.family else ""

    @property
    def bare_metal(self) -> bool:
        """Is it surely one that runs on the cluster's own nodes, with no cloud's firewall before them?"""
        return self.family is not None and is_bare_metal(self.family)

    @property
    def needs_node_ports(self) -> bool:
        """May it need the node ports of a Service to reach its pods?"""
        return self.family is None or needs_node_ports(self.family)

    @property
    def follows_endpoints(self) -> bool | None:
        """Does it leave out nodes without a ready pod? None where that is not known.

        Signals that disagree about the product may still agree about this.
        """
        answers = {signal.family.follows_endpoints for signal in self.signals}
        return answers.pop() if len(answers) == 1 else None


def by_name(service: Service, balancer: Balancer) -> bool:
    """May the load balancer give the Service a host name in place of an address? kube-proxy then takes no address for
    the node's own, and callers in the cluster leave it like anybody else."""
    is_nameful = any(signal.family.name in NAMES_ONLY for signal in balancer.signals)
    return is_nameful or any(key in service.object.annotations for key in HOST_NAMES)


def identify(service: Service, bundle: Bundle, environment: Environment) -> Balancer:
    """The load balancer of a LoadBalancer Service: declared, else told by the Service, else by what stands around
    it."""
    version = environment.cilium_version or _cilium_version(service, bundle)
    for found in (
        _declared(environment, bundle, service),
        _told_by_service(service, bundle),
        _told_by_others(service, bundle, environment),
    ):
        signals = [replace(signal, family=of_version(signal.family, version)) for signal in found]
        families = {signal.family.name for signal in signals}
        if len(families) == 1:
            return Balancer(signals[0].family, tuple(signals))
        if families:
            return Balancer(None, tuple(signals), "the signals disagree: " + ", ".join(sorted(families)))
    if isinstance(service.load_balancer_class.value, str):
        return Balancer(None, (), f"loadBalancerClass {service.load_balancer_class.value} is not one this tool knows")
    return Balancer(None, (), "nothing in the manifests tells which load balancer serves it", named=False)


def _declared(environment: Environment, bundle: Bundle, service: Service) -> list[Signal]:
    name = environment.load_balancer
    if name is None:
        return []
    family = FAMILIES[name]
    if name == "kube-vip":
        family = _kube_vip(service, bundle)[0]
    return [Signal(family, f"loadBalancer: {name} is declared")]


def _told_by_service(service: Service, bundle: Bundle) -> list[Signal]:
    found = service.load_balancer_class
    if isinstance(found.value, str) and found.value in CLASSES:
        return [Signal(FAMILIES[CLASSES[found.value]], f"loadBalancerClass {found.value}", found.place, service.object)]
    if isinstance(found.value, str | Unknown):
        return []
    return list(_annotation_signals(service, bundle))


def _annotation_signals(service: Service, bundle: Bundle) -> Iterator[Signal]:
    seen = set()
    for key in service.object.annotations:
        name = next((family for prefix, family in ANNOTATIONS.items() if key.startswith(prefix)), None)
        if name is None or name in seen:
            continue
        seen.add(name)
        place = service.object.place.at("metadata", "annotations", key)
        family = _metallb(service, bundle) if name == "metallb" else FAMILIES[name]
        family = _kube_vip(service, bundle)[0] if name == "kube-vip" else family
        if name == "cilium":
            family = _cilium(service, bundle)
        yield Signal(family, f"the annotation {key}", place, service.object)


def _told_by_others(service: Service, bundle: Bundle, environment: Environment) -> list[Signal]:
    """The objects that a load balancer leaves in the manifests, those of the nearest scope that has any."""
    if isinstance(service.load_balancer_class.value, str | Unknown):
        return []
    signals = [
        *_metallb_signals(service, bundle, environment),
        *_cilium_signals(service, bundle),
        *_kube_vip_signals(service, bundle),
    ]
    placed = [signal for signal in signals if signal.object]
    depth = max(
        (closeness(service.object.folder, signal.object.folder) for signal in placed if signal.object), default=0
    )
    near = [
        signal for signal in placed if signal.object and closeness(service.object.folder, signal.object.folder) == depth
    ]
    by_family: dict[str, Signal] = {}
    for signal in near:
        by_family.setdefault(signal.family.name, signal)
    return list(by_family.values())


def _metallb_signals(service: Service, bundle: Bundle, environment: Environment) -> Iterator[Signal]:
    """What configures MetalLB, and the workloads of one that takes Services without a class."""
    family = _metallb(service, bundle)
    for found in bundle.metallb_objects:
        if bundle.compatible(service.object, found):
            yield Signal(family, f"{found.ref} is there", found.place.at("kind"), found)
    for config_map, legacy in _legacy_metallb(service, bundle):
        yield Signal(family, f"{config_map.ref} is MetalLB's configuration of before 0.13", legacy.place, config_map)
    installed = installation(service.object, bundle, environment)
    for workload in installed.workloads if installed.lb_class == "" else ():
        own = workload.object
        yield Signal(family, f"{own.ref} runs MetalLB", own.place.at("kind"), own)


def _legacy_metallb(service: Service, bundle: Bundle) -> Iterator[tuple[Object, LegacyMetalLB]]:
    for each in bundle.config_maps:
        if each.legacy_metallb and bundle.compatible(service.object, each.object):
            yield each.object, each.legacy_metallb


def _metallb(service: Service, bundle: Bundle) -> Family:
    """MetalLB in layer 2 or BGP mode, by its advertisements, or else by the protocols in its configuration of before
    0.13; plain MetalLB where both or none are there."""
    modes = {each.is_l2 for each in bundle.advertisements if bundle.compatible(service.object, each.object)}
    if not modes and not bundle.pools:
        protocols = (protocol for _, each in _legacy_metallb(service, bundle) for protocol in each.protocols)
        modes = {protocol == "layer2" for protocol in protocols}
    if len(modes) != 1:
        return FAMILIES["metallb"]
    return FAMILIES["metallb-l2" if modes.pop() else "metallb-bgp"]


def _cilium_signals(service: Service, bundle: Bundle) -> Iterator[Signal]:
    for policy in bundle.cilium_l2_policies:
        announces = policy.load_balancer_ips.value is True
        answer = policy.selector.matches(service.object.labels) if policy.selector else Answer.YES
        if announces and answer is Answer.YES:
            yield Signal(
                FAMILIES["cilium-l2"], f"{policy.object.ref} selects it", policy.object.place.at("kind"), policy.object
            )
        elif announces and answer is Answer.UNKNOWN:
            yield Signal(
                FAMILIES["cilium"], f"{policy.object.ref} may select it", policy.object.place.at("kind"), policy.object
            )
    for evidence in bundle.evidence:
        if evidence.object.group == "cilium.io":
            yield Signal(
                FAMILIES["cilium-bgp"],
                f"{evidence.object.ref} is there",
                evidence.object.place.at("kind"),
                evidence.object,
            )


def _cilium_version(service: Service, bundle: Bundle) -> tuple[int, ...] | None:
    """The version that the images of Cilium's agent agree on."""
    found = {
        tuple(map(int, match.groups()))
        for workload in bundle.running("cilium/cilium")
        if bundle.compatible(service.object, workload.object)
        for container in workload.template.containers
        if (match := _CILIUM.search(str(container.image.value)))
    }
    return found.pop() if len(found) == 1 else None


def _cilium(service: Service, bundle: Bundle) -> Family:
    """A Cilium address: announced by layer 2, by BGP, or we do not know."""
    names = {signal.family.name for signal in _cilium_signals(service, bundle)}
    return FAMILIES[names.pop()] if len(names) == 1 else FAMILIES["cilium"]


def _kube_vip_signals(service: Service, bundle: Bundle) -> Iterator[Signal]:
    family, workload = _kube_vip(service, bundle)
    if workload:
        yield Signal(family, f"{workload.object.ref} runs kube-vip", workload.object.place.at("kind"), workload.object)


def _kube_vip(service: Service, bundle: Bundle) -> tuple[Family, Workload | None]:
    """kube-vip with a leader for each Service (`svc_election`) puts the address where a pod stands; with one global
    leader, in ARP mode, it does not (kube-vip website, usage/kubernetes-services)."""
    for workload in bundle.running(_KUBE_VIP):
        variables = dict(_kube_vip_variables(workload))
        if variables.get("svc_enable") == "true" and bundle.compatible(service.object, workload.object):
            if variables.get("svc_election") == "true":
                return FAMILIES["kube-vip-per-service"], workload
            is_arp = variables.get("vip_arp") == "true" and "svc_election" not in variables
            return FAMILIES["kube-vip-global" if is_arp else "kube-vip"], workload
    return FAMILIES["kube-vip"], None


def _kube_vip_variables(workload: Workload) -> Iterator[tuple[str, str | None]]:
    for container in workload.template.containers:
        if isinstance(container.image.value, str) and _KUBE_VIP in container.image.value:
            yield from container.environment
