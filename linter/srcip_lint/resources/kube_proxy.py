"""kube-proxy's configuration: YAML in a ConfigMap, read as YAML, with its places in the manifest.

It is known by its kind, and in the ConfigMaps that kubeadm and EKS make for it by their names and keys. Source:
Kubernetes `kubeproxy.config.k8s.io/v1alpha1`, KubeProxyConfiguration; an empty mode is iptables on Linux.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.documents.nested import Nested, nested
from srcip_lint.resources.fields import Field, Located, Unknown

_KIND = "KubeProxyConfiguration"
_FILES = {"kube-proxy": "config.conf", "kube-proxy-config": "config"}
"""The ConfigMaps that kubeadm and EKS write, and the key of each that holds the configuration."""


@dataclass(frozen=True, eq=False, slots=True)
class KubeProxySettings:
    """What kube-proxy is told. `mode` is empty where it is left to the default; `node_port_addresses` are the
    addresses, networks or keywords where node ports answer, none for all of the node's."""

    mode: Located[str | Unknown]
    strict_arp: Located[bool | Unknown]
    node_port_addresses: tuple[str, ...] = ()


def read_kube_proxy(name: str, files: Mapping[str, Located[str | Unknown]]) -> KubeProxySettings | None:
    """The settings in a ConfigMap of that name with these files; None where it is not kube-proxy's."""
    for key, written in files.items():
        is_its_own = _FILES.get(name) == key
        if isinstance(written.value, str) and (is_its_own or _KIND in written.value):
            for root in _roots(written.place, written.value):
                kind = root.field("kind").raw
                if kind == _KIND or (kind is None and is_its_own):
                    return _settings(root)
    return None


def _roots(place: Place, text: str) -> Iterator[Field]:
    """The mappings in a file; none where it cannot be read."""
    for answer in nested(place, text):
        if isinstance(answer, Nested) and isinstance(answer.value, dict):
            yield Field(answer.value, Place(answer), [])


def _settings(root: Field) -> KubeProxySettings:
    addresses = (item.text("").value for item in root.field("nodePortAddresses").items())
    return KubeProxySettings(
        root.field("mode").text(""),
        root.field("ipvs", "strictARP").boolean(default=False),
        tuple(each for each in addresses if isinstance(each, str)),
    )
