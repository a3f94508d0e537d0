"""An object on its way through the layers: what it is, and what it was called before.

kustomize finds the target of a patch, of a `replicas` entry or of a reference under every name that the object ever
had, so each change of name or namespace is remembered (kustomize `api/resource`, `kyaml/resid`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from srcip_lint.kustomize.tree import Node, at, put, text

_CLUSTER_SCOPED = {
    "": ("Namespace", "Node", "PersistentVolume", "ComponentStatus"),
    "apiextensions.k8s.io": ("CustomResourceDefinition",),
    "apiregistration.k8s.io": ("APIService",),
    "admissionregistration.k8s.io": ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
    "certificates.k8s.io": ("CertificateSigningRequest",),
    "flowcontrol.apiserver.k8s.io": ("FlowSchema", "PriorityLevelConfiguration"),
    "networking.k8s.io": ("IngressClass",),
    "node.k8s.io": ("RuntimeClass",),
    "policy": ("PodSecurityPolicy",),
    "rbac.authorization.k8s.io": ("ClusterRole", "ClusterRoleBinding"),
    "scheduling.k8s.io": ("PriorityClass",),
    "storage.k8s.io": ("StorageClass", "CSIDriver", "CSINode", "VolumeAttachment"),
}
"""The kinds kustomize knows to stand in no namespace; it takes every custom resource for namespaced."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells objects apart. An absent namespace is `default` here, as it is to kustomize."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, eq=False)
class Member:
    """An object of a kustomization. `previous` are its former identities, the oldest first; `behavior` is that of a
    generator. `unjudged` says why the object cannot be known well enough to be judged, None where it can."""

    node: Node
    previous: tuple[Identity, ...] = ()
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    behavior: str = ""
    unjudged: str | None = None

    @cached_property
    def identity(self) -> Identity:
        group, _, version = text(self.node, "apiVersion").rpartition("/")
        kind, metadata = text(self.node, "kind"), at(self.node, "metadata")
        namespace = "" if cluster_scoped(group, kind) else text(metadata, "namespace") or "default"
        return Identity(group, version, kind, namespace, text(metadata, "name"))

    @property
    def original(self) -> Identity:
        return self.previous[0] if self.previous else self.identity

    @cached_property
    def identities(self) -> tuple[Identity, ...]:
        """Every identity it has or had."""
        return (*self.previous, self.identity)

    def remembered(self) -> Member:
        """The same, with the present identity among the former ones: its name or namespace is about to change."""
        return replace(self, previous=self.identities)

    def at(self, node: Node) -> Member:
        """The same object with other fields."""
        return self if node is self.node else replace(self, node=node)

    def put(self, path: tuple[str, ...], value: Node | None) -> Member:
        return self.at(put(self.node, path, value))


def cluster_scoped(group: str, kind: str) -> bool:
    """Does kustomize know the kind to stand in no namespace?"""
    return kind in _CLUSTER_SCOPED.get(group, ())
