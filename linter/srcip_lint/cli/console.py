"""What is said beside the report: on standard error, in one voice, with nothing from a file printed raw.

Every command imports this, also one that says nothing, so what only errors need is imported where they are told.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from srcip_lint import __version__

PROGRAM = "srcip-lint"
VERSION = f"{PROGRAM} {__version__}"
ISSUES = "https://github.com/srcip-lint/srcip-lint/issues"
_LONGEST = 500
"""Characters of an unforeseen exception's text that are shown: it may hold a whole manifest."""


class Refused(Exception):
    """A command line that cannot be run, and why."""


def say(text: str) -> None:
    """A note for the person at the terminal. Where nobody listens any more, nobody misses it."""
    with contextlib.suppress(OSError):
        print(f"srcip-lint: {text}", file=sys.stderr)  # noqa: T201


def complain(text: str) -> None:
    """An error: one line for each line of the text."""
    from srcip_lint.report.sanitize import terminal

    for line in text.split("\n"):
        say(f"error: {terminal(line)}")


def report_bug(error: Exception, words: Sequence[str], *, traceback: bool) -> None:
    """What a bug report needs. The traceback only on request: it may show more than one wants to paste."""
    from srcip_lint.report.sanitize import terminal

    if traceback:
        import traceback as tracebacks

        tracebacks.print_exception(error, file=sys.stderr)
    what = terminal(f"{type(error).__name__}: {error}"[:_LONGEST])
    say(f"internal error: {what}")
    say(f"this is a bug of srcip-lint, not of your manifests; please report it with these lines: {ISSUES}")
    version = ".".join(map(str, sys.version_info[:3]))
    say(f"  srcip-lint {__version__}, Python {version}, {sys.platform}")
    say(f"  arguments: {' '.join(map(_anonymous, words))}")
    if not traceback:
        say("  SRCIP_LINT_DEBUG=1 shows the traceback")


def silence_stdout() -> None:
    """Standard output is closed: what is still buffered must not be tried again when the interpreter ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


def write_stdout(text: str) -> None:
    """Print a text as it is; what the encoding cannot show, as an escape. Raises BrokenPipeError, Refused."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="backslashreplace")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence_stdout()
        raise Refused(f"standard output: cannot be written: {error.strerror or error}") from error


def has_color(choice: str, stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Colour or not: the option, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return is_terminal(stream, environ)


def is_terminal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Is there a terminal that understands control sequences?"""
    return stream.isatty() and environ.get("TERM") != "dumb"


def _anonymous(word: str) -> str:
    """A word of the command line without the name of whoever typed it."""
    from pathlib import Path

    from srcip_lint.report.sanitize import terminal

    home = str(Path.home())
    return repr(terminal(word.replace(home, "~") if len(home) > 1 else word))
