"""A run, as a table of contents: read, build the model, ask every rule, make it concrete, suppress, report."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from srcip_lint import suppress
from srcip_lint.config import Config, choose
from srcip_lint.edits import edits, location
from srcip_lint.finding import Finding, Note, ObjectRef, Report, RuleInfo, Step
from srcip_lint.inputs import Inputs, gather
from srcip_lint.model import Model
from srcip_lint.path.hops import Addresses, SourcePath
from srcip_lint.path.verdict import describe
from srcip_lint.resources.objects import Object
from srcip_lint.rule import Diagnosis, Rule
from srcip_lint.sources import Reading, Source


def lint(reading: Reading, rules: Sequence[Rule], config: Config, watched: Iterable[Source] | None = None) -> Report:
    """Judge all sources of a reading with the rules the configuration chooses. Reads files, writes nothing.

    `watched` is the reading itself behind something that watches it pass by (a progress bar). Raises ConfigError where
    the configuration names a rule that does not exist.
    """
    started = time.perf_counter()
    chosen = choose(rules, config)
    paths: list[str] = []
    inputs = gather(_noted(reading if watched is None else watched, paths), reading)
    model = Model.of(inputs, config.environment)
    diagnoses = ((rule, diagnosis) for rule in chosen if rule.check for diagnosis in rule.check(model))
    # A fault of a base that several overlays leave as it is, is one finding.
    found = tuple(dict.fromkeys(concrete(rule, diagnosis) for rule, diagnosis in diagnoses))
    objects = (resource.object for resource in inputs.resources)
    suppressions = (
        *(comment for source in inputs.annotated for comment in suppress.comments(source)),
        *suppress.annotations(objects),
        *suppress.overrides(config, paths),
    )
    outcome = suppress.apply(found, suppressions, chosen, rules)
    findings = tuple(sorted(suppress.graded(outcome.kept, config), key=lambda finding: finding.order))
    seconds = time.perf_counter() - started
    statistics = replace(
        inputs.statistics, suppressed=outcome.suppressed, seconds=seconds, skipped=_skipped(inputs, model)
    )
    return Report(findings, tuple(info(rule) for rule in chosen), statistics)


def _skipped(inputs: Inputs, model: Model) -> dict[str, int]:
    """What was passed over, with what only the model can tell: a proxy's configuration that no workload mounts."""
    loose = len(model.unmounted_configurations)
    skipped = dict(inputs.statistics.skipped)
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
