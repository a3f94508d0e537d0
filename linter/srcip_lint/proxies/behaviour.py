"""What a proxy does with the client's address, whatever the product.

A product is an adapter: from the configuration objects of a workload to a `ProxyBehaviour`. Adding one touches no rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, collapse_addresses

from srcip_lint.documents import Place
from srcip_lint.path.hops import Basis, Keyed, Network


class Reads(Enum):
    """How a listener treats the PROXY protocol: not at all, strictly (it closes a connection without it), or where it
    comes."""

    NOT = "not"
    STRICTLY = "strictly"
    TOLERANTLY = "tolerantly"


class Writes(Enum):
    """What a proxy puts into a header before it sends a request on."""

    REPLACES = "replaces it with the peer"
    APPENDS = "appends the peer"
    PASSES = "passes on what the client sent"
    IF_ABSENT = "passes on what the client sent, and writes the peer where it sent nothing"
    CLEARS = "removes it"
    PROXY_PROTOCOL = "replaces it with the address from the PROXY protocol"
    UNKNOWN = "writes something that cannot be told"


@dataclass(frozen=True, slots=True)
class HeaderWrite:
    """One header a proxy writes. `header` is in lower case."""

    header: str
    writes: Writes
    at: Place
    peer_is_original: bool = False
    """Is the peer the one from before any real-ip replacement (nginx `$realip_remote_addr`)?"""
    copied_from: str = ""
    """The header, in lower case, whose value is passed on or appended to, where that is another one."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom a proxy believes. `unreadable` says that an entry could not be read (a placeholder, a host name); `at` is
    the entry to look at, the one that covers most, None where no list is written."""

    networks: tuple[Network, ...]
    unreadable: bool = False
    at: Place | None = None
    setting: str = ""
    """What the list is called where it is written."""

    def joined(self, family: int) -> tuple[Network, ...]:
        """The networks of one family (4 or 6), neighbours joined: a network inside several of them is inside one."""
        if family == 4:
            return tuple(collapse_addresses(network for network in self.networks if isinstance(network, IPv4Network)))
        return tuple(collapse_addresses(network for network in self.networks if isinstance(network, IPv6Network)))

    def covers_all(self, family: int) -> bool:
        """Do the networks cover every address of a family, in one entry or in several?"""
        return any(network.prefixlen == 0 for network in self.joined(family))

    @property
    def everyone(self) -> bool:
        """Do the networks cover all of IPv4 or all of IPv6?"""
        return self.covers_all(4) or self.covers_all(6)


@dataclass(frozen=True, slots=True)
class RealIp:
    """A proxy's replacement of its peer's address. `source` is a header in lower case, or `proxy_protocol`.

    It is told even where it can do nothing: without a network to trust (`trust.networks` is empty), or from the PROXY
    protocol on a listener that does not read it.
    """

    source: str
    trust: Trust
    recursive: bool
    at: Place
    source_written: bool = True
    """Is the source written, and not the product's default?"""
    counted: bool = False
    """Does a number of proxies that are told to stand in front decide which entry is taken? Then everybody is among the
    trusted, and that is no list to narrow."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of X-Forwarded-For that a control judges, and not the address that the proxy takes for the client's: the
    one at `depth`, counted from the right (the last is 1); without a depth the rightmost that is not `passed_over`."""

    depth: int = 0
    passed_over: Trust = Trust(())


@dataclass(frozen=True, slots=True)
class Control:
    """Something keyed on an address: an allow-list, a deny-list, a rate limit, a look-up. `networks` are those that an
    allow- or deny-list names, `unreadable` says that it names more."""

    keyed: Keyed
    name: str
    at: Place
    networks: tuple[Network, ...] = ()
    unreadable: bool = False
    has_alternative: bool = False
    """Does something else admit whom this refuses (nginx `satisfy any` with a password)?"""
    basis: Basis = field(default_factory=Basis)
    """What it rests on that the control holds here (which controller serves an Ingress)."""
    entry: Entry | None = None
    """The entry of a header that it judges; None where it judges the address that the route takes for the client's."""
    judges_peer: bool = False
    """Does it judge the peer, after the PROXY protocol but before any header replacement?"""


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a proxy sends a request: a host as it is written (a Service's name, mostly), and a port."""

    host: str
    port: int | None
    at: Place


@dataclass(frozen=True, slots=True)
class Route:
    """One way through a proxy (an nginx location): what it believes, writes, checks and where it sends. Several servers
    of an upstream are several routes; `upstream` is None where it sends nowhere, or somewhere that cannot be told.

    `real_ip` are the replacements in the order they are tried, a later one only where those before it declined.
    """

    name: str
    at: Place
    real_ip: tuple[RealIp, ...] = ()
    writes: tuple[HeaderWrite, ...] = ()
    """One for each forwarding header, where requests are sent on over HTTP; else none."""
    controls: tuple[Control, ...] = ()
    upstream: Upstream | None = None
    sends_proxy_protocol: bool = False
    keeps: Trust | None = None
    """Whose forwarding headers it keeps: when another one connects, it removes those that it `writes` before anything
    else. None where it keeps whatever comes. Such a proxy judges who connects, and tells what it kept."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that a proxy listens on, with its routes. `port` is None where a placeholder stands for it; `address` is
    empty where it is any address of the `families` (4, 6); `protocol` is `http`, or `tcp` or `udp` where it proxies
    those without looking inside."""

    port: int | None
    proxy_protocol: Reads
    at: Place
    routes: tuple[Route, ...]
    address: str = ""
    families: tuple[int, ...] = (4, 6)
    protocol: str = "http"
    uses_announced: bool = False
    """Is the address from the PROXY protocol used for anything else than a replacement or a header (a log, a map)?"""
    setting: str = ""
    """What makes it read the PROXY protocol, in the product's words, for a message."""
    assumed: str = ""
    """What has to be assumed for it to read the PROXY protocol as told, and not otherwise."""


@dataclass(frozen=True, slots=True)
class ProxyBehaviour:
    """A workload's proxy. `complete` is false where part of its configuration was not read (an include, a placeholder,
    a file that is not mounted from the bundle), so that absence in it proves nothing.

    Of several listeners on one port those that listen on every address come first.
    """

    product: str
    listeners: tuple[Listener, ...]
    complete: bool = True
    why_incomplete: str = ""
    basis: Basis = field(default_factory=Basis)
    """What it rests on that the proxy behaves so, beyond what was read."""
