"""The files of the input, by their absolute paths, as far as a kustomization may name them; and what it names beside
them.

Linting an overlay alone has to read the base it stands on. Files are opened from the disk only where a kustomization
names them, through a function that the reading gives; a plain file only below the folder of the kustomization that
names it, as kustomize's own load restriction has it.
"""

from __future__ import annotations

import os
from collections.abc import Container, Sequence
from functools import cached_property
from pathlib import Path, PurePath

from srcip_lint.documents import Document, Skipped, Unreadable, read, read_all
from srcip_lint.kustomize.files import FILE_NAMES, File, Opener, Problem
from srcip_lint.kustomize.layers import Layer, is_kustomization, read_layer
from srcip_lint.kustomize.tree import whole
from srcip_lint.sources import Source


class Room:
    """Looks files up. Remembers what was opened, and what could not be read."""

    def __init__(self, files: Sequence[File], opener: Opener, wanted: Container[str]) -> None:
        self._files: dict[str, File | None] = {absolute(file.path): file for file in files}
        self._layers: dict[str, Layer | None] = {}
        self._opener = opener
        self._wanted = wanted
        self.opened: list[Source] = []
        self.problems: list[Problem] = []

    def reads(self, kind: str) -> bool:
        """Are objects of the kind read at all?"""
        return kind in self._wanted

    def paths(self) -> tuple[str, ...]:
        """The absolute paths of the input's files."""
        return tuple(self._files)

    def has_folder(self, folder: str) -> bool:
        """Is there a file of the input in the folder or below?"""
        return folder in self._folders

    def shown_folder(self, folder: str) -> tuple[str, ...]:
        """A folder of the input as its sources have it, from the outermost."""
        path, shown = self._folders[folder]
        below = len(PurePath(os.path.relpath(path, folder)).parts)
        return PurePath(shown).parts[:-below]

    @cached_property
    def _folders(self) -> dict[str, tuple[str, str]]:
        """Every folder with a file of the input in it or below: one such file, by its absolute path and its own."""
        found: dict[str, tuple[str, str]] = {}
        for path, file in self._files.items():
            folder = folder_of(path)
            while file is not None and folder not in found:
                found[folder] = (path, file.path)
                folder = folder_of(folder)
        return found

    def file(self, path: str, below: str) -> File | None:
        """The manifest at an absolute path; None where there is none."""
        if path not in self._files:
            source = self._open(path, below)
            self._files[path] = self._read(source) if source else None
        return self._files[path]

    def _read(self, source: Source) -> File:
        answers = tuple(read(source, self._wanted))
        skipped = [answer for answer in answers if isinstance(answer, Skipped)]
        documents = tuple(answer for answer in answers if isinstance(answer, Document))
        sketches = tuple(answer.sketch for answer in skipped if answer.sketch)
        return File(source.path, documents, sketches, len(documents) + len(skipped) < len(answers), source)

    def source(self, path: str, below: str) -> Source | None:
        """The bytes of a file that need not be a manifest: a patch, the file behind a ConfigMap's key."""
        file = self._files.get(path)
        if file is None:
            return self._open(path, below)
        held = file.source or next((document.source for document in file.documents), None)
        return held or self._open(path, below)

    def layer(self, folder: str) -> Layer | None:
        """The kustomization in a folder; None where there is none, or none that can be read."""
        if folder not in self._layers:
            self._layers[folder] = next(filter(None, (self._layer_in(folder, name) for name in FILE_NAMES)), None)
        return self._layers[folder]

    def _layer_in(self, folder: str, name: str) -> Layer | None:
        path = resolve(folder, name)
        source = self.source(path, folder)
        if source is None:
            return None
        for answer in read_all(source):
            if isinstance(answer, Document) and isinstance(answer.value, dict):
                node = whole(answer)
                return read_layer(node, folder) if is_kustomization(node) else None
            if isinstance(answer, Unreadable) and not self._is_reported(path):
                self.problems.append(Problem(source, answer.span, answer.reason))
        return None

    def _is_reported(self, path: str) -> bool:
        """Has whoever read the input seen already that part of the file cannot be read?"""
        file = self._files.get(path)
        return file is not None and file.incomplete

    def _open(self, path: str, below: str) -> Source | None:
        source = self._opener(path, below)
        if source is not None:
            self.opened.append(source)
        return source


def resolve(folder: str, reference: str) -> str:
    """The absolute path that a reference from a folder means; a lexical matter, nothing is looked up."""
    return os.path.normpath(Path(folder, reference))


def absolute(path: str) -> str:
    """A path from the working directory, as an absolute one."""
    return resolve(str(Path.cwd()), path)


def folder_of(path: str) -> str:
    return str(PurePath(path).parent)
