"""Whom a gateway's AuthorizationPolicies let in by address.

Whatever a DENY rule matches is refused. Of the ALLOW rules, of all policies together, one must match, so that a list in
one of them is a list of who may come in only as far as no other lets in more (istio.io "Authorization Policy"). Rules
that ask for anything else than an address besides are left out, and so is what they may let in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from srcip_lint.path.hops import Basis, Keyed
from srcip_lint.proxies.behaviour import Control
from srcip_lint.proxies.envoy import Front, address_control
from srcip_lint.proxies.istio.policies import Applied
from srcip_lint.resources.addresses import AddressList
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.istio import AuthorizationPolicy, AuthorizationRule, SourceList

_ALONE = Basis(assumptions=("no other AuthorizationPolicy of the gateway lets in more",))


@dataclass(frozen=True, slots=True)
class _ByAddress:
    """A rule that looks at addresses only: one list an alternative."""

    lists: tuple[SourceList, ...]

    @property
    def excepts(self) -> bool:
        return any(each.excepts for each in self.lists)

    @property
    def of_peer(self) -> set[bool]:
        return {each.of_peer for each in self.lists}


def controls(applied: Iterable[Applied[AuthorizationPolicy]], front: Front) -> Iterator[Control]:
    """The lists of the policies that are surely about a gateway, each at its own place."""
    found = list(applied)
    allowing = [each for each in found if each.found.action == "ALLOW" or isinstance(each.found.action, Unknown)]
    rules = [rule for each in allowing for rule in each.found.rules or ()]
    if all(each.sure and each.found.action == "ALLOW" and each.found.rules is not None for each in allowing):
        for rule in rules:
            others = [other for other in rules if other is not rule and _may_meet(rule, other)]
            yield from _allowing(rule, others, front)
    for each in found:
        if each.sure and each.found.action == "DENY":
            for rule in each.found.rules or ():
                yield from _denying(rule, front)


def _allowing(rule: AuthorizationRule, others: list[AuthorizationRule], front: Front) -> Iterator[Control]:
    """The lists of an ALLOW rule, each with what the others let in, where all of that are lists of addresses of one
    kind, and about the same requests unless they name the same."""
    mine = _by_address(rule)
    beside = [_by_address(other) for other in others]
    if mine is None or None in beside:
        return
    everything = [mine, *(each for each in beside if each)]
    kinds = {kind for each in everything for kind in each.of_peer}
    is_same = len(kinds) == 1 or not (front.proxies or front.reads_proxy_protocol)
    if mine.excepts:
        if len(everything) == len(mine.lists) == 1:
            yield from _control(Keyed.DENY, mine.lists[0], mine.lists[0].addresses, front, _ALONE)
    elif is_same and not any(each.excepts for each in everything):
        own = [network for listed in mine.lists for network in listed.addresses.networks]
        others_too = [each for other in everything for each in other.lists]
        for listed in mine.lists:
            joined = _joined(listed, [each.addresses for each in others_too if each is not listed])
            if {other.about for other in others} - {rule.about} and set(joined.networks) != set(own):
                continue
            yield from _control(Keyed.ALLOW, listed, joined, front, _ALONE)


def _denying(rule: AuthorizationRule, front: Front) -> Iterator[Control]:
    """The lists of a DENY rule: of the refused, or of all but them who are."""
    found = _by_address(rule)
    if found is None or (found.excepts and len(found.lists) > 1):
        return
    for listed in found.lists:
        yield from _control(Keyed.ALLOW if found.excepts else Keyed.DENY, listed, listed.addresses, front, Basis())


def _control(keyed: Keyed, listed: SourceList, addresses: AddressList, front: Front, basis: Basis) -> Iterator[Control]:
    found = address_control(keyed, listed.field, addresses, front, of_peer=listed.of_peer)
    if found:
        yield replace(found, basis=basis)


def _by_address(rule: AuthorizationRule) -> _ByAddress | None:
    """A rule that looks at addresses only; None for any other, which lets in others or fewer."""
    lists = [each[0] for each in rule.sources if each and len(each) == 1]
    return _ByAddress(tuple(lists)) if lists and len(lists) == len(rule.sources) else None


def _joined(listed: SourceList, others: list[AddressList]) -> AddressList:
    """A list, and what others name beside it."""
    own = listed.addresses
    return AddressList(
        tuple(dict.fromkeys((*own.networks, *(network for each in others for network in each.networks)))),
        open=own.open or any(each.open for each in others),
        refused=own.refused or any(each.refused for each in others),
        place=own.place,
    )


def _may_meet(one: AuthorizationRule, other: AuthorizationRule) -> bool:
    """May two rules be about one request? Not where their host names are all written out and differ."""
    return one.hosts is None or other.hosts is None or bool(one.hosts & other.hosts)
