"""Databases of each kind that the board takes, for boards as the unit tests have them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# The board is no installed package: it is run from where it lies, and so are its tests.
sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.board.postgres import Server
from tests.unit.conftest import client, make_board, make_proof, make_report, start, token

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["client", "make_board", "make_proof", "make_report", "start", "token"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Give a PostgreSQL server of our own; without one there is nothing to test."""
    try:
        server = Server()
    except LookupError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"in CI, tests need PostgreSQL: {error}", pytrace=False)
        pytest.skip(str(error))
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give an empty database of each kind that the board takes."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/board.sqlite3"
    server: Server = request.getfixturevalue("postgres")
    return server.url(server.fresh_database())
