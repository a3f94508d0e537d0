"""The traceroute of the manifests, as a page for a terminal.

Read from top to bottom: what happens to a connection, what the next one sees as its peer, and what the headers carry.
Every step names its line, and what it rests on.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from srcip_lint.documents import Place
from srcip_lint.path.hops import FORWARDED_HEADERS, Delivered, Header, Hop, ProxyProtocol, SourcePath, State
from srcip_lint.path.verdict import describe, verdict
from srcip_lint.report.ansi import BOLD, DIM, paint
from srcip_lint.report.look import Look
from srcip_lint.report.sanitize import no_commands, terminal

WIDTH = 100
_RAIL = "  │ "
_NAMES = {"x-forwarded-for": "X-Forwarded-For", "x-real-ip": "X-Real-IP", "forwarded": "Forwarded"}


def render(groups: Sequence[tuple[SourcePath, ...]], look: Look) -> str:
    """The paths, each group one page: paths that differ in their port only."""
    pages = ["\n".join(_page(group, look)) for group in groups]
    return no_commands("\n\n".join(pages) + "\n") if pages else ""


def _page(group: tuple[SourcePath, ...], look: Look) -> Iterator[str]:
    path = group[0]
    ports = ", ".join(f"{each.key.port}/{each.key.protocol}" for each in group)
    title = terminal(str(path.key.service or path.hops[-1].object or ""))
    yield paint(f"{title}  by {path.key.entry.value}, port {ports}", BOLD, on=look.color)
    yield ""
    before: State | None = None
    for hop in path.hops:
        yield from _step(hop, before, look, last=hop is path.hops[-1])
        before = hop.state
    yield ""
    yield from textwrap.wrap(
        terminal(verdict(path).sentence()), WIDTH, initial_indent="  => ", subsequent_indent="     "
    )


def _step(hop: Hop, before: State | None, look: Look, *, last: bool) -> Iterator[str]:
    name = f"  {hop.kind:<14}{terminal(hop.name)}"
    yield paint(name, BOLD, on=look.color) + (f"  {paint(_where(hop.at), DIM, on=look.color)}" if hop.at else "")
    rail = "    " if last else _RAIL
    yield from _wrapped(rail, hop.does)
    if hop.delivered is Delivered.MAYBE:
        yield from _wrapped(rail, "a node without a ready pod drops the packet")
    if hop.delivered is Delivered.NO:
        yield from _wrapped(rail, "the connection fails here")
    for evidence in hop.basis.evidence:
        yield from _wrapped(rail, f"because {evidence.text}" + (f" ({_where(evidence.at)})" if evidence.at else ""))
    for assumption in hop.basis.assumptions:
        yield from _wrapped(rail, f"assuming {assumption}")
    for observation in hop.observations:
        seen = f"{observation.what}: {describe(observation.addresses)} ({_where(observation.at)})"
        yield from _wrapped(rail, seen)
    yield from _carried(rail, hop.state, before)
    if not last:
        yield "  ▼"


def _carried(rail: str, state: State, before: State | None) -> Iterator[str]:
    """What travels on, where it changed."""
    if before is None or state.peer != before.peer:
        yield f"{rail}  peer: {terminal(describe(state.peer))}"
    if state.proxy_protocol is ProxyProtocol.PRESENT and (before is None or state.announced != before.announced):
        yield f"{rail}  PROXY protocol: {terminal(describe(state.announced))}"
    for name in FORWARDED_HEADERS:
        header = state.header(name)
        if before is not None and header != before.header(name):
            yield f"{rail}  {_NAMES[name]}: {terminal(carried(header))}"


def carried(header: Header) -> str:
    """What a header holds, in the order it is read: what the client may have written first."""
    parts = ["<whatever the client wrote>"] if header.forgeable else []
    parts += [describe(entry.addresses) for entry in header.entries]
    return ", ".join(parts) or "absent"


def _where(at: Place | None) -> str:
    return f"{terminal(at.source.path)}:{at.span.line}" if at else ""


def _wrapped(rail: str, text: str) -> Iterator[str]:
    indent = rail + " " * 12
    yield from textwrap.wrap(terminal(text), WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")
