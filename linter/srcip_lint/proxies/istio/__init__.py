"""Istio's gateways: Envoys without an application, which serve what enters the mesh.

They listen where a Gateway says, which comes to the ports that a Service of theirs sends to; the ports of Istio's own
(health, metrics) are no edges. What stands in front of them is told by the mesh's configuration, or by an annotation of
the pod, field by field (istio/istio `pilot/pkg/networking/core/gateway.go`, istio.io "Configuring Gateway Network
Topology").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from srcip_lint.bundle import Bundle
from srcip_lint.path.hops import Basis
from srcip_lint.proxies.behaviour import Listener, ProxyBehaviour, Reads
from srcip_lint.proxies.envoy import Front, route
from srcip_lint.proxies.istio.controls import controls
from srcip_lint.proxies.istio.policies import Applied, applying
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.istio import (
    AuthorizationPolicy,
    EnvoyFilter,
    GatewayTopology,
    MeshSettings,
    read_mesh,
    read_proxy_config,
)
from srcip_lint.resources.pods import Container
from srcip_lint.resources.service import ServicePort
from srcip_lint.resources.workload import Workload, target_number
from srcip_lint.scopes import nearest

PRODUCT = "Istio gateway"
_IMAGE = re.compile(r"(^|/)proxyv2\b")
_TEMPLATES = "inject.istio.io/templates"
_CONFIG = "proxy.istio.io/config"
_ROOT_NAMESPACE = "istio-system"
_OWN_PORTS = range(15000, 15100)
_WEB_PORTS = (80, 443, 8080, 8443)
_READS = "listener.proxy_protocol"
_PATCHES = re.compile(
    r"use_remote_address|xff_num|skip_xff|original_ip_detection|original_src|x-forwarded-for|\brbac\b|filters\.\w+\.rbac"
    r"|allow_requests_without_proxy_protocol|'remove'"
)
"""What in an EnvoyFilter may change whom a gateway takes for the client, or whom it lets in."""

_SETTING = "`proxyProtocol` of its `gatewayTopology`"
_NO_OTHERS = "no EnvoyFilter but those that were read is applied to the gateway"
_ASSUMED = "the mesh's configuration, which was not read, names no proxy in front of its gateways (numTrustedProxies)"


def behaviour(workload: Workload, bundle: Bundle) -> ProxyBehaviour | None:
    """The gateway's behaviour where the workload is one; None where it is not."""
    container = _gateway(workload)
    if container is None:
        return None
    mesh = _mesh(workload, bundle)
    front, root = _front(workload, container, mesh), _root_namespace(mesh)
    if not isinstance(front, str) and root is not None:
        front = _patched(front, applying(workload, bundle.of(EnvoyFilter), root, bundle, is_gateway))
    if isinstance(front, str) or root is None:
        why = front if isinstance(front, str) else "the root namespace of the mesh is not known"
        return ProxyBehaviour(PRODUCT, (), complete=False, why_incomplete=why)
    found = tuple(controls(applying(workload, bundle.of(AuthorizationPolicy), root, bundle, is_gateway), front))
    place = container.image.place
    reads = Reads.STRICTLY if front.reads_proxy_protocol else Reads.NOT
    passing = (route("every request", place, front, found),)
    at = front.at if front.reads_proxy_protocol else place
    unread = "" if front.reads_proxy_protocol else _NO_OTHERS
    ports = _ports(workload, bundle)
    listeners = tuple(Listener(each, reads, at, passing, setting=_SETTING, assumed=unread) for each in ports)
    is_told = bool(mesh) or _annotated(workload).trusted_proxies
    return ProxyBehaviour(PRODUCT, listeners, basis=Basis() if is_told else Basis(assumptions=(_ASSUMED,)))


def is_gateway(workload: Workload) -> bool:
    """Does a workload run a gateway?"""
    return _gateway(workload) is not None


def _gateway(workload: Workload) -> Container | None:
    """The container of a gateway: one that injection is to fill in as a gateway, or Istio's proxy run as a router."""
    templates = workload.template.annotations.get(_TEMPLATES, "")
    is_template = isinstance(templates, str) and "gateway" in templates.split(",")
    for container in workload.template.containers:
        image = container.image.value
        if is_template and image == "auto":
            return container
        if isinstance(image, str) and _IMAGE.search(image) and (is_template or "router" in container.arguments):
            return container
    return None


def _mesh(workload: Workload, bundle: Bundle) -> list[MeshSettings]:
    """The mesh's configuration, in the nearest scope that holds any."""
    written = [
        read_mesh(each.object, each.files["mesh"])
        for each in bundle.config_maps
        if "mesh" in each.files and re.fullmatch(r"istio(-.+)?", each.object.name)
    ]
    found = [each for each in (*written, *bundle.of(MeshSettings)) if bundle.compatible(workload.object, each.object)]
    return nearest(workload.object, found)


def _annotated(workload: Workload) -> GatewayTopology:
    """What the pod's annotation says of what stands in front."""
    text = workload.template.annotations.get(_CONFIG)
    if text is None:
        return GatewayTopology()
    return read_proxy_config(Located(text, workload.template.place.at("metadata", "annotations", _CONFIG)))


def _front(workload: Workload, container: Container, mesh: list[MeshSettings]) -> Front | str:
    """What stands in front, or why that is not known."""
    own = _annotated(workload)
    counts = [own.trusted_proxies] if own.trusted_proxies else [each.topology.trusted_proxies for each in mesh]
    announced = [own.proxy_protocol] if own.proxy_protocol else [each.topology.proxy_protocol for each in mesh]
    numbers = {each.value if each else 0 for each in counts} or {0}
    reads = {each.value if each else False for each in announced} or {False}
    number, is_read = numbers.pop(), reads.pop()
    if numbers or reads or not isinstance(number, int) or not isinstance(is_read, bool):
        return "what stands in front of it is not known"
    told = next((each for each in (*counts, *announced) if each and each.value), None)
    front = Front(number, is_read, told.place if told else container.image.place)
    return front.why_unknown or front


def _root_namespace(mesh: list[MeshSettings]) -> str | None:
    """The namespace whose policies hold everywhere; None where that is not known."""
    names = {each.root_namespace or _ROOT_NAMESPACE for each in mesh} or {_ROOT_NAMESPACE}
    name = names.pop()
    return None if names or isinstance(name, Unknown) else name


def _patched(front: Front, filters: list[Applied[EnvoyFilter]]) -> Front | str:
    """The front where a patch adds the listener filter that reads the PROXY protocol, or why that is not known."""
    adding = [each for each in filters if _READS in each.found.words]
    others = [each for each in filters if _PATCHES.search(each.found.words) or (each in adding and not each.sure)]
    if others:
        return f"EnvoyFilter {others[0].found.object.name} decides about the address"
    if not adding:
        return front
    front = replace(front, reads_proxy_protocol=True, at=adding[0].found.object.place.at("spec"))
    return front.why_unknown or front


def _ports(workload: Workload, bundle: Bundle) -> Iterator[int]:
    """The ports of the pods that Services send requests to, each once."""
    numbers = (
        number
        for service in bundle.services
        if any(workload in world for world in bundle.selected(service).worlds)
        for port in service.ports
        if port.protocol.value == "TCP"
        and (number := target_number(port, workload)) is not None
        and _is_web(port, number)
    )
    yield from dict.fromkeys(numbers)


def _is_web(port: ServicePort, number: int) -> bool:
    """Does a port carry requests, by its name or by its number? Istio's own ports carry none of clients."""
    name = port.name.value if port.name else ""
    is_named = isinstance(name, str) and name.startswith(("http", "grpc"))
    return number not in _OWN_PORTS and (is_named or port.port.value in _WEB_PORTS or number in _WEB_PORTS)
