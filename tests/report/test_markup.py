"""Text of manifests as Markdown, rendered by GitHub's own library: it reads as the text, and means nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from report.page import check_page
from report.samples import HOSTILE_TEXTS
from srcip_lint.report.markup import code, code_block, prose
from srcip_lint.report.sanitize import terminal

WORDS = [
    "word", "two-words", "3", "3.", "1)", "-", "+", "a:", ":tada:", "@team", "#12", "GH-12", "www.example.org",
    "`code`", "`", "``", "```", "<b>", "</details>", "&#64;x", "$x$", "[x](y)", "![x](y)", "**b**", "_i_", "~~s~~", "|",
    "---", "===", "> q", "https://example.org", "a@example.org", "[^1]", "[^1]: x", "- [ ] t", "\\", "\n", " ",
]  # fmt: skip
HOSTILE = st.text(st.characters(exclude_categories=())) | st.lists(st.sampled_from(WORDS)).map("".join)
HOSTILE |= st.lists(st.sampled_from(WORDS)).map(" ".join) | st.text(alphabet="`' \"()a.:")


def read(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("the peer is a node; see 2 places.", "the peer is a node; see 2 places."),
        ("Deployment shop/web (10.0.0.0/8)", "Deployment shop/web (10.0.0.0/8)"),
        ("write `externalTrafficPolicy: Local`, then", "write `externalTrafficPolicy: Local`, then"),
        ("backend:8080: is no Service", "`backend:8080`: is no Service"),
        ('data["a.conf"]', '`data["a.conf"]`'),
        ("image nginx@sha256:0 (in {{ .x }})", "image `nginx@sha256:0` (in `{{` `.x` `}}`)"),
        ("1. first", "`1.` first"),
        ("2 replicas, 2.", "2 replicas, 2."),
        ("- no item", "`-` no item"),
        ("a `b``c` d`", "a `b` `c` `` d` ``"),
        ("naïve 日本語", "naïve 日本語"),
    ],
)
def test_words_stay_words_and_the_rest_is_code(text: str, markdown: str) -> None:
    assert prose(text) == markdown


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_hostile_prose(text: str) -> None:
    check_prose(text)


@given(HOSTILE)
def test_any_prose(text: str) -> None:
    check_prose(text)


def check_prose(text: str) -> None:
    page = check_page(prose(text))
    assert set(page.elements) <= {"p", "code"}
    assert read("".join(page.text)) == read(re.sub("`([^`]+)`", r"\1", terminal(text)))


@given(HOSTILE)
def test_any_code(text: str) -> None:
    page = check_page(f"a {code(text)} b")
    assert page.elements == ["p", "code"]
    assert read("".join(page.text)) == read(f"a{terminal(text)}b")


@given(HOSTILE)
@example("```")
@example("  `````  ")
def test_any_block(text: str) -> None:
    page = check_page(f"a\n\n{code_block(terminal(text), 'yaml')}\n\nb")
    assert page.elements == ["p", "pre", "code", "p"]
    assert read("".join(page.text)) == read(f"a{terminal(text)}b")
