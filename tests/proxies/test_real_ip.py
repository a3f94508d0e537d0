"""nginx's real-ip replacement over owners of addresses, against the same algorithm over addresses."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nginx_realip import Conf, Request, remote_addr
from srcip_lint.documents import Document, Place
from srcip_lint.environment import Environment
from srcip_lint.path.hops import (
    BALANCER,
    CLIENT,
    FORGED,
    LOOPBACK,
    NODE,
    Addresses,
    Atom,
    Header,
    HeaderEntry,
    Network,
    ProxyProtocol,
    State,
    When,
    Whose,
    always,
    atoms,
)
from srcip_lint.proxies.behaviour import RealIp, Trust
from srcip_lint.proxies.real_ip import Membership, resolve, undecided
from srcip_lint.resources.selectors import Answer
from srcip_lint.sources import Source

HERE = Place(Document(Source("a.yaml", b""), 0, 0, "", None))
XFF = "x-forwarded-for"
PROXY = Atom(Whose.PROXY, "Deployment web")
POD = Atom(Whose.POD)
UNKNOWN = Atom(Whose.UNKNOWN, "the dataplane is not known")
EVERYONE = ("0.0.0.0/0",)
NODES, PODS = ("192.168.1.0/24",), ("10.244.0.0/16",)
CLUSTER = Environment(node_cidrs=NODES, pod_cidrs=PODS)


def real_ip(*networks: str, source: str = XFF, recursive: bool = True, unreadable: bool = False) -> RealIp:
    trust = Trust(tuple(ip_network(network) for network in networks), unreadable)
    return RealIp(source, trust, recursive, HERE)


def state(peer: Atom | Addresses, *entries: Atom, forgeable: bool = True, header: str = XFF) -> State:
    peers = always(peer) if isinstance(peer, Atom) else peer
    written = Header(forgeable, tuple(HeaderEntry("a proxy", always(entry)) for entry in entries))
    return State(peers).with_header(header, written)


def seen(given: State, *real_ips: RealIp, environment: Environment = CLUSTER) -> set[Atom]:
    return set(atoms(resolve(given, real_ips, Membership.of(environment))))


TABLE = {
    "no set_real_ip_from: it declines": (state(NODE), [real_ip()], {NODE}),
    "the peer is not trusted": (state(NODE, CLIENT), [real_ip("10.0.0.0/24")], {NODE}),
    "not recursive: the rightmost": (state(NODE, CLIENT, PROXY), [real_ip(*EVERYONE, recursive=False)], {PROXY}),
    "recursive: the first not trusted from the right": (
        state(PROXY, NODE, LOOPBACK, POD, forgeable=False),
        [real_ip(*PODS)],
        {LOOPBACK},
    ),
    "recursive, all trusted: what the client wrote, if it did": (
        state(NODE, CLIENT),
        [real_ip(*EVERYONE)],
        {FORGED, CLIENT},
    ),
    "recursive, all trusted, nothing forged: the leftmost": (
        state(NODE, CLIENT, PROXY, forgeable=False),
        [real_ip("0.0.0.0/1", "128.0.0.0/1")],
        {CLIENT},
    ),
    "an untouched header is the client's": (state(NODE), [real_ip(*EVERYONE)], {FORGED, NODE}),
    "an absent header": (state(NODE, forgeable=False), [real_ip(*EVERYONE)], {NODE}),
    "::/0 alone trusts no IPv4 node": (state(NODE, CLIENT), [real_ip("::/0")], {NODE}),
    "a client may be in a list of networks": (state(CLIENT), [real_ip("203.0.113.0/24")], {CLIENT, FORGED}),
    "a host name in the list": (
        state(NODE, LOOPBACK),
        [real_ip("10.0.0.0/24", unreadable=True)],
        {NODE, LOOPBACK, FORGED},
    ),
    "loopback": (state(LOOPBACK, NODE), [real_ip("127.0.0.0/8")], {NODE}),
    "server first": (
        state(NODE, CLIENT, forgeable=False),
        [real_ip(*NODES, *PODS, recursive=False), real_ip(*EVERYONE, source="x-real-ip")],
        {CLIENT},
    ),
    "location where the server declines": (
        state(NODE, CLIENT, forgeable=False),
        [real_ip("10.0.0.0/24"), real_ip(*EVERYONE)],
        {CLIENT},
    ),
    "X-Real-IP has one value": (
        state(NODE, CLIENT, forgeable=False, header="x-real-ip"),
        [real_ip(*EVERYONE, source="x-real-ip")],
        {CLIENT},
    ),
    "X-Real-IP of the client stands before an appended one": (
        state(NODE, CLIENT, header="x-real-ip"),
        [real_ip(*EVERYONE, source="x-real-ip")],
        {CLIENT, FORGED, NODE},  # the node, where the client wrote no address
    ),
    "an unknown entry may be no address": (
        state(NODE, CLIENT, UNKNOWN, forgeable=False),
        [real_ip(*EVERYONE)],
        {CLIENT, NODE},
    ),
    "an unknown entry on the way may be no address": (
        state(NODE, CLIENT, UNKNOWN, PROXY, forgeable=False),
        [real_ip(*EVERYONE)],
        {CLIENT, PROXY},
    ),
    "of several lines of X-Real-IP the first": (
        state(NODE, CLIENT, PROXY, forgeable=False, header="x-real-ip"),
        [real_ip(*EVERYONE, source="x-real-ip")],
        {CLIENT},
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_walks(case: str) -> None:
    given_state, real_ips, expected = TABLE[case]
    assert seen(given_state, *real_ips) == expected


@pytest.mark.parametrize(
    ("protocol", "announced", "expected"),
    [
        (ProxyProtocol.PRESENT, always(CLIENT), {CLIENT}),
        (ProxyProtocol.UNKNOWN, always(CLIENT), {CLIENT, BALANCER}),
        (ProxyProtocol.ABSENT, always(CLIENT), {BALANCER}),
        (ProxyProtocol.PRESENT, frozenset(), {BALANCER}),  # a listener that does not read it
    ],
    ids=["sent", "perhaps sent", "not sent", "not read"],
)
def test_the_address_of_the_proxy_protocol(protocol: ProxyProtocol, announced: Addresses, expected: set[Atom]) -> None:
    given_state = State(always(BALANCER), proxy_protocol=protocol, announced=announced)
    assert seen(given_state, real_ip(*EVERYONE, source="proxy_protocol")) == expected


MIXTURE: Addresses = frozenset({(CLIENT, When.SAME_NODE), (NODE, When.OTHER_NODE)})


def test_a_mixture_keeps_its_conditions() -> None:
    peers = resolve(state(MIXTURE, forgeable=False), [real_ip(*EVERYONE)], Membership())
    assert peers == MIXTURE
    entry = Header(forgeable=False, entries=(HeaderEntry("a proxy", MIXTURE),))
    behind_proxy = State(always(PROXY)).with_header(XFF, entry)
    assert resolve(behind_proxy, [real_ip(*EVERYONE)], Membership()) == MIXTURE
    both = State(frozenset({(NODE, When.OTHER_NODE)})).with_header(XFF, entry)
    assert resolve(both, [real_ip(*EVERYONE)], Membership()) == {(CLIENT, When.ALWAYS), (NODE, When.OTHER_NODE)}


@pytest.mark.parametrize(
    ("atom", "trusted", "environment", "expected"),
    [
        (NODE, ("192.168.0.0/16", "10.0.0.0/8"), CLUSTER, Answer.YES),
        (NODE, ("192.168.0.0/16",), CLUSTER, Answer.UNKNOWN),  # the pod network's gateway is not in it
        (NODE, ("192.168.0.0/16", "10.0.0.0/8"), Environment(node_cidrs=NODES), Answer.UNKNOWN),
        (NODE, ("172.16.0.0/12",), CLUSTER, Answer.NO),
        (NODE, ("10.0.0.0/8",), Environment(node_cidrs=("fd00::/8",), pod_cidrs=PODS), Answer.UNKNOWN),
        (POD, ("10.244.0.0/17", "10.244.128.0/17"), CLUSTER, Answer.YES),
        (PROXY, ("10.244.0.0/17",), CLUSTER, Answer.UNKNOWN),
        (POD, ("10.0.0.0/8",), Environment(), Answer.UNKNOWN),
        (POD, ("0.0.0.0/0",), Environment(pod_cidrs=("no network",)), Answer.YES),
        (POD, ("10.244.0.0/16",), Environment(pod_cidrs=("no network", "10.244.0.0/16")), Answer.UNKNOWN),
        (CLIENT, ("0.0.0.0/1", "128.0.0.0/1"), CLUSTER, Answer.YES),
        (CLIENT, ("10.0.0.0/8",), CLUSTER, Answer.UNKNOWN),
        (CLIENT, (), CLUSTER, Answer.NO),
        (CLIENT, ("10.244.0.0/17", "10.244.128.0/17"), CLUSTER, Answer.NO),  # no client has a pod's address
        (CLIENT, ("10.244.0.0/16", "192.168.1.0/24"), CLUSTER, Answer.UNKNOWN),  # one may be beside the nodes
        (CLIENT, ("10.244.0.0/16",), Environment(), Answer.UNKNOWN),
        (LOOPBACK, ("127.0.0.1/32",), CLUSTER, Answer.YES),
        (LOOPBACK, ("10.0.0.0/8",), CLUSTER, Answer.NO),
        (BALANCER, ("10.0.0.0/8",), CLUSTER, Answer.UNKNOWN),
    ],
)
def test_membership(atom: Atom, trusted: tuple[str, ...], environment: Environment, expected: Answer) -> None:
    assert Membership.of(environment)(atom, real_ip(*trusted).trust) is expected


def test_what_could_not_be_told_is_named() -> None:
    assert undecided(state(CLIENT), [real_ip("10.0.0.0/8")], Membership()) == {CLIENT}
    assert undecided(state(CLIENT), [real_ip(*EVERYONE)], Membership()) == frozenset()


# Against the concrete algorithm.

POOL = {
    CLIENT: ("203.0.113.50", "10.9.0.1"),
    NODE: ("192.168.1.11", "192.168.1.12", "10.244.1.1"),
    POD: ("10.244.1.10", "10.244.200.7"),
    PROXY: ("10.244.1.20", "10.244.200.8"),
    LOOPBACK: ("127.0.0.1",),
    BALANCER: ("10.0.0.5", "192.168.1.9", "198.51.100.9"),
    UNKNOWN: ("10.244.1.1", "203.0.113.50", "unknown", "192.168.1.11"),
    FORGED: ("6.6.6.6", "10.244.1.10", "127.0.0.1", "192.168.1.11", "2001:db8::6"),
}
WRITTEN_BY_CLIENTS = (*POOL[FORGED], "junk", "unix:")
NETWORKS = (
    *("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "10.0.0.0/8", "10.244.0.0/16", "10.244.0.0/17"),
    *("192.168.0.0/16", "192.168.1.0/24", "192.168.1.11/32", "203.0.113.0/24", "127.0.0.0/8"),
)
SOURCES = (XFF, "x-real-ip", "cf-connecting-ip", "proxy_protocol")

ATOMS = st.sampled_from([atom for atom in POOL if atom != FORGED])
ENTRY = st.frozensets(st.tuples(ATOMS, st.sampled_from(When)), min_size=1, max_size=2)
PEERS = st.frozensets(
    st.tuples(ATOMS.filter(lambda atom: atom != UNKNOWN), st.just(When.ALWAYS)), min_size=1, max_size=2
)
PASSED_ON = ENTRY.map(lambda addresses: HeaderEntry("a proxy", addresses | always(FORGED), as_sent=True))
HEADER = st.builds(
    lambda forgeable, entries: Header(forgeable, tuple(entries)),
    st.booleans(),
    st.lists(ENTRY.map(lambda addresses: HeaderEntry("a proxy", addresses)) | PASSED_ON, max_size=4),
)
STATES = st.builds(
    lambda peer, headers, protocol, announced: State(peer, tuple(headers.items()), protocol, announced),
    PEERS,
    st.fixed_dictionaries(dict.fromkeys(SOURCES[:3], HEADER)),
    st.sampled_from(ProxyProtocol),
    st.frozensets(st.tuples(ATOMS.filter(lambda atom: atom != UNKNOWN), st.just(When.ALWAYS)), max_size=2),
)
REAL_IPS = st.lists(
    st.builds(
        lambda source, networks, recursive: real_ip(*networks, source=source, recursive=recursive),
        st.sampled_from(SOURCES),
        st.lists(st.sampled_from(NETWORKS), max_size=4, unique=True),
        st.booleans(),
    ),
    max_size=2,
)


def confs(real_ips: list[RealIp]) -> list[Conf]:
    return [Conf(each.source, each.trust.networks, each.recursive) for each in real_ips]


class World:
    """One way in which a state can come true. `owners` says of each address that occurs whose it may be."""

    def __init__(self, data: st.DataObject, given: State) -> None:
        self.data = data
        self.owners: dict[str, set[Atom]] = {}
        protocol = given.proxy_protocol
        sent = protocol is ProxyProtocol.PRESENT or (protocol is ProxyProtocol.UNKNOWN and data.draw(st.booleans()))
        self.request = Request(
            self.address(given.peer),
            {name: self.lines(header) for name, header in given.headers},
            self.address(given.announced) if sent and given.announced else None,
        )

    def address(self, addresses: Addresses, *, as_sent: bool = False) -> str:
        atom = self.data.draw(st.sampled_from(sorted(atoms(addresses), key=str)))
        address = self.data.draw(st.sampled_from(WRITTEN_BY_CLIENTS if as_sent and atom == FORGED else POOL[atom]))
        self.owners.setdefault(address, set()).add(atom)
        return address

    def lines(self, header: Header) -> list[str]:
        """What the client wrote comes first; what proxies append goes to the last line, or to a new one."""
        wrote = self.data.draw(
            st.lists(st.lists(st.sampled_from(WRITTEN_BY_CLIENTS), min_size=1, max_size=3), max_size=2)
        )
        lines = [list(line) for line in wrote] if header.forgeable else []
        for address in itertools.chain.from_iterable(lines):
            self.owners.setdefault(address, set()).add(FORGED)
        for entry in header.entries:
            if not lines or self.data.draw(st.booleans()):
                lines.append([])
            lines[-1].append(self.address(entry.addresses, as_sent=entry.as_sent))
        return [", ".join(line) for line in lines]


def only_own_lines(given: State) -> State:
    """Proxies that append to another header than X-Forwarded-For write a line of their own, so a list of several
    entries never stands in one; what nginx makes of a list that the client wrote there is forged either way."""
    return State(
        given.peer,
        tuple(
            (name, header if name == XFF else Header(header.forgeable, header.entries[:1]))
            for name, header in given.headers
        ),
        given.proxy_protocol,
        given.announced,
    )


@given(STATES.map(only_own_lines), REAL_IPS, st.data())
def test_no_concrete_outcome_is_missed(given_state: State, real_ips: list[RealIp], data: st.DataObject) -> None:
    world = World(data, given_state)
    address = remote_addr(world.request, confs(real_ips))
    assert world.owners[address] & seen(given_state, *real_ips)


def addresses_of_distinct_owners() -> dict[Atom, str]:
    return {atom: f"198.18.0.{number}" for number, atom in enumerate(POOL)}


def all_requests(given: State, address: dict[Atom, str]) -> Iterator[Request]:
    """Every way in which a state can come true when each owner has one address."""

    def of(addresses: Addresses) -> list[str]:
        return [address[atom] for atom in atoms(addresses)]

    def lines(header: Header) -> Iterator[list[str]]:
        for wrote in (None, "junk", address[FORGED]) if header.forgeable else (None,):
            for entries in itertools.product(*(of(entry.addresses) for entry in header.entries)):
                yield [line for line in (wrote, *entries) if line is not None]

    announced: list[str | None] = [None] if given.proxy_protocol is not ProxyProtocol.PRESENT else []
    if given.proxy_protocol is not ProxyProtocol.ABSENT:
        announced += of(given.announced) or [None]
    names = [name for name, _ in given.headers]
    for headers in itertools.product(*(list(lines(header)) for _, header in given.headers)):
        for peer, sent in itertools.product(of(given.peer), announced):
            yield Request(peer, dict(zip(names, headers, strict=True)), sent)


KNOWN = ATOMS.filter(lambda atom: atom != UNKNOWN)
SMALL_ENTRY = st.frozensets(st.tuples(KNOWN, st.just(When.ALWAYS)), min_size=1, max_size=2)
SMALL_STATES = st.builds(
    lambda peer, forgeable, entries, single, protocol, announced: State(
        peer,
        (
            (XFF, Header(forgeable, tuple(HeaderEntry("a proxy", entry) for entry in entries))),
            ("x-real-ip", Header(forgeable, tuple(HeaderEntry("a proxy", entry) for entry in single))),
        ),
        protocol,
        announced,
    ),
    SMALL_ENTRY,
    st.booleans(),
    st.lists(SMALL_ENTRY, max_size=3),
    st.lists(SMALL_ENTRY, max_size=1),
    st.sampled_from(ProxyProtocol),
    st.frozensets(st.tuples(KNOWN, st.just(When.ALWAYS)), max_size=1),
)


@given(
    SMALL_STATES,
    st.lists(
        st.tuples(st.sampled_from((XFF, "x-real-ip", "proxy_protocol")), st.frozensets(KNOWN), st.booleans()),
        max_size=2,
    ),
)
def test_with_full_knowledge_nothing_else_is_claimed(
    given_state: State, scopes: list[tuple[str, frozenset[Atom], bool]]
) -> None:
    address = addresses_of_distinct_owners()
    owner = {text: atom for atom, text in address.items()}
    real_ips = [real_ip(*map(address.__getitem__, trusted), source=name, recursive=on) for name, trusted, on in scopes]

    def member(atom: Atom, trust: Trust) -> Answer:
        network: Network = ip_network(address[atom])
        return Answer.YES if network in trust.networks else Answer.NO

    possible = {owner[remote_addr(request, confs(real_ips))] for request in all_requests(given_state, address)}
    assert atoms(resolve(given_state, real_ips, member)) == possible
