"""The traceroute of the manifests, as a page for a terminal.

Read from top to bottom: each step names its place, what it does, what that rests on, and what it changes. What it does
not change is not repeated; the last step shows everything that arrives there.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from srcip_lint.documents import Place
from srcip_lint.finding import Severity
from srcip_lint.path.hops import (
    FORWARDED_HEADERS,
    Delivered,
    Header,
    Hop,
    Observation,
    Point,
    ProxyProtocol,
    SourcePath,
    State,
    Whose,
    spelled,
    under_every_placement,
)
from srcip_lint.path.verdict import describe, verdict
from srcip_lint.report.ansi import BOLD, DIM, SEVERITY, paint
from srcip_lint.report.look import Look
from srcip_lint.report.sanitize import no_commands, terminal

WIDTH = 100
_KIND = 15
"""The width of the column with the kinds of hops."""
_LABEL = 17
_FORGEABLE = "<what the client wrote>"


def render(groups: Sequence[tuple[SourcePath, ...]], look: Look) -> str:
    """The paths, each group one page: paths that differ in their port only."""
    pages = ["\n".join(_page(group, look)) for group in groups]
    return no_commands("\n\n".join(pages) + "\n") if pages else ""


def _page(group: tuple[SourcePath, ...], look: Look) -> Iterator[str]:
    path = group[0]
    ports = ", ".join(dict.fromkeys(f"{each.key.port}/{each.key.protocol}" for each in group))
    to = path.key.service or next((hop.object for hop in path.hops if hop.object), "")
    yield paint(f"{terminal(str(to))}, by {path.key.entry.value}, port {terminal(ports)}", BOLD, on=look.color)
    yield ""
    before: State | None = None
    for hop in path.hops:
        is_last = hop is path.hops[-1]
        yield from _heading(hop, look)
        rail = "      " if is_last else "  │   "
        yield from (paint(line, DIM, on=look.color) for line in _story(hop, rail))
        yield from _changes(hop, before, rail, look)
        yield from _arriving(hop.state, rail) if is_last else ["  ▼"]
        before = hop.state
    yield ""
    yield from textwrap.wrap(
        terminal(verdict(path).sentence()), WIDTH, initial_indent="  => ", subsequent_indent="     "
    )


def _heading(hop: Hop, look: Look) -> Iterator[str]:
    name = "" if hop.kind == "client" else hop.name
    where = f"  {paint(terminal(_where(hop.at)), DIM, on=look.color)}" if hop.at else ""
    yield paint(f"  {hop.kind:<{_KIND}}{terminal(name)}".rstrip(), BOLD, on=look.color) + where


def _story(hop: Hop, rail: str) -> Iterator[str]:
    """What the hop does, and what we know that from."""
    if hop.kind != "client":
        yield from _wrapped(rail, hop.does)
    if hop.kind == "node" and hop.delivered in _DROPPING:
        yield from _wrapped(rail, _DROPPING[hop.delivered])
    if hop.delivered is Delivered.NO:
        yield from _wrapped(rail, "the connection fails here")
    for evidence in hop.basis.evidence:
        yield from _wrapped(rail, f"because: {evidence.text}" + (f" ({_where(evidence.at)})" if evidence.at else ""))
    for assumption in hop.assumptions:
        yield from _wrapped(rail, f"assumed: {assumption}")


_DROPPING = {
    Delivered.MAYBE: "a node without a ready pod drops the packet, and nothing keeps packets from such a node",
    Delivered.UNKNOWN: "a node without a ready pod drops the packet; whether packets come to such a node is not known",
}


def _changes(hop: Hop, before: State | None, rail: str, look: Look) -> Iterator[str]:
    """What the hop takes, judges and changes."""
    state = hop.state
    if hop.takes is not None:
        yield from _field(rail, "takes for client", describe(hop.takes))
    for each in _controls(hop):
        yield from _field(rail, f"{each.control} judges", f"{describe(each.addresses)}  ({_where(each.at)})")
    if before is None or state.peer != before.peer:
        now = describe(state.peer)
        lines = _field(rail, "source address", now if before is None else f"was {describe(before.peer)}, now {now}")
        is_lost = before is not None and under_every_placement(before.peer, Whose.CLIENT)
        yield from (paint(line, SEVERITY[Severity.WARNING], on=look.color and is_lost) for line in lines)
    if state.proxy_protocol is ProxyProtocol.PRESENT and (before is None or state.announced != before.announced):
        yield from _field(rail, "PROXY protocol", describe(state.announced))
    places = {each.header: f"  ({_where(each.at)})" for each in hop.observations if each.header}
    for name, header in state.headers:
        if before is not None and header != before.header(name):
            yield from _field(rail, spelled(name), carried(header) + places.get(name, ""))


def _controls(hop: Hop) -> Iterator[Observation]:
    """What judges by an address; a network policy once, however many blocks of addresses it has."""
    policies: set[str] = set()
    for each in hop.observations:
        if each.control and each.control not in policies:
            policies.update({each.control} if each.point is Point.POD_POLICY else ())
            yield each


def _arriving(state: State, rail: str) -> Iterator[str]:
    """Everything that the last process sees. Headers that nobody touched share a line."""
    yield from _field(rail, "sees as peer", describe(state.peer))
    touched = [(name, header) for name, header in state.headers if header.entries or not header.forgeable]
    for name, header in touched:
        yield from _field(rail, spelled(name), carried(header))
    others = [spelled(name) for name in FORWARDED_HEADERS if name not in dict(touched)]
    if others:
        yield from _field(rail, "other headers", f"{', '.join(others)}: {_FORGEABLE}, or nothing")


def carried(header: Header) -> str:
    """What a header holds, in the order it is read: what the client may have written first."""
    parts = [_FORGEABLE] if header.forgeable else []
    parts += [describe(entry.addresses) for entry in header.entries]
    return ", ".join(parts) or "absent"


def _where(at: Place | None) -> str:
    return f"{at.source.path}:{at.span.line}" if at else ""


def _field(rail: str, label: str, text: str) -> Iterator[str]:
    return _wrapped(rail, f"{label + ':':<{_LABEL}} {text}", " " * (_LABEL + 1))


def _wrapped(rail: str, text: str, hanging: str = "  ") -> Iterator[str]:
    """Wrapped at blanks only, so that a path and a name stay whole, for a double click."""
    yield from textwrap.wrap(
        terminal(text),
        WIDTH,
        initial_indent=rail,
        subsequent_indent=rail + hanging,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )
