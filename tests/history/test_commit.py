"""A commit as a place that files are read from: the same walk as over its checkout, and nothing of the repository's is
run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checkout import commit_all, git
from reading import SERVICE
from srcip_lint.history import HistoryError, commit_at
from srcip_lint.history import git as asked
from srcip_lint.sources import Reading, files


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (tmp_path / "repo").mkdir()
    monkeypatch.chdir(tmp_path / "repo")


def write(*paths: str, text: str = SERVICE) -> None:
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")


def taken(reading: Reading) -> list[tuple[str, bytes, bool, str | None]]:
    return [(source.path, source.data, source.named, source.chart) for source in reading]


def at(ref: str, *words: str) -> list[str]:
    """The paths that are read of a commit."""
    with commit_at(ref, words) as commit:
        return [source.path for source in Reading(commit.present(words), files=commit)]


def refused(ref: str, *words: str) -> str:
    with pytest.raises(HistoryError) as caught, commit_at(ref, words or (".",)) as commit:
        list(Reading(commit.present(words or (".",)), files=commit))
    return str(caught.value)


# --- the same walk ---------------------------------------------------------------------------------------------------


def everything() -> None:
    """A tree with something of every kind that a walk treats in its own way."""
    write(
        "b.yaml", "a/z.yml", "a/b/c.json", "Kustomization", "notes.txt", ".hidden.yaml", ".github/w.yaml", "a/[1].yaml"
    )
    write("ignored/x.yaml", "a/ignored.yaml", "a/kept/y.yaml")
    write(".gitignore", text="ignored/\n")
    write("a/.gitignore", text="ignored.yaml\n!kept\n")
    write("web/Chart.yaml", text="name: web\n")
    write("web/templates/a/service.yaml", text="name: {{ .Values.name }}\n")
    write("two words/new\nline.yaml", "ü/\u202e.yaml", os.fsdecode(b"caf\xe9.yaml"))
    Path("marked.yaml").write_bytes(SERVICE.encode("utf-16"))
    Path("link.yaml").symlink_to("b.yaml")
    Path("folder").symlink_to("a")
    Path("round").symlink_to("round")
    Path("loop").symlink_to(".")
    Path("up").symlink_to("a/b/..")
    Path("out").symlink_to("../elsewhere")
    Path("absolute.yaml").symlink_to(Path("b.yaml").absolute())
    write("../elsewhere/x.yaml")


WORDS = [
    (".",),
    ("a", "b.yaml"),
    ("b.yaml", "link.yaml", "a/../b.yaml"),
    ("link.yaml",),
    ("folder",),
    ("folder/b",),
    ("loop/a/b",),
    ("up",),
    ("**/*.yaml",),
    ("*/*.y*ml",),
    ("a/*", "?.yaml"),
    ("a/**",),
    ("fold*/*.yml", "[a-c]/**/*.json"),
    (".github/*.yaml", ".hid*"),
    ("a/[1].yaml",),
    ("ignored", "a/ignored.yaml"),
    ("web/templates",),
    ("two words",),
    ("../repo/a",),
    ("../repo/a/*.yml",),
]


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_a_commit_is_read_as_its_checkout_is(words: tuple[str, ...]) -> None:
    everything()
    git(Path(), "init", "--quiet")
    git(Path(), "add", "--force", "ignored", "a/ignored.yaml")
    commit_all(Path())
    disk = Reading(words)
    with commit_at("HEAD", words) as commit:
        past = Reading(commit.present(words), files=commit)
        # What a link leads to outside of the repository is of no commit.
        assert taken(past) == [each for each in taken(disk) if not each[0].startswith("out/")]
        assert past.skipped <= disk.skipped  # .git itself is there, and hidden
        assert not past.unopened


def test_from_a_folder_below_the_root_and_by_absolute_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    everything()
    commit_all(Path())
    root = Path.cwd()
    monkeypatch.chdir("a")
    for words in ((".",), ("../b.yaml", "../web"), (str(root),), (f"{root}/a/*.yml",), ("b/*",)):
        with commit_at("HEAD", words) as commit:
            assert taken(Reading(commit.present(words), files=commit)) == taken(Reading(words))
    monkeypatch.chdir("../..")
    assert at("HEAD", "repo/a/b") == ["repo/a/b/c.json"]
    assert at("HEAD", "repo/*.yaml") == [
        "repo/absolute.yaml",
        os.fsdecode(b"repo/caf\xe9.yaml"),
        "repo/marked.yaml",
    ]


def test_what_stands_beside_is_opened_as_kustomize_wants_it() -> None:
    write("base/service.yaml", "overlay/kustomization.yaml", "overlay/patch.txt")
    Path("overlay/out.yaml").symlink_to("../base/service.yaml")
    commit_all(Path())
    here = Path.cwd()
    with commit_at("HEAD", ["overlay"]) as commit:
        reading = Reading(["overlay"], files=commit)
        assert reading.beside(f"{here}/base/service.yaml", None)
        assert reading.beside(f"{here}/overlay/patch.txt", f"{here}/overlay")
        assert reading.beside(f"{here}/overlay/out.yaml", None)
        assert not reading.beside(f"{here}/overlay/out.yaml", f"{here}/overlay")
        assert not reading.beside(f"{here}/overlay/none.yaml", None)
        assert not reading.beside(f"{here}/../elsewhere/x.yaml", None)


# --- then, not now ---------------------------------------------------------------------------------------------------


def test_what_came_later_is_not_there_and_what_was_removed_is() -> None:
    write("old.yaml", "both.yaml", text=SERVICE)
    first = commit_all(Path())
    Path("old.yaml").unlink()
    write("both.yaml", "new.yaml", text=f"{SERVICE}# changed\n")
    commit_all(Path())
    write("untracked.yaml")
    assert at(first, ".") == at("HEAD~1", ".") == at(first[:8], ".") == ["both.yaml", "old.yaml"]
    assert at("HEAD", ".") == ["both.yaml", "new.yaml"]
    assert at(first, "new.yaml", "both.yaml", "none*.yaml") == ["both.yaml"]
    with commit_at(first, ["."]) as commit:
        assert commit.read("both.yaml") == SERVICE.encode()
        assert commit.name == first


def test_nothing_is_written(tmp_path: Path) -> None:
    write("a.yaml")
    commit_all(Path())
    write("a.yaml", text="changed: true\n")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert at("HEAD", ".") == ["a.yaml"]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_submodule_is_said_to_be_unread() -> None:
    write("a.yaml", "inner/b.yaml")
    commit_all(Path("inner"))
    commit_all(Path())
    with commit_at("HEAD", ["."]) as commit:
        reading = Reading(commit.present(["."]), files=commit)
        assert [source.path for source in reading] == ["a.yaml"]
        assert [os.path.normpath(path) for path in commit.unread] == ["inner"]
    assert at("HEAD", "inner") == ["inner/b.yaml"], "named by itself, it is a repository of its own"


def test_a_file_that_is_too_large_is_told_and_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    write("large.yaml", text=SERVICE + "#" * 3_000_000)
    write("small.yaml")
    commit_all(Path())
    for module in (files, asked):
        monkeypatch.setattr(module, "MAX_BYTES", len(SERVICE))
    with commit_at("HEAD", ["."]) as commit:
        reading = Reading(["."], files=commit)
        assert [source.path for source in reading] == ["small.yaml"]
        assert [(each.path, each.reason) for each in reading.unopened] == [("large.yaml", "larger than 64 MiB")]


# --- nothing of the repository's is run ------------------------------------------------------------------------------


def test_no_filter_hook_monitor_or_alias_is_run(tmp_path: Path) -> None:
    write("a.yaml")
    write(".gitattributes", text="*.yaml filter=evil diff=evil ident export-subst\n")
    commit_all(Path())
    evil = f"touch {tmp_path}/ran; cat"
    for key in ("filter.evil.smudge", "filter.evil.clean", "diff.evil.textconv", "core.fsmonitor", "core.pager"):
        git(Path(), "config", key, evil)
    for command in ("rev-parse", "ls-tree", "cat-file"):
        git(Path(), "config", f"alias.{command}", f"!{evil}")
    for name in ("post-checkout", "reference-transaction", "post-index-change"):
        hook = Path(".git/hooks", name)
        hook.write_text(f"#!/bin/sh\n{evil}\n")
        hook.chmod(0o755)
    assert at("HEAD", ".") == ["a.yaml"]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("ref", ["--output=owned", "-h", "--exec=touch owned", "", "a\nb", "a\0b", "\x1b[2J"])
def test_a_ref_is_no_option(ref: str) -> None:
    write("a.yaml")
    commit_all(Path())
    assert "not the name of a commit" in refused(ref)
    assert sorted(path.name for path in Path().iterdir()) == [".git", "a.yaml"]


def test_a_branch_that_a_later_git_takes_for_an_option_is_not_reachable_by_its_hash_alone() -> None:
    write("a.yaml")
    name = commit_all(Path())
    Path(".git/refs/heads/--help").write_text(f"{name}\n")
    assert "not the name of a commit" in refused("--help")
    assert at(name, ".") == ["a.yaml"]


def test_a_git_in_a_relative_folder_of_the_path_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.yaml")
    commit_all(Path())
    write("git", text="#!/bin/sh\ntouch ran\n")
    Path("git").chmod(0o755)
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}")
    assert at("HEAD", ".") == ["a.yaml"]
    assert not Path("ran").exists()


def test_the_environment_of_a_hook_points_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """git sets these for its hooks, and they may name another repository, or an index that is being written."""
    write("a.yaml")
    commit_all(Path())
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_TRACE"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    assert at("HEAD", ".") == ["a.yaml"]
    assert not (tmp_path / "nowhere").exists()


def test_where_git_finds_its_configuration_is_left_alone() -> None:
    ours = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_GLOBAL": "x",
        "GIT_EXTERNAL_DIFF": "x",
        "PATH": "/bin",
        "GIT_PAGER": "x",
    }
    made = asked.environment(ours)
    assert {name for name in ours if name in made} == {"GIT_CONFIG_COUNT", "GIT_CONFIG_GLOBAL", "PATH"}
    assert made["GIT_NO_LAZY_FETCH"] == "1"


def test_a_partial_clone_fetches_nothing(tmp_path: Path) -> None:
    write("a.yaml")
    write("b.yaml", text="b: 1\n")
    commit_all(Path())
    git(Path(), "config", "uploadpack.allowFilter", "true")
    url = f"file://{Path.cwd()}"
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", "--no-checkout", url, "partial")
    assert "this clone has not got it" in refused("HEAD", f"{tmp_path}/partial")


# --- errors ----------------------------------------------------------------------------------------------------------


def test_no_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write("a.yaml")
    commit_all(Path())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refused("HEAD") == "--since needs git, and there is none on the PATH"


def test_no_repository(tmp_path: Path) -> None:
    write("a.yaml")
    assert refused("HEAD", "a.yaml") == "--since: a.yaml lies in no git repository"
    Path(".git").mkdir()
    assert "git cannot use the repository" in refused("HEAD") or "is no git repository" in refused("HEAD")
    Path(".git").rmdir()
    commit_all(tmp_path)
    Path(".git").mkdir()
    assert "holds a .git, but is no git repository" in refused("HEAD")


def test_several_repositories(tmp_path: Path) -> None:
    write("a.yaml", f"{tmp_path}/other/b.yaml")
    commit_all(Path())
    commit_all(tmp_path / "other")
    assert "several git repositories" in refused("HEAD", "a.yaml", f"{tmp_path}/other")


def test_an_unknown_commit() -> None:
    write("a.yaml")
    name = commit_all(Path())
    assert refused("main~5") == "--since main~5: there is no such commit in this clone"
    assert "names one commit, not a range" in refused("main..HEAD")
    assert "no such commit" in refused("HEAD:a.yaml"), "a file is no commit"
    git(Path(), "update-ref", "refs/remotes/origin/release", name)
    assert refused("release").endswith('; did you mean "origin/release"?')


def test_a_shallow_clone(tmp_path: Path) -> None:
    write("a.yaml")
    commit_all(Path())
    write("b.yaml")
    commit_all(Path())
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{Path.cwd()}", "shallow")
    assert "the clone is shallow" in refused("HEAD~1", f"{tmp_path}/shallow")
    assert at("HEAD", f"{tmp_path}/shallow") == [f"{tmp_path}/shallow/a.yaml", f"{tmp_path}/shallow/b.yaml"]


def test_a_repository_that_git_does_not_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.yaml")
    commit_all(Path())
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    original: Callable[..., Any] = asked.environment
    monkeypatch.setattr(asked, "environment", lambda ours: {**original(ours), "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    assert "dubious ownership" in refused("HEAD")
    assert "safe.directory" in refused("HEAD")


def test_git_that_breaks_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write("a.yaml")
    commit_all(Path())
    bad = tmp_path / "bin" / "git"
    bad.parent.mkdir()
    real = subprocess.run(["sh", "-c", "command -v git"], check=True, capture_output=True, text=True).stdout.strip()
    bad.write_text(
        f'#!/bin/sh\ncase "$*" in *cat-file*) read line; printf "x blob 100\\nhalf";; *) exec {real} "$@";; esac\n'
    )
    bad.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bad.parent}:{os.environ['PATH']}")
    assert "broke off" in refused("HEAD")


def test_the_worktree_of_a_repository(tmp_path: Path) -> None:
    write("a.yaml")
    commit_all(Path())
    git(Path(), "worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "other")
    assert at("main", f"{tmp_path}/tree") == [f"{tmp_path}/tree/a.yaml"]
