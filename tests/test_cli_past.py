"""What a run is compared with, as a user meets it: baselines, an earlier commit, single files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from checkout import commit_all, git
from manifests import DAEMON_SET, DEPLOYMENT, SERVICE
from srcip_lint.cli import main

KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
BALANCED = SERVICE.replace("NodePort", "LoadBalancer")
"""A Service of type LoadBalancer with the policy Local."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a fault in it (SRC301, a warning)."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.chdir(tmp_path)
    write("services/web.yaml", SERVICE)
    write("apps/web.yaml", DEPLOYMENT)
    commit_all(tmp_path)
    return tmp_path


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def named(text: str, name: str) -> str:
    return text.replace("web", name)


class Ran:
    """What a command line came to."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *words: str) -> None:
        self.status = main(words)
        self.out, self.err = capsys.readouterr()

    @property
    def found(self) -> list[str]:
        """The findings of the concise format: `rule path`."""
        lines = [line for line in self.out.splitlines() if "[SRC" in line]
        return [f"{line.partition('[')[2].partition(']')[0]} {line.partition(':')[0]}" for line in lines]


def check(capsys: pytest.CaptureFixture[str], *words: str) -> Ran:
    return Ran(capsys, "--output-format", "concise", *words)


def summary(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    ran = Ran(capsys, "--output-format", "json", *words)
    found: dict[str, Any] = json.loads(ran.out)["summary"]
    return found


# --- baselines -------------------------------------------------------------------------------------------------------


def test_a_baseline_is_written_and_hides_what_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    wrote = check(capsys, ".", "--write-baseline", "base.json")
    assert (wrote.status, wrote.found) == (0, [])
    assert wrote.err == "srcip-lint: base.json: accepts 1 finding\n"
    ran = check(capsys, ".", "--baseline", "base.json")
    assert (ran.status, ran.found, ran.err) == (0, [], "")
    assert ran.out.startswith("No new errors, no new warnings.\n")
    assert "1 in the baseline" in ran.out
    assert summary(capsys, ".", "--baseline", "base.json")["baselined"] == 1
    write("more.yaml", f"{named(SERVICE, 'api')}---\n{named(DEPLOYMENT, 'api')}")
    assert check(capsys, ".", "--baseline", "base.json").found == ["SRC301 more.yaml"]


def test_a_fault_that_is_mended_is_told_until_the_file_is_written_again(capsys: pytest.CaptureFixture[str]) -> None:
    check(capsys, ".", "--write-baseline", "base.json")
    write("apps/web.yaml", DAEMON_SET)
    ran = check(capsys, ".", "--baseline", "base.json")
    assert (ran.status, ran.found) == (1, ["SRC003 base.json"])
    assert check(capsys, "services", "--baseline", "base.json").status == 0, "a part of it cannot tell"
    assert check(capsys, ".", "--baseline", "base.json", "--ignore", "SRC003").status == 0
    assert check(capsys, ".", "--write-baseline", "base.json").status == 0
    assert json.loads(Path("base.json").read_text())["entries"] == []
    assert check(capsys, ".", "--baseline", "base.json").status == 0


def test_the_day_is_that_of_source_date_epoch(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    check(capsys, ".", "--write-baseline", "base.json")
    text = Path("base.json").read_text().replace('"severity"', '"until": "2026-01-31",\n      "severity"')
    Path("base.json").write_text(text)
    for epoch, status in (("1769903999", 0), ("1769904000", 1)):  # the last second of January 2026 in UTC, and the next
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        assert check(capsys, ".", "--baseline", "base.json").status == status, epoch
    ran = Ran(capsys, ".", "--baseline", "base.json")
    assert "see: base.json:9:7" in ran.out
    assert "it was accepted here until 2026-01-31, which is past" in ran.out
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "tomorrow")
    assert check(capsys, ".", "--baseline", "base.json").status == 2


def test_what_is_written_is_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    write("services/web.yaml", BALANCED)
    write("srcip-lint.yaml", "loadBalancer: metallb-l2\n")
    check(capsys, ".", "--write-baseline", "shown.json")
    check(capsys, ".", "--write-baseline", "all.json", "--show-info")
    counts = [len(json.loads(Path(name).read_text())["entries"]) for name in ("shown.json", "all.json")]
    assert counts[0] < counts[1]


def test_a_baseline_that_would_be_empty_for_want_of_input_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    write("none/x.yaml", "a: 1\n")
    assert check(capsys, "none", "--write-baseline", "base.json").status == 3
    assert not Path("base.json").exists()
    assert check(capsys, "none", "--write-baseline", "base.json", "--allow-empty").status == 0
    assert json.loads(Path("base.json").read_text())["entries"] == []


def test_unreadable_input_stays_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    write("broken.yaml", "apiVersion: v1\nkind: Service\nspec: [\n")
    for words in (("--write-baseline", "base.json"), ("--baseline", "base.json"), ("--since", "HEAD")):
        ran = check(capsys, ".", *words)
        assert (ran.status, ran.found) == (1, ["SRC001 broken.yaml"])


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("--baseline none.json", "none.json: cannot be read: No such file or directory"),
        ("--baseline services/web.yaml", 'services/web.yaml:1:1: unknown key "apiVersion"'),
        ("--write-baseline services/web.yaml", 'services/web.yaml:1:1: unknown key "apiVersion"'),
        ("--write-baseline none/base.json", "none/base.json: cannot be written"),
        ("--baseline a --write-baseline b", "contradict each other"),
        ("--write-baseline -", "- cannot be meant"),
        ("--write-baseline b --since HEAD", "contradict each other"),
        ("--write-baseline b --scope file", "needs everything together"),
        ("--since nope", "--since nope: there is no such commit in this clone"),
        ("--since --help", "--since --help: that is not the name of a commit"),
        ("- --since HEAD", "standard input was nothing before"),
        ("/ --since HEAD", "lies in no git repository"),
    ],
)
def test_what_cannot_be_meant_is_said(capsys: pytest.CaptureFixture[str], words: str, complaint: str) -> None:
    before = Path("services/web.yaml").read_text()
    ran = check(capsys, ".", *words.split())
    assert ran.status == 2
    assert complaint in ran.err
    assert ran.out == ""
    assert Path("services/web.yaml").read_text() == before


def test_a_baseline_is_no_manifest(capsys: pytest.CaptureFixture[str]) -> None:
    check(capsys, ".", "--write-baseline", "base.json")
    assert summary(capsys, ".")["objects"] == 2


# --- an earlier commit -----------------------------------------------------------------------------------------------


def test_only_what_the_change_adds_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(capsys, ".", "--since", "HEAD").status == 0
    write("services/web.yaml", f"# moved\n\n{SERVICE}")
    write("more.yaml", f"{named(SERVICE, 'api')}---\n{named(DEPLOYMENT, 'api')}")
    ran = check(capsys, ".", "--since", "HEAD")
    assert (ran.status, ran.found) == (1, ["SRC301 more.yaml"])
    before = summary(capsys, ".", "--since", "main")["earlier"]
    assert before >= 1
    assert f"{before} there before" in ran.out
    commit_all(Path())
    assert check(capsys, ".", "--since", "HEAD~1").found == ["SRC301 more.yaml"]
    assert check(capsys, ".", "--since", "HEAD").found == []


def test_a_change_in_one_file_that_makes_another_one_faulty(capsys: pytest.CaptureFixture[str]) -> None:
    write("apps/web.yaml", DAEMON_SET)
    write("apps/extra.yaml", DEPLOYMENT)
    commit_all(Path())
    assert check(capsys, ".", "--since", "HEAD").status == 0
    Path("apps/web.yaml").unlink()
    assert check(capsys, ".", "--since", "HEAD").found == ["SRC301 services/web.yaml"]


def test_a_file_that_is_new_leaves_no_gap_in_the_past(capsys: pytest.CaptureFixture[str]) -> None:
    """Were the missing file an unreadable one, no rule would dare to speak of its folder, and old faults would be
    new."""
    lost = named(SERVICE, "lost").replace("app: lost", "app: web\n    tier: none")
    write("services/web.yaml", f"{lost}---\n{DEPLOYMENT}")
    commit_all(Path())
    assert "SRC302 services/web.yaml" in check(capsys, "services/web.yaml").found
    write("services/new.yaml", "a: 1\n")
    assert check(capsys, "services/web.yaml", "services/new.yaml", "--since", "HEAD").found == []


def test_a_fault_that_becomes_worse_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """With a hard spread over nodes, and nodes unknown, Local behind an unknown load balancer is only worth a hint."""
    spread = """\
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          labelSelector:
            matchLabels:
              app: web
"""
    write("services/web.yaml", BALANCED)
    write("apps/web.yaml", DEPLOYMENT + spread)
    commit_all(Path())
    assert check(capsys, ".", "--show-info").found[-1] == "SRC301 services/web.yaml"
    assert check(capsys, ".").found == []
    write("apps/web.yaml", DEPLOYMENT)
    assert check(capsys, ".", "--since", "HEAD").found == ["SRC301 services/web.yaml"]


def test_todays_configuration_is_used_for_both_sides(capsys: pytest.CaptureFixture[str]) -> None:
    """Else the declaration itself would make old faults new."""
    write("services/web.yaml", BALANCED)
    write("srcip-lint.yaml", "loadBalancer: metallb-l2\n")
    commit_all(Path())
    assert check(capsys, ".").found == []
    write("srcip-lint.yaml", "loadBalancer: static\n")
    assert check(capsys, ".").found == ["SRC301 services/web.yaml"]
    assert check(capsys, ".", "--since", "HEAD").found == []


def test_a_stale_override_of_today_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    write("srcip-lint.yaml", 'overrides:\n  - {paths: ["apps/**"], ignore: [SRC301], reason: moved}\n')
    assert check(capsys, ".", "--since", "HEAD").found == ["SRC003 srcip-lint.yaml"]


def test_taking_a_suppression_away_is_a_change(capsys: pytest.CaptureFixture[str]) -> None:
    policy = "  externalTrafficPolicy: Local"
    write("services/web.yaml", SERVICE.replace(policy, f"{policy}  # srcip-lint: ignore[SRC301] known"))
    commit_all(Path())
    write("services/web.yaml", SERVICE)
    assert check(capsys, ".", "--since", "HEAD").found == ["SRC301 services/web.yaml"]


def test_the_base_of_an_overlay_is_that_of_the_commit(capsys: pytest.CaptureFixture[str]) -> None:
    """Only the overlay is named, the base is read because it is named there; then and now."""
    write("base/kustomization.yaml", f"{KUSTOMIZATION}resources: [all.yaml]\n")
    cluster = SERVICE.replace("Local", "Cluster")
    write("base/all.yaml", f"{cluster}---\n{DEPLOYMENT}")
    write("prod/kustomization.yaml", f"{KUSTOMIZATION}resources: [../base]\n")
    commit_all(Path())
    assert check(capsys, "prod", "--since", "HEAD").found == []
    write("base/all.yaml", f"{SERVICE}---\n{DEPLOYMENT}")
    assert check(capsys, "prod", "--since", "HEAD").found == ["SRC301 base/all.yaml"]
    commit_all(Path())
    assert check(capsys, "prod", "--since", "HEAD").found == []
    patch = "patches:\n  - patch: |\n      kind: Service\n      apiVersion: v1\n      metadata: {name: web}\n"
    write(
        "prod/kustomization.yaml", f"{KUSTOMIZATION}resources: [../base]\n{patch}      spec: {{type: LoadBalancer}}\n"
    )
    assert check(capsys, "prod", "--since", "HEAD").status == 0, "milder than it was"


def test_from_a_folder_below_the_root(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("services")
    assert check(capsys, ".", "../apps", "--since", "HEAD").status == 0
    assert check(capsys, "web.yaml", "../apps/web.yaml", "--since", "HEAD").status == 0
    assert check(capsys, "web.yaml", "../apps/web.yaml").status == 1


def test_a_rule_about_a_change_runs_where_there_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    pinned = BALANCED.replace("  selector", "  healthCheckNodePort: 32000\n  selector")
    write("services/web.yaml", pinned)
    commit_all(Path())
    write("services/web.yaml", pinned.replace("32000", "32001"))
    assert check(capsys, ".", "--since", "HEAD").found == ["SRC505 services/web.yaml"]
    ran = check(capsys, ".", "--select", "SRC505")
    assert (ran.status, ran.found) == (0, [])
    assert "SRC505 did not run: it needs an earlier state to compare with: --since COMMIT" in ran.err
    remark = "32001  # srcip-lint: ignore[SRC505] it is made anew\n"
    write("services/web.yaml", pinned.replace("32000\n", remark))
    assert "SRC003 services/web.yaml" not in check(capsys, ".").found, "the rule did not run"
    assert check(capsys, ".", "--since", "HEAD").found == []


def test_a_submodule_is_said_to_count_as_new(capsys: pytest.CaptureFixture[str]) -> None:
    write("inner/all.yaml", f"{named(SERVICE, 'api')}---\n{named(DEPLOYMENT, 'api')}")
    commit_all(Path("inner"))
    commit_all(Path())
    ran = check(capsys, ".", "--since", "HEAD")
    assert "inner: what this submodule was then is not known: all in it counts as new" in ran.err
    assert ran.found == ["SRC301 inner/all.yaml"]


def test_a_baseline_and_a_commit_together(capsys: pytest.CaptureFixture[str]) -> None:
    check(capsys, ".", "--write-baseline", "base.json")
    ran = check(capsys, ".", "--baseline", "base.json", "--since", "HEAD")
    assert (ran.status, ran.found) == (0, [])


def test_the_working_tree_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    write("services/web.yaml", f"# edited\n{SERVICE}")
    write("untracked.yaml", "a: 1\n")
    Path("staged.yaml").write_text("b: 1\n")
    git(Path(), "add", "staged.yaml")
    before = git(Path(), "status", "--porcelain")
    check(capsys, ".", "--since", "HEAD")
    assert git(Path(), "status", "--porcelain") == before
    assert Path("services/web.yaml").read_text().startswith("# edited")


# --- trace -----------------------------------------------------------------------------------------------------------


def trace(capsys: pytest.CaptureFixture[str], *words: str) -> Ran:
    return Ran(capsys, "trace", *words)


def test_trace_tells_which_address_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert trace(capsys, ".", "--since", "HEAD").out == (
        "No address that is seen has changed since HEAD: 1 way in, as before.\n"
    )
    write("services/web.yaml", SERVICE.replace("Local", "Cluster"))
    ran = trace(capsys, ".", "--since", "HEAD")
    assert ran.status == 0
    assert ran.out.splitlines()[0] == "Service web, by node port, port 80/TCP"
    assert "  was: nginx sees the client's own address. The node may drop the connection.\n" in ran.out
    assert "(services/web.yaml:7)" in ran.out
    assert ran.out.splitlines()[-1] == "Ways in since HEAD: 1 changed."


def test_trace_since_is_json_too(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    write("services/web.yaml", named(SERVICE, "api"))
    value = json.loads(trace(capsys, ".", "--since", "HEAD", "--output-format", "json").out)
    assert value["since"] == {"name": "HEAD", "commit": git(folder, "rev-parse", "HEAD").strip()}
    assert [(each["change"], each["owner"]["name"]) for each in value["changes"]] == [("new", "api"), ("gone", "web")]
    assert value["unchanged"] == 0


@pytest.mark.parametrize("words", ["- --since HEAD", ". --since HEAD --how-to-verify", ". --since nope"])
def test_trace_says_what_cannot_be_meant(capsys: pytest.CaptureFixture[str], words: str) -> None:
    assert trace(capsys, *words.split()).status == 2


def test_trace_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    ran = trace(capsys, ".", "--since", "HEAD", "--service", "none")
    assert ran.status == 3
    assert "neither now nor at that commit" in ran.err


# --- single files ----------------------------------------------------------------------------------------------------

WRONG = SERVICE.replace("Local", "local")


def test_a_single_file_is_judged_by_what_it_decides(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(capsys, "--scope", "file", "services/web.yaml", "apps/web.yaml").status == 0
    write("services/web.yaml", WRONG)
    assert check(capsys, "--scope", "file", "services/web.yaml").found == ["SRC502 services/web.yaml"]
    ran = check(capsys, "--scope", "file", "services/web.yaml", "--select", "SRC301")
    assert "SRC301 did not run: it needs the whole tree" in ran.err


def test_what_a_kustomization_takes_up_is_not_judged_alone(capsys: pytest.CaptureFixture[str]) -> None:
    write("services/web.yaml", WRONG)
    for kustomization in ("services/kustomization.yaml", "Kustomization"):
        name = os.path.relpath("services/web.yaml", Path(kustomization).parent)
        write(kustomization, f"{KUSTOMIZATION}resources: [{name}]\n")
        ran = check(capsys, "--scope", "file", "--allow-empty", "services/web.yaml")
        assert (ran.status, ran.found) == (0, []), kustomization
        assert "part of a kustomization 1" in ran.out
        write(kustomization, f"{KUSTOMIZATION}resources: [other.yaml]\n")
        assert check(capsys, "--scope", "file", "services/web.yaml").status == 1
        write(kustomization, "resources: [\n")
        assert check(capsys, "--scope", "file", "--allow-empty", "services/web.yaml").status == 0, "nobody knows"
        Path(kustomization).unlink()


def test_a_key_that_is_written_twice_is_found_whoever_uses_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    twice = SERVICE.replace("  type: NodePort\n", "  type: NodePort\n  type: NodePort\n")
    write("services/web.yaml", twice)
    write("kustomization.yaml", f"{KUSTOMIZATION}resources: [services/web.yaml]\n")
    words = ("--scope", "file", "--allow-empty", "services/web.yaml")
    assert check(capsys, *words).found == ["SRC005 services/web.yaml"]
    remark = "  # srcip-lint: ignore[SRC005,SRC502] known\n"
    write("services/web.yaml", twice.replace("  type: NodePort\n  type", f"  type: NodePort\n{remark}  type"))
    assert check(capsys, *words).found == [], "used, or not known to be unused"


def test_files_that_a_tool_lists_were_asked_for_by_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    write("tsconfig.json", '{"a": [1, 2}\n')
    write("vendor/x.yaml", WRONG)
    write("srcip-lint.yaml", "exclude: [vendor]\n")
    files = ("tsconfig.json", "vendor/x.yaml")
    assert check(capsys, *files).found == ["SRC001 tsconfig.json", "SRC502 vendor/x.yaml"]
    ran = check(capsys, "--scope", "file", "--allow-empty", *files)
    assert (ran.status, ran.found) == (0, [])
    assert "excluded 1" in ran.out


def test_an_override_is_not_stale_because_one_file_has_no_such_finding(capsys: pytest.CaptureFixture[str]) -> None:
    write("srcip-lint.yaml", "overrides:\n  - {paths: [services], ignore: [SRC502], reason: known}\n")
    assert check(capsys, "--scope", "file", "services/web.yaml").status == 0


# --- what the run takes for true -------------------------------------------------------------------------------------


def test_the_premises_are_printed_and_in_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    write("services/web.yaml", BALANCED)
    ran = check(capsys, ".", "--explain-assumptions")
    assert "  dataplane: kube-proxy (assumed)\n      for: Service web\n" in ran.out
    assert "settle it: loadBalancer: metallb-l2" in ran.out
    assert ran.out.splitlines()[-1].startswith("2 files")
    assert "premises" not in summary(capsys, ".")
    found = summary(capsys, ".", "--explain-assumptions")["premises"]
    assert [(each["topic"], each["standing"]) for each in found] == [
        ("dataplane", "assumed"),
        ("load balancer", "unknown"),
        ("nodes", "unknown"),
    ]


def test_what_settles_a_premise_is_a_line_of_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    """Written down, each of them is declared from then on."""
    write("services/web.yaml", BALANCED)
    write("nodes.yaml", "apiVersion: v1\nkind: Node\nmetadata: {name: a}\n")
    found = summary(capsys, "services", "apps", "--explain-assumptions")["premises"]
    write("srcip-lint.yaml", "".join(f"{each['settledBy']}\n" for each in found))
    again = summary(capsys, "services", "apps", "--explain-assumptions")["premises"]
    assert [(each["topic"], each["standing"], each["settledBy"]) for each in again] == [
        ("dataplane", "declared", None),
        ("load balancer", "declared", None),
        ("nodes", "declared", None),
    ]
