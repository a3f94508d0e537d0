"""Write the generated pages of `docs/` from the rules, or check that they are up to date.

    python scripts/docs.py            write them
    python scripts/docs.py --check    say what differs, and exit 1

The pages are what `srcip-lint explain` prints: a rule's docstring is its page.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("linter", "rules", "schemas")]

from srcip_lint.config import from_settings  # noqa: E402
from srcip_lint.engine import lint  # noqa: E402
from srcip_lint.examples import conditions, section, silences  # noqa: E402
from srcip_lint.report import FORMATS, Look  # noqa: E402
from srcip_lint.rule import Family, Rule  # noqa: E402
from srcip_lint.sources import Reading  # noqa: E402
from srcip_lint_rules import RULES  # noqa: E402

QUESTIONS = {
    Family.INPUT: "what could not be read, and so was not judged?",
    Family.LOST: "where is the address replaced before whoever needs it?",
    Family.SPOOFABLE: "where is an address believed from anyone?",
    Family.DROPPED: "which way in reaches no pod?",
    Family.MISJUDGED: "which control keyed on an address judges the wrong one?",
    Family.IGNORED: "which setting is rejected by the API, or read by nobody?",
    Family.FRAGILE: "what works today and breaks at the next rollout, drain or reschedule?",
}
NOTE = "<!-- Generated from the rule's docstring by `make docs`. Do not edit. -->\n"
FIXTURES = ROOT / "fixtures" / "rules"


def page(rule: Rule) -> str:
    """A rule's page in Markdown."""
    title = f"# {rule.id} {rule.name}\n"
    off = "" if rule.default else " Off by default: it runs where it is selected."
    facts = f"Severity: at most **{rule.severity.value}**. Family: {rule.family.name.lower()}.{off}\n"
    return f"{NOTE}\n{title}\n{facts}\n{rule.doc.strip()}\n"


def index(rules: tuple[Rule, ...]) -> str:
    """The list of all rules."""
    rows = [f"| [{rule.id}]({rule.id}.md) | {rule.name} | {rule.severity.value} | {rule.summary} |" for rule in rules]
    head = ["# Rules", "", "The severity is the highest a rule reports; its page says when it is lower.", ""]
    return "\n".join((NOTE, *head, "| id | name | severity | in one line |", "|---|---|---|---|", *rows, ""))


def fixtures_table(rules: tuple[Rule, ...]) -> str:
    """Which fixture shows which conjunct of a rule's truth condition, and which of its silences."""
    head = ["# Conditions, silences and their fixtures", ""]
    head += [
        "Each fixture is a bundle in `fixtures/rules/<ID>/` that is reported but for the one thing its name says; the",
        "",
    ]
    head[-2] += " `reported` ones are reported. `tests/rules` checks that this table is complete and that each does so."
    rows = [row for rule in rules for row in _rows(rule)]
    return "\n".join((NOTE, *head, "| rule | kind | name | what | fixtures |", "|---|---|---|---|---|", *rows, ""))


def _rows(rule: Rule) -> Iterator[str]:
    for kind, title, names in (
        ("condition", "Reported when", conditions(rule.doc)),
        ("silence", "Silent when", silences(rule.doc)),
    ):
        for name in names:
            text = re.search(rf"^- `{name}`: (.*?)(?=^- `|^\S|\Z)", section(rule.doc, title), re.MULTILINE | re.DOTALL)
            words = " ".join(text[1].split()).replace("|", "\\|") if text else ""
            yield f"| {rule.id} | {kind} | {name} | {words} | {_files(rule, name)} |"
    if rule.check:
        yield f"| {rule.id} | reported | | | {_files(rule, 'reported.*')} |"


def _files(rule: Rule, name: str) -> str:
    paths = sorted((FIXTURES / rule.id).glob("*.yaml"))
    return ", ".join(f"`{path.stem}`" for path in paths if re.fullmatch(rf"{name}(-\d+)?", path.stem))


def example() -> str:
    """What the first command of the README prints, but for the time it took."""
    os.chdir(ROOT)
    report = lint(Reading(["fixtures/example"]), RULES, from_settings(()))
    report = replace(report, statistics=replace(report.statistics, seconds=0.01))
    return f"```text\n{FORMATS['text'](report, Look())}```"


def rules_by_family() -> str:
    """The rules as the README lists them."""
    rows = ["| family | question | rules |", "|---|---|---|"]
    for family, question in QUESTIONS.items():
        links = [f"[{rule.id}](docs/rules/{rule.id}.md) {rule.name}" for rule in RULES if rule.family is family]
        if links:
            rows.append(f"| {family.name.lower()} | {question} | {'<br>'.join(links)} |")
    return "\n".join(rows)


def readme() -> str:
    """The README with its generated parts written anew."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, part in (("example", example()), ("rules", rules_by_family())):
        before, mark, rest = re.split(rf"(<!-- {name}: .*? -->\n)", text, maxsplit=1)
        text = f"{before}{mark}{part}\n<!-- end -->{rest.partition('<!-- end -->')[2]}"
    return text


def pages() -> dict[Path, str]:
    """Every generated file, by its path from the root."""
    folder = Path("docs/rules")
    return {
        Path("README.md"): readme(),
        **{folder / f"{rule.id}.md": page(rule) for rule in RULES},
        folder / "README.md": index(RULES),
        Path("docs/fixtures.md"): fixtures_table(RULES),
    }


def stale(wanted: dict[Path, str]) -> list[Path]:
    """Generated files that are missing, differ, or belong to no rule."""
    present = {path.relative_to(ROOT) for path in (ROOT / "docs" / "rules").glob("*.md")}
    differing = [path for path, text in wanted.items() if _text(path) != text]
    return sorted({*differing, *(present - set(wanted))})


def _text(path: Path) -> str | None:
    full = ROOT / path
    return full.read_text(encoding="utf-8") if full.exists() else None


def main(arguments: list[str]) -> int:
    wanted = pages()
    differing = stale(wanted)
    if arguments == ["--check"]:
        for path in differing:
            print(f"{path} is not what the rules say: run `make docs`")
        return 1 if differing else 0
    for path in differing:
        if path in wanted:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(wanted[path], encoding="utf-8")
        else:
            (ROOT / path).unlink()
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
