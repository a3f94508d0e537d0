"""Cutting a stream into documents and telling by their bytes which ones matter.

Most bytes of a real repository belong to kinds that this tool never reads (two thirds are CustomResourceDefinitions), so the
`kind:` at the left margin is looked for in the bytes, and only documents of wanted kinds, or whose kind cannot be told this
way (JSON, flow style, quoted keys, an indented root), are parsed.

`---` at the left margin ends a document whatever construct is open (YAML 1.2, 9.1.2), so cutting there is exact, and one
broken document cannot hide its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from enum import Enum

_MARKER = re.compile(rb"(?:^|(?<=\r))---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_KIND = re.compile(rb"^kind[ \t]*:[ \t]+[\"']?([A-Za-z0-9]+)[\"']?[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE)
_API_VERSION = re.compile(rb"^apiVersion[ \t]*:[ \t]+[\"']?([A-Za-z0-9./-]+)[\"']?[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_METADATA = re.compile(rb"^metadata[ \t]*:[^\r\n]*\r?\n((?:(?:[ \t][^\n]*)?\n)*)", re.MULTILINE)
_NAMESPACE = re.compile(rb"^[ \t]+namespace[ \t]*:[ \t]+[\"']?([a-z0-9-]+)", re.MULTILINE)
_HIDDEN_KIND = re.compile(rb"^[\"']kind[\"'][ \t]*:|^\?|^kind[ \t]*:", re.MULTILINE)
_FIRST_CONTENT = re.compile(rb"\A(?:---)?(?:[ \t]*(?:#[^\r\n]*|%[^\r\n]*)?(?:\r\n|\n|\r))*([ \t]*)(\S?)")
_HELM_SOURCE = re.compile(rb"^# Source: ([^\r\n]+)", re.MULTILINE)
_TEMPLATE = re.compile(rb"\{\{")


class Interest(Enum):
    """What the bytes of a document say of it."""

    WANTED = "wanted"
    OTHER_KIND = "other kind"
    NOT_KUBERNETES = "not Kubernetes"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Chunk:
    """One document's bytes and where they start in the source (byte offset); the number counts from 0 in the stream."""

    data: bytes
    start: int
    number: int

    @property
    def looks_like_kubernetes(self) -> bool:
        return bool(re.search(rb"apiVersion", self.data) and re.search(rb"kind", self.data))

    @property
    def has_template_action(self) -> bool:
        """Does it hold a `{{`, the mark of Go templates, Jinja and their kin?"""
        return bool(_TEMPLATE.search(self.data))

    @property
    def template(self) -> str | None:
        """The chart file that Helm rendered this document from, out of its `# Source:` comment."""
        match = _HELM_SOURCE.search(self.data[:4096])
        return match[1].decode("utf-8", "replace").strip() if match else None


@dataclass(frozen=True, slots=True)
class Sketch:
    """What the bytes tell of a document nobody parsed: enough to know whose custom resource it is."""

    kind: str
    api_version: str
    namespace: str | None


def split(data: bytes) -> Iterator[Chunk]:
    """The documents of a stream. The marker line belongs to the document it opens, for it may hold content."""
    starts = [0, *(match.start() for match in _MARKER.finditer(data))]
    ends = [*starts[1:], len(data)]
    number = 0
    for start, end in zip(starts, ends, strict=True):
        if end > start:
            yield Chunk(data[start:end], start, number)
            number += 1


def interest(chunk: Chunk, wanted: Container[str]) -> Interest:
    """Does the document hold an object of a wanted kind? Never answers no where a parser would say yes."""
    data = chunk.data
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
    namespace = _NAMESPACE.search(metadata[1]) if metadata else None
    return Sketch(
        kind[1].decode() if kind else "",
        api_version[1].decode() if api_version else "",
        namespace[1].decode() if namespace else None,
    )
