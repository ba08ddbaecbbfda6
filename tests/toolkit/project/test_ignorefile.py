"""Which ignore file is in effect, and its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullproof.project import ignorefile

if TYPE_CHECKING:
    from pathlib import Path


def test_patterns_keep_their_lines() -> None:
    """Comments and blank lines do not count; exceptions are told apart."""
    got = ignorefile.patterns("# all\n*\r\n\n  !app  \n #not a comment\n! run.py\n")
    assert [(p.text, p.line, p.exception) for p in got] == [
        ("*", 2, False),
        ("app", 4, True),
        ("#not a comment", 5, False),
        ("run.py", 6, True),
    ]


def test_the_dockerfile_s_own_file_comes_first(tmp_path: Path) -> None:
    """BuildKit prefers `<Dockerfile>.dockerignore` beside the Dockerfile."""
    docker = tmp_path / "docker"
    docker.mkdir()
    (tmp_path / ".dockerignore").write_text(".git\n")
    common = ignorefile.find(tmp_path, "docker/Api.Dockerfile")
    assert common is not None
    assert (common.name, common.overrides) == (".dockerignore", None)
    (docker / "Api.Dockerfile.dockerignore").write_text("*\n!app\n")
    own = ignorefile.find(tmp_path, "docker/Api.Dockerfile")
    assert own is not None
    assert (own.name, own.overrides) == ("docker/Api.Dockerfile.dockerignore", ".dockerignore")
    assert (own.is_allow_list, [p.text for p in own.exceptions]) == (True, ["app"])


def test_a_misplaced_file_is_none(tmp_path: Path) -> None:
    """One beside a Dockerfile in another folder, under the common name, is read by nobody."""
    docker = tmp_path / "docker"
    docker.mkdir()
    (docker / ".dockerignore").write_text("*\n")
    assert ignorefile.find(tmp_path, "docker/Dockerfile") is None
    assert ignorefile.find(tmp_path, "Dockerfile") is None


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    """It is no part of the first pattern."""
    (tmp_path / ".dockerignore").write_bytes(b"\xef\xbb\xbf.git\n\xe4\n")
    got = ignorefile.find(tmp_path, "Dockerfile")
    assert got is not None
    assert got.patterns[0].text == ".git"
