"""Running the linter on texts, for tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from srcip_lint.bundle import Bundle
from srcip_lint.config import from_settings
from srcip_lint.engine import lint, see
from srcip_lint.examples import Example
from srcip_lint.finding import Finding, Report
from srcip_lint.inputs import gather
from srcip_lint.model import Model
from srcip_lint.rule import Rule
from srcip_lint.sources import Reading, Source
from srcip_lint_rules import RULES


def report(
    sources: Iterable[Source] | str,
    given: Sequence[tuple[str, str]] = (),
    rules: Sequence[Rule] = RULES,
    earlier: Iterable[Source] | None = None,
) -> Report:
    """Lint texts as if they were files. `given` are `key: value` pairs of the configuration; `earlier` is what the
    texts were before."""
    texts = [Source("example.yaml", sources.encode(), named=True)] if isinstance(sources, str) else sources
    config = from_settings(given)
    since = None if earlier is None else see(Reading([]), config, earlier)
    return lint(Reading([]), rules, config, texts, since)


def findings_of(rule: Rule, example: Example) -> list[Finding]:
    """What one rule reports about an example, with all rules running; one that is off by default is switched on."""
    rules = [replace(each, default=True) if each is rule else each for each in RULES]
    found = report(example.sources, example.given, rules, earlier=example.earlier).findings
    return [finding for finding in found if finding.rule == rule.id]


def bundle_of(files: Mapping[str, str]) -> Bundle:
    """The bundle of texts as if they were files of these paths."""
    sources = [Source(path, text.encode(), named=True) for path, text in files.items()]
    return Bundle(gather(sources, Reading([])))


def model_of(files: Mapping[str, str], given: Sequence[tuple[str, str]] = ()) -> Model:
    """What a rule would be given for texts as if they were files of these paths."""
    sources = [Source(path, text.encode(), named=True) for path, text in files.items()]
    return Model.of(gather(sources, Reading([])), from_settings(given).environment)
