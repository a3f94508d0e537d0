"""kube-proxy's configuration: YAML in a ConfigMap, read as YAML, with its places in the manifest.

kubeadm keeps it in the ConfigMap `kube-proxy` under `config.conf`; other installers use other keys, so it is known by
its kind (kube-proxy `pkg/proxy/apis/config`, KubeProxyConfiguration v1alpha1). An empty mode is iptables on Linux.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.documents.nested import Nested, nested
from srcip_lint.resources.cluster import ConfigMap
from srcip_lint.resources.fields import Field, Located, Unknown
from srcip_lint.resources.objects import Object

_KIND = "KubeProxyConfiguration"


@dataclass(frozen=True, eq=False, slots=True)
class KubeProxy:
    """What kube-proxy is told. `object` is the ConfigMap that tells it."""

    object: Object
    mode: Located[str | Unknown]
    strict_arp: Located[bool | Unknown]


def read_kube_proxy(config_map: ConfigMap) -> Iterator[KubeProxy]:
    """The configurations of kube-proxy that a ConfigMap holds: one, as a rule, or none."""
    for text in config_map.files.values():
        if isinstance(text.value, str) and _KIND in text.value:
            for document in nested(text.place, text.value):
                if isinstance(document, Nested):
                    yield from _of_document(config_map.object, document)


def _of_document(owner: Object, document: Nested) -> Iterator[KubeProxy]:
    root = Field(document.value, Place(document), [])
    if root.field("kind").raw == _KIND:
        yield KubeProxy(owner, root.field("mode").text(""), root.field("ipvs", "strictARP").boolean(default=False))
