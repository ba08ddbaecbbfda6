"""Settings from the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.config import ConfigurationError, Settings

if TYPE_CHECKING:
    from pathlib import Path


def test_a_container_with_a_volume_needs_nothing_set(tmp_path: Path) -> None:
    """SQLite on the volume, port 5000 on all interfaces, and no uploads."""
    settings = Settings.from_environ({}, data_dir=tmp_path)
    assert settings == Settings(f"sqlite:///{tmp_path}/board.sqlite3", None, "0.0.0.0", 5000)  # noqa: S104 - expected


def test_everything_can_be_set(tmp_path: Path) -> None:
    """Then no volume is needed."""
    environ = {
        "BOARD_DATABASE_URL": "sqlite:///x.sqlite3",
        "BOARD_TOKEN": " secret\n",
        "BOARD_HOST": "127.0.0.1",
        "BOARD_PORT": "8080",
    }
    settings = Settings.from_environ(environ, data_dir=tmp_path / "none")
    assert settings == Settings("sqlite:///x.sqlite3", "secret", "127.0.0.1", 8080)


def test_empty_is_unset(tmp_path: Path) -> None:
    """As compose files and shells pass on what they do not have; a blank token above all."""
    environ = {"BOARD_DATABASE_URL": "", "BOARD_TOKEN": " ", "BOARD_HOST": "", "BOARD_PORT": ""}
    assert Settings.from_environ(environ, data_dir=tmp_path) == Settings.from_environ({}, data_dir=tmp_path)


def test_without_a_volume_it_says_what_to_set(tmp_path: Path) -> None:
    """One line, with an example."""
    with pytest.raises(ConfigurationError, match=r"set BOARD_DATABASE_URL, for example .*sqlite:///"):
        Settings.from_environ({}, data_dir=tmp_path / "none")


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "5000.0", "²"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str) -> None:
    """With what it was and what would be right."""
    with pytest.raises(ConfigurationError, match=r"BOARD_PORT is .*from 1 to 65535"):
        Settings.from_environ({"BOARD_PORT": port}, data_dir=tmp_path)


def test_the_token_never_shows() -> None:
    """Not even where settings are printed."""
    assert "secret" not in repr(Settings("sqlite:///x", "secret"))
