"""The command line. `main` is the console entry; it alone turns what happened into an exit status.

Parsing and running are two steps: the parser (the one module with Typer) turns words into something to run, so that no
exception of a run passes through a framework that would have its own opinion of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from srcip_lint.cli.console import Refused, complain, report_bug, silence_stdout
from srcip_lint.config import ConfigError

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
    except (ConfigError, Refused) as error:
        complain(str(error))
        return USAGE
    except Exception as error:  # noqa: BLE001  the one place: whatever was not foreseen is a bug of ours, and is said
        report_bug(error, words, traceback=os.environ.get("SRCIP_LINT_DEBUG") == "1")
        return BUG
    return status


def _run(words: list[str]) -> int:
    from srcip_lint.cli.parser import parse

    command = parse(words)
    return command if isinstance(command, int) else command()
