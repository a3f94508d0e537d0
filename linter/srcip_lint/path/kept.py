"""What a proxy keeps of the forwarding headers that come, where it believes some and removes the others' first; and
which entry of them a control judges."""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.path.hops import FORGED, Addresses, Atom, Header, HeaderEntry, State, Whose, always, atoms
from srcip_lint.proxies.behaviour import Entry, Route
from srcip_lint.proxies.real_ip import Member
from srcip_lint.resources.selectors import Answer

_REMOVED = Header(forgeable=False)
_NO_ENTRY = always(Atom(Whose.UNKNOWN, "the header has no such entry"))


def kept(state: State, address: Addresses, route: Route, member: Member) -> tuple[State, ...]:
    """The state as the route goes on with it: with the headers that came, or without those that it writes; both where
    it is not known whether it believes who connects."""
    if route.keeps is None:
        return (state,)
    answers = {member(atom, route.keeps) for atom in atoms(address)}
    without = state
    for write in route.writes:
        without = without.with_header(write.header, _REMOVED)
    if answers == {Answer.YES}:
        return (state,)
    return (without,) if answers <= {Answer.NO} else (state, without)


def told(states: Iterable[State], address: Addresses, route: Route) -> Addresses:
    """Whom the route tells of: who connects, and whoever stands in the headers that it kept."""
    found = address
    for state in states if route.keeps is not None else ():
        for write in route.writes:
            header = state.header(write.header)
            found = found.union(*(entry.addresses for entry in header.entries))
            found |= always(FORGED) if header.forgeable else frozenset()
    return found


def either(headers: Iterable[Header], author: str) -> Header:
    """A header that is one of several, as far as it is known from the right: one entry. What else one of them has may
    be there or not, and is forgotten as what the client may have written."""
    each = tuple(dict.fromkeys(headers))
    if len(each) == 1:
        return each[0]
    is_longer = any(len(header.entries) != 1 for header in each)
    last = {header.entries[-1] if header.entries else None for header in each}
    entry = last.pop() if len(last) == 1 else None
    if entry is None:
        entries = [one for header in each for one in header.entries]
        addresses = (always(FORGED) if is_longer else frozenset()).union(*(one.addresses for one in entries))
        entry = HeaderEntry(author, addresses, as_sent=is_longer or any(one.as_sent for one in entries))
    return Header(is_longer or any(header.forgeable for header in each), (entry,))


def judged(entry: Entry, states: Iterable[State], member: Member) -> Addresses:
    """The addresses that an entry of X-Forwarded-For may hold."""
    found: Addresses = frozenset()
    for state in states:
        header = state.header("x-forwarded-for")
        found |= _at_depth(entry.depth, header) if entry.depth else _not_passed_over(entry, header, member)
    return found


def _at_depth(depth: int, header: Header) -> Addresses:
    if depth <= len(header.entries):
        return header.entries[-depth].addresses
    return always(FORGED) if header.forgeable else _NO_ENTRY


def _not_passed_over(entry: Entry, header: Header, member: Member) -> Addresses:
    """The rightmost that is not among the networks: the walk goes on as long as one may be among them."""
    found: Addresses = frozenset()
    for each in reversed(header.entries):
        answers = {pair: member(pair[0], entry.passed_over) for pair in each.addresses}
        found |= frozenset(pair for pair, answer in answers.items() if answer is not Answer.YES)
        if all(answer is Answer.NO for answer in answers.values()):
            return found
    return found | (always(FORGED) if header.forgeable else _NO_ENTRY)
