"""Label selectors against their definition: the three-valued answers never claim what a placeholder could refute."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srcip_lint.documents import Document, Place, read
from srcip_lint.resources.fields import Field, Unknown
from srcip_lint.resources.selectors import (
    Answer,
    Requirement,
    Selector,
    equality_selector,
    every,
    label_selector,
    some,
)
from srcip_lint.sources import Source

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
KEYS = ("app", "tier", "zone")
VALUES = ("a", "b", "1", "2", "10")

keys = st.sampled_from(KEYS)
known = st.sampled_from(VALUES)
unknown = st.builds(Unknown, st.just("a placeholder"))
labels = st.dictionaries(keys, known | unknown)
known_labels = st.dictionaries(keys, known)
answers = st.sampled_from(Answer)


@st.composite
def requirements(draw: st.DrawFn, value: st.SearchStrategy[str | Unknown] = known | unknown) -> Requirement:
    operator = draw(st.sampled_from(("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")))
    size = {"In": (1, 3), "NotIn": (1, 3), "Gt": (1, 1), "Lt": (1, 1)}.get(operator, (0, 0))
    values = draw(st.lists(value, min_size=size[0], max_size=size[1]))
    return Requirement(draw(keys), operator, tuple(values))


selectors = st.builds(Selector, st.lists(requirements(), max_size=3).map(tuple))
known_selectors = st.builds(Selector, st.lists(requirements(known), max_size=3).map(tuple))


def unknowns(selector: Selector, found: Mapping[str, str | Unknown]) -> list[Unknown]:
    """The placeholders that stand in a selector or among labels, each once."""
    values = [*found.values(), *(value for item in selector.requirements for value in item.values)]
    return list({id(value): value for value in values if isinstance(value, Unknown)}.values())


def substituted(value: str | Unknown, by: Mapping[int, str]) -> str:
    return by[id(value)] if isinstance(value, Unknown) else value


def truth(requirement: Requirement, found: Mapping[str, str]) -> bool:
    """What Kubernetes does with a requirement and labels that hold no placeholder."""
    key, values = requirement.key, requirement.values
    if requirement.operator in ("Exists", "DoesNotExist"):
        return (key in found) == (requirement.operator == "Exists")
    if requirement.operator in ("In", "NotIn"):
        return (found.get(key) in values) == (requirement.operator == "In")
    numbers = [str(values[0]), found.get(key, "")]
    if not all(number.isdecimal() for number in numbers):
        return False
    bound, value = map(int, numbers)
    return value > bound if requirement.operator == "Gt" else value < bound


class TestKleene:
    @given(st.lists(answers))
    def test_every_and_some_are_each_others_complement(self, given_answers: list[Answer]) -> None:
        opposite = {YES: NO, NO: YES, UNKNOWN: UNKNOWN}
        assert some(given_answers) is opposite[every(opposite[answer] for answer in given_answers)]

    @given(st.lists(answers, max_size=5))
    def test_every_is_what_all_ways_to_settle_the_unknown_agree_on(self, given_answers: list[Answer]) -> None:
        choices = [(YES, NO) if answer is UNKNOWN else (answer,) for answer in given_answers]
        outcomes = {all(answer is YES for answer in settled) for settled in product(*choices)}
        expected = UNKNOWN if len(outcomes) == 2 else YES if outcomes == {True} else NO
        assert every(given_answers) is expected

    @pytest.mark.parametrize(
        ("answer", "other", "both", "either"),
        [
            (YES, YES, YES, YES),
            (YES, UNKNOWN, UNKNOWN, YES),
            (YES, NO, NO, YES),
            (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
            (UNKNOWN, NO, NO, UNKNOWN),
            (NO, NO, NO, NO),
        ],
    )
    def test_the_table(self, answer: Answer, other: Answer, both: Answer, either: Answer) -> None:
        assert every((answer, other)) is every((other, answer)) is both
        assert some((answer, other)) is some((other, answer)) is either

    def test_of_nothing_every_is_yes_and_some_is_no(self) -> None:
        assert every(()) is YES
        assert some(()) is NO


class TestRequirement:
    @pytest.mark.parametrize(
        ("operator", "values", "found", "expected"),
        [
            ("In", ("a", "b"), {"app": "b"}, YES),
            ("In", ("a", "b"), {"app": "c"}, NO),
            ("In", ("a",), {}, NO),
            ("NotIn", ("a",), {"app": "a"}, NO),
            ("NotIn", ("a",), {"app": "b"}, YES),
            ("NotIn", ("a",), {}, YES),
            ("Exists", (), {"app": ""}, YES),
            ("Exists", (), {"tier": "a"}, NO),
            ("DoesNotExist", (), {"app": ""}, NO),
            ("DoesNotExist", (), {}, YES),
            ("Gt", ("9",), {"app": "10"}, YES),
            ("Gt", ("10",), {"app": "10"}, NO),
            ("Lt", ("10",), {"app": "9"}, YES),
            ("Lt", ("10",), {"app": "ten"}, NO),
            ("Gt", ("1",), {}, NO),
            ("Gt", (), {"app": "1"}, NO),
            ("Matches", ("a",), {"app": "a"}, UNKNOWN),
        ],
    )
    def test_each_operator_with_what_is_known(
        self, operator: str, values: tuple[str, ...], found: dict[str, str], expected: Answer
    ) -> None:
        assert Requirement("app", operator, values).matches(found) is expected

    @given(keys, st.lists(known | unknown, min_size=1), known_labels)
    def test_not_in_is_the_complement_of_in(self, key: str, values: list[str | Unknown], found: dict[str, str]) -> None:
        opposite = {YES: NO, NO: YES, UNKNOWN: UNKNOWN}
        answer = Requirement(key, "In", tuple(values)).matches(found)
        assert Requirement(key, "NotIn", tuple(values)).matches(found) is opposite[answer]

    @pytest.mark.parametrize("operator", ["In", "NotIn", "Gt", "Lt"])
    def test_a_placeholder_for_the_label_leaves_it_open(self, operator: str) -> None:
        assert Requirement("app", operator, ("1",)).matches({"app": Unknown("${APP}")}) is UNKNOWN

    @pytest.mark.parametrize(
        ("values", "expected"), [(("a", "${B}"), YES), (("${B}",), UNKNOWN), (("b", "${B}"), UNKNOWN)]
    )
    def test_a_placeholder_among_the_values_leaves_open_only_what_no_other_value_settles(
        self, values: tuple[str, ...], expected: Answer
    ) -> None:
        read_values = tuple(Unknown(value) if value.startswith("$") else value for value in values)
        assert Requirement("app", "In", read_values).matches({"app": "a"}) is expected

    @pytest.mark.parametrize(
        ("requirement", "text"),
        [
            (Requirement("app", "In", ("web",)), "app=web"),
            (Requirement("app", "In", ("web", "api")), "app in (web, api)"),
            (Requirement("app", "NotIn", ("web",)), "app notin (web)"),
            (Requirement("app", "Exists"), "app"),
            (Requirement("app", "DoesNotExist"), "!app"),
            (Requirement("app", "In", (Unknown("${APP}"),)), "app=?"),
        ],
    )
    def test_it_reads_as_kubectl_would_take_it(self, requirement: Requirement, text: str) -> None:
        assert str(requirement) == text


class TestSelector:
    @given(known_selectors, known_labels)
    def test_without_placeholders_it_is_what_kubernetes_does(self, selector: Selector, found: dict[str, str]) -> None:
        expected = all(truth(requirement, found) for requirement in selector.requirements)
        assert selector.matches(found) is (YES if expected else NO)

    @given(selectors, labels, st.data())
    def test_no_value_of_a_placeholder_refutes_a_yes_or_a_no(
        self, selector: Selector, found: dict[str, str | Unknown], data: st.DataObject
    ) -> None:
        by = {id(value): data.draw(known) for value in unknowns(selector, found)}
        settled = Selector(
            tuple(
                Requirement(item.key, item.operator, tuple(substituted(value, by) for value in item.values))
                for item in selector.requirements
            )
        )
        answer = selector.matches(found)
        outcome = settled.matches({key: substituted(value, by) for key, value in found.items()})
        assert outcome is not UNKNOWN
        assert answer in (UNKNOWN, outcome)

    @given(selectors, labels)
    def test_a_part_that_could_not_be_read_leaves_only_a_no(
        self, selector: Selector, found: dict[str, str | Unknown]
    ) -> None:
        partly_read = Selector(selector.requirements, unknown=True)
        assert partly_read.matches(found) is (NO if selector.matches(found) is NO else UNKNOWN)

    @given(known_labels, known_labels)
    def test_equality_is_the_subset_of_labels(self, wanted: dict[str, str], found: dict[str, str]) -> None:
        expected = YES if wanted.items() <= found.items() else NO
        assert equality_selector(wanted).matches(found) is expected

    def test_the_empty_one_selects_everything(self) -> None:
        assert Selector().matches({}) is YES
        assert Selector().empty
        assert not Selector(unknown=True).empty


def field(text: str) -> Field:
    """A field with the value of a YAML text."""
    document = next(iter(read(Source("selector.yaml", text.encode(), named=True), ())))
    assert isinstance(document, Document)
    return Field(document.value, Place(document), []).field("labelSelector")


class TestReading:
    def test_labels_and_expressions_are_one_conjunction(self) -> None:
        selector = label_selector(
            field("labelSelector: {matchLabels: {app: a}, matchExpressions: [{key: tier, operator: Exists}]}")
        )
        assert selector is not None
        assert selector.matches({"app": "a", "tier": "b"}) is YES
        assert selector.matches({"app": "a"}) is NO
        assert selector.matches({"tier": "b"}) is NO

    @pytest.mark.parametrize("text", ["labelSelector:", "{}", "labelSelector: null"])
    def test_a_null_selector_is_none(self, text: str) -> None:
        assert label_selector(field(text)) is None

    def test_an_empty_selector_selects_everything(self) -> None:
        selector = label_selector(field("labelSelector: {}"))
        assert selector is not None
        assert selector.empty

    @pytest.mark.parametrize(
        "text",
        [
            "${SELECTOR}",
            "{matchLabels: '${LABELS}'}",
            "{matchExpressions: '${EXPRESSIONS}'}",
            "{matchExpressions: ['${EXPRESSION}']}",
            "{matchExpressions: [{key: app, operator: '${OPERATOR}', values: [b]}]}",
            "{matchExpressions: [{key: app, operator: In, values: '${VALUES}'}]}",
            "{matchExpressions: [{key: app, operator: NotIn, values: '${VALUES}'}]}",
            "{matchExpressions: [{key: app, operator: In, values: ['${VALUE}']}]}",
            "{matchExpressions: [{key: '${KEY}', operator: Exists}]}",
            "{matchLabels: {'${KEY}': a}}",
            "{matchLabels: {app: '${APP}'}}",
        ],
    )
    def test_a_placeholder_anywhere_leaves_it_open(self, text: str) -> None:
        selector = label_selector(field(f"labelSelector: {text}"))
        assert selector is not None
        assert selector.matches({"app": "a"}) is UNKNOWN

    @pytest.mark.parametrize(
        "text",
        [
            "[app]",
            "app=a",
            "{matchLabels: [app]}",
            "{matchExpressions: {key: app}}",
            "{matchExpressions: [{key: app, operator: in, values: [a]}]}",
            "{matchExpressions: [{key: app, operator: In}]}",
            "{matchExpressions: [{key: app, operator: NotIn, values: []}]}",
        ],
    )
    def test_what_the_api_rejects_is_not_judged(self, text: str) -> None:
        selector = label_selector(field(f"labelSelector: {text}"))
        assert selector is not None
        assert selector.matches({"app": "a"}) is UNKNOWN

    def test_beside_a_placeholder_a_no_is_still_sure(self) -> None:
        selector = label_selector(field("labelSelector: {matchLabels: {app: a}, matchExpressions: ['${EXPRESSION}']}"))
        assert selector is not None
        assert selector.matches({"app": "b"}) is NO
