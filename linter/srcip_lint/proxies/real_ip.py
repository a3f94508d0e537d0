"""Which address nginx takes for its peer's after `ngx_http_realip_module`, where only addresses' owners are known.

The concrete algorithm (nginx `src/http/modules/ngx_http_realip_module.c`, `src/http/ngx_http_core_module.c`
`ngx_http_get_forwarded_addr_internal`): without a trusted network the module declines; the peer must be trusted; then
the rightmost entry is taken, and with `real_ip_recursive on` the one to its left as long as the one taken is trusted.
It ends on the first that is not, or on the leftmost, or before one that is no address. The server's settings are tried
first, the location's only where those declined.

Here the peer and each entry are sets of possible owners, the left end of a header may be whatever the client wrote, and
whether an owner's address is trusted is a question with three answers. The result holds every address that the concrete
algorithm may come to, and no other where all answers are yes or no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_network

from srcip_lint.environment import Environment
from srcip_lint.networks import Network, read_networks, within
from srcip_lint.path.hops import (
    CLIENT,
    FORGED,
    Addresses,
    Atom,
    Belief,
    Header,
    HeaderEntry,
    ProxyProtocol,
    State,
    When,
    Whose,
    atoms,
)
from srcip_lint.proxies.behaviour import RealIp, Trust
from srcip_lint.resources.selectors import Answer

Member = Callable[[Atom, Trust], Answer]
"""Is the address of that owner in the trusted networks?"""

_LOOPBACK: dict[int, Network] = {4: ip_network("127.0.0.1"), 6: ip_network("::1")}
_CANNOT_TELL = (Whose.UNKNOWN,)
"""Owners whose entry in a header may be no address at all."""


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether an owner's address is trusted, by what is declared of the cluster. `family` is that of the addresses: 4
    unless the path is known to be an IPv6 one, since `::/0` trusts no IPv4 peer."""

    nodes: tuple[Network, ...] = ()
    pods: tuple[Network, ...] = ()
    family: int = 4

    @classmethod
    def of(cls, environment: Environment, family: int = 4) -> Membership:
        """The declared `cidrs`."""
        return cls(read_networks(environment.node_cidrs), read_networks(environment.pod_cidrs), family)

    def __call__(self, atom: Atom, trust: Trust) -> Answer:
        """Yes and no only where every address that the owner may have is in, or none is."""
        if not trust.networks and not trust.unreadable:
            return Answer.NO
        if trust.covers_all(self.family):
            return Answer.YES
        if atom.whose is Whose.LOOPBACK:
            return _inside((_LOOPBACK[self.family],), trust)
        if atom.whose is Whose.NODE:  # one of its own, or the pod network's gateway on it
            return self._declared((self.nodes, self.pods), trust)
        if atom.whose is Whose.CLIENT and self._only_pods(trust):
            return Answer.NO
        return self._declared((self.pods,), trust) if atom.whose in (Whose.POD, Whose.PROXY) else Answer.UNKNOWN

    def _only_pods(self, trust: Trust) -> bool:
        """Does it trust nobody but pods? A client outside the cluster has no pod's address: the answer would go to a
        pod."""
        ours = [network for network in self.pods if network.version == self.family]
        return not trust.unreadable and all(
            any(within(network, pods) for pods in ours) for network in trust.joined(self.family)
        )

    def _declared(self, lists: tuple[tuple[Network, ...], ...], trust: Trust) -> Answer:
        """Are the networks of all these lists trusted? Unknown where a list has none of the family."""
        ours = [tuple(network for network in each if network.version == self.family) for each in lists]
        return _inside(tuple(network for each in ours for network in each), trust) if all(ours) else Answer.UNKNOWN


def _inside(networks: tuple[Network, ...], trust: Trust) -> Answer:
    """Are these networks (of one family) wholly among the trusted ones, or wholly outside?"""
    trusted = trust.joined(networks[0].version)
    if all(any(within(network, other) for other in trusted) for network in networks):
        return Answer.YES
    overlaps = any(network.overlaps(other) for network in networks for other in trusted)
    return Answer.UNKNOWN if overlaps or trust.unreadable else Answer.NO


def is_about_the_cluster(named: Iterable[Network], environment: Environment) -> bool:
    """Does a control that names these networks name no addresses but those that the declared nodes and pods have?"""
    declared = (*read_networks(environment.node_cidrs), *read_networks(environment.pod_cidrs))
    each_inside = [any(within(network, other) for other in declared) for network in named]
    return bool(each_inside) and all(each_inside)


@dataclass(slots=True)
class _Walk:
    """One walk over the possibilities. `undecided` gathers the owners whose trust could not be told."""

    member: Member
    undecided: set[Atom] = field(default_factory=set)

    def split(self, addresses: Addresses, trust: Trust) -> tuple[Addresses, Addresses]:
        """The addresses that may be trusted, and those that may not be; one may be among both."""
        trusted, others = set(), set()
        for atom, when in addresses:
            answer = self.member(atom, trust)
            if answer is Answer.UNKNOWN:
                self.undecided.add(atom)
            if answer is not Answer.NO:
                trusted.add((atom, when))
            if answer is not Answer.YES:
                others.add((atom, when))
        return frozenset(trusted), frozenset(others)

    def attempt(self, state: State, real_ip: RealIp) -> tuple[Addresses, Addresses]:
        """What the replacement may come to, and the peers for which it may decline."""
        trusted, declining = self.split(state.peer, real_ip.trust)
        if not trusted:
            return frozenset(), declining
        if real_ip.source == "proxy_protocol":
            found, may_decline = _announced(state, trusted)
        elif real_ip.source == "x-forwarded-for":
            found, may_decline = self.list(state.header(real_ip.source), trusted, real_ip)
        else:
            found, may_decline = _single(state.header(real_ip.source), trusted)
        return found, declining | (trusted if may_decline else frozenset())

    def list(self, header: Header, peers: Addresses, real_ip: RealIp) -> tuple[Addresses, bool]:
        """The walk from right to left. `looking` are the trusted addresses behind which it looks one entry further."""
        found: Addresses = frozenset()
        looking, is_peer, may_decline = peers, True, False
        for entry in reversed(header.entries):
            if _may_be_no_address(entry):
                found, may_decline = (found, True) if is_peer else (found | looking, may_decline)
            taken = _taken(looking, entry.addresses)
            if not real_ip.recursive:
                return taken, may_decline
            looking, final = self.split(taken, real_ip.trust)
            found, is_peer = found | final, False
        if header.forgeable:
            found |= _taken(looking, frozenset({(FORGED, When.ALWAYS)}))
        return (found, True) if is_peer else (found | looking, may_decline)


def _announced(state: State, peers: Addresses) -> tuple[Addresses, bool]:
    """The PROXY protocol has one address and no list."""
    if state.proxy_protocol is ProxyProtocol.ABSENT or not state.announced:
        return frozenset(), True
    return _taken(peers, state.announced), state.proxy_protocol is ProxyProtocol.UNKNOWN


def _single(header: Header, peers: Addresses) -> tuple[Addresses, bool]:
    """A header with one address: where it came several times nginx reads the first line, so the client's own, which
    need not be an address."""
    found: Addresses = _taken(peers, frozenset({(FORGED, When.ALWAYS)})) if header.forgeable else frozenset()
    first = header.entries[:1]
    for entry in first:
        found |= _taken(peers, entry.addresses)
    return found, header.forgeable or not first or any(map(_may_be_no_address, first))


def _may_be_no_address(entry: HeaderEntry) -> bool:
    return entry.as_sent or any(atom.whose in _CANNOT_TELL for atom, _ in entry.addresses)


def _taken(before: Addresses, taken: Addresses) -> Addresses:
    """The addresses taken, each under its own condition and that of the address that led to it."""
    return frozenset((atom, _both(when, condition)) for _, condition in before for atom, when in taken)


def _both(one: When, other: When) -> When:
    """Two conditions together. Two different ones speak of different hops, and their conjunction is forgotten: what may
    be seen under both is kept as what may be seen."""
    if one is When.ALWAYS or one is other:
        return other
    return one if other is When.ALWAYS else When.ALWAYS


def _resolve(state: State, real_ips: Iterable[RealIp], walk: _Walk) -> Addresses:
    found: Addresses = frozenset()
    for real_ip in real_ips:
        taken, declining = walk.attempt(state, real_ip)
        found |= taken
        state = replace(state, peer=declining)
    return found | state.peer


def resolve(state: State, real_ips: Iterable[RealIp], member: Member) -> Addresses:
    """Which addresses `$remote_addr` may be. `state` is as the listener reads it: where it does not read the PROXY
    protocol, `state.announced` is empty. The replacements are tried in order, one only where all before it declined."""
    return _resolve(state, real_ips, _Walk(member))


def undecided(state: State, real_ips: Iterable[RealIp], member: Member) -> frozenset[Atom]:
    """The owners of whom it could not be told whether they are trusted: `resolve` holds both possibilities for each."""
    walk = _Walk(member)
    _resolve(state, real_ips, walk)
    return frozenset(walk.undecided)


def beliefs(state: State, real_ips: Iterable[RealIp], member: Membership) -> Iterator[Belief]:
    """The headers that are believed of whoever connects. The PROXY protocol is none: who sends that sends it for every
    connection, and a client behind it cannot."""
    walk = _Walk(member)
    for real_ip in real_ips:
        believed = believed_from_anyone(real_ip, member.family) if state.peer else None
        if believed:
            taken, _ = walk.attempt(_honest(state), real_ip)
            yield replace(believed, forged=FORGED in atoms(taken))
        state = replace(state, peer=walk.attempt(state, real_ip)[1])


def believed_from_anyone(real_ip: RealIp, family: int = 4) -> Belief | None:
    """The header that a replacement believes of whoever connects with an address of the family, where nothing is known
    of who writes it; None where it does not."""
    if real_ip.counted or real_ip.source == "proxy_protocol" or not real_ip.trust.covers_all(family):
        return None
    is_leftmost = real_ip.recursive and real_ip.source == "x-forwarded-for"
    trust = real_ip.trust
    return Belief(
        real_ip.source,
        trust.at or real_ip.at,
        is_leftmost,
        forged=True,
        setting=trust.setting,
        is_default=trust.at is None,
        header_is_default=not real_ip.source_written,
    )


def _honest(state: State) -> State:
    """The state as if proxies on the way had believed no client: what they did is not what is asked of this one."""
    headers = tuple(
        (name, replace(header, entries=tuple(map(_as_if_true, header.entries)))) for name, header in state.headers
    )
    return replace(state, headers=headers)


def _as_if_true(entry: HeaderEntry) -> HeaderEntry:
    pairs = frozenset((CLIENT if atom == FORGED else atom, when) for atom, when in entry.addresses)
    return replace(entry, addresses=pairs)
