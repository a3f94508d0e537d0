"""The abstract domain: what is known of an address on its way from a client to a pod.

The state is kept as small as the rules allow. An address is an *atom*: not a number, but whose address it is. What a
process sees as its peer is a set of atoms, each with the condition under which it is the one, because some dataplanes
masquerade only when the pod stands on another node. A header is what its authors appended, in order, behind a part
that the client itself may have written. Every value carries the evidence and the assumptions it rests on; certainty is
a function of those.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar

from srcip_lint import networks
from srcip_lint.documents import Place
from srcip_lint.finding import ObjectRef

Network = networks.Network
T = TypeVar("T")


class Origin(Enum):
    """Who connects."""

    EXTERNAL = "a client outside the cluster"
    POD = "a pod"
    HOST_PROCESS = "a process on a node"


class Entry(Enum):
    """By which address of the cluster."""

    LOAD_BALANCER = "load balancer"
    NODE_PORT = "node port"
    EXTERNAL_IP = "external IP"
    HOST_NETWORK = "host network"
    HOST_PORT = "host port"
    CLUSTER_IP = "cluster IP"


class Whose(Enum):
    """Whose address it is. A node's may be one of its own or the pod network's gateway on it: masquerading takes the
    address of the outgoing interface (kubernetes `pkg/proxy/nftables/README.md`)."""

    CLIENT = "the client"
    NODE = "a node"
    BALANCER = "the load balancer"
    PROXY = "a proxy"
    POD = "the calling pod"
    LOOPBACK = "127.0.0.1"
    FORGED = "whatever the client wrote"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Atom:
    """An address, by its owner. `name` is the workload of the proxy that has it (one on the host's network has its
    node's), or why it is unknown."""

    whose: Whose
    name: str = ""

    def __str__(self) -> str:
        if self.whose is Whose.PROXY and self.name:
            return self.name
        return f"{self.whose.value} ({self.name})" if self.name else self.whose.value


CLIENT = Atom(Whose.CLIENT)
NODE = Atom(Whose.NODE)
BALANCER = Atom(Whose.BALANCER)
FORGED = Atom(Whose.FORGED)
LOOPBACK = Atom(Whose.LOOPBACK)


class When(Enum):
    """Under which placement of the pod an address is the one that is seen."""

    ALWAYS = "always"
    SAME_NODE = "when the pod is on the node that received the packet"
    OTHER_NODE = "when the pod is on another node"


Addresses = frozenset[tuple[Atom, When]]
"""What an observer may see: a mixture, each atom with its condition."""


def always(atom: Atom) -> Addresses:
    return frozenset({(atom, When.ALWAYS)})


def atoms(addresses: Addresses) -> frozenset[Atom]:
    """The atoms without their conditions."""
    return frozenset(atom for atom, _ in addresses)


def surely(addresses: Addresses, whose: Whose) -> bool:
    """Is it an address of that owner and of no other, wherever the pod stands or for one placement of it at least?"""
    return any({atom.whose for atom, when in addresses if when in (case, When.ALWAYS)} == {whose} for case in When)


def under_every_placement(addresses: Addresses, whose: Whose) -> bool:
    """Is it an address of that owner wherever the pod stands?"""
    return {atom.whose for atom, _ in addresses} == {whose}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something in the manifests, or in the configuration, that a value rests on. `at` is None where it was
    declared."""

    text: str
    at: Place | None = None
    object: ObjectRef | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """What a value rests on: evidence, and assumptions, each a sentence. Joining two values joins what they rest on."""

    evidence: tuple[Evidence, ...] = ()
    assumptions: tuple[str, ...] = ()

    def __add__(self, other: Basis) -> Basis:
        return Basis(_union(self.evidence, other.evidence), _union(self.assumptions, other.assumptions))

    @property
    def certain(self) -> bool:
        return not self.assumptions


@dataclass(frozen=True, slots=True)
class HeaderEntry:
    """One entry of a forwarding header: who appended it, and which addresses it may hold. `as_sent` says that it may be
    what the client wrote, word for word, and so no address at all."""

    author: str
    addresses: Addresses
    as_sent: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """A forwarding header as it arrives: first what the client may have written (`forgeable`), then the entries that
    proxies appended, oldest first. No entry and not forgeable means that the header is absent."""

    forgeable: bool = True
    entries: tuple[HeaderEntry, ...] = ()

    def append(self, entry: HeaderEntry) -> Header:
        """What `$proxy_add_x_forwarded_for` and its kin do: the client's own part stays in front."""
        return replace(self, entries=(*self.entries, entry))

    @property
    def absent(self) -> bool:
        return not self.forgeable and not self.entries


FORGEABLE = Header()
"""A header that nobody on the way has touched: whatever the client sent."""

FORWARDED_HEADERS = ("x-forwarded-for", "x-real-ip", "forwarded")
"""The headers that carry a client's address, in lower case."""

LISTS = ("x-forwarded-for", "forwarded")
"""Those of them that hold an entry for each proxy on the way."""

_INITIALS = frozenset({"ip", "cf", "id"})


def spelled(header: str) -> str:
    """A header's name as people write it: X-Forwarded-For, X-Real-IP. The PROXY protocol is called by its name."""
    if header == "proxy_protocol":
        return "the PROXY protocol"
    return "-".join(word.upper() if word in _INITIALS else word.capitalize() for word in header.split("-"))


class ProxyProtocol(Enum):
    """The PROXY protocol header on a connection. Nobody knows whether a client sends one, or what stands before the
    cluster and is not in these files."""

    ABSENT = "none"
    PRESENT = "sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class State:
    """What travels with a connection: the peer address the next process sees, the headers, the PROXY protocol."""

    peer: Addresses
    headers: tuple[tuple[str, Header], ...] = tuple((name, FORGEABLE) for name in FORWARDED_HEADERS)
    proxy_protocol: ProxyProtocol = ProxyProtocol.UNKNOWN
    announced: Addresses = frozenset()
    """The source address inside the PROXY protocol header, where there is one."""

    def header(self, name: str) -> Header:
        """The header of that name; one that nobody touched is the client's."""
        return dict(self.headers).get(name.lower(), FORGEABLE)

    def with_header(self, name: str, header: Header) -> State:
        """This state with one header replaced. Names are compared in lower case."""
        rest = tuple(pair for pair in self.headers if pair[0] != name.lower())
        return replace(self, headers=(*rest, (name.lower(), header)))


class Keyed(Enum):
    """What a control does with an address."""

    ALLOW = "allows"
    DENY = "denies"
    LIMIT = "limits"
    GEO = "looks up"


class Point(Enum):
    """Where on its way an address is looked at. They see different addresses: a node's filter stands before the
    masquerade."""

    NODE = "the node, before address translation"
    POD_POLICY = "the pod's network policy"
    LISTENER = "the proxy's listener"
    APPLICATION = "the application"


@dataclass(frozen=True, slots=True)
class Observation:
    """An address looked at: by what, where, and which addresses it may see. `header` is the header it is written into,
    `control` what is decided by it (an allow-list, a rate limit); one of the two is set."""

    point: Point
    what: str
    addresses: Addresses
    at: Place
    header: str = ""
    control: str = ""
    keyed: Keyed | None = None
    """What a proxy's control does with the address."""
    networks: tuple[Network, ...] = ()
    """The networks that the control names, where it names any."""
    names_more: bool = False
    """Does the control name networks that cannot be read?"""
    has_alternative: bool = False
    """Does something else admit whom the control refuses?"""
    of_header: bool = False
    """Does the control judge an entry of a header, whoever connects?"""
    exceptions: tuple[tuple[Network, Place], ...] = ()
    """The networks that it takes out of those again, each with its place."""
    basis: Basis = Basis()
    """What the addresses rest on beside what the peer's address does."""


@dataclass(frozen=True, slots=True)
class Belief:
    """A header that a proxy takes the client's address from, whoever connects, or only passes on (`is_passed_on`). `at`
    is where everybody is believed; `setting` is what tells whom to believe, by name, and `is_default` says that it is
    not there. `header_is_default` says that the header is not told either."""

    header: str
    at: Place
    leftmost: bool
    """Does it take the first of all entries, whatever proxies appended behind it?"""
    forged: bool
    """May what it takes be what the client wrote?"""
    setting: str = ""
    is_default: bool = False
    is_passed_on: bool = False
    header_is_default: bool = False


class Delivered(Enum):
    """Whether a packet reaches a pod."""

    YES = "delivered"
    MAYBE = "dropped on nodes without a ready pod"
    NO = "dropped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Listening:
    """A proxy's listener: where it is configured, whether it reads the PROXY protocol, and the setting that makes it do
    so, in the product's words (empty where none is known)."""

    at: Place
    reads: bool
    setting: str = ""
    assumed: str = ""
    """What has to be assumed for that."""
    hands_on: bool = False
    """Does it look at nothing that it carries, and so hand a PROXY protocol header that comes on, unread?"""


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a path: where it is, what it does to the address, and the state behind it."""

    kind: str
    name: str
    does: str
    state: State
    basis: Basis = Basis()
    at: Place | None = None
    object: ObjectRef | None = None
    delivered: Delivered = Delivered.YES
    observations: tuple[Observation, ...] = ()
    replaces: bool = False
    """Does it replace the peer's address whatever it was, so that what it was before no longer matters?"""
    takes: Addresses | None = None
    """What a proxy takes for the client's address; None for a hop that is no proxy, one whose behaviour is unknown, and
    one that answers nothing that comes by this way."""
    sending: Basis | None = None
    """What it rests on that the hop opens the connection with the PROXY protocol, or without; None where it opens none,
    or that is not known."""
    listener: Listening | None = None
    """The listener of a proxy that the connection comes to."""
    believes: tuple[Belief, ...] = ()
    """The headers that a proxy believes of whoever connects."""

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the hop rests on beyond the manifests, and what is observed at it."""
        total = self.basis
        for each in self.observations:
            total = total + each.basis
        return total.assumptions


@dataclass(frozen=True, slots=True)
class PathKey:
    """Which path it is. Protocol and address family belong to it: some dataplanes and load balancers treat them
    apart."""

    origin: Origin
    entry: Entry
    service: ObjectRef | None
    port: str
    protocol: str = "TCP"
    family: str = "any"


@dataclass(frozen=True, slots=True)
class SourcePath:
    """One way a packet can take, hop by hop."""

    key: PathKey
    hops: tuple[Hop, ...]

    @property
    def basis(self) -> Basis:
        """Everything that the path rests on."""
        total = Basis()
        for hop in self.hops:
            total = total + hop.basis
        return total

    @property
    def edge_proxy(self) -> Hop | None:
        """The first proxy of ours on the way, before any further Service; None where the first pod is none."""
        for hop in self.hops:
            if hop.kind == "service":
                return None
            if hop.kind == "proxy":
                return hop
        return None

    @property
    def edge_pod(self) -> Hop | None:
        """The first pod on the way."""
        return next((hop for hop in self.hops if hop.kind == "pod"), None)

    @property
    def has_http_front(self) -> bool:
        """Does an HTTP load balancer in front write the client's address into a header?"""
        return any(hop.kind == "load balancer" and hop.state.header("x-forwarded-for").entries for hop in self.hops)

    @property
    def has_overwriting_front(self) -> bool:
        """Does an HTTP load balancer in front replace what the client wrote into that header?"""
        return any(
            hop.kind == "load balancer" and not hop.state.header("x-forwarded-for").forgeable for hop in self.hops
        )

    def peer_basis(self, hop: Hop) -> Basis:
        """What the peer's address at one hop rests on: nothing before the last that replaced it whatever it was."""
        total = Basis()
        for each in self.hops:
            total = each.basis if each.replaces else total + each.basis
            if each is hop:
                break
        return total


def _union(one: Iterable[T], other: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*one, *other)))
