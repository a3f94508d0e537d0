"""Real manifests with labelled verdicts, read in place; skipped where `../shared/corpus` is absent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linting import report
from srcip_lint.config import from_settings
from srcip_lint.engine import lint
from srcip_lint.finding import Finding, Severity
from srcip_lint.sources import Reading, Source
from srcip_lint_rules import RULES

SHARED = Path(__file__).parents[2] / "shared"
CORPUS = SHARED / "corpus"
ARTICLE = SHARED / "founding-article.md"

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="../shared/corpus is not here: labelled manifests are read in place"
)


def labels() -> list[dict[str, Any]]:
    path = CORPUS / "labels.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def verdicts() -> dict[str, list[str]]:
    path = CORPUS / "verdicts.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


KNOWN = {rule.id for rule in RULES}
VERDICTS = verdicts()
LABELLED = {rule for rules in VERDICTS.values() for rule in rules}
WAITING = {"case-032": "its allow-list is a Policy of the NGINX Ingress Controller, whose adapter is not written yet"}
"""Labelled verdicts that no rule of today can give, although one of the rules that could exists."""

CASES = [pytest.param(case, id=case["id"]) for case in labels()]


def findings(case: dict[str, Any]) -> list[Finding]:
    """What is reported on the labelled object of a case, whatever its file is called."""
    folder = CORPUS / "cases" / case["id"]
    reading = Reading([str(folder / path) for path in case["paths"]])
    found = lint(reading, RULES, from_settings(())).findings
    return [finding for finding in found if str(finding.object) == case["object"]]


@pytest.mark.parametrize("case", CASES)
def test_a_labelled_verdict_is_met_and_nothing_false_is_said(case: dict[str, Any]) -> None:
    reported = {finding.rule: finding for finding in findings(case)}
    for verdict in case["expect"]:
        satisfying = KNOWN & set(VERDICTS.get(verdict, ()))
        if satisfying and case["id"] not in WAITING:
            assert satisfying & set(reported), f"{verdict} is due on {case['object']}: {case['note']}"
    allowed = {rule for verdict in (*case["expect"], *case["tolerate"]) for rule in VERDICTS.get(verdict, ())}
    false = [
        finding
        for rule, finding in reported.items()
        if rule in LABELLED and rule not in allowed and finding.severity >= Severity.WARNING
    ]
    assert not false, [finding.message for finding in false]


def article_blocks() -> Iterator[Source]:
    for number, block in enumerate(
        re.findall(r"^```yaml\n(.*?)^```$", ARTICLE.read_text(encoding="utf-8"), re.M | re.S)
    ):
        yield Source(f"article/{number}.yaml", block.encode(), named=True)


def severities(sources: list[Source], *given: tuple[str, str]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.severity.value) for finding in report(sources, given).findings]


def changed(old: str, new: str) -> list[Source]:
    """The article's first Deployment, changed, and its Service."""
    deployment, service = list(article_blocks())[:2]
    text = deployment.data.decode()
    assert re.search(old, text)
    return [Source("deployment.yaml", re.sub(old, new, text).encode(), named=True), service]


CONSTRAINT = r"(?s) +# Spread pods.*?topologySpreadConstraints:.*?app: web-server\n(?=      containers)"


def test_the_articles_own_manifests_give_no_error_and_no_warning() -> None:
    assert {severity for _, severity in severities(list(article_blocks()))} <= {"info"}


def test_without_its_spread_the_articles_deployment_is_a_warning_on_the_policy_line() -> None:
    sources = changed(CONSTRAINT, "")
    (finding,) = [finding for finding in report(sources).findings if finding.severity > Severity.INFO]
    assert (finding.rule, finding.severity) == ("SRC301", Severity.WARNING)
    assert sources[1].lines.line(finding.location.span.line).strip() == "externalTrafficPolicy: Local"
    assert [str(note.object) for note in finding.related] == ["Deployment default/web-server"]


def test_as_a_daemon_set_the_article_gives_only_info() -> None:
    sources = changed("kind: Deployment", "kind: DaemonSet")
    assert {severity for _, severity in severities(sources)} <= {"info"}


def test_declared_metallb_leaves_only_info() -> None:
    sources = changed(CONSTRAINT, "")
    assert {severity for _, severity in severities(sources, ("loadBalancer", "metallb-l2"))} == {"info"}
