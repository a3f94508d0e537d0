"""What a run is compared with: the commit of `--since`, the file of `--baseline`, and the day it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timezone

from srcip_lint.cli.console import Refused, say
from srcip_lint.report.sanitize import terminal
from srcip_lint.sources import Reading


@contextmanager
def at_commit(ref: str, now: Reading) -> Iterator[tuple[str, Reading]]:
    """The hash of a commit, and a reading of the same words as they were there. Raises Refused, also while files are
    read."""
    from srcip_lint.history import HistoryError, commit_at

    try:
        with commit_at(ref, now.inputs) as commit:
            words = commit.present(now.inputs)
            yield commit.name, Reading(words, exclude=now.exclude, files=commit, alone=now.alone)
            for submodule in sorted(commit.unread):
                say(f"{terminal(submodule)}: what this submodule was then is not known: all in it counts as new")
    except HistoryError as error:
        raise Refused(str(error)) from error


def today(environ: Mapping[str, str]) -> date:
    """The day in UTC, wherever the run is; SOURCE_DATE_EPOCH says another one, for a run that is to be repeated."""
    epoch = environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return datetime.now(timezone.utc).date()
    try:
        return datetime.fromtimestamp(int(epoch), timezone.utc).date()
    except (ValueError, OverflowError, OSError) as error:
        raise Refused(f"SOURCE_DATE_EPOCH: {epoch} is no number of seconds since 1970") from error
