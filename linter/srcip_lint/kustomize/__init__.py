"""Kustomize: documents to the documents that are really applied.

A repository's base is not what runs; what an overlay makes of it is. So every kustomization that no other one
includes is rendered, and its objects take the place of the files they come from. Each rendering is a stream of its
own in the folder of its kustomization; in every value its origin is kept, so that a finding points at the line that
made it so: the patch's, or the base's. What is applied, and what makes a field or an object unknown:
docs/kustomize.md.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from srcip_lint.kustomize.files import (
    FLUX_KIND,
    File,
    Opener,
    Problem,
    Rendering,
    Sketched,
    is_kustomization_file,
    sketched,
)

__all__ = [
    "KINDS",
    "File",
    "Opener",
    "Problem",
    "Rendering",
    "Sketched",
    "claimed",
    "is_kustomization_file",
    "render",
    "sketched",
]

KINDS = frozenset({FLUX_KIND})
"""Kinds whose documents are needed here, beside those that are read for themselves."""


def render(files: Sequence[File], opener: Opener, wanted: Container[str]) -> Rendering:
    """Render every kustomization that nothing includes. `wanted` are the kinds that are read."""
    if not any(file.is_kustomization or file.flux for file in files):
        return Rendering()
    from srcip_lint.kustomize.roots import render_roots

    return render_roots(files, opener, wanted)


def claimed(files: Sequence[File], opener: Opener, wanted: Container[str]) -> Rendering:
    """Render nothing, and tell which files are not to be judged as they stand: those that a kustomization takes up,
    whether that is among the files or not."""
    from srcip_lint.kustomize.roots import claimed_paths

    return Rendering(consumed=claimed_paths(files, opener, wanted))
