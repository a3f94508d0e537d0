"""JSON patches, as a table: a document, operations, and what comes of them, or why nothing can."""

from __future__ import annotations

import pytest

from kustomizing import node, value
from srcip_lint.kustomize.json_patch import CannotApply, apply, pointer
from srcip_lint.kustomize.tree import plain, put, undetermined

APPLIED = {
    "add a field": ("{a: 1}", "[{op: add, path: /b, value: 2}]", "{a: 1, b: 2}"),
    "add over a field": ("{a: 1}", "[{op: add, path: /a, value: 2}]", "{a: 2}"),
    "add to the end": ("{a: [1]}", "[{op: add, path: /a/-, value: 2}]", "{a: [1, 2]}"),
    "add before": ("{a: [1]}", "[{op: add, path: /a/0, value: 2}]", "{a: [2, 1]}"),
    "add below an item": ("{a: [{b: 1}]}", "[{op: add, path: /a/0/c, value: 2}]", "{a: [{b: 1, c: 2}]}"),
    "remove a field": ("{a: 1, b: 2}", "[{op: remove, path: /a}]", "{b: 2}"),
    "remove an item": ("{a: [1, 2, 3]}", "[{op: remove, path: /a/1}]", "{a: [1, 3]}"),
    "remove from the end": ("{a: [1, 2, 3]}", "[{op: remove, path: /a/-1}]", "{a: [1, 2]}"),
    "replace a field": ("{a: {b: 1}}", "[{op: replace, path: /a/b, value: 2}]", "{a: {b: 2}}"),
    "replace an item": ("{a: [1, 2]}", "[{op: replace, path: /a/1, value: 3}]", "{a: [1, 3]}"),
    "replace what is not there": ("{a: 1}", "[{op: replace, path: /b, value: 2}]", "{a: 1, b: 2}"),
    "move": ("{a: 1}", "[{op: move, from: /a, path: /b}]", "{b: 1}"),
    "copy": ("{a: [1]}", "[{op: copy, from: /a/0, path: /a/-}]", "{a: [1, 1]}"),
    "copy what is not there": ("{a: 1}", "[{op: copy, from: /c, path: /b}]", "{a: 1, b: null}"),
    "a test that holds": ("{a: {b: [1]}}", "[{op: test, path: /a, value: {b: [1]}}]", "{a: {b: [1]}}"),
    "escapes": ("{a/b: 1, m~n: 2}", "[{op: remove, path: /a~1b}, {op: replace, path: /m~0n, value: 3}]", "{m~n: 3}"),
    "one after the other": ("{}", "[{op: add, path: /a, value: []}, {op: add, path: /a/-, value: 1}]", "{a: [1]}"),
    "a null value": ("{a: 1}", "[{op: replace, path: /a, value: null}]", "{a: null}"),
}
REFUSED = {
    "a test that fails": ("{a: 1}", "[{op: test, path: /a, value: 2}]"),
    "remove what is not there": ("{a: 1}", "[{op: remove, path: /b}]"),
    "move what is not there": ("{a: 1}", "[{op: move, from: /c, path: /b}]"),
    "below what is not there": ("{a: 1}", "[{op: add, path: /b/c, value: 1}]"),
    "below a scalar": ("{a: 1}", "[{op: add, path: /a/c, value: 1}]"),
    "beyond the end": ("{a: [1]}", "[{op: add, path: /a/2, value: 1}]"),
    "no index": ("{a: [1]}", "[{op: replace, path: /a/x, value: 1}]"),
    "the dash names no item": ("{a: [1]}", "[{op: remove, path: /a/-}]"),
    "a leading zero": ("{a: [1]}", "[{op: replace, path: /a/00, value: 1}]"),
    "an unknown operation": ("{a: 1}", "[{op: merge, path: /a, value: 1}]"),
    "no value": ("{a: 1}", "[{op: add, path: /b}]"),
    "no slash": ("{a: 1}", "[{op: remove, path: a}]"),
    "the whole object": ("{a: 1}", "[{op: remove, path: ''}]"),
    "no list of operations": ("{a: 1}", "{op: remove, path: /a}"),
}


@pytest.mark.parametrize("name", APPLIED)
def test_operations(name: str) -> None:
    document, operations, expected = APPLIED[name]
    assert plain(apply(node(document), node(operations))) == value(expected)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_applied(name: str) -> None:
    document, operations = REFUSED[name]
    with pytest.raises(CannotApply):
        apply(node(document), node(operations))


@pytest.mark.parametrize(
    "operation",
    [
        "{op: add, path: /a/b, value: 1}",
        "{op: remove, path: /a/b/c}",
        "{op: replace, path: /a/0, value: 1}",
        "{op: test, path: /a/b, value: 1}",
    ],
)
def test_below_what_is_unknown_everything_stays_unknown(operation: str) -> None:
    document = node("{a: {b: 1}}")
    blurred = put(document, ("a",), undetermined("a test", document.place))
    assert plain(apply(blurred, node(f"[{operation}]"))) == plain(blurred)


def test_a_tilde_is_unescaped_last() -> None:
    assert pointer("/a~01b") == ("a~1b",)
