"""The two questions that orchestrators ask: whether the process lives, and whether it can do its work."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint

from app.board import board
from app.store import StoreUnavailableError

blueprint = Blueprint("probes", __name__)

_UNCACHED = {"Cache-Control": "no-store"}


@blueprint.get("/healthz")
def alive() -> tuple[dict[str, str], int, dict[str, str]]:
    """Answer 200 as long as the process can answer at all. The store is not asked."""
    return {"status": "ok"}, HTTPStatus.OK, _UNCACHED


@blueprint.get("/readyz")
def ready() -> tuple[dict[str, str], int, dict[str, str]]:
    """Answer 200 when the store takes a write, made on the spot; 503 with the reason when it does not."""
    try:
        board().store.check_writable()
    except StoreUnavailableError as error:
        return {"status": "unavailable", "reason": str(error)}, HTTPStatus.SERVICE_UNAVAILABLE, _UNCACHED
    return {"status": "ok"}, HTTPStatus.OK, _UNCACHED
