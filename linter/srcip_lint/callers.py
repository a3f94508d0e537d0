"""Who in the cluster may connect to a Service's external address, as far as the manifests show it.

Nothing says in a manifest whom a pod will connect to, so these are signs: a pod on its node's network that is no node
agent, a cert-manager that checks its challenges from inside, a CoreDNS that answers with the external address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.resources.cluster import ConfigMap
from srcip_lint.resources.objects import Object
from srcip_lint.resources.service import Service
from srcip_lint.resources.workload import Workload
from srcip_lint.scopes import nearest

_AGENTS = re.compile(
    r"kube-(proxy|vip|router|apiserver|controller-manager|scheduler)|k8s-dns-node-cache|node-exporter|device-plugin"
    r"|metallb|frr|calico|cilium|flannel|weave|antrea|multus|ovn|(^|[/._-])(csi|cni|etcd)([/._:@-]|$)"
)
"""Images of what runs on every node's network for the cluster's own sake, and connects to no Service's address."""

_CHALLENGER = "cert-manager-controller"
_ADDRESSES = ("metallb.io/loadBalancerIPs", "metallb.universe.tf/loadBalancerIPs", "kube-vip.io/loadbalancerIPs")
_HOST_NAMES = "external-dns.alpha.kubernetes.io/hostname"


@dataclass(frozen=True, slots=True)
class Caller:
    """Something that may connect to the address: who it is, where the sign of it stands, and what that says."""

    who: str
    at: Place
    why: str
    object: Object


def on_host_network(service: Service, bundle: Bundle) -> tuple[Caller, ...]:
    """The workloads of the nearest scope, other than those behind the Service and node agents, whose pods are on their
    nodes' network."""
    behind = {workload.object.ref for world in bundle.selected(service).worlds for workload in world}
    found = [
        workload
        for workload in bundle.workloads
        if workload.template.host_network.value is True
        and workload.object.ref not in behind
        and bundle.compatible(service.object, workload.object)
        and not _is_agent(workload)
    ]
    words = "its pods are on their nodes' network"
    return tuple(
        Caller(str(workload.object.ref), workload.template.host_network.place, words, workload.object)
        for workload in nearest(service.object, found)
    )


def on_pod_network(service: Service, bundle: Bundle) -> tuple[Caller, ...]:
    """What asks for the address from the pod network: cert-manager, which looks itself whether a challenge is answered,
    and whoever gets the address from CoreDNS."""
    return (*_challengers(service, bundle), *_resolvers(service, bundle))


def _is_agent(workload: Workload) -> bool:
    images = (container.image.value for container in workload.template.containers)
    return any(isinstance(image, str) and _AGENTS.search(image) for image in images)


def _challengers(service: Service, bundle: Bundle) -> Iterator[Caller]:
    for workload in bundle.running(_CHALLENGER):
        if bundle.compatible(service.object, workload.object):
            why = "before a challenge it checks the public address itself"
            yield Caller(str(workload.object.ref), workload.place, why, workload.object)


def _resolvers(service: Service, bundle: Bundle) -> Iterator[Caller]:
    addresses, names = _addresses(service), _names(service, _HOST_NAMES)
    for config in bundle.config_maps:
        if config.object.name.startswith("coredns") and bundle.compatible(service.object, config.object):
            yield from _answers(config, addresses, names)


def _answers(config: ConfigMap, addresses: frozenset[str], names: frozenset[str]) -> Iterator[Caller]:
    """The files of CoreDNS that answer with one of the addresses (`hosts`), or with one of the names (`rewrite`)."""
    for located in config.files.values():
        lines = [line.split() for line in located.value.splitlines()] if isinstance(located.value, str) else []
        if any(addresses & {*words} or (words[:1] == ["rewrite"] and names & {*words[-1:]}) for words in lines):
            why = "CoreDNS answers with the external address here"
            yield Caller("whoever asks CoreDNS for it", located.place, why, config.object)


def _addresses(service: Service) -> frozenset[str]:
    written = {each.value for each in (service.load_balancer_ip, *service.external_ips)}
    annotated = (address for key in _ADDRESSES for address in _names(service, key))
    return frozenset(each for each in (*written, *annotated) if isinstance(each, str) and each)


def _names(service: Service, key: str) -> frozenset[str]:
    """The comma-separated words of an annotation, without a trailing dot."""
    words = (word.strip().removesuffix(".") for word in (service.object.annotation(key) or "").split(","))
    return frozenset(word for word in words if word)
