"""What a finding says beyond its message, as labelled lines in one order: the formats without a structure of their own
for it (annotations, JUnit, Markdown) say the same. The texts are as the rule gave them: a format escapes them.
"""

from __future__ import annotations

from collections.abc import Iterator

from srcip_lint.finding import Finding, Location

_FEW = 5
"""Related places that are told one by one."""


def details(finding: Finding, *, few: int = _FEW) -> Iterator[tuple[str, str]]:
    """Label and text: `See`, `Assuming` and `Fix`, as often as there are such."""
    for note in finding.related[:few]:
        owner = f" {note.object}" if note.object else ""
        yield "See", f"{place(note.location)}{owner}: {note.message}"
    if len(finding.related) > few:
        yield "See", f"{len(finding.related) - few:,} more"
    yield from (("Assuming", assumption) for assumption in finding.assumptions)
    yield from (("Fix", fix) for fix in finding.fixes)


def place(location: Location) -> str:
    """`deploy/service.yaml:8:3`."""
    return f"{location.path}:{location.span.line}:{location.span.column}"
