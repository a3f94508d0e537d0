"""Start a rule: its file, with a page and a check that already run, and a fixture that is reported.

    python scripts/new_rule.py SRC399 what-goes-wrong dropped

`make rule ID=... NAME=... FAMILY=...` calls it. What it writes passes the tests once it is in RULES, and is nonsense:
it reports every Service whose policy is Local. Replace it part by part; the tests tell what no longer fits.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("linter", "rules", "schemas")]

from srcip_lint.rule import Family  # noqa: E402

_BAD = """\
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local  # want "what is wrong"
  ports:
    - port: 80
"""
_GOOD = _BAD.replace('Local  # want "what is wrong"', "Cluster")

_RULE = '''\
"""What is wrong, in one sentence.

What happens to the packets or to the address then, and why: what the reader did not know.

## Reported when

- `local`: the external traffic policy is Local.

## Silent when

- `internal`: the Service is not reachable from outside.

## Bad

```yaml
{bad}```

## Good

```yaml
{good}```

## Fix

What to change, best first.

## Sources

- Where the claim can be checked: documentation, a source file, an issue.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, Model, Rule, Severity


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a Service."""
    for service in model.local_services:
        yield Diagnosis(
            at=service.external_traffic_policy.place,
            message="what is wrong, and what happens then.",
            severity=Severity.WARNING,
            object=service.object,
            fixes=("what to change",),
        )


RULE = Rule(
    id="{id}",
    name="{name}",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
'''


def refusal(rule_id: str, name: str, family: str) -> str | None:
    """Why these cannot be a new rule's id, name and family; None where they can."""
    families = [known.name.lower() for known in Family]
    if not re.fullmatch(r"SRC[0-6]\d\d", rule_id):
        return f"{rule_id!r} is no rule id: SRC and three digits, the first from 0 to 6"
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        return f"{name!r} is no rule name: lower-case words with hyphens between them"
    if family not in families:
        return f"{family!r} is no family: {', '.join(families)}"
    if Family(rule_id[3]).name.lower() != family:
        return f"{rule_id} belongs to the family {Family(rule_id[3]).name.lower()}, not {family}"
    return None


def twin(root: Path, rule_id: str, name: str) -> Path | None:
    """The rule that has this id or this name already."""
    module = name.replace("-", "_")
    rules = root / "rules" / "srcip_lint_rules"
    return next(
        (
            path
            for path in sorted(rules.glob("*/src*.py"))
            if rule_id.lower() == path.stem[:6] or module == path.stem[7:]
        ),
        None,
    )


def write(root: Path, rule_id: str, name: str, family: str) -> list[Path]:
    """Write the rule's files below `root`; which ones, relative to it."""
    package = Path("rules", "srcip_lint_rules", family)
    fixtures = Path("fixtures", "rules", rule_id)
    module = f"{rule_id.lower()}_{name.replace('-', '_')}.py"
    texts = {
        package / module: _RULE.format(id=rule_id, name=name, bad=_BAD, good=_GOOD),
        fixtures / "reported.yaml": _BAD,
        fixtures / "local.yaml": _GOOD,
        fixtures / "internal.yaml": _GOOD.replace("LoadBalancer", "ClusterIP").replace(
            "  externalTrafficPolicy: Cluster\n", ""
        ),
    }
    if not (root / package / "__init__.py").exists():
        texts[package / "__init__.py"] = f'"""Rules of the family {family}."""\n'
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return sorted(texts)


def main(arguments: list[str], root: Path = ROOT) -> int:
    if len(arguments) != 3 or not all(arguments):
        print("usage: make rule ID=SRC399 NAME=what-goes-wrong FAMILY=dropped")
        return 2
    rule_id, name, family = arguments
    if reason := refusal(rule_id, name, family):
        print(reason)
        return 2
    if present := twin(root, rule_id, name):
        print(f"{present.relative_to(root).as_posix()} has that id or that name already; ids are never reused")
        return 2
    for path in write(root, rule_id, name, family):
        print(f"wrote {path.as_posix()}")
    module = f"{rule_id.lower()}_{name.replace('-', '_')}"
    print(
        f"""
What remains:
  1. rules/srcip_lint_rules/__init__.py: import {module} from srcip_lint_rules.{family}
     and put {module}.RULE into RULES, in order of ids.
  2. The rule's page: every sentence of it, and the two YAML blocks.
  3. The check, and the highest severity. What the model cannot answer yet belongs into the model.
  4. fixtures/rules/{rule_id}: a bundle for each bullet of `Reported when` and `Silent when`, named after it.
  5. CHANGELOG.md, under Unreleased.
  6. `make docs`, then `make check`."""
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
