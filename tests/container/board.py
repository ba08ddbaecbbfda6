"""A release board in a container, as the tests see it: over HTTP, whoever started it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

TOKEN = "a-made-up-token"
PORT = 5000
DEADLINE_S = 15.0
POLL_S = 0.05


@dataclass(frozen=True)
class Board:
    """A board at an address."""

    url: str

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 80

    def get(self, path: str) -> requests.Response:
        """Ask for a page."""
        return self._ask("GET", path)

    def upload(
        self, report: dict[str, Any], authorization: str | None = f"Bearer {TOKEN}"
    ) -> requests.Response:
        """Send a report."""
        headers = {} if authorization is None else {"Authorization": authorization}
        return self._ask("POST", "/api/reports", json=report, headers=headers)

    def door(self) -> str:
        """Tell whether a new connection is served: `open` or `closed`."""
        try:
            self.get("/healthz")
        except requests.RequestException:
            return "closed"
        return "open"

    def _ask(self, method: str, path: str, **more: Any) -> requests.Response:  # noqa: ANN401 - of requests
        with requests.Session() as http:
            http.trust_env = False  # whatever proxy this machine has to use for others
            return http.request(method, self.url + path, timeout=DEADLINE_S, **more)


def wait_for(what: str, seen: Callable[[], str], wanted: str, deadline_s: float) -> None:
    """Wait until `seen` gives what is wanted; fail, with what was seen last, when it never does."""
    end = time.monotonic() + deadline_s
    while (last := seen()) != wanted:
        if time.monotonic() > end:
            pytest.fail(f"waited {deadline_s:g} s for {what} {wanted!r}, last seen: {last!r}")
        time.sleep(POLL_S)


def report(project: str) -> dict[str, Any]:
    """Make a report that the board takes."""
    return {
        "schema": "hullproof.report/1",
        "verdict": "proven",
        "project": {"name": project, "dockerfile": "Dockerfile"},
        "image": None,
        "engine": None,
        "hullproof_version": "0.1.0",
        "started_at": "2026-11-23T08:56:05Z",
        "duration_s": 42.5,
        "build_error": None,
        "left_out": [],
        "proofs": [
            {
                "id": "workdir",
                "family": "guide",
                "title": "A working directory",
                "verdict": "proven",
                "summary": "Process 1 works in /app.",
                "evidence": [{"source": "container", "where": "/proc/1/cwd", "statement": "/app"}],
                "remedy": None,
                "duration_s": 0.25,
            }
        ],
    }
