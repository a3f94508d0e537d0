"""Lists and limits that judge a node: each is told once, whichever ways lead to it."""

from __future__ import annotations

from pathlib import Path

from linting import model_of

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
