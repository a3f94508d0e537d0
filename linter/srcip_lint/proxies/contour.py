"""Contour: Envoys that a Contour beside them tells what to do.

The Envoys are known by Contour's shutdown manager in their pods. What they are told is in the flags of `contour serve`,
in the file that `--config-path` names, or in the ContourConfiguration that `--contour-config-name` names
(projectcontour/contour `cmd/contour/serve.go`, `servecontext.go`). Which HTTPProxies it serves goes by class and by
namespace (`internal/ingressclass/ingressclass.go`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from srcip_lint.bundle import Bundle
from srcip_lint.path.hops import Keyed
from srcip_lint.proxies.behaviour import Control, Listener, ProxyBehaviour, Reads
from srcip_lint.proxies.envoy import Front, address_control, route
from srcip_lint.proxies.flags import flag, is_on
from srcip_lint.proxies.images import runs
from srcip_lint.proxies.mounts import mounted
from srcip_lint.resources.contour import ContourSettings, HttpProxy, IpFilter, read_contour_file
from srcip_lint.resources.objects import same_namespace
from srcip_lint.resources.pods import Container
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.workload import Workload
from srcip_lint.scopes import nearest

PRODUCT = "Contour's Envoy"
_ENVOY = re.compile(r"(^|/)envoy(-[a-z]+)?(:|@|$)")
_CONTOUR = re.compile(r"(^|/)contour(:|@|$)")
_PORTS = (("envoy-service-http-port", 8080), ("envoy-service-https-port", 8443))
_CLASS = "contour"


@dataclass(frozen=True, eq=False, slots=True)
class _Contour:
    """A Contour: the workload that runs `contour serve`."""

    workload: Workload
    container: Container

    def names(self, flag_name: str) -> tuple[str, ...]:
        """The names that a flag lists."""
        return tuple(each for each in (flag(self.container, flag_name) or "").split(",") if each)


def behaviour(workload: Workload, bundle: Bundle) -> ProxyBehaviour | None:
    """The behaviour of Contour's Envoys where the workload runs them; None where it does not."""
    container = _envoy(workload)
    if container is None:
        return None
    contours = _contours(workload, bundle)
    settings = (
        _settings(contours[0], bundle) if len(contours) == 1 else "which Contour tells it what to do is not known"
    )
    if isinstance(settings, str):
        return ProxyBehaviour(PRODUCT, (), complete=False, why_incomplete=settings)
    contour, place = contours[0], container.image.place
    front = _front(contour, settings, container)
    numbers = _ports(contour, settings)
    if isinstance(front, str) or None in numbers:
        why = front if isinstance(front, str) else "a placeholder stands for a port"
        return ProxyBehaviour(PRODUCT, (), complete=False, why_incomplete=why)
    passing = route("every HTTPProxy", place, front, tuple(_controls(contour, front, bundle)))
    reads = Reads.STRICTLY if front.reads_proxy_protocol else Reads.NOT
    at = front.at if front.reads_proxy_protocol else place
    listeners = (Listener(number, reads, at, (passing,), setting="`--use-proxy-protocol`") for number in numbers)
    return ProxyBehaviour(PRODUCT, tuple(listeners))


def _envoy(workload: Workload) -> Container | None:
    """The Envoy beside Contour's shutdown manager."""
    containers = workload.template.containers
    if not any("shutdown-manager" in each.arguments for each in containers):
        return None
    return next((each for each in containers if runs(each, _ENVOY)), None)


def _serving(workload: Workload) -> _Contour | None:
    """The Contour that a workload runs."""
    found = (each for each in workload.template.containers if runs(each, _CONTOUR) and "serve" in each.arguments)
    return next((_Contour(workload, each) for each in found), None)


def _contours(envoys: Workload, bundle: Bundle) -> list[_Contour]:
    """Those that may tell the Envoys what to do: in their namespace, and nearest to them."""
    found = [
        each
        for each in bundle.workloads
        if _serving(each)
        and same_namespace(envoys.object.namespace, each.object.namespace) is not Answer.NO
        and bundle.compatible(envoys.object, each.object)
    ]
    return [contour for each in nearest(envoys.object, found) if (contour := _serving(each))]


def _settings(contour: _Contour, bundle: Bundle) -> ContourSettings | str:
    """What its file or its ContourConfiguration says, or why that is not known."""
    named = flag(contour.container, "contour-config-name")
    if named:
        found = [
            each
            for each in bundle.of(ContourSettings)
            if each.object
            and each.object.name == named
            and same_namespace(contour.workload.object.namespace, each.object.namespace) is not Answer.NO
            and bundle.compatible(contour.workload.object, each.object)
        ]
        near = nearest(contour.workload.object, found)
        return near[0] if len(near) == 1 else f"ContourConfiguration {named} was not read"
    path = flag(contour.container, "config-path") or flag(contour.container, "c")
    if not path:
        return ContourSettings(None, None)
    file = mounted(contour.workload, contour.container, bundle).files.get(path)
    return (read_contour_file(file.place, file.text) if file else None) or f"its file {path} was not read"


def _front(contour: _Contour, settings: ContourSettings, container: Container) -> Front | str:
    hops = settings.trusted_hops.value if settings.trusted_hops else 0
    announced = settings.proxy_protocol
    reads = announced.value if announced else is_on(contour.container, "use-proxy-protocol")
    if not isinstance(hops, int) or not isinstance(reads, bool):
        return "a placeholder decides what stands in front of it"
    told = settings.trusted_hops if hops else announced
    by_default = contour.container.place.at("args") if reads else container.image.place
    front = Front(hops, reads, told.place if told else by_default)
    return front.why_unknown or front


def _ports(contour: _Contour, settings: ContourSettings) -> list[int | None]:
    """Where the Envoys serve clients; None for a port that is not known."""
    if settings.object:
        pairs = zip(settings.ports, _PORTS, strict=True)
        return [default if port is None else port if isinstance(port, int) else None for port, (_, default) in pairs]
    written = [flag(contour.container, name) or str(default) for name, default in _PORTS]
    return [int(each) if each.isdigit() else None for each in written]


def _controls(contour: _Contour, front: Front, bundle: Bundle) -> Iterator[Control]:
    """The lists of the HTTPProxies that it serves, each at its own place. A route's own list takes the place of its
    host's."""
    contours = [each for workload in bundle.workloads if (each := _serving(workload))]
    mine = [proxy for proxy in bundle.of(HttpProxy) if _is_served(proxy, contour, contours, bundle)]
    for proxy in mine:
        if not _is_reached(proxy, mine, ()):
            continue
        uses_host = bool(proxy.included) or None in proxy.routes
        for found in (proxy.host if uses_host else None, *proxy.routes):
            control = _control(found, front) if found else None
            if control:
                yield control


def _control(found: IpFilter, front: Front) -> Control | None:
    """A list as a control. One about who connects and about whom that speaks for is one only where both are alike."""
    is_alike = not front.proxies and not front.reads_proxy_protocol
    if None in found.of_peer or (len(found.of_peer) > 1 and not is_alike):
        return None
    keyed, name = (Keyed.ALLOW, "ipAllowPolicy") if found.allows else (Keyed.DENY, "ipDenyPolicy")
    return address_control(keyed, name, found.addresses, front, of_peer=found.of_peer == {True})


def _is_served(proxy: HttpProxy, contour: _Contour, contours: list[_Contour], bundle: Bundle) -> bool:
    """Does a Contour serve an HTTPProxy: of those that would the nearest, and no other as near?"""
    claiming = [
        each.workload
        for each in contours
        if _claims(each, proxy) and bundle.compatible(proxy.object, each.workload.object)
    ]
    return nearest(proxy.object, claiming) == [contour.workload]


def _claims(contour: _Contour, proxy: HttpProxy) -> bool:
    """Is an HTTPProxy of a class and in a namespace that a Contour looks at? Without a class of its own it takes those
    without one, too."""
    classes, watched = contour.names("ingress-class-name"), contour.names("watch-namespaces")
    roots = contour.names("root-namespaces") if proxy.is_root else ()
    of_class = proxy.class_name in (classes or ("", _CLASS))
    return of_class and all(not names or proxy.object.namespace in names for names in (watched, roots))


def _is_reached(proxy: HttpProxy, proxies: list[HttpProxy], seen: tuple[HttpProxy, ...]) -> bool:
    """Has an HTTPProxy a host, or does one that is reached go on in it? One that nobody includes serves nothing."""
    if proxy.is_root or proxy in seen:
        return proxy.is_root
    return any(_is_reached(each, proxies, (*seen, proxy)) for each in proxies if _includes(each, proxy))


def _includes(one: HttpProxy, other: HttpProxy) -> bool:
    return any(
        name == other.object.name and (namespace or one.object.namespace) == other.object.namespace
        for namespace, name in one.included
    )
