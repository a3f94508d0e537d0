"""kube-proxy's own configuration, as the ConfigMap holds it that kubeadm and EKS make for it.

Source: Kubernetes `kubeproxy.config.k8s.io/v1alpha1`, KubeProxyConfiguration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from srcip_lint.documents.nested import Nested, nested
from srcip_lint.resources.fields import Located, Unknown

_FILES = {"kube-proxy": "config.conf", "kube-proxy-config": "config"}
"""The ConfigMaps that kubeadm and EKS write, and the key of each that holds the configuration."""


@dataclass(frozen=True, slots=True)
class KubeProxySettings:
    """What kube-proxy is told. `mode` is None where it is left to the default or cannot be read; `node_port_addresses`
    are the addresses, networks or keywords where node ports answer, none for all of the node's."""

    mode: str | None = None
    node_port_addresses: tuple[str, ...] = ()


def read_kube_proxy(name: str, files: Mapping[str, Located[str | Unknown]]) -> KubeProxySettings | None:
    """The settings in a ConfigMap of that name with these files; None where it is not kube-proxy's."""
    written = files.get(_FILES.get(name, ""))
    if written is None:
        return None
    found = _mapping(written)
    mode, addresses = found.get("mode"), found.get("nodePortAddresses")
    known = addresses if isinstance(addresses, list) else []
    return KubeProxySettings(
        mode if isinstance(mode, str) and mode else None, tuple(each for each in known if isinstance(each, str))
    )


def _mapping(written: Located[str | Unknown]) -> Mapping[Any, Any]:
    """The first mapping in a file; empty where it cannot be read."""
    answers = nested(written.place, written.value) if isinstance(written.value, str) else ()
    found = (answer.value for answer in answers if isinstance(answer, Nested) and isinstance(answer.value, dict))
    return next(found, {})
