"""Sites: nodes as conditions and node by node, put together."""

from __future__ import annotations

import pytest

from srcip_lint.environment import DeclaredNode
from srcip_lint.placement import EVERY_NODE, Inventory, NodeSet, Sites, labelled, sites
from srcip_lint.resources.fields import Unknown

INVENTORY = Inventory(
    (
        DeclaredNode("edge", {"role": "edge"}),
        DeclaredNode("both", {"role": "edge", "tier": "web"}),
        DeclaredNode("open", {"role": Unknown("a placeholder"), "tier": "web"}),
    )
)
EDGE, CORE, WEB = labelled({"role": "edge"}), labelled({"role": "core"}), labelled({"tier": "web"})


def test_the_nodes_of_both_and_of_either() -> None:
    edge, web = sites(EDGE, INVENTORY), sites(WEB, INVENTORY)
    assert edge.surely == {"edge", "both"}
    assert edge.possibly == {"edge", "both", "open"}
    assert edge.both(web).surely == {"both"}
    assert edge.both(web).possibly == {"both", "open"}
    assert edge.either(web).surely == {"edge", "both", "open"}


@pytest.mark.parametrize(
    ("one", "other", "inventory", "nowhere", "impossible"),
    [
        (EDGE, CORE, None, True, True),
        (EDGE, WEB, None, False, False),
        (CORE, EDGE, INVENTORY, True, True),
        (CORE, EVERY_NODE, INVENTORY, False, False),
        (labelled({"tier": "db"}), EVERY_NODE, INVENTORY, True, False),
    ],
)
def test_whether_no_node_is_in_both(
    one: NodeSet, other: NodeSet, inventory: Inventory | None, nowhere: bool, impossible: bool
) -> None:
    found = sites(one, inventory).both(sites(other, inventory))
    assert (found.nowhere, found.impossible) == (nowhere, impossible)


def test_sites_without_answers_leave_the_conditions_only() -> None:
    found = sites(EDGE, INVENTORY).both(Sites(WEB))
    assert found.answers is None
    assert not found.nowhere


def test_too_many_conditions_leave_more_nodes_never_fewer() -> None:
    many = Sites(NodeSet(tuple(labelled({"n": str(number)}).parts[0] for number in range(200))))
    assert many.both(many).conditions == many.conditions
