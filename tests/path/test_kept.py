"""What a proxy keeps of the forwarding headers that come, and which entry of them a control judges."""

from __future__ import annotations

import itertools
from ipaddress import ip_address, ip_network

import pytest

from srcip_lint.documents import Document, Place
from srcip_lint.path.hops import (
    CLIENT,
    FORGED,
    NODE,
    Addresses,
    Atom,
    Header,
    HeaderEntry,
    State,
    When,
    Whose,
    always,
    atoms,
)
from srcip_lint.path.kept import either, judged, kept, told
from srcip_lint.proxies.behaviour import Entry, HeaderWrite, Route, Trust, Writes
from srcip_lint.proxies.real_ip import Membership
from srcip_lint.sources import Source

AT = Place(Document(Source("a.yaml", b""), 0, 0, "", None))
MEMBER = Membership((ip_network("10.0.0.0/24"),), (ip_network("10.1.0.0/16"),))
EVERYBODY = Trust((ip_network("0.0.0.0/0"),))
NODES = Trust((ip_network("10.0.0.0/8"),))
ELSEWHERE = Trust((ip_network("192.0.2.0/24"),))
XFF = "x-forwarded-for"


def route(keeps: Trust | None) -> Route:
    return Route("r", AT, writes=(HeaderWrite(XFF, Writes.APPENDS, AT),), keeps=keeps)


def arriving(*entries: Atom, forgeable: bool = False, peer: Addresses | None = None) -> State:
    header = Header(forgeable, tuple(HeaderEntry("front", always(each)) for each in entries))
    return State(always(NODE) if peer is None else peer).with_header(XFF, header)


def outcomes(keeps: Trust | None, state: State, member: Membership = MEMBER) -> list[Header]:
    return [each.header(XFF) for each in kept(state, state.peer, route(keeps), member)]


def test_it_keeps_the_headers_of_whom_it_believes_and_removes_the_others() -> None:
    state = arriving(CLIENT)
    came, removed = state.header(XFF), Header(forgeable=False)
    assert outcomes(None, state) == [came]
    assert outcomes(EVERYBODY, state) == [came]
    assert outcomes(NODES, state) == [came]
    assert outcomes(ELSEWHERE, state) == [removed]
    assert outcomes(Trust(()), state) == [removed]


def test_both_are_possible_where_it_is_not_known_whether_it_believes() -> None:
    state = arriving(CLIENT)
    assert len(outcomes(NODES, state, Membership())) == 2
    mixed = frozenset({(NODE, When.OTHER_NODE), (CLIENT, When.SAME_NODE)})
    pods = Trust((ip_network("10.1.0.0/16"),))
    assert len(outcomes(pods, arriving(peer=mixed))) == 2
    either_one = frozenset({(Atom(Whose.PROXY, "Deployment p"), When.OTHER_NODE), (CLIENT, When.SAME_NODE)})
    assert len(outcomes(pods, arriving(peer=either_one))) == 2


def test_it_leaves_headers_alone_that_it_does_not_write() -> None:
    (state,) = kept(arriving(), always(NODE), route(ELSEWHERE), MEMBER)
    assert state.header("forwarded").forgeable


def test_it_tells_of_who_connects_and_of_whom_the_headers_name() -> None:
    def tells(keeps: Trust | None, state: State) -> frozenset[Atom]:
        return atoms(told(kept(state, state.peer, route(keeps), MEMBER), state.peer, route(keeps)))

    assert tells(None, arriving(CLIENT, forgeable=True)) == {NODE}
    assert tells(ELSEWHERE, arriving(CLIENT, forgeable=True)) == {NODE}
    assert tells(NODES, arriving(CLIENT)) == {NODE, CLIENT}
    assert tells(NODES, arriving(CLIENT, forgeable=True)) == {NODE, CLIENT, FORGED}


def test_one_of_two_headers_is_known_as_far_as_they_are_alike() -> None:
    last, first = HeaderEntry("p", always(NODE)), HeaderEntry("front", always(CLIENT))
    long, short, absent = Header(False, (first, last)), Header(False, (last,)), Header(forgeable=False)
    assert either([short, short], "p") == short
    assert either([long, short], "p") == Header(True, (last,))
    maybe_forged = HeaderEntry("p", always(NODE) | always(FORGED), as_sent=True)
    assert either([Header(False, (maybe_forged,)), short], "p") == Header(False, (maybe_forged,))
    assert either([Header(True, (last,)), short], "p") == Header(True, (last,))
    assert either([Header(False, (first,)), short], "p").entries[0].as_sent is False
    unlike = either([long, absent], "p")
    assert unlike.forgeable
    assert [(each.author, each.as_sent) for each in unlike.entries] == [("p", True)]
    assert atoms(unlike.entries[0].addresses) == {CLIENT, NODE, FORGED}


@pytest.mark.parametrize(
    ("depth", "forgeable", "expected"),
    [(1, False, NODE), (2, False, CLIENT), (1, True, NODE), (3, True, FORGED)],
)
def test_a_depth_counts_from_the_right(depth: int, forgeable: bool, expected: Atom) -> None:
    assert judged(Entry(depth), [arriving(CLIENT, NODE, forgeable=forgeable)], MEMBER) == always(expected)


def test_behind_the_first_entry_there_is_none() -> None:
    (found,) = atoms(judged(Entry(3), [arriving(CLIENT, NODE)], MEMBER))
    assert found.whose is Whose.UNKNOWN
    (found,) = atoms(judged(Entry(0, EVERYBODY), [arriving(CLIENT, NODE)], MEMBER))
    assert found.whose is Whose.UNKNOWN


@pytest.mark.parametrize(
    ("passed_over", "forgeable", "expected"),
    [(ELSEWHERE, True, {NODE}), (NODES, False, {CLIENT}), (EVERYBODY, True, {FORGED})],
)
def test_the_rightmost_that_is_not_passed_over(passed_over: Trust, forgeable: bool, expected: set[Atom]) -> None:
    found = atoms(judged(Entry(0, passed_over), [arriving(CLIENT, NODE, forgeable=forgeable)], MEMBER))
    assert {each for each in found if each.whose is not Whose.UNKNOWN} == expected


def test_what_may_be_passed_over_and_may_not_is_both() -> None:
    found = atoms(judged(Entry(0, NODES), [arriving(CLIENT, NODE)], Membership()))
    assert {NODE, CLIENT} <= found


def test_a_control_judges_what_each_outcome_holds() -> None:
    states = [arriving(CLIENT), arriving()]
    found = atoms(judged(Entry(1), states, MEMBER))
    assert CLIENT in found
    assert len(found) == 2


def test_an_entry_of_a_header_that_nobody_may_have_written_is_the_clients_own() -> None:
    assert judged(Entry(1), [arriving(forgeable=True)], MEMBER) == always(FORGED)
    assert judged(Entry(0, NODES), [arriving(forgeable=True)], MEMBER) == always(FORGED)


ADDRESSES = {CLIENT: "203.0.113.9", NODE: "10.0.0.7", Atom(Whose.PROXY, "Deployment front"): "10.1.2.3"}
FORGERIES = ((), ("198.51.100.1",), ("10.0.0.7", "192.0.2.1"), ("10.0.0.7",))
POOLS: tuple[tuple[str, ...], ...] = ((), ("10.0.0.0/8",), ("10.1.0.0/16",), ("0.0.0.0/0",))


def chosen(written: tuple[str, ...], depth: int, pool: tuple[str, ...]) -> int | None:
    """The index of the address that Traefik chooses; None for none (traefik/traefik `pkg/ip/strategy.go`)."""
    if depth:
        return len(written) - depth if depth <= len(written) else None
    for index in reversed(range(len(written))):
        if not any(ip_address(written[index]) in ip_network(each) for each in pool):
            return index
    return None


@pytest.mark.parametrize("owners", [each for size in range(3) for each in itertools.product(ADDRESSES, repeat=size)])
def test_what_is_judged_is_among_what_may_be_judged(owners: tuple[Atom, ...]) -> None:
    for forged, depth, pool in itertools.product(FORGERIES, range(4), POOLS):
        state = arriving(*owners, forgeable=bool(forged))
        trust = Trust(tuple(ip_network(each) for each in pool))
        found = atoms(judged(Entry(depth, trust), [state], MEMBER))
        index = chosen((*forged, *(ADDRESSES[each] for each in owners)), depth, pool)
        if index is None:
            assert forged or Whose.UNKNOWN in {each.whose for each in found}
        else:
            assert (FORGED if index < len(forged) else owners[index - len(forged)]) in found
