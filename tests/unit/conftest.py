"""A board of its own for each test, and reports to send to it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# The board is no installed package: it is run from where it lies, and so are its tests.
sys.path.insert(0, str(Path(__file__).parents[2]))

from app import database
from app.config import Settings
from tests.unit.client import BoardClient
from tests.unit.process import DEADLINE_S, Process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from httpx2 import Response

TOKEN = "a-made-up-token"


@pytest.fixture
def token() -> str:
    """Give the token that the board of this test takes uploads with."""
    return TOKEN


@pytest.fixture
def make_proof() -> Callable[..., dict[str, Any]]:
    """Make a proof with everything in it; each member can be given."""

    def make(verdict: str = "proven", **members: object) -> dict[str, Any]:
        proof = {
            "id": "workdir",
            "family": "guide",
            "title": "A working directory",
            "verdict": verdict,
            "summary": "Process 1 works in `/app`.",
            "evidence": [{"source": "container", "where": "/proc/1/cwd", "statement": "/app"}],
            "remedy": None if verdict == "proven" else "Write `WORKDIR /app`.",
            "duration_s": 0.25,
        }
        return proof | members

    return make


@pytest.fixture
def make_report(make_proof: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Make a valid report of a project; each member can be given."""

    def make(name: str = "web-shop", verdict: str = "proven", **members: object) -> dict[str, Any]:
        report = {
            "schema": "hullproof.report/1",
            "verdict": verdict,
            "project": {"name": name, "dockerfile": "Dockerfile", "target": "release"},
            "image": {
                "id": f"sha256:{'b' * 64}",
                "digest": None,
                "size_bytes": 117_000_000,
                "base": "python:3.10-slim",
                "base_is_stand_in": False,
            },
            "engine": {"name": "Docker Engine", "version": "26.1.5"},
            "hullproof_version": "0.1.0",
            "started_at": "2026-11-23T08:56:05Z",
            "duration_s": 42.5,
            "build_error": None,
            "left_out": [],
            "proofs": [make_proof(verdict)],
        }
        return report | members

    return make


@pytest.fixture
def make_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., BoardClient]]:
    """Make a client of a board on a fresh SQLite file; settings can be given."""
    # Most tests need not wait for the disk. Those that are about it start a process, or use the engine itself.
    monkeypatch.setattr(database, "PRAGMAS", ("journal_mode=WAL", "synchronous=OFF"))
    made: list[BoardClient] = []
    url = f"sqlite:///{tmp_path}/board.sqlite3"

    def make(**settings: Any) -> BoardClient:  # noqa: ANN401 - whatever Settings takes
        made.append(BoardClient(Settings(**({"database_url": url, "token": TOKEN} | settings))))
        return made[-1]

    yield make
    for client in made:
        client.store.close()


@pytest.fixture
def client(make_board: Callable[..., BoardClient]) -> BoardClient:
    """Give a client of a fresh board that takes uploads."""
    return make_board()


@pytest.fixture
def upload(client: BoardClient) -> Callable[..., Response]:
    """Send a report (JSON data, or the body as bytes) with the right token; headers can be given."""

    def send(report: object, **headers: Any) -> Response:  # noqa: ANN401 - text, or bytes that are none
        content = {"content": report} if isinstance(report, bytes) else {"json": report}
        given: dict[str, Any] = {
            "Authorization": f"Bearer {TOKEN}",
            "Content-Type": "application/json",
        }
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post("/api/reports", headers=given, **content)

    return send


@pytest.fixture
def start(tmp_path: Path, token: str) -> Iterator[Callable[..., Process]]:
    """Start boards, all on the same file; none outlives the test."""
    started: list[Process] = []

    def run(*, impatient: bool = False, **environ: str) -> Process:
        started.append(Process(tmp_path, token, impatient=impatient, **environ))
        return started[-1]

    yield run
    for board in started:
        board.process.kill()
        board.process.wait(DEADLINE_S)
