"""Ownership: /app is appuser's, and the rest is not."""

from __future__ import annotations

from .board import Board, File
from .test_user import GID, UID


def test_app_and_all_below_belong_to_appuser(files: list[File]) -> None:
    """Owner and group, folders and files."""
    below = [file for file in files if file.is_below("/app")]
    assert "/app/run.py" in {str(file.path) for file in below}
    assert [str(file) for file in below if (file.uid, file.gid) != (UID, GID)] == []


def test_nothing_is_world_writable(files: list[File]) -> None:
    """In the whole image. Folders with the sticky bit, such as /tmp, are not: there, each has only what is their own."""
    assert [str(file) for file in files if file.is_world_writable] == []


def test_appuser_owns_nothing_else(files: list[File]) -> None:
    """A board that is broken into cannot change the Python and the packages that it runs on."""
    elsewhere = [file for file in files if not file.is_below("/app") and not file.is_below("/data")]
    assert [str(file) for file in elsewhere if file.uid == UID or file.gid == GID] == []


def test_data_is_for_appuser_and_for_group_0(board: Board) -> None:
    """Group 0, as that is the group of a container that is run with any other uid; nobody else may look."""
    assert board.run("stat", "--format=%u:%g %a", "/data") == (0, f"{UID}:0 770\n")
