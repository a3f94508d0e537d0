"""Markdown as GitHub's own library (cmark-gfm) renders it, and what a page of ours may hold then.

GitHub looks through the rendered text once more, for mentions, issues, emoji, formulas and links, everywhere but in
code; that step is not public, so nothing of what it looks for may be left outside of code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser

import cmarkgfm  # type: ignore[import-untyped]
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]

OURS = {"h3", "h4", "a", "p", "pre", "code", "ul", "ol", "li", "strong", "details", "summary"}
"""Every element that our pages have."""
LINK = "https://github.com/srcip-lint/srcip-lint/blob/main/docs/rules/"
LOOKED_FOR = re.compile(r"[@#$<>\\`*_~^|\[\]{}&]|www\.|://|:[\w+-]+:|GH-\d", re.IGNORECASE)


class Page(HTMLParser):
    """Elements, the addresses of links, and the text outside and inside of code."""

    def __init__(self, markdown: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.text: list[str] = []
        self._code = 0
        # Raw HTML is left as it is, so that it would be seen here.
        extensions = ["table", "autolink", "strikethrough", "tasklist", "tagfilter"]
        self.html: str = cmarkgfm.markdown_to_html_with_extensions(
            markdown, options=Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES, extensions=extensions
        )
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        given = dict(attrs)
        self.links += [value or "" for name, value in given.items() if name in ("href", "src")]
        assert given.items() <= {"class": "language-yaml"}.items() if tag == "code" else set(given) <= {"href"}
        self._code += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag == "code"

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if not self._code:
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.elements.append(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        self.elements.append(f"<!{decl}")

    def handle_pi(self, data: str) -> None:
        self.elements.append(f"<?{data}")


def check_page(markdown: str) -> Page:
    """Nothing of a page is obeyed: its elements and links are our own, and its words are words."""
    page = Page(markdown)
    assert set(page.elements) <= OURS
    assert all(link.startswith(LINK) for link in page.links)
    for words in page.words:
        assert not LOOKED_FOR.search(words), words
    return page
