"""The summary of a step, rendered as GitHub renders it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from report.page import check_page
from report.samples import CLEAN, DAY, EMPTY, FRAGILE, HINT, HOSTILE_TEXTS, LOCAL, RULES, hostile
from srcip_lint.finding import Finding, Location, Report, Step
from srcip_lint.positions import Lines, Span
from srcip_lint.report import FORMATS, Look
from srcip_lint.report import markdown as markdown_format

LIMIT = 1024 * 1024
"""Bytes of a step's summary above which GitHub refuses all of it."""


def markdown(*findings: Finding, look: Look | None = None) -> str:
    return FORMATS["markdown"](Report(findings, RULES, DAY.statistics), look or Look(show_info=True))


@pytest.mark.parametrize("report", [DAY, CLEAN, EMPTY], ids=["day", "clean", "empty"])
def test_a_page_holds_our_own_elements_only(report: Report) -> None:
    page = check_page(FORMATS["markdown"](report, Look(show_info=True)))
    assert page.elements.count("h4") == page.elements.count("a") == len(report.findings)


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_a_hostile_way_of_the_packet(text: str) -> None:
    page = check_page(markdown(replace(LOCAL, path=(Step("the client connects"), Step(text)))))
    assert page.elements.count("details") == 1
    assert page.elements[page.elements.index("details") :].count("li") == 2


def test_the_worst_come_first() -> None:
    page = markdown(HINT, FRAGILE, LOCAL)
    assert page.index("#### error") < page.index("#### warning") < page.index("#### info")


def test_a_summary_fits_and_says_what_is_left_out() -> None:
    page = markdown(*[FRAGILE] * 1500, *[LOCAL] * 1500)
    assert 850 * 1024 < len(page.encode()) <= markdown_format._BUDGET + 1024 < LIMIT
    shown = page.count("\n#### ")
    assert page.count("\n#### error") > page.count("\n#### warning") or page.count("\n#### warning") == 0
    (rest,) = [line for line in page.splitlines() if line.startswith("**And ")]
    assert rest.startswith(f"**And {3000 - shown:,} more: ")
    assert "1,500 warnings" in rest
    check_page(page)


def test_a_single_finding_fits_whatever_it_holds() -> None:
    huge = "x@" * LIMIT
    place = Location(huge, Span(1, 1, 1, 9), huge, Lines(huge))
    note = replace(LOCAL.related[0], location=place, message=huge)
    finding = replace(
        LOCAL, message=huge, location=place, related=(note,) * 9, assumptions=(huge,), fixes=(huge,), path=(Step(huge),)
    )
    page = markdown(finding)
    assert page.count("\n#### ") == 1
    assert len(page.encode()) < LIMIT // 10


def test_info_is_left_out_unless_it_is_shown() -> None:
    assert HINT.message not in markdown(HINT, look=Look())


def test_quiet_leaves_out_what_was_read() -> None:
    assert "judged" in markdown(LOCAL)
    assert "judged" not in markdown(LOCAL, look=Look(quiet=True))


def test_a_hostile_report_shows_its_text_all_the_same() -> None:
    page = check_page(FORMATS["markdown"](hostile("<script>alert(1)</script>"), Look(show_info=True)))
    assert "<script>alert(1)</script>" in "".join(page.text)
