"""What the tool says: a finding, everything in it concrete, frozen and totally ordered.

Severity (how bad it is) and certainty (how sure we are) are two fields. Certainty is never set by hand: a finding that
rests on an assumption is `assumed`, one that follows from the manifests alone is `certain`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import total_ordering
from typing import Any

from srcip_lint.positions import FieldPath, Lines, Span, dotted


@total_ordering
class Severity(Enum):
    """How bad it is. Compared with `<` and friends: INFO < WARNING < ERROR."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    def __lt__(self, other: Severity) -> bool:
        return _RANK[self] < _RANK[other]


_RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2}


class Certainty(Enum):
    """How sure we are: from the manifests (and what was declared) alone, or under a printed assumption."""

    CERTAIN = "certain"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """A Kubernetes object by name. An absent namespace stays absent: it is not `default`."""

    group: str
    kind: str
    namespace: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def order(self) -> tuple[str, str, str, str]:
        return (self.group, self.kind, self.namespace or "", self.name)


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file. `path` is relative to the working directory where possible, with `/`; `<stdin>` for standard
    input. `template` is the chart file of Helm-rendered output (`# Source:`). `lines` gives the text for a code frame.
    """

    path: str
    span: Span
    template: str | None = None
    lines: Lines | None = field(default=None, compare=False, repr=False)

    @property
    def order(self) -> tuple[str, Span]:
        return (self.path, self.span)


@dataclass(frozen=True, slots=True)
class Note:
    """Another place that belongs to a finding: the workload behind the Service, say."""

    message: str
    location: Location
    object: ObjectRef | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One hop of the way on which a fault happens, client first: what happens there to the client's address. A hop
    that stands in no file (the client) has no location."""

    message: str
    location: Location | None = None
    object: ObjectRef | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a file that mends the fault by itself: what stands at `location` becomes `text`. `fix` is the one of
    the finding's fixes that it carries out; where there are several edits, any one of them is enough."""

    fix: str
    location: Location
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, at one place.

    `message` says what is wrong and what happens then; `fixes` say what to change, best first; `assumptions` are what
    the verdict rests on beyond the manifests, each a sentence. All three may hold text from manifests: a reporter
    escapes it.
    """

    rule: str
    name: str
    severity: Severity
    message: str
    location: Location
    object: ObjectRef | None = None
    field: FieldPath = ()
    related: tuple[Note, ...] = ()
    assumptions: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    path: tuple[Step, ...] = ()
    edits: tuple[Edit, ...] = ()

    @property
    def certainty(self) -> Certainty:
        return Certainty.ASSUMED if self.assumptions else Certainty.CERTAIN

    @property
    def fingerprint(self) -> str:
        """Stable when lines move: keyed on the rule, the object, the field in it and the other objects of the fault,
        never on a position. What has no object is keyed on its file."""
        import hashlib  # loads OpenSSL, and most runs print no fingerprint

        owner = [str(self.object), self.object.group] if self.object else [self.location.path]
        others = [str(note.object) for note in self.related if note.object]
        parts = [self.rule, *owner, dotted(self.field), *others]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def order(self) -> tuple[Any, ...]:
        """Findings are reported by file, then by place, then by rule."""
        return (*self.location.order, self.rule, self.message)


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a run read and judged. `skipped` counts what was passed over, by reason; `seconds` is wall time.

    `suppressed`, `baselined` and `earlier` count the findings that are left out: accepted where they stand or in the
    configuration, accepted in a baseline, and there already at the commit that was compared with.
    """

    files: int = 0
    documents: int = 0
    objects: int = 0
    suppressed: int = 0
    seconds: float = 0.0
    skipped: Mapping[str, int] = field(default_factory=dict)
    baselined: int = 0
    earlier: int = 0


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """What a reporter needs to know of a rule: `severity` is the highest it reports, `doc` its page in Markdown."""

    id: str
    name: str
    severity: Severity
    summary: str
    doc: str
    url: str


class Standing(Enum):
    """How we come to know something about the cluster."""

    DECLARED = "declared"
    INFERRED = "inferred"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Ground:
    """Why we think so, and where that stands; a declaration has no location."""

    text: str
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Premise:
    """What a run takes for true that manifests need not say: `topic` and `answer`, for these objects.

    `settled_by` is the line of configuration that would make a fact of it; empty where nothing is left to settle.
    """

    topic: str
    answer: str
    standing: Standing
    objects: tuple[ObjectRef, ...]
    grounds: tuple[Ground, ...] = ()
    assumptions: tuple[str, ...] = ()
    settled_by: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a run found: `findings` in order, `rules` that ran, the statistics, and, where they were asked for,
    the premises it rests on (None where not)."""

    findings: tuple[Finding, ...]
    rules: tuple[RuleInfo, ...]
    statistics: Statistics
    premises: tuple[Premise, ...] | None = None

    def count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.findings)

    def rule(self, rule_id: str) -> RuleInfo:
        """The rule of that id. Raises KeyError where no such rule ran."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)
