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
    assert settings == Settings(f"sqlite:///{tmp_path}/board.sqlite3")
    assert (settings.host, settings.port, settings.token, settings.keep) == ("0.0.0.0", 5000, None, None)  # noqa: S104 - expected


def test_everything_can_be_set(tmp_path: Path) -> None:
    """Then no volume is needed."""
    environ = {
        "BOARD_DATABASE_URL": "sqlite:///x.sqlite3",
        "BOARD_TOKEN": " secret\n",
        "BOARD_READ_TOKEN": "other",
        "BOARD_TOKENS": str(tmp_path / "tokens"),
        "BOARD_KEEP": "100",
        "BOARD_HOST": "127.0.0.1",
        "BOARD_PORT": "8080",
    }
    (tmp_path / "tokens").write_text(f"# ours\n\n{'a' * 64} web shop \n{'b' * 64}  other\n")
    settings = Settings.from_environ(environ, data_dir=tmp_path / "none")
    assert settings == Settings(
        database_url="sqlite:///x.sqlite3",
        token="secret",
        read_token="other",
        project_tokens={"a" * 64: "web shop", "b" * 64: "other"},
        keep=100,
        host="127.0.0.1",
        port=8080,
    )


def test_empty_is_unset(tmp_path: Path) -> None:
    """As compose files and shells pass on what they do not have; a blank token above all."""
    names = ("DATABASE_URL", "TOKENS", "KEEP", "HOST", "PORT")
    environ = dict.fromkeys([f"BOARD_{name}" for name in names], "")
    environ |= {"BOARD_TOKEN": " ", "BOARD_READ_TOKEN": " "}
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


@pytest.mark.parametrize("keep", ["0", "-1", "all"])
def test_a_number_of_reports_that_is_none_is_refused(tmp_path: Path, keep: str) -> None:
    """With what it was and what would be right."""
    with pytest.raises(ConfigurationError, match=r"BOARD_KEEP is .*from 1 to"):
        Settings.from_environ({"BOARD_KEEP": keep}, data_dir=tmp_path)


@pytest.mark.parametrize("text", ["web-shop", f"{'a' * 64}", f"{'A' * 64} web-shop", "secret web-shop"])
def test_a_file_of_tokens_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    """With the line, and without what is on it: that may be a token."""
    (tmp_path / "tokens").write_text(f"# ours\n{text}\n")
    with pytest.raises(ConfigurationError, match=r"tokens:2: expected") as caught:
        Settings.from_environ({"BOARD_TOKENS": str(tmp_path / "tokens")}, data_dir=tmp_path)
    assert text not in str(caught.value)


def test_a_file_of_tokens_that_is_missing_is_named(tmp_path: Path) -> None:
    """One line."""
    with pytest.raises(ConfigurationError, match=r"BOARD_TOKENS names .*none.* cannot be read"):
        Settings.from_environ({"BOARD_TOKENS": str(tmp_path / "none")}, data_dir=tmp_path)


def test_the_token_never_shows() -> None:
    """Not even where settings are printed."""
    shown = repr(Settings("sqlite:///x", token="secret", read_token="secret", project_tokens={"secret": "x"}))
    assert "secret" not in shown
