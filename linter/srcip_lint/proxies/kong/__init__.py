"""Kong: an nginx that its environment configures, and plugins that decide by address.

It believes X-Real-IP unless told another header, from nobody unless told whom, and takes one entry of it unless told to
look further (Kong/kong `kong.conf.default`, `kong/templates/nginx_kong.lua`). To X-Forwarded-For it appends the peer
from before any replacement, where the client sent one, and else what it took for the client's address
(`kong/runloop/handler.lua`); X-Real-IP it replaces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from srcip_lint.bundle import Bundle
from srcip_lint.proxies.behaviour import HeaderWrite, Listener, ProxyBehaviour, Reads, RealIp, Route, Trust, Writes
from srcip_lint.proxies.images import runs
from srcip_lint.proxies.kong.controls import controls
from srcip_lint.resources.addresses import comma_separated
from srcip_lint.resources.fields import Located
from srcip_lint.resources.pods import Container
from srcip_lint.resources.workload import Workload

PRODUCT = "Kong"
_IMAGE = re.compile(r"(^|/)kong(-gateway|-gateway-dev|-enterprise-edition)?(:|@|$)")
_LISTEN = ":8000, :8443 ssl"
_READS = "`proxy_protocol` in KONG_PROXY_LISTEN"
"""Where it listens by default: on every address."""

_ENTRY = re.compile(r"(?:0\.0\.0\.0|\[::\]|(\S*)):(\d+)(?:\s+(.*))?")
_OTHER_WAYS = re.compile(r"KONG_(NGINX_.*(REAL_IP|INCLUDE)|NGINX_CONF|PREFIX_CONF)")
_CONFIGURATION = "/etc/kong"
_TRUSTED = "KONG_TRUSTED_IPS"

Environment = Mapping[str, str | None]


def behaviour(workload: Workload, bundle: Bundle) -> ProxyBehaviour | None:
    """Kong's behaviour where the workload runs it; None where it does not."""
    container = next((each for each in workload.template.containers if _serves_clients(each)), None)
    if container is None:
        return None
    variables = dict(container.environment)
    why = _why_unknown(container, variables)
    if why:
        return ProxyBehaviour(PRODUCT, (), complete=False, why_incomplete=why)
    place = container.image.place
    real_ip = _real_ip(container, variables)
    forwarded = Writes.UNKNOWN if real_ip else Writes.APPENDS
    writes = (HeaderWrite("x-forwarded-for", forwarded, place), HeaderWrite("x-real-ip", Writes.REPLACES, place))
    found = tuple(controls(workload, bundle, _is_kong))
    route = Route("every route", place, real_ip, writes, found)
    return ProxyBehaviour(PRODUCT, tuple(_listeners(variables, route)))


def _serves_clients(container: Container) -> bool:
    """Is it Kong's image, and not run for its database's migrations?"""
    return runs(container, _IMAGE) and not any("migrations" in word for word in container.arguments)


def _is_kong(workload: Workload) -> bool:
    return any(_serves_clients(each) for each in workload.template.containers)


def _why_unknown(container: Container, variables: Environment) -> str:
    """Why its configuration is not known as a whole; empty where it is."""
    if container.has_more_variables:
        return "its environment is elsewhere too"
    if any(mount.path.startswith(_CONFIGURATION) for mount in container.mounts):
        return "it has a configuration file of its own"
    if any(word.startswith(("--nginx-conf", "--conf", "-c")) for word in container.arguments):
        return "its command names a configuration"
    names = [name for name in variables if _OTHER_WAYS.match(name) and name not in _aliases()]
    decisive = (_TRUSTED, "KONG_PROXY_LISTEN", *_aliases())
    unread = [name for name in decisive if name in variables and variables[name] is None]
    return f"{(names or unread)[0]} decides" if names or unread else ""


def _aliases() -> tuple[str, ...]:
    return tuple(f"KONG_{prefix}REAL_IP_{what}" for prefix in ("", "NGINX_PROXY_") for what in ("HEADER", "RECURSIVE"))


def _real_ip(container: Container, variables: Environment) -> tuple[RealIp, ...]:
    """Whom it believes; nobody without trusted addresses."""
    places = [index for index, (name, _) in enumerate(container.environment) if name == _TRUSTED]
    at = container.place.at("env", *places[-1:])
    trusted = ",".join(part for part in (variables.get(_TRUSTED) or "").split(",") if "unix:" not in part)
    listed = comma_separated(Located(trusted, at))
    if not listed.networks:
        return ()
    header = (_either(variables, "HEADER") or "X-Real-IP").lower()
    recursive = (_either(variables, "RECURSIVE") or "off").lower() in ("on", "true")
    trust = Trust(listed.networks, unreadable=listed.refused, at=at, setting=_TRUSTED)
    return (RealIp(header, trust, recursive, at, source_written=_either(variables, "HEADER") is not None),)


def _either(variables: Environment, what: str) -> str | None:
    return variables.get(f"KONG_REAL_IP_{what}") or variables.get(f"KONG_NGINX_PROXY_REAL_IP_{what}")


def _listeners(variables: Environment, route: Route) -> list[Listener]:
    """Where it serves clients, by `proxy_listen`."""
    found = []
    for entry in (variables.get("KONG_PROXY_LISTEN") or _LISTEN).split(","):
        match = _ENTRY.fullmatch(entry.strip())
        if match:
            reads = Reads.STRICTLY if "proxy_protocol" in (match[3] or "").split() else Reads.NOT
            found.append(Listener(int(match[2]), reads, route.at, (route,), match[1] or "", setting=_READS))
    return found
