"""The algebra of node sets against every node that a small universe of labels can hold, and its laws."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srcip_lint.environment import DeclaredNode
from srcip_lint.placement import (
    EVERY_NODE,
    NO_NODE,
    Conjunction,
    NodeSet,
    disjoint,
    labelled,
    named,
    selected,
    subset,
)
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.pods import NODE_NAME
from srcip_lint.resources.selectors import Answer, Requirement, Selector

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
ROLES = ("edge", "core", "gpu", "another")
CORES = ("1", "2", "3", "4", "02", "many", "0", "01", "03", "9")
NAMES = ("a", "b", "c")
UNIVERSE = tuple(
    DeclaredNode(name, {key: value for key, value in (("role", role), ("cores", cores)) if value is not None})
    for name, role, cores in product(NAMES, (None, *ROLES), (None, *CORES))
)
"""Every node with one of these names and any of these labels. A condition that is written below is met, and is not
met, by some value here, so what holds for these nodes holds for all."""


@st.composite
def label_requirements(draw: st.DrawFn) -> Requirement:
    key, values = draw(st.sampled_from([("role", ROLES[:3]), ("cores", CORES[:5])]))
    operator = draw(
        st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist", *(["Gt", "Lt"] if key == "cores" else [])])
    )
    if operator in ("Gt", "Lt"):
        return Requirement(key, operator, (draw(st.sampled_from(["1", "2", "3"])),))
    size = (1, 2) if operator in ("In", "NotIn") else (0, 0)
    return Requirement(
        key, operator, tuple(draw(st.lists(st.sampled_from(values), min_size=size[0], max_size=size[1])))
    )


name_requirements = st.builds(
    lambda operator, name: Requirement(NODE_NAME, operator, (name,)),
    st.sampled_from(["In", "NotIn"]),
    st.sampled_from(NAMES[:2]),
)
conjunctions = st.builds(
    Conjunction,
    st.lists(label_requirements(), max_size=3).map(tuple),
    st.lists(name_requirements, max_size=1).map(tuple),
)
node_sets = st.builds(NodeSet, st.lists(conjunctions, max_size=3).map(tuple))
single = st.builds(lambda part: NodeSet((part,)), conjunctions)


def members(found: NodeSet) -> frozenset[int]:
    answers = [found.has(node) for node in UNIVERSE]
    assert UNKNOWN not in answers
    return frozenset(index for index, answer in enumerate(answers) if answer is YES)


class TestAgainstTheUniverse:
    @given(node_sets, node_sets)
    @settings(max_examples=200, deadline=None)
    def test_a_yes_and_a_no_are_true_of_every_node(self, one: NodeSet, other: NodeSet) -> None:
        mine, theirs = members(one), members(other)
        if disjoint(one, other) is YES:
            assert not mine & theirs
        if disjoint(one, other) is NO:
            assert mine & theirs
        if subset(one, other) is YES:
            assert mine <= theirs
        if subset(one, other) is NO:
            assert mine - theirs
        if one.empty is YES:
            assert not mine
        if one.empty is NO:
            assert mine

    @given(single, single)
    @settings(max_examples=200, deadline=None)
    def test_of_single_conjunctions_everything_that_is_true_is_told(self, one: NodeSet, other: NodeSet) -> None:
        mine, theirs = members(one), members(other)
        assert (one.empty is YES) is (not mine)
        assert (disjoint(one, other) is YES) is (not mine & theirs)
        assert (subset(one, other) is YES) is (mine <= theirs)

    @given(node_sets, node_sets)
    def test_union_and_intersection_are_those_of_the_nodes(self, one: NodeSet, other: NodeSet) -> None:
        assert members(one.union(other)) == members(one) | members(other)
        assert members(one.intersection(other)) == members(one) & members(other)

    @given(node_sets, node_sets, st.lists(st.sampled_from(UNIVERSE), max_size=6))
    def test_with_an_inventory_every_answer_is_that_of_its_nodes(
        self, one: NodeSet, other: NodeSet, nodes: list[DeclaredNode]
    ) -> None:
        mine, theirs = ([node for node in nodes if found.has(node) is YES] for found in (one, other))
        assert disjoint(one, other, nodes) is (NO if any(node in theirs for node in mine) else YES)
        assert subset(one, other, nodes) is (YES if all(node in theirs for node in mine) else NO)
        if disjoint(one, other) is YES:
            assert disjoint(one, other, nodes) is YES
        if subset(one, other) is YES:
            assert subset(one, other, nodes) is YES


class TestLaws:
    @given(node_sets)
    def test_a_set_is_a_subset_of_itself_and_of_all_nodes(self, one: NodeSet) -> None:
        assert subset(one, one) is YES
        assert subset(one, EVERY_NODE) is YES
        assert subset(NO_NODE, one) is YES

    @given(node_sets, node_sets)
    def test_disjoint_is_symmetric(self, one: NodeSet, other: NodeSet) -> None:
        assert disjoint(one, other) is disjoint(other, one)

    @given(node_sets, node_sets, node_sets)
    def test_what_is_disjoint_from_a_set_is_so_from_its_parts(
        self, one: NodeSet, other: NodeSet, more: NodeSet
    ) -> None:
        assert subset(one, one.union(more)) is YES
        if disjoint(one.union(more), other) is YES:
            assert disjoint(one, other) is YES
        if disjoint(one, other) is YES:
            assert disjoint(one.intersection(more), other) is YES

    @given(node_sets, node_sets)
    def test_no_set_that_has_a_node_is_both_part_of_another_and_disjoint_from_it(
        self, one: NodeSet, other: NodeSet
    ) -> None:
        if subset(one, other) is YES and one.empty is NO:
            assert disjoint(one, other) is NO
        if disjoint(one, other) is YES and one.empty is NO:
            assert subset(one, other) is not YES

    @given(node_sets)
    def test_nothing_is_disjoint_from_everything(self, one: NodeSet) -> None:
        assert disjoint(one, NO_NODE) is YES
        assert disjoint(one, EVERY_NODE) is (YES if one.empty is YES else NO)

    @given(node_sets)
    def test_the_usual_nodes_are_no_fewer(self, one: NodeSet) -> None:
        assert subset(one, one.usual) is YES


@st.composite
def veiled(draw: st.DrawFn) -> tuple[NodeSet, list[NodeSet]]:
    """A set with a placeholder for one value, and what it may turn out to be."""
    part = draw(conjunctions.filter(lambda part: any(item.values for item in part.labels)))
    index = draw(st.sampled_from([i for i, item in enumerate(part.labels) if item.values]))
    item, hidden = part.labels[index], Unknown("a placeholder")

    def put(value: str | Unknown) -> NodeSet:
        filled = Requirement(item.key, item.operator, (value, *item.values[1:]))
        return NodeSet((Conjunction((*part.labels[:index], filled, *part.labels[index + 1 :]), part.names),))

    return put(hidden), [put(value) for value in ("edge", "core", "1", "2", "3", "4")]


class TestUnknown:
    @given(veiled(), node_sets)
    @settings(max_examples=200, deadline=None)
    def test_no_value_of_a_placeholder_refutes_a_yes_or_a_no(
        self, found: tuple[NodeSet, list[NodeSet]], other: NodeSet
    ) -> None:
        hidden, settled = found
        for question in (disjoint, subset):
            for one, another, outcomes in (
                (hidden, other, [question(each, other) for each in settled]),
                (other, hidden, [question(other, each) for each in settled]),
            ):
                answer = question(one, another)
                assert answer is not YES or set(outcomes) <= {YES}
                assert answer is not NO or set(outcomes) <= {NO, YES}  # a value may leave no node at all
        assert subset(hidden, hidden) is YES

    def test_a_part_that_cannot_be_read_may_bar_any_node(self) -> None:
        unread = selected((Selector((Requirement("role", "In", ("edge",)),), unknown=True),))
        assert unread.has(DeclaredNode("a", {"role": "edge"})) is UNKNOWN
        assert unread.has(DeclaredNode("a", {"role": "core"})) is NO
        assert subset(unread, labelled({"role": "edge"})) is YES
        assert subset(labelled({"role": "edge"}), unread) is UNKNOWN
        assert disjoint(unread, labelled({"role": "core"})) is YES


@pytest.mark.parametrize(
    ("one", "other", "are_disjoint", "is_subset"),
    [
        (labelled({"role": "edge"}), labelled({"role": "core"}), YES, NO),
        (labelled({"role": "edge"}), labelled({"role": "edge"}), NO, YES),
        (labelled({"role": "edge"}), labelled({"zone": "a"}), UNKNOWN, UNKNOWN),
        (labelled({"role": "edge", "zone": "a"}), labelled({"zone": "a"}), NO, YES),
        (labelled({"zone": "a"}), labelled({"role": "edge", "zone": "a"}), NO, UNKNOWN),
        (EVERY_NODE, labelled({"role": "edge"}), NO, UNKNOWN),
        (labelled({"role": "edge"}), EVERY_NODE, NO, YES),
        (named("a"), named("b"), YES, NO),
        (named("a"), labelled({"kubernetes.io/hostname": "b"}), UNKNOWN, UNKNOWN),  # the label is not always the name
        (NO_NODE, labelled({"role": "edge"}), YES, YES),
        (labelled({"role": "edge"}), NO_NODE, YES, NO),
    ],
)
def test_what_a_rule_would_ask(one: NodeSet, other: NodeSet, are_disjoint: Answer, is_subset: Answer) -> None:
    assert disjoint(one, other) is are_disjoint
    assert subset(one, other) is is_subset


def test_sets_of_very_many_alternatives_are_not_compared() -> None:
    many = NodeSet(tuple(Conjunction((Requirement("role", "In", (str(n),)),)) for n in range(101)))
    assert disjoint(many, NodeSet(many.parts[:90])) is UNKNOWN or len(many.parts) * 90 <= 10_000
    assert disjoint(many, many) is UNKNOWN
