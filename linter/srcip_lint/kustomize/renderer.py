"""From a kustomization to its objects: bases and components first, then what the layer itself changes.

A base does not depend on who uses it, so it is put together once; a component works on the objects of whoever
includes it. Everything is bounded: how deep kustomizations stand on each other, and how many objects come together.
What is left out for that, or because it is not here, makes the result incomplete, and absence then proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from srcip_lint.documents import Document
from srcip_lint.kustomize import configurations
from srcip_lint.kustomize.files import File, Problem, Sketched, sketched
from srcip_lint.kustomize.generators import absorb, generate
from srcip_lint.kustomize.layers import Layer, Text
from srcip_lint.kustomize.member import Member, cluster_scoped
from srcip_lint.kustomize.names import mended
from srcip_lint.kustomize.room import Room, resolve
from srcip_lint.kustomize.transforms import transform
from srcip_lint.kustomize.tree import Node, at, child, fields_of, is_undetermined, items_of, scalar, text, whole
from srcip_lint.resources import LOCAL_ONLY

MAX_DEPTH = 40
"""How many kustomizations may stand on each other."""

MAX_MEMBERS = 20_000
"""How many objects one kustomization may put together: more come of a base included again and again."""

MAX_STEPS = 1_000_000
"""How often an object may be gone through in a run: hundreds of overlays with hundreds of objects stay far below."""

MAX_LIST_DEPTH = 8


@dataclass(frozen=True, eq=False, slots=True)
class Gathered:
    """What a kustomization puts together, and whether everything it names was here."""

    members: tuple[Member, ...] = ()
    sketches: tuple[Sketched, ...] = ()
    complete: bool = True

    def plus(self, other: Gathered) -> Gathered:
        """Both, up to the bound."""
        members, sketches = (*self.members, *other.members), (*self.sketches, *other.sketches)
        fits = max(len(members), len(sketches)) <= MAX_MEMBERS
        return Gathered(members[:MAX_MEMBERS], sketches[:MAX_MEMBERS], self.complete and other.complete and fits)


INCOMPLETE = Gathered(complete=False)


class Renderer:
    """Renders kustomizations; holds what each base came to."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._bases: dict[str, Gathered] = {}
        self._steps = 0

    def render(self, layer: Layer, above: tuple[str, ...] = ()) -> Gathered:
        """The objects of a kustomization as they are applied: references mended, and without what is for local use.

        `above` is its own folder, for what stands in one; a layer that Flux puts on top of a folder has none.
        """
        gathered = self._gather(layer, above, Gathered())
        members = (member for member in mended(gathered.members) if not _is_local(member))
        return replace(gathered, members=tuple(members))

    def _gather(self, layer: Layer, above: tuple[str, ...], onto: Gathered) -> Gathered:
        """What the layer puts together. `above` are the folders of the kustomizations it is a part of, its own the
        last; `onto` are the objects that a component works on."""
        gathered = onto
        for reference in layer.resources:
            gathered = gathered.plus(self._resource(layer, reference, above))
        if not self._affords(layer, len(gathered.members)):
            return INCOMPLETE
        gathered = self._generated(gathered, layer)
        for reference in layer.components:
            gathered = self._component(gathered, layer, reference, above)
        outcome = transform(gathered.members, layer, self._room)
        sketches = tuple(_moved(sketch, layer) for sketch in gathered.sketches)
        unseen = layer.incomplete or configurations.reach(layer, self._room)
        complete = gathered.complete and outcome.complete and not unseen
        return Gathered(tuple(outcome.members), sketches, complete)

    def _affords(self, layer: Layer, members: int) -> bool:
        """Is the layer's work within what a run may do? Told once where it is not."""
        steps = (members + len(layer.generators)) * layer.changes
        exceeds = self._steps + steps > MAX_STEPS
        if exceeds and self._steps <= MAX_STEPS:
            reason = "the kustomizations take more work than is done in a run; from here on they are not rendered"
            self._room.problems.append(Problem(layer.place.source, layer.place.span, reason))
        self._steps = MAX_STEPS + 1 if exceeds else self._steps + steps
        return not exceeds

    def _resource(self, layer: Layer, reference: Text, above: tuple[str, ...]) -> Gathered:
        """A manifest, or the kustomization in a folder."""
        path = resolve(layer.folder, reference.value)
        file = self._room.file(path, below=layer.folder)
        if file is not None:
            return _of_file(file)
        base = self._next(path, reference, above)
        if base is None:
            return INCOMPLETE
        if path not in self._bases:
            self._bases[path] = self._gather(base, (*above, path), Gathered())
        return self._bases[path]

    def _component(self, gathered: Gathered, layer: Layer, reference: Text, above: tuple[str, ...]) -> Gathered:
        path = resolve(layer.folder, reference.value)
        component = self._next(path, reference, above)
        if component is None:
            return gathered.plus(INCOMPLETE)
        return self._gather(component, (*above, path), gathered)

    def _next(self, path: str, reference: Text, above: tuple[str, ...]) -> Layer | None:
        """The kustomization that a reference means; None where there is none, or where following it would never end."""
        if path in above:
            place = reference.place
            reason = f"this kustomization includes itself by way of {reference.value}"
            self._room.problems.append(Problem(place.source, place.span, reason))
            return None
        return self._room.layer(path) if len(above) < MAX_DEPTH else None

    def _generated(self, gathered: Gathered, layer: Layer) -> Gathered:
        members, complete = list(gathered.members), gathered.complete
        for generator in layer.generators:
            made = generate(generator, layer, self._room)
            whole_data = not any(
                is_undetermined(value) for value in (fields_of(child(made.node, "data")) or {}).values()
            )
            members, as_said = absorb(members, made)
            complete = complete and whole_data and as_said
        return replace(gathered, members=tuple(members), complete=complete)


def _of_file(file: File) -> Gathered:
    members = tuple(Member(node) for document in file.documents for node in objects(document))
    return Gathered(members, tuple(sketched(sketch) for sketch in file.sketches), not file.incomplete)


def objects(document: Document) -> Iterator[Node]:
    """The objects of a document, Lists of any nesting expanded, up to a bound."""
    pending: list[tuple[Node, int]] = [(whole(document), 0)]
    count = 0
    while pending and count < MAX_MEMBERS:
        node, depth = pending.pop()
        kind, items = text(node, "kind"), items_of(child(node, "items"))
        if kind.endswith("List") and items is not None and depth < MAX_LIST_DEPTH:
            pending += reversed([(item, depth + 1) for item in items[: MAX_MEMBERS - count]])
        elif kind and text(node, "apiVersion"):
            count += 1
            yield node


def _moved(sketch: Sketched, layer: Layer) -> Sketched:
    """An object of a kind that is not read, in the namespace that the layer sets."""
    namespace = layer.namespace_set
    is_placed = namespace is not None and not cluster_scoped(sketch.group, sketch.kind)
    return replace(sketch, namespace=namespace.value) if namespace and is_placed else sketch


def _is_local(member: Member) -> bool:
    """Is the object for the kustomization's own use, and never applied?"""
    value = scalar(at(member.node, "metadata", "annotations", LOCAL_ONLY))
    return value is not None and value != "false"
