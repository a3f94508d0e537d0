"""nginx's real-ip algorithm over real addresses, written after its C code line by line, for tests to compare with.

It knows nothing of this project. Names are those of `ngx_http_realip_module.c` and `ngx_http_core_module.c`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

OK, DONE, DECLINED = "NGX_OK", "NGX_DONE", "NGX_DECLINED"


class Conf(NamedTuple):
    """`ngx_http_realip_loc_conf_t`: one scope, `from` being a word of Python."""

    type: str
    from_: Sequence[IPv4Network | IPv6Network]
    recursive: bool


class Request(NamedTuple):
    peer: str
    headers: Mapping[str, Sequence[str]]
    """Header lines by lower-case name, in the order they arrived."""
    proxy_protocol: str | None = None


def remote_addr(request: Request, scopes: Sequence[Conf]) -> str:
    """`ngx_http_realip_handler`, once for the server's scope and once for the location's."""
    for conf in scopes:
        if not conf.from_:
            continue
        xfwd: Sequence[str] | None = None
        value = None
        if conf.type == "proxy_protocol":
            if request.proxy_protocol is None:
                continue
            value = request.proxy_protocol
        else:
            lines = request.headers.get(conf.type, ())
            if not lines:
                continue
            xfwd, value = (lines, None) if conf.type == "x-forwarded-for" else (None, lines[0])
        rc, addr = _get_forwarded_addr(request.peer, xfwd, value, conf)
        if rc != DECLINED:
            return addr
    return request.peer


def _get_forwarded_addr(addr: str, headers: Sequence[str] | None, value: str | None, conf: Conf) -> tuple[str, str]:
    if headers is None:
        assert value is not None
        return _internal(addr, value, conf)
    rc, found = DECLINED, False
    for header in reversed(headers):
        rc, addr = _internal(addr, header, conf)
        if not conf.recursive:
            break
        if rc == DECLINED and found:
            rc = DONE
            break
        if rc != OK:
            break
        found = True
    return rc, addr


def _internal(addr: str, xff: str, conf: Conf) -> tuple[str, str]:
    if not _cidr_match(addr, conf.from_):
        return DECLINED, addr
    xff = xff.rstrip(" ,")
    p = max(xff.rfind(" "), xff.rfind(",")) + 1
    if not _parses(xff[p:]):
        return DECLINED, addr
    addr = xff[p:]
    if conf.recursive and p > 0:
        rc, further = _internal(addr, xff[: p - 1], conf)
        return (DONE, addr) if rc == DECLINED else (rc, further)
    return OK, addr


def _cidr_match(addr: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    parsed = ip_address(addr)
    for network in networks:
        if isinstance(network, IPv4Network) and isinstance(parsed, IPv4Address) and parsed in network:
            return True
        if isinstance(network, IPv6Network) and isinstance(parsed, IPv6Address) and parsed in network:
            return True
    return False


def _parses(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
