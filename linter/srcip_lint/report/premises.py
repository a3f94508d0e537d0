"""What a run rests on, for people: a section below the findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from srcip_lint.finding import ObjectRef, Premise, Standing
from srcip_lint.report.ansi import BOLD, CYAN, DIM, paint
from srcip_lint.report.look import Look
from srcip_lint.report.sanitize import terminal

_WIDTH = 100
_FEW = 5
"""Objects, and grounds, that are shown of one premise unless all are asked for."""


def section(premises: Sequence[Premise], look: Look) -> list[str]:
    """The lines of the section, an empty one at its end; none of them holds a line break."""
    if not premises:
        return ["Nothing was assumed: no Service is open to the outside.", ""]
    lines = [paint("What this run takes for true of the cluster:", BOLD, on=look.color)]
    for each in premises:
        lines += _premise(each, look)
    return [*lines, ""]


def _premise(each: Premise, look: Look) -> Iterator[str]:
    standing = "" if each.standing is Standing.UNKNOWN and each.answer == "unknown" else f" ({each.standing.value})"
    yield f"  {paint(f'{each.topic}:', BOLD, on=look.color)} {terminal(each.answer)}{standing}"
    yield from _labelled("for:", _names(each.objects, look), look)
    few = each.grounds if look.verbose else each.grounds[:_FEW]
    for ground in few:
        place = ground.location
        where = f" ({place.path}:{place.span.line}:{place.span.column})" if place else ""
        yield from _labelled("because:", f"{ground.text}{where}", look)
    if hidden := len(each.grounds) - len(few):
        yield from _labelled("because:", f"{hidden:,} more (--verbose)", look)
    for assumption in each.assumptions:
        yield from _labelled("assuming:", assumption, look)
    if each.settled_by:
        why = _where(each)
        line = f"{paint('settle it:', CYAN, on=look.color)} {terminal(each.settled_by)}"
        yield f"      {line}  {paint(f'({why})', DIM, on=look.color)}"


def _where(each: Premise) -> str:
    """What to know about the line that settles a premise."""
    if each.topic == "nodes":
        return "where nodes.yaml is the output of `kubectl get nodes -o yaml`"
    if each.settled_by.startswith("edges:"):
        return "in srcip-lint.yaml, an entry for each Service"
    return "in srcip-lint.yaml" + (", for example" if each.standing is Standing.UNKNOWN else "")


def _names(objects: Sequence[ObjectRef], look: Look) -> str:
    few = objects if look.verbose else objects[:_FEW]
    more = f" and {len(objects) - len(few):,} more (--verbose)" if len(objects) > len(few) else ""
    return ", ".join(map(str, few)) + more


def _labelled(label: str, text: str, look: Look) -> Iterator[str]:
    """Wrapped text behind a label. Names, paths and places stay whole."""
    lines = wrap(f"{label} {terminal(text)}", _WIDTH - 10, break_long_words=False, break_on_hyphens=False)
    for number, line in enumerate(lines):
        yield f"          {line}" if number else f"      {paint(label, CYAN, on=look.color)}{line[len(label) :]}"
