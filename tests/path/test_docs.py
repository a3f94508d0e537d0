"""The hand-written pages about paths show what the code prints and says: `pytest --update-goldens` writes it in."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from srcip_lint.balancers import delivery
from srcip_lint.balancers.proxy_protocol import SENDERS
from srcip_lint.balancers.signals import FAMILIES

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
MARKED = re.compile(r"(<!-- (golden|code|families)(?:: ([^>]*?))? -->\n)(.*?)(<!-- end -->)", re.DOTALL)
FOLLOWS = {True: "yes", False: "no", None: "not known"}


def shown(kind: str, what: str) -> str:
    """What stands between the markers of a page."""
    if kind == "golden":
        text = (GOLDEN / what).read_text(encoding="utf-8")
        return f"```{'sh' if what.endswith('.sh') else 'text'}\n{text}```\n"
    if kind == "code":
        path, *names = what.split()
        source = (ROOT / path).read_text(encoding="utf-8")
        return "```python\n" + "\n\n".join(function(source, name) for name in names) + "```\n"
    rows = [f"| {one.label} | {FOLLOWS[one.follows_endpoints]} | {one.how} |" for one in FAMILIES.values()]
    return "\n".join(["| load balancer | leaves out nodes without a pod | how |", "|---|---|---|", *rows, ""])


def function(source: str, name: str) -> str:
    """The text of one function, without its indentation."""
    found = re.search(rf"^( *)def {name}\(.*?(?=\n\n|\Z)", source, re.DOTALL | re.MULTILINE)
    assert found, name
    return textwrap.dedent(found[0]).rstrip("\n") + "\n"


@pytest.mark.parametrize("page", ["trace.md", "asking-the-model.md", "load-balancers.md"])
def test_the_page_shows_what_the_code_says(page: str, request: pytest.FixtureRequest) -> None:
    file = ROOT / "docs" / page
    text = file.read_text(encoding="utf-8")
    wanted = MARKED.sub(lambda match: match[1] + shown(match[2], match[3] or "") + match[5], text)
    assert MARKED.search(text), "the page has no marker"
    if request.config.getoption("--update-goldens"):
        file.write_text(wanted, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == wanted


def test_the_table_of_load_balancers_is_complete() -> None:
    page = (ROOT / "docs" / "load-balancers.md").read_text(encoding="utf-8")
    settings = (*SENDERS, *delivery._IS_HTTP)
    missing = {setting.key for setting in settings if setting.key not in page}
    missing |= {name for name in FAMILIES if f"`{name}`" not in page}
    assert not missing
