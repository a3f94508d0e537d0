"""What a pod template alone forces: tables of templates, and two small simulations as oracles."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srcip_lint.placement import (
    counts_own_pods,
    matches_pods,
    missed,
    repels_own_pods,
    separated,
    separations,
)
from srcip_lint.resources.selectors import Answer, Requirement, Selector
from templates import HOSTNAME, OTHER, OWN, SPREAD, ZONE, anti_affinity, port, spread, template

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


class TestSeparated:
    @pytest.mark.parametrize(
        ("spec", "expected"),
        [
            ("", NO),
            (spread(), YES),
            (spread(when="ScheduleAnyway"), NO),
            (spread(selector=OTHER), NO),
            (spread(selector="null"), NO),
            (spread(selector="{}"), YES),
            (spread(skew="2"), YES),
            (spread(skew="3"), NO),
            (spread(key=ZONE), UNKNOWN),
            (spread(key=ZONE, when="ScheduleAnyway"), NO),
            (spread(key=ZONE, selector=OTHER), NO),
            (anti_affinity(), YES),
            (anti_affinity(required=False), NO),
            (anti_affinity(selector=OTHER), NO),
            (anti_affinity(selector="null"), NO),
            (anti_affinity(key=ZONE), UNKNOWN),
            (anti_affinity(", namespaces: [shop]"), UNKNOWN),
            (anti_affinity(", namespaceSelector: {}"), UNKNOWN),
            (anti_affinity(", mismatchLabelKeys: [app]"), NO),
            (anti_affinity(", mismatchLabelKeys: [tenant]"), UNKNOWN),
            (anti_affinity(", matchLabelKeys: [app]"), YES),
            (port("80"), YES),
            (port("0"), NO),
            (port("'${PORT}'"), UNKNOWN),
            (f"hostNetwork: true, {port('null')}", YES),
            ("hostNetwork: true", UNKNOWN),
            ("hostNetwork: false", NO),
            ("hostNetwork: '${HOST}'", UNKNOWN),
            (f"{spread(selector=OTHER)}, {anti_affinity()}", YES),
            (f"{spread(key=ZONE)}, {anti_affinity(required=False)}", UNKNOWN),
        ],
    )
    def test_of_three_replicas(self, spec: str, expected: Answer) -> None:
        assert separated(template(spec), 3) is expected

    @pytest.mark.parametrize(
        "spec",
        [
            "affinity: '${AFFINITY}'",
            "affinity: {podAntiAffinity: '${REPEL}'}",
            "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: '${TERMS}'}}",
            "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: ['${TERM}']}}",
            "topologySpreadConstraints: '${SPREAD}'",
            "topologySpreadConstraints: ['${CONSTRAINT}']",
            "topologySpreadConstraints: {maxSkew: 1}",
            "nodeSelector: '${NODES}'",
        ],
    )
    def test_what_could_not_be_read_may_separate(self, spec: str) -> None:
        assert template(spec).obscured
        assert separated(template(spec), 3) is UNKNOWN

    @pytest.mark.parametrize(("skew", "expected"), [("1", YES), ("2", UNKNOWN)])
    def test_without_the_number_of_replicas_only_a_skew_of_one_is_sure(self, skew: str, expected: Answer) -> None:
        assert separated(template(spread(skew=skew)), None) is expected

    @given(st.integers(1, 6), st.integers(2, 6))
    def test_a_hard_spread_is_what_a_scheduler_with_an_empty_second_node_does(self, skew: int, replicas: int) -> None:
        on_first = 0
        while on_first < replicas and on_first + 1 - 0 <= skew:  # the empty second node holds the global minimum
            on_first += 1
        expected = NO if on_first == replicas else YES
        assert separated(template(spread(skew=str(skew))), replicas) is expected

    def test_no_value_of_a_placeholder_refutes_a_yes_or_a_no(self) -> None:
        values = ((HOSTNAME, ZONE), ("DoNotSchedule", "ScheduleAnyway"), ("1", "3"), ("web", "other"))
        choices = [(*known, "'${X}'") for known in values]
        answers: dict[tuple[str, ...], Answer] = {
            (key, when, skew, app): separated(template(spread(key, when, skew, f"{{matchLabels: {{app: {app}}}}}")), 3)
            for key, when, skew, app in product(*choices)
        }
        for chosen, answer in answers.items():
            settled = product(
                *(known if one == "'${X}'" else (one,) for one, known in zip(chosen, values, strict=True))
            )
            outcomes = {answers[one] for one in settled}
            assert answer is UNKNOWN or outcomes == {answer}, chosen
        assert set(answers.values()) == {YES, NO, UNKNOWN}


class TestSeparations:
    @pytest.mark.parametrize(
        ("spec", "flaw", "soft"),
        [
            (spread(), "", False),
            (spread(when="ScheduleAnyway"), "it is only a preference", True),
            (spread(selector=OTHER), "its selector counts none of these pods", False),
            (spread(selector=OTHER, when="ScheduleAnyway"), "its selector counts none of these pods", False),
            (spread(skew="3"), "its maxSkew of 3 lets them all share one node", False),
            (spread(key=ZONE), "", False),
            (spread(key=ZONE, when="ScheduleAnyway"), "it is only a preference", False),
            (anti_affinity(), "", False),
            (anti_affinity(required=False), "it is only a preference", True),
            (anti_affinity(selector=OTHER), "it repels none of these pods", False),
        ],
    )
    def test_each_says_why_it_forces_nothing(self, spec: str, flaw: str, soft: bool) -> None:
        (found,) = separations(template(spec), 3)
        assert (found.flaw, found.soft) == (flaw, soft)

    def test_each_says_where_it_is_written(self) -> None:
        found = separations(template(f"{spread()}, {anti_affinity()}"), 3)
        assert [separation.place.path[1:3] for separation in found] == [
            ("topologySpreadConstraints", 0),
            ("affinity", "podAntiAffinity"),
        ]


class TestMatchesPods:
    @pytest.mark.parametrize(
        ("selector", "labels", "expected"),
        [
            (None, "{app: web}", NO),
            (Selector(), "{}", YES),
            (Selector((Requirement("app", "In", ("web",)),)), "{app: web}", YES),
            (Selector((Requirement("app", "In", ("web",)),)), "{app: api}", NO),
            (Selector((Requirement("app", "In", ("web",)),)), "{tier: web}", NO),
            (Selector((Requirement("app", "In", ("web",)),)), "{app: '${APP}'}", UNKNOWN),
            (Selector((Requirement("app", "In", ("web",)),)), "'${LABELS}'", UNKNOWN),
            (Selector((Requirement("app", "In", ("web",)),)), "{'${KEY}': web}", UNKNOWN),
            (Selector((Requirement("pod-template-hash", "Exists"),)), "{app: web}", UNKNOWN),
            (Selector((Requirement("pod-template-hash", "DoesNotExist"),)), "{app: web}", UNKNOWN),
            (Selector(unknown=True), "{app: web}", UNKNOWN),
            (Selector((Requirement("app", "In", ("api",)),), unknown=True), "{app: web}", NO),
        ],
    )
    def test_with_the_labels_that_pods_have_and_may_be_given(
        self, selector: Selector | None, labels: str, expected: Answer
    ) -> None:
        assert matches_pods(template(labels=labels), selector) is expected

    def test_what_is_missed_leaves_out_what_is_met_and_what_is_open(self) -> None:
        app, tier = Requirement("app", "In", ("api",)), Requirement("tier", "In", ("edge",))
        given_later = Requirement("pod-template-hash", "In", ("5d4f",))
        found = template(labels="{app: web, tier: edge}")
        assert missed(found, Selector((app, tier, given_later))) == (app,)

    def test_match_label_keys_never_make_a_constraint_miss_its_own_pods(self) -> None:
        constraint = f"{SPREAD.format(skew=1, key=HOSTNAME, when='DoNotSchedule', selector=OWN)[:-1]}"
        found = template(f"topologySpreadConstraints: [{constraint}, matchLabelKeys: [pod-template-hash]}}]")
        assert counts_own_pods(found, found.spread[0]) is YES

    def test_a_term_of_another_namespace_that_misses_the_labels_repels_nobody_here(self) -> None:
        found = template(anti_affinity(", namespaces: [shop]", OTHER))
        assert repels_own_pods(found, found.anti_affinity[0]) is NO
