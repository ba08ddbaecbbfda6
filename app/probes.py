"""The two questions that orchestrators ask: whether the process lives, and whether it can do its work.

Neither waits for a thread that others use, so that no request, and no database, can hold up the answer.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from http import HTTPStatus
from time import monotonic

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.store import Store, StoreUnavailableError

ALIVE, READY = "/healthz", "/readyz"

DEADLINE_S = 1.5
"""How long a check of the store may take, from its beginning. `app.health` waits for 2 seconds."""

_UNCACHED = {"Cache-Control": "no-store"}


class Readiness:
    """Asks the store. At most one question is open at a time: whoever comes meanwhile hears its answer, too."""

    def __init__(self, store: Store) -> None:
        """Ask nothing yet."""
        self._store = store
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readiness")
        self._asked: Future[str | None] | None = None
        self._since = 0.0

    async def ask(self) -> str | None:
        """Return None when the store takes a write, else why it does not."""
        if self._asked is None or self._asked.done():
            self._asked, self._since = self._thread.submit(self._check), monotonic()
        answer = asyncio.wrap_future(self._asked)
        left_s = max(0.0, self._since + DEADLINE_S - monotonic())
        done, _ = await asyncio.wait([answer], timeout=left_s)
        return (
            answer.result() if done else f"the store has not answered for {monotonic() - self._since:.1f} s"
        )

    def _check(self) -> str | None:
        try:
            self._store.check_writable()
        except StoreUnavailableError as error:
            return str(error)
        return None


async def alive(_request: Request) -> Response:
    """Answer 200 as long as the process can answer at all. The store is not asked."""
    return JSONResponse({"status": "ok"}, headers=_UNCACHED)


async def ready(request: Request) -> Response:
    """Answer 200 when the store takes a write, made on the spot; 503 with the reason when it does not, or not in time."""
    reason = await request.app.state.readiness.ask()
    if reason is not None:
        answer = {"status": "unavailable", "reason": reason}
        return JSONResponse(answer, HTTPStatus.SERVICE_UNAVAILABLE, headers=_UNCACHED)
    return JSONResponse({"status": "ok"}, headers=_UNCACHED)
