"""Git, asked so that it only answers: three commands that read the object store and run nothing of the repository's.

`rev-parse`, `ls-tree` and `cat-file --batch` use no index, no hook, no filter, no textconv, no pager and no alias; a
checkout, or `git archive`, would run filters. What an environment or a configuration could still start (a file system
monitor, the fetch of a missing object) is switched off. Nothing that the user wrote reaches a command line but `ref`,
and that cannot be taken for an option.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from srcip_lint.sources.files import MAX_BYTES, TOO_LARGE

if TYPE_CHECKING:
    import subprocess

_OPTIONS = (
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "safe.bareRepository=explicit"),
)
_SETTINGS = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # A partial clone would fetch what is missing; older versions know only that every protocol is forbidden.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}
_CHUNK = 1024 * 1024


class HistoryError(Exception):
    """Why an earlier state cannot be read. The text may hold words of the user and of git: whoever prints it escapes
    them."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as a tree has it: its mode in octal digits, and the name of its content."""

    mode: str
    blob: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository by its root, as the path to it was spelled."""

    root: str
    program: str
    shallow: bool

    def commit(self, ref: str) -> str:
        """The full hash of the commit that `ref` names. Raises HistoryError."""
        if not ref or ref.startswith("-") or not ref.isprintable():
            raise HistoryError(f"--since {ref}: that is not the name of a commit")
        return self._resolved(ref) or self._unknown(ref)

    def _resolved(self, ref: str) -> str | None:
        status, out, _ = self._ask("rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}")
        return out.decode().strip() if status == 0 else None

    def _unknown(self, ref: str) -> str:
        why = f"--since {ref}: there is no such commit in this clone"
        if ".." in ref:
            why += "; it names one commit, not a range: --since $(git merge-base main HEAD), say"
        elif self._resolved(f"origin/{ref}"):
            why += f'; did you mean "origin/{ref}"?'
        if self.shallow:
            why += (
                "; the clone is shallow: fetch the commit first, or clone the whole history (`git fetch --unshallow`, "
                "or `fetch-depth: 0` of actions/checkout)"
            )
        raise HistoryError(why)

    def listed(self, commit: str) -> dict[str, Stored]:
        """Every file of a commit, by its path from the root. Raises HistoryError."""
        status, out, err = self._ask("ls-tree", "-r", "-z", "--full-tree", commit)
        if status != 0:
            raise HistoryError(f"git cannot list the files of {commit}: {_said(err)}")
        found = {}
        for line in out.split(b"\0")[:-1]:
            head, _, path = line.partition(b"\t")
            mode, _, blob = head.decode().split()
            found[os.fsdecode(path)] = Stored(mode, blob)
        return found

    @contextmanager
    def blobs(self) -> Iterator[Blobs]:
        """What reads contents for as long as it is open."""
        with _started(self.program, self.root, ("cat-file", "--batch")) as process:
            try:
                yield Blobs(process)
            finally:
                with suppress(OSError):
                    process.communicate()  # an end of the questions, to which it ends

    def _ask(self, *command: str) -> tuple[int, bytes, bytes]:
        return _answered(self.program, self.root, command)


class Blobs:
    """The contents of files, by their names in the object store, from one git process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def read(self, blob: str) -> bytes:
        """A content. Raises ValueError where it is too large, HistoryError where this clone has not got it."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise HistoryError("git was started without pipes")
        words = _asked(stdin, stdout, blob).split()
        if len(words) != 3:
            raise HistoryError(
                f"git cannot read {blob}: this clone has not got it; fetch the commit with its files first"
            )
        size = int(words[2])
        if size > MAX_BYTES:
            _pass(stdout, size + 1)
            raise ValueError(TOO_LARGE)
        data = stdout.read(size)
        if not stdout.read(1):  # the line break behind it
            raise HistoryError(f"git broke off while it gave {blob}")
        return data


def _asked(stdin: IO[bytes], stdout: IO[bytes], blob: str) -> bytes:
    """The line that git answers before a content; something else, or nothing, where it has none."""
    try:
        stdin.write(blob.encode() + b"\n")
        stdin.flush()
    except BrokenPipeError:
        return b""
    return stdout.readline()


def _pass(stdout: IO[bytes], size: int) -> None:
    """Read past a content that is not wanted."""
    while size > 0 and (data := stdout.read(min(size, _CHUNK))):
        size -= len(data)


def repository(words: Sequence[str]) -> Repository:
    """The repository in which all the words lie. Raises HistoryError where there is none, or no git."""
    program = _program()
    roots = {word: _root(os.path.abspath(word)) for word in words}
    homeless = next((word for word, root in roots.items() if root is None), None)
    if homeless is not None:
        raise HistoryError(f"--since: {homeless} lies in no git repository")
    root, *others = dict.fromkeys(found for found in roots.values() if found is not None)
    if others:
        raise HistoryError(
            f"--since: the paths lie in several git repositories, {root} and {others[0]}; judge them apart"
        )
    status, out, err = _answered(program, root, ("rev-parse", "--is-shallow-repository", "--show-toplevel"))
    if status != 0:
        raise HistoryError(f"--since: git cannot use the repository {root}: {_said(err)}")
    shallow, _, top = os.fsdecode(out).partition("\n")
    if os.path.realpath(top.rstrip("\n")) != os.path.realpath(root):
        raise HistoryError(f"--since: {root} holds a .git, but is no git repository")
    return Repository(root, program, shallow == "true")


def _root(path: str) -> str | None:
    """The nearest folder upward that holds a `.git`: a folder, or the file of a worktree or submodule."""
    while not os.path.lexists(os.path.join(path, ".git")):
        above = os.path.dirname(path)
        if above == path:
            return None
        path = above
    return path


def _program() -> str:
    """Git's absolute path. A PATH with a relative folder in it must not make the files that are judged run."""
    folders = [folder for folder in os.get_exec_path() if os.path.isabs(folder)]
    found = shutil.which("git", path=os.pathsep.join(folders))
    if found is None or not os.path.isabs(found):
        raise HistoryError("--since needs git, and there is none on the PATH")
    return found


def environment(ours: Mapping[str, str]) -> dict[str, str]:
    """The environment for git: without what a hook or a shell has set for another command or another repository. Where
    configuration is found is left alone: it may be what says that this repository is to be trusted."""
    kept = {name: value for name, value in ours.items() if not name.startswith("GIT_") or name.startswith("GIT_CONFIG")}
    return {**kept, **_SETTINGS}


def _answered(program: str, root: str, command: Sequence[str]) -> tuple[int, bytes, bytes]:
    with _started(program, root, command) as process:
        out, err = process.communicate()
        return process.returncode, out, err


def _started(program: str, root: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
    import subprocess

    is_batch = command[0] == "cat-file"
    return subprocess.Popen(  # noqa: S603  the program is git, by its absolute path
        [program, "-C", root, *_OPTIONS, *command],
        env=environment(os.environ),
        stdin=subprocess.PIPE if is_batch else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if is_batch else subprocess.PIPE,
    )


def _said(err: bytes) -> str:
    return " ".join(err.decode("utf-8", "replace").split()) or "it says nothing more"
