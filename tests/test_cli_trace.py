"""`srcip-lint trace` as a command: what it prints of what, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from srcip_lint.cli import main

FIXTURES = Path(__file__).parents[1] / "fixtures" / "trace"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["trace", "--isolated", *words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize(
    ("pattern", "shown"), [("edge", True), ("shop/*", True), ("shop/edge", True), ("other/*", False), ("app", False)]
)
def test_a_pattern_chooses_services(capsys: pytest.CaptureFixture[str], pattern: str, shown: bool) -> None:
    status, out, err = run(capsys, str(FIXTURES / "two-proxies"), "--service", pattern)
    assert (status, bool(out)) == ((0, True) if shown else (3, False))
    assert ("nothing to trace" in err) is not shown


def test_pods_past_every_service_are_shown_unless_a_service_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, str(FIXTURES / "host-network"))[0] == 0
    assert run(capsys, str(FIXTURES / "host-network"), "--service", "edge")[0] == 3


def test_a_proxy_configuration_that_no_workload_mounts_is_said_to_be_not_judged(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = "server {\n    listen 80;\n    location / { proxy_pass http://app; }\n}"
    loose = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "edge"}, "data": {"default.conf": text}}
    (tmp_path / "loose.json").write_text(json.dumps(loose), encoding="utf-8")
    err = run(capsys, str(FIXTURES / "cluster"), str(tmp_path))[2]
    assert "loose.json:1: not judged: no workload mounts this proxy configuration" in err


def test_the_formats(capsys: pytest.CaptureFixture[str]) -> None:
    case = str(FIXTURES / "cluster")
    assert run(capsys, case)[1].startswith("Service shop/storefront, by load balancer, port 80/TCP\n")
    assert len(json.loads(run(capsys, case, "--output-format", "json")[1])["paths"]) == 1
    assert "kubectl -n shop get service storefront" in run(capsys, case, "--how-to-verify")[1]


def test_what_is_declared_is_no_assumption(capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, str(FIXTURES / "cluster"), "--set", "dataplane=cilium-dsr")[1]
    assert "because: dataplane: cilium-dsr is declared" in out
    assert "assumed" not in out
    assert "sees the client's own address" in out
