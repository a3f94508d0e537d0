"""Which files a run reads: everything that was asked for, nothing that could hang or hurt, and each file once."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reading import SERVICE
from srcip_lint.inputs import gather
from srcip_lint.sources import Reading, Source, files


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(*paths: str, text: str = SERVICE) -> None:
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")


def paths(*inputs: str) -> list[str]:
    return [source.path for source in Reading(inputs)]


def reasons(*inputs: str) -> list[tuple[str, str]]:
    """What could not be opened, and why. The rest of the run goes on."""
    reading = Reading(inputs)
    list(reading)
    return [(unopened.path, unopened.reason) for unopened in reading.unopened]


# --- folders ---------------------------------------------------------------------------------------------------------


def test_a_folder_is_walked_in_order_for_manifests() -> None:
    write("b.yaml", "a/z.yml", "a/b/c.json", "a.json", "Kustomization", "notes.txt", "x.yaml.bak", "Makefile")
    assert paths(".") == ["Kustomization", "a.json", "b.yaml", "a/z.yml", "a/b/c.json"]
    assert paths("a") == ["a/z.yml", "a/b/c.json"]


def test_a_folder_may_be_named_like_a_manifest() -> None:
    write("web.yaml/service.yaml")
    assert paths("web.yaml") == paths(".") == ["web.yaml/service.yaml"]


def test_a_folder_that_is_nested_a_thousand_times_is_walked(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(1200):
        folder /= "d"
    descriptor = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1200):  # the whole path at once is too long for mkdir
        os.mkdir("d", dir_fd=descriptor)
        below = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(os.open("deep.yaml", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
    os.close(descriptor)
    try:
        assert paths(".") == [f"{'d/' * 1200}deep.yaml"]
    finally:  # Python's own removal of a tree is recursive, and would fail in whichever session tidies up
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


def test_each_file_is_read_once_however_often_it_is_met() -> None:
    write("a/x.yaml")
    os.link("a/x.yaml", "a/y.yaml")
    assert paths("a/x.yaml", "a", ".", "a/../a/x.yaml") == ["a/x.yaml"]


def test_a_file_that_is_named_is_said_to_be_named() -> None:
    write("a/x.yaml", "a/notes.txt")
    named = [(source.path, source.named) for source in Reading(["a/notes.txt", "a"])]
    assert named == [("a/notes.txt", True), ("a/x.yaml", False)]
    assert [(source.path, source.named) for source in Reading(["a", "a/x.yaml"])] == [("a/x.yaml", True)]


def test_paths_are_shown_relative_to_the_working_directory_where_they_are_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("x.yaml", "in/y.yaml", "in/..z/w.yaml")
    assert paths(str(tmp_path / "x.yaml"), "./in//y.yaml") == ["x.yaml", "in/y.yaml"]
    monkeypatch.chdir(tmp_path / "in")
    assert paths(str(tmp_path / "x.yaml")) == [f"{tmp_path}/x.yaml"]
    assert paths("../x.yaml", "../in/y.yaml", "..z/w.yaml") == ["../x.yaml", "y.yaml", "..z/w.yaml"]


# --- what is passed over ---------------------------------------------------------------------------------------------


def test_hidden_paths_are_passed_over_and_counted_unless_named() -> None:
    write(".hidden/a.yaml", ".x.yaml", "b.yaml", ".git/config.yaml")
    reading = Reading(["."])
    assert [source.path for source in reading] == ["b.yaml"]
    assert reading.skipped == {"hidden": 3}
    assert paths(".hidden", ".x.yaml") == [".x.yaml", ".hidden/a.yaml"]


def test_excluded_paths_are_passed_over_and_counted() -> None:
    write("a/x.yaml", "b/x.yaml")
    reading = Reading(["."], exclude=lambda path: path.startswith("b"))
    assert [source.path for source in reading] == ["a/x.yaml"]
    assert reading.skipped == {"excluded": 1}


IGNORED = {
    "a name, anywhere": ("skip.yaml\n", ["a.yaml", "sub/a.yaml"]),
    "a folder": ("sub/\n", ["a.yaml", "skip.yaml"]),
    "a folder's name is no file's": ("a.yaml/\n", ["a.yaml", "skip.yaml", "sub/a.yaml", "sub/skip.yaml"]),
    "from the root": ("/skip.yaml\n", ["a.yaml", "sub/a.yaml", "sub/skip.yaml"]),
    "a glob": ("sub/*.yaml\n", ["a.yaml", "skip.yaml"]),
    "a negation": ("*.yaml\n!a.yaml\n", ["a.yaml", "sub/a.yaml"]),
    "the last line decides": ("!a.yaml\n*.yaml\n", []),
    "nothing in an ignored folder comes back": ("sub/\n!sub/a.yaml\n", ["a.yaml", "skip.yaml"]),
    "a comment, and a byte order mark": ("\ufeffskip.yaml\n# a.yaml\n\n", ["a.yaml", "sub/a.yaml"]),
    "lines that are no pattern": ("!\n[z-a]\n\\\n[[:alpha:]]/\nskip.yaml\n", ["a.yaml", "sub/a.yaml"]),
}


@pytest.mark.parametrize(("lines", "expected"), IGNORED.values(), ids=IGNORED)
def test_what_git_ignores_is_passed_over(lines: str, expected: list[str]) -> None:
    write("a.yaml", "skip.yaml", "sub/a.yaml", "sub/skip.yaml")
    write(".gitignore", text=lines)
    assert paths(".") == expected


@pytest.mark.parametrize(("lines", "expected"), IGNORED.values(), ids=IGNORED)
def test_git_agrees(lines: str, expected: list[str], tmp_path: Path) -> None:
    write("a.yaml", "skip.yaml", "sub/a.yaml", "sub/skip.yaml")
    write(".gitignore", text=lines)
    subprocess.run(["git", "init", "-q"], check=True, env={**os.environ, "HOME": str(tmp_path)})
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.yaml"], check=True, capture_output=True, text=True
    )
    assert sorted(listed.stdout.split()) == expected


def test_a_nearer_gitignore_overrules_one_above_it() -> None:
    write("keep/a.yaml", "drop/a.yaml", "keep/deep/b.yaml")
    write(".gitignore", text="*.yaml\n")
    write("keep/.gitignore", text="!*.yaml\n")
    write("keep/deep/.gitignore", text="b.yaml\n")
    assert paths(".") == ["keep/a.yaml"]


def test_a_gitignore_holds_below_its_own_folder_only() -> None:
    write("a/x.yaml", "b/x.yaml")
    write("a/.gitignore", text="x.yaml\n")
    assert paths(".") == ["b/x.yaml"]


def test_gitignores_above_the_walked_folder_hold_up_to_the_root_of_the_repository() -> None:
    write("repo/sub/deep/a.yaml", "repo/sub/deep/b.yaml", "repo/sub/deep/c.yaml")
    write(".gitignore", text="a.yaml\n")
    write("repo/.gitignore", text="b.yaml\n")
    write("repo/sub/.gitignore", text="c.yaml\n")
    assert paths("repo/sub/deep") == [f"repo/sub/deep/{name}.yaml" for name in "abc"]
    Path("repo/.git").mkdir()
    assert paths("repo/sub/deep") == ["repo/sub/deep/a.yaml"]


def test_an_ignored_path_that_is_named_is_read() -> None:
    write("build/a.yaml", "build/out/b.yaml")
    write(".gitignore", text="build/\n")
    Path(".git").mkdir()
    assert paths(".") == []
    assert paths("build") == ["build/a.yaml", "build/out/b.yaml"]
    assert paths("build/out", "build/a.yaml") == ["build/a.yaml", "build/out/b.yaml"]


def test_a_gitignore_that_is_no_file_ignores_nothing() -> None:
    write("a.yaml")
    os.mkfifo(".gitignore")
    assert paths(".") == ["a.yaml"]


# --- symbolic links and special files --------------------------------------------------------------------------------


def test_symbolic_links_in_a_walk_are_passed_over_and_counted(tmp_path: Path) -> None:
    write("inside/a.yaml", "outside/b.yaml")
    Path("inside/loop").symlink_to(".")
    Path("inside/out").symlink_to(tmp_path / "outside")
    Path("inside/b.yaml").symlink_to("a.yaml")
    Path("inside/broken.yaml").symlink_to("nowhere")
    Path("inside/broken").symlink_to("nowhere")
    Path("inside/round").symlink_to("round")
    reading = Reading(["inside"])
    assert [source.path for source in reading] == ["inside/a.yaml"]
    assert reading.skipped == {"symbolic link": 4}
    assert not reading.unopened


def test_a_symbolic_link_that_is_named_is_followed() -> None:
    write("a/x.yaml")
    Path("link.yaml").symlink_to("a/x.yaml")
    Path("folder").symlink_to("a")
    assert paths("link.yaml") == ["link.yaml"]
    assert paths("folder") == ["folder/x.yaml"]
    Path("round.yaml").symlink_to("round.yaml")
    assert reasons("round.yaml") == [("round.yaml", "Too many levels of symbolic links")]


def test_a_fifo_is_not_opened_whether_named_or_met() -> None:
    os.mkfifo("pipe.yaml")
    write("a.yaml")
    assert reasons("pipe.yaml") == [("pipe.yaml", "not a regular file")]
    assert paths(".") == ["a.yaml"]
    assert reasons(".") == [("pipe.yaml", "not a regular file")]


def test_devices_and_sockets_are_not_opened() -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.yaml")
        assert reasons("socket.yaml") == [("socket.yaml", "not a regular file")]
    assert reasons("/dev/zero") == [("/dev/zero", "not a regular file")]


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="there is no /dev/fd")
def test_a_pipe_that_the_shell_opened_is_read() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as file:
        file.write(SERVICE.encode())
    found = list(Reading([f"/dev/fd/{reader}"]))
    os.close(reader)
    assert [source.data for source in found] == [SERVICE.encode()]


# --- what cannot be read ---------------------------------------------------------------------------------------------


def test_what_is_missing_is_told_and_the_rest_is_read() -> None:
    write("a.yaml")
    for missing in ("none.yaml", "a.yaml/b.yaml", "none*.yaml", "", "a\0b.yaml"):
        reading = Reading([missing, "a.yaml"])
        assert [source.path for source in reading] == ["a.yaml"]
        assert [unopened.path for unopened in reading.unopened] == [missing]


def test_a_file_that_vanishes_while_the_run_goes_on_is_told() -> None:
    write("a.yaml", "b.yaml")
    reading = Reading(["."])
    found = []
    for source in reading:
        found.append(source.path)
        Path("b.yaml").unlink(missing_ok=True)
    assert found == ["a.yaml"]
    assert [(each.path, each.reason) for each in reading.unopened] == [("b.yaml", "No such file or directory")]


def test_a_file_or_a_folder_that_must_not_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.yaml", "sub/b.yaml", "c.yaml")

    def refusing(function: Callable[[str], Any], refused: str) -> Callable[[str], Any]:
        def wrapped(path: str) -> Any:
            if path.endswith(refused):
                raise PermissionError(13, "Permission denied", path)
            return function(path)

        return wrapped

    monkeypatch.setattr(os, "scandir", refusing(os.scandir, "sub"))  # a test that runs as root may read everything
    monkeypatch.setattr(os, "stat", refusing(os.stat, "a.yaml"))
    reading = Reading(["."])
    assert [source.path for source in reading] == ["c.yaml"]
    assert [(each.path, each.reason) for each in reading.unopened] == [
        ("a.yaml", "Permission denied"),
        ("sub", "cannot be listed: Permission denied"),
    ]


def test_what_is_too_large_is_told_whether_its_size_is_known_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", len(SERVICE))
    write("fits.yaml")
    write("large.yaml", text=SERVICE + "\n")
    assert paths(".") == ["fits.yaml"]
    assert reasons(".") == [("large.yaml", "larger than 64 MiB")]
    reader, writer = os.pipe()
    os.write(writer, SERVICE.encode() + b"\n")
    os.close(writer)
    assert reasons(f"/dev/fd/{reader}") == [(f"/dev/fd/{reader}", "larger than 64 MiB")]
    os.close(reader)


def test_what_could_not_be_opened_leaves_a_gap_in_its_folder() -> None:
    write("shop/a.yaml")
    reading = Reading(["shop/a.yaml", "shop/none.yaml"])
    found = gather(reading, reading)
    assert found.gaps == (("shop",),)
    assert [(bad.spot.source.path, bad.reason) for bad in found.unreadable] == [
        ("shop/none.yaml", "No such file or directory")
    ]


# --- standard input --------------------------------------------------------------------------------------------------


class _Stdin:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", _Stdin(SERVICE.encode()))
    (source,) = Reading(["-", "-"])
    assert (source.path, source.data, source.named, source.folder) == ("<stdin>", SERVICE.encode(), True, ("<stdin>",))


def test_standard_input_may_have_the_name_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", _Stdin(SERVICE.encode("utf-16")))
    (source,) = Reading(["-"], stdin_name="shop/service.yaml")
    assert (source.path, source.folder, source.data) == ("shop/service.yaml", ("shop",), SERVICE.encode())


def test_more_on_standard_input_than_the_limit_is_told_and_never_cut_in_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", len(SERVICE))
    monkeypatch.setattr(sys, "stdin", _Stdin(SERVICE.encode()))
    assert paths("-") == ["<stdin>"]
    monkeypatch.setattr(sys, "stdin", _Stdin(SERVICE.encode() + b"\n"))
    assert reasons("-") == [("<stdin>", "larger than 64 MiB")]


def test_standard_input_that_is_closed_or_a_folder_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert reasons("-") == [("<stdin>", "standard input is closed")]

    class _Folder:
        @property
        def buffer(self) -> io.BufferedIOBase:
            raise IsADirectoryError(21, "Is a directory")

    monkeypatch.setattr(sys, "stdin", _Folder())
    assert reasons("-") == [("<stdin>", "Is a directory")]


# --- globs -----------------------------------------------------------------------------------------------------------


def test_a_glob_that_the_shell_left_alone_is_expanded() -> None:
    write("a/x.yaml", "a/y.json", "b/c/z.yaml", "b/.hidden/h.yaml", ".github/w.yaml")
    assert paths("*/*.yaml") == ["a/x.yaml"]
    assert paths("**/*.yaml") == ["a/x.yaml", "b/c/z.yaml"]
    assert paths("a/*") == ["a/x.yaml", "a/y.json"]
    assert paths("?") == ["a/x.yaml", "a/y.json", "b/c/z.yaml"]
    assert paths("[b-z]/**/*.yaml", f"{Path.cwd()}/a/*.json") == ["b/c/z.yaml", "a/y.json"]
    assert paths(".github/*.yaml", "b/.*/*.yaml") == [".github/w.yaml", "b/.hidden/h.yaml"]


def test_a_file_whose_name_is_a_glob_is_that_file() -> None:
    write("a[1].yaml", "a1.yaml")
    assert paths("a[1].yaml") == ["a[1].yaml"]


def test_a_glob_goes_round_no_loop() -> None:
    write("a/x.yaml")
    for name in ("one", "two", "three"):
        Path(f"a/{name}").symlink_to(".")
    done = threading.Event()

    def run() -> None:
        assert paths("**/*.yaml") == ["a/x.yaml"]
        done.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(30)
    assert done.is_set(), "the glob follows symbolic links"


def test_a_glob_that_is_no_glob_matches_nothing() -> None:
    write("a/x.yaml")
    assert reasons("a**x/**y") == [("a**x/**y", "No such file or directory")]


# --- names -----------------------------------------------------------------------------------------------------------

ODD_NAMES = ["a b", "#", "?", "%41", "c:d", "new\nline", "\u202e", "-x", "ü", "[", "*"]


@pytest.mark.parametrize("name", [f"{name}.yaml" for name in ODD_NAMES])
def test_a_file_may_have_any_name(name: str) -> None:
    write(name)
    assert paths(name) == paths(".") == [name]


def test_a_name_that_cannot_be_decoded_is_read_and_kept_as_it_is() -> None:
    raw = b"caf\xe9.yaml"
    Path(os.fsdecode(raw)).write_text(SERVICE, encoding="utf-8")
    (source,) = Reading(["."])
    assert os.fsencode(source.path) == raw


# --- encodings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_every_encoding_with_a_byte_order_mark_is_the_same_text(encoding: str) -> None:
    text = SERVICE.replace("web", "wéb😀")
    Path("a.yaml").write_bytes(text.encode(encoding))
    (source,) = Reading(["a.yaml"])
    assert source.data == text.encode()
    big_endian = {"utf-16": "utf-16-be", "utf-32": "utf-32-be"}.get(encoding)
    if big_endian:
        Path("b.yaml").write_bytes(("\ufeff" + text).encode(big_endian))
        (source,) = Reading(["b.yaml"])
        assert source.data == text.encode()


def test_what_a_byte_order_mark_promises_and_does_not_keep_is_left_to_the_reader() -> None:
    data = b"\xff\xfea"
    Path("a.yaml").write_bytes(data)
    (source,) = Reading(["a.yaml"])
    assert source.data == data


# --- charts ----------------------------------------------------------------------------------------------------------


def charts(*inputs: str) -> list[tuple[str, str | None]]:
    return [(source.path, source.chart) for source in Reading(inputs)]


def test_files_in_the_templates_folder_of_a_chart_know_their_chart() -> None:
    write("web/Chart.yaml", "web/values.yaml", "web/templates/a/service.yaml", "web/crds/crd.yaml", "templates/x.yaml")
    expected = [
        ("templates/x.yaml", None),
        ("web/Chart.yaml", None),
        ("web/values.yaml", None),
        ("web/crds/crd.yaml", None),
        ("web/templates/a/service.yaml", "web/Chart.yaml"),
    ]
    assert charts(".") == expected
    for named in ("web/templates", "web/templates/a", "web/templates/a/service.yaml"):
        assert charts(named) == expected[-1:]
    assert charts("web/values.yaml", "templates/x.yaml") == [("web/values.yaml", None), ("templates/x.yaml", None)]


def test_templates_of_a_chart_inside_a_chart_belong_to_the_outer_one() -> None:
    write("web/Chart.yaml", "web/charts/db/Chart.yaml", "web/charts/db/templates/a.yaml")
    assert charts("web")[-1] == ("web/charts/db/templates/a.yaml", "web/Chart.yaml")


def test_an_unrendered_chart_is_one_answer_and_what_is_no_template_in_it_is_judged() -> None:
    write("web/Chart.yaml", text="name: web\n")
    write("web/templates/a.yaml", "web/templates/b.yaml", text="name: {{ .Values.name }}\n" + SERVICE)
    write("web/templates/plain.yaml")
    reading = Reading(["."])
    found = gather(reading, reading)
    (template,) = found.templates
    assert (template.spot.source.path, template.chart, template.documents) == ("web/Chart.yaml", True, 2)
    assert [resource.object.path for resource in found.resources] == ["web/templates/plain.yaml"]
    assert ("web", "templates") in found.gaps


def test_a_source_tells_its_folder() -> None:
    assert Source("a/b/c.yaml", b"").folder == ("a", "b")
    assert Source("c.yaml", b"").folder == ()
