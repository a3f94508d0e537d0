"""Documents to typed, located Kubernetes objects.

One table says which kinds are read and by whom. The group counts: a Knative `Service` is no Kubernetes Service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from srcip_lint.documents import Document, Place
from srcip_lint.resources.cluster import (
    read_cilium_l2_policy,
    read_config_map,
    read_evidence,
    read_ingress,
    read_namespace,
    read_node,
    read_target_group_binding,
)
from srcip_lint.resources.fields import Field, ShapeProblem
from srcip_lint.resources.objects import Object, read_object
from srcip_lint.resources.service import read_endpoint_slice, read_endpoints, read_service
from srcip_lint.resources.workload import read_autoscaler, read_rollout_reference, read_workload

MAX_OBJECTS = 100_000
MAX_LIST_DEPTH = 8

_Reader = Callable[[Field], Any]
_APPS = ("apps", "extensions")
_METALLB = ("metallb.io",)

_READERS: dict[str, tuple[tuple[str, ...], _Reader]] = {
    "Service": (("",), read_service),
    "Endpoints": (("",), read_endpoints),
    "EndpointSlice": (("discovery.k8s.io",), read_endpoint_slice),
    "Deployment": (_APPS, read_workload),
    "StatefulSet": (_APPS, read_workload),
    "DaemonSet": (_APPS, read_workload),
    "ReplicaSet": (_APPS, read_workload),
    "ReplicationController": (("",), read_workload),
    "Pod": (("",), read_workload),
    "Job": (("batch",), read_workload),
    "CronJob": (("batch",), read_workload),
    "Rollout": (("argoproj.io",), read_workload),
    "DeploymentConfig": (("apps.openshift.io", ""), read_workload),
    "HorizontalPodAutoscaler": (("autoscaling",), read_autoscaler),
    "ScaledObject": (("keda.sh",), read_autoscaler),
    "Node": (("",), read_node),
    "Namespace": (("",), read_namespace),
    "ConfigMap": (("",), read_config_map),
    "Ingress": (("networking.k8s.io", "extensions"), read_ingress),
    "TargetGroupBinding": (("elbv2.k8s.aws",), read_target_group_binding),
    "CiliumL2AnnouncementPolicy": (("cilium.io",), read_cilium_l2_policy),
    "CiliumBGPPeeringPolicy": (("cilium.io",), read_evidence),
    "CiliumBGPClusterConfig": (("cilium.io",), read_evidence),
    "IPAddressPool": (_METALLB, read_evidence),
    "AddressPool": (_METALLB, read_evidence),
    "L2Advertisement": (_METALLB, read_evidence),
    "BGPAdvertisement": (_METALLB, read_evidence),
    "BGPPeer": (_METALLB, read_evidence),
}

WANTED = frozenset(_READERS)
"""The kinds whose documents are parsed."""


@dataclass(frozen=True, eq=False, slots=True)
class Loaded:
    """What a document held: typed resources, objects of kinds that are only known by name, and shape problems."""

    resources: tuple[Any, ...]
    others: tuple[Object, ...]
    problems: tuple[tuple[Object, ShapeProblem], ...]
    fragments: int
    partial: int
    """How many of the resources are fragments: kept, since they show what else there is, but never judged."""


@dataclass(slots=True)
class _Loading:
    resources: list[Any] = field(default_factory=list)
    others: list[Object] = field(default_factory=list)
    problems: list[tuple[Object, ShapeProblem]] = field(default_factory=list)
    fragments: int = 0
    partial: int = 0


def load(document: Document) -> Loaded:
    """The objects of a document, Lists of any nesting expanded."""
    loading = _Loading()
    for place, value in _objects(document):
        _load_object(value, place, loading)
    return Loaded(tuple(loading.resources), tuple(loading.others), tuple(loading.problems), loading.fragments, loading.partial)


def _load_object(value: dict[Any, Any], place: Place, loading: _Loading) -> None:
    problems: list[ShapeProblem] = []
    root = Field(value, place, problems)
    found = read_object(root)
    if not found.name:
        loading.fragments += 1
        return
    groups, reader = _READERS.get(found.kind, ((), read_object))
    if found.group not in groups:
        loading.others.append(found)
        return
    resource = (read_rollout_reference(root) if found.kind == "Rollout" else None) or reader(root)
    loading.problems += [(found, problem) for problem in _unique(problems)]
    if getattr(resource, "partial", False):
        loading.fragments += 1
        loading.partial += 1
    loading.resources.append(resource)


def _unique(problems: list[ShapeProblem]) -> Iterator[ShapeProblem]:
    """A field may be read twice; its problem is told once."""
    seen = set()
    for problem in problems:
        if problem.place.path not in seen:
            seen.add(problem.place.path)
            yield problem


def _objects(document: Document) -> Iterator[tuple[Place, dict[Any, Any]]]:
    """The objects of a document. Bounded in depth and number, since aliases may make a List hold itself."""
    pending: list[tuple[Place, Any, int]] = [(Place(document), document.value, 0)]
    count = 0
    while pending and count < MAX_OBJECTS:
        place, value, depth = pending.pop()
        if not isinstance(value, dict) or not isinstance(value.get("kind"), str) or not value.get("apiVersion"):
            continue
        items = value.get("items")
        if value["kind"].endswith("List") and isinstance(items, list) and depth < MAX_LIST_DEPTH:
            below = [(place.at("items", index), _typed(item, value), depth + 1) for index, item in enumerate(items)]
            pending += reversed(below[: MAX_OBJECTS - count])
        else:
            count += 1
            yield place, value


def _typed(item: Any, parent: dict[Any, Any]) -> Any:
    """An item of a typed list (`ServiceList`) as the API server sends it: without a kind of its own."""
    kind = parent["kind"].removesuffix("List")
    if not kind or not isinstance(item, dict) or "kind" in item:
        return item
    return {"apiVersion": parent["apiVersion"], "kind": kind, **item}
