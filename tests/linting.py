"""Running the linter on texts, for tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from srcip_lint.config import from_settings
from srcip_lint.engine import lint
from srcip_lint.examples import Example
from srcip_lint.finding import Finding, Report
from srcip_lint.rule import Rule
from srcip_lint.sources import Reading, Source
from srcip_lint_rules import RULES


def report(
    sources: Iterable[Source] | str, given: Sequence[tuple[str, str]] = (), rules: Sequence[Rule] = RULES
) -> Report:
    """Lint texts as if they were files. `given` are `key: value` pairs of the configuration."""
    texts = [Source("example.yaml", sources.encode(), named=True)] if isinstance(sources, str) else sources
    return lint(Reading([]), rules, from_settings(given), watched=texts)


def findings_of(rule: Rule, example: Example) -> list[Finding]:
    """What one rule reports about an example, with all rules running."""
    return [finding for finding in report(example.sources, example.given).findings if finding.rule == rule.id]
