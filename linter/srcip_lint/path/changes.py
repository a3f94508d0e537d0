"""Which ways in show another address than they did earlier.

Ways are paired by Service (or pod), entry and port. What is compared is whose address each process sees, takes and
judges, where the client's is carried, and whether the connection is dropped; names of workloads, lines and reasons play
no part.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from srcip_lint.finding import ObjectRef
from srcip_lint.path.hops import Addresses, PathKey, SourcePath
from srcip_lint.path.verdict import verdict

_LOOKING = ("pod", "proxy")
"""The kinds of hops at which somebody looks at an address."""


@dataclass(frozen=True, slots=True)
class Way:
    """All paths of one way in: those of a Service that differ only in what is behind it. `owner` is the Service, or the
    workload where every Service is passed by; `stream` is what it was applied together with."""

    key: PathKey
    owner: ObjectRef
    stream: str
    paths: tuple[SourcePath, ...]

    @property
    def order(self) -> tuple[object, ...]:
        return self.owner.order, self.key.entry.name, self.key.port.zfill(5), self.key.protocol, self.stream

    @property
    def seen(self) -> frozenset[object]:
        """What is compared."""
        return frozenset(_seen(path) for path in self.paths)


@dataclass(frozen=True, slots=True)
class Change:
    """A way in that shows something else than earlier; one of the two is None where it is new, or gone."""

    before: Way | None
    now: Way | None

    @property
    def way(self) -> Way:
        """The way as it is, or as it was."""
        found = self.now or self.before
        if found is None:
            raise ValueError("a change of nothing")
        return found


def changes(before: Iterable[Way], now: Iterable[Way]) -> Iterator[Change]:
    """The ways in that differ, by owner: a way is first looked for in the file or kustomization where it is today; what
    is left is paired where only one of its name is left on either side, for a file may have been renamed."""
    left: dict[object, tuple[list[Way], list[Way]]] = defaultdict(lambda: ([], []))
    pairs: list[Change] = []
    for side, ways in enumerate((before, now)):
        for way in ways:
            left[way.key, way.owner, way.stream][side].append(way)
    strangers: dict[object, tuple[list[Way], list[Way]]] = defaultdict(lambda: ([], []))
    for then, today in left.values():
        both = min(len(then), len(today))
        pairs += map(Change, then[:both], today[:both])
        for side, rest in enumerate((then[both:], today[both:])):
            for way in rest:
                strangers[way.key, way.owner][side].append(way)
    for then, today in strangers.values():
        if len(then) == len(today) == 1:
            pairs.append(Change(then[0], today[0]))
        else:
            pairs += [Change(way, None) for way in then] + [Change(None, way) for way in today]
    differing = (pair for pair in pairs if not (pair.before and pair.now and pair.before.seen == pair.now.seen))
    yield from sorted(differing, key=lambda pair: pair.way.order)


def _seen(path: SourcePath) -> object:
    found = verdict(path)
    looked = tuple(
        (
            hop.kind,
            _whose(hop.state.peer),
            None if hop.takes is None else _whose(hop.takes),
            frozenset((each.control, _whose(each.addresses)) for each in hop.observations if each.control),
        )
        for hop in path.hops
        if hop.kind in _LOOKING
    )
    dropped = found.dropped_at.delivered if found.dropped_at else None
    return looked, _whose(found.peer), found.carried, dropped


def _whose(addresses: Addresses) -> object:
    return frozenset((atom.whose, when) for atom, when in addresses)
