"""What HAProxy Technologies' ingress controller is told: by its ConfigMap, and by annotations.

One name has several prefixes, in the ConfigMap too, where it mostly has none (haproxytech/kubernetes-ingress
`pkg/store/convert.go` `CopyAnnotations`, `pkg/annotations/validators/validations.go`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from srcip_lint.bundle import Bundle
from srcip_lint.proxies.flags import flag
from srcip_lint.resources.cluster import ConfigMap
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.objects import Object
from srcip_lint.resources.pods import Container
from srcip_lint.resources.workload import Workload

PREFIXES = ("haproxy.org/", "ingress.kubernetes.io/", "haproxy.com/")
_DECISIVE = ("proxy-protocol", "src-ip-header", "forwarded-for")
_SNIPPETS = ("global-config-snippet", "frontend-config-snippet", "backend-config-snippet")
_CHANGE_THE_ADDRESS = re.compile(r"\bset-src\b|\bexpect-(?:proxy|netscaler-cip)\b|\baccept-(?:proxy|netscaler-cip)\b")
_FILES = "/usr/local/etc/haproxy"

Layer = Mapping[str, "Located[str | Unknown]"]
"""Settings of one object, by their names without a prefix."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What its ConfigMap says; `snippets` is what that adds in HAProxy's own language."""

    data: Layer = field(default_factory=dict)
    snippets: str = ""

    def text(self, name: str) -> Located[str] | None:
        """A setting that is written and not empty."""
        found = self.data.get(name)
        is_written = found is not None and isinstance(found.value, str) and found.value.strip()
        return Located(str(found.value), found.place) if found and is_written else None


def clean(key: str) -> str:
    """A name without its prefix."""
    prefix = next((each for each in PREFIXES if key.startswith(each)), "")
    return key.removeprefix(prefix)


def annotated(found: Object) -> Layer:
    """What the annotations of an object say, unknown where two of them contradict each other."""
    at = found.place.at("metadata", "annotations")
    layer: dict[str, Located[str | Unknown]] = {}
    for key, value in found.annotations.items():
        other = layer.get(clean(key))
        is_clear = other is None or other.value == value
        layer[clean(key)] = Located(value if is_clear else Unknown("it is annotated twice"), at.at(key))
    return layer


def read_settings(workload: Workload, container: Container, bundle: Bundle) -> Settings | str:
    """What its ConfigMap says, or why that is not known."""
    named = (flag(container, "configmap") or "").rpartition("/")[2]
    config = bundle.config_map(workload.object, named) if named else None
    if named and config is None:
        return f"its ConfigMap {named} was not read"
    if any(mount.path.startswith(_FILES) for mount in container.mounts):
        return "it has a file of its own"
    return _of_config_map(config) if config else Settings()


def _of_config_map(config: ConfigMap) -> Settings | str:
    data: Layer = {clean(key): located for key, located in config.data.items()}
    files = {clean(key): located.value for key, located in config.files.items()}
    snippets = "\n".join(str(files[key]) for key in _SNIPPETS if key in files)
    if any(key.startswith(("cr-frontend", "cr-defaults")) for key in data):
        return "custom resources configure its frontends"
    if any(key in _DECISIVE for key in annotated(config.object)):
        return "annotations of its ConfigMap decide too"
    unread = next((key for key in _DECISIVE if key in data and isinstance(data[key].value, Unknown)), None)
    if unread:
        return f"{unread} of its ConfigMap is a placeholder"
    if _CHANGE_THE_ADDRESS.search(snippets):
        return "a snippet of its ConfigMap changes whom it believes"
    return Settings(data, snippets)
