"""Names that were probably meant: the known one that a written one is nearest to."""

from __future__ import annotations

from collections.abc import Iterable


def closest(written: str, known: Iterable[str]) -> str | None:
    """The known name that a written one was probably meant to be; None where none is near, or two are equally near."""
    from difflib import SequenceMatcher, get_close_matches  # here: only something misspelt needs it

    near = get_close_matches(written, sorted(set(known)), n=2, cutoff=0.7)
    ratios = [SequenceMatcher(None, name, written).ratio() for name in near]
    if len(near) == 2 and ratios[0] == ratios[1]:
        return None
    return near[0] if near else None
