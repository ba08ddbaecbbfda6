"""Reading what a project provides: files within it, and nothing that only looks like one."""

from __future__ import annotations

import os
import re
import socket
import time
from pathlib import Path

import pytest

from hullproof.project import projectfiles
from hullproof.project.projectfiles import LARGEST, ProjectFileError, is_file, read, read_if_any, text


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project, beside something that is none of its."""
    (tmp_path / "outside").write_text("a secret of the host")
    (tmp_path / "project" / "docker").mkdir(parents=True)
    (tmp_path / "project" / "docker" / "Dockerfile").write_text("FROM scratch\n")
    return tmp_path / "project"


def refusal(folder: Path, path: str) -> str:
    """Return the line with which a file is refused, in next to no time."""
    started = time.monotonic()
    with pytest.raises(ProjectFileError) as caught:
        read(folder, path)
    assert time.monotonic() - started < 1
    assert "\n" not in str(caught.value)
    assert (is_file(folder, path), text(folder, path)) == (False, "")
    return str(caught.value)


def test_files_and_links_within_the_project_are_read(project: Path) -> None:
    """However the link is written, and also where the project's own folder is reached by one."""
    (project / "Dockerfile").symlink_to("docker/Dockerfile")
    (project / "absolute").symlink_to(project / "Dockerfile")
    project.with_name("linked").symlink_to(project)
    for folder in (project, project.with_name("linked")):
        for path in ("Dockerfile", "absolute", "docker/Dockerfile", "docker/../Dockerfile"):
            assert read(folder, path) == b"FROM scratch\n"
            assert is_file(folder, path)


@pytest.mark.parametrize(
    "target", ["../outside", "/etc/hostname", "docker/../../outside", "/dev/zero", "/proc/self/environ"]
)
def test_what_leads_out_of_the_project_is_refused_and_not_shown(project: Path, target: str) -> None:
    """By a link, by a link of a folder above it, or by the path itself."""
    (project / "Dockerfile").symlink_to(target)
    (project / "up").symlink_to("..")
    for path in ("Dockerfile", "up/outside", "../outside"):
        assert refusal(project, path) == f"{path}: leads out of the project; put the file itself there"


def test_a_folder_whose_name_begins_alike_is_another_one(project: Path) -> None:
    """Paths are compared by their parts."""
    beside = project.with_name("project-of-others")
    beside.mkdir()
    (beside / "Dockerfile").write_text("x")
    (project / "Dockerfile").symlink_to(beside / "Dockerfile")
    assert "leads out of the project" in refusal(project, "Dockerfile")


def test_a_fifo_is_not_waited_for(project: Path) -> None:
    """It may have no writer, or one that never ends."""
    os.mkfifo(project / "Dockerfile")
    assert refusal(project, "Dockerfile") == (
        "Dockerfile: is a FIFO, not a file; put a file there, or nothing"
    )


def test_a_socket_and_a_folder_are_no_files(project: Path) -> None:
    """Each is called what it is."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(project / "Dockerfile"))
        assert "is a socket, not a file" in refusal(project, "Dockerfile")
    assert "is a folder, not a file" in refusal(project, "docker")
    assert read_if_any(project, "docker") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a device")
def test_a_device_is_not_opened(project: Path) -> None:
    """To open some of them is to use them."""
    os.mknod(project / "Dockerfile", 0o020666, os.makedev(1, 5))  # as /dev/zero
    assert "is a device, not a file" in refusal(project, "Dockerfile")


def test_a_file_without_end_is_refused_by_its_size(project: Path) -> None:
    """A sparse one takes no room on the disk, but would in memory."""
    (project / "Dockerfile").touch()
    os.truncate(project / "Dockerfile", 1 << 42)
    said = "Dockerfile: has more than 1,048,576 bytes, the most that is read; shorten it"
    with pytest.raises(ProjectFileError, match=re.escape(said)):
        read(project, "Dockerfile")
    os.truncate(project / "Dockerfile", LARGEST)
    assert len(read(project, "Dockerfile")) == LARGEST
    assert read(project, "docker/Dockerfile", largest=13) == b"FROM scratch\n"
    with pytest.raises(ProjectFileError, match="more than 12 bytes"):
        read(project, "docker/Dockerfile", largest=12)


def test_a_file_that_grows_while_it_is_read_is_bounded(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it said of its size is not relied on."""
    (project / "log").write_bytes(b"")
    monkeypatch.setattr(os, "read", lambda _descriptor, size: b"x" * size)
    with pytest.raises(ProjectFileError, match="has more than"):
        read(project, "log")


def test_a_file_that_comes_slowly_has_a_deadline(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filesystem may be far away."""

    def one_by_one(_descriptor: int, _size: int) -> bytes:
        time.sleep(0.02)
        return b"x"

    monkeypatch.setattr(projectfiles, "DEADLINE_S", 0.05)
    monkeypatch.setattr(os, "read", one_by_one)
    with pytest.raises(ProjectFileError, match="was not read within"):
        read(project, "docker/Dockerfile")


def test_what_is_not_there_is_told_apart(project: Path) -> None:
    """From a link that leads nowhere, which somebody made on purpose."""
    for path in ("missing", "docker/Dockerfile/below"):
        with pytest.raises(FileNotFoundError):
            read(project, path)
        assert read_if_any(project, path) is None
    (project / "link").symlink_to("missing")
    (project / "circle").symlink_to("circle")
    assert "leads nowhere" in refusal(project, "link")
    assert "circle" in refusal(project, "circle")


def test_a_nul_is_in_no_path(project: Path) -> None:
    """The system would not take it."""
    assert "NUL" in refusal(project, "Docker\0file")
