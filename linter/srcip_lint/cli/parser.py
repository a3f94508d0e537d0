"""Words to commands: the one module with Typer. A command returns what is to be run; nothing but help is printed here.

`srcip-lint manifests/` is `srcip-lint check manifests/`: the first word that is no option is a command where a command
has that name, and a path otherwise.
"""

# Without `from __future__ import annotations`: Typer would compile and evaluate the texts of all of them, twice.

import os
from collections.abc import Callable, Container, Iterable, Sequence
from functools import partial
from typing import Annotated, Literal, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command

from srcip_lint.cli.console import PROGRAM, VERSION, Refused, say
from srcip_lint.finding import Severity
from srcip_lint.report import FORMATS
from srcip_lint.shapes import did_you_mean

Run = Callable[[], int]

DEFAULT = "check"
_NO_PAST = "--since compares files with what they were, and standard input was nothing before."
COMPLETING = "_SRCIP_LINT_COMPLETE"
"""Set by the scripts that `completion` prints, when a shell asks what could come next."""

_USAGE_ERROR = cast("type[typer.BadParameter]", typer.BadParameter.__base__)
"""What Typer raises for words it cannot parse. The supported versions share no public name for it."""

app = typer.Typer(
    # The first three keep Typer from importing rich, which costs more than a small run.
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Find where Kubernetes manifests lose, believe, misjudge or drop the client's source IP.",
    epilog="srcip-lint PATH... is short for srcip-lint check PATH... (its options: srcip-lint check --help).",
)
configuration = typer.Typer(help="About the configuration file.")
app.add_typer(configuration, name="config")


def parse(words: Sequence[str]) -> Run | int:
    """What the words ask for, or the exit status where that is done (help, a usage error)."""
    command = cast("TyperGroup", get_command(app))
    if os.environ.get(COMPLETING):
        return _complete(command)
    try:
        arranged = arrange(words, command.commands, _options_with_value(command))
        _hint(words, arranged, command.commands)
        return cast("Run | int", command.main(arranged, prog_name=PROGRAM, standalone_mode=False))
    except typer.Abort:  # what older versions make of Ctrl-C
        raise KeyboardInterrupt from None
    except _USAGE_ERROR as error:
        error.show()
        return error.exit_code


def arrange(words: Sequence[str], commands: Container[str], with_value: Container[str]) -> list[str]:
    """The words with the command in front. `with_value` are the options of `check` whose value is a word of its own."""
    if words and words[0] in ("-h", "--help", "--version"):
        return list(words)
    index = 0
    while index < len(words) and words[index].startswith("-") and words[index] not in ("-", "--"):
        index += 2 if words[index] in with_value else 1
    if index < len(words) and words[index] in commands:
        return [words[index], *words[:index], *words[index + 1 :]]
    return [DEFAULT, *words]


def _options_with_value(command: TyperGroup) -> frozenset[str]:
    options = command.commands[DEFAULT].params
    return frozenset(name for option in options if not getattr(option, "is_flag", True) for name in option.opts)


def _hint(words: Sequence[str], arranged: Sequence[str], commands: Iterable[str]) -> None:
    """A word can be a command and a path: it is the command; where it could all be paths, say how to mean that. A word
    that is neither, but nearly a command, is said to be taken for a path."""
    first, *rest = arranged
    if first in words:
        if all(map(os.path.lexists, arranged)) and not (first == DEFAULT and rest):
            say(f'"{first}" is the command; the path is ./{first}')
    elif rest and rest[0].isalpha() and not os.path.lexists(rest[0]) and did_you_mean(rest[0], commands):
        say(f'"{rest[0]}" is taken for a path{did_you_mean(rest[0], commands)}')


def _complete(command: TyperGroup) -> int:
    """Answer a shell. The words come in the environment; `check` is put in where it was left out."""
    from typer.completion import completion_init  # type: ignore[attr-defined]

    completion_init()
    for variable in ("COMP_WORDS", "_TYPER_COMPLETE_ARGS"):
        words = os.environ.get(variable, "").split()
        if len(words) > 1 and words[1] not in command.commands and (len(words) > 2 or words[1].startswith("-")):
            os.environ[variable] = os.environ[variable].replace(words[0], f"{words[0]} {DEFAULT}", 1)
            os.environ["COMP_CWORD"] = str(int(os.environ.get("COMP_CWORD", "0")) + 1)
    command.main([], prog_name=PROGRAM)
    return 0


def _rules(values: Iterable[str] | None) -> tuple[str, ...]:
    """Rules, repeated or separated by commas."""
    return tuple(word.strip() for value in values or () for word in value.split(",") if word.strip())


def _output(value: str) -> tuple[str, str]:
    """FORMAT=FILE."""
    name, _, file = value.partition("=")
    if not file:
        raise Refused(f"--output {value}: write it as FORMAT=FILE, for example --output sarif=srcip-lint.sarif")
    return _format(name, f"--output {value}"), file


def _format(name: str, option: str) -> str:
    if name not in FORMATS:
        raise Refused(
            f'{option}: there is no format "{name}" (there are {", ".join(FORMATS)}){did_you_mean(name, FORMATS)}'
        )
    return name


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """The options before any command. The text that is shown is `app`'s."""


@app.command()
def check(  # noqa: PLR0913  an option, a parameter: that is how Typer is told
    context: typer.Context,
    *,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH...", help="Files, folders or globs; - is standard input.")
    ] = None,
    output_format: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT", help=f"What to print: {', '.join(FORMATS)}.", autocompletion=lambda: list(FORMATS)
        ),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(metavar="FORMAT=FILE", help="Write a report to a file too (- is standard output). Repeatable."),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULES", help="Run these rules only: ids, names or starts of ids (SRC3), comma-separated."
        ),
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="RULES", help="Do not run these rules.")] = None,
    extend_select: Annotated[
        list[str] | None, typer.Option(metavar="RULES", help="Run these rules too, even if off by default.")
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Pass over paths, as a .gitignore here would. Repeatable."),
    ] = None,
    scope: Annotated[
        Literal["tree", "file"],
        typer.Option(help="Judge everything together, or each file for itself by the rules that one file can decide."),
    ] = "tree",
    baseline: Annotated[
        str | None, typer.Option(metavar="FILE", help="Leave out the findings that this file accepts.")
    ] = None,
    write_baseline: Annotated[
        str | None, typer.Option(metavar="FILE", help="Accept the findings of today: write them to this file.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="COMMIT", help="Leave out the findings that were there at a commit of git.")
    ] = None,
    fail_on: Annotated[
        Severity, typer.Option(help="The lowest severity that makes the exit status 1; info also shows infos.")
    ] = Severity.WARNING,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 whatever was found.")] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Exit with 0 where there was nothing to judge.")
    ] = False,
    show_info: Annotated[bool, typer.Option("--show-info", help="Show findings of severity info.")] = False,
    config: Annotated[
        str | None, typer.Option(metavar="FILE", help="Use this configuration instead of the one found going up.")
    ] = None,
    isolated: Annotated[bool, typer.Option("--isolated", help="Use no configuration file.")] = False,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Set one thing of the configuration. Repeatable."),
    ] = None,
    explain_assumptions: Annotated[
        bool,
        typer.Option("--explain-assumptions", help="Print what the run takes for true of the cluster, and why."),
    ] = False,
    color: Annotated[Literal["auto", "always", "never"], typer.Option(help="Colour the output.")] = "auto",
    statistics: Annotated[bool, typer.Option("--statistics", help="Count the findings of each rule.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print findings and errors only.")] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Print every related place, and what the run was configured by.")
    ] = False,
    stdin_filename: Annotated[
        str | None, typer.Option(metavar="NAME", help="The name to report standard input under.")
    ] = None,
) -> Run:
    """Judge manifests (the default command).

    Exit status: 0 nothing at or above --fail-on; 1 findings; 2 a wrong command line or configuration; 3 nothing was
    judged; 70 a bug of srcip-lint; 130 interrupted.
    """
    from srcip_lint.cli.check import Request, run
    from srcip_lint.config import Given
    from srcip_lint_rules import RULES

    if not paths:
        raise _USAGE_ERROR("no path is given. Name files or folders, or - for standard input.", ctx=context)
    if paths.count("-") > 1:
        raise _USAGE_ERROR("- is given twice, but standard input can be read only once.", ctx=context)
    if isolated and config is not None:
        raise _USAGE_ERROR("--isolated and --config contradict each other.", ctx=context)
    contradiction = _contradiction(paths, since, baseline, write_baseline, scope)
    if contradiction:
        raise _USAGE_ERROR(contradiction, ctx=context)
    given = Given(
        config=config,
        isolated=isolated,
        assignments=tuple(assignments or ()),
        select=_rules(select),
        extend_select=_rules(extend_select),
        ignore=_rules(ignore),
    )
    request = Request(
        paths=tuple(paths),
        given=given,
        output_format=_format(output_format, "--output-format") if output_format is not None else None,
        outputs=tuple(map(_output, output or ())),
        fail_on=fail_on,
        exit_zero=exit_zero,
        allow_empty=allow_empty,
        show_info=show_info,
        color=color,
        statistics=statistics,
        quiet=quiet,
        verbose=verbose,
        stdin_filename=stdin_filename,
        exclude=tuple(exclude or ()),
        scope=scope,
        baseline=baseline,
        write_baseline=write_baseline,
        since=since,
        explain_assumptions=explain_assumptions,
    )
    return partial(run, request, RULES)


def _contradiction(
    paths: Sequence[str], since: str | None, baseline: str | None, write_baseline: str | None, scope: str
) -> str | None:
    """What of these options cannot be meant together, in a sentence."""
    if since is not None and "-" in paths:
        return _NO_PAST
    if "-" in (baseline, write_baseline):
        return "a baseline is a file: - cannot be meant."
    if write_baseline is None:
        return None
    if baseline is not None:
        return "--baseline and --write-baseline contradict each other; --write-baseline keeps what the file holds."
    if since is not None:
        return "--since and --write-baseline contradict each other: a baseline holds everything that is accepted."
    return "--write-baseline needs everything together: --scope file cannot be meant." if scope == "file" else None


@app.command()
def trace(  # noqa: PLR0913  an option, a parameter
    context: typer.Context,
    *,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH...", help="Files, folders or globs; - is standard input.")
    ] = None,
    service: Annotated[
        str, typer.Option(metavar="NAME", help="Only this Service: name or namespace/name, with * and ?.")
    ] = "*",
    output_format: Annotated[Literal["text", "json"], typer.Option(help="How to print the paths.")] = "text",
    how_to_verify: Annotated[
        bool, typer.Option("--how-to-verify", help="Print commands that show the same on the cluster; none is run.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(metavar="COMMIT", help="Print only what shows another address than at a commit of git."),
    ] = None,
    config: Annotated[
        str | None, typer.Option(metavar="FILE", help="Use this configuration instead of the one found going up.")
    ] = None,
    isolated: Annotated[bool, typer.Option("--isolated", help="Use no configuration file.")] = False,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Set one thing of the configuration. Repeatable."),
    ] = None,
    color: Annotated[Literal["auto", "always", "never"], typer.Option(help="Colour the output.")] = "auto",
    stdin_filename: Annotated[
        str | None, typer.Option(metavar="NAME", help="The name to report standard input under.")
    ] = None,
) -> Run:
    """Show by which way a packet reaches which pod, and whose address is seen at each step."""
    from srcip_lint.cli.trace import Request, run
    from srcip_lint.config import Given

    if not paths:
        raise _USAGE_ERROR("no path is given. Name files or folders, or - for standard input.", ctx=context)
    if since is not None and "-" in paths:
        raise _USAGE_ERROR(_NO_PAST, ctx=context)
    if since is not None and how_to_verify:
        raise _USAGE_ERROR("--since and --how-to-verify contradict each other.", ctx=context)
    given = Given(config=config, isolated=isolated, assignments=tuple(assignments or ()))
    request = Request(
        paths=tuple(paths),
        given=given,
        service=service,
        output_format="verify" if how_to_verify else output_format,
        color=color,
        stdin_filename=stdin_filename,
        since=since,
    )
    return partial(run, request)


@app.command()
def explain(rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule's id or name.")]) -> Run:
    """Show the page of a rule: what it finds, when it is silent, what to change."""
    from srcip_lint.cli import about
    from srcip_lint_rules import RULES

    return partial(about.explain, rule, RULES)


@app.command("rules")
def list_rules(
    output_format: Annotated[Literal["text", "json"], typer.Option(help="How to print them.")] = "text",
) -> Run:
    """List the rules."""
    from srcip_lint.cli import about
    from srcip_lint_rules import RULES

    return partial(about.list_rules, RULES, as_json=output_format == "json")


@app.command()
def init() -> Run:
    """Write a commented srcip-lint.yaml into this folder."""
    from srcip_lint.cli import about

    return about.init


@configuration.command("schema")
def config_schema() -> Run:
    """Print the JSON Schema of the configuration."""
    from srcip_lint.cli import about

    return about.config_schema


@app.command()
def completion(shell: Annotated[Literal["bash", "zsh", "fish", "powershell"], typer.Argument()]) -> Run:
    """Print the completion script of a shell, for example: source <(srcip-lint completion bash)."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    from srcip_lint.cli.console import write_stdout

    script = get_completion_script(prog_name=PROGRAM, complete_var=COMPLETING, shell=shell)

    def run() -> int:
        write_stdout(script + "\n")
        return 0

    return run
