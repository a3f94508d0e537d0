"""Which findings are known already: by the rule, the object and the field in it, never by a line or a message.

Lines move, files are reordered and renamed, and a better sentence is no new fault. What has no object is recognised by
its file. Two findings that agree in all of that need two known ones, so a further copy of a fault is new; and a finding
that is worse than the known one is news.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from srcip_lint.config import ALWAYS, Config
from srcip_lint.config.globs import relative
from srcip_lint.finding import Finding, ObjectRef, Severity
from srcip_lint.positions import dotted


@dataclass(frozen=True, slots=True)
class Known:
    """What a finding is recognised by. `path` is its file, relative to a folder that is the same for all that are
    compared; it decides only where there is no object, and between several that agree in all else."""

    rule: str
    object: ObjectRef | None
    field: str
    path: str
    severity: Severity

    @property
    def identity(self) -> tuple[str, ObjectRef | str, str]:
        return self.rule, self.object or self.path, self.field

    def covers(self, other: Known) -> bool:
        """Is the other one no worse?"""
        return other.severity <= self.severity


class HasKnown(Protocol):
    """What can be compared with findings."""

    @property
    def known(self) -> Known: ...


K = TypeVar("K", bound=HasKnown)


@dataclass(frozen=True, slots=True)
class _Earlier:
    known: Known


def known(finding: Finding, folder: str = ".") -> Known:
    """What the finding is recognised by, its path as seen from a folder."""
    found, path = finding.object, relative(finding.location.path, folder)
    ref = (
        ObjectRef(_text(found.group), _text(found.kind), _optional(found.namespace), _text(found.name))
        if found
        else None
    )
    return Known(finding.rule, ref, _text(dotted(finding.field)), _text(path), finding.severity)


def _text(raw: str) -> str:
    """A text that can be written to a file and read back: a byte that is not UTF-8 becomes an escape."""
    return raw.encode("utf-8", "backslashreplace").decode()


def _optional(raw: str | None) -> str | None:
    return None if raw is None else _text(raw)


def matched(findings: Sequence[Known], among: Iterable[K]) -> list[K | None]:
    """For each finding the known one that covers it, if there is one: in its own file rather than in another. Each is
    used once, and the worst findings come first, for fewer cover them."""
    left: dict[object, list[K]] = defaultdict(list)
    for each in among:
        left[each.known.identity].append(each)
    found: list[K | None] = [None] * len(findings)
    rounds: tuple[Callable[[Known, Known], bool], ...] = (
        lambda one, other: other.covers(one) and one.path == other.path,
        lambda one, other: other.covers(one),
    )
    for severity, fits in itertools.product(sorted(Severity, reverse=True), rounds):
        for number, one in enumerate(findings):
            if one.severity is not severity or found[number] is not None:
                continue
            candidates = left[one.identity]
            fitting = [each for each in candidates if fits(one, each.known)]
            if fitting:
                best = min(fitting, key=lambda each: each.known.severity)
                candidates.remove(best)
                found[number] = best
    return found


def added(findings: Sequence[Finding], earlier: Iterable[Finding], config: Config) -> tuple[Finding, ...]:
    """The findings that were not there earlier. What could not be read is told again: it was not judged now either.

    A fault of the configuration belongs to today: it is the same one that was used for the earlier state.
    """
    before = [_Earlier(known(each)) for each in earlier if each.location.path != config.path]
    matches = matched([known(each) for each in findings], before)
    return tuple(each for each, match in zip(findings, matches, strict=True) if match is None or each.rule == ALWAYS)
