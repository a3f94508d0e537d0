"""Bytes to documents: values as kubectl sees them, positions as an editor does, and one bad document hides no other."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reading import SERVICE, answers, covered, document, documents, editor_lines, inputs, written
from srcip_lint.documents import Document, Interest, Skipped, Unreadable
from srcip_lint.positions import FieldPath, Lines

POLICY = ("spec", "externalTrafficPolicy")
NAME = ("metadata", "name")


# --- positions -------------------------------------------------------------------------------------------------------

LINE_ENDS = {
    "LF": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "mixed": lambda text: text.replace("\n", "\r\n", 3),
    "no last end": lambda text: text.rstrip("\n"),
    "blank lines first": lambda text: "\n\n# why\n" + text,
    "marker first": lambda text: "---\n" + text,
}


@pytest.mark.parametrize("write", LINE_ENDS.values(), ids=LINE_ENDS)
@pytest.mark.parametrize(
    ("path", "part", "expected"),
    [
        (POLICY, "field", "externalTrafficPolicy: Local"),
        (POLICY, "key", "externalTrafficPolicy"),
        (POLICY, "value", "Local"),
        (NAME, "value", "web"),
        (("spec",), "field", "spec"),
        (("spec", "ports"), "field", "ports"),
        (("spec", "ports", 0, "port"), "field", "port: 80"),
    ],
)
def test_a_field_stands_where_an_editor_shows_it(
    write: Callable[[str], str], path: FieldPath, part: str, expected: str
) -> None:
    text = write(SERVICE)
    assert written(text, path, part) == expected
    line = document(text).span(path, part).line
    assert expected.partition(":")[0] in editor_lines(text)[line - 1]


@pytest.mark.parametrize("character", ["\u0085", "\u2028", "\u2029", "\U0001f600", "é", "\u200b", "\t"])
def test_only_editors_line_breaks_count_and_columns_are_code_points(character: str) -> None:
    text = f'x: "{character}"; # {character}\n'.replace(";", "") + SERVICE
    assert written(text, POLICY) == "externalTrafficPolicy: Local"
    assert document(text).span(POLICY).line == 7
    flow = f'{{apiVersion: v1, kind: Service, x: "{character}", spec: {{externalTrafficPolicy: Local}}}}'
    assert written(flow, POLICY) == "externalTrafficPolicy: Local"
    assert document(flow).span(POLICY).column == flow.index("externalTrafficPolicy") + 1


def test_a_byte_order_mark_takes_no_column() -> None:
    from srcip_lint.sources import _utf8

    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        found = document(_utf8(SERVICE.encode(encoding)))
        assert found.span(("apiVersion",)).column == 1
        assert found.value["kind"] == "Service"


def test_byte_order_marks_of_files_that_were_put_together_are_passed_over() -> None:
    text = f"{SERVICE}\n---\n\ufeff{SERVICE}"
    first, second = documents(text)
    assert first.value == second.value
    assert covered(text, second.span(POLICY)) == "externalTrafficPolicy: Local"


QUOTED = SERVICE.replace("externalTrafficPolicy", '"externalTrafficPolicy"')


def test_the_end_of_a_key_is_the_end_of_its_text() -> None:
    assert written(QUOTED, POLICY, "key") == '"externalTrafficPolicy"'
    assert written(QUOTED, POLICY) == '"externalTrafficPolicy": Local'
    assert written("kind: Service\napiVersion: v1\nspec: {'a\\b'  : [1]}\n", ("spec", "a\\b")) == "'a\\b'"
    assert written('kind: Service\napiVersion: v1\nspec: {"\\x61b": [1]}\n', ("spec", "ab")) == '"\\x61b"'


def test_a_field_that_is_not_written_stands_at_its_nearest_ancestor() -> None:
    assert written(SERVICE, ("spec", "type")) == "spec"
    assert written(SERVICE, ("spec", "ports", 3, "port")) == "ports"
    assert written(SERVICE, ("status", "x")) == ""


SHARED = """\
apiVersion: v1
kind: Service
metadata:
  name: web
  labels: &labels
    app: web
x-defaults: &defaults
  type: LoadBalancer
  externalTrafficPolicy: Local
x-more: &more
  <<: *defaults
  loadBalancerIP: 192.0.2.1
spec:
  <<: [*more, {sessionAffinity: ClientIP}]
  loadBalancerIP: 192.0.2.2
  selector: *labels
  ports:
    - &port {port: 80}
    - *port
"""


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        (("spec", "externalTrafficPolicy"), 9, "externalTrafficPolicy: Local"),
        (("spec", "loadBalancerIP"), 15, "loadBalancerIP: 192.0.2.2"),
        (("spec", "sessionAffinity"), 14, "sessionAffinity: ClientIP"),
        (("spec", "selector"), 16, "selector"),
        (("spec", "selector", "app"), 6, "app: web"),
        (("spec", "ports", 1, "port"), 18, "port: 80"),
    ],
)
def test_what_an_alias_or_a_merge_brings_in_stands_where_it_is_written(
    path: FieldPath, line: int, expected: str
) -> None:
    found = document(SHARED)
    assert found.span(path).line == line
    assert covered(SHARED, found.span(path)) == expected


def test_anchors_aliases_and_merges_are_resolved() -> None:
    spec = document(SHARED).value["spec"]
    assert spec["type"] == "LoadBalancer"
    assert spec["loadBalancerIP"] == "192.0.2.2"
    assert spec["selector"] == {"app": "web"}
    assert spec["ports"] == [{"port": 80}, {"port": 80}]


MERGES = {
    "the key after it wins": ("<<: {a: 1}\n  a: 2", "a: 2"),
    "it wins over the key before it": ("a: 2\n  <<: {a: 1}", "a: 1"),
    "the later of two wins": ("<<: {a: 1}\n  <<: {a: 2}", "a: 2"),
    "the first in a list wins": ("<<: [{a: 1}, {a: 2}]", "a: 1"),
    "the list after the key": ("a: 3\n  <<: [{b: 1}, {a: 2}]", "a: 2"),
    "a merge in a merge": ("<<: {<<: {a: 1}, b: 2}", "a: 1"),
    "a merge in a merge, overridden": ("<<: {<<: {a: 1}, a: 2}\n  <<: [{b: 1}, {<<: [{c: 1}]}]", "a: 2"),
    "an alias": ("<<: *shared", "a: 9"),
    "a list of aliases": ("a: 1\n  <<: [*shared, {a: 3}]", "a: 9"),
    "quoted, it is a key": ('a: 1\n  "<<": {a: 2}', "a: 1"),
    "what is no mapping adds nothing": ("a: 1\n  <<: [x, [y]]\n  <<: z", "a: 1"),
}


@pytest.mark.parametrize(("spec", "expected"), MERGES.values(), ids=MERGES)
def test_a_merge_takes_the_place_of_what_it_brings_in_as_it_does_for_kubectl(spec: str, expected: str) -> None:
    text = f"kind: Service\napiVersion: v1\nx: &shared {{a: 9}}\nspec:\n  {spec}\n"
    assert f"a: {document(text).value['spec']['a']}" == expected
    assert written(text, ("spec", "a")) == expected


def test_a_chain_of_merges_is_followed_to_its_end() -> None:
    chain = "".join(f"a{number}: &a{number} {{<<: *a{number - 1}}}\n" for number in range(1, 500))
    text = f"kind: Service\napiVersion: v1\na0: &a0 {{x: 1}}\n{chain}spec: {{<<: *a499}}\n"
    assert document(text).value["spec"] == {"x": 1}
    assert written(text, ("spec", "x")) == "x: 1"


# --- keys written twice ----------------------------------------------------------------------------------------------


def test_the_last_of_two_keys_counts_and_both_are_known() -> None:
    text = SERVICE.replace("  ports:", "  externalTrafficPolicy: Cluster\n  ports:")
    found = document(text)
    assert found.value["spec"]["externalTrafficPolicy"] == "Cluster"
    assert covered(text, found.span(POLICY)) == "externalTrafficPolicy: Cluster"
    first = found.span_of_first(POLICY)
    assert first is not None
    assert first.line == 6
    assert [duplicate.path for duplicate in found.duplicates] == [POLICY]


def test_keys_written_twice_are_told_of_the_document_and_the_object_that_has_them() -> None:
    text = """\
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 1}]}}
  - apiVersion: v1
    kind: Service
    metadata: {name: b}
    spec: {ports: [{port: 1, port: 2}]}
  - {apiVersion: example.com/v1, kind: Widget, metadata: {name: c, name: d}}
"""
    (field,) = inputs(text).duplicate_fields
    assert field.object is not None
    assert field.object.name == "b"
    assert field.path == ("spec", "ports", 0, "port")
    assert field.first is not None
    assert (field.first.span.line, field.spot.span.line) == (8, 8)


def test_a_key_that_overrides_a_merge_is_written_once() -> None:
    text = (
        "kind: Service\napiVersion: v1\nx: &x {a: 1, b: 1}\np: {<<: *x, a: 2, <<: *x, b: 2}\nq: {<<: *x, c: 1, c: 2}\n"
    )
    assert [duplicate.path for duplicate in document(text).duplicates] == [("q", "c")]
    again = text.replace("a: 2", "a: 2, a: 3")
    assert [duplicate.path for duplicate in document(again).duplicates] == [("p", "a"), ("q", "c")]


def test_very_many_keys_written_twice_are_not_all_told() -> None:
    text = SERVICE + "x: 1\n" * 5000
    assert 0 < len(document(text).duplicates) <= 100
    assert len(inputs(text).duplicate_fields) == 1


def test_keys_below_a_key_that_is_a_collection_have_no_path_of_their_own() -> None:
    (duplicate,) = document(SERVICE + "? {a: 1, a: 2}\n: x\n").duplicates
    assert duplicate.path == ()


# --- documents of a stream -------------------------------------------------------------------------------------------


def kinds(text: bytes | str, *, named: bool = True) -> list[object]:
    return [found.value["kind"] for found in documents(text, named=named)]


STYLES = {
    "block": "apiVersion: v1\nkind: Service\n",
    "block with comment": "# why\napiVersion: v1\nkind: Service # why\n",
    "quoted value": "apiVersion: v1\nkind: 'Service'\n",
    "quoted keys": '"apiVersion": v1\n"kind": Service\n',
    "quoted keys, CRLF": '"apiVersion": v1\r\n"kind": Service\r\n',
    "space before the colon": "apiVersion: v1\nkind : Service\n",
    "CRLF": "apiVersion: v1\r\nkind: Service\r\n",
    "CR": "apiVersion: v1\rkind: Service\r",
    "indented root": "  apiVersion: v1\n  kind: Service\n",
    "value on the next line": "apiVersion: v1\nkind:\n  Service\n",
    "folded value": "apiVersion: v1\nkind: >-\n  Service\n",
    "anchor": "apiVersion: v1\nkind: &kind Service\n",
    "tag": "apiVersion: v1\nkind: !!str Service\n",
    "tagged root": "!!map\napiVersion: v1\nkind: Service\n",
    "anchored root": "&root\napiVersion: v1\nkind: Service\n",
    "explicit key": "apiVersion: v1\n? kind\n: Service\n",
    "flow": "{apiVersion: v1, kind: Service}\n",
    "flow, later line": "\n# why\n\n  {apiVersion: v1,\n   kind: Service}\n",
    "JSON": '{"apiVersion": "v1", "kind": "Service"}',
    "JSON, indented": json.dumps({"apiVersion": "v1", "kind": "Service"}, indent="\t"),
    "flow on the marker line": "--- {apiVersion: v1, kind: Service}\n",
    "tag on the marker line": "--- !!map\napiVersion: v1\nkind: Service\n",
    "comment on the marker line": "--- # why\napiVersion: v1\nkind: Service\n",
    "directive": "%YAML 1.1\n---\napiVersion: v1\nkind: Service\n",
    "document end": "apiVersion: v1\nkind: Service\n...\n",
    "marker at the very end": "apiVersion: v1\nkind: Service\n---",
    "a list's kind": "apiVersion: v1\nkind: ServiceList\nitems: []\n",
}


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES)
def test_no_style_hides_a_kind_from_the_sniffing_of_bytes(text: str) -> None:
    assert kinds(text, named=False) == kinds(text, named=True)
    assert kinds(text) in (["Service"], ["ServiceList"])


@pytest.mark.parametrize(("first", "second"), [(a, b) for a in ("block", "flow", "JSON", "CRLF", "CR") for b in STYLES])
def test_documents_of_any_style_follow_each_other(first: str, second: str) -> None:
    end = "\r" if first == "CR" else "\n"
    joined = STYLES[first] + ("" if STYLES[first].endswith(end) else end) + "..." + end
    following = STYLES[second] if STYLES[second].startswith(("---", "%")) else f"---{end}{STYLES[second]}"
    assert len(kinds(joined + following, named=False)) == 2


@given(st.lists(st.sampled_from([*STYLES.values(), "a: 1\n", "kind: Widget\n"]), min_size=1), st.data())
def test_reading_a_walked_file_finds_what_reading_a_named_one_does(parts: list[str], data: st.DataObject) -> None:
    separator = data.draw(st.sampled_from(["\n---\n", "\r\n---\r\n", "\n...\n---\n", "\n--- # x\n"]))
    text = separator.join(part for part in parts if not part.startswith(("---", "%")))
    named = [found.value for found in documents(text) if found.value.get("kind", "").startswith("Service")]
    assert [found.value for found in documents(text, named=False)] == named


def test_a_marker_inside_a_block_scalar_is_text_where_it_is_indented_and_a_marker_where_not() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\ndata:\n  a.yaml: |\n    ---\n    kind: Service\n    ---\n"
    assert kinds(text) == ["ConfigMap"]
    assert document(text).value["data"]["a.yaml"] == "---\nkind: Service\n---\n"
    assert len(answers("data: |\n---\nkind: Service\n")) == 2


def test_directives_belong_to_the_document_that_their_marker_opens() -> None:
    text = f"{SERVICE}...\n# why\n%YAML 1.1\n%TAG !e! tag:example.com,2000:\n---\nx: !e!y z\n{SERVICE}"
    first, second = documents(text)
    assert first.value["kind"] == second.value["kind"] == "Service"
    assert covered(text, second.span(POLICY)) == "externalTrafficPolicy: Local"
    assert second.span(POLICY).line == 20
    assert len(documents("%TAG !e! tag:example.com,2000:\n--- !e!x\nkind: Service\napiVersion: v1\n")) == 1


def test_a_percent_sign_at_the_margin_inside_a_quote_is_no_directive() -> None:
    values = [found.value for found in documents("a: 1\n---\nb: 'c\n%d'\n---\ne: 2\n")]
    assert values == [{"a": 1}, {"b": "c %d"}, {"e": 2}]


def test_an_item_of_a_list_stands_on_its_first_line() -> None:
    text = SERVICE + "      name: http\n"
    assert written(text, ("spec", "ports", 0)) == "port: 80"
    assert written(text, ("spec", "ports", 0, "nodePort")) == "port: 80"
    assert written(text, ("spec", "ports", 0), "value") == "port: 80\n      name: http"


def test_nothing_but_comments_is_empty() -> None:
    for text in ("", "\n", "# kind: Service\n", "---\n# apiVersion: v1\n---\n...\n", "%YAML 1.1\n---\n"):
        found = answers(text)
        assert all(isinstance(answer, Skipped) and answer.interest is Interest.EMPTY for answer in found), text


def test_a_broken_document_hides_none_of_its_neighbours() -> None:
    found = answers(f"{SERVICE}---\nkind: [\n---\n{SERVICE}---\nx: 'y\n---\n{SERVICE}")
    assert [type(answer) for answer in found] == [Document, Unreadable, Document, Unreadable, Document]


def test_positions_in_a_later_document_are_those_of_the_file() -> None:
    text = "".join(f"---\nx: é{'😀' * number}\r\n{SERVICE}" for number in range(50))
    for number, found in enumerate(documents(text)):
        span = found.span(POLICY)
        assert span.line == 10 * number + 8
        assert covered(text, span) == "externalTrafficPolicy: Local"


@given(st.lists(st.sampled_from([b"---", b"\n", b"\r", b"a", b"\xe2\x80", b"\xff", "é😀".encode(), b"%", b"..."])))
def test_each_document_knows_its_index_in_the_source_even_among_bytes_that_are_not_utf_8(parts: list[bytes]) -> None:
    from srcip_lint.documents.split import split

    data = b"".join(parts)
    text = data.decode("utf-8", "surrogateescape")
    chunks = list(split(data))
    assert b"".join(chunk.data for chunk in chunks) == data
    for chunk in chunks:
        assert text[chunk.index :].startswith(chunk.data.decode("utf-8", "surrogateescape"))


# --- objects ---------------------------------------------------------------------------------------------------------


def names(text: str) -> list[str]:
    return [resource.object.name for resource in inputs(text).resources]


def service(name: str, **more: object) -> dict[str, object]:
    spec = {"ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec, **more}


def test_lists_of_any_nesting_are_expanded_in_order() -> None:
    inner = {"apiVersion": "v1", "kind": "List", "items": [service("b"), None, 3, {"x": 1}, service("c")]}
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [service("a"), inner, service("d")]}, indent=1)
    assert names(text) == ["a", "b", "c", "d"]
    third = inputs(text).resources[2].object.place
    assert third.path == ("items", 1, "items", 4)
    assert covered(text, third.at("metadata", "name").span) == '"name": "c"'


def test_items_of_a_typed_list_have_its_kind_unless_they_have_their_own() -> None:
    bare = {key: value for key, value in service("a").items() if key not in ("apiVersion", "kind")}
    text = json.dumps({"apiVersion": "v1", "kind": "ServiceList", "items": [bare, service("b")]})
    assert names(text) == ["a", "b"]


def test_an_alias_to_an_object_or_to_a_list_is_no_other_object() -> None:
    text = "kind: List\napiVersion: v1\nitems: [&a {0}, *a, &l {{kind: List, apiVersion: v1, items: [*a]}}, *l]"
    assert names(text.format(json.dumps(service("a")))) == ["a"]


JSON_STREAM = {
    "in a row": "{}{}",
    "one a line": "{}\n{}\n",
    "after a marker": "---\n{}\n{}\n",
    "apart": "\n\n{}\r\n\r\n{}\n  ",
}


@pytest.mark.parametrize("shape", JSON_STREAM.values(), ids=JSON_STREAM)
@pytest.mark.parametrize("note", ["", "\U0001f600", "\ud800", "\x7f", "x" * 2000])
def test_json_values_may_follow_each_other_and_may_hold_what_yaml_may_not(shape: str, note: str) -> None:
    both = [json.dumps(service(name, note=note)) for name in ("a", "b")]
    text = shape.replace("{}", "%s") % tuple(both)
    found = documents(text)
    assert [each.value["metadata"]["name"] for each in found] == ["a", "b"]
    assert [each.value["note"] for each in found] == [note, note]
    assert [covered(text, each.span(NAME)) for each in found] == ['"name": "a"', '"name": "b"']


def test_json_with_a_key_too_long_for_yaml_is_read_all_the_same() -> None:
    text = json.dumps(service("a", **{"k" * 1025: 1}))
    assert names(text) == ["a"]
    assert document(text).span(NAME).line == 1


def test_keys_written_twice_in_json_are_known_even_where_it_is_no_yaml() -> None:
    text = '{"kind": "Service", "apiVersion": "v1", "x": "\\ud83d\\ude00", "spec": {"a": 1, "a": 2}}'
    assert [duplicate.path for duplicate in document(text).duplicates] == [("spec", "a")]


def test_nothing_of_a_text_that_only_begins_like_json_is_taken_for_json() -> None:
    assert not documents('{"kind": "Service", "apiVersion": "v1"} and more {')


def test_the_chart_file_comes_from_the_comment_of_helm_and_from_no_other() -> None:
    (found,) = documents(f"---\n# Source: web/charts/db/templates/service.yaml\n{SERVICE}")
    assert found.template == "web/charts/db/templates/service.yaml"
    for comment in ("# Source: https://example.com/x.yaml", "# Source: the manual", "#Source: web/templates/x.yaml"):
        assert documents(f"---\n{comment}\n{SERVICE}")[0].template is None


def test_a_document_that_nobody_parses_is_sketched() -> None:
    text = (
        "apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  # why\n  labels:\n    namespace: other\n"
        "  namespace: 'shop'\n  name: x\nspec:\n  namespace: third\n"
    )
    (answer,) = answers(text, named=False)
    assert isinstance(answer, Skipped)
    assert answer.sketch is not None
    found = answer.sketch
    assert (found.kind, found.api_version, found.namespace) == ("Widget", "example.com/v1", "shop")
    (bare,) = answers("kind: Widget\nmetadata:\n", named=False)
    assert isinstance(bare, Skipped)
    assert bare.sketch is not None
    assert bare.sketch.namespace is None


# --- where a text cannot be read -------------------------------------------------------------------------------------

FAULTS = {
    "a quote left open": ("a: 1\nb: 'x\nc: 1\n", "'", "found unexpected end of stream"),
    "a bracket left open": ("a: 1\nb: [1,\n  2\nc: 1\n", "[", "did not find expected ',' or ']'"),
    "a bracket left open to the end": ("a: 1\nb: [1,\n", "[", "did not find expected node content"),
    "the inner of two brackets": ("a: {b: 1,\n  c: [1,\nd: 2\n", "[", "did not find expected ',' or ']'"),
    "a brace left open": ("a: {b: 1\nc: 2\n", "{", "did not find expected ',' or '}'"),
    "a fault in a bracket": ("a: [b: c: d]\n", ":", "did not find expected ',' or ']'"),
    "a line without a colon": ("a: 1\nexternal\nb: 2\n", "e", "could not find expected ':'"),
    "a key out of line": ("a:\n  - 1\n b: 1\n", "b", "did not find expected key"),
    "a tab for indentation": ("a:\n\tb: 1\n", "\t", "cannot start any token"),
    "an undefined alias": ("a: 1\nb: *c\n", "*", "undefined alias 'c'"),
    "a control character": ("é: 1\nb: x\x07y\n", "\x07", "the character U+0007 is not allowed"),
    "a tag handle": ("a: !e!x 1\n", "!", "undefined tag handle"),
}


@pytest.mark.parametrize(("broken", "at", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_reported_where_it_begins(broken: str, at: str, reason: str) -> None:
    text = f"{SERVICE}---\nkind: Service\n{broken}---\n{SERVICE}"
    (fault,) = (answer for answer in answers(text) if isinstance(answer, Unreadable))
    assert covered(text, fault.span) == at
    assert reason in fault.reason
    assert fault.reason.count("\n") == 0


def test_bytes_that_are_no_utf_8_are_named_with_their_place() -> None:
    data = f"{SERVICE}---\n{SERVICE}  x: é\n".encode().replace("é".encode(), b"\xe9")
    (fault,) = (answer for answer in answers(data) if isinstance(answer, Unreadable))
    assert fault.reason == f"not UTF-8: byte 0xe9 (offset {data.index(0xE9)})"
    assert (fault.span.line, fault.span.column) == (18, 6)
    assert len(documents(data)) == 1


@pytest.mark.parametrize("comment", ["# {{ x }}", "a: 1 # {{ x }}"])
def test_what_is_broken_is_no_template_for_a_comment_that_looks_like_one(comment: str) -> None:
    assert isinstance(answers(f"kind: Service\n{comment}\nb: [\n")[0], Unreadable)


# --- lines -----------------------------------------------------------------------------------------------------------


@given(st.text(st.sampled_from("ab\n\r\u0085\u2028\u2029\t😀")), st.integers(0, 30))
def test_a_position_is_where_an_editor_shows_the_character(text: str, index: int) -> None:
    lines = Lines(text)
    assert [lines.line(number) for number in range(1, len(lines) + 1)] == editor_lines(text)
    index = min(index, len(text))
    line, column = lines.position(index)
    shown = lines.line(line)
    is_line_break = text[index : index + 1] in ("", "\r", "\n")
    assert (column > len(shown)) if is_line_break else (shown[column - 1] == text[index])
