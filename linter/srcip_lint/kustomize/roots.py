"""Which kustomizations are rendered: those that no other one includes, and what Flux delivers."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from srcip_lint.kustomize.composite import Composite
from srcip_lint.kustomize.files import FILE_NAMES, File, Folder, Opener, Rendering, Sketched, is_kustomization_file
from srcip_lint.kustomize.flux import Delivery, delivery, is_flux
from srcip_lint.kustomize.generators import path_of
from srcip_lint.kustomize.layers import Layer
from srcip_lint.kustomize.member import Member
from srcip_lint.kustomize.renderer import Gathered, Renderer
from srcip_lint.kustomize.room import Room, absolute, folder_of, resolve
from srcip_lint.kustomize.tree import whole

MAX_OBJECTS = 100_000
"""How many objects all renderings together may come to."""


@dataclass(frozen=True, eq=False, slots=True)
class _Root:
    """A kustomization to render: its stream's name and its scope."""

    layer: Layer
    stream: str
    folder: Folder


def render_roots(files: Sequence[File], opener: Opener, wanted: Container[str]) -> Rendering:
    """Render every kustomization of the input that nothing includes, and what Flux makes of its folders."""
    room = Room(files, opener, wanted)
    renderer = Renderer(room)
    layers = _reachable(_input_layers(room), room)
    natural = [_Root(layer, layer.place.source.path, layer.place.source.folder) for layer in _roots(layers, room)]
    results = {root.layer.folder: renderer.render(root.layer, (root.layer.folder,)) for root in natural}
    consumed = {path for layer in layers.values() for path in _belongings(layer)}
    deliveries = list(_deliveries(files, consumed, results.values(), room))
    delivered = {each.folder for each in deliveries}
    consumed |= {path for each in deliveries for path in _belongings(each.layer)}
    kept = [(root, results[root.layer.folder]) for root in natural if root.layer.folder not in delivered]
    made = [(_delivered(each, stream, room), renderer.render(each.layer)) for each, stream in _apart(deliveries)]
    return _collect((*kept, *made), files, consumed, room)


def claimed_paths(files: Sequence[File], opener: Opener, wanted: Container[str]) -> frozenset[str]:
    """The paths of the files that a kustomization in their folder or above names, as far as a repository goes, or may
    name because it cannot be read. kustomize lets a kustomization name plain files in its folder and below only."""
    room = Room(files, opener, wanted)
    found: set[str] = set()
    closed: set[str] = set()
    for folder in sorted({above for path in room.paths() for above in _folders_above(path)}):
        layer = room.layer(folder)
        if layer:
            found.update(_belongings(layer))
        elif any(room.source(resolve(folder, name), folder) for name in FILE_NAMES):
            closed.add(folder)
    return frozenset(
        file.path
        for file in files
        if absolute(file.path) in found or not closed.isdisjoint(_folders_above(absolute(file.path)))
    )


def _folders_above(path: str) -> Iterator[str]:
    """The folder of a path and those above it, up to the root of the repository."""
    for folder in PurePath(path).parents:
        yield str(folder)
        if Path(folder, ".git").exists():
            return


def _input_layers(room: Room) -> Iterator[Layer]:
    folders = sorted({folder_of(path) for path in room.paths() if is_kustomization_file(path)})
    yield from filter(None, map(room.layer, folders))


def _reachable(layers: Iterable[Layer], room: Room) -> dict[str, Layer]:
    """The kustomizations of the input and whatever they stand on, by folder."""
    found: dict[str, Layer] = {}
    pending = list(layers)
    while pending:
        layer = pending.pop()
        if layer.folder not in found:
            found[layer.folder] = layer
            pending += _included(layer, room)
    return found


def _included(layer: Layer, room: Room) -> Iterator[Layer]:
    """The kustomizations that a layer names among its resources and components."""
    for reference in (*layer.resources, *layer.components):
        path = resolve(layer.folder, reference.value)
        found = room.layer(path) if room.file(path, below=layer.folder) is None else None
        if found:
            yield found


def _roots(layers: dict[str, Layer], room: Room) -> Iterator[Layer]:
    """The kustomizations that no other one includes; of those that only include each other, the first."""
    included = {folder: [each.folder for each in _included(layer, room)] for folder, layer in layers.items()}
    used = {below for folder, belows in included.items() for below in belows if below != folder}
    reached: set[str] = set()
    for folder in (*(each for each in sorted(layers) if each not in used), *sorted(used)):
        if folder not in reached:
            yield layers[folder]
        pending = [folder]
        while pending:
            current = pending.pop()
            if current not in reached:
                reached.add(current)
                pending += included[current]


def _belongings(layer: Layer) -> Iterator[str]:
    """The absolute paths of what a layer names: none of it is a manifest of its own any more."""
    own = layer.place.source.path
    if is_kustomization_file(own):
        yield absolute(own)
    named = [*layer.resources, *layer.attached]
    named += [patch.path for patch in (*layer.merges, *layer.patches, *layer.operations) if patch.path]
    named += [each for generator in layer.generators for each in (*generator.files, *generator.envs)]
    for reference in named:
        yield resolve(layer.folder, path_of(reference.value))


def _deliveries(
    files: Iterable[File], consumed: Container[str], results: Iterable[Gathered], room: Room
) -> Iterator[Delivery]:
    """What the Flux Kustomizations among all objects do."""
    plain = (file for file in files if absolute(file.path) not in consumed)
    loose = (Member(whole(document)) for file in plain for document in file.flux)
    rendered = (member for gathered in results for member in gathered.members if is_flux(member))
    yield from filter(None, (delivery(member, room) for member in (*loose, *rendered)))


def _apart(deliveries: Iterable[Delivery]) -> Iterator[tuple[Delivery, str]]:
    """The deliveries that differ, each with a stream of its own. Several clusters may apply one Flux object: as it
    stands it delivers the same to each, and what they change of it goes to each alone, never together."""
    found: dict[str, list[Delivery]] = {}
    for each in deliveries:
        others = found.setdefault(each.stream, [])
        if not any(map(each.comes_to_the_same, others)):
            others.append(each)
            yield each, f"{each.stream} ({len(others)})" if len(others) > 1 else each.stream


def _delivered(each: Delivery, stream: str, room: Room) -> _Root:
    return _Root(each.layer, stream, room.shown_folder(each.folder))


def _collect(
    made: Iterable[tuple[_Root, Gathered]], files: Iterable[File], consumed: Container[str], room: Room
) -> Rendering:
    documents: list[Composite] = []
    sketches: list[tuple[Sketched, Folder]] = []
    gaps: list[Folder] = []
    unjudged = 0
    for root, gathered in made:
        judged = [member for member in gathered.members if member.unjudged is None][: MAX_OBJECTS - len(documents)]
        documents += [Composite(member.node, root.stream, root.folder) for member in judged]
        sketches += [(sketch, root.folder) for sketch in gathered.sketches[:MAX_OBJECTS]]
        unjudged += len(gathered.members) - len(judged)
        if not gathered.complete or len(judged) < len(gathered.members):
            gaps.append(root.folder)
    problems = {(problem.source.path, problem.span): problem for problem in room.problems}
    return Rendering(
        documents=tuple(documents),
        sketches=tuple(sketches),
        consumed=frozenset(file.path for file in files if absolute(file.path) in consumed),
        gaps=tuple(gaps),
        problems=tuple(problems.values()),
        opened=tuple(room.opened),
        unjudged=unjudged,
    )
