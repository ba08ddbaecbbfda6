"""The user: not root, and nothing that would make it root."""

from __future__ import annotations

import stat
from typing import Any

from hullproof.facts import ContainerFacts
from hullproof.pytest_plugin import Container, Files

UID = GID = 10001


def test_every_process_runs_as_appuser(kernel: ContainerFacts) -> None:
    """All of uid 10001 and gid 10001, real, effective, saved and file system, and in no other group."""
    assert kernel.processes
    for process in kernel.processes:
        assert process.uids == (UID,) * 4, process
        assert process.gids == (GID,) * 4, process
        assert set(process.groups) <= {GID}, process


def test_no_process_has_a_capability(kernel: ContainerFacts) -> None:
    """None in effect, none to take up, none to hand on."""
    for process in kernel.processes:
        held = {name: process.capabilities[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")}
        assert not any(held.values()), process


def test_the_image_says_so_too(config: dict[str, Any]) -> None:
    """The configuration names the user, so that nobody has to ask for it at run time."""
    assert config["User"] == "10001:10001"


def test_the_account_is_good_for_nothing_else(hullproof_container: Container) -> None:
    """It has fixed numbers, no shell, no home and no password."""
    accounts = _table(hullproof_container, "/etc/passwd")
    _, _, uid, gid, _, home, shell = accounts["appuser"]
    assert (int(uid), int(gid)) == (UID, GID)
    assert shell.endswith(("/nologin", "/false"))
    assert hullproof_container.exec("test", "-e", home).exit_code == 1, f"{home} exists"
    assert _table(hullproof_container, "/etc/shadow")["appuser"][1].startswith(("!", "*"))


def test_no_other_account_shares_its_number(hullproof_container: Container) -> None:
    """Root is the only uid 0, and appuser the only uid 10001."""
    accounts = _table(hullproof_container, "/etc/passwd")
    assert sorted(name for name, fields in accounts.items() if fields[2] in {"0", str(UID)}) == [
        "appuser",
        "root",
    ]


def test_no_program_hands_out_root_to_the_board(files: Files) -> None:
    """What the image adds to its base holds no set-uid or set-gid program."""
    added = [*files.below("/app"), *files.below("/opt")]
    assert added
    assert [file for file in added if file.mode & (stat.S_ISUID | stat.S_ISGID)] == []


def _table(container: Container, path: str) -> dict[str, list[str]]:
    """Read a table of accounts: name to fields."""
    lines = container.files.read(path).decode().splitlines()
    return {line.split(":")[0]: line.split(":") for line in lines}
