"""The command line: words, exit statuses, what is printed where, and what a plain run must not import."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import srcip_lint
from srcip_lint.cli import about, main
from srcip_lint.cli.console import has_color
from srcip_lint.cli.parser import arrange
from srcip_lint.cli.progress import watched
from srcip_lint.config import Given, load, schema
from srcip_lint.report import FORMATS
from srcip_lint.resources.service import Service
from srcip_lint.rule import Diagnosis, Model, Rule, Severity
from srcip_lint.sources import Source

ROOT = Path(__file__).parents[1]


def services(severity: Severity) -> Any:
    """A check that finds every Service that is named after the severity."""

    def check(model: Model) -> Iterator[Diagnosis]:
        for found in model.inputs.resources:
            if isinstance(found, Service) and found.object.name == severity.value:
                yield Diagnosis(found.object.place.at("spec"), f"this is {severity.value}", severity, found.object)

    return check


def unreadable(model: Model) -> Iterator[Diagnosis]:
    for bad in model.inputs.unreadable:
        yield Diagnosis(bad.spot, bad.reason, Severity.ERROR, None)


RULES = (
    Rule("SRC001", "unreadable-input", Severity.ERROR, unreadable, "What could not be read.\n"),
    Rule("SRC003", "unused-suppression", Severity.WARNING, None, "A suppression of nothing.\n"),
    Rule("SRC301", "finds-errors", Severity.ERROR, services(Severity.ERROR), "Errors.\n\n## Bad\n"),
    Rule("SRC302", "finds-warnings", Severity.WARNING, services(Severity.WARNING), "Warnings.\n"),
    Rule("SRC303", "finds-infos", Severity.INFO, services(Severity.INFO), "Infos.\n"),
    Rule("SRC304", "opt-in", Severity.ERROR, services(Severity.WARNING), "Rarely wanted.\n", default=False),
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository as the working directory, and rules that are easy to provoke."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("srcip_lint_rules.RULES", RULES)
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "SRCIP_LINT_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    for name in ("error", "warning", "info", "clean"):
        (tmp_path / f"{name}.yaml").write_text(service(name))
    return tmp_path


def service(name: str, extra: str = "") -> str:
    return f"apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:{extra}\n  ports:\n    - port: 80\n"


def run(*words: str) -> int:
    return main(words)


# Exit statuses


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("clean.yaml", 0),
        ("info.yaml", 0),
        ("warning.yaml", 1),
        ("error.yaml", 1),
        ("check error.yaml", 1),
        (".", 1),
        ("clean.yaml error.yaml", 1),
        ("error.yaml --exit-zero", 0),
        ("--exit-zero error.yaml", 0),
        ("info.yaml --fail-on info", 1),
        ("warning.yaml --fail-on error", 0),
        ("error.yaml --fail-on error", 1),
        ("error.yaml --select SRC302", 0),
        ("error.yaml --ignore SRC301", 0),
        ("error.yaml --ignore SRC302,finds-errors", 0),
        ("warning.yaml --ignore SRC302 --extend-select opt-in", 1),
        ("empty", 3),
        ("empty --allow-empty", 0),
        ("not-kubernetes.yaml", 3),
        ("not-kubernetes.yaml --exit-zero", 3),
        ("broken.yaml", 1),
        ("broken.yaml --select SRC302", 1),
        ("none.yaml", 1),
        ("broken.yaml --exit-zero", 0),
        ("--version", 0),
        ("--help", 0),
        ("rules", 0),
        ("explain SRC301", 0),
        ("explain finds-errors", 0),
        ("config schema", 0),
        ("completion bash", 0),
        ("", 2),
        ("check", 2),
        ("- -", 2),
        ("error.yaml --no-such-option", 2),
        ("error.yaml --fail-on never", 2),
        ("error.yaml --output-format yaml", 2),
        ("error.yaml --output sarif", 2),
        ("error.yaml --output yaml=x", 2),
        ("error.yaml --output json=x --output sarif=x", 2),
        ("error.yaml --output json=- --output-format text", 2),
        ("error.yaml --output json=no/such/folder", 2),
        ("error.yaml --output json=empty", 2),
        ("error.yaml --config none.yaml", 2),
        ("error.yaml --config none.yaml --isolated", 2),
        ("error.yaml --set loadBalancer=metalb", 2),
        ("error.yaml --select SRC9", 2),
        ("error.yaml --ignore SRC001", 2),
        ("explain SRC999", 2),
        ("explain", 2),
        ("completion tcsh", 2),
        ("config", 2),
    ],
)
def test_exit_status(words: str, status: int, folder: Path) -> None:
    (folder / "empty").mkdir()
    (folder / "broken.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: [")
    (folder / "not-kubernetes.yaml").write_text("a: 1\n")
    assert run(*words.split()) == status


def test_a_wrong_configuration_is_told_on_standard_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "srcip-lint.yaml").write_text('lb: gke\nfo\u202eo: "\x1b[2J"\n'.replace("\x1b", "\\e"))
    assert run("clean.yaml") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == 'srcip-lint: error: srcip-lint.yaml:2:1: unknown key "fo\\u202eo"\n'


def test_without_a_path_the_words_to_write_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Name files or folders, or - for standard input." in err


# Words


@pytest.mark.parametrize(
    ("words", "arranged"),
    [
        ("a.yaml", "check a.yaml"),
        ("check a.yaml", "check a.yaml"),
        ("--quiet check a.yaml", "check --quiet a.yaml"),
        ("--color never check a.yaml", "check --color never a.yaml"),
        ("--color=never rules", "rules --color=never"),
        ("--color rules", "check --color rules"),
        ("./rules", "check ./rules"),
        ("a.yaml rules", "check a.yaml rules"),
        ("-- rules", "check -- rules"),
        ("-", "check -"),
        ("- rules", "check - rules"),
        ("--help", "--help"),
        ("-h", "-h"),
        ("--version", "--version"),
        ("a.yaml --help", "check a.yaml --help"),
        ("", "check"),
    ],
)
def test_the_first_word_that_is_a_command_is_the_command(words: str, arranged: str) -> None:
    assert arrange(words.split(), {"check", "rules"}, {"--color"}) == arranged.split()


def test_a_path_with_the_name_of_a_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "rules").mkdir()
    (folder / "rules" / "a.yaml").write_text(service("error"))
    assert run("rules") == 0
    assert capsys.readouterr().err == 'srcip-lint: "rules" is the command; the path is ./rules\n'
    assert run("./rules") == 1
    assert run("check", "rules") == 1
    assert capsys.readouterr().err == ""


def test_nearly_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    run("exlain", "SRC301")
    assert '"exlain" is taken for a path; did you mean "explain"?' in capsys.readouterr().err


def test_options_stand_before_and_after_paths(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--output-format", "json", "error.yaml"], ["error.yaml", "--output-format=json"]):
        assert run(*words) == 1
        assert json.loads(capsys.readouterr().out)["findings"][0]["rule"]["id"] == "SRC301"


def test_help_names_every_format_and_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    run("check", "--help")
    text = " ".join(capsys.readouterr().out.split())
    assert all(name in text for name in FORMATS)
    assert all(f"{status} " in text for status in (0, 1, 2, 3, 70, 130))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    run("--version")
    assert capsys.readouterr().out == f"srcip-lint {srcip_lint.__version__}\n"


@pytest.mark.parametrize("command", ["check", "explain", "rules", "init", "config", "completion"])
def test_every_command_and_option_is_in_the_usage_page(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "usage.md").read_text(encoding="utf-8")
    assert f"`srcip-lint {'[check]' if command == 'check' else command}" in page
    run(command, "--help")
    options = re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", capsys.readouterr().out, re.MULTILINE)
    assert [option for option in options if option not in page] == []
    if command == "check":
        written = set(re.findall(r"^\| (?:`-\w`, )?`(--[a-z-]+)", page, re.MULTILINE))
        assert written == set(options) - {"--help"}


# What is printed where


def test_findings_go_to_standard_output_and_the_rest_to_standard_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "srcip-lint.yaml").write_text("lb: gke\n")
    run("error.yaml", "--output-format", "concise", "--quiet", "--verbose")
    out, err = capsys.readouterr()
    assert out.startswith("error.yaml:5:1: error[SRC301]")
    assert "configuration: srcip-lint.yaml" in err
    assert "SRC301" in err


def test_info_is_shown_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    run("info.yaml")
    assert "this is info" not in capsys.readouterr().out
    for option in (["--show-info"], ["--fail-on", "info"]):
        run("info.yaml", *option)
        assert "this is info" in capsys.readouterr().out


def test_reports_are_written_besides(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "old.json").write_text("something longer than what is to come" * 1000)
    Path("link.json").symlink_to("target.json")
    words = ["--output", "json=old.json", "--output", "concise=new.txt", "--output", "json=link.json"]
    assert run("error.yaml", *words, "--color", "always") == 1
    assert "error.yaml:5:1" in capsys.readouterr().out
    assert json.loads(Path("old.json").read_text())["findings"]
    assert Path("new.txt").read_text().startswith("error.yaml:5:1: error[SRC301]")
    assert Path("link.json").is_symlink()
    assert json.loads(Path("target.json").read_text())["findings"]
    assert [path.name for path in folder.glob(".*")] == [".git"]


def test_one_run_writes_every_format_as_runs_of_their_own_would(capsys: pytest.CaptureFixture[str]) -> None:
    outputs = [word for name in FORMATS for word in ("--output", f"{name}=all.{name}")]
    assert run("error.yaml", "info.yaml", "--output-format", "concise", *outputs) == 1
    printed = capsys.readouterr().out
    for name in FORMATS:
        assert run("error.yaml", "info.yaml", "--output-format", name) == 1
        alone = capsys.readouterr().out
        assert untimed(alone) == untimed(Path(f"all.{name}").read_text("utf-8"))
        assert (untimed(alone) == untimed(printed)) is (name == "concise")


def test_a_report_that_leaves_findings_out_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("srcip_lint.cli.check.HOLDS", {"sarif": 1})
    run("error.yaml", "warning.yaml", "--output", "sarif=a.sarif", "--output", "json=a.json")
    err = capsys.readouterr().err
    assert err == "srcip-lint: sarif: holds the 1 most severe of 2 findings; lint a part of the files at a time\n"
    run("error.yaml", "--output", "sarif=a.sarif")
    assert capsys.readouterr().err == ""


def untimed(text: str) -> str:
    return re.sub(r"\d+\.\d\d s\n$", "s\n", text)


@pytest.mark.parametrize("output_format", ["sarif", "github", "gitlab"])
def test_formats_for_a_forge_name_files_from_the_root_of_the_repository(
    output_format: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "infra").mkdir()
    (folder / "infra" / "web.yaml").write_text(service("error"))
    monkeypatch.chdir(folder / "infra")
    run("web.yaml", "../error.yaml", "--output-format", output_format)
    named = re.findall(r'(?:"uri": ?"|"path": ?"|::error file=)([\w./]+)', capsys.readouterr().out)
    assert set(named) == {"infra/web.yaml", "error.yaml"}
    run("web.yaml", "--output-format", "json")
    assert json.loads(capsys.readouterr().out)["findings"][0]["location"]["path"] == "web.yaml"


def test_an_output_may_claim_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    run("error.yaml", "--output", "json=-", "--output", "concise=a.txt")
    assert json.loads(capsys.readouterr().out)["findings"]


def test_a_device_is_written_to_and_not_replaced() -> None:
    assert run("error.yaml", "--output", f"json={os.devnull}") == 1
    assert not Path(os.devnull).is_file()


def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Piped:
        buffer = open("error.yaml", "rb")  # noqa: SIM115, PTH123

        def isatty(self) -> bool:
            return False

    monkeypatch.setattr(sys, "stdin", Piped())
    assert run("-", "--stdin-filename", "web.yaml", "--output-format", "concise") == 1
    assert capsys.readouterr().out.startswith("web.yaml:5:1: ")
    Piped.buffer.close()


def test_excluded_paths_are_read_only_when_they_are_named(folder: Path) -> None:
    (folder / "apps").mkdir()
    (folder / "apps" / "old.yaml").write_text(service("error"))
    assert run("apps", "--exclude", "apps/old.yaml", "--allow-empty") == 0
    assert run("apps/old.yaml", "--exclude", "apps/old.yaml") == 1
    (folder / "srcip-lint.yaml").write_text("exclude: [old.yaml]")
    assert run("apps", "--allow-empty") == 0
    assert run("apps", "--isolated") == 1


@pytest.mark.parametrize(
    ("choice", "tty", "environ", "color"),
    [
        ("auto", True, {}, True),
        ("auto", True, {"TERM": "xterm"}, True),
        ("auto", True, {"TERM": "dumb"}, False),
        ("auto", False, {}, False),
        ("auto", True, {"NO_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": ""}, True),
        ("auto", False, {"FORCE_COLOR": "1"}, True),
        ("auto", False, {"FORCE_COLOR": "0"}, False),
        ("auto", False, {"CLICOLOR_FORCE": "1"}, True),
        ("auto", False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_color(choice: str, tty: bool, environ: dict[str, str], color: bool) -> None:
    class Stream(StringIO):
        def isatty(self) -> bool:
            return tty

    assert has_color(choice, Stream(), environ) is color


def test_color_never_reaches_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    run("error.yaml", "--color", "always", "--output", "text=a.txt")
    assert "\x1b[" in capsys.readouterr().out
    assert "\x1b[" not in Path("a.txt").read_text()


# Suppression, from end to end


def test_a_comment_suppresses_and_an_unused_one_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.yaml").write_text(service("error", "  # srcip-lint: ignore[SRC301] known"))
    assert run("a.yaml") == 0
    assert "1 suppressed" in capsys.readouterr().out
    (folder / "a.yaml").write_text(service("clean", "  # srcip-lint: ignore[SRC301] known"))
    assert run("a.yaml", "--output-format", "concise") == 1
    assert capsys.readouterr().out.startswith("a.yaml:5:29: warning[SRC003] SRC301 is ignored here, but")


def test_an_override_suppresses(folder: Path) -> None:
    (folder / "srcip-lint.yaml").write_text("overrides: [{paths: [error.yaml], ignore: [SRC301], reason: known}]")
    assert run("error.yaml") == 0


def test_severity_of_the_configuration(folder: Path) -> None:
    (folder / "srcip-lint.yaml").write_text("severity: {SRC301: info, SRC303: error, SRC302: off}")
    assert [run("error.yaml"), run("info.yaml"), run("warning.yaml")] == [0, 1, 0]


# The other commands


def test_explain_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    run("explain", "SRC304")
    out = capsys.readouterr().out
    assert out.startswith("# SRC304 opt-in (error, off by default)\n\nRarely wanted.\n")
    assert RULES[5].url in out
    assert run("explain", "find-errors") == 2
    assert 'did you mean "finds-errors"?' in capsys.readouterr().err


def test_rules(capsys: pytest.CaptureFixture[str]) -> None:
    run("rules")
    text = capsys.readouterr().out
    assert [rule.id for rule in RULES if rule.id in text and rule.name in text] == [rule.id for rule in RULES]
    run("rules", "--output-format", "json")
    listed = json.loads(capsys.readouterr().out)
    assert listed[5] == {
        "id": "SRC304",
        "name": "opt-in",
        "family": "dropped",
        "severity": "error",
        "reach": "tree",
        "default": False,
        "summary": "Rarely wanted.",
        "url": RULES[5].url,
    }


def test_config_schema_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    run("config", "schema")
    assert json.loads(capsys.readouterr().out) == schema()


def test_init_writes_a_configuration_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("init") == 0
    written = (folder / "srcip-lint.yaml").read_text()
    assert written.startswith(f"# yaml-language-server: $schema={schema()['$id']}\n")
    assert run("clean.yaml") == 0
    assert run("init") == 2
    assert "it is left as it is" in capsys.readouterr().err
    assert (folder / "srcip-lint.yaml").read_text() == written


def test_what_init_suggests_is_valid(folder: Path) -> None:
    """Every line that is a setting, uncommented; the nodes are the one thing that needs a file."""
    settings = [line for line in about.STARTER.split("\n") if line.startswith("# ") and not line[2:3].isupper()]
    lines = [line[2:] for line in settings if "language-server" not in line and "kubectl" not in line]
    (folder / "srcip-lint.yaml").write_text("\n".join(lines))
    (folder / "nodes.yaml").write_text("apiVersion: v1\nkind: Node\nmetadata: {name: a}\n")
    config = load(Given(), folder)
    assert config.environment.load_balancer == "metallb-l2"
    assert config.environment.nodes[0].name == "a"
    assert config.overrides[0].rules == ("SRC301",)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("srcip-lint ", "check trace explain rules init completion config"),
        ("srcip-lint exp", "explain"),
        ("srcip-lint --output", "--output-format --output"),
        ("srcip-lint a.yaml --fail-on ", "info warning error"),
        ("srcip-lint check a.yaml --output-format co", "concise"),
        ("srcip-lint a", ""),
    ],
)
def test_completion_answers_a_shell(line: str, offered: str) -> None:
    words = line.split(" ")
    shell = {"_SRCIP_LINT_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    assert python("-m", "srcip_lint", environ=shell).stdout.split() == offered.split()


# What can go wrong


def test_a_bug_of_ours_is_reported_as_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_model: Model) -> Iterator[Diagnosis]:
        raise KeyError("\x1b[2Jspec\n::error::")

    monkeypatch.setattr("srcip_lint_rules.RULES", (Rule("SRC301", "broken", Severity.ERROR, broken, "Broken."),))
    monkeypatch.setenv("HOME", "/home/somebody")
    assert run("error.yaml", "--exclude", "/home/somebody/secret") == 70
    out, err = capsys.readouterr()
    assert out == ""
    assert "internal error: KeyError" in err
    assert f"srcip-lint {srcip_lint.__version__}, Python" in err
    assert "'~/secret'" in err
    assert "somebody" not in err
    assert "\x1b" not in err
    assert "Traceback" not in err
    monkeypatch.setenv("SRCIP_LINT_DEBUG", "1")
    assert run("error.yaml") == 70
    assert "Traceback" in capsys.readouterr().err


def test_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_model: Model) -> Iterator[Diagnosis]:
        raise KeyboardInterrupt

    monkeypatch.setattr("srcip_lint_rules.RULES", (Rule("SRC301", "broken", Severity.ERROR, interrupt, "Broken."),))
    assert run("error.yaml", "--output", "json=a.json") == 130
    assert not Path("a.json").exists()


# Whole processes


def python(*words: str, environ: dict[str, str] | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        env=environment(environ or {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def environment(more: dict[str, str]) -> dict[str, str]:
    roots = os.pathsep.join(str(ROOT / root) for root in ("linter", "rules", "schemas"))
    return {**os.environ, "PYTHONPATH": roots, **more}


LAZY = (
    "rich",
    "pydantic",
    "jsonschema",
    "referencing",
    "ruamel",
    "importlib.metadata",
    "pathspec",
    "tomllib",
    "tempfile",
    "asyncio",
    "logging",
    "hashlib",
    "srcip_lint.history",
    "srcip_lint.suppress.baseline",
    "srcip_lint.documents.inner",
    "srcip_lint.documents.json_text",
    "srcip_lint.kustomize.renderer",
    "srcip_lint.proxies.ingress_nginx",
    "srcip_lint.proxies.nginx",
    "srcip_lint.proxies.traefik",
    "srcip_lint.report.sarif",
)
"""What a plain run of one Service has no use for. Together they would take longer than the run."""


def test_a_plain_run_imports_nothing_it_has_no_use_for(folder: Path) -> None:
    (folder / "web.yaml").write_text(service("web", "\n  type: NodePort\n  externalTrafficPolicy: Local"))
    script = (
        "import sys\nfrom srcip_lint.cli import main\nstatus = main(['web.yaml'])\n"
        f"print(status, [name for name in {LAZY!r} if name in sys.modules], file=sys.stderr)"
    )
    result = python("-c", script)
    assert result.stderr.splitlines()[-1] in ("0 []", "1 []"), result.stderr
    assert "1 object judged" in result.stdout


def test_the_version_needs_no_parser_and_nothing_that_lints() -> None:
    loaded = modules_after("--version")
    assert {name for name in loaded if name.startswith("srcip_lint")} == {
        "srcip_lint",
        "srcip_lint.cli",
        "srcip_lint.cli.console",
    }
    assert not loaded & {"typer", "yaml", "dataclasses", "json", "pathlib"}


@pytest.mark.parametrize("words", [["--help"], ["check", "--help"], ["--no-such-option", "x"], ["init", "--help"]])
def test_help_and_usage_errors_need_nothing_that_lints(words: Sequence[str]) -> None:
    loaded = modules_after(*words)
    assert "typer" in loaded
    assert not loaded & {"yaml", "srcip_lint.config", "srcip_lint.documents", "srcip_lint.rule", "srcip_lint_rules"}


def test_a_new_configuration_needs_nothing_that_lints(folder: Path) -> None:
    assert not modules_after("init") & {"yaml", "srcip_lint.config", "srcip_lint.documents", "srcip_lint.rule"}
    assert (folder / "srcip-lint.yaml").exists()


def test_the_version_is_the_same_with_other_words_behind_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version", "web.yaml") == 0
    assert capsys.readouterr().out == f"srcip-lint {srcip_lint.__version__}\n"


def test_modules_are_no_garbage_to_look_for_and_what_a_run_makes_is() -> None:
    script = (
        "import gc, sys\nfrom srcip_lint.cli import main\nmain(['rules'])\n"
        "print(gc.isenabled(), gc.get_freeze_count() > 10_000, file=sys.stderr)"
    )
    assert python("-c", script).stderr.split() == ["True", "True"]


def test_a_pod_that_is_no_nginx_needs_nothing_that_reads_its_configuration(folder: Path) -> None:
    (folder / "web.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: shop}]}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {colour: green}\n"
    )
    loaded = modules_after("web.yaml")
    assert "srcip_lint.proxies.nginx" in loaded
    assert not loaded & {"crossplane", "srcip_lint.proxies.nginx.servers", "srcip_lint.proxies.nginx.headers"}


def modules_after(*words: str) -> set[str]:
    """What a run of the command line has imported by its end."""
    script = (
        "import sys\nfrom srcip_lint.cli import main\n"
        f"main({list(words)!r})\nprint(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    return set(python("-c", script).stderr.splitlines())


@pytest.mark.parametrize("words", [["--help"], ["--no-such-option", "x"], ["rules"], ["--version"]])
def test_help_and_errors_need_no_rich(words: Sequence[str]) -> None:
    script = f"import sys\nfrom srcip_lint.cli import main\nmain({list(words)!r})\nsys.exit('rich' in sys.modules)"
    assert python("-c", script).returncode == 0


def test_the_module_runs_the_real_rules() -> None:
    manifest = service("web", "\n  type: NodePort\n  externalTrafficPolicy: Local\n  selector: {app: web}") + (
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n"
        "  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n"
        "    spec: {containers: [{name: web, image: nginx}]}\n"
    )
    result = python("-m", "srcip_lint", "-", "--output-format", "json", "--select", "SRC301", input=manifest)
    assert result.returncode == 1, result.stderr
    finding = json.loads(result.stdout)["findings"][0]
    assert (finding["rule"]["id"], finding["location"]["path"], finding["location"]["line"]) == ("SRC301", "<stdin>", 7)


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGPIPE")
def test_a_reader_that_had_enough_is_left_in_peace(folder: Path) -> None:
    (folder / "many.yaml").write_text("---\n".join(service("clean") for _ in range(10)))
    process = subprocess.Popen(
        [sys.executable, "-m", "srcip_lint", "many.yaml", "--output-format", "json"],
        env=environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_a_full_disk_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "srcip_lint", "rules"],
            env=environment({}),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert process.returncode == 2
    assert process.stderr == b"srcip-lint: error: standard output: cannot be written: No space left on device\n"


@pytest.mark.skipif(os.name == "nt", reason="there is no /bin/sh")
def test_a_closed_standard_input_is_told() -> None:
    words = ["/bin/sh", "-c", f"{sys.executable} -m srcip_lint - <&-"]
    process = subprocess.run(words, env=environment({}), capture_output=True, timeout=60, check=False)
    assert (process.returncode, process.stderr) == (2, b"srcip-lint: error: standard input is closed\n")


@pytest.mark.skipif(os.name == "nt", reason="signals are other ones there")
def test_ctrl_c_while_standard_input_is_awaited() -> None:
    script = (
        "import os, signal, sys, threading, time\nimport srcip_lint.cli.check, srcip_lint.cli.parser\n"
        "threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "sys.exit(srcip_lint.cli.main(['-']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env=environment({}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.wait(timeout=60) == 130
    assert process.communicate() == (b"", b"")


def test_the_progress_bar_loses_no_source() -> None:
    sources = [Source(f"{number}.yaml", b"") for number in range(5)]
    assert list(watched(sources, patience=60)) == sources
    assert list(watched(sources, patience=-1)) == sources
    assert list(watched([], patience=-1)) == []
