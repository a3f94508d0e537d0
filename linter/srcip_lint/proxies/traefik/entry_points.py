"""Traefik's entry points: where it listens, whom it believes there, and what stands on all that comes in.

Semantics: traefik/traefik `pkg/config/static/entrypoints.go`, `pkg/server/server_entrypoint_tcp.go`,
`cmd/traefik/traefik.go` (`getDefaultsEntrypoints`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network

from srcip_lint.documents import Place
from srcip_lint.proxies.behaviour import Trust
from srcip_lint.proxies.lists import trust_of
from srcip_lint.proxies.traefik.static import Setting, Static
from srcip_lint.resources.addresses import address_list
from srcip_lint.resources.fields import Unknown

INTERNAL = ("metrics", "traefik", "admin", "dashboard", "ping", "api")
"""By their names these serve Traefik's own pages, and not clients."""

_ADDRESS = re.compile(r"^(.*):(\d+)(?:/(tcp|udp))?$", re.IGNORECASE)
_EVERY_ADDRESS = re.compile(r"[0.]+|::|")
_EVERYBODY = (ip_network("0.0.0.0/0"), ip_network("::/0"))


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """An entry point. `host` is empty where it listens on every address, `port` None where a placeholder stands for
    the address; `believes` are those whose forwarding headers are kept, `proxy_protocol` those
    whose PROXY protocol is read, None where it is not read at all."""

    name: str
    port: int | None
    host: str
    is_udp: bool
    believes: Trust
    proxy_protocol: Trust | None
    appends: bool
    """Does it append to X-Forwarded-For?"""
    middlewares: tuple[Setting, ...]
    redirects: bool
    """Does it send every request elsewhere?"""
    as_default: bool
    """Is a router on it that names no entry point?"""


def entry_points(static: Static, image: Place) -> tuple[EntryPoint, ...] | str:
    """The entry points, or why they are not known. Without one there is `http` on port 80
    (`pkg/config/static/static_config.go`)."""
    names = _names(static)
    flagged = [static.is_on(f"entrypoints.{name}.asdefault") for name in names]
    found = [_entry_point(name, static, image, has_flagged=any(flagged)) for name in names]
    if not any(key.split(".")[1] != "traefik" for key in static.below("entrypoints")):
        trust = Trust((), at=image)
        found.append(EntryPoint("http", 80, "", False, trust, None, True, (), False, True))
    why = next((each for each in found if isinstance(each, str)), None)
    return why or tuple(each for each in found if isinstance(each, EntryPoint))


def _names(static: Static) -> list[str]:
    """The names, in lower case: an argument may be written in any (`flag/flagparser.go`). Without an address one gets a
    port that nobody knows."""
    names = dict.fromkeys(key.split(".")[1] for key in static.below("entrypoints"))
    return [name for name in names if static.text(f"entrypoints.{name}.address") != ""]


def _entry_point(name: str, static: Static, image: Place, *, has_flagged: bool) -> EntryPoint | str:
    path = f"entrypoints.{name}"
    address = static.text(f"{path}.address")
    match = _ADDRESS.match(address or "")
    if address is not None and match is None:
        return f"the address of its entry point {name} cannot be read"
    headers = f"{path}.forwardedheaders"
    flags = ("forwardedheaders.insecure", "proxyprotocol.insecure", "forwardedheaders.notappendxforwardedfor")
    if any(static.is_on(f"{path}.{flag}") is None for flag in (*flags, "asdefault")):
        return f"a setting of its entry point {name} is a placeholder"
    host = match[1].strip("[]") if match else ""
    reads = static.has(f"{path}.proxyprotocol")
    redirects = static.has(f"{path}.http.redirections.entrypoint")
    return EntryPoint(
        name,
        int(match[2]) if match else None,
        "" if _EVERY_ADDRESS.fullmatch(host) else host,
        bool(match and (match[3] or "").lower() == "udp"),
        _trust(static, headers, image),
        _trust(static, f"{path}.proxyprotocol", image) if reads else None,
        not static.is_on(f"{headers}.notappendxforwardedfor"),
        static.items(f"{path}.http.middlewares"),
        redirects and not static.has(f"{path}.http.redirections.entrypoint.priority"),
        name != "traefik" and (not has_flagged or static.is_on(f"{path}.asdefault") is True),
    )


def _trust(static: Static, path: str, image: Place) -> Trust:
    """`insecure` is everybody, else `trustedIPs`."""
    at = static.at(path) or image
    if static.is_on(f"{path}.insecure"):
        return Trust(_EVERYBODY, at=static.at(f"{path}.insecure") or at)
    items = static.items(f"{path}.trustedips")
    written = (Unknown("a placeholder") if each.value is None else each.value for each in items)
    return trust_of(address_list(written, static.at(f"{path}.trustedips") or at))
