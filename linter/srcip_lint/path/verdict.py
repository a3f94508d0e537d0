"""What a path comes to: what the last process sees, and where the client's address went."""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.path.hops import (
    Addresses,
    Delivered,
    Hop,
    SourcePath,
    State,
    When,
    Whose,
    atoms,
    spelled,
    under_every_placement,
)


@dataclass(frozen=True, slots=True)
class Carried:
    """The header that surely holds the client's address, and at which entry, counted from the right from 1. A reader of
    the leftmost entry may still be lied to."""

    header: str
    from_right: int

    def __str__(self) -> str:
        place = "the last entry" if self.from_right == 1 else f"entry {self.from_right} from the right"
        return f"{place} of {spelled(self.header)}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`peer` is what the last process sees as its peer; `replaced_at` the hop behind which that is no longer surely the
    client; `dropped_at` the hop that drops, or may drop, the connection."""

    last: Hop
    peer: Addresses
    replaced_at: Hop | None
    carried: Carried | None
    dropped_at: Hop | None

    @property
    def keeps(self) -> bool:
        """Is the peer the client, wherever the pod stands?"""
        return self.replaced_at is None

    def sentence(self) -> str:
        """The verdict, in a sentence or two."""
        if self.replaced_at is None:
            return f"{self.last.name} sees the client's own address.{self._dropped()}"
        carried = f"{self.carried} holds it" if self.carried else "no header surely holds it"
        return (
            f"{self.last.name} sees {describe(self.peer)} as its peer. The client's address is replaced at the "
            f"{self.replaced_at.kind}, and {carried}.{self._dropped()}"
        )

    def _dropped(self) -> str:
        if self.dropped_at is None:
            return ""
        does = "drops" if self.dropped_at.delivered is Delivered.NO else "may drop"
        return f" The {self.dropped_at.kind} {does} the connection."


def verdict(path: SourcePath) -> Verdict:
    """What a path comes to."""
    last = path.hops[-1]
    replaced = next((hop for hop in path.hops if not under_every_placement(hop.state.peer, Whose.CLIENT)), None)
    dropped = next((hop for hop in path.hops if hop.delivered in (Delivered.MAYBE, Delivered.NO)), None)
    return Verdict(last, last.state.peer, replaced, _carrier(last.state), dropped)


def arrives(path: SourcePath) -> bool:
    """Does the client's address surely arrive: at the first proxy of ours, or else at the first pod, wherever that
    stands, or in the header of an HTTP load balancer?"""
    judge = path.edge_proxy or path.edge_pod
    seen = judge.takes if path.edge_proxy and judge else judge.state.peer if judge else None
    return path.has_http_front or (seen is not None and under_every_placement(seen, Whose.CLIENT))


def _carrier(state: State) -> Carried | None:
    for name, header in state.headers:
        for number, entry in enumerate(reversed(header.entries), start=1):
            if under_every_placement(entry.addresses, Whose.CLIENT):
                return Carried(name, number)
    return None


def describe(addresses: Addresses) -> str:
    """`a node`, or `the client when the pod is on ... or a node when ...`; always in the same order."""
    if not addresses:
        return "nothing"
    whose = atoms(addresses)
    if len(whose) == 1:
        return str(next(iter(whose)))
    ordered = sorted(addresses, key=lambda pair: (list(When).index(pair[1]), str(pair[0])))
    words = (str(atom) if when is When.ALWAYS else f"{atom} {when.value}" for atom, when in ordered)
    return " or ".join(dict.fromkeys(words))
