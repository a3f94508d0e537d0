"""HAProxy Ingress (`haproxy-ingress.github.io`): what its template makes of its ConfigMap, and of the annotations of
the Ingresses that it serves and of their Services.

It takes its peer for the client, or with `use-proxy-protocol` whom the PROXY protocol names, and by default replaces
X-Forwarded-For and X-Real-IP with that address (jcmoraisjr/haproxy-ingress `rootfs/etc/templates/haproxy/haproxy.tmpl`,
`docs/content/en/docs/configuration/keys.md`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_network

from srcip_lint.bundle import Bundle
from srcip_lint.proxies.behaviour import HeaderWrite, Listener, ProxyBehaviour, Reads, RealIp, Route, Trust, Writes
from srcip_lint.proxies.classes import ServedClass, served
from srcip_lint.proxies.flags import TRUE, flag, is_on
from srcip_lint.proxies.haproxy_ingress.controls import Layer, controls, read_asked
from srcip_lint.proxies.images import running
from srcip_lint.proxies.versions import is_since
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.pods import Container
from srcip_lint.resources.workload import Workload

PRODUCT = "HAProxy Ingress"
_IMAGE = re.compile(r"(?:^|/)jcmoraisjr/haproxy-ingress(?:[:@]|$)")
_CONTROLLER = "haproxy-ingress.github.io/controller"
_CLASS = "haproxy"
_READS = "use-proxy-protocol"
_PREFIXES = "haproxy-ingress.github.io,ingress.kubernetes.io"
_READ_SINCE = (0, 12)
_REAL_IP_SINCE = (0, 15)
"""The version that writes X-Real-IP."""

_TEMPLATES = "/etc/templates"
_DECISIVE = ("use-proxy-protocol", "forwardfor", "real-ip-hdr", "http-port", "https-port")
_LISTENERS = ("bind-http", "bind-https", "http-frontends")
"""With these it listens where HAProxy's own language says."""

_CHANGE_THE_ADDRESS = re.compile(r"\bset-src\b|\b(?:expect|accept)-(?:proxy|netscaler-cip)\b")
_HEADERS = re.compile("x-forwarded-for|x-real-ip|forwardfor", re.IGNORECASE)
_FORWARDS = {"update": Writes.APPENDS, "ignore": Writes.PASSES, "ifmissing": Writes.IF_ABSENT}
_ANYBODY = Trust((ip_network("0.0.0.0/0"), ip_network("::/0")))


def behaviour(workload: Workload, bundle: Bundle) -> ProxyBehaviour | None:
    """The controller's behaviour where the workload runs one; None where it does not."""
    container = running(workload, _IMAGE)
    if container is None:
        return None
    settings = _settings(workload, container, bundle)
    if isinstance(settings, str):
        return ProxyBehaviour(PRODUCT, (), complete=False, why_incomplete=settings)
    prefixes = tuple((flag(container, "annotations-prefix") or _PREFIXES).split(","))
    asked = [read_asked(each, prefixes, bundle) for each in served(workload, _serves, bundle)]
    layers = [settings, *(layer for each in asked for layer in (each.own, *each.of_services))]
    route = Route(
        "every Ingress",
        container.image.place,
        tuple(_real_ip(settings)),
        tuple(_writes(settings, layers, container)),
        tuple(controls(settings, asked)),
    )
    reads = Reads.STRICTLY if _text(settings, _READS) in TRUE else Reads.NOT
    at = settings[_READS].place if _READS in settings else container.image.place
    ports = [_text(settings, name) or default for name, default in (("http-port", "80"), ("https-port", "443"))]
    listeners = (Listener(int(each), reads, at, (route,), setting=f"`{_READS}`") for each in ports if each.isdigit())
    return ProxyBehaviour(PRODUCT, tuple(listeners))


def _serves(workload: Workload) -> ServedClass | None:
    """Which Ingresses it takes for its own (`docs/content/en/docs/configuration/command-line.md`, "Ingress Class")."""
    container = running(workload, _IMAGE)
    if container is None:
        return None
    suffix, watched = flag(container, "controller-class"), flag(container, "watch-namespace")
    namespace = workload.object.namespace if watched and watched.startswith("$(") else watched
    return ServedClass(
        controller=flag(container, "full-controller-name") or "/".join(filter(None, (_CONTROLLER, suffix))),
        words=(flag(container, "ingress-class") or _CLASS,),
        annotation_first=not is_on(container, "ingress-class-precedence"),
        without_class=is_on(container, "watch-ingress-without-class"),
        namespaces=(namespace,) if namespace else (),
    )


def _settings(workload: Workload, container: Container, bundle: Bundle) -> Layer | str:
    """What its ConfigMap says, or why that is not known."""
    named = (flag(container, "configmap") or "").rpartition("/")[2]
    config = bundle.config_map(workload.object, named) if named else None
    if named and config is None:
        return f"its ConfigMap {named} was not read"
    if any(mount.path.startswith(_TEMPLATES) for mount in container.mounts):
        return "it has a template of its own"
    if not is_since(container, _READ_SINCE):
        return "what versions before 0.12 do is not known"
    data: Layer = config.data if config else {}
    snippets = [str(each.value) for key, each in config.files.items() if key.startswith("config-")] if config else []
    if any(map(_CHANGE_THE_ADDRESS.search, snippets)):
        return "a snippet of its ConfigMap changes whom it believes"
    listener = next((key for key in _LISTENERS if key in data), None)
    unread = next((key for key in _DECISIVE if key in data and isinstance(data[key].value, Unknown)), None)
    if listener:
        return f"{listener} of its ConfigMap is not read"
    return f"{unread} of its ConfigMap is a placeholder" if unread else data


def _text(layer: Layer, name: str) -> str:
    """A setting, empty where it is not there or a placeholder."""
    value = layer[name].value if name in layer else ""
    return value if isinstance(value, str) else ""


def _real_ip(settings: Layer) -> Iterator[RealIp]:
    if _text(settings, "use-proxy-protocol") in TRUE:
        at = settings["use-proxy-protocol"].place
        yield RealIp("proxy_protocol", _ANYBODY, recursive=False, at=at)


def _writes(settings: Layer, layers: Iterable[Layer], container: Container) -> Iterator[HeaderWrite]:
    """The headers that it sends on; unknown where something else writes them too, or changes the address before."""
    at = container.image.place
    texts = [str(each.value) for layer in layers for key, each in layer.items() if key not in _DECISIVE]
    if any("allowlist-source-header" in layer for layer in layers) or any(map(_HEADERS.search, texts)):
        yield from (HeaderWrite(name, Writes.UNKNOWN, at) for name in ("x-forwarded-for", "x-real-ip"))
        return
    real_ip = _text(settings, "real-ip-hdr").lower() if "real-ip-hdr" in settings else "x-real-ip"
    writes_real_ip = real_ip == "x-real-ip" and is_since(container, _REAL_IP_SINCE)
    yield HeaderWrite("x-forwarded-for", _FORWARDS.get(_text(settings, "forwardfor"), Writes.REPLACES), at)
    yield HeaderWrite("x-real-ip", Writes.REPLACES if writes_real_ip else Writes.PASSES, at)
