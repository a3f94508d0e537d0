"""What the files were at an earlier commit, read out of git's own store: nothing is checked out, nothing is written.

A commit answers the same questions as the disk (`sources.files.Files`), so a walk over it is the same walk: the same
hidden names, `.gitignore` files and charts, under the same paths as today.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from srcip_lint.history.commit import Commit
from srcip_lint.history.git import HistoryError, repository

__all__ = ["Commit", "HistoryError", "commit_at"]


@contextmanager
def commit_at(ref: str, words: Sequence[str]) -> Iterator[Commit]:
    """The commit that `ref` names in the repository in which all the words (paths, globs) lie.

    Raises HistoryError, also while files are read, with a sentence for the user.
    """
    found = repository(words)
    commit_hash = found.commit(ref)
    with found.blobs() as blobs:
        yield Commit(found.root, commit_hash, found.listed(commit_hash), blobs)
