"""The store: what it keeps, and what it says when it cannot."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from app.config import ConfigurationError
from app.database import engine_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from httpx2 import Response

    from tests.unit.client import BoardClient

    Make = Callable[..., dict[str, Any]]
    Upload = Callable[..., Response]


def test_reports_survive_a_restart(
    upload: Upload, make_board: Callable[..., BoardClient], make_report: Make
) -> None:
    """A second board on the same file shows what the first was sent."""
    report_id = upload(make_report()).json()["id"]
    assert make_board().get(f"/api/reports/{report_id}").status_code == 200


def test_a_clean_stop_leaves_one_file(
    upload: Upload, client: BoardClient, make_report: Make, tmp_path: Path
) -> None:
    """SQLite's log is folded back, so that the one file can be copied."""
    upload(make_report())
    client.store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["board.sqlite3"]


def test_sqlite_waits_for_the_disk(tmp_path: Path) -> None:
    """Write-ahead log with synchronous=FULL (2), on each connection: a commit is on the disk."""
    engine = engine_for(f"sqlite:///{tmp_path}/x.sqlite3")
    with engine.connect() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        ]
    engine.dispose()
    assert pragmas == ["wal", 2]


@pytest.mark.parametrize("address", ["/", "/api/reports", "/api/reports/x", "/badge/x.svg", "/reports/x"])
def test_without_a_store_nothing_is_served(
    make_board: Callable[..., BoardClient], tmp_path: Path, address: str
) -> None:
    """503 with the reason and when to come again, in the form that fits."""
    app = make_board(database_url=f"sqlite:///{tmp_path}/missing/board.sqlite3")
    answer = app.get(address)
    assert answer.status_code == 503
    assert "unable to open database file" in answer.text
    assert "Retry-After" in answer.headers
    assert (answer.headers["Content-Type"] == "application/problem+json") is address.startswith("/api/")


def test_ready_and_alive(client: BoardClient) -> None:
    """Both, when all is well."""
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}


def test_alive_but_not_ready_until_the_store_comes(
    make_board: Callable[..., BoardClient], tmp_path: Path
) -> None:
    """The process needs no restart when the store comes up after it."""
    folder = tmp_path / "volume"
    client = make_board(database_url=f"sqlite:///{folder}/board.sqlite3")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
    assert "unable to open" in answer.json()["reason"]
    assert client.get("/healthz").status_code == 200
    folder.mkdir()
    assert client.get("/readyz").status_code == 200


def test_a_store_that_can_only_be_read_is_not_ready(
    upload: Upload, make_board: Callable[..., BoardClient], make_report: Make, tmp_path: Path
) -> None:
    """What is asked is a write. What can be read is still shown, and an upload is told to come again."""
    assert upload(make_report("web-shop")).status_code == 201
    app = make_board(database_url=f"sqlite:///file:{tmp_path}/board.sqlite3?mode=ro&uri=true")
    answer = app.get("/readyz")
    assert answer.status_code == 503
    assert "readonly" in answer.json()["reason"]
    assert "web-shop" in app.get("/").text


def test_many_may_ask_at_once(make_board: Callable[..., BoardClient]) -> None:
    """Whether it is ready, of a board that has never been asked, too."""
    app = make_board()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: app.get("/readyz").status_code, range(24)))
    assert answers == [200] * 24


def test_a_file_that_is_no_database_is_not_ready(
    make_board: Callable[..., BoardClient], tmp_path: Path
) -> None:
    """503, and the file is left as it was."""
    path = tmp_path / "board.sqlite3"
    path.write_bytes(b"something else" * 100)
    answer = make_board().get("/readyz")
    assert answer.status_code == 503
    assert "not a database" in answer.json()["reason"]
    assert path.read_bytes() == b"something else" * 100


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:///file::memory:?uri=true", "in memory"),
        ("sqlite:///file:x?mode=memory&uri=true", "in memory"),
        ("board.sqlite3", "must look like"),
        ("nosuch://x:secret@y/z", "must look like"),
        ("postgresql://x:secret@host:port/z", "must look like"),
        ("postgresql+psycopg2://x:secret@y/z", "postgresql+psycopg://"),
        ("mysql+pymysql://x:secret@y/z", "must look like"),
    ],
)
def test_a_url_that_can_never_work_is_refused(url: str, message: str) -> None:
    """At once, in one line, without the password that it may hold."""
    with pytest.raises(ConfigurationError) as caught:
        engine_for(url)
    assert message in str(caught.value)
    assert "BOARD_DATABASE_URL" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, in one line."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(
        ConfigurationError, match="needs the Python package 'psycopg', which is not installed"
    ):
        engine_for("postgresql+psycopg://x:secret@y/z")
