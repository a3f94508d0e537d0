"""A progress bar for runs that take long enough to wonder. rich is imported when the bar appears, not before."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from srcip_lint.sources import Source

PATIENCE = 1.0
"""Seconds that pass without a bar."""


def watched(sources: Iterable[Source], patience: float = PATIENCE) -> Iterator[Source]:
    """The same sources, one by one, with a bar on standard error once they have taken longer than `patience`."""
    started = time.monotonic()
    rest = iter(sources)
    for count, source in enumerate(rest, start=1):
        yield source
        if time.monotonic() - started > patience:
            yield from _with_bar(rest, count)


def _with_bar(rest: Iterator[Source], count: int) -> Iterator[Source]:
    """How many files there are is known at the end only, so the bar swings and the files are counted."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("reading"), BarColumn(), TextColumn("{task.completed} files"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading", total=None, completed=count)
        for source in rest:
            yield source
            progress.advance(task)
