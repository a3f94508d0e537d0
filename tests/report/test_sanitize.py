"""Hostile text through every function and every format: nothing obeys it, nothing crashes on it, a reader sees it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.page import check_page
from report.samples import HOSTILE_TEXTS, RULES, hostile
from srcip_lint.report import FORMATS, Look
from srcip_lint.report.sanitize import (
    command_data,
    command_property,
    json_string,
    no_commands,
    pieces,
    sarif_message,
    sarif_uri,
    terminal,
)

ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text(alphabet="#[]:% \n\r\t\x1b\u202e\\()a\udcff")
LOOK = Look(show_info=True, statistics=True, verbose=True)

OLD_COMMAND = "##["
"""What a runner of GitHub Actions obeys anywhere in a line."""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, naïve, 日本, é", "plain text, naïve, 日本, é"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\r\nb\tc\x00", r"a\r\nb\tc\x00"),
        ("\x7f\x85\x9b", r"\x7f\x85\x9b"),
        ("\u202e\u2066\u2028\ufeff", r"\u202e\u2066\u2028\ufeff"),
        ("caf\udce9", r"caf\xe9"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("##[group]", r"##\x5bgroup]"),
        ("###[[x]", r"###\x5b[x]"),
        ("#[x] [y]", "#[x] [y]"),
    ],
)
def test_terminal_shows_what_is_not_printable(text: str, shown: str) -> None:
    assert terminal(text) == shown


@given(ANY_TEXT)
def test_terminal_is_one_printable_line(text: str) -> None:
    shown = terminal(text)
    assert shown.isprintable()
    assert OLD_COMMAND not in shown
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in shown)


@given(ANY_TEXT)
def test_a_text_has_a_piece_for_each_code_point(text: str) -> None:
    assert len(pieces(text)) == len(text)
    assert "".join(pieces(text)) == terminal(text)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("::error ::x", r"\x3a:error ::x"),
        ("   ::add-mask::x", r"   \x3a:add-mask::x"),
        ("first\n::warning file=a::x", "first\n\\x3a:warning file=a::x"),
        ("::1 is the loopback address", "::1 is the loopback address"),
        ("allow ::/0 and 2001:db8::/32", "allow ::/0 and 2001:db8::/32"),
    ],
)
def test_no_line_is_a_command(line: str, shown: str) -> None:
    assert no_commands(line) == shown


def test_command_values_are_escaped() -> None:
    assert command_data("100% a\nb,c:d") == r"100%25 a\nb,c:d"
    assert command_property("100% a\nb,c:d") == r"100%25 a\nb%2Cc%3Ad"


def test_sarif_text_holds_no_link() -> None:
    assert sarif_message(r"spec.ports[0] \[x](1)") == r"spec.ports\[0\] \\\[x\](1)"
    assert sarif_message("\x1b") == r"\\x1b"


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("deploy/web.yaml", "deploy/web.yaml"),
        ("a b/ü#?%[x].yaml", "a%20b/%C3%BC%23%3F%25%5Bx%5D.yaml"),
        ("c:d.yaml", "c%3Ad.yaml"),
        ("caf\udce9.yaml", "caf%E9.yaml"),
        ("back\\slash", "back%5Cslash"),
        ("/etc/web.yaml", "file:///etc/web.yaml"),
        ("../web.yaml", "../web.yaml"),
        ("<stdin>", "%3Cstdin%3E"),
        ("\ud800", "%5Cud800"),
    ],
)
def test_paths_are_uris(path: str, uri: str) -> None:
    assert sarif_uri(path) == uri


@given(ANY_TEXT)
def test_json_strings_are_unicode(text: str) -> None:
    json_string(text).encode("utf-8")
    assert all("\ud800" <= char <= "\udfff" for char in set(text) - set(json_string(text)))


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
@pytest.mark.parametrize("output_format", FORMATS)
def test_nothing_obeys_a_report(output_format: str, text: str) -> None:
    check(output_format, text)


@pytest.mark.parametrize("output_format", FORMATS)
@given(text=ANY_TEXT)
def test_nothing_obeys_any_report(output_format: str, text: str) -> None:
    check(output_format, text)


def check(output_format: str, text: str) -> None:
    output = FORMATS[output_format](hostile(text), LOOK)
    output.encode("utf-8")
    assert OLD_COMMAND not in output
    assert all(char == "\n" or char.isprintable() for char in output)
    CHECKS[output_format](output)


def check_lines(output: str) -> None:
    """No line is what a runner obeys: `::`, leading blanks aside, and `::` once more."""
    for line in output.splitlines():
        trimmed = line.lstrip()
        assert not (trimmed.startswith("::") and "::" in trimmed[2:])


def check_github(output: str) -> None:
    lines = output.splitlines()
    assert [line[: line.index(" ")] for line in lines] == ["::error", "::warning", "::notice"]
    for line in lines:
        properties = line.split("::")[1].partition(" ")[2]
        assert [item.partition("=")[0] for item in properties.split(",")] == [
            "file",
            "line",
            "endLine",
            "col",
            "endColumn",
            "title",
        ]


def check_json(output: str) -> None:
    check_lines(output)
    for string in strings(json.loads(output)):
        string.encode("utf-8")


def check_sarif(output: str) -> None:
    check_json(output)
    for result in json.loads(output)["runs"][0]["results"]:
        links = re.findall(r"(?<!\\)(?:\\\\)*\[(?:[^\]\\]|\\.)*\]\(([^)]*)\)", result["message"]["text"])
        assert links == [str(related["id"]) for related in result["relatedLocations"]]


def check_gitlab(output: str) -> None:
    check_json(output)
    assert len({issue["fingerprint"] for issue in json.loads(output)}) == 3


def check_junit(output: str) -> None:
    check_lines(output)
    assert output.isascii()
    suites = ET.fromstring(output)  # noqa: S314  our own
    assert {element.tag for element in suites.iter()} == JUNIT_ELEMENTS
    assert len(list(suites.iter("testcase"))) == len(RULES)


def check_markdown(output: str) -> None:
    check_lines(output)
    check_page(output)


CHECKS = {
    "concise": check_lines,
    "github": check_github,
    "gitlab": check_gitlab,
    "json": check_json,
    "junit": check_junit,
    "markdown": check_markdown,
    "sarif": check_sarif,
    "text": check_lines,
}
JUNIT_ELEMENTS = {"testsuites", "testsuite", "testcase", "failure", "system-out"}


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


@pytest.mark.parametrize("output_format", ["text", "concise"])
def test_only_our_own_sequences_are_printed_in_colour(output_format: str) -> None:
    look = replace(LOOK, color=True, hyperlinks=True)
    for text in HOSTILE_TEXTS.values():
        output = FORMATS[output_format](hostile(text), look)
        ours = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;;(https://github\.com/[\w/.-]+)?\x1b\\")
        assert all(char == "\n" or char.isprintable() for char in ours.sub("", output))
