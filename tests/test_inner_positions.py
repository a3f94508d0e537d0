"""A place inside a scalar stands on the real line of the manifest, however the scalar is written."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from srcip_lint.documents import Document, Place, read
from srcip_lint.documents.inner import written_indices
from srcip_lint.sources import Source

KEY = ("data", "default.conf")


def place_of(text: str, wanted: str, path: tuple[str, ...] = KEY) -> tuple[Place, str]:
    """The place of a word inside the scalar at `path`, and the scalar's text."""
    document = next(iter(read(Source("a.yaml", text.encode(), named=True), ("ConfigMap",))))
    assert isinstance(document, Document)
    value = document.value
    for step in path:
        value = value[step]
    start = value.index(wanted)
    return Place(document, path).within(start, start + len(wanted)), value


def lines_of(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n"

WRITTEN = {
    "literal": HEAD + "  default.conf: |\n    server {\n\n      listen 80;\n    }\n",
    "literal that keeps": HEAD + "  default.conf: |+   # why\n    server {\n      listen 80;\n    }\n\n\nmore: x\n",
    "literal, blank lines first": HEAD + "  default.conf: |\n\n  \n    server {\n      listen 80;\n    }\n",
    "indentation indicator": HEAD + "  default.conf: |2-\n      server {\n        listen 80;\n      }\n",
    "indicator, text indented": HEAD + "  default.conf: |2\n       # first\n    listen 80;\n",
    "anchor and tag": HEAD + "  default.conf: &conf !!str |\n    server {\n      listen 80;\n    }\n",
    "tabs": HEAD + "  default.conf: |\n    server {\n    \tlisten 80;\n    }\n",
    "folded": HEAD + "  default.conf: >\n    server {\n    listen 80;\n    }\n\n    more\n",
    "folded, more indented": HEAD + "  default.conf: >-\n    server {\n\n      a;\n      listen 80;\n\n    }\n",
    "plain on one line": HEAD + "  default.conf: server { listen 80; }\n",
    "plain on several lines": HEAD + "  default.conf: server\n    on\n\n    listen 80;\n",
    "single quotes": HEAD + "  default.conf: 'map ''a'' { } listen 80;'\n",
    "single quotes, folded": HEAD + "  default.conf: 'it''s\n\n    here\n    listen 80; '\n",
    "double quotes": HEAD + '  default.conf: "server {\\n\\t\\"\\x41\\u0041\\U00000041\\" listen 80;\\n}\\n"\n',
    "double quotes, folded": HEAD + '  default.conf: "server\\\n    {\n\n\n    listen 80; }"\n',
    "JSON": json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "data": {"default.conf": 'a "b"\n\tlisten 80;\n'}}),
    "alias": HEAD.replace("data:\n", "") + "x: &c |\n   a\n   listen 80;\ndata:\n  default.conf: *c\n",
}


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("written", WRITTEN, ids=str)
def test_a_word_of_the_text_is_found_where_it_is_written(written: str, line_break: str) -> None:
    text = WRITTEN[written].replace("\n", line_break)
    place, _ = place_of(text, "listen 80;")
    span = place.span
    line = lines_of(text)[span.line - 1]
    assert line[span.column - 1 : span.end_column - 1] == "listen 80;"
    assert span.end_line == span.line


def test_a_stretch_over_several_lines_ends_on_its_last_line() -> None:
    place, _ = place_of(WRITTEN["literal"], "server {\n\n  listen 80")
    assert (place.span.line, place.span.end_line, place.span.end_column) == (6, 8, 16)


def test_a_stretch_of_something_that_is_no_text_stands_at_the_field() -> None:
    text = HEAD + "  default.conf: 8080\n"
    document = next(iter(read(Source("a.yaml", text.encode(), named=True), ("ConfigMap",))))
    assert isinstance(document, Document)
    place = Place(document, KEY)
    assert place.within(0, 3).span == place.span
    assert Place(document, ("data", "absent")).within(0, 3).span == Place(document, ("data", "absent")).span


def test_a_stretch_of_a_file_that_is_the_text_itself_needs_no_mapping() -> None:
    assert written_indices("listen 80;", None, "listen 80;", (3, 5)) == (3, 5)


@pytest.mark.parametrize("quote", ['"', "'", ""])
def test_long_runs_of_blanks_are_passed_over_in_one_step(quote: str) -> None:
    written = f"{quote}a{' ' * 300_000}b{quote}"
    value = written.strip(quote) if quote else written
    style = quote or None
    assert written_indices(written + ("" if quote else "\n"), style, value, (300_001,)) == (300_001 + len(quote),)


TEXTS = st.text(st.sampled_from("ab'\"\\{}#: \t\né\u2028\U0001f600"), max_size=40)


@settings(max_examples=400)
@given(TEXTS, st.sampled_from(["|", ">", "'", '"', None]), st.integers(1, 6))
def test_every_visible_character_is_found_in_what_a_dumper_wrote(value: str, style: str | None, indent: int) -> None:
    """PyYAML writes the text in the style it is asked for, or in a safe one; each visible character must be itself
    there, unless it is written as an escape."""
    text = yaml.dump({"k": value}, default_style=style, allow_unicode=True, indent=indent + 1, width=10)
    mapping = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(mapping, yaml.MappingNode)
    node = mapping.value[0][1]
    written = text[node.start_mark.index : node.end_mark.index]
    indices = written_indices(written, node.style, value, tuple(range(len(value))))
    for index, character in zip(indices, value, strict=True):
        if not character.isspace():
            assert written[index] in (character, "\\")
    assert list(indices) == sorted(indices)
