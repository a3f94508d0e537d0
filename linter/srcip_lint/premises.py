"""What a run takes for true of the cluster, on what grounds, and which line of configuration would settle it.

Nothing is worked out here: the rooms that rules and paths rest on are asked again, for every Service that is open to
the outside, and equal answers are told once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from srcip_lint import dataplane
from srcip_lint.balancers import Balancer, identify
from srcip_lint.balancers.delivery import Delivery, Mode, deliver
from srcip_lint.bundle import Bundle
from srcip_lint.dataplane import Identified, Keeps
from srcip_lint.documents import location
from srcip_lint.environment import DATAPLANES, LOAD_BALANCERS, Environment
from srcip_lint.finding import Ground, Premise, Standing
from srcip_lint.model import Model
from srcip_lint.path.hops import Evidence
from srcip_lint.resources.service import Service

_WORDS = {
    "cilium": "cilium-l2",
    "kube-vip-per-service": "kube-vip",
    "kube-vip-global": "kube-vip",
}
"""The word of the configuration for a family that has none of its own name."""
_EDGES = "edges:"
_FRONTS = {Mode.PASSTHROUGH: "l4-passthrough", Mode.L7_APPEND: "l7-append", Mode.L7_OVERWRITE: "l7-overwrite"}


def premises(model: Model) -> Iterator[Premise]:
    """The premises about dataplane, load balancers, nodes and their addresses, each with the Services it is for."""
    open_services = [service for service in model.bundle.services if service.external]
    yield from _together(_dataplane(service, model.bundle, model.environment) for service in open_services)
    balanced = (service for service in open_services if service.type.value == "LoadBalancer")
    yield from _together(_balancer(service, model.bundle, model.environment) for service in balanced)
    if model.local_services:
        yield _nodes(model)
    yield from _addresses(model)


def _together(found: Iterable[Premise]) -> Iterator[Premise]:
    """Premises of one answer as one, with all their Services and grounds, in the order of the first of each. A line for
    one Service stands for the others too."""
    groups: dict[Premise, list[Premise]] = {}
    for each in found:
        line = _EDGES if each.settled_by.startswith(_EDGES) else each.settled_by
        groups.setdefault(replace(each, objects=(), grounds=(), settled_by=line), []).append(each)
    for group in groups.values():
        objects = {ref for each in group for ref in each.objects}
        grounds = dict.fromkeys(ground for each in group for ground in each.grounds)
        yield replace(group[0], objects=tuple(sorted(objects, key=lambda ref: ref.order)), grounds=tuple(grounds))


def _dataplane(service: Service, bundle: Bundle, environment: Environment) -> Premise:
    found = dataplane.identify(service, bundle, environment)
    is_open = found.dataplane is None or found.dataplane.tcp is Keeps.UNKNOWN
    return Premise(
        topic="dataplane",
        answer=found.dataplane.label if found.dataplane else "unknown, for its signs disagree",
        standing=Standing.UNKNOWN if is_open else _standing(found.basis.evidence, found.basis.assumptions),
        objects=(service.object.ref,),
        grounds=_grounds(found.basis.evidence),
        assumptions=found.basis.assumptions,
        settled_by=_dataplane_line(service, found, environment),
    )


def _dataplane_line(service: Service, found: Identified, environment: Environment) -> str:
    """Nothing where it is declared, and where a Service asks for its own: that is stronger than a declaration."""
    if environment.dataplane or dataplane.asked_by_service(service):
        return ""
    name = found.dataplane.name if found.dataplane else "kube-proxy"
    return f"dataplane: {name if name in DATAPLANES else 'cilium-snat'}"


def _balancer(service: Service, bundle: Bundle, environment: Environment) -> Premise:
    found = identify(service, bundle, environment)
    delivery = deliver(service, found, environment.edge(service.object.namespace, service.object.name))
    signs = [Evidence(signal.why, signal.at) for signal in found.signals]
    unclear = (found.reason,) if found.reason else ()
    is_open = found.family is None or found.family.follows_endpoints is None
    return Premise(
        topic="load balancer",
        answer=_balancer_answer(found, delivery),
        standing=Standing.UNKNOWN if is_open else _standing(signs, delivery.basis.assumptions),
        objects=(service.object.ref,),
        grounds=_grounds((*signs, *delivery.basis.evidence)),
        assumptions=(*unclear, *delivery.basis.assumptions),
        settled_by=_balancer_line(service, found, delivery, environment),
    )


def _balancer_answer(found: Balancer, delivery: Delivery) -> str:
    """Who it is, and how it hands connections over, as far as that is more than the assumption about it."""
    if found.family is None and delivery.basis.assumptions:
        return "unknown"
    sends = " and sends the PROXY protocol" if delivery.proxy_protocol else ""
    return f"{found.name}, which {delivery.mode.value}{sends}"


def _balancer_line(service: Service, found: Balancer, delivery: Delivery, environment: Environment) -> str:
    """What names the load balancer; or, where that is known and only how it delivers is assumed, what says so."""
    if found.family and delivery.basis.assumptions:
        name = f"{service.object.namespace}/{service.object.name}" if service.object.namespace else service.object.name
        return f"{_EDGES} [{{service: {name}, front: {_FRONTS.get(delivery.mode, 'l4-proxy')}}}]"
    if environment.load_balancer:
        return ""
    name = found.family.name if found.family else "metallb-l2"
    name = _WORDS.get(name, name)
    return f"loadBalancer: {name}" if name in LOAD_BALANCERS else ""


def _nodes(model: Model) -> Premise:
    """Which nodes there are: what decides whether pods cover all of them under Local."""
    declared, seen = model.environment.nodes, model.bundle.nodes
    objects = tuple(sorted({service.object.ref for service in model.local_services}, key=lambda ref: ref.order))
    if declared:
        return Premise("nodes", f"{len(declared)} declared", Standing.DECLARED, objects, (Ground("nodes is declared"),))
    grounds = _grounds(Evidence(f"{node.object.ref} is there", node.object.place.at("kind")) for node in seen)
    standing = Standing.INFERRED if seen else Standing.UNKNOWN
    answer = f"{len(seen)} seen" if seen else "unknown"
    return Premise("nodes", answer, standing, objects, grounds, settled_by="nodes: nodes.yaml")


def _addresses(model: Model) -> Iterator[Premise]:
    """Where the nodes' addresses lie: what decides whether a list holds them, for clients who come as a node."""
    objects = tuple(sorted((each.object.ref for each in model.services_with_lists), key=lambda ref: ref.order))
    if not objects:
        return
    known = ", ".join(map(str, model.isolation.cluster.nodes))
    if model.environment.node_cidrs:
        yield Premise("node addresses", known, Standing.DECLARED, objects, (Ground("cidrs is declared"),))
    elif known:
        yield Premise("node addresses", known, Standing.INFERRED, objects, (Ground("the nodes tell their addresses"),))
    else:
        line = "cidrs: {nodes: [10.0.0.0/16], pods: [10.244.0.0/16]}"
        yield Premise("node addresses", "unknown", Standing.UNKNOWN, objects, settled_by=line)


def _standing(evidence: Iterable[Evidence], assumptions: Iterable[str]) -> Standing:
    if any(assumptions):
        return Standing.ASSUMED
    return Standing.INFERRED if any(each.at for each in evidence) else Standing.DECLARED


def _grounds(evidence: Iterable[Evidence]) -> tuple[Ground, ...]:
    found = (Ground(each.text, location(each.at) if each.at else None) for each in evidence)
    return tuple(dict.fromkeys(found))
