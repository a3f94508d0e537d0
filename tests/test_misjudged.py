"""Lists and limits that judge a node: each is told once, and what becomes of it is what a real nginx answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.scenario import read
from linting import model_of
from srcip_lint.misjudged import Effect

FIXTURES = Path(__file__).parents[1] / "fixtures" / "rules" / "SRC401"


def test_a_control_behind_two_ports_is_told_once() -> None:
    text = (FIXTURES / "reported.yaml").read_text(encoding="utf-8")
    model = model_of(
        {"a.yaml": text.replace("    - port: 443\n", "    - port: 443\n    - port: 80\n      name: http\n")}
    )
    (service,) = model.cluster_services
    assert len(model.paths(service)) == 2
    (found,) = model.misjudged(service)
    assert found.control.control.endswith("whitelist-source-range")


@pytest.mark.parametrize(
    ("name", "effect", "answers"),
    [
        ("allow-list-cluster", Effect.REFUSES_ALL, {403}),
        ("allow-list-of-nodes-cluster", Effect.ADMITS_ALL, {200}),
        ("deny-list-cluster", Effect.NEVER_MATCHES, {200}),
        ("rate-limit-cluster", Effect.SHARED, {429}),
    ],
)
def test_the_lab_answers_every_client_as_the_rule_says(name: str, effect: Effect, answers: set[int]) -> None:
    """The statuses are what nginx answers in `make lab`; of the limited, the last two requests of two clients."""
    scenario = read(name)
    model = model_of({"a.yaml": scenario.manifests}, tuple(scenario.given.items()))
    (service,) = (each for each in model.cluster_services if each.object.name == "edge")
    (found,) = model.misjudged(service)
    assert found.effect is effect
    assert found.sure
    steps = scenario.steps[-2:] if effect is Effect.SHARED else scenario.steps
    assert {step.status for step in steps} == answers
