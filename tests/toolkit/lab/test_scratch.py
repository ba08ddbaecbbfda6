"""Scratch copies: faithful, cheap, and never a danger to what they were made from."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hullproof.facts import Unobservable
from hullproof.lab.copying import copy_tree
from hullproof.lab.scratch import Bench, needed, put, remove
from hullproof.owner import remove_tree
from hullproof.project.project import Project
from hullproof.run.run import Run

from ..rig import unprivileged

ALL = "FROM scratch\nCOPY . /\n"


@pytest.fixture
def run() -> Iterator[Run]:
    """Give a run, whose folder goes when the test is over."""
    with Run() as made:
        yield made


def project(folder: Path, dockerfile: str = ALL, ignore: str | None = None) -> Project:
    """Write a project and open it."""
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile)
    if ignore is not None:
        (folder / ".dockerignore").write_text(ignore)
    return Project.open(folder)


def test_modes_times_and_links_survive(tmp_path: Path) -> None:
    """What decides about the cache is the same in a copy: modes, times, where links lead."""
    source, target = tmp_path / "a", tmp_path / "b"
    (source / "bin").mkdir(parents=True)
    script = source / "bin" / "start.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o750)
    os.utime(script, ns=(10**18, 10**18))
    (source / "loop").symlink_to("loop")
    (source / "up").symlink_to("..")
    (source / "gone").symlink_to("no-such-file")
    (source / "bin").chmod(0o700)
    copy_tree(source, target)
    copied = (target / "bin" / "start.sh").stat()
    assert stat.S_IMODE(copied.st_mode) == 0o750
    assert copied.st_mtime_ns == 10**18
    assert stat.S_IMODE((target / "bin").stat().st_mode) == 0o700
    assert {path.name: str(path.readlink()) for path in target.iterdir() if path.is_symlink()} == {
        "loop": "loop",
        "up": "..",
        "gone": "no-such-file",
    }


def test_sockets_and_fifos_do_not_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fifo stays one, unread; a socket becomes an empty file, as it does in a build."""
    source, target = tmp_path / "a", tmp_path / "b"
    source.mkdir()
    os.mkfifo(source / "fifo")
    monkeypatch.chdir(source)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        copy_tree(source, target)
    assert stat.S_ISFIFO((target / "fifo").stat().st_mode)
    assert (target / "socket").read_bytes() == b""


def test_a_sparse_file_takes_no_more_room_than_it_has(tmp_path: Path) -> None:
    """It may say that it is larger than the disk; what it has is copied, where it stands."""
    source, target = tmp_path / "a", tmp_path / "b"
    source.mkdir()
    with (source / "endless").open("wb") as file:
        for at in (0, 1 << 30, 1 << 39):
            file.seek(at)
            file.write(b"data")
        file.truncate((1 << 40) - 1)
    copy_tree(source, target)
    copied = (target / "endless").stat()
    assert (copied.st_size, copied.st_blocks * 512 < 1 << 20) == ((1 << 40) - 1, True)
    with (target / "endless").open("rb") as file:
        for at in (0, 1 << 30, 1 << 39):
            file.seek(at)
            assert file.read(8) == b"data\0\0\0\0"


@pytest.mark.parametrize("missing", ["copy_file_range", "no_such_call"])
def test_bytes_are_copied_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """With the kernel's own call for it, and where there is none."""
    monkeypatch.delattr(os, missing, raising=False)
    source, target, content = tmp_path / "a", tmp_path / "b", os.urandom(3_000_000)
    source.mkdir()
    (source / "large").write_bytes(content)
    (source / "empty").touch()
    copy_tree(source, target)
    assert (target / "large").read_bytes() == content
    assert (target / "empty").read_bytes() == b""


def test_a_copy_has_an_upper_bound(tmp_path: Path) -> None:
    """Which the reason names, with the way out."""
    source = tmp_path / "a"
    source.mkdir()
    (source / "data").write_bytes(bytes(range(256)) * 100)
    with pytest.raises(Unobservable, match="TMPDIR"):
        copy_tree(source, tmp_path / "b", most=10_000)
    copy_tree(source, tmp_path / "c", most=100_000)


def test_nothing_is_written_through_a_link_out_of_a_copy(tmp_path: Path) -> None:
    """A folder of the project may be a link to anywhere, the project itself included."""
    tree, copy = tmp_path / "tree", tmp_path / "copy"
    (tree / "docker").mkdir(parents=True)
    (tree / "docker" / "Dockerfile").write_text("theirs")
    copy.mkdir()
    (copy / "docker").symlink_to(tree / "docker")
    for path in ("docker/Dockerfile", "docker/new/file", "docker/../../tree/file"):
        with pytest.raises(Unobservable, match="leads out"):
            put(copy, path, b"ours")
        with pytest.raises(Unobservable, match="leads out"):
            remove(copy, path)
    assert [path.name for path in tree.rglob("*")] == ["docker", "Dockerfile"]
    assert (tree / "docker" / "Dockerfile").read_text() == "theirs"


def test_unreadable_entries_stay_unreadable(open_folder: Path) -> None:
    """A build trips over an unreadable file just where it would have without us."""
    source, target = open_folder / "a", open_folder / "b"
    with unprivileged():
        (source / "closed").mkdir(parents=True)
        (source / "secret").write_text("x")
        (source / "secret").chmod(0)
        (source / "closed").chmod(0)
        copy_tree(source, target)
        modes = [stat.S_IMODE((target / name).stat().st_mode) for name in ("secret", "closed")]
        remove_tree(source)
        remove_tree(target)
    assert modes == [0, 0]
    assert list(open_folder.iterdir()) == []


def test_a_copy_of_a_read_only_project_can_be_changed(open_folder: Path) -> None:
    """Files are put, replaced and removed, also in new folders, and the folders keep the modes that the cache knows."""
    with unprivileged():
        tests = open_folder / "copy" / "tests"
        tests.mkdir(parents=True)
        (tests / "test_it.py").write_text("old")
        for path, mode in ((tests / "test_it.py", 0o444), (tests, 0o555), (tests.parent, 0o555)):
            path.chmod(mode)
        put(tests.parent, "tests/test_it.py", b"new")
        put(tests, "planted.py", b"")
        remove(tests, "planted.py")
        put(tests.parent, "deep/down/file", b"x")
    assert (tests / "test_it.py").read_text() == "new"
    assert [each.name for each in tests.iterdir()] == ["test_it.py"]
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (tests.parent, tests, tests / "test_it.py")]
    assert modes == [0o555, 0o555, 0o444]
    remove_tree(open_folder / "copy")


def test_users_files_are_neither_linked_nor_changed(tmp_path: Path, run: Run) -> None:
    """Link count, change time and content of the user's files are as before, whatever is done to a copy."""
    opened = project(tmp_path / "p")
    file = opened.folder / "app.py"
    file.write_text("print()\n")
    before = file.stat()
    bench = Bench(opened, run)
    first, second = bench.copy("one"), bench.copy("two")
    put(first, "app.py", b"changed")
    after = file.stat()
    assert (after.st_nlink, after.st_ctime_ns, after.st_mtime_ns) == (
        1,
        before.st_ctime_ns,
        before.st_mtime_ns,
    )
    assert file.read_text() == (second / "app.py").read_text() == "print()\n"


def test_put_keeps_a_files_mode(tmp_path: Path) -> None:
    """A mode that changed would make a step run again for no reason of ours."""
    file = tmp_path / "run.sh"
    file.write_text("old")
    file.chmod(0o755)
    put(tmp_path, "run.sh", b"new")
    assert (stat.S_IMODE(file.stat().st_mode), file.read_text()) == (0o755, "new")


def test_only_what_the_build_can_need_is_copied(tmp_path: Path) -> None:
    """Where the Dockerfile names its sources, nothing else is copied."""
    keep = needed(project(tmp_path / "p", "FROM scratch\nCOPY requirements.txt src/app /x/\n"))
    assert keep("requirements.txt")
    assert keep("src/app/main.py")
    assert keep("Dockerfile")
    assert keep(".dockerignore")
    assert not keep("data")


def test_plain_ignore_patterns_are_left_out(tmp_path: Path) -> None:
    """Names that the ignore file surely excludes are not copied; nested ones only where it says so."""
    keep = needed(project(tmp_path / "p", ALL, ".venv\n**/node_modules\n*.log\nsrc/x\n"))
    assert not keep(".venv")
    assert keep("src/.venv")
    assert not keep("src/node_modules")
    assert keep("a.log")
    assert keep("src/x")


def test_exceptions_make_every_pattern_doubtful(tmp_path: Path) -> None:
    """With a `!` line, what is excluded is the builder's to say."""
    assert needed(project(tmp_path / "p", ALL, ".venv\n!.venv/keep\n"))(".venv")


def test_linked_source_takes_everything_along(tmp_path: Path) -> None:
    """A COPY source that is a link leads elsewhere in the context."""
    folder = tmp_path / "p"
    (folder / "real").mkdir(parents=True)
    (folder / "app").symlink_to("real")
    assert needed(project(folder, "FROM scratch\nCOPY app/ /app/\n"))("real")


def test_dockerfile_that_is_a_link_is_there(tmp_path: Path, run: Run) -> None:
    """A Dockerfile linked from a folder that is not copied is written into the copy."""
    folder, dockerfile = tmp_path / "p", "FROM scratch\nCOPY app /app/\n"
    (folder / "deploy").mkdir(parents=True)
    (folder / "deploy" / "Dockerfile").write_text(dockerfile)
    (folder / "Dockerfile").symlink_to("deploy/Dockerfile")
    copy = Bench(Project.open(folder), run).copy("one")
    assert (copy / "Dockerfile").read_text() == dockerfile
    assert not (copy / "deploy").exists()


def test_temporary_folder_within_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scratch copies below the project itself are not copied into themselves."""
    opened = project(tmp_path / "p")
    (opened.folder / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(opened.folder / "tmp"))
    with Run() as made:
        copy = Bench(opened, made).copy("one")
        assert list((copy / "tmp").iterdir()) == []


@pytest.fixture
def many_places(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for very many files, the scratch folders of runs too: in memory where that is large enough."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 1_000_000_000
    folder = Path(tempfile.mkdtemp(prefix="hullproof-test-", dir=memory if roomy else None))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.slow
def test_many_files_are_cheap(many_places: Path, run: Run) -> None:
    """Copying 100,000 files once, and then by links: told, not judged, since disks differ."""
    opened = project(many_places / "p")
    for number in range(1000):
        folder = opened.folder / "data" / f"{number:04}"
        folder.mkdir(parents=True)
        for each in range(100):
            (folder / f"{each}.txt").touch()
    bench = Bench(opened, run)
    for name in ("first", "second"):
        started = time.monotonic()
        copy = bench.copy(name)
        print(f"{name} copy of 100,000 files: {time.monotonic() - started:.1f} s")  # noqa: T201 - a figure for whoever runs this with -s
    assert sum(len(files) for _, _, files in os.walk(copy)) == 100_001
