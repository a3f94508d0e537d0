"""What goes into a rendering and comes out of it: light, since it is here whether or not there is a kustomization."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from srcip_lint.documents import Document, Page, Sketch
from srcip_lint.positions import Span
from srcip_lint.sources import Source

FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
FLUX_GROUP, FLUX_KIND = "kustomize.toolkit.fluxcd.io", "Kustomization"

Folder = tuple[str, ...]

Opener = Callable[[str, "str | None"], "Source | None"]
"""Opens the file at an absolute path, only below a folder where one is given; None where there is none to read."""


@dataclass(frozen=True, eq=False, slots=True)
class File:
    """A file of the input: its documents of the kinds that are read, what the others are, and whether a part could not
    be read. `source` is kept for the files that may turn out to belong to a kustomization without being manifests."""

    path: str
    documents: tuple[Document, ...] = ()
    sketches: tuple[Sketch, ...] = ()
    incomplete: bool = False
    source: Source | None = None

    @property
    def is_kustomization(self) -> bool:
        """May it be a kustomization, by its name?"""
        return is_kustomization_file(self.path)

    @property
    def flux(self) -> tuple[Document, ...]:
        """The Flux Kustomizations in it."""
        return tuple(document for document in self.documents if _is_flux(document.value))


@dataclass(frozen=True, slots=True)
class Sketched:
    """An object of a kind that is not read: only its namespace matters to anyone."""

    group: str
    kind: str
    namespace: str | None


@dataclass(frozen=True, eq=False, slots=True)
class Problem:
    """What no kustomize would accept: a cycle, a broken kustomization file."""

    source: Source
    span: Span
    reason: str


@dataclass(frozen=True, eq=False, slots=True)
class Rendering:
    """What the kustomizations of a run come to. `consumed` are the paths of the files that are not judged as they
    stand, `gaps` the folders of kustomizations of which not everything could be seen, `opened` what was read beside
    the input, `unjudged` how many objects are too uncertain to be judged."""

    documents: tuple[Page, ...] = ()
    sketches: tuple[tuple[Sketched, Folder], ...] = ()
    consumed: frozenset[str] = frozenset()
    gaps: tuple[Folder, ...] = ()
    problems: tuple[Problem, ...] = ()
    opened: tuple[Source, ...] = ()
    unjudged: int = 0


def is_kustomization_file(path: str) -> bool:
    """May the file be a kustomization, by its name?"""
    return PurePath(path).name in FILE_NAMES


def sketched(sketch: Sketch) -> Sketched:
    """What the bytes tell of an object, as a kustomization sees it."""
    return Sketched(sketch.api_version.rpartition("/")[0], sketch.kind, sketch.namespace)


def _is_flux(value: object) -> bool:
    if not isinstance(value, dict) or value.get("kind") != FLUX_KIND:
        return False
    return str(value.get("apiVersion")).startswith(f"{FLUX_GROUP}/")
