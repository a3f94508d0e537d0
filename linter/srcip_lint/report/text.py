"""The default format, for a person at a terminal, who may be tired and in a hurry.

    error[SRC301] local-without-per-node-pods
      --> deploy/service.yaml:12:3  Service shop/web
         |
      12 |   externalTrafficPolicy: Local
         |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      what is wrong, and what happens then
      see: deploy/web.yaml:1:1  Deployment shop/web: what it has to do with it
      assuming: what the verdict rests on
      fix: what to change
      the page of the rule

First which fault and where, as every compiler says it; then the line itself, so that no editor must be opened; then
what is wrong and what to change. Nothing is said in colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from srcip_lint.finding import Finding, Location, Note, ObjectRef, Report
from srcip_lint.report.ansi import BLUE, BOLD, CYAN, DIM, SEVERITY, link, paint
from srcip_lint.report.frame import frame
from srcip_lint.report.look import Look, shown
from srcip_lint.report.sanitize import terminal
from srcip_lint.report.summary import counted, footer, page

_WIDTH = 100
"""Columns of running text. Paths, code and addresses are never wrapped."""
_FEW = 5
"""Related places shown of one finding unless all are asked for: the first tell the story, the rest repeat it."""


def render(report: Report, look: Look) -> str:
    """The findings that are shown, an empty line after each, then the summary."""
    findings = shown(report, look)
    urls = {rule.id: terminal(rule.url) for rule in report.rules}
    lines: list[str] = []
    for finding in findings:
        lines += [*_finding(finding, urls[finding.rule], look), ""]
    return page([*lines, *footer(report, findings, look)])


def _finding(finding: Finding, url: str, look: Look) -> Iterator[str]:
    style = SEVERITY[finding.severity]
    head = paint(f"{finding.severity.value}[{terminal(finding.rule)}]", style, on=look.color)
    yield f"{link(head, url, on=look.hyperlinks)} {paint(terminal(finding.name), BOLD, on=look.color)}"
    yield f"  {paint('-->', BLUE, on=look.color)} {place(finding.location)}{_owner(finding.object)}"
    if finding.location.template:
        yield f"      rendered from {terminal(finding.location.template)}"
    yield from _frame(finding.location, style, look)
    yield from _paragraph("", finding.message, look)
    yield from _related(finding, look)
    for assumption in finding.assumptions:
        yield from _paragraph("assuming:", assumption, look)
    for fix in finding.fixes:
        yield from _paragraph("fix:", fix, look)
    if not look.hyperlinks:
        yield f"  {paint(url, DIM, on=look.color)}"


def place(location: Location) -> str:
    """`path:line:column`, which terminals and editors turn into a link."""
    return f"{terminal(location.path)}:{location.span.line}:{location.span.column}"


def _owner(found: ObjectRef | None) -> str:
    return f"  {terminal(str(found))}" if found else ""


def _frame(location: Location, style: str, look: Look) -> Iterator[str]:
    picture = frame(location)
    if picture is None:
        return
    width = max(4, len(str(picture.number)))
    empty, numbered = (paint(f"{number:>{width}} |", BLUE, on=look.color) for number in ("", picture.number))
    yield empty
    yield f"{numbered} {picture.text}"
    yield f"{empty} {' ' * picture.indent}{paint('^' * picture.carets, style, on=look.color)}"


def _paragraph(label: str, text: str, look: Look) -> Iterator[str]:
    """Wrapped text behind a label; its further lines stand a little further in."""
    further = "      " if label else "  "
    for number, line in enumerate(_wrapped(f"{label} {terminal(text)}".lstrip())):
        yield further + line if number else "  " + paint(label, CYAN, on=look.color) + line[len(label) :]


def _wrapped(text: str) -> list[str]:
    """Lines of whole words: an address or a path that is longer than a line must stay one to be copied."""
    return wrap(text, _WIDTH - 6, break_long_words=False, break_on_hyphens=False)


def _related(finding: Finding, look: Look) -> Iterator[str]:
    few = finding.related if look.verbose else finding.related[:_FEW]
    for note in few:
        yield from _note(note, finding.location, look)
    if hidden := len(finding.related) - len(few):
        yield f"  {paint('see:', CYAN, on=look.color)} {counted(hidden, 'more place')} (--verbose)"


def _note(note: Note, primary: Location, look: Look) -> Iterator[str]:
    """A related place; its code only where the reader has not just seen that line."""
    origin = f" (rendered from {terminal(note.location.template)})" if note.location.template else ""
    where = f"{paint('see:', CYAN, on=look.color)} {place(note.location)}{_owner(note.object)}{origin}"
    message = terminal(note.message)
    fits = len(f"  see: {place(note.location)}{_owner(note.object)}{origin}: {message}") <= _WIDTH
    yield f"  {where}: {message}" if fits else f"  {where}:"
    if not fits:
        yield from (f"      {line}" for line in _wrapped(message))
    if (note.location.path, note.location.span.line) != (primary.path, primary.span.line):
        yield from _frame(note.location, CYAN, look)
