"""`docs/metallb.md`: its examples do what they say, its tables are what the model computes, and each claim has a
source."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path

import pytest

from linting import model_of, report
from srcip_lint.environment import DeclaredNode
from srcip_lint.examples import Example, example
from srcip_lint.finding import Severity
from srcip_lint.metallb.announcement import Electorate, Endpoints, Route, candidates, elected, routes

PAGE = (Path(__file__).parents[2] / "docs" / "metallb.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
NODES = ("node-1", "node-2", "node-3")
ELECTORATE = Electorate(tuple(map(DeclaredNode, NODES)), frozenset(NODES), frozenset())
SOURCE = re.compile(r"`[\w.-]+/[\w./-]+`|[\w.-]+/[\w.-]+#\d+")
"""A path, or an issue of a repository."""

ADVERTISEMENT = "apiVersion: metallb.io/v1beta1\nkind: {kind}\nmetadata: {{name: a{length}}}\nspec: {spec}\n"
PEER = "apiVersion: metallb.io/v1beta2\nkind: BGPPeer\nmetadata: {name: router}\n"


def rows(marker: str) -> list[list[str]]:
    """The cells of a table between markers, without its head."""
    found = re.search(rf"<!-- {marker}[^>]* -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert found, marker
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()[2:]]


def listed(cell: str) -> frozenset[str]:
    return frozenset() if cell == "none" else frozenset(cell.split(", "))


@pytest.mark.parametrize("case", [example(f"block {number}", text) for number, text in enumerate(BLOCKS)], ids=str)
def test_an_example_does_what_it_says(case: Example) -> None:
    """Every finding that it wants is there, and no other warning or error."""
    assert case.wants
    told = [
        finding
        for finding in report(case.sources, case.given).findings
        if finding.severity > Severity.INFO or any(want.meets(finding) for want in case.wants)
    ]
    assert not list(case.mismatches(told))


@pytest.mark.parametrize("row", rows("election"), ids=lambda row: row[0])
def test_the_elected_nodes_are_those_that_the_model_elects(row: list[str]) -> None:
    address = re.search(r"<!-- election: (\S+) -->", PAGE)
    assert address
    advertisements = model_of({"a.yaml": ADVERTISEMENT.format(kind="L2Advertisement", length="", spec="{}")})
    for is_local, expected in ((False, row[1]), (True, row[2])):
        found = advertisements.metallb.advertisements
        among = candidates(found, ELECTORATE, Endpoints(listed(row[0]), is_local))
        assert (elected(ip_address(address[1]), among, found, ELECTORATE) or "nobody") == expected


@pytest.mark.parametrize("row", rows("routes"), ids=lambda row: row[0])
def test_the_nodes_are_those_of_the_longest_prefix_that_the_model_announces(row: list[str]) -> None:
    marker = re.search(r"<!-- routes: web (\S+) (\S+), mail (\S+) (\S+) -->", PAGE)
    assert marker
    web, web_on, mail, mail_on = marker.groups()
    documents = [
        ADVERTISEMENT.format(kind="BGPAdvertisement", length=length, spec=f"{{aggregationLength: {length}}}")
        for length in row[0].split(" and ")
    ]
    metallb = model_of({"a.yaml": "---\n".join([*documents, PEER])}).metallb
    announced: set[Route] = set()
    for address, node in ((web, web_on), (mail, mail_on)):
        endpoints = Endpoints(frozenset({node}), is_local=True)
        announced |= routes(ip_address(address), metallb.advertisements, metallb.peers, ELECTORATE, endpoints)
    matching = [route for route in announced if ip_address(web) in route.prefix]
    longest = max(route.prefix.prefixlen for route in matching)
    chosen = {route.node for route in matching if route.prefix.prefixlen == longest}
    assert chosen == listed(row[1])
    assert chosen - {web_on} == listed(row[2])


@pytest.mark.parametrize("row", rows("claims"), ids=lambda row: row[0][:40])
def test_each_claim_names_where_it_can_be_checked(row: list[str]) -> None:
    assert len(row) == 3
    assert SOURCE.search(row[2])
