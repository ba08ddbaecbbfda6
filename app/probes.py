"""The two questions that orchestrators ask: whether the process lives, and whether it can do its work.

Each has a thread of its own (see `app.server`), so that no request, and no database, can hold up the answer.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint

from app.board import board

blueprint = Blueprint("probes", __name__)

ALIVE, READY = "/healthz", "/readyz"

_UNCACHED = {"Cache-Control": "no-store"}


@blueprint.get(ALIVE)
def alive() -> tuple[dict[str, str], int, dict[str, str]]:
    """Answer 200 as long as the process can answer at all. The store is not asked."""
    return {"status": "ok"}, HTTPStatus.OK, _UNCACHED


@blueprint.get(READY)
def ready() -> tuple[dict[str, str], int, dict[str, str]]:
    """Answer 200 when the store takes a write, made on the spot; 503 with the reason when it does not, or not in time."""
    reason = board().readiness.ask()
    if reason is not None:
        return {"status": "unavailable", "reason": reason}, HTTPStatus.SERVICE_UNAVAILABLE, _UNCACHED
    return {"status": "ok"}, HTTPStatus.OK, _UNCACHED
