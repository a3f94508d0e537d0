"""NGINX Inc's ingress controller (`nginx.org`): what its templates make of the ConfigMap that its controller names, of
the Ingresses and VirtualServers that it serves, and of the Policies that these name.

It believes a header only from the networks of `set-real-ip-from`, X-Real-IP unless `real-ip-header` names another, and
walks a list only with `real-ip-recursive`. It replaces X-Real-IP, and appends to X-Forwarded-For
(nginx/kubernetes-ingress `internal/configs/configmaps.go`, `internal/configs/version1/nginx.ingress.tmpl`,
`internal/configs/version2/nginx.virtualserver.tmpl`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from srcip_lint.bundle import Bundle
from srcip_lint.proxies.behaviour import (
    Control,
    HeaderWrite,
    Listener,
    ProxyBehaviour,
    Reads,
    RealIp,
    Route,
    Trust,
    Writes,
)
from srcip_lint.proxies.classes import ServedClass, served
from srcip_lint.proxies.flags import TRUE, flag, is_on
from srcip_lint.proxies.images import running
from srcip_lint.proxies.lists import trust_of
from srcip_lint.proxies.nginx_org.contexts import (
    Context,
    listens_elsewhere,
    of_ingresses,
    of_virtual_server,
    virtual_servers,
)
from srcip_lint.proxies.nginx_org.controls import controls, decides_otherwise, limits
from srcip_lint.proxies.versions import is_since
from srcip_lint.resources.addresses import comma_separated
from srcip_lint.resources.cluster import ConfigMap
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.objects import Object
from srcip_lint.resources.pods import Container
from srcip_lint.resources.workload import Workload

PRODUCT = "NGINX Ingress Controller"
_IMAGE = re.compile(
    r"(?:^|/)(?:nginx(?:inc|demos)?/nginx-ingress|nginx(?:inc)?/kubernetes-ingress|nginx-plus-ingress)(?:[:@]|$)"
)
_CONTROLLER = "nginx.org/ingress-controller"
_CLASS = "nginx"
_READS = "proxy-protocol"
_DECISIVE = ("proxy-protocol", "real-ip-header", "set-real-ip-from", "real-ip-recursive")
_SNIPPETS = ("main-snippets", "http-snippets", "server-snippets", "location-snippets", "stream-snippets")
_TRUSTED = "set-real-ip-from"
_OWN_TEMPLATE = "it has a template of its own"
_TEMPLATES = ("main-template", "ingress-template", "virtualserver-template")
_HEADERS = re.compile("x-forwarded-for|x-real-ip", re.IGNORECASE)
_LIMITS_SINCE = (3, 4)
"""The version that reads the annotations `nginx.org/limit-req-*`."""
_POLICIES_SINCE = (5, 4)
"""The version that reads the annotation `nginx.org/policies` of an Ingress."""

Settings = Mapping[str, Located[str]]
"""The keys of its ConfigMap that decide, and its snippets."""


def behaviour(workload: Workload, bundle: Bundle) -> ProxyBehaviour | None:
    """The controller's behaviour where the workload runs one; None where it does not."""
    container = running(workload, _IMAGE)
    if container is None:
        return None
    settings = _settings(workload, container, bundle)
    if isinstance(settings, str):
        return ProxyBehaviour(PRODUCT, (), complete=False, why_incomplete=settings)
    servers = tuple(virtual_servers(workload, _serves, bundle)) if _has_custom_resources(container) else ()
    if any("real_ip" in each.http_snippets for each in servers):
        why = "the http-snippets of a VirtualServer change whom it believes"
        return ProxyBehaviour(PRODUCT, (), complete=False, why_incomplete=why)
    has_passthrough = is_on(container, "enable-tls-passthrough")
    contexts = [context for each in servers for context in of_virtual_server(each, _words(container), bundle)]
    ingresses = [each for each in served(workload, _serves, bundle) if not listens_elsewhere(each.ingress)]
    if _has_custom_resources(container) and is_since(container, _POLICIES_SINCE):
        contexts += of_ingresses(ingresses, _words(container), bundle)
    found = [*_controls(settings, contexts), *(limits(ingresses) if is_since(container, _LIMITS_SINCE) else ())]
    route = Route(
        "every host",
        container.image.place,
        tuple(_real_ip(settings, has_passthrough=has_passthrough)),
        tuple(_writes(settings, container)),
        tuple(found),
    )
    reads = Reads.STRICTLY if _is_on(settings, _READS) else Reads.NOT
    at = settings[_READS].place if _READS in settings else container.image.place
    ports = _ports(container, has_passthrough=has_passthrough)
    listeners = (Listener(number, reads, at, (route,), setting=f"`{_READS}`") for number in ports)
    return ProxyBehaviour(PRODUCT, tuple(listeners))


def unplaced(bundle: Bundle) -> Iterator[tuple[Object, RealIp]]:
    """The ConfigMaps that say whom a controller believes, where no controller was read that could be meant."""
    for config in bundle.config_maps:
        controllers = (each for each in bundle.workloads if running(each, _IMAGE))
        if _TRUSTED in config.data and not any(bundle.compatible(config.object, each.object) for each in controllers):
            settings = _read(config)
            found = () if isinstance(settings, str) else _real_ip(settings, has_passthrough=False)
            yield from ((config.object, real_ip) for real_ip in found)


def _has_custom_resources(container: Container) -> bool:
    return flag(container, "enable-custom-resources") is None or is_on(container, "enable-custom-resources")


def _words(container: Container) -> tuple[str, ...]:
    return (flag(container, "ingress-class") or _CLASS,)


def _serves(workload: Workload) -> ServedClass | None:
    """Which Ingresses it takes for its own: those of one class, by the annotation first (`internal/k8s/controller.go`
    `HasCorrectIngressClass`). Where it watches namespaces by their labels, nobody knows which."""
    container = running(workload, _IMAGE)
    if container is None or flag(container, "watch-namespace-label"):
        return None
    watched = [each for each in (flag(container, "watch-namespace") or "").split(",") if each]
    own = workload.object.namespace
    return ServedClass(
        controller=_CONTROLLER,
        words=_words(container),
        only_its_name=True,
        annotation_first=True,
        namespaces=tuple(own if own and each.startswith("$(") else each for each in watched),
    )


def _settings(workload: Workload, container: Container, bundle: Bundle) -> Settings | str:
    """What its ConfigMap says, or why that is not known."""
    named = (flag(container, "nginx-configmaps") or "").rpartition("/")[2]
    config = bundle.config_map(workload.object, named) if named else None
    if named and config is None:
        return f"its ConfigMap {named} was not read"
    has_flag = any(flag(container, f"{name}-path") for name in _TEMPLATES)
    if has_flag or any(".tmpl" in each.path for each in container.mounts):
        return _OWN_TEMPLATE
    return _read(config) if config else {}


def _read(config: ConfigMap) -> Settings | str:
    """What a ConfigMap says, or why that is not known."""
    if any(name in config.data for name in _TEMPLATES):
        return _OWN_TEMPLATE
    settings: dict[str, Located[str]] = {}
    for key, located in config.data.items():
        written = config.files[key].value if key in _SNIPPETS else located.value
        if isinstance(written, Unknown) and key in _DECISIVE:
            return f"{key} of its ConfigMap is a placeholder"
        if key in _SNIPPETS and "real_ip" in str(written):
            return f"{key} of its ConfigMap change whom it believes"
        if isinstance(written, str):
            settings[key] = Located(written, located.place)
    return settings


def _is_on(settings: Settings, key: str) -> bool:
    return key in settings and settings[key].value in TRUE


def _controls(settings: Settings, contexts: list[Context]) -> Iterator[Control]:
    """What the Policies decide. Where snippets of the ConfigMap let in or refuse, their lists are not all there is."""
    snippets = "\n".join(settings[key].value for key in _SNIPPETS if key in settings)
    for context in contexts:
        yield from controls(context, has_lists=not decides_otherwise(snippets))


def _real_ip(settings: Settings, *, has_passthrough: bool) -> Iterator[RealIp]:
    """From whom it takes the client's address. With TLS passthrough it goes by the PROXY protocol, whatever header is
    named."""
    header, trusted = settings.get("real-ip-header"), settings.get(_TRUSTED)
    at = header or trusted
    if at is None:
        return
    source = "proxy_protocol" if has_passthrough else header.value.strip().lower() if header else "x-real-ip"
    yield RealIp(
        source,
        trust_of(comma_separated(trusted), _TRUSTED) if trusted else Trust(()),
        recursive=_is_on(settings, "real-ip-recursive"),
        at=at.place,
        source_written=header is not None,
    )


def _writes(settings: Settings, container: Container) -> Iterator[HeaderWrite]:
    """The headers that it sends on. Which of two counts where a snippet writes one too is the application's choice."""
    at = container.image.place
    if any(
        _HEADERS.search(settings[key].value) for key in ("location-snippets", "proxy-set-headers") if key in settings
    ):
        yield from (HeaderWrite(name, Writes.UNKNOWN, at) for name in ("x-forwarded-for", "x-real-ip"))
        return
    is_off = _is_on(settings, "disable-forwarded-headers") and is_on(container, "enable-snippets")
    yield HeaderWrite("x-forwarded-for", Writes.PASSES if is_off else Writes.APPENDS, at)
    yield HeaderWrite("x-real-ip", Writes.REPLACES, at)


def _ports(container: Container, *, has_passthrough: bool) -> list[int]:
    """The ports that it serves HTTP on by default. Listeners of a GlobalConfiguration are not read."""
    secure = ("tls-passthrough-port" if has_passthrough else "default-https-listener-port", "443")
    flags = (("default-http-listener-port", "80"), secure)
    numbers = [flag(container, name) or default for name, default in flags]
    return [int(number) for number in numbers if number.isdigit()]
