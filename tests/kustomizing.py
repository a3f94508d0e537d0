"""Rendering kustomizations out of texts, for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from srcip_lint.documents import Document, Place, Skipped, read, read_all
from srcip_lint.kustomize import KINDS, File, Rendering, render
from srcip_lint.kustomize.composite import Composite
from srcip_lint.kustomize.tree import Node, whole
from srcip_lint.resources import WANTED
from srcip_lint.sources import Source

BASE = "resources: [base.yaml]\n"
OVERLAY = "resources: [../base]\n"


def rendering_of(
    files: Mapping[str, str], opener: Callable[[str, str | None], Source | None] = lambda _path, _below: None
) -> Rendering:
    """What the kustomizations among these texts come to, as if they were files of these paths."""
    return render([_file(Source(path, text.encode())) for path, text in files.items()], opener, WANTED)


def _file(source: Source) -> File:
    answers = list(read(source, WANTED | KINDS))
    documents = tuple(answer for answer in answers if isinstance(answer, Document))
    sketches = tuple(answer.sketch for answer in answers if isinstance(answer, Skipped) and answer.sketch)
    return File(source.path, documents, sketches, source=source)


def applied(base: str, overlay: str, **files: str) -> dict[str, Composite]:
    """The objects, by kind and name, that an overlay makes of a base; other files stand beside the overlay."""
    beside = {f"overlay/{name.replace('__', '.')}": text for name, text in files.items()}
    texts = {"base/kustomization.yaml": BASE, "base/base.yaml": base, "overlay/kustomization.yaml": OVERLAY + overlay}
    return by_name(rendering_of({**texts, **beside}))


def by_name(rendering: Rendering) -> dict[str, Composite]:
    composites = (each for each in rendering.documents if isinstance(each, Composite))
    return {f"{each.value['kind']} {each.value['metadata']['name']}": each for each in composites}


def line(composite: Composite, *path: str | int) -> str:
    """`file:line` of a field, and the text of that line."""
    place = Place(composite).at(*path)
    number = place.span.line
    return f"{place.source.path}:{number}: {place.source.lines.line(number).strip()}"


def node(text: str) -> Node:
    """A YAML text as a node."""
    return whole(next(_documents(text)))


def value(text: str) -> Any:
    return next(_documents(text)).value


def _documents(text: str) -> Iterator[Document]:
    return (answer for answer in read_all(Source("text.yaml", text.encode())) if isinstance(answer, Document))
