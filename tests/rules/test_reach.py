"""A rule that one file can decide says the same of a file whatever stands beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from linting import report
from srcip_lint.examples import example, examples
from srcip_lint.kustomize import is_kustomization_file
from srcip_lint.rule import Reach
from srcip_lint.sources import Source
from srcip_lint_rules import RULES

FIXTURES = Path(__file__).parents[2] / "fixtures"
OF_ONE_FILE = [rule for rule in RULES if rule.reach is Reach.FILE]
SPLIT = "\n---\n"
NEIGHBOUR = Source(
    "neighbour.yaml",
    b"""\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, externalTrafficPolicy: Local, externalIPs: [192.0.2.1], healthCheckNodePort: 32000}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: app}]}
""",
)
"""A patch of the Service that most bundles have, and pods for it."""


def bundles() -> Iterator[tuple[str, tuple[Source, ...]]]:
    """Every example and fixture of every rule, also with its documents in files of their own; kustomizations left out:
    what a file becomes by one is not the file's to say."""
    cases = [case for rule in RULES for case in examples(rule.doc)]
    cases += [example(str(path), path.read_text(encoding="utf-8")) for path in sorted(FIXTURES.glob("rules/*/*.yaml"))]
    for case in cases:
        if not any(is_kustomization_file(source.path) or b"kustomize" in source.data for source in case.sources):
            split = tuple(part for source in case.sources for part in _parts(source))
            yield case.name, (*split, NEIGHBOUR)
            if len(split) > len(case.sources):
                yield case.name, (*case.sources, NEIGHBOUR)


def _parts(source: Source) -> Iterator[Source]:
    for number, text in enumerate(source.data.decode("utf-8", "surrogateescape").split(SPLIT)):
        yield Source(f"{number}-{source.path}", text.encode("utf-8", "surrogateescape"), named=True)


def findings(*sources: Source) -> list[str]:
    """What the rules of one file say, and where; the others do not run."""
    found = report(sources, rules=OF_ONE_FILE).findings
    return [f"{each.rule} {each.location.path}:{each.location.span.line}: {each.message}" for each in found]


def test_what_one_file_decides_is_the_same_alone_and_in_company() -> None:
    seen: set[str] = set()
    for name, sources in bundles():
        together, alone = findings(*sources), [line for source in sources for line in findings(source)]
        assert sorted(alone) == sorted(together), name
        seen.update(line.partition(" ")[0] for line in together)
    assert {"SRC002", "SRC003", "SRC502"} <= seen, "nothing was compared"


def test_some_rules_need_one_file_only_and_some_a_change() -> None:
    assert {"SRC001", "SRC002", "SRC005", "SRC502"} <= {rule.id for rule in OF_ONE_FILE}
    assert [rule.id for rule in RULES if rule.reach is Reach.CHANGE] == ["SRC505"]
