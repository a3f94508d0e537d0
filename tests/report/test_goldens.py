"""Every format of one day's report, as a person or a machine gets it. `pytest --update-goldens` writes them anew."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from report.samples import CLEAN, DAY, EMPTY
from srcip_lint import __version__
from srcip_lint.finding import Report
from srcip_lint.report import FORMATS, Look

CASES = {
    "text.txt": ("text", DAY, Look()),
    "text-everything.txt": ("text", DAY, Look(color=True, hyperlinks=True, show_info=True, statistics=True)),
    "text-quiet.txt": ("text", DAY, Look(quiet=True)),
    "text-clean.txt": ("text", CLEAN, Look()),
    "text-empty.txt": ("text", EMPTY, Look()),
    "concise.txt": ("concise", DAY, Look(statistics=True)),
    "concise-color.txt": ("concise", DAY, Look(color=True, quiet=True, show_info=True)),
    "concise-clean.txt": ("concise", CLEAN, Look()),
    "github.txt": ("github", DAY, Look(show_info=True)),
    "github-clean.txt": ("github", CLEAN, Look()),
    "gitlab.json": ("gitlab", DAY, Look(show_info=True)),
    "gitlab-clean.json": ("gitlab", CLEAN, Look()),
    "junit.xml": ("junit", DAY, Look(show_info=True)),
    "junit-clean.xml": ("junit", CLEAN, Look()),
    "markdown.md": ("markdown", DAY, Look(show_info=True)),
    "markdown-clean.md": ("markdown", CLEAN, Look()),
    "markdown-empty.md": ("markdown", EMPTY, Look()),
    "json.json": ("json", DAY, Look()),
    "json-empty.json": ("json", EMPTY, Look()),
    "sarif.sarif": ("sarif", DAY, Look(show_info=True)),
    "sarif-clean.sarif": ("sarif", CLEAN, Look()),
}


@pytest.mark.parametrize("name", CASES)
def test_output_is_the_stored_one(name: str, golden: Callable[[str, str], None]) -> None:
    output_format, report, look = CASES[name]
    golden(name, legible(FORMATS[output_format](report, look)))


def legible(output: str) -> str:
    """As a reviewer can read it: escape sequences, one field a line; and no version that a release would change."""
    if output.startswith("{"):
        output = json.dumps(json.loads(output), indent=2) + "\n"
    return output.replace("\x1b", "␛").replace(f'ersion": "{__version__}"', 'ersion": "0.0.0"')


@pytest.mark.parametrize("output_format", FORMATS)
@pytest.mark.parametrize("report", [DAY, CLEAN, EMPTY], ids=["day", "clean", "empty"])
def test_output_ends_with_one_line_break_or_is_empty(output_format: str, report: Report) -> None:
    output = FORMATS[output_format](report, Look())
    assert output == "" or (output.endswith("\n") and not output.endswith("\n\n"))
