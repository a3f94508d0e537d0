"""Suppression: after the rules, before the reporters, here and nowhere else.

Three ways to say that a finding is known and accepted, each with a reason: a comment at the line, an annotation on the
object, and `overrides` in the configuration. One without a reason does not hold, one that matched nothing is stale, one
that names no rule is a typing error: each is an SRC003 finding where it stands.

A fourth way is for many findings at once, the baseline (`baseline`), and a fifth the commit that a change is compared
with (`known`).
"""

# Without `from __future__ import annotations`: that would be a second `annotations` in this module.

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from srcip_lint.config import ALWAYS, UNUSED_SUPPRESSION, Config, Override, exactness, matcher, severities
from srcip_lint.finding import Finding, Location, ObjectRef
from srcip_lint.positions import FieldPath, Lines, Span
from srcip_lint.resources.objects import Object
from srcip_lint.rule import Rule
from srcip_lint.shapes import did_you_mean
from srcip_lint.sources import Source

ANNOTATION = "srcip-lint.io/ignore"

_DIRECTIVE = re.compile(r"(?:^|(?<=\s))#\s*srcip-lint:\s*")
_IGNORE = re.compile(r"ignore\s*\[(?P<words>[^\]]*)\](?P<reason>.*)")
_WORD = re.compile(r"[^\s,]+")
_COMMENT_LINE = re.compile(r"\s*#")
_NEXT_ENTRY = re.compile(r";\s*(?=[A-Za-z0-9,-]+\s*:|SRC[0-9]+\s*(?:;|$)|$)")
"""Where an entry of the annotation ends. A semicolon in a reason is no such place, unless a word and a colon follow."""

_IN_COMMENT = "`# srcip-lint: ignore[SRC301] reason`"
_IN_ANNOTATION = f'`{ANNOTATION}: "SRC301: reason; SRC605: reason"`'
_IN_CONFIG = "`ignore` with a `reason`"
_START = Span(1, 1, 1, 1)

UNTOUCHABLE = {ALWAYS: "exclude the path instead", UNUSED_SUPPRESSION: "repair or remove the suppression instead"}
"""The rules that cannot be suppressed, and what to do instead."""

_Key = tuple[Location, FieldPath, str]


@dataclass(frozen=True, slots=True)
class Suppression:
    """One rule accepted in one place. `word` names the rule, and is empty where the suppression cannot be understood.

    `covers` says which findings the place means, whatever their rule; `form` is how to write a suppression of this
    kind. `families` says that a family of rules may be named too, as in the configuration. `whole` says that all it may
    be about was judged: it is stale only then.
    """

    word: str
    reason: str
    location: Location
    covers: Callable[[Finding], bool]
    form: str
    object: ObjectRef | None = None
    field: FieldPath = ()
    families: bool = False
    whole: bool = True

    @property
    def key(self) -> _Key:
        """What makes two of them one: an annotation is read once for each rendering of its object."""
        return self.location, self.field, self.word

    def names(self, rule_id: str, name: str) -> bool:
        """Is it about this rule?"""
        return self.word in (rule_id, name) or (self.families and exactness(self.word, rule_id, name) > 0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The findings that are left, with those about the suppressions themselves, and how many were suppressed."""

    kept: tuple[Finding, ...]
    suppressed: int


def graded(findings: Iterable[Finding], config: Config) -> tuple[Finding, ...]:
    """The findings with the severities that the configuration gives their rules."""
    severity = severities(config)
    levels = ((found, severity(found.rule, found.name, found.location.path, found.severity)) for found in findings)
    return tuple(found if level is found.severity else replace(found, severity=level) for found, level in levels)


def comments(source: Source, *, whole: bool = True) -> tuple[Suppression, ...]:
    """The suppressions in a source's comments. They may stand in a block scalar too: in an nginx.conf, say. `whole`
    says that all of the source was judged."""
    if b"srcip-lint:" not in source.data:
        return ()
    lines = source.lines
    return tuple(each for number in range(1, len(lines) + 1) for each in _comment(source, lines, number, whole=whole))


def annotations(objects: Iterable[Object]) -> tuple[Suppression, ...]:
    """The suppressions in the objects' annotations."""
    return tuple(each for found in objects for each in _annotation(found, found.annotation(ANNOTATION) or ""))


def overrides(config: Config, paths: Iterable[str] | None = None, *, whole: bool = True) -> tuple[Suppression, ...]:
    """The suppressions in the configuration.

    Where `paths` says what was read, an override for none of it is left out: a run over half of a repository cannot
    know that the override is stale. Nor can one that is not the `whole`: over single files.
    """
    read = None if paths is None else tuple(paths)
    found: list[Suppression] = []
    for override in config.overrides:
        covers = matcher(override.paths, config.folder)
        if read is None or any(map(covers, read)):
            found += [_override(word, override, covers, config, whole=whole) for word in override.rules]
    return tuple(found)


def apply(
    findings: Sequence[Finding], suppressions: Sequence[Suppression], ran: Sequence[Rule], known: Sequence[Rule] = ()
) -> Outcome:
    """Take away what is suppressed, and say what is wrong with the suppressions where the rule about them ran.

    `ran` are the rules of this run, `known` all that there are. A suppression of a rule that did not run is left alone;
    one of a rule that does not exist is reported, where `known` can tell.
    """
    used: set[_Key] = set()
    kept: list[Finding] = []
    for found in findings:
        hits = [each.key for each in suppressions if _holds(each, found)]
        used.update(hits)
        if not hits:
            kept.append(found)
    suppressed = len(findings) - len(kept)
    about = next((rule for rule in ran if rule.id == UNUSED_SUPPRESSION), None)
    for key, each in {each.key: each for each in suppressions}.items():
        fault = _fault(each, known) or (_stale(each, ran) if key not in used else None)
        if about and fault:
            kept.append(_finding(about, each, *fault))
    return Outcome(tuple(kept), suppressed)


def _holds(suppression: Suppression, found: Finding) -> bool:
    if not suppression.reason or found.rule in UNTOUCHABLE:
        return False
    return suppression.names(found.rule, found.name) and suppression.covers(found)


def _fault(each: Suppression, known: Sequence[Rule]) -> tuple[str, str] | None:
    """What is wrong with how a suppression is written, and what to do about it."""
    if not each.word:
        return "this suppression cannot be read, so nothing is suppressed", f"write it as {each.form}"
    if known and not any(each.names(rule.id, rule.name) for rule in known):
        near = did_you_mean(each.word, [word for rule in known for word in (rule.id, rule.name)])
        return f'there is no rule "{each.word}", so nothing is suppressed{near}', f"write it as {each.form}"
    exact = [each.word, *(rule.id for rule in known if rule.name == each.word)]
    for rule_id, remedy in UNTOUCHABLE.items():
        if rule_id in exact:
            return f"{each.word} cannot be suppressed", remedy
    if not each.reason:
        return f"{each.word} is ignored here without a reason, so it is not suppressed", f"say why: {each.form}"
    return None


def _stale(each: Suppression, ran: Sequence[Rule]) -> tuple[str, str] | None:
    """What to say of a suppression that matched nothing, if the rule ran that it is about."""
    if not each.whole or not any(each.names(rule.id, rule.name) for rule in ran):
        return None
    return (
        f"{each.word} is ignored here, but there is nothing to ignore: a fault that comes later would stay unseen",
        "remove it",
    )


def _finding(about: Rule, each: Suppression, message: str, remedy: str) -> Finding:
    return Finding(
        rule=about.id,
        name=about.name,
        severity=about.severity,
        message=message,
        location=each.location,
        object=each.object,
        field=each.field,
        fixes=(remedy,),
    )


def _comment(source: Source, lines: Lines, number: int, *, whole: bool) -> Iterator[Suppression]:
    text = lines.line(number)
    directive = _DIRECTIVE.search(text)
    if not directive:
        return
    line = _next_content(lines, number) if _COMMENT_LINE.match(text) else number
    ignore = _IGNORE.match(text, directive.end())
    words = [(word[0], word.start()) for word in _WORD.finditer(text, *ignore.span("words"))] if ignore else []
    for word, start in words or [("", directive.end())]:
        end = start + len(word) if word else len(text)
        yield Suppression(
            word=word,
            reason=ignore["reason"].strip(" \t:-") if ignore else "",
            location=Location(source.path, Span(number, start + 1, number, end + 1), lines=lines),
            covers=lambda found: found.location.path == source.path and found.location.span.line == line,
            form=_IN_COMMENT,
            field=("# srcip-lint", word),
            whole=whole,
        )


def _next_content(lines: Lines, number: int) -> int:
    """The first line below a comment that is no comment itself."""
    while number <= len(lines) and _COMMENT_LINE.match(lines.line(number)):
        number += 1
    return number


def _annotation(found: Object, text: str) -> Iterator[Suppression]:
    if not text:
        return
    field: FieldPath = ("metadata", "annotations", ANNOTATION)
    place = found.place.at(*field)
    location = Location(place.source.path, place.span, place.template, place.source.lines)
    files = found.files
    for entry in filter(str.strip, _NEXT_ENTRY.split(text)):
        words, _, reason = entry.partition(":")
        for word in _WORD.findall(words) or [""]:
            yield Suppression(
                word=word,
                reason=reason.strip(),
                location=location,
                covers=lambda finding: finding.object == found.ref and finding.location.path in files,
                form=_IN_ANNOTATION,
                object=found.ref,
                field=(*field, word),
            )


def _override(
    word: str, override: Override, covers: Callable[[str], bool], config: Config, *, whole: bool
) -> Suppression:
    spot = override.spot
    place = (spot.source.path, spot.span, None, spot.source.lines) if spot else (config.path or "", _START)
    return Suppression(
        word=word,
        reason=override.reason.strip(),
        location=Location(*place),
        covers=lambda found: covers(found.location.path),
        form=_IN_CONFIG,
        field=("overrides", *override.paths, word),
        families=True,
        whole=whole,
    )
