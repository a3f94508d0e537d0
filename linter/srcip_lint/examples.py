"""The examples of a rule's page, and the fixtures beside it, as something that can be executed.

An example is YAML with comments that mean something:

- `# want "text"` or `# want warning "text"` at the end of a line: the rule reports there, and its message holds the
  text; where all rules are asked, `# want SRC301 "text"` says which of them;
- `# given loadBalancer: metallb-l2`: declared in the configuration;
- `# file: apps/web.yaml`: what follows stands in that file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from srcip_lint.finding import Finding
from srcip_lint.sources import Source

_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_FENCE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BULLET = re.compile(r"^- `([a-z0-9-]+)`: ", re.MULTILINE)
_WANT = re.compile(r"#\s*want\s+(?:([A-Z]+\d+)\s+)?(?:(error|warning|info)\s+)?\"([^\"]+)\"")
_GIVEN = re.compile(r"^# given (\w+): (.+)$", re.MULTILINE)
_FILE = re.compile(r"^# file: (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Want:
    """A finding that an example expects: in this file, on this line, with this text in its message."""

    path: str
    line: int
    severity: str | None
    text: str
    rule: str | None = None

    def meets(self, finding: Finding) -> bool:
        same_place = (finding.location.path, finding.location.span.line) == (self.path, self.line)
        is_its = self.severity in (None, finding.severity.value) and self.rule in (None, finding.rule)
        return same_place and is_its and self.text in finding.message

    def __str__(self) -> str:
        what = " ".join(word for word in (self.severity or "a finding", self.rule) if word)
        return f"{self.path}:{self.line}: {what} with {self.text!r}"


@dataclass(frozen=True, slots=True)
class Example:
    """Sources to lint, what is declared for them (`key: value` of the configuration), and what a rule must report."""

    name: str
    sources: tuple[Source, ...]
    given: tuple[tuple[str, str], ...]
    wants: tuple[Want, ...]

    def mismatches(self, findings: Iterable[Finding]) -> Iterator[str]:
        """Where one rule's findings differ from what the example wants, a sentence each."""
        left = list(findings)
        for want in self.wants:
            met = next((finding for finding in left if want.meets(finding)), None)
            if met is None:
                yield f"missing: {want}"
            else:
                left.remove(met)
        for finding in left:
            where = f"{finding.location.path}:{finding.location.span.line}"
            yield f"unexpected: {where}: {finding.severity.value} {finding.rule}: {finding.message}"


def example(name: str, text: str, path: str = "example.yaml") -> Example:
    """One example out of its text."""
    parts = _FILE.split(text)
    files = [(path, parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]
    sources = [Source(file, body.encode(), named=True) for file, body in files if body.strip()]
    wants = [want for source in sources for want in _wants(source)]
    return Example(name, tuple(sources), tuple(_GIVEN.findall(text)), tuple(wants))


def _wants(source: Source) -> Iterator[Want]:
    for number, line in enumerate(source.data.decode().splitlines(), start=1):
        for rule, severity, text in _WANT.findall(line):
            yield Want(source.path, number, severity or None, text, rule or None)


def section(doc: str, title: str) -> str:
    """The text of a page's section; empty where there is none."""
    parts = _SECTION.split(doc)
    return dict(zip(parts[1::2], parts[2::2], strict=True)).get(title, "")


def examples(doc: str) -> tuple[Example, ...]:
    """The Bad and Good examples of a page, named `Bad 1`, `Good 1`, `Good 2`."""
    return tuple(
        example(f"{title} {number}", text)
        for title in ("Bad", "Good")
        for number, text in enumerate(_FENCE.findall(section(doc, title)), start=1)
    )


def conditions(doc: str) -> tuple[str, ...]:
    """The names of the conjuncts of a rule's truth condition."""
    return tuple(_BULLET.findall(section(doc, "Reported when")))


def silences(doc: str) -> tuple[str, ...]:
    """The names of a rule's silences."""
    return tuple(_BULLET.findall(section(doc, "Silent when")))
