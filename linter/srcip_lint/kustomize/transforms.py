"""What one layer does to the objects it has put together, in kustomize's order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from srcip_lint.kustomize.field_specs import ANNOTATIONS, COUNTED, IMAGES, REPLICAS, apply, entries
from srcip_lint.kustomize.layers import Image, Layer, Patch, Replicas
from srcip_lint.kustomize.member import Member
from srcip_lint.kustomize.names import placed_in, renamed
from srcip_lint.kustomize.patching import Outcome, patched
from srcip_lint.kustomize.replacing import replaced
from srcip_lint.kustomize.room import Room
from srcip_lint.kustomize.tree import Node, Written, scalar

_REST = re.compile(r"(?::(?P<tag>[\w.{}-]*))?(?:@(?P<digest>[\w.+-]+:[\w.{}-]*))?", re.ASCII)


def transform(members: Sequence[Member], layer: Layer, room: Room) -> Outcome:
    """The members with everything applied that the layer says: patches first, then names and labels, JSON patches,
    counts and images, and last what cannot be followed (kustomize `api/internal/target`)."""
    outcome = _each(Outcome(list(members)), (*layer.merges, *layer.patches), layer, room)
    outcome = Outcome([_customized(member, layer) for member in outcome.members], outcome.complete)
    outcome = _each(outcome, layer.operations, layer, room)
    counted = [_counted(member, layer.replicas) for member in outcome.members]
    imaged = [_imaged(member, layer.images) for member in counted]
    last = replaced(imaged, layer, room)
    is_counted = all(any(_is_called(member, entry.name) for member in outcome.members) for entry in layer.replicas)
    found = last.members if layer.opaque is None else [replace(each, unjudged="a transformer") for each in last.members]
    return Outcome(found, outcome.complete and last.complete and is_counted)


def _each(outcome: Outcome, patches: Sequence[Patch], layer: Layer, room: Room) -> Outcome:
    for patch in patches:
        done = patched(outcome.members, patch, layer, room)
        outcome = Outcome(done.members, outcome.complete and done.complete)
    return outcome


def _customized(member: Member, layer: Layer) -> Member:
    """Namespace, prefix and suffix, labels and annotations."""
    namespace = layer.namespace_set
    if namespace:
        member = placed_in(member, namespace)
    if layer.prefix or layer.suffix:
        member = renamed(member, layer.prefix, layer.suffix)
    for labels in layer.labels:
        member = apply(member, labels.specs, entries(labels.pairs, labels.place))
    if layer.annotations:
        member = apply(member, ANNOTATIONS, entries(layer.annotations, layer.place))
    return member


def _counted(member: Member, replicas: Sequence[Replicas]) -> Member:
    """`replicas` finds a workload under any name it ever had."""
    for entry in replicas:
        if _is_called(member, entry.name):
            member = apply(member, REPLICAS, _always(entry.count))
    return member


def _is_called(member: Member, name: str) -> bool:
    """Is it a workload with a number of replicas that has, or ever had, that name?"""
    return any(identity.name == name and identity.kind in COUNTED for identity in member.identities)


def _always(value: Node) -> Callable[[Node | None], Node]:
    return lambda _: value


def _imaged(member: Member, images: Sequence[Image]) -> Member:
    for image in images:
        member = apply(member, IMAGES, partial(_image, image))
    return member


def _image(image: Image, node: Node | None) -> Node | None:
    """An image reference with its name, tag or digest changed. A new tag takes an old digest away, a digest a tag."""
    written = scalar(node)
    if not isinstance(written, str) or not image.name or not written.startswith(image.name):
        return node
    rest = _REST.fullmatch(written, len(image.name))
    if rest is None:
        return node
    tag, digest = rest["tag"] or "", rest["digest"] or ""
    if image.new_tag or image.digest:
        tag = image.new_tag.value if image.new_tag else ""
        digest = image.digest.value if image.digest else ""
    elif image.tag_suffix:
        tag, digest = tag + image.tag_suffix.value, ""
    name = image.new_name.value if image.new_name else image.name
    reason = image.new_name or image.new_tag or image.digest or image.tag_suffix
    value = f"{name}{':' + tag if tag else ''}{'@' + digest if digest else ''}"
    return Written(value, reason.place) if reason else node
