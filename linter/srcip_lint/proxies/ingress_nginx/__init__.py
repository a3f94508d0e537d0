"""ingress-nginx: what its template makes of the ConfigMap that its controller names, and of the Ingresses that it
serves.

It always writes `real_ip_recursive on`, trusts `0.0.0.0/0` unless told otherwise, and replaces X-Forwarded-For and
X-Real-IP with the address it took for the client's (kubernetes/ingress-nginx `rootfs/etc/nginx/template/nginx.tmpl`,
`docs/user-guide/nginx-configuration/configmap.md`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network

from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.proxies.behaviour import HeaderWrite, Listener, ProxyBehaviour, Reads, RealIp, Route, Trust, Writes
from srcip_lint.proxies.classes import ServedClass, served
from srcip_lint.proxies.flags import TRUE, flag, is_on
from srcip_lint.proxies.images import running
from srcip_lint.proxies.ingress_nginx.controls import controls
from srcip_lint.proxies.ingress_nginx.streams import streams
from srcip_lint.proxies.lists import trust_of
from srcip_lint.resources.addresses import comma_separated
from srcip_lint.resources.cluster import ConfigMap
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.objects import Object
from srcip_lint.resources.pods import Container
from srcip_lint.resources.workload import Workload

PRODUCT = "ingress-nginx"
_IMAGE = re.compile(
    r"(^|/)ingress-nginx/controller(-chroot)?(:|@|$)|(^|/)nginx-ingress-controller(-[a-z0-9_]+)?(:|@|$)"
)
_OLD = re.compile(r":(nginx-)?0\.(\d|1\d|2[01])\.")
"""The tags of before 0.22.0, which believed everybody's X-Forwarded-For unless told otherwise (`Changelog.md`)."""

_CONTROLLER = "k8s.io/ingress-nginx"
_CLASS = "nginx"
_TEMPLATE = "/etc/nginx/template"
_READS = "use-proxy-protocol"
_VARIABLES = ("limit-conn-zone-variable",)
"""Keys whose value is a variable of nginx, and no placeholder."""
_DECISIVE = (
    "use-forwarded-headers",
    "enable-real-ip",
    _READS,
    "proxy-real-ip-cidr",
    "forwarded-for-header",
)
_PORTS = (("http-port", 80), ("https-port", 443))

_BELIEVING = ("use-forwarded-headers", "enable-real-ip")
"""Its own keys by which it believes a header."""

_TRUSTED = "proxy-real-ip-cidr"
_TAG = re.compile(r":v?(\d{1,3})\.(\d{1,3})\.")
_BY_BOTH = (1, 13)
"""The version since which a forwarded header goes before the PROXY protocol, where that protocol tells of somebody who
is trusted (`nginx.tmpl`, kubernetes/ingress-nginx#12768). Before it, only that protocol counted."""

Settings = Mapping[str, Located[str]]
"""The keys of its ConfigMap."""


def behaviour(workload: Workload, bundle: Bundle) -> ProxyBehaviour | None:
    """The controller's behaviour where the workload runs one; None where it does not."""
    container = running(workload, _IMAGE)
    if container is None:
        return None
    settings = _settings(workload, container, bundle)
    if isinstance(settings, str):
        return ProxyBehaviour(PRODUCT, (), complete=False, why_incomplete=settings)
    settings = _with_defaults(settings, container)
    by_both = _by_both(settings, _version(container))
    if by_both is None:
        why = "its version decides whether the PROXY protocol or a header counts, and is not known"
        return ProxyBehaviour(PRODUCT, (), complete=False, why_incomplete=why)
    prefix = flag(container, "annotations-prefix") or "nginx.ingress.kubernetes.io"
    ingresses = tuple(served(workload, _serves, bundle))
    route = Route(
        "every Ingress",
        container.image.place,
        tuple(_real_ip(settings, by_both=by_both)),
        tuple(HeaderWrite(name, Writes.REPLACES, container.image.place) for name in ("x-forwarded-for", "x-real-ip")),
        tuple(controls(settings, ingresses, prefix)),
    )
    reads = Reads.STRICTLY if _is_on(settings, _READS) else Reads.NOT
    at = _listens_at(workload, container, settings, bundle)
    ports = _ports(container)
    listeners = tuple(Listener(number, reads, at, (route,), setting=f"`{_READS}`") for number in ports)
    return ProxyBehaviour(PRODUCT, (*listeners, *streams(workload, container, bundle, ports)))


def _listens_at(workload: Workload, container: Container, settings: Settings, bundle: Bundle) -> Place:
    """Where it is said, or would be, whether it reads the PROXY protocol."""
    if _READS in settings:
        return settings[_READS].place
    config = _config_map(workload, container, bundle)
    return config.object.place.at("kind") if config else container.image.place


def unplaced(bundle: Bundle) -> Iterator[tuple[Object, RealIp]]:
    """The ConfigMaps that say whom a controller believes, where no controller was read that could be meant."""
    for config in bundle.config_maps:
        controllers = (each for each in bundle.workloads if running(each, _IMAGE))
        is_meant = any(key in config.data for key in _BELIEVING)
        if not is_meant or any(bundle.compatible(config.object, each.object) for each in controllers):
            continue
        settings = _read(config)
        found = [] if isinstance(settings, str) else _real_ip(settings, by_both=False)
        yield from ((config.object, real_ip) for real_ip in found)


def _serves(workload: Workload) -> ServedClass | None:
    """Which Ingresses it takes for its own (`docs/user-guide/cli-arguments.md`)."""
    container = running(workload, _IMAGE)
    if container is None:
        return None
    watched = flag(container, "watch-namespace")
    namespace = workload.object.namespace if watched and watched.startswith("$(") else watched
    return ServedClass(
        controller=flag(container, "controller-class") or _CONTROLLER,
        words=(flag(container, "ingress-class") or _CLASS,),
        without_class=is_on(container, "watch-ingress-without-class"),
        by_name=is_on(container, "ingress-class-by-name"),
        namespaces=(namespace,) if namespace else (),
    )


def _settings(workload: Workload, container: Container, bundle: Bundle) -> Settings | str:
    """What its ConfigMap says, or why that is not known."""
    config = _config_map(workload, container, bundle)
    if _named(container) and config is None:
        return f"its ConfigMap {_named(container)} was not read"
    if any(mount.path.startswith(_TEMPLATE) for mount in container.mounts):
        return "it has a template of its own"
    return _read(config) if config else {}


def _read(config: ConfigMap) -> Settings | str:
    """What a ConfigMap says, or why that is not known."""
    unread = next(
        (key for key in _DECISIVE if key in config.data and isinstance(config.data[key].value, Unknown)), None
    )
    if unread:
        return f"{unread} of its ConfigMap is a placeholder"
    changing = next((key for key, file in config.files.items() if _changes_trust(key, str(file.value))), None)
    if changing:
        return f"{changing} of its ConfigMap changes whom it believes"
    written = {**config.data, **{key: config.files[key] for key in _VARIABLES if key in config.files}}
    return {
        key: Located(found.value, found.place) for key, found in written.items() if not isinstance(found.value, Unknown)
    }


def _changes_trust(key: str, written: str) -> bool:
    return key.endswith("-snippet") and "real_ip" in written


def _named(container: Container) -> str:
    """The name of its ConfigMap, whose namespace is mostly a variable. Before 0.9 the flag had another name."""
    return (flag(container, "configmap") or flag(container, "nginx-configmap") or "").rpartition("/")[2]


def _config_map(workload: Workload, container: Container, bundle: Bundle) -> ConfigMap | None:
    return bundle.config_map(workload.object, _named(container)) if _named(container) else None


def _is_on(settings: Settings, key: str) -> bool:
    return key in settings and settings[key].value in TRUE


def _with_defaults(settings: Settings, container: Container) -> Settings:
    """The settings, with the one whose default was another one once."""
    if "use-forwarded-headers" in settings or not _OLD.search(str(container.image.value)):
        return settings
    return {**settings, "use-forwarded-headers": Located("true", container.image.place, written=False)}


def _real_ip(settings: Settings, *, by_both: bool) -> list[RealIp]:
    """From whom it takes the client's address: with the default trust, from everybody."""
    trusted = settings.get(_TRUSTED)
    everybody = Trust((ip_network("0.0.0.0/0"),), setting=_TRUSTED)
    trust = trust_of(comma_separated(trusted), _TRUSTED) if trusted else everybody
    named = settings.get("forwarded-for-header")
    header = named.value.lower() if named else "x-forwarded-for"
    is_announced = _is_on(settings, _READS)
    believing = _BELIEVING if by_both or not is_announced else ()
    key = next((key for key in believing if _is_on(settings, key)), None)
    found = [RealIp(header, trust, True, settings[key].place, settings[key].written)] if key else []
    if is_announced:
        found.append(RealIp("proxy_protocol", trust, recursive=True, at=settings[_READS].place))
    return found


def _by_both(settings: Settings, version: tuple[int, int] | None) -> bool | None:
    """Where it reads the PROXY protocol and forwarded headers: do the headers of whom that protocol tells count, and
    not only that protocol? None where the version is not known."""
    if not (_is_on(settings, _READS) and _is_on(settings, "use-forwarded-headers")):
        return False
    return version >= _BY_BOTH if version else None


def _version(container: Container) -> tuple[int, int] | None:
    tag = _TAG.search(str(container.image.value))
    return (int(tag[1]), int(tag[2])) if tag else None


def _ports(container: Container) -> list[int]:
    """The ports that it serves HTTP on."""
    numbers = [flag(container, name) or str(default) for name, default in _PORTS]
    return [int(number) for number in numbers if number.isdigit()]
