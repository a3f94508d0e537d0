"""`srcip-lint check`: configuration, sources, the run, the reports, the exit status."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from srcip_lint.cli.console import Refused, has_color, is_terminal, say, write_stdout
from srcip_lint.config import Config, Given, load, matcher
from srcip_lint.engine import Seen, lint, see
from srcip_lint.finding import Report, Severity
from srcip_lint.report import FORMATS, HOLDS, Look
from srcip_lint.report.look import shown
from srcip_lint.report.sanitize import terminal
from srcip_lint.report.summary import counted
from srcip_lint.rule import Reach, Rule
from srcip_lint.sources import STDIN, Reading, Source

CLEAN = 0
FINDINGS = 1
NOTHING_JUDGED = 3

STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for. `outputs` are (format, file), `-` for standard output; `color` is auto, always or
    never. `output_format` is what standard output gets where no output names it; None where it was not given. `scope`
    is tree or file; `baseline` and `write_baseline` are files, `since` a commit."""

    paths: tuple[str, ...]
    given: Given = field(default_factory=Given)
    output_format: str | None = None
    outputs: tuple[tuple[str, str], ...] = ()
    fail_on: Severity = Severity.WARNING
    exit_zero: bool = False
    allow_empty: bool = False
    show_info: bool = False
    color: str = "auto"
    statistics: bool = False
    quiet: bool = False
    verbose: bool = False
    stdin_filename: str | None = None
    exclude: tuple[str, ...] = ()
    scope: str = "tree"
    baseline: str | None = None
    write_baseline: str | None = None
    since: str | None = None
    explain_assumptions: bool = False


def run(request: Request, rules: Sequence[Rule]) -> int:
    """Lint, write every report, return the exit status. Raises ConfigError, Refused, OSError for standard output."""
    outputs = _outputs(request)
    config = load(request.given, Path.cwd())
    name, is_alone = request.stdin_filename or "<stdin>", request.scope == "file"
    reading = Reading(request.paths, name, _excluded(request, config), alone=is_alone)
    since = _since(request, config, reading)
    watched = _watched(reading, request, os.environ)
    report = lint(reading, rules, config, watched, since, explain=request.explain_assumptions)
    report = _accepting(report, request, rules, config)
    if request.verbose:
        _tell(report, config)
    _tell_of_absent(report, request, rules)
    for form, file in outputs:
        look = _look(request, file, os.environ)
        _write(FORMATS[form](report, look), file)
        _tell_rest(form, len(shown(report, look)))
    return _status(report, request)


def _since(request: Request, config: Config, reading: Reading) -> Seen | None:
    """What the same paths were at the commit of `--since`, judged by today's configuration."""
    if request.since is None:
        return None
    from srcip_lint.cli.past import at_commit

    with at_commit(request.since, reading) as (_, earlier):
        return see(earlier, config)


def _accepting(report: Report, request: Request, rules: Sequence[Rule], config: Config) -> Report:
    """The report without what a baseline accepts, after that was written anew where that is asked for."""
    given = request.write_baseline or request.baseline
    if given is None or (request.write_baseline and not report.statistics.objects and not request.allow_empty):
        return report
    from srcip_lint.cli.past import today
    from srcip_lint.suppress import baseline, baseline_file

    file = Path(given)
    excluded, is_whole = _excluded(request, config), request.scope == "tree" and request.since is None
    now = baseline.Run(today(os.environ), request.paths, rules, excluded, is_whole)
    if request.write_baseline:
        old = baseline_file.read(file) if file.exists() else baseline.Baseline(baseline_file.folder_of(file))
        new = baseline.renewed(old, report, shown(report, _look(request, given, os.environ)), now)
        _write(baseline_file.written(new), given)
        say(f"{terminal(given)}: accepts {counted(len(new.entries), 'finding')}")
    return baseline.without(report, baseline_file.read(file), now, config)


def _tell_rest(name: str, number: int) -> None:
    """A report that had to leave findings out does not do so in silence."""
    if number > HOLDS.get(name, number):
        say(f"{name}: holds the {HOLDS[name]:,} most severe of {number:,} findings; lint a part of the files at a time")


def _outputs(request: Request) -> tuple[tuple[str, str], ...]:
    """Every report to write. Standard output gets one, unless an output claims it."""
    twice = [file for file, count in Counter(file for _, file in request.outputs).items() if count > 1]
    if twice:
        raise Refused(f"two reports for {twice[0]}: one would overwrite the other")
    for _, file in request.outputs:
        if file != STDOUT and not Path(file).resolve().parent.is_dir():
            raise Refused(f"{file}: cannot be written: there is no such folder")
    if STDOUT not in [file for _, file in request.outputs]:
        return ((request.output_format or "text", STDOUT), *request.outputs)
    if request.output_format:
        raise Refused("--output-format and an --output to - both claim standard output; keep one")
    return request.outputs


def _excluded(request: Request, config: Config) -> Callable[[str], bool]:
    """The paths to pass over: patterns of the configuration stand in its folder, those of the command line here."""
    configured, given = matcher(config.exclude, config.folder), matcher(request.exclude)
    return lambda path: configured(path) or given(path)


def _watched(reading: Reading, request: Request, environ: Mapping[str, str]) -> Iterable[Source]:
    """The reading, behind a progress bar where a person watches."""
    if STDIN in request.paths:
        if sys.stdin is None:  # a shell's `<&-`
            raise Refused("standard input is closed")
        if sys.stdin.isatty() and not request.quiet:
            say("reading manifests from the terminal; end with Ctrl-D")
    if request.quiet or environ.get("CI") or not is_terminal(sys.stderr, environ):
        return reading
    from srcip_lint.cli.progress import watched

    return watched(reading)


def _look(request: Request, file: str, environ: Mapping[str, str]) -> Look:
    """Colours and links belong on a terminal: a file gets none, whatever `--color` says."""
    color = file == STDOUT and has_color(request.color, sys.stdout, environ)
    return Look(
        color=color,
        hyperlinks=color and is_terminal(sys.stdout, environ),
        show_info=request.show_info or request.fail_on is Severity.INFO,
        quiet=request.quiet,
        verbose=request.verbose,
        statistics=request.statistics,
        here=Path.cwd().as_posix(),
        root=_repository(Path.cwd()),
    )


def _repository(folder: Path) -> str:
    """The root of the git repository that a folder stands in; empty where it stands in none."""
    return next((parent.as_posix() for parent in (folder, *folder.parents) if (parent / ".git").exists()), "")


def _write(text: str, file: str) -> None:
    if file == STDOUT:
        write_stdout(text)
        return
    try:
        _replace(Path(file).resolve(), text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise Refused(f"{file}: cannot be written: {error.strerror or error}") from error


def _replace(target: Path, data: bytes) -> None:
    """Write a file whole or not at all: to a file beside it, which then takes its place. A device is written to."""
    if target.exists() and not target.is_file():
        target.write_bytes(data)
        return
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(data)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _tell(report: Report, config: Config) -> None:
    say(f"configuration: {terminal(config.path or 'none')}")
    say(f"rules: {', '.join(rule.id for rule in report.rules)}")


def _tell_of_absent(report: Report, request: Request, rules: Iterable[Rule]) -> None:
    """Say of a rule that was asked for by name, and could not run, what it needs."""
    asked, ran = {*request.given.select, *request.given.extend_select}, {rule.id for rule in report.rules}
    for rule in rules:
        if {rule.id, rule.name} & asked and rule.id not in ran and not request.quiet:
            need = (
                "an earlier state to compare with: --since COMMIT" if rule.reach is Reach.CHANGE else "the whole tree"
            )
            say(f"{rule.id} did not run: it needs {need}")


def _status(report: Report, request: Request) -> int:
    if any(finding.severity >= request.fail_on for finding in report.findings):
        return CLEAN if request.exit_zero else FINDINGS
    if report.statistics.objects or request.allow_empty:
        return CLEAN
    say("error: nothing was judged: there is no Kubernetes object in what was read; --allow-empty accepts that")
    return NOTHING_JUDGED
