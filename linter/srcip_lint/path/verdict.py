"""What a path comes to: what the last process sees, and where the client's address went."""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.path.hops import Addresses, Delivered, Hop, SourcePath, State, When, Whose, atoms


@dataclass(frozen=True, slots=True)
class Verdict:
    """`peer` is what the last process sees as its peer; `lost_at` the hop behind which that is surely or possibly not
    the client; `carried` the header whose last entry is the client nevertheless; `dropped_at` the hop that may
    drop."""

    peer: Addresses
    lost_at: Hop | None
    carried: str | None
    dropped_at: Hop | None

    @property
    def keeps(self) -> bool:
        """Is the peer the client, wherever the pod stands?"""
        return {atom.whose for atom, _ in self.peer} == {Whose.CLIENT}

    def sentence(self) -> str:
        """The verdict in one sentence."""
        if self.keeps:
            return "The pod sees the client's own address" + self._dropped() + "."
        sees = f"The pod sees {describe(self.peer)} as its peer"
        where = f"; the client's address is replaced at the {self.lost_at.kind}" if self.lost_at else ""
        carried = f", and carried on in {self.carried}" if self.carried else ""
        return sees + where + carried + self._dropped() + "."

    def _dropped(self) -> str:
        if self.dropped_at is None or self.dropped_at.delivered is Delivered.YES:
            return ""
        return f"; the {self.dropped_at.kind} may drop the connection"


def verdict(path: SourcePath) -> Verdict:
    """What a path comes to."""
    last = path.hops[-1].state
    lost = next((hop for hop in path.hops if not _is_client(hop.state.peer)), None)
    dropped = next((hop for hop in path.hops if hop.delivered not in (Delivered.YES, Delivered.UNKNOWN)), None)
    return Verdict(last.peer, lost, _carrier(last), dropped)


def _is_client(addresses: Addresses) -> bool:
    return {atom.whose for atom, _ in addresses} == {Whose.CLIENT}


def _carrier(state: State) -> str | None:
    """The header whose rightmost entry is surely the client; a reader of the leftmost may still be lied to."""
    for name, header in state.headers:
        if header.entries and _is_client(header.entries[-1].addresses):
            return name
    return None


def describe(addresses: Addresses) -> str:
    """`a node`, or `the client when the pod is on ..., a node when ...`; always in the same order."""
    if not addresses:
        return "nothing"
    whose = atoms(addresses)
    if len(whose) == 1:
        return str(next(iter(whose)))
    ordered = sorted(addresses, key=lambda pair: (list(When).index(pair[1]), str(pair[0])))
    return ", ".join(str(atom) if when is When.ALWAYS else f"{atom} {when.value}" for atom, when in ordered)
