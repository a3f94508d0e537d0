"""The command line. `main` is the console entry; it alone turns what happened into an exit status.

Parsing and running are two steps: the parser (the one module with Typer) turns words into something to run, so that no
exception of a run passes through a framework that would have its own opinion of it.

A run of a linter is short, so its start counts: what a command needs is imported when it is known which one it is.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

from srcip_lint.cli.console import VERSION, Refused, complain, report_bug, silence_stdout, write_stdout

USAGE = 2
BUG = 70
INTERRUPTED = 130
CLOSED_PIPE = 141
"""As a shell reports a process that SIGPIPE ended (128 + 13): whoever read our output had enough."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = _run(words)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        silence_stdout()
        return CLOSED_PIPE
    except Exception as error:  # noqa: BLE001  the one place: it is a refusal or a bug of ours, and is said
        return _failed(error, words)
    return status


def _run(words: list[str]) -> int:
    if words == ["--version"]:  # asked by scripts more often than anything else, and needs no parser
        write_stdout(f"{VERSION}\n")
        return 0
    from srcip_lint.cli.parser import parse

    gc.disable()
    try:
        command = parse(words)
    finally:
        gc.freeze()  # the modules stay to the end: looking for garbage in them took an eighth of a small run
        gc.enable()
    return command if isinstance(command, int) else command()


def _failed(error: Exception, words: list[str]) -> int:
    """Say what went wrong: a refusal in its own words, whatever else as a bug of ours."""
    from srcip_lint.config import ConfigError

    if isinstance(error, (ConfigError, Refused)):
        complain(str(error))
        return USAGE
    report_bug(error, words, traceback=os.environ.get("SRCIP_LINT_DEBUG") == "1")
    return BUG
