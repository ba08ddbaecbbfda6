"""Errors as answers: problem details (RFC 9457) under `/api/`, a page elsewhere, never a traceback."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.rendering import rendered_problem
from app.store import StoreUnavailableError

log = logging.getLogger("board")

_DETAILS = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address cannot be used with this method.",
}


class ProblemError(Exception):
    """A request that cannot be served. `detail` is shown to whoever sent it.

    `extra` joins the members of the problem details, `headers` those of the answer.
    """

    def __init__(
        self, status: HTTPStatus, detail: str, *, headers: dict[str, str] | None = None, **extra: object
    ) -> None:
        """Make the problem; raising it ends the request."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}
        self.extra = extra


def not_found(detail: str) -> ProblemError:
    """Return a 404."""
    return ProblemError(HTTPStatus.NOT_FOUND, detail)


def busy(detail: str) -> ProblemError:
    """Return a 503 that says when to come again."""
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "5"})


def mistake() -> ProblemError:
    """Return the 500 for what is the board's own fault."""
    return ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, "The board made a mistake. Its log says more.")


def answer(request: Request, problem: ProblemError) -> Response:
    """Return a problem in the form that fits the address."""
    path = request.scope["path"]
    if path == "/api" or path.startswith("/api/"):
        members = {
            "title": problem.status.phrase,
            "status": problem.status.value,
            "detail": problem.detail,
            **problem.extra,
        }
        response = Response(json.dumps(members), media_type="application/problem+json")
        response.status_code = problem.status
    else:
        response = rendered_problem(request, problem.status, problem.status.phrase, problem.detail)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(problem.headers)
    return response


def _from_starlette(request: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    detail = _DETAILS.get(status) or error.detail
    return answer(request, ProblemError(status, detail, headers=dict(error.headers or {})))


def _from_store(request: Request, error: StoreUnavailableError) -> Response:
    log.error("%s", error)
    return answer(request, busy(f"{error}."))


HANDLERS: dict[Any, Any] = {
    ProblemError: answer,
    HTTPException: _from_starlette,
    StoreUnavailableError: _from_store,
}
