"""From sources to everything that was read, with what could not be read kept as answers of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from srcip_lint.documents import Document, Interest, Sketch, Skipped, Spot, Template, Unreadable, read
from srcip_lint.finding import Statistics
from srcip_lint.positions import Span
from srcip_lint.resources import WANTED, load
from srcip_lint.resources.fields import ShapeProblem
from srcip_lint.resources.objects import Object
from srcip_lint.sources import Reading, Source

START = Span(1, 1, 1, 1)


@dataclass(frozen=True, eq=False, slots=True)
class BadInput:
    """An input, or a document of one, that could not be read."""

    spot: Spot
    reason: str


@dataclass(frozen=True, eq=False, slots=True)
class Unrendered:
    """The source of a template: of a whole chart (`chart`), or of one file."""

    spot: Spot
    chart: bool
    documents: int


@dataclass(frozen=True, eq=False, slots=True)
class DuplicateField:
    """A mapping key that is written twice in one object."""

    spot: Spot
    key: str


@dataclass(frozen=True, eq=False, slots=True)
class Foreign:
    """An object of a kind that is not read: an operator's or some other custom resource."""

    group: str
    kind: str
    namespace: str | None
    folder: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Inputs:
    """Everything that was read. `resources` are typed; `gaps` are the folders of what could not be read."""

    resources: tuple[Any, ...]
    foreign: tuple[Foreign, ...]
    problems: tuple[tuple[Object, ShapeProblem], ...]
    unreadable: tuple[BadInput, ...]
    templates: tuple[Unrendered, ...]
    duplicate_fields: tuple[DuplicateField, ...]
    gaps: tuple[tuple[str, ...], ...]
    annotated: tuple[Source, ...]
    """The sources in which a suppression comment may stand."""
    statistics: Statistics


@dataclass(slots=True)
class _Heap:
    """What accumulates while reading; frozen into Inputs at the end."""

    resources: list[Any] = field(default_factory=list)
    foreign: list[Foreign] = field(default_factory=list)
    problems: list[tuple[Object, ShapeProblem]] = field(default_factory=list)
    unreadable: list[BadInput] = field(default_factory=list)
    templates: list[Unrendered] = field(default_factory=list)
    duplicate_fields: list[DuplicateField] = field(default_factory=list)
    gaps: list[tuple[str, ...]] = field(default_factory=list)
    annotated: list[Source] = field(default_factory=list)
    charts: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)


def gather(reading: Iterable[Source], of: Reading) -> Inputs:
    """Read every source of a reading. `reading` may be the reading itself, or something that watches it pass by."""
    heap = _Heap()
    for source in reading:
        heap.counts["files"] += 1
        if b"srcip-lint:" in source.data:
            heap.annotated.append(source)
        if source.chart and b"{{" in source.data:
            heap.charts[source.chart] += 1
            heap.gaps.append(source.folder)
        else:
            _read(source, heap)
    for unopened in of.unopened:
        heap.unreadable.append(BadInput(Spot(Source(unopened.path, b""), START), unopened.reason))
    heap.templates += [Unrendered(Spot(Source(chart, b""), START), True, count) for chart, count in sorted(heap.charts.items())]
    heap.skipped["unrendered template"] += sum(heap.charts.values())
    heap.skipped.update(of.skipped)
    return _freeze(heap)


def _read(source: Source, heap: _Heap) -> None:
    first_template: Unrendered | None = None
    for answer in read(source, WANTED):
        heap.counts["documents"] += 1
        if isinstance(answer, Document):
            _document(answer, heap)
        elif isinstance(answer, Skipped):
            _skip(source, answer.interest, answer.sketch, heap)
        elif isinstance(answer, Template):
            heap.skipped["unrendered template"] += 1
            first_template = first_template or Unrendered(Spot(source, answer.span), False, 1)
            heap.gaps.append(source.folder)
        else:
            _unreadable(source, answer, heap)
    if first_template:
        heap.templates.append(first_template)


def _unreadable(source: Source, answer: Unreadable, heap: _Heap) -> None:
    heap.gaps.append(source.folder)
    heap.skipped["unreadable"] += 1
    if source.named or answer.looks_like_kubernetes:
        heap.unreadable.append(BadInput(Spot(source, answer.span), answer.reason))


def _skip(source: Source, interest: Interest, sketch: Sketch | None, heap: _Heap) -> None:
    heap.skipped[interest.value] += 1
    if sketch:
        group, _, _ = sketch.api_version.rpartition("/")
        heap.foreign.append(Foreign(group, sketch.kind, sketch.namespace, source.folder))


def _document(document: Document, heap: _Heap) -> None:
    loaded = load(document)
    heap.resources += loaded.resources
    heap.problems += loaded.problems
    heap.counts["objects"] += len(loaded.resources) - loaded.partial
    heap.skipped["fragment"] += loaded.fragments
    heap.skipped["other kind"] += len(loaded.others)
    for other in loaded.others:
        heap.foreign.append(Foreign(other.group, other.kind, other.namespace, other.folder))
    if not (loaded.resources or loaded.others or loaded.fragments):
        heap.skipped["not Kubernetes"] += 1
    elif loaded.resources:
        for duplicate in document.duplicates:
            span = document.span_between(duplicate.start, duplicate.end)
            heap.duplicate_fields.append(DuplicateField(Spot(document.source, span), duplicate.key))


def _freeze(heap: _Heap) -> Inputs:
    skipped = {reason: count for reason, count in sorted(heap.skipped.items()) if count and reason != "empty"}
    statistics = Statistics(heap.counts["files"], heap.counts["documents"], heap.counts["objects"], skipped=skipped)
    return Inputs(
        tuple(heap.resources),
        tuple(heap.foreign),
        tuple(heap.problems),
        tuple(heap.unreadable),
        tuple(heap.templates),
        tuple(heap.duplicate_fields),
        tuple(heap.gaps),
        tuple(heap.annotated),
        statistics,
    )
