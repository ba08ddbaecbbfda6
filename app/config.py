"""Settings, all from the environment, each checked once, at the start."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA_DIR = Path("/data")
HIGHEST_PORT = 65535


class ConfigurationError(Exception):
    """A setting that can never work. The message is one line: what, where, and what would be right."""


@dataclass(frozen=True)
class Settings:
    """What can be set. `token` is None when uploads are to be refused; it never shows in a repr."""

    database_url: str
    token: str | None = field(default=None, repr=False)
    host: str = "0.0.0.0"  # noqa: S104 - a container's port is published from outside its loopback
    port: int = 5000

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ, data_dir: Path = DATA_DIR) -> Settings:
        """Return the settings that `environ` asks for.

        Variables: `BOARD_DATABASE_URL`, `BOARD_TOKEN`, `BOARD_HOST`, `BOARD_PORT`; an empty one counts as
        unset. Raises `ConfigurationError`.
        """
        return cls(
            database_url=environ.get("BOARD_DATABASE_URL") or _default_url(data_dir),
            token=environ.get("BOARD_TOKEN", "").strip() or None,
            host=environ.get("BOARD_HOST") or cls.host,
            port=port_from(environ),
        )


def port_from(environ: Mapping[str, str]) -> int:
    """Return the port that `environ` asks for, 5000 by default. Raises `ConfigurationError`."""
    text = environ.get("BOARD_PORT") or str(Settings.port)
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= HIGHEST_PORT):
        raise ConfigurationError(f"BOARD_PORT is {text!r}: it must be a number from 1 to {HIGHEST_PORT}")
    return int(text)


def _default_url(data_dir: Path) -> str:
    if not data_dir.is_dir():
        raise ConfigurationError(
            f"there is no {data_dir} to keep reports in: set BOARD_DATABASE_URL, "
            "for example BOARD_DATABASE_URL=sqlite:///board.sqlite3"
        )
    return f"sqlite:///{data_dir}/board.sqlite3"
