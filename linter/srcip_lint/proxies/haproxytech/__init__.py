"""HAProxy Technologies' ingress controller (`haproxy.org`): what it makes of its ConfigMap, and of the annotations of
the Ingresses that it serves.

It takes its peer for the client, but for whom `proxy-protocol` names, who have to send the PROXY protocol, and with
`src-ip-header`, where the last entry of that header counts, whoever sent it. It adds an X-Forwarded-For with the
address that it took, and leaves what else came as it is (haproxytech/kubernetes-ingress `documentation/annotations.md`,
`pkg/haproxy/rules/reqProxyProtocol.go`, `reqSetSrc.go`, `types.go`, `pkg/annotations/service/backendForwardedFor.go`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_network

from srcip_lint.bundle import Bundle
from srcip_lint.proxies.behaviour import HeaderWrite, Listener, ProxyBehaviour, Reads, RealIp, Route, Trust, Writes
from srcip_lint.proxies.classes import Served, ServedClass, served
from srcip_lint.proxies.flags import TRUE, flag, flags, is_on
from srcip_lint.proxies.haproxytech.controls import controls
from srcip_lint.proxies.haproxytech.settings import Settings, annotated, read_settings
from srcip_lint.proxies.images import running
from srcip_lint.proxies.versions import is_since
from srcip_lint.resources.addresses import comma_separated
from srcip_lint.resources.ingress import Ingress
from srcip_lint.resources.objects import Object
from srcip_lint.resources.pods import Container
from srcip_lint.resources.workload import Workload

PRODUCT = "HAProxy Ingress Controller"
_IMAGE = re.compile(r"(?:^|/)(?:haproxytech/kubernetes-ingress|hapee-ingress)(?:[:@]|$)")
_CONTROLLER = "haproxy.org/ingress-controller"
_CLASS = "haproxy"
"""What its class is called where nobody calls it otherwise."""

_UNPRIVILEGED_SINCE = (1, 11)
"""The version that listens on 8080 and 8443, and not on 80 and 443 any more."""
_BY_CLASS_SINCE = (3, 1)
"""The version that reads the annotation of the class no more."""
_WRITE_HEADERS = ("request-set-header", "backend-config-snippet")
_HEADERS = re.compile("x-forwarded-for|x-real-ip|forwardfor", re.IGNORECASE)
_EVERYBODY = Trust((ip_network("0.0.0.0/0"), ip_network("::/0")))


def behaviour(workload: Workload, bundle: Bundle) -> ProxyBehaviour | None:
    """The controller's behaviour where the workload runs one; None where it does not."""
    container = running(workload, _IMAGE)
    if container is None:
        return None
    settings = read_settings(workload, container, bundle)
    if isinstance(settings, str):
        return ProxyBehaviour(PRODUCT, (), complete=False, why_incomplete=settings)
    ingresses = tuple(served(workload, _serves, bundle))
    real_ip = tuple(_real_ip(settings))
    writes = _forwards(settings, ingresses, bundle)
    route = Route(
        "every Ingress",
        container.image.place,
        real_ip,
        (
            HeaderWrite("x-forwarded-for", writes, container.image.place),
            HeaderWrite("x-real-ip", _else(writes), container.image.place),
        ),
        tuple(controls(settings, ingresses, container)),
    )
    announced = next((each for each in real_ip if each.source == "proxy_protocol"), None)
    reads = Reads.NOT if announced is None else Reads.STRICTLY if announced.trust.covers_all(4) else Reads.TOLERANTLY
    at = announced.at if announced else container.image.place
    listeners = (Listener(each, reads, at, (route,), setting="`proxy-protocol`") for each in _ports(container))
    return ProxyBehaviour(PRODUCT, tuple(listeners))


def _serves(workload: Workload) -> ServedClass | None:
    """Which Ingresses it takes for its own (`documentation/ingressclass.md`, before 3.1 `pkg/ingress/ingress.go`)."""
    container = running(workload, _IMAGE)
    if container is None:
        return None
    word, own = flag(container, "ingress.class") or "", workload.object.namespace
    by_annotation = not is_since(container, _BY_CLASS_SINCE)
    watched, left_out = (flags(container, f"namespace-{which}") for which in ("whitelist", "blacklist"))
    return ServedClass(
        controller=f"{_CONTROLLER}/{word}" if word else _CONTROLLER,
        words=(word or _CLASS,),
        reads_annotation=by_annotation and bool(word),
        annotation_first=by_annotation,
        without_class=bool(word) and is_on(container, "empty-ingress-class"),
        without_default=not word,
        namespaces=tuple(own if own and each.startswith("$(") else each for each in watched),
        but_not=() if watched else tuple(own if own and each.startswith("$(") else each for each in left_out),
    )


def _real_ip(settings: Settings) -> Iterator[RealIp]:
    """A header goes before the PROXY protocol: its rule comes later, and takes the address anew."""
    header, senders = settings.text("src-ip-header"), settings.text("proxy-protocol")
    if header:
        yield RealIp(header.value.strip().lower(), _EVERYBODY, recursive=False, at=header.place)
    if senders:
        trusted = comma_separated(senders).networks
        if trusted:
            yield RealIp("proxy_protocol", Trust(trusted, at=senders.place), recursive=False, at=senders.place)


def _forwards(settings: Settings, ingresses: Iterable[Served], bundle: Bundle) -> Writes:
    """What becomes of X-Forwarded-For: unknown where it is not the same for all, or something else writes it."""
    layers = [settings.data, *map(annotated, _those_asked([each.ingress for each in ingresses], bundle))]
    values = {layer["forwarded-for"].value for layer in layers if "forwarded-for" in layer}
    texts = [str(layer[key].value) for layer in layers for key in _WRITE_HEADERS if key in layer]
    if any(_HEADERS.search(text) for text in (*texts, settings.snippets)):
        return Writes.UNKNOWN
    if values <= TRUE:
        return Writes.APPENDS
    return Writes.PASSES if values == {"false"} and "forwarded-for" in settings.data else Writes.UNKNOWN


def _those_asked(ingresses: list[Ingress], bundle: Bundle) -> Iterator[Object]:
    """The Ingresses, and the Services that they send to, which may have settings of their own."""
    yield from (each.object for each in ingresses)
    for service in bundle.services:
        found = service.object
        if any(found.name in each.services and bundle.compatible(each.object, found) for each in ingresses):
            yield found


def _else(forwards: Writes) -> Writes:
    return Writes.UNKNOWN if forwards is Writes.UNKNOWN else Writes.PASSES


def _ports(container: Container) -> list[int]:
    """The ports that it serves HTTP on. Those of TCP services are no listeners of this kind."""
    defaults = ("8080", "8443") if is_since(container, _UNPRIVILEGED_SINCE) else ("80", "443")
    names = ("http", "https")
    numbers = [
        flag(container, f"{name}-bind-port") or default
        for name, default in zip(names, defaults, strict=True)
        if not is_on(container, f"disable-{name}")
    ]
    return [int(number) for number in numbers if number.isdigit()]
