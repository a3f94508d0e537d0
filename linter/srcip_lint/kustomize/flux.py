"""Flux Kustomization objects: what Flux changes in a folder on its way into the cluster.

`spec.path` starts at the root of a repository, which nobody here knows; it is looked for in the folders above the
object, from the top. A folder without a kustomization file is taken as Flux takes it: every manifest in it and below.
Substitutions (`postBuild`) are left alone: a `${NAME}` stays a placeholder. (fluxcd/pkg `kustomize`,
fluxcd/kustomize-controller.)
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from srcip_lint.kustomize.field_specs import METADATA_LABELS
from srcip_lint.kustomize.files import FILE_NAMES, FLUX_GROUP, FLUX_KIND, is_kustomization_file
from srcip_lint.kustomize.layers import Labels, Layer, Text, images, merges, patches, text_at, texts
from srcip_lint.kustomize.member import Member
from srcip_lint.kustomize.room import Room, absolute, folder_of, resolve
from srcip_lint.kustomize.tree import Node, at, child, fields_of, plain, text
from srcip_lint.sources import SUFFIXES

_CHANGES = (
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "targetNamespace",
    "namePrefix",
    "nameSuffix",
    "images",
    "components",
    "commonMetadata",
)


@dataclass(frozen=True, eq=False, slots=True)
class Delivery:
    """A folder that Flux applies, and the layer that it puts on top; `changes` are the values that this is read from.
    `name` tells the Flux objects of a file apart."""

    folder: str
    layer: Layer
    name: str
    changes: Mapping[str, Any]

    @property
    def stream(self) -> str:
        """The Flux object, as a name for what it delivers."""
        return f"{self.layer.place.source.path}#{self.name}"

    def comes_to_the_same(self, other: Delivery) -> bool:
        """Do both make the same of one folder?"""
        return self.folder == other.folder and self.changes == other.changes


def is_flux(member: Member) -> bool:
    identity = member.identity
    return (identity.group, identity.kind) == (FLUX_GROUP, FLUX_KIND)


def delivery(member: Member, room: Room) -> Delivery | None:
    """What a Flux Kustomization does to a folder of the input; None where it changes nothing or is not here."""
    spec = child(member.node, "spec")
    path = text_at(spec, "path") if spec else None
    changes = {name: plain(found) for name in _CHANGES if (found := child(spec, name))}
    if spec is None or path is None or not changes:
        return None
    folder = _folder(member.node, path.value, room)
    if folder is None:
        return None
    resources = (
        (Text(folder, path.place),)
        if room.layer(folder)
        else tuple(Text(each, path.place) for each in _manifests(folder, room))
    )
    return Delivery(folder, _layer(spec, folder, resources), text(member.node, "metadata", "name"), changes)


def _layer(spec: Node, folder: str, resources: tuple[Text, ...]) -> Layer:
    common = child(spec, "commonMetadata")
    labels = child(common, "labels")
    pairs = fields_of(labels)
    return Layer(
        place=spec.place,
        folder=folder,
        resources=resources,
        components=texts(child(spec, "components")),
        namespace=text_at(spec, "targetNamespace"),
        prefix=text(spec, "namePrefix"),
        suffix=text(spec, "nameSuffix"),
        labels=(Labels(pairs, labels.place, METADATA_LABELS),) if pairs and labels else (),
        annotations=fields_of(at(common, "annotations")),
        merges=merges(child(spec, "patchesStrategicMerge")),
        patches=patches(child(spec, "patches")),
        operations=patches(child(spec, "patchesJson6902")),
        images=tuple(images(child(spec, "images"))),
    )


def _folder(node: Node, path: str, room: Room) -> str | None:
    """The folder that a path from the root of some repository means: of those there are, the nearest to the top."""
    relative = path.lstrip("/") or "."
    if resolve("/", relative) == resolve("/", "."):
        return None
    above = PurePath(absolute(node.place.source.path)).parents
    candidates = (resolve(str(folder), relative) for folder in reversed(above))
    return next(filter(room.has_folder, candidates), None)


def _manifests(folder: str, room: Room) -> Iterator[str]:
    """The manifests in a folder and below; a subfolder with a kustomization file stands for what is in it."""
    paths = sorted(
        path for path in room.paths() if path.startswith(folder + os.sep) and path.endswith((*SUFFIXES, *FILE_NAMES))
    )
    customized = {folder_of(path) for path in paths if is_kustomization_file(path)}
    outermost = sorted(each for each in customized if not any(each.startswith(other + os.sep) for other in customized))
    yield from outermost
    yield from (path for path in paths if not _is_within(path, outermost))


def _is_within(path: str, folders: Sequence[str]) -> bool:
    return any(path.startswith(folder + os.sep) for folder in folders)
