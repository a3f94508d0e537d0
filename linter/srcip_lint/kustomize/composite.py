"""The object that a kustomization makes, as a page: plain values to read, and places that lead to the real lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from srcip_lint.documents import Place
from srcip_lint.kustomize.tree import Node, origin, places, plain
from srcip_lint.positions import FieldPath, Span
from srcip_lint.sources import Source


@dataclass(frozen=True, eq=False)
class Composite:
    """One rendered object. `stream` is the kustomization at the root of the rendering, `folder` where that stands."""

    node: Node
    stream: str
    folder: tuple[str, ...]

    @cached_property
    def value(self) -> Any:
        return plain(self.node)

    @property
    def source(self) -> Source:
        """The file that the object begins in; what patches it may stand in others."""
        return self.node.place.source

    @property
    def template(self) -> str | None:
        return self.node.place.template

    @cached_property
    def files(self) -> frozenset[str]:
        """The paths of all files that something of the object is written in."""
        return frozenset(place.source.path for place in places(self.node))

    def origin(self, place: Place) -> Place:
        """The place in the file that the field is written in."""
        return origin(self.node, place.path, place.part).origin

    def span(self, path: FieldPath, part: str = "field") -> Span:
        return self.origin(Place(self, path, part)).span

    def extent(self, path: FieldPath) -> tuple[int, int, str | None]:
        found = self.origin(Place(self, path))
        return found.document.extent(found.path)
