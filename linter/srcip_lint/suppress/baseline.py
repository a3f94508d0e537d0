"""Baselines: a file with the findings that are accepted for now, so that only new ones are reported.

An entry says which finding it means by rule, object and field (see `known`), and may carry the last day on which it
holds. What an entry no longer hides, and an entry that hides nothing any more, is told.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from srcip_lint.config import UNUSED_SUPPRESSION, Config, relative
from srcip_lint.finding import Finding, Location, Note, ObjectRef, Report
from srcip_lint.rule import Rule
from srcip_lint.shapes import did_you_mean
from srcip_lint.sources import STDIN
from srcip_lint.suppress import UNTOUCHABLE, graded
from srcip_lint.suppress.known import Known, known, matched

_AGAIN = "remove the entry, or write the baseline again (--write-baseline)"


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted finding. `until` is the last day on which it is, None for as long as it stands there; `at` is the
    place of the entry in its file."""

    known: Known
    name: str = ""
    until: date | None = None
    reason: str = ""
    at: Location | None = None

    def holds(self, today: date) -> bool:
        return self.until is None or today <= self.until

    @property
    def order(self) -> tuple[object, ...]:
        """By file, then by object, then by rule, so that a file is always written in the same way."""
        found = self.known.object
        order = found.order if found else ("",)
        return (
            self.known.path,
            order,
            self.known.rule,
            self.known.field,
            self.known.severity,
            str(self.until),
            self.reason,
        )


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline file: its folder, to which all paths in it are relative, and what was judged when it was written."""

    folder: str
    inputs: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """What a baseline has to know of the run whose findings it hides. `inputs` are the paths of the command line,
    `excluded` tells which are passed over, and `whole` that the findings are all there are: that no rule was left out
    for want of the other files, and that no earlier state has hidden any."""

    today: date
    inputs: tuple[str, ...]
    rules: Sequence[Rule]
    excluded: Callable[[str], bool] = lambda _: False
    whole: bool = True


def without(report: Report, baseline: Baseline, run: Run, config: Config) -> Report:
    """The report without the findings that the baseline accepts, and with what is to be said about its entries."""
    findings = [each for each in report.findings if each.rule not in UNTOUCHABLE]
    keys = [known(each, baseline.folder) for each in findings]
    live = [entry for entry in baseline.entries if entry.holds(run.today)]
    hits = matched(keys, live)
    rest = _Rest(baseline.entries, [hit for hit in hits if hit])
    told = [each for each in report.findings if each.rule in UNTOUCHABLE]
    for each, key, hit in zip(findings, keys, hits, strict=True):
        if hit is None:
            entry = rest.take(key)
            told.append(_explained(each, entry, run.today) if entry else each)
    told += graded(_complaints(report, rest.left(), baseline, run), config)
    return replace(
        report,
        findings=tuple(sorted(told, key=lambda each: each.order)),
        statistics=replace(report.statistics, baselined=sum(hit is not None for hit in hits)),
    )


class _Rest:
    """The entries that are left, told apart by identity: two may be equal."""

    def __init__(self, entries: Sequence[Entry], gone: Iterable[Entry] = ()) -> None:
        numbers = {id(entry) for entry in gone}
        self._by_identity: dict[object, list[Entry]] = defaultdict(list)
        for entry in entries:
            if id(entry) not in numbers:
                self._by_identity[entry.known.identity].append(entry)

    def take(self, key: Known) -> Entry | None:
        """An entry about the same, if there is one, rather of the same file; it is no longer left then."""
        same = self._by_identity[key.identity]
        found = next((entry for entry in same if entry.known.path == key.path), same[0] if same else None)
        if found:
            same.remove(found)
        return found

    def left(self) -> Iterator[Entry]:
        for entries in self._by_identity.values():
            yield from entries


def _explained(found: Finding, entry: Entry, today: date) -> Finding:
    """The finding with a note that says why its entry does not hide it."""
    if entry.at is None:
        return found
    why = f": {entry.reason}" if entry.reason else ""
    if not entry.holds(today):
        message = f"it was accepted here until {entry.until}, which is past{why}"
    else:
        message = f"it was accepted here as {entry.known.severity.value}, and has become worse{why}"
    return replace(found, related=(*found.related, Note(message, entry.at)))


def _complaints(report: Report, unused: Iterable[Entry], baseline: Baseline, run: Run) -> list[Finding]:
    """An SRC003 finding for each entry that hides nothing; nothing where this run cannot know, or the rule about it
    did not run."""
    about = next((rule for rule in report.rules if rule.id == UNUSED_SUPPRESSION), None)
    can_tell = run.whole and reaches(run.inputs, baseline)
    ran = {rule.id for rule in report.rules}
    found: list[Finding] = []
    for entry in unused if about else ():
        fault = _fault(entry, run.rules)
        if fault is None and can_tell and entry.known.rule in ran and not run.excluded(_here(entry, baseline)):
            fault = (
                f"{_what(entry)} is accepted here, but is not found any more: if it came back, it would stay unseen",
                _AGAIN,
            )
        if about and fault and entry.at:
            field = ("entries", entry.known.rule, entry.known.field)
            place = (entry.at, entry.known.object, field)
            found.append(Finding(about.id, about.name, about.severity, fault[0], *place, fixes=(fault[1],)))
    return found


def _fault(entry: Entry, rules: Sequence[Rule]) -> tuple[str, str] | None:
    """What is wrong with an entry whatever was found, and what to do about it."""
    rule = entry.known.rule
    if rule in UNTOUCHABLE:
        return f"{rule} cannot be accepted in a baseline", UNTOUCHABLE[rule]
    if not any(each.id == rule for each in rules):
        return (
            f'there is no rule "{rule}", so nothing is accepted{did_you_mean(rule, [each.id for each in rules])}',
            _AGAIN,
        )
    return None


def _what(entry: Entry) -> str:
    place: ObjectRef | str = entry.known.object or entry.known.path
    return f"{entry.known.rule} of {place}"


def _here(entry: Entry, baseline: Baseline) -> str:
    """The path of an entry as seen from the working directory."""
    return posixpath.normpath(posixpath.join(baseline.folder, entry.known.path))


def reaches(inputs: Iterable[str], baseline: Baseline) -> bool:
    """Does a run over these paths judge everything again that was judged when the baseline was written?"""
    now = _seen_from(baseline.folder, inputs)
    return all(any(_lies_in(then, each) for each in now) for then in baseline.inputs)


def _seen_from(folder: str, inputs: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each if each == STDIN else relative(each, folder) for each in inputs))


def _lies_in(path: str, folder: str) -> bool:
    if STDIN in (path, folder):
        return path == folder
    return posixpath.relpath(path, folder).split("/")[0] != ".."


def renewed(old: Baseline, report: Report, findings: Iterable[Finding], run: Run) -> Baseline:
    """The baseline that accepts these findings of a report.

    What people wrote into an entry is kept with it. Entries that this run cannot judge stay: those of rules that did
    not run, and, where it judges less than was judged before, those outside of it.
    """
    accepted = [each for each in findings if each.rule not in UNTOUCHABLE]
    rest = _Rest(old.entries)
    entries: list[Entry] = []
    for each in sorted(accepted, key=lambda found: found.order):
        key = known(each, old.folder)
        before = rest.take(key)
        entries.append(Entry(key, each.name, before.until if before else None, before.reason if before else ""))
    ran = {rule.id for rule in report.rules}
    now, is_whole = _seen_from(old.folder, run.inputs), reaches(run.inputs, old)
    for entry in rest.left():
        is_outside = not is_whole and not any(_lies_in(entry.known.path, each) for each in now)
        if entry.known.rule not in ran or is_outside:
            entries.append(entry)
    kept = () if is_whole else tuple(then for then in old.inputs if not any(_lies_in(then, each) for each in now))
    inputs = tuple(sorted({*kept, *now}))
    return Baseline(old.folder, inputs, tuple(sorted(entries, key=lambda entry: entry.order)))
