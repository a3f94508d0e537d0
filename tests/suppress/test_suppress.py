"""Suppression: what a comment, an annotation and an override cover, and what is said of those that are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srcip_lint import suppress
from srcip_lint.config import Config, Override, load
from srcip_lint.config import Given as Line
from srcip_lint.documents import Document, Spot, read
from srcip_lint.finding import Finding, Location, ObjectRef, Severity
from srcip_lint.positions import Span
from srcip_lint.resources import WANTED
from srcip_lint.resources import load as resources
from srcip_lint.resources.objects import Object
from srcip_lint.rule import Rule
from srcip_lint.sources import Source


def rule(rule_id: str, name: str) -> Rule:
    return Rule(rule_id, name, Severity.WARNING, None, f"{name}.")


UNREADABLE, UNUSED = rule("SRC001", "unreadable-input"), rule("SRC003", "unused-suppression")
LOCAL, DRAIN = rule("SRC301", "local-without-per-node-pods"), rule("SRC605", "drain-drops-connections")
RULES = (UNREADABLE, UNUSED, LOCAL, DRAIN)

WEB = ObjectRef("", "Service", "shop", "web")


def finding(line: int, about: Rule = LOCAL, path: str = "a.yaml", found: ObjectRef | None = WEB) -> Finding:
    return Finding(about.id, about.name, Severity.WARNING, "x", Location(path, Span(line, 3, line, 9)), found)


def source(text: str, path: str = "a.yaml") -> Source:
    return Source(path, text.encode())


def outcome(
    text: str, findings: Sequence[Finding], ran: Sequence[Rule] = RULES, known: Sequence[Rule] = RULES
) -> tuple[list[str], int]:
    """What is left, as `rule@line` or the message of SRC003, and how many findings were suppressed."""
    return told(suppress.apply(findings, suppress.comments(source(text)), ran, known))


def told(result: suppress.Outcome) -> tuple[list[str], int]:
    lines = [
        f"{each.location.span.line}:{each.location.span.column}: {each.message}"
        if each.rule == "SRC003"
        else f"{each.rule}@{each.location.span.line}"
        for each in result.kept
    ]
    return lines, result.suppressed


# Comments

IGNORE = "# srcip-lint: ignore[SRC301] known"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a: 1  {IGNORE}", 1),
        (f"{IGNORE}\na: 1", 2),
        (f"spec:\n  {IGNORE}\n  a: 1", 3),
        (f"# first\n{IGNORE}\n# last\na: 1", 4),
        (f"a: 1 #  srcip-lint:ignore [ SRC301 ]known{''}", 1),
        ("a: 1 # srcip-lint: ignore[SRC301]: known", 1),
        ("a: 1 # srcip-lint: ignore[SRC301] - known", 1),
        ("a: 1 # srcip-lint: ignore[local-without-per-node-pods] known", 1),
        (f"nginx.conf: |\n  real_ip_header X-Real-IP;  {IGNORE}\n", 2),
        (f"nginx.conf: |\n  {IGNORE}\n  set_real_ip_from 0.0.0.0/0;\n", 3),
        (f"a: 1\r\n{IGNORE}\r\nb: 2\r\n", 3),
        (f"a: \u2028\n{IGNORE}\nb: 2", 3),  # a line separator starts no line, as in an editor
    ],
)
def test_a_comment_covers_its_line_or_the_line_below(text: str, line: int) -> None:
    assert outcome(text, [finding(line)]) == ([], 1)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a: 1  {IGNORE}\nb: 2", 2),  # it stands beside something: that is what it means
        (f"{IGNORE}\n\na: 1", 3),  # an empty line is in between
        (f"a: 1\n{IGNORE}", 1),  # below
        ("a: 'x# srcip-lint: ignore[SRC301] known'", 1),  # no comment begins inside a word
        ("a: 1 # srcip-lint: ignore[SRC605] known", 1),  # another rule
        ("a: 1 # see srcip-lint: ignore[SRC301] known", 1),  # another comment
    ],
)
def test_a_comment_covers_nothing_else(text: str, line: int) -> None:
    kept, suppressed = outcome(text, [finding(line)])
    assert "SRC301@" + str(line) in kept
    assert suppressed == 0


def test_a_comment_covers_its_own_file_only() -> None:
    assert outcome(f"a: 1 {IGNORE}", [finding(1, path="b.yaml")])[1] == 0


def test_one_comment_may_name_several_rules() -> None:
    text = "a: 1 # srcip-lint: ignore[SRC301, drain-drops-connections] known"
    assert outcome(text, [finding(1), finding(1, DRAIN), finding(1, UNREADABLE)]) == (["SRC001@1"], 2)


def test_a_source_without_the_word_is_not_even_split_into_lines() -> None:
    class Untouchable(Source):
        @property
        def lines(self) -> None:  # type: ignore[override]
            raise AssertionError("lines were counted")

    assert suppress.comments(Untouchable("a.yaml", b"a: 1 # srcip-lint\n")) == ()


# What is wrong with a suppression


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{IGNORE}\na: 1", "1:22: SRC301 is ignored here, but there is nothing to ignore"),
        ("a: 1 # srcip-lint: ignore[SRC301]", "1:27: SRC301 is ignored here without a reason"),
        ("a: 1 # srcip-lint: ignore[SRC301] -", "1:27: SRC301 is ignored here without a reason"),
        (
            "a: 1 # srcip-lint: ignore[SRC310] x",
            'there is no rule "SRC310", so nothing is suppressed; did you mean "SRC301"?',
        ),
        ("a: 1 # srcip-lint: ignore[SRC3] x", '1:27: there is no rule "SRC3"'),
        ("a: 1 # srcip-lint: ignore[SRC001] x", "1:27: SRC001 cannot be suppressed"),
        ("a: 1 # srcip-lint: ignore[unused-suppression] x", "1:27: unused-suppression cannot be suppressed"),
        ("a: 1 # srcip-lint: ignore SRC301 x", "1:20: this suppression cannot be read, so nothing is suppressed"),
        ("a: 1 # srcip-lint: ignore[] x", "1:20: this suppression cannot be read"),
        ("a: 1 # srcip-lint: disable[SRC301] x", "1:20: this suppression cannot be read"),
    ],
)
def test_a_wrong_suppression_is_told_where_it_stands(text: str, said: str) -> None:
    kept, suppressed = outcome(text, [])
    assert len(kept) == 1
    assert said in kept[0]
    assert suppressed == 0


def test_without_a_reason_nothing_is_suppressed() -> None:
    kept, suppressed = outcome("a: 1 # srcip-lint: ignore[SRC301]", [finding(1)])
    assert kept[0] == "SRC301@1"
    assert (
        "say why"
        in suppress.apply([], suppress.comments(source("a: 1 # srcip-lint: ignore[SRC301]")), RULES).kept[0].fixes[0]
    )
    assert (len(kept), suppressed) == (2, 0)


def test_each_rule_of_a_comment_is_judged_on_its_own() -> None:
    kept, suppressed = outcome("a: 1 # srcip-lint: ignore[SRC301, SRC605] known", [finding(1)])
    assert kept == [
        "1:35: SRC605 is ignored here, but there is nothing to ignore: a fault that comes later would stay unseen"
    ]
    assert suppressed == 1


def test_a_rule_that_did_not_run_is_not_missed() -> None:
    text = f"{IGNORE}\na: 1"
    assert outcome(text, [], ran=(UNUSED, DRAIN)) == ([], 0)
    assert outcome(text, [], ran=(LOCAL, DRAIN)) == ([], 0)  # and nothing is said where SRC003 itself does not run


def test_whether_a_rule_exists_is_said_only_by_who_knows_all_rules() -> None:
    assert outcome("a: 1 # srcip-lint: ignore[SRC999] x", [], known=()) == ([], 0)


@pytest.mark.parametrize("about", [UNREADABLE, UNUSED])
def test_some_findings_cannot_be_suppressed(about: Rule) -> None:
    kept, suppressed = outcome(f"a: 1 # srcip-lint: ignore[{about.id}] x", [finding(1, about)], ran=(LOCAL,))
    assert (len(kept), suppressed) == (1, 0)


def test_findings_about_suppressions_differ_in_their_fingerprints() -> None:
    text = "a: 1 # srcip-lint: ignore[SRC301, SRC605] known"
    kept = suppress.apply([], suppress.comments(source(text)), RULES).kept
    assert len({each.fingerprint for each in kept}) == 2


# Annotations


def objects(text: str, path: str = "a.yaml") -> list[Object]:
    documents = [answer for answer in read(source(text, path), WANTED) if isinstance(answer, Document)]
    return [resource.object for document in documents for resource in resources(document).resources]


def annotated(value: str, name: str = "web", path: str = "a.yaml") -> list[Object]:
    return objects(
        f"apiVersion: v1\nkind: Service\nmetadata:\n  namespace: shop\n  name: {name}\n"
        f"  annotations:\n    srcip-lint.io/ignore: {value}\nspec: {{ports: [{{port: 80}}]}}\n",
        path,
    )


def apply_annotation(found: list[Object], findings: Sequence[Finding]) -> tuple[list[str], int]:
    return told(suppress.apply(findings, suppress.annotations(found), RULES, RULES))


def test_an_annotation_covers_the_findings_of_its_object() -> None:
    found = annotated('"SRC301: known; drain-drops-connections: accepted; see the ticket: none"')
    findings = [finding(3), finding(30, DRAIN), finding(3, UNREADABLE)]
    kept, suppressed = apply_annotation(found, findings)
    assert suppressed == 2
    assert kept[0] == "SRC001@3"


@pytest.mark.parametrize(
    "other",
    [
        finding(3, found=ObjectRef("", "Service", "shop", "api")),
        finding(3, found=ObjectRef("", "Service", None, "web")),
        finding(3, found=ObjectRef("apps", "Deployment", "shop", "web")),
        finding(3, found=None),
        finding(3, path="overlay/a.yaml"),  # another definition of the same object
    ],
)
def test_an_annotation_covers_no_other_object(other: Finding) -> None:
    assert apply_annotation(annotated("'SRC301: known'"), [other])[1] == 0


def test_an_annotation_that_is_rendered_twice_is_stale_only_if_neither_needs_it() -> None:
    one, two = annotated("'SRC301: known'"), annotated("'SRC301: known'")
    assert apply_annotation([*one, replace(two[0], namespace="prod")], [finding(3)]) == ([], 1)
    assert len(apply_annotation([*one, replace(two[0], namespace="prod")], [])[0]) == 1


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("'SRC301: known'", "7:5: SRC301 is ignored here, but there is nothing to ignore"),
        ("SRC301", "7:5: SRC301 is ignored here without a reason"),
        ("'SRC301:'", "7:5: SRC301 is ignored here without a reason"),
        ("'SRC310: known'", '7:5: there is no rule "SRC310"'),
        ("'SRC001: known'", "7:5: SRC001 cannot be suppressed"),
    ],
)
def test_a_wrong_annotation_is_told_where_it_stands(value: str, said: str) -> None:
    kept, _ = apply_annotation(annotated(value), [])
    assert len(kept) == 1
    assert kept[0].startswith(said)


@pytest.mark.parametrize(
    ("value", "entries"),
    [
        ("SRC301: a", [("SRC301", "a")]),
        ("SRC301: a; SRC605: b", [("SRC301", "a"), ("SRC605", "b")]),
        ("SRC301: a;SRC605: b;", [("SRC301", "a"), ("SRC605", "b")]),
        ("SRC301, SRC605: a", [("SRC301", "a"), ("SRC605", "a")]),
        ("SRC301: a; and b, too", [("SRC301", "a; and b, too")]),
        ("SRC301: https://tickets.example/1", [("SRC301", "https://tickets.example/1")]),
        ("SRC301: a; SRC605", [("SRC301", "a"), ("SRC605", "")]),
        (" ", []),
        (": a", [("", "a")]),
    ],
)
def test_the_entries_of_an_annotation(value: str, entries: list[tuple[str, str]]) -> None:
    found = suppress.annotations(annotated(f'"{value}"'))
    assert [(each.word, each.reason) for each in found] == entries


# The configuration


def test_an_override_covers_its_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "srcip-lint.yaml").write_text(
        "overrides:\n  - paths: ['legacy/**']\n    ignore: [SRC3, SRC605]\n    reason: switched off in March\n"
    )
    (tmp_path / ".git").mkdir()
    (tmp_path / "apps").mkdir()
    monkeypatch.chdir(tmp_path / "apps")
    config = load(Line(), Path.cwd())
    findings = [finding(1, path="../legacy/a.yaml"), finding(1, path="legacy/a.yaml")]
    result = suppress.apply(findings, suppress.overrides(config), RULES, RULES)
    kept, suppressed = told(result)
    assert kept == [
        "SRC301@1",
        "3:5: SRC605 is ignored here, but there is nothing to ignore: a fault that comes later would stay unseen",
    ]
    assert suppressed == 1
    assert result.kept[1].location.path == "../srcip-lint.yaml"


def override(*paths: str) -> Config:
    spot = Spot(source("", "srcip-lint.yaml"), Span(1, 1, 1, 2))
    return Config(overrides=(Override(paths, ("SRC301",), reason="known", spot=spot),))


def test_an_override_for_paths_that_were_not_read_is_not_stale() -> None:
    assert suppress.overrides(override("legacy"), ["apps/a.yaml"]) == ()
    assert len(suppress.overrides(override("legacy"), ["apps/a.yaml", "legacy/a.yaml"])) == 1


def test_graded() -> None:
    config = Config(
        severity={"SRC6": Severity.INFO},
        overrides=(Override(("lab",), severity={"local-without-per-node-pods": Severity.ERROR}),),
    )
    findings = [finding(1), finding(1, path="lab/a.yaml"), finding(1, DRAIN)]
    levels = [each.severity for each in suppress.graded(findings, config)]
    assert levels == [Severity.WARNING, Severity.ERROR, Severity.INFO]


# Laws

lines = st.lists(
    st.sampled_from(
        ["a: 1", "", "# why", IGNORE, f"b: 2 {IGNORE}", "# srcip-lint: ignore[SRC605] x", "# srcip-lint: x"]
    ),
    max_size=8,
)
findings_ = st.lists(st.builds(finding, st.integers(1, 9), st.sampled_from([LOCAL, DRAIN, UNREADABLE])), max_size=6)


@given(lines, findings_)
def test_every_finding_is_kept_or_counted_and_nothing_else_is_added(text: list[str], findings: list[Finding]) -> None:
    comments = suppress.comments(source("\n".join(text)))
    result = suppress.apply(findings, comments, RULES, RULES)
    own = [each for each in result.kept if each.rule != "SRC003"]
    assert len(own) + result.suppressed == len(findings)
    assert [each for each in findings if each in own] == own
    assert len(result.kept) - len(own) <= len(comments)


@given(lines, findings_)
def test_applying_twice_suppresses_nothing_more(text: list[str], findings: list[Finding]) -> None:
    comments = suppress.comments(source("\n".join(text)))
    once = suppress.apply(findings, comments, (LOCAL, DRAIN))
    assert suppress.apply(once.kept, comments, (LOCAL, DRAIN)) == suppress.Outcome(once.kept, 0)
