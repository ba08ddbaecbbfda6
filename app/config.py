"""Settings, all from the environment, each checked once, at the start."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DATA_DIR = Path("/data")
HIGHEST_PORT = 65535

_HASH = re.compile("[0-9a-f]{64}")


class ConfigurationError(Exception):
    """A setting that can never work. The message is one line: what, where, and what would be right."""


@dataclass(frozen=True)
class Settings:
    """What can be set. No token ever shows in a repr.

    `token` is the board's own, which may do everything; `project_tokens` holds hashes of those that may send reports of
    one project, with its name. Without either, uploads are refused. `read_token` is None when everyone may read.
    `keep` is how many reports of a project are kept, None for all.
    """

    database_url: str
    token: str | None = field(default=None, repr=False)
    read_token: str | None = field(default=None, repr=False)
    project_tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    keep: int | None = None
    host: str = "0.0.0.0"  # noqa: S104 - a container's port is published from outside its loopback
    port: int = 5000

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ, data_dir: Path = DATA_DIR) -> Settings:
        """Return the settings that `environ` asks for.

        Variables: `BOARD_DATABASE_URL`, `BOARD_TOKEN`, `BOARD_READ_TOKEN`, `BOARD_TOKENS` (a file), `BOARD_KEEP`,
        `BOARD_HOST`, `BOARD_PORT`; an empty one counts as unset. Raises `ConfigurationError`.
        """
        return cls(
            database_url=environ.get("BOARD_DATABASE_URL") or _default_url(data_dir),
            token=environ.get("BOARD_TOKEN", "").strip() or None,
            read_token=environ.get("BOARD_READ_TOKEN", "").strip() or None,
            project_tokens=_project_tokens(environ.get("BOARD_TOKENS") or ""),
            keep=_number(environ, "BOARD_KEEP", 1_000_000) if environ.get("BOARD_KEEP") else None,
            host=environ.get("BOARD_HOST") or cls.host,
            port=port_from(environ),
        )


def port_from(environ: Mapping[str, str]) -> int:
    """Return the port that `environ` asks for, 5000 by default. Raises `ConfigurationError`."""
    return _number(environ, "BOARD_PORT", HIGHEST_PORT) if environ.get("BOARD_PORT") else Settings.port


def _number(environ: Mapping[str, str], name: str, highest: int) -> int:
    text = environ[name]
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= highest):
        raise ConfigurationError(f"{name} is {text!r}: it must be a number from 1 to {highest}")
    return int(text)


def _project_tokens(path: str) -> dict[str, str]:
    """Read the file of project tokens: on each line a hash and a project's name. `python -m app.access` makes them."""
    if not path:
        return {}
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"BOARD_TOKENS names {path}, which cannot be read: {error}") from None
    found = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        hash_, _, project = line.strip().partition(" ")
        if not _HASH.fullmatch(hash_) or not project.strip():
            raise ConfigurationError(
                f"{path}:{number}: expected a token's hash and a project, as `python -m app.access PROJECT` prints them"
            )
        found[hash_] = project.strip()
    return found


def _default_url(data_dir: Path) -> str:
    if not data_dir.is_dir():
        raise ConfigurationError(
            f"there is no {data_dir} to keep reports in: set BOARD_DATABASE_URL, "
            "for example BOARD_DATABASE_URL=sqlite:///board.sqlite3"
        )
    return f"sqlite:///{data_dir}/board.sqlite3"
