"""The `listen` directives of a server: which sockets they open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from srcip_lint.proxies.nginx.config import Directive, Level, is_filled_in

SETTING = "`proxy_protocol` at its `listen`"
"""What makes a listener read the PROXY protocol."""

MAX_PORTS = 100
"""How many ports of a range (`listen 8000-8100`) are told one by one."""

_LISTEN = re.compile(r"(?:(?P<address>\[[^\]]*\]|[^:\[\]]+):)?(?P<first>\d{1,5})(?:-(?P<last>\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Socket:
    """A socket, which servers share that name the same one. `port` is None where a placeholder stands for it; `address`
    is empty for every address of the `families`."""

    address: str
    port: int | None
    families: tuple[int, ...]
    protocol: str


def sockets(server: Directive, own: Level, *, is_stream: bool, default_port: int) -> Iterator[tuple[Directive, Socket]]:
    """The sockets of a server block, each with the directive that says so. Those of QUIC are left out: they are UDP."""
    listening = own.named("listen")
    if not listening and not is_stream:
        yield server, Socket("", default_port, (4,), "http")
    for listen in listening:
        flags = listen.arguments[1:]
        if listen.arguments and "quic" not in flags and not listen.arguments[0].startswith("unix:"):
            protocol = "http" if not is_stream else "udp" if "udp" in flags else "tcp"
            for address, port in _addresses(listen.arguments[0]):
                yield listen, _socket(address, port, protocol, is_dual="ipv6only=off" in flags)


def _addresses(text: str) -> Iterator[tuple[str, int | None]]:
    """The address and port of a `listen`; of a range each port."""
    match = _LISTEN.fullmatch(text)
    first = int(match["first"]) if match else 80
    last = int(match["last"] or first) if match else 80
    if is_filled_in(text) or last - first > MAX_PORTS:
        yield "", None
        return
    for port in range(first, last + 1):
        yield (match["address"] or "" if match else text), port


def _socket(address: str, port: int | None, protocol: str, *, is_dual: bool) -> Socket:
    if address in ("", "*", "0.0.0.0"):  # noqa: S104  (what a configuration says, not what this tool listens on)
        return Socket("", port, (4,), protocol)
    if address == "[::]":
        return Socket("", port, (4, 6) if is_dual else (6,), protocol)
    return Socket(address.strip("[]"), port, (6,) if address.startswith("[") else (4,), protocol)
