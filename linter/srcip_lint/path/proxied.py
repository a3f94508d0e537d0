"""A connection through a proxy: what it takes for the client's address, and what it tells the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from srcip_lint.environment import Environment
from srcip_lint.path.hops import (
    FORGED,
    FORWARDED_HEADERS,
    LISTS,
    Addresses,
    Atom,
    Basis,
    Belief,
    Delivered,
    Header,
    HeaderEntry,
    Hop,
    Listening,
    Observation,
    Point,
    ProxyProtocol,
    State,
    Whose,
    always,
    spelled,
)
from srcip_lint.path.kept import either, judged, kept, passed_on, told
from srcip_lint.proxies.behaviour import Control, HeaderWrite, Listener, ProxyBehaviour, Reads, Route, Upstream, Writes
from srcip_lint.proxies.real_ip import Membership, beliefs, resolve, undecided
from srcip_lint.resources.workload import Workload


@dataclass(frozen=True, slots=True)
class Proxied:
    """A proxy's hop on one route, where it sends the request, and the state it sends on. `sends_on` is false where it
    answers itself, or where that is not known."""

    hop: Hop
    state: State
    upstream: Upstream | None
    sends_on: bool


_UNDECIDED = "; whether that covers who connects is not known: `cidrs` in srcip-lint.yaml would tell"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_WRITING = {
    Writes.REPLACES: "replaces",
    Writes.APPENDS: "appends to",
    Writes.IF_ABSENT: "writes where the client sent none",
    Writes.PROXY_PROTOCOL: "replaces",
}
"""What puts an address into a header, for a message."""


def through_proxy(
    workload: Workload,
    behaviour: ProxyBehaviour,
    port: int | None,
    state: State,
    environment: Environment,
    protocol: str = "TCP",
) -> tuple[Proxied, ...]:
    """One answer a route of the listener on the port, none where the proxy surely does not listen there and something
    else in the pod does. Where part of the configuration was not read, what it does is unknown: what is missing may be
    the very directive that decides."""
    if not behaviour.complete or port is None:
        return (_unknown(workload, behaviour, state, port),)
    found = [each for each in behaviour.listeners if _reached(each, port, protocol)]
    if any(each.port is None for each in found) or not behaviour.listeners:
        return (_unknown(workload, behaviour, state, port),)
    delivered = _delivered(found, state)
    if delivered is Delivered.NO:
        return (_refused(workload, behaviour, found[0], state),)
    return tuple(
        _through(workload, behaviour, found[0], route, state, delivered, environment)
        for route in (found[0].routes if found else ())
    )


def believed_by(behaviour: ProxyBehaviour) -> Iterator[tuple[int | None, Belief]]:
    """The headers that a proxy believes of whoever connects from somewhere in the cluster, and at which port. None
    where part of its configuration was not read."""
    for listener in behaviour.listeners if behaviour.complete else ():
        if listener.address not in _LOOPBACK and listener.protocol == "http":
            caller = _as_read(listener, State(always(Atom(Whose.POD))))
            for route in listener.routes:
                found = (*beliefs(caller, route.real_ip, Membership()), *passed_on((caller,), route))
                yield from ((listener.port, each) for each in found)


def _reached(listener: Listener, port: int, protocol: str) -> bool:
    """May a connection to the pod come to a listener? One whose port is a placeholder may be any."""
    from_outside = listener.address not in _LOOPBACK
    return listener.port in (port, None) and (listener.protocol == "udp") is (protocol == "UDP") and from_outside


def _unknown(workload: Workload, behaviour: ProxyBehaviour, state: State, port: int | None) -> Proxied:
    no_port = "the port's name is not one that a container declares" if port is None else "its ports cannot be told"
    why = behaviour.why_incomplete or no_port
    unknown = always(Atom(Whose.UNKNOWN, f"{behaviour.product} was not read in full"))
    after = state
    for header in FORWARDED_HEADERS:
        after = after.with_header(header, Header(True, (HeaderEntry(behaviour.product, unknown),)))
    hop = Hop(
        "proxy",
        behaviour.product,
        f"what it does with the address is not known: {why}",
        state,
        at=workload.place,
        object=workload.object.ref,
    )
    return Proxied(hop, after, None, sends_on=False)


def _refused(workload: Workload, behaviour: ProxyBehaviour, listener: Listener, state: State) -> Proxied:
    """A connection that is never answered as it came, so that nothing is taken, judged or sent on."""
    closes = "demands the PROXY protocol, which nobody sends, and closes the connection without an answer"
    garbles = "does not read the PROXY protocol that comes, and takes it for a broken request"
    hop = Hop(
        "proxy",
        behaviour.product,
        garbles if listener.proxy_protocol is Reads.NOT else closes,
        state,
        behaviour.basis,
        at=listener.at,
        object=workload.object.ref,
        delivered=Delivered.NO,
        listener=_listening(listener),
    )
    return Proxied(hop, state, None, sends_on=False)


def _listening(listener: Listener) -> Listening:
    is_read = listener.proxy_protocol is not Reads.NOT
    hands_on = listener.protocol == "tcp" and not is_read
    return Listening(listener.at, is_read, listener.setting, listener.assumed, hands_on)


def _through(
    workload: Workload,
    behaviour: ProxyBehaviour,
    listener: Listener,
    route: Route,
    state: State,
    delivered: Delivered,
    environment: Environment,
) -> Proxied:
    read = _as_read(listener, state)
    member = Membership.of(environment)
    address = resolve(read, route.real_ip, member)
    peer = resolve(read, (each for each in route.real_ip if each.source == "proxy_protocol"), member)
    states = kept(read, address, route, member)
    takes = told(states, address, route)
    after = state
    for write in route.writes:
        written = state.peer if write.peer_is_original else address
        alternatives = (_written(write, each, written, behaviour.product) for each in states)
        after = after.with_header(write.header, either(alternatives, behaviour.product))
    sends_on = bool(route.upstream or route.writes or route.sends_proxy_protocol)
    listening = _listening(listener)
    onward = _onward(after, route, workload, address) if sends_on else after
    if listening.hands_on and not route.sends_proxy_protocol:
        onward = replace(onward, proxy_protocol=state.proxy_protocol, announced=state.announced)
    hop = Hop(
        "proxy",
        behaviour.product,
        _says(route, listener) + (_UNDECIDED if len(states) > 1 or undecided(read, route.real_ip, member) else ""),
        onward,
        behaviour.basis,
        at=route.at,
        object=workload.object.ref,
        delivered=delivered,
        observations=(
            *_controls(route, lambda control: _judged(control, address, peer, states, member)),
            *_headers(route, read, takes, behaviour.product),
        ),
        takes=takes,
        sending=Basis() if sends_on and not (listening.hands_on and not route.sends_proxy_protocol) else None,
        listener=listening,
        believes=(*beliefs(read, route.real_ip, member), *passed_on(states, route)),
    )
    return Proxied(hop, onward, route.upstream, sends_on)


def _as_read(listener: Listener, state: State) -> State:
    """The state as the listener reads it. One that reads the PROXY protocol although nothing on the way is known to
    send it gets it from something that these files do not show; else no connection would come through."""
    if listener.proxy_protocol is Reads.NOT:
        return replace(state, announced=frozenset())
    if state.proxy_protocol is not ProxyProtocol.PRESENT:
        unknown = always(Atom(Whose.UNKNOWN, "who sends the PROXY protocol is not in these files"))
        return replace(state, proxy_protocol=ProxyProtocol.UNKNOWN, announced=unknown)
    return state


def _onward(after: State, route: Route, workload: Workload, address: Addresses) -> State:
    """What goes on: the proxy is the peer now, by an address of its node where it is on that network; and it says whom
    it took for the client where it sends the PROXY protocol."""
    sends = route.sends_proxy_protocol
    whose = Whose.NODE if workload.template.host_network.value is True else Whose.PROXY
    return replace(
        after,
        peer=always(Atom(whose, str(workload.object.ref))),
        proxy_protocol=ProxyProtocol.PRESENT if sends else ProxyProtocol.ABSENT,
        announced=address if sends else frozenset(),
    )


def _judged(
    control: Control, address: Addresses, peer: Addresses, states: tuple[State, ...], member: Membership
) -> Addresses:
    """What a control judges: an entry of a header, who connects, or whom the route takes for the client."""
    if control.entry is not None:
        return judged(control.entry, states, member)
    return peer if control.judges_peer else address


def _controls(route: Route, judges: Callable[[Control], Addresses]) -> Iterator[Observation]:
    for control in route.controls:
        what = f"{control.name} {control.keyed.value} by address"
        yield Observation(
            Point.LISTENER,
            what,
            judges(control),
            control.at,
            control=control.name,
            keyed=control.keyed,
            networks=control.networks,
            names_more=control.unreadable,
            has_alternative=control.has_alternative,
            of_header=control.entry is not None,
            basis=control.basis,
        )


def _headers(route: Route, read: State, address: Addresses, product: str) -> Iterator[Observation]:
    """The headers that an address is written into."""
    for write in route.writes:
        if write.writes in _WRITING:
            seen = read.announced if write.writes is Writes.PROXY_PROTOCOL else address
            seen = read.peer if write.peer_is_original else seen
            what = f"{spelled(write.header)} that {product} {_WRITING[write.writes]}"
            yield Observation(Point.LISTENER, what, seen, write.at, header=write.header)


def _written(write: HeaderWrite, before: State, address: Addresses, product: str) -> Header:
    old = before.header(write.copied_from or write.header)
    if write.writes is Writes.REPLACES:
        return Header(False, (HeaderEntry(product, address),))
    if write.writes is Writes.APPENDS:
        return old.append(HeaderEntry(product, address))
    if write.writes is Writes.PROXY_PROTOCOL:
        return Header(False, (HeaderEntry(product, before.announced),))
    if write.writes is Writes.IF_ABSENT:
        return _if_absent(write.header, old, address, product)
    if write.writes is Writes.CLEARS:
        return Header(False, ())
    if write.writes is Writes.UNKNOWN:
        unknown = always(Atom(Whose.UNKNOWN, "what it writes"))
        return Header(False, (HeaderEntry(product, unknown),))
    return old


def _if_absent(name: str, old: Header, address: Addresses, product: str) -> Header:
    """The header where one came, else the address: an entry that is either. A list may have more of the client's in
    front."""
    if old.entries:
        return old
    if not old.forgeable:
        return Header(False, (HeaderEntry(product, address),))
    entry = HeaderEntry(product, address | always(FORGED), as_sent=True)
    return Header(name in LISTS, (entry,))


def _says(route: Route, listener: Listener) -> str:
    parts = []
    if listener.proxy_protocol is not Reads.NOT:
        parts.append(f"reads the PROXY protocol {listener.proxy_protocol.value}")
    if _listening(listener).hands_on and not route.sends_proxy_protocol:
        parts.append("hands on whatever comes, a PROXY protocol header too")
    parts += [f"believes {spelled(each.source)} from whom it trusts" for each in route.real_ip if each.trust.networks]
    if route.keeps is not None and route.keeps.networks:
        parts.append("keeps the forwarding headers of whom it trusts")
    passed = [
        spelled(write.header) for write in route.writes if write.writes is Writes.PASSES and not write.copied_from
    ]
    if passed:
        parts.append(f"passes on {', '.join(passed)} as it came")
    if not route.writes and not route.upstream:
        parts.append("answers requests itself")
    return f"{route.name}: " + ("; ".join(parts) or "passes requests on")


def _delivered(listeners: Sequence[Listener], state: State) -> Delivered:
    """Is a connection answered by whichever of the listeners it comes to? Unknown where they differ."""
    answers = {_answered(listener, state) for listener in listeners}
    return answers.pop() if len(answers) == 1 else Delivered.UNKNOWN


def _answered(listener: Listener, state: State) -> Delivered:
    """A strict reader closes a connection without the PROXY protocol, unless a client sends it itself; one that reads
    none cannot parse a connection with, unless it does not look inside."""
    if listener.proxy_protocol is Reads.STRICTLY:
        return {ProxyProtocol.PRESENT: Delivered.YES, ProxyProtocol.ABSENT: Delivered.NO}.get(
            state.proxy_protocol, Delivered.UNKNOWN
        )
    is_garbled = listener.proxy_protocol is Reads.NOT and not _listening(listener).hands_on
    return Delivered.NO if is_garbled and state.proxy_protocol is ProxyProtocol.PRESENT else Delivered.YES
