"""A run, as a table of contents: read, build the model, ask every rule, make it concrete, suppress, report."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from srcip_lint import suppress
from srcip_lint.config import Config, choose
from srcip_lint.documents import location
from srcip_lint.edits import edits
from srcip_lint.finding import Finding, Note, ObjectRef, Report, RuleInfo, Step
from srcip_lint.inputs import Inputs, gather
from srcip_lint.model import Model
from srcip_lint.path.hops import Addresses, SourcePath
from srcip_lint.path.verdict import describe
from srcip_lint.premises import premises
from srcip_lint.resources.objects import Object
from srcip_lint.rule import Diagnosis, Reach, Rule
from srcip_lint.sources import Reading, Source
from srcip_lint.suppress.known import added


@dataclass(frozen=True, eq=False, slots=True)
class Seen:
    """What was read of some files, and the model of it. `paths` are those of the files; `alone` says that each of them
    is judged for itself."""

    inputs: Inputs
    model: Model
    paths: tuple[str, ...]
    alone: bool = False


def see(reading: Reading, config: Config, watched: Iterable[Source] | None = None, earlier: Seen | None = None) -> Seen:
    """Read all sources of a reading, and put them together. `earlier` is what they were before."""
    paths: list[str] = []
    inputs = gather(_noted(reading if watched is None else watched, paths), reading)
    model = Model.of(inputs, config.environment, earlier.model if earlier else None)
    return Seen(inputs, model, tuple(paths), reading.alone)


def lint(
    reading: Reading,
    rules: Sequence[Rule],
    config: Config,
    watched: Iterable[Source] | None = None,
    since: Seen | None = None,
    *,
    explain: bool = False,
) -> Report:
    """Judge all sources of a reading with the rules the configuration chooses. Reads files, writes nothing.

    `watched` is the reading itself behind something that watches it pass by (a progress bar). `since` is what the files
    were before: findings that were there then are left out. `explain` asks for the premises of the run. Raises
    ConfigError where the configuration names a rule that does not exist.
    """
    started = time.perf_counter()
    chosen = choose(rules, config)
    seen = see(reading, config, watched, since)
    outcome = _judged(seen, chosen, rules, config)
    known = _judged(since, chosen, rules, config).kept if since else ()
    findings = tuple(sorted(added(outcome.kept, known, config), key=lambda finding: finding.order))
    statistics = replace(
        seen.inputs.statistics,
        suppressed=outcome.suppressed,
        earlier=len(outcome.kept) - len(findings),
        seconds=time.perf_counter() - started,
        skipped=_skipped(seen),
    )
    ran = tuple(info(rule) for rule in _running(chosen, seen))
    return Report(findings, ran, statistics, tuple(premises(seen.model)) if explain else None)


def _judged(seen: Seen, chosen: Sequence[Rule], known: Sequence[Rule], config: Config) -> suppress.Outcome:
    """What the rules find, what is suppressed of it, with the severities that the configuration gives."""
    running = _running(chosen, seen)
    diagnoses = ((rule, diagnosis) for rule in running if rule.check for diagnosis in rule.check(seen.model))
    found = _told_once(concrete(rule, diagnosis) for rule, diagnosis in diagnoses)
    suppressions = (
        *(comment for source in seen.inputs.annotated for comment in _comments(source, seen)),
        *suppress.annotations(resource.object for resource in seen.inputs.resources),
        *suppress.overrides(config, seen.paths, whole=not seen.alone),
    )
    outcome = suppress.apply(found, suppressions, running, known)
    return replace(outcome, kept=suppress.graded(outcome.kept, config))


def _told_once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """A fault of a base that several overlays leave as it is, is one finding, whatever else they change: where the same
    is said at one place, the first says it."""
    found: dict[tuple[object, ...], Finding] = {}
    for each in findings:
        found.setdefault((each.rule, each.severity, each.message, each.location, each.object), each)
    return tuple(found.values())


def _comments(source: Source, seen: Seen) -> tuple[suppress.Suppression, ...]:
    return suppress.comments(source, whole=source.path not in seen.inputs.held_back)


def _running(chosen: Sequence[Rule], seen: Seen) -> tuple[Rule, ...]:
    """The rules that can tell the truth about what was read: of single files only those that look at single files; and
    those about a change only where it is known what it was before."""
    if seen.alone:
        return tuple(rule for rule in chosen if rule.reach is Reach.FILE)
    return tuple(rule for rule in chosen if rule.reach is not Reach.CHANGE or seen.model.earlier)


def _skipped(seen: Seen) -> dict[str, int]:
    """What was passed over, with what only the model can tell: a proxy's configuration that no workload mounts."""
    loose = len(seen.model.unmounted_configurations)
    skipped = dict(seen.inputs.statistics.skipped)
    return {**skipped, "unmounted proxy configuration": loose} if loose else skipped


def _noted(sources: Iterable[Source], paths: list[str]) -> Iterator[Source]:
    """The sources as they pass by, their paths kept: an override of the configuration for none of them is not stale."""
    for source in sources:
        paths.append(source.path)
        yield source


def concrete(rule: Rule, diagnosis: Diagnosis) -> Finding:
    """A diagnosis with every place looked up: only now are the positions of its documents computed."""
    related = tuple(Note(note.message, location(note.at), _ref(note.object)) for note in diagnosis.related)
    owner = diagnosis.object
    prefix = len(owner.place.path) if owner else 0
    return Finding(
        rule=rule.id,
        name=rule.name,
        severity=diagnosis.severity,
        message=diagnosis.message,
        location=location(diagnosis.at),
        object=owner.ref if owner else None,
        field=diagnosis.at.path[prefix:],
        related=related,
        assumptions=diagnosis.assumptions,
        fixes=diagnosis.fixes,
        path=tuple(_steps(diagnosis.path)) if diagnosis.path else (),
        edits=edits(diagnosis.changes),
    )


def _steps(path: SourcePath) -> Iterator[Step]:
    """The hops as steps: what each does, and what the next one then sees as its peer, where that changes."""
    before: Addresses | None = None
    for hop in path.hops:
        peer = "" if hop.state.peer == before else f"; the peer is now {describe(hop.state.peer)}"
        before = hop.state.peer
        message = f"{hop.name} {hop.does}" if hop.kind == "client" else f"{hop.kind}: {hop.name}: {hop.does}"
        yield Step(message + peer, location(hop.at) if hop.at else None, hop.object)


def info(rule: Rule) -> RuleInfo:
    """What a reporter needs to know of a rule."""
    return RuleInfo(rule.id, rule.name, rule.severity, rule.summary, rule.doc, rule.url)


def _ref(found: Object | None) -> ObjectRef | None:
    return found.ref if found else None
