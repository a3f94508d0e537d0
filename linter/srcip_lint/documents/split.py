"""Cutting a stream into documents and telling by their bytes which ones matter.

Most bytes of a real repository belong to kinds that this tool never reads (two thirds are CustomResourceDefinitions),
so the `kind:` at the left margin is looked for in the bytes, and only documents of wanted kinds, or whose kind cannot
be told this way (JSON, flow style, quoted keys, an indented root), are parsed.

`---` at the left margin ends a document whatever construct is open (YAML 1.2, 9.1.2), so cutting there is exact, and
one broken document cannot hide its neighbours. The `%` directives above a marker belong to the document that it opens.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from enum import Enum

# Each pattern starts with literal text and then looks back for the line's start: `re` searches that thirty times as
# fast as `^`.
_MARKER = re.compile(rb"---(?<![^\r\n]---)(?=[ \t\r\n]|\Z)")
_KIND = re.compile(rb"kind(?<![^\n]kind)[ \t]*:[ \t]+[\"']?([A-Za-z0-9]+)[\"']?[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE)
_API_VERSION = re.compile(
    rb"apiVersion(?<![^\n]apiVersion)[ \t]*:[ \t]+[\"']?([A-Za-z0-9./-]+)[\"']?[ \t]*(?:#.*)?\r?$", re.MULTILINE
)
_METADATA = re.compile(rb"metadata(?<![^\n]metadata)[ \t]*:[^\r\n]*\r?\n((?:(?:[ \t][^\n]*)?\n)*)")
_NAMESPACE = re.compile(rb"[ \t]+namespace[ \t]*:[ \t]+[\"']?([a-z0-9-]+)")
_HIDDEN_KIND = re.compile(
    rb"(?:kind(?<![^\r\n]kind)|[\"']kind[\"'](?<![^\r\n].kind.))[ \t]*:|\?(?<![^\r\n]\?)",
)
"""A `kind` that the plain pattern misses: a quoted key, a `? ` key, a value on the next line, lines that end in CR
alone."""
_FIRST_CONTENT = re.compile(rb"\A(?:---)?(?:[ \t]*(?:#[^\r\n]*|%[^\r\n]*)?(?:\r\n|\n|\r))*([ \t]*)(\S?)")
_HELM_SOURCE = re.compile(rb"# Source(?<![^\n]# Source): (?!\w+://)([^\s/]+/\S+)[ \t]*\r?$", re.MULTILINE)
_TEMPLATE = re.compile(rb"^[^#\n]*?(\{\{|\{%|%\{~?\s*(?:if|for)\b)", re.MULTILINE)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MARKER_BEFORE_MARK = re.compile(rb"---[ \t]*\r?\n" + _BYTE_ORDER_MARK)
_LINE_END = rb"(?:\r(?!\n)|\r?\n)"
_BLANK = rb"[ \t]*(?:#[^\r\n]*)?" + _LINE_END
_DIRECTIVE = rb"%[^\r\n]*" + _LINE_END + rb"(?:" + _BLANK + rb")*"
_DIRECTIVES = re.compile(
    rb"(?:\A|\.\.\.(?<![^\r\n]\.\.\.)" + _BLANK + rb")((?:" + _BLANK + rb")*(?:" + _DIRECTIVE + rb")+)\Z"
)
"""Nothing but directives, comments and blank lines, from the start of the stream or a `...` on; at the end of a
chunk."""


class Interest(Enum):
    """What the bytes of a document say of it."""

    WANTED = "wanted"
    OTHER_KIND = "other kind"
    NOT_KUBERNETES = "not Kubernetes"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Chunk:
    """One document's bytes and where they start in the source: `start` in bytes, `index` in code points (a byte that
    is not UTF-8 counts as one). The number counts from 0 in the stream."""

    data: bytes
    start: int
    index: int
    number: int

    @property
    def looks_like_kubernetes(self) -> bool:
        data = self.data.replace(b"\0", b"") if b"\0" in self.data else self.data  # UTF-16 without a byte order mark
        return b"apiVersion" in data and b"kind" in data

    @property
    def template_action(self) -> int | None:
        """Where (byte offset) it holds a `{{` or `{%`, the marks of Go templates, Jinja and their kin, or a `%{ if`
        or `%{ for` of Terraform's, outside of comments."""
        match = _TEMPLATE.search(self.data)
        return match.start(1) if match else None

    @property
    def template(self) -> str | None:
        """The chart file that Helm rendered this document from, out of its `# Source:` comment."""
        match = _HELM_SOURCE.search(self.data[:4096])
        return match[1].decode("utf-8", "replace") if match else None


@dataclass(frozen=True, slots=True)
class Sketch:
    """What the bytes tell of a document nobody parsed: enough to know whose custom resource it is."""

    kind: str
    api_version: str
    namespace: str | None


def split(data: bytes) -> Iterator[Chunk]:
    """The documents of a stream. The marker line belongs to the document it opens, for it may hold content."""
    starts = _starts(data)
    is_ascii = data.isascii()
    before = index = 0
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(data)], strict=True)):
        index += start - before if is_ascii else _length(data[before:start])
        before = start
        if end > start:
            yield Chunk(data[start:end], start, index, number)


def _starts(data: bytes) -> list[int]:
    """Where (byte offsets) the documents start, in order."""
    starts = [0, *(match.start() for match in _MARKER.finditer(data))]
    if len(starts) > 1 and starts[1] == 0:
        del starts[0]
    if data.startswith(b"%") or b"\n%" in data or b"\r%" in data:
        starts = _with_directives(data, starts)
    if _BYTE_ORDER_MARK in data:  # files put together, each with its own
        marked = ((start, _MARKER_BEFORE_MARK.match(data, start)) for start in starts)
        starts = [match.end() if match else start for start, match in marked]
    return starts


def _with_directives(data: bytes, starts: list[int]) -> list[int]:
    """The same starts, moved upwards over the directives that stand above a marker."""
    moved = starts[:1]
    for start, following in itertools.pairwise(starts):
        match = _DIRECTIVES.search(data[start:following])
        if match is None:
            moved.append(following)
        elif start + match.start(1) > moved[-1]:
            moved.append(start + match.start(1))
    return moved


def _length(data: bytes) -> int:
    """The length of a text in code points, counted as `Source.lines` counts it."""
    return len(data.decode("utf-8", "surrogateescape"))


def interest(chunk: Chunk, wanted: Container[str]) -> Interest:
    """Does the document hold an object of a wanted kind? Never answers no where a parser would say yes, unless the
    word `kind` itself is written with escapes. Where a NUL shows that the bytes are no UTF-8, the parser is left to
    say so."""
    data = chunk.data
    if b"\0" in data:
        return Interest.WANTED
    kinds = _KIND.findall(data)
    if kinds:
        known = any(kind.decode() in wanted or kind.endswith(b"List") for kind in kinds)
        return Interest.WANTED if known else Interest.OTHER_KIND
    first = _FIRST_CONTENT.match(data)
    indent, character = (first[1], first[2]) if first else (b"", b"")
    if not character:
        return Interest.EMPTY
    if b"kind" not in data:
        return Interest.NOT_KUBERNETES
    may_hide_a_kind = indent or character in b"{[&!" or _HIDDEN_KIND.search(data)
    return Interest.WANTED if may_hide_a_kind else Interest.NOT_KUBERNETES


def sketch(chunk: Chunk) -> Sketch:
    """Kind, API version and namespace of a block-style document, by its bytes."""
    kind, api_version = _KIND.search(chunk.data), _API_VERSION.search(chunk.data)
    metadata = _METADATA.search(chunk.data)
    return Sketch(
        kind[1].decode() if kind else "",
        api_version[1].decode() if api_version else "",
        _namespace(metadata[1]) if metadata else None,
    )


def _namespace(block: bytes) -> str | None:
    """The namespace among the lines below `metadata:`: on a line indented like the first one, for labels may have one
    too."""
    lines = [line for line in block.split(b"\n") if line.strip() and not line.lstrip().startswith(b"#")]
    margin = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    for line in lines:
        match = _NAMESPACE.match(line)
        if match and len(line) - len(line.lstrip()) == margin:
            return match[1].decode()
    return None
