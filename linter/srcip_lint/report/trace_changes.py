"""The ways in that changed, as a page for the reviewer of a change, and as JSON.

The contract of the latter is `schemas/srcip_lint_schemas/trace.schema.json` too.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from srcip_lint.finding import Severity
from srcip_lint.path.changes import Change, Way
from srcip_lint.path.hops import Hop
from srcip_lint.path.verdict import verdict
from srcip_lint.report import trace_json
from srcip_lint.report.ansi import BOLD, DIM, SEVERITY, paint
from srcip_lint.report.look import Look
from srcip_lint.report.sanitize import json_document, json_string, no_commands, terminal
from srcip_lint.report.summary import counted

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Compared:
    """What changed since a commit: its name as it was given and its hash, and how many ways in there are today."""

    ref: str
    commit: str
    changes: tuple[Change, ...]
    ways: int


def text(compared: Compared, look: Look) -> str:
    """A block for each change, and a line that counts."""
    blocks: dict[tuple[str, ...], list[Change]] = {}
    for change in compared.changes:
        blocks.setdefault((_title(change.way), *_told(change.before), "", *_told(change.now)), []).append(change)
    pages = ["\n".join(_block(changes, look)) for changes in blocks.values()]
    return no_commands("\n\n".join([*pages, _count(compared)]) + "\n")


def _title(way: Way) -> str:
    return f"{way.owner}, by {way.key.entry.value}"


def _block(changes: Sequence[Change], look: Look) -> Iterator[str]:
    """Changes that differ in their ports only."""
    first = changes[0]
    ports = ", ".join(dict.fromkeys(f"{each.way.key.port}/{each.way.key.protocol}" for each in changes))
    yield paint(f"{terminal(_title(first.way))}, port {terminal(ports)}", BOLD, on=look.color)
    lost = _keeps(first.before) and first.now is not None and not _keeps(first.now)
    style = SEVERITY[Severity.WARNING] if lost else ""
    for sentence in _told(first.before) or ("there was no such way in",):
        yield from _wrapped("was: ", sentence)
    for sentence in _told(first.now) or ("there is no such way in any more",):
        yield from (paint(line, style, on=look.color and lost) for line in _wrapped("now: ", sentence))
    for hop in _deciding(first.now):
        where = f" ({hop.at.source.path}:{hop.at.span.line})" if hop.at else ""
        yield from (
            paint(line, DIM, on=look.color) for line in _wrapped("     ", f"at the {hop.kind}: {hop.does}{where}")
        )


def _wrapped(label: str, sentence: str) -> list[str]:
    """Wrapped at blanks only, so that a path and a name stay whole."""
    further = " " * (len(label) + 2)
    return textwrap.wrap(
        terminal(sentence),
        _WIDTH,
        initial_indent=f"  {label}",
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _told(way: Way | None) -> tuple[str, ...]:
    """What the ways come to, each sentence once."""
    return tuple(dict.fromkeys(verdict(path).sentence() for path in way.paths)) if way else ()


def _keeps(way: Way | None) -> bool:
    return way is not None and all(verdict(path).keeps for path in way.paths)


def _deciding(way: Way | None) -> list[Hop]:
    """The hops that replace the address, or drop the connection: what a reviewer wants to look at."""
    found: dict[tuple[str, str], Hop] = {}
    for path in way.paths if way else ():
        for hop in (verdict(path).replaced_at, verdict(path).dropped_at):
            if hop is not None:
                found.setdefault((hop.kind, hop.does), hop)
    return list(found.values())


def _count(compared: Compared) -> str:
    since = f"since {terminal(compared.ref)}"
    changed = [each for each in compared.changes if each.before and each.now]
    new, gone = (sum(getattr(each, side) is None for each in compared.changes) for side in ("before", "now"))
    same = compared.ways - len(changed) - new
    if not compared.changes:
        return f"No address that is seen has changed {since}: {counted(same, 'way')} in, as before."
    parts = [f"{len(changed):,} changed", f"{new:,} new", f"{gone:,} gone", f"{same:,} as before"]
    return f"Ways in {since}: {', '.join(part for part in parts if not part.startswith('0 '))}."


def as_json(compared: Compared, _look: Look) -> str:
    """Every change with all its paths, before and now."""
    same = compared.ways - sum(each.now is not None for each in compared.changes)
    return json_document(
        {
            "version": 1,
            "since": {"name": json_string(compared.ref), "commit": compared.commit},
            "changes": [_change(each) for each in compared.changes],
            "unchanged": same,
        }
    )


def _change(change: Change) -> dict[str, object]:
    key = change.way.key
    kind = "changed" if change.before and change.now else "new" if change.now else "gone"
    return {
        "change": kind,
        "owner": trace_json.reference(change.way.owner),
        "entry": key.entry.name.lower(),
        "port": key.port,
        "protocol": key.protocol,
        "before": [trace_json.path_object(path) for path in change.before.paths] if change.before else [],
        "now": [trace_json.path_object(path) for path in change.now.paths] if change.now else [],
    }
