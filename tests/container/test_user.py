"""The user: not root, and nothing that would make it root."""

from __future__ import annotations

import stat
from typing import Any

from .board import Board, File, Kernel

UID = GID = 10001


def test_every_process_runs_as_appuser(kernel: Kernel) -> None:
    """All of uid 10001 and gid 10001, real, effective, saved and file system, and in no other group."""
    assert kernel.processes
    for process in kernel.processes:
        assert process.uids == [UID] * 4, process
        assert process.gids == [GID] * 4, process
        assert set(process.groups) <= {GID}, process


def test_no_process_has_a_capability(kernel: Kernel) -> None:
    """None in effect, none to take up, none to hand on."""
    for process in kernel.processes:
        held = {name: process.capabilities[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")}
        assert not any(held.values()), process


def test_the_image_says_so_too(config: dict[str, Any]) -> None:
    """The configuration names the user, so that nobody has to ask for it at run time."""
    assert config["User"] == "appuser"


def test_the_account_is_good_for_nothing_else(board: Board) -> None:
    """It has fixed numbers, no shell, no home and no password."""
    _, passwd = board.run("cat", "/etc/passwd")
    _, shadow = board.run("cat", "/etc/shadow", user="0")
    accounts = {line.split(":")[0]: line.split(":") for line in passwd.splitlines()}
    _, _, uid, gid, _, home, shell = accounts["appuser"]
    assert (int(uid), int(gid)) == (UID, GID)
    assert shell.endswith(("/nologin", "/false"))
    assert board.run("test", "-e", home)[0] == 1, f"{home} exists"
    passwords = {line.split(":")[0]: line.split(":")[1] for line in shadow.splitlines()}
    assert passwords["appuser"].startswith(("!", "*"))


def test_no_other_account_shares_its_number(board: Board) -> None:
    """Root is the only uid 0, and appuser the only uid 10001."""
    _, passwd = board.run("cat", "/etc/passwd")
    names = [line.split(":")[0] for line in passwd.splitlines() if line.split(":")[2] in {"0", str(UID)}]
    assert sorted(names) == ["appuser", "root"]


def test_no_program_hands_out_root_to_the_board(files: list[File]) -> None:
    """What the image adds to its base holds no set-uid or set-gid program."""
    added = [file for file in files if file.is_below("/app") or file.is_below("/opt")]
    assert [str(file) for file in added if file.mode & (stat.S_ISUID | stat.S_ISGID)] == []
