"""Documents to typed, located Kubernetes objects.

One table says which kinds are read and by whom. The group counts: a Knative `Service` is no Kubernetes Service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from srcip_lint.documents import Page, Place
from srcip_lint.resources.budget import read_budget
from srcip_lint.resources.calico_policy import read_calico_policy
from srcip_lint.resources.cilium_policy import read_cilium_policy
from srcip_lint.resources.cluster import (
    read_bgp_configuration,
    read_calico_installation,
    read_cilium_l2_policy,
    read_config_map,
    read_evidence,
    read_felix_configuration,
    read_namespace,
    read_node,
)
from srcip_lint.resources.contour import read_contour_configuration, read_http_proxy
from srcip_lint.resources.fields import Field, ShapeProblem
from srcip_lint.resources.gateway_api import GROUP as GATEWAY_API
from srcip_lint.resources.gateway_api import read_gateway, read_gateway_class, read_http_route
from srcip_lint.resources.ingress import read_ingress, read_ingress_class, read_target_group_binding
from srcip_lint.resources.istio import read_authorization_policy, read_envoy_filter, read_istio_operator
from srcip_lint.resources.kong import read_kong_consumer, read_kong_plugin
from srcip_lint.resources.metallb import (
    GROUP,
    read_advertisement,
    read_bfd_profile,
    read_bgp_peer,
    read_legacy_pool,
    read_pool,
)
from srcip_lint.resources.nginx_org import GROUP as _NGINX_ORG
from srcip_lint.resources.nginx_org import read_access_policy, read_virtual_server
from srcip_lint.resources.objects import Object, read_object
from srcip_lint.resources.policy import NetworkPolicy, read_kubernetes_policy
from srcip_lint.resources.service import read_endpoint_slice, read_endpoints, read_service
from srcip_lint.resources.traefik import GROUPS as TRAEFIK
from srcip_lint.resources.traefik import read_ingress_route, read_middleware
from srcip_lint.resources.workload import read_autoscaler, read_rollout_reference, read_workload

_Reader = Callable[[Field], Any]
_APPS = ("apps", "extensions")
_METALLB = (GROUP,)
_KONG = ("configuration.konghq.com",)
_CALICO = ("crd.projectcalico.org", "projectcalico.org")


def _read_policy(root: Field) -> NetworkPolicy:
    """Kubernetes and Calico have a kind of the same name."""
    return read_calico_policy(root) if read_object(root).group in _CALICO else read_kubernetes_policy(root)


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
    "PodDisruptionBudget": (("policy",), read_budget),
    "Node": (("",), read_node),
    "Namespace": (("",), read_namespace),
    "ConfigMap": (("",), read_config_map),
    "Ingress": (("networking.k8s.io", "extensions"), read_ingress),
    "IngressClass": (("networking.k8s.io", "extensions"), read_ingress_class),
    "TargetGroupBinding": (("elbv2.k8s.aws",), read_target_group_binding),
    "CiliumL2AnnouncementPolicy": (("cilium.io",), read_cilium_l2_policy),
    "CiliumBGPPeeringPolicy": (("cilium.io",), read_evidence),
    "CiliumBGPClusterConfig": (("cilium.io",), read_evidence),
    "NetworkPolicy": (("networking.k8s.io", "extensions", *_CALICO), _read_policy),
    "GlobalNetworkPolicy": (_CALICO, read_calico_policy),
    "CiliumNetworkPolicy": (("cilium.io",), read_cilium_policy),
    "CiliumClusterwideNetworkPolicy": (("cilium.io",), read_cilium_policy),
    "FelixConfiguration": (_CALICO, read_felix_configuration),
    "BGPConfiguration": (_CALICO, read_bgp_configuration),
    "Installation": (("operator.tigera.io",), read_calico_installation),
    "AuthorizationPolicy": (("security.istio.io",), read_authorization_policy),
    "EnvoyFilter": (("networking.istio.io",), read_envoy_filter),
    "IstioOperator": (("install.istio.io",), read_istio_operator),
    "Istio": (("sailoperator.io", "operator.istio.io"), read_istio_operator),
    "HTTPProxy": (("projectcontour.io",), read_http_proxy),
    "ContourConfiguration": (("projectcontour.io",), read_contour_configuration),
    "KongPlugin": (_KONG, read_kong_plugin),
    "KongClusterPlugin": (_KONG, read_kong_plugin),
    "KongConsumer": (_KONG, read_kong_consumer),
    "KongConsumerGroup": (_KONG, read_kong_consumer),
    "GatewayClass": ((GATEWAY_API,), read_gateway_class),
    "Gateway": ((GATEWAY_API,), read_gateway),
    "HTTPRoute": ((GATEWAY_API,), read_http_route),
    "IPAddressPool": (_METALLB, read_pool),
    "AddressPool": (_METALLB, read_legacy_pool),
    "L2Advertisement": (_METALLB, read_advertisement),
    "BGPAdvertisement": (_METALLB, read_advertisement),
    "BGPPeer": (_METALLB, read_bgp_peer),
    "BFDProfile": (_METALLB, read_bfd_profile),
    "IngressRoute": (TRAEFIK, read_ingress_route),
    "IngressRouteTCP": (TRAEFIK, read_ingress_route),
    "Middleware": (TRAEFIK, read_middleware),
    "MiddlewareTCP": (TRAEFIK, read_middleware),
    "VirtualServer": ((_NGINX_ORG,), read_virtual_server),
    "VirtualServerRoute": ((_NGINX_ORG,), read_virtual_server),
    "Policy": ((_NGINX_ORG,), read_access_policy),
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


LOCAL_ONLY = "config.kubernetes.io/local-config"
"""Annotates what kustomize and kpt read and never apply (kustomize `kyaml/kio/filters/local.go`)."""


def load(document: Page) -> Loaded:
    """The objects of a document, Lists of any nesting expanded."""
    loading = _Loading()
    for place, value in _objects(document):
        _load_object(value, place, loading)
    return Loaded(
        tuple(loading.resources),
        tuple(loading.others),
        tuple(loading.problems),
        loading.fragments,
        loading.partial,
    )


def _load_object(value: dict[Any, Any], place: Place, loading: _Loading) -> None:
    problems: list[ShapeProblem] = []
    root = Field(value, place, problems)
    found = read_object(root)
    if found.annotations.get(LOCAL_ONLY, "false") != "false":
        loading.fragments += 1
        return
    groups, reader = _READERS.get(found.kind, ((), None))
    is_read = found.group in groups or (bool(groups) and not isinstance(value["apiVersion"], str))
    if is_read and reader and found.name:
        resource = (read_rollout_reference(root) if found.kind == "Rollout" else None) or reader(root)
        partial = bool(getattr(resource, "partial", False))
        loading.partial += partial
        loading.fragments += partial
        loading.resources.append(resource)
    elif found.name:
        loading.others.append(found)
    else:
        loading.fragments += 1
    if found.kind == "List":
        root.field("items").items()  # a List whose items are no list holds nothing, whatever was meant
    if is_read or found.kind == "List":
        loading.problems += [(found, problem) for problem in _unique(problems)]


def _unique(problems: list[ShapeProblem]) -> Iterator[ShapeProblem]:
    """A field may be read twice; its problem is told once."""
    seen = set()
    for problem in problems:
        if problem.place.path not in seen:
            seen.add(problem.place.path)
            yield problem


def _objects(document: Page) -> Iterator[tuple[Place, dict[Any, Any]]]:
    """The objects of a document, in order, each once: an alias to an object, or to a List, is not another one."""
    pending: list[tuple[Place, Any, dict[str, Any]]] = [(Place(document), document.value, {})]
    seen: set[int] = set()
    while pending:
        place, written, inherited = pending.pop()
        if not isinstance(written, dict) or id(written) in seen:
            continue
        seen.add(id(written))
        value = written if "kind" in written else {**inherited, **written}
        if not isinstance(value.get("kind"), str) or value.get("apiVersion") in (None, ""):
            continue
        items = value.get("items")
        if value["kind"].endswith("List") and isinstance(items, list):
            below = [(place.at("items", index), item, _inherited(value)) for index, item in enumerate(items)]
            pending += reversed(below)
        else:
            yield place, value


def _inherited(parent: dict[Any, Any]) -> dict[str, Any]:
    """What the items of a typed list (`ServiceList`) leave out, for the API server does not repeat it."""
    kind = parent["kind"].removesuffix("List")
    return {"apiVersion": parent["apiVersion"], "kind": kind} if kind else {}
