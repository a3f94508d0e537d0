"""The cases of the YAML test suite (github.com/yaml/yaml-test-suite): each is read, or is one answer about a place in
it.

The suite is not part of this repository: the tests look for it in `../shared/corpus`, and are skipped where it is not
there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from reading import covered, source
from srcip_lint.documents import Document, Skipped, Template, Unreadable, read_all, values
from srcip_lint.documents.split import split

SUITE = Path(__file__).parents[2] / "shared" / "corpus" / "bulk" / "yaml+yaml-test-suite" / "src"
pytestmark = pytest.mark.skipif(not SUITE.is_dir(), reason=f"the YAML test suite is not at {SUITE}")


@dataclass(frozen=True)
class Case:
    """A text, whether it is no YAML, and (where the suite says so) its documents as JSON."""

    name: str
    text: str
    fails: bool
    documents: str | None


def plain(text: str) -> str:
    """A text without the marks by which the suite shows blanks: its README says what they stand for."""
    text = re.sub("—*»", "\t", text.replace("␣", " "))
    return text.replace("←", "\r").replace("⇔", "\ufeff").replace("↵", "").removesuffix("∎\n")


def cases() -> Iterator[Case]:
    for path in sorted(SUITE.glob("*.yaml")):
        before: dict[str, Any] = {}
        for number, written in enumerate(yaml.safe_load(path.read_text(encoding="utf-8"))):
            case = before = {**before, **written}  # a further case of a file only says what is different
            yield Case(f"{path.stem}/{number}", plain(case["yaml"]), bool(case.get("fail")), case.get("json"))


CASES = list(cases()) if SUITE.is_dir() else []


@pytest.fixture(params=["libyaml", "pure Python"])
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "pure Python":
        monkeypatch.setattr(values, "LOADER", yaml.SafeLoader)


def answers(text: str) -> list[Document | Unreadable | Template | Skipped]:
    return list(read_all(source(text)))


@pytest.mark.usefixtures("_loader")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_case_is_read_or_is_one_answer_and_every_place_is_in_the_text(case: Case) -> None:
    found = answers(case.text)
    unreadable = [answer for answer in found if isinstance(answer, Unreadable | Template)]
    assert len(unreadable) <= len(list(split(case.text.encode())))
    for answer in unreadable:
        covered(case.text, answer.span)
        assert not isinstance(answer, Unreadable) or (answer.reason and "\n" not in answer.reason)
    for document in (answer for answer in found if isinstance(answer, Document)):
        for path in fields(document.value):
            covered(case.text, document.span(path))
            covered(case.text, document.span(path, "value"))


def fields(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in entries:
        if isinstance(key, str | int):
            yield from fields(below, (*path, key))


def test_as_many_cases_are_accepted_and_refused_as_libyaml_can_tell_apart() -> None:
    refused = {case.name for case in CASES if any(isinstance(answer, Unreadable) for answer in answers(case.text))}
    assert len(CASES) == 406
    invalid = {case.name for case in CASES if case.fails}
    assert len(invalid) == 111
    assert len(refused & invalid) >= 84
    assert len(refused - invalid) <= 53


AS_KUBECTL = {
    "652Z/0": "`?` needs no blank after it in YAML 1.1",
    "C4HZ/0": "`y` is true in YAML 1.1",
    "HM87/1": "`?` needs no blank after it in YAML 1.1",
    "JEF9/2": "libyaml, and its port to Go, add no line break at the end of the text",
    "L24T/1": "libyaml, and its port to Go, add no line break at the end of the text",
    "S4JQ/0": "libyaml, and its port to Go, take the tag `!` for none",
    "Y2GN/0": "an anchor has no colon in YAML 1.1",
}
"""Where a text is read as kubectl reads it, by YAML 1.1, and not as the suite says."""


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.documents and not case.fails], ids=lambda case: case.name
)
def test_what_is_read_has_the_value_that_the_suite_says(case: Case) -> None:
    found = answers(case.text)
    if any(isinstance(answer, Unreadable) for answer in found) or case.name in AS_KUBECTL:
        return  # libyaml does not know all of YAML 1.2
    read = [answer.value for answer in found if isinstance(answer, Document)]
    assert read == [value for value in json_values(str(case.documents)) if value is not None]


def json_values(text: str) -> Iterator[Any]:
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        yield value
        rest = rest[end:].lstrip()
