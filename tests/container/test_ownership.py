"""Ownership: /app is appuser's, and the rest is not."""

from __future__ import annotations

import stat

from hullproof.facts import FileEntry
from hullproof.pytest_plugin import Container, Files

from .test_user import GID, UID


def test_app_and_all_below_belong_to_appuser(files: Files) -> None:
    """Owner and group, folders and files."""
    assert "/app/run.py" in files
    assert [file for file in files.below("/app") if (file.uid, file.gid) != (UID, GID)] == []


def test_nothing_is_world_writable(files: Files) -> None:
    """In the whole image. Folders with the sticky bit, such as /tmp, are not: there, each has only what is their own."""
    hidden = files.below("/dev")  # by the container's own
    assert [file for file in files.values() if _is_world_writable(file) and file not in hidden] == []


def test_appuser_owns_nothing_else(files: Files) -> None:
    """A board that is broken into cannot change the Python and the packages that it runs on."""
    elsewhere = set(files.values()) - set(files.below("/app")) - set(files.below("/data"))
    assert [file for file in elsewhere if file.uid == UID or file.gid == GID] == []


def test_data_is_for_appuser_and_for_group_0(hullproof_container: Container) -> None:
    """Group 0, as that is the group of a container that is run with any other uid; nobody else may look."""
    done = hullproof_container.exec("stat", "--format=%u:%g %a", "/data")
    assert (done.exit_code, done.stdout) == (0, f"{UID}:0 770\n")


def _is_world_writable(file: FileEntry) -> bool:
    """Whether any user may change it. Of a folder with the sticky bit, such as /tmp, nobody may."""
    if file.kind == "symlink" or (file.kind == "directory" and file.mode & stat.S_ISVTX):
        return False
    return bool(file.mode & stat.S_IWOTH)
