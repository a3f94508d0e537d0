"""Traefik with its defaults: from a peer that it does not trust it deletes the X-Forwarded headers, and writes its own
(traefik/traefik `pkg/middlewares/forwardedheaders/forwarded_header.go`).

Where trust or the PROXY protocol is configured (arguments, environment, a mounted file) the behaviour is not known
here.
"""

from __future__ import annotations

import re

from srcip_lint.bundle import Bundle
from srcip_lint.proxies.behaviour import HeaderWrite, Listener, ProxyBehaviour, Reads, Route, Writes
from srcip_lint.resources.pods import Container
from srcip_lint.resources.workload import Workload

PRODUCT = "Traefik"
_IMAGE = re.compile(r"(^|/)(mirrored-library-)?traefik(:|@|$)")
_ENTRY_POINT = re.compile(r"^--entrypoints\.([^.]+)\.address=[^:]*:(\d+)(/udp)?", re.IGNORECASE)
_CONFIGURED = re.compile(r"forwardedheaders|proxyprotocol|^--configfile", re.IGNORECASE)
_NOT_PROXIES = ("metrics", "traefik", "admin", "dashboard", "ping", "api")


def behaviour(workload: Workload, _bundle: Bundle) -> ProxyBehaviour | None:
    """Traefik's behaviour where the workload runs it; None where it does not."""
    container = next((each for each in workload.template.containers if runs(each)), None)
    if container is None:
        return None
    if _is_configured(container):
        return ProxyBehaviour(PRODUCT, (), complete=False, why_incomplete="its trust settings are not read yet")
    place = container.image.place
    writes = tuple(HeaderWrite(header, Writes.REPLACES, place) for header in ("x-forwarded-for", "x-real-ip"))
    route = Route("every router", place, (), writes)
    listeners = tuple(Listener(number, Reads.NOT, place, (route,)) for number in _ports(container))
    return ProxyBehaviour(PRODUCT, listeners)


def runs(container: Container) -> bool:
    """Is it Traefik's image?"""
    return isinstance(container.image.value, str) and bool(_IMAGE.search(container.image.value))


def _is_configured(container: Container) -> bool:
    in_environment = any(name.upper().startswith("TRAEFIK_") for name, _ in container.environment)
    in_file = any("/etc/traefik" in mount.path for mount in container.mounts)
    return in_environment or in_file or any(_CONFIGURED.search(argument) for argument in container.arguments)


def _ports(container: Container) -> list[int]:
    """The entry points that serve clients over TCP."""
    matches = [_ENTRY_POINT.match(argument) for argument in container.arguments]
    return [int(match[2]) for match in matches if match and not match[3] and match[1].lower() not in _NOT_PROXIES]
