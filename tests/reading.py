"""Reading bytes in tests, and looking at what a span covers as an editor would."""

from __future__ import annotations

import re

from srcip_lint.documents import Document, Skipped, Template, Unreadable, read
from srcip_lint.inputs import Inputs, gather
from srcip_lint.positions import FieldPath, Span
from srcip_lint.resources import WANTED
from srcip_lint.sources import Reading, Source

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  externalTrafficPolicy: Local
  ports:
    - port: 80
"""


def source(data: bytes | str, path: str = "example.yaml", *, named: bool = True) -> Source:
    return Source(path, data if isinstance(data, bytes) else data.encode(), named)


def answers(data: bytes | str, *, named: bool = True) -> list[Document | Unreadable | Template | Skipped]:
    return list(read(source(data, named=named), WANTED))


def documents(data: bytes | str, *, named: bool = True) -> list[Document]:
    return [answer for answer in answers(data, named=named) if isinstance(answer, Document)]


def document(data: bytes | str) -> Document:
    """The one document of a text."""
    (found,) = documents(data)
    return found


def inputs(data: bytes | str, *, named: bool = True) -> Inputs:
    """Everything that is read of one text."""
    return gather([source(data, named=named)], Reading([]))


def editor_lines(text: str) -> list[str]:
    """The lines an editor shows, without their ends: broken at LF, CR and CRLF, and nowhere else."""
    return re.split(r"\r\n|\n|\r", text)


def covered(text: str, span: Span) -> str:
    """What a span covers, in the lines of an editor; several lines are joined by LF. Fails where it covers no place."""
    lines = editor_lines(text)
    assert 1 <= span.line <= span.end_line <= len(lines), span
    chosen = lines[span.line - 1 : span.end_line]
    # Inside a CRLF, and right after a line's last character, is still on the line.
    assert 1 <= span.column <= len(chosen[0]) + 2, span
    assert 1 <= span.end_column <= len(chosen[-1]) + 2, span
    assert (span.line, span.column) <= (span.end_line, span.end_column), span
    chosen[-1] = chosen[-1][: span.end_column - 1]
    chosen[0] = chosen[0][span.column - 1 :]
    return "\n".join(chosen)


def written(data: bytes | str, path: FieldPath, part: str = "field") -> str:
    """What stands in a text where its first document says that `path` is."""
    text = data if isinstance(data, str) else data.decode()
    return covered(text.removeprefix("\ufeff"), documents(data)[0].span(path, part))
