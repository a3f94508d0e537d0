"""From sources to everything that was read, with what could not be read kept as answers of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from srcip_lint import kustomize
from srcip_lint.documents import Document, Page, Skipped, Spot, Template, Unreadable, read
from srcip_lint.finding import ObjectRef, Statistics
from srcip_lint.positions import FieldPath, Span
from srcip_lint.resources import WANTED, Loaded, load
from srcip_lint.resources.fields import ShapeProblem, placeholder
from srcip_lint.resources.gateway_api import Gateway
from srcip_lint.resources.istio import MeshSettings
from srcip_lint.resources.objects import Object
from srcip_lint.sources import Reading, Source

START = Span(1, 1, 1, 1)

_KINDS = WANTED | kustomize.KINDS
_MAX_HELD = 64 * 1024
"""Files without an object are kept up to this size (bytes): a kustomization may turn out to use them, as a patch."""


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
    """A mapping key that is written twice in one object, or in a List of objects (`object` is None then).

    `spot` is where it is written last, which counts; `first` where it is written first. `path` starts at the object.
    """

    spot: Spot
    first: Spot | None
    path: FieldPath
    object: Object | None


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
    held_back: frozenset[str]
    """The files of which no object was judged, because each file was to be judged for itself, and a kustomization takes
    these up."""
    statistics: Statistics

    @property
    def redefinitions(self) -> tuple[tuple[Object, Object], ...]:
        """The objects defined again in what is applied together (a file, a stream, a kustomization), each with its
        first definition. A patch is no definition, and nobody knows which object a placeholder or `generateName` will
        name."""
        first: dict[tuple[str, ObjectRef], Object] = {}
        found = []
        for resource in self.resources:
            one: Object = resource.object
            if one.generated or placeholder(one.name) or getattr(resource, "partial", False):
                continue
            earlier = first.setdefault((one.stream, one.ref), one)
            if earlier is not one:
                found.append((earlier, one))
        return tuple(found)


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
    files: list[kustomize.File] = field(default_factory=list)
    held_back: frozenset[str] = frozenset()
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
            heap.files.append(kustomize.File(source.path, incomplete=True))
        else:
            _read(source, heap)
    if of.alone:
        rendering = kustomize.claimed(heap.files, of.beside, WANTED)
        heap.held_back = rendering.consumed
        heap.skipped["part of a kustomization"] += len(rendering.consumed)
    else:
        rendering = kustomize.render(heap.files, of.beside, WANTED)
    _settle(rendering, heap)
    for unopened in of.unopened:
        missing = Source(unopened.path, b"")
        heap.gaps.append(missing.folder)
        heap.unreadable.append(BadInput(Spot(missing, START), unopened.reason))
    for chart, count in sorted(heap.charts.items()):
        heap.templates.append(Unrendered(Spot(Source(chart, b""), START), chart=True, documents=count))
    heap.skipped["unrendered template"] += sum(heap.charts.values())
    heap.skipped.update(of.skipped)
    return _freeze(heap)


def _read(source: Source, heap: _Heap) -> None:
    """What the documents of a source are. What holds objects is settled when it is known what kustomize makes of it."""
    answers = tuple(read(source, _KINDS))
    documents = tuple(answer for answer in answers if isinstance(answer, Document))
    skipped = tuple(answer for answer in answers if isinstance(answer, Skipped))
    templates = tuple(answer for answer in answers if isinstance(answer, Template))
    heap.counts["documents"] += len(answers)
    heap.skipped.update(answer.interest.value for answer in skipped)
    for answer in answers:
        if isinstance(answer, Unreadable):
            _unreadable(source, answer, heap)
    if templates:
        heap.skipped["unrendered template"] += len(templates)
        heap.templates.append(Unrendered(Spot(source, templates[0].span), False, 1))
        heap.gaps.append(source.folder)
    sketches = tuple(answer.sketch for answer in skipped if answer.sketch)
    is_broken = len(documents) + len(skipped) < len(answers)
    heap.files.append(kustomize.File(source.path, documents, sketches, is_broken, _held(source, documents)))


def _unreadable(source: Source, answer: Unreadable, heap: _Heap) -> None:
    heap.gaps.append(source.folder)
    heap.skipped["unreadable"] += 1
    if source.named or answer.looks_like_kubernetes:
        heap.unreadable.append(BadInput(Spot(source, answer.span), answer.reason))


def _held(source: Source, documents: tuple[Document, ...]) -> Source | None:
    """The source, where a kustomization may need it and no document holds it anyway."""
    is_small = not documents and len(source.data) <= _MAX_HELD
    return source if is_small or kustomize.is_kustomization_file(source.path) else None


def _settle(rendering: kustomize.Rendering, heap: _Heap) -> None:
    """Judge what kustomizations make of their files, and every other file as it stands."""
    for file in heap.files:
        if file.path in rendering.consumed:
            for document in file.documents:
                heap.duplicate_fields += _duplicate_fields(document, load(document)) if document.duplicates else ()
            continue
        folder = Source(file.path, b"").folder
        heap.foreign += (_foreign(kustomize.sketched(sketch), folder) for sketch in file.sketches)
        for document in file.documents:
            loaded = _document(document, heap)
            heap.duplicate_fields += _duplicate_fields(document, loaded) if loaded.resources else ()
    for page in rendering.documents:
        _document(page, heap)
    heap.foreign += (_foreign(sketch, folder) for sketch, folder in rendering.sketches)
    heap.gaps += rendering.gaps
    heap.unreadable += (BadInput(Spot(each.source, each.span), each.reason) for each in rendering.problems)
    heap.annotated += (source for source in rendering.opened if b"srcip-lint:" in source.data)
    heap.skipped["fragment"] += rendering.unjudged
    heap.files.clear()


def _foreign(sketch: kustomize.Sketched, folder: tuple[str, ...]) -> Foreign:
    return Foreign(sketch.group, sketch.kind, sketch.namespace, folder)


def _document(page: Page, heap: _Heap) -> Loaded:
    loaded = load(page)
    heap.resources += loaded.resources
    heap.problems += loaded.problems
    heap.counts["objects"] += len(loaded.resources) - loaded.partial
    heap.skipped["fragment"] += loaded.fragments
    heap.skipped["other kind"] += len(loaded.others)
    installing = (each.object for each in loaded.resources if isinstance(each, MeshSettings | Gateway))
    for other in (*loaded.others, *installing):
        heap.foreign.append(Foreign(other.group, other.kind, other.namespace, other.folder))
    if not (loaded.resources or loaded.others or loaded.fragments):
        heap.skipped["not Kubernetes"] += 1
    return loaded


def _duplicate_fields(document: Document, loaded: Loaded) -> Iterator[DuplicateField]:
    """The keys written twice, each where it is written last. Those of objects that are not read are left out."""
    for path, last in {duplicate.path: duplicate for duplicate in document.duplicates}.items():
        if any(_holds(other, path) for other in loaded.others):
            continue
        owner = next((resource.object for resource in loaded.resources if _holds(resource.object, path)), None)
        spans = document.span_between(last.start, last.end), document.span_of_first(path)
        spot, first = (Spot(document.source, span, path, document.template) if span else None for span in spans)
        if spot:
            yield DuplicateField(spot, first, path[len(owner.place.path) :] if owner else path, owner)


def _holds(found: Object, path: FieldPath) -> bool:
    return path[: len(found.place.path)] == found.place.path


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
        heap.held_back,
        statistics,
    )
