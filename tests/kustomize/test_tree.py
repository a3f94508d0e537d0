"""Rendering without a transformation is the identity, in values and in places; a change leaves the rest alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kustomizing import BASE, OVERLAY, node, rendering_of
from srcip_lint.documents import Document, Place, read_all
from srcip_lint.kustomize.composite import Composite
from srcip_lint.kustomize.merge import merge
from srcip_lint.kustomize.tree import Fields, Items, Node, child, fields_of, items_of, plain, put, with_field
from srcip_lint.sources import Source

SCALARS = st.none() | st.booleans() | st.integers(-99, 99) | st.text("abc \n$é", max_size=4)
KEYS = st.text("abcxyz", min_size=1, max_size=3)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3), max_leaves=12
)
MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=4)


def document(value: Any) -> Document:
    """The value as a document, one token a line, so that places can be told apart."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return next(answer for answer in read_all(Source("a.yaml", text.encode())) if isinstance(answer, Document))


def opened(root: Node) -> Node:
    """The same node with everything opened, as if a patch had gone through all of it."""
    fields, items = fields_of(root), items_of(root)
    if fields is not None:
        return Fields({key: opened(below) for key, below in fields.items()}, root.place)
    return Items(tuple(map(opened, items)), root.place) if items is not None else root


def paths(value: Any, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [above, *(path for step, each in below for path in paths(each, (*above, step)))]


@given(MAPPINGS)
def test_a_rendering_without_a_transformation_is_the_identity(spec: dict[str, Any]) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}
    base = json.dumps(service, indent=1, ensure_ascii=False)
    files = {"base/base.yaml": base, "base/kustomization.yaml": BASE, "top/kustomization.yaml": OVERLAY}
    (composite,) = rendering_of(files).documents
    alone = document(service)
    assert composite.value == alone.value
    for path in paths(alone.value):
        assert Place(composite).at(*path).span == Place(alone).at(*path).span
    assert (composite.stream, composite.folder) == ("top/kustomization.yaml", ("top",))


@given(MAPPINGS)
def test_an_opened_node_is_the_same_node(value: dict[str, Any]) -> None:
    alone = document(value)
    composite = Composite(opened(node(json.dumps(value, indent=1, ensure_ascii=False))), "s", ())
    assert composite.value == alone.value
    for path in paths(alone.value):
        assert Place(composite).at(*path).span == Place(alone).at(*path).span


@given(MAPPINGS)
def test_an_empty_patch_changes_nothing(value: dict[str, Any]) -> None:
    merged = merge(node(json.dumps(value)), node("{}"), "Service")
    assert merged is not None
    assert plain(merged) == value


@given(MAPPINGS, MAPPINGS)
def test_a_patch_applied_twice_is_applied_once(value: dict[str, Any], patch: dict[str, Any]) -> None:
    once = merge(node(json.dumps(value)), node(json.dumps(patch)), "Service")
    assert once is not None
    twice = merge(once, node(json.dumps(patch)), "Service")
    assert twice is not None
    assert plain(twice) == plain(once)


@given(MAPPINGS, KEYS, KEYS)
def test_what_is_put_is_there_and_the_rest_stays(value: dict[str, Any], first: str, second: str) -> None:
    written = plain(put(node(json.dumps(value)), (first, second), node("7")))
    others = {key: each for key, each in value.items() if key != first}
    assert {key: each for key, each in written.items() if key != first} == others
    old = value.get(first)
    assert written[first] == ({**(old or {}), second: 7} if isinstance(old, dict | None) else old)


def test_putting_goes_through_no_scalar() -> None:
    root = node("{a: 1}")
    assert plain(put(root, ("a", "b"), node("2"))) == {"a": 1}


def test_a_field_that_is_taken_away_is_gone() -> None:
    assert plain(with_field(node("{a: 1, b: 2}"), "a", None)) == {"b": 2}


@pytest.mark.parametrize("step", [0, 2, "a"])
def test_what_is_not_there_has_no_child(step: str | int) -> None:
    assert child(node("{b: 1}"), step) is None
    assert child(opened(node("{b: 1}")), step) is None
