"""Names that were probably meant: the known one that a written one is nearest to."""

from __future__ import annotations

import re
from collections.abc import Iterable


def closest(written: str, known: Iterable[str]) -> str | None:
    """The known name that a written one was probably meant to be; None where none is near, or two are equally near."""
    from difflib import SequenceMatcher, get_close_matches  # here: only something misspelt needs it

    near = get_close_matches(written, sorted(set(known)), n=2, cutoff=0.7)
    ratios = [SequenceMatcher(None, name, written).ratio() for name in near]
    if len(near) == 2 and ratios[0] == ratios[1]:
        return None
    return near[0] if near else None


def nearly_same(one: str, other: str) -> bool:
    """May one name have been meant by the other? Yes where one is the beginning or the end of the other, where all its
    words are among the other's, and where at most two letters differ, fewer than half of them."""
    words, others = _words(one), _words(other)
    if not words or not others:
        return False
    if set(words) <= set(others) or set(others) <= set(words):
        return True
    short, long = sorted(("".join(words), "".join(others)), key=len)
    if len(short) > 2 and (long.startswith(short) or long.endswith(short)):
        return True
    return _distance(short, long) <= min(2, (len(short) - 1) // 2)


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", name.lower())


def _distance(one: str, other: str) -> int:
    """How many letters must be added, taken away or changed to make one name of the other (Levenshtein's distance)."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, found in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (letter != found))
    return row[-1]
