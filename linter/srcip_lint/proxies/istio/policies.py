"""Which gateway an object of Istio's is about: by labels in its own namespace, everywhere where it stands in the mesh's
root namespace, or by the name of a Gateway (istio/istio `pilot/pkg/model/policyattachment.go`).

Where several gateways are in its namespace and have its labels, in different folders, it is about the nearest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from srcip_lint.bundle import Bundle
from srcip_lint.resources.istio import AuthorizationPolicy
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.selectors import Answer, Selector, every
from srcip_lint.resources.workload import Workload
from srcip_lint.scopes import nearest

_GATEWAY_NAMES = ("gateway.networking.k8s.io/gateway-name", "istio.io/gateway-name")
"""The labels by which the pods of a Gateway of the Gateway API tell its name."""


class Selecting(Protocol):
    """An object that goes by labels."""

    @property
    def object(self) -> Object: ...
    @property
    def selector(self) -> Selector: ...


T = TypeVar("T", bound=Selecting)


@dataclass(frozen=True, slots=True)
class Applied(Generic[T]):
    """An object that is about a gateway, `sure` or perhaps."""

    found: T
    sure: bool


def applying(
    workload: Workload, found: Iterable[T], root: str, bundle: Bundle, is_gateway: Callable[[Workload], bool]
) -> list[Applied[T]]:
    """Those of the objects that are, or may be, about a gateway."""
    gateways = [each for each in bundle.workloads if is_gateway(each)]
    applied = []
    for each in found:
        answer = _applies(each, workload, root)
        rivals = [
            other
            for other in gateways
            if _applies(each, other, root) is answer and bundle.compatible(each.object, other.object)
        ]
        if answer is not Answer.NO and workload in nearest(each.object, rivals):
            applied.append(Applied(each, answer is Answer.YES))
    return applied


def _applies(found: Selecting, workload: Workload, root: str) -> Answer:
    """Is an object about a workload, as far as namespace and labels, or the name of its Gateway, tell?"""
    in_namespace = same_namespace(found.object.namespace, workload.object.namespace)
    targets = found.targets if isinstance(found, AuthorizationPolicy) else None
    if targets is not None:
        names = {workload.template.labels.get(label) for label in _GATEWAY_NAMES}
        return in_namespace if names & set(targets) else Answer.NO
    if found.object.namespace == root:
        in_namespace = Answer.YES
    return every((in_namespace, found.selector.matches(workload.template.labels)))
