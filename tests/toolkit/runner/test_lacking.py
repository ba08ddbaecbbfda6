"""What a machine or an engine lacks ends a run with one line that has the way out, told once."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from hullproof.engine.connection import Engine
from hullproof.engine.registry import why_unreachable
from hullproof.errors import EngineError, MachineError, UsageError, lacking


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "/tmp/x"),
            "/tmp/x: no space is left on the disk: free some",
        ),
        (OSError(errno.EMFILE, "Too many open files"), "too many files are open: raise the limit"),
        (MemoryError(), "no memory is left"),
        (FileNotFoundError(2, "No usable temporary directory found in ['/x']"), "let TMPDIR name a folder"),
    ],
)
def test_what_the_machine_lacks_is_one_line_with_the_way_out(error: Exception, line: str) -> None:
    """Neither the project nor Hullproof can help it: exit code 3."""
    told = lacking(error)
    assert isinstance(told, MachineError)
    assert told.exit_code == 3
    assert line in str(told)


def test_an_engine_that_went_away_is_no_traceback() -> None:
    """Whatever the SDK and what is below it raise."""
    from docker.errors import DockerException  # noqa: PLC0415 - slow to import
    from requests.exceptions import ConnectionError as Gone  # noqa: PLC0415 - the same

    assert isinstance(lacking(DockerException("gone")), EngineError)
    assert isinstance(lacking(Gone("gone")), EngineError)


def test_other_errors_are_left_alone() -> None:
    """Ours pass as they are; a fault of the program shows where it is."""
    ours = UsageError("wrong")
    assert lacking(ours) is ours
    assert lacking(KeyError("x")) is None
    assert lacking(OSError(errno.ENOENT, "No such file", "x")) is None


@pytest.mark.engine
def test_a_missing_credential_helper_is_named(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker Desktop leaves it in docker's configuration when it goes."""
    (tmp_path / "config.json").write_text('{"credsStore": "not-there"}', encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    why = why_unreachable(engine, "registry.invalid")
    assert why is not None
    assert "docker's credential helper cannot be used" in why
    assert "credsStore" in why
