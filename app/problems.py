"""Errors as answers: problem details (RFC 9457) under `/api/`, a page elsewhere, never a traceback."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import current_app, make_response, render_template, request
from werkzeug.exceptions import BadHost, HTTPException

from app.store import StoreUnavailableError

if TYPE_CHECKING:
    from flask import Flask, Response

log = logging.getLogger("board")

_NOT_FOUND = "There is nothing at this address."
_DETAILS = {
    HTTPStatus.NOT_FOUND: _NOT_FOUND,
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


def install_problems(app: Flask) -> None:
    """Make `app` answer every error in the form that fits the address."""
    app.register_error_handler(ProblemError, _answer)
    app.register_error_handler(HTTPException, _from_werkzeug)
    app.register_error_handler(BadHost, _from_bad_host)
    app.register_error_handler(StoreUnavailableError, _from_store)
    app.register_error_handler(Exception, _from_bug)


def _answer(problem: ProblemError) -> Response:
    if request.path.startswith("/api/") or request.path == "/api":
        members: dict[str, Any] = {
            "title": problem.status.phrase,
            "status": problem.status.value,
            "detail": problem.detail,
            **problem.extra,
        }
        response = make_response(current_app.json.dumps(members))
        response.mimetype = "application/problem+json"
    else:
        response = make_response(render_template("problem.html", problem=problem))
    response.status_code = problem.status
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(problem.headers)
    return response


def _from_werkzeug(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    if error.response is not None or status < HTTPStatus.BAD_REQUEST:  # a redirect is no problem
        response: Response = make_response(error.get_response())
        return response
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    detail = _DETAILS.get(status) or error.description or status.description
    return _answer(ProblemError(status, detail, headers=headers))


def _from_bad_host(_error: BadHost) -> Response:
    """Answer in plain text: without a host, Flask knows no address, and no page of ours can be put together."""
    response = make_response("The Host header names no host.\n", HTTPStatus.BAD_REQUEST)
    response.mimetype = "text/plain"
    return response


def _from_store(error: StoreUnavailableError) -> Response:
    log.error("%s", error)
    return _answer(ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, f"{error}.", headers={"Retry-After": "5"}))


def _from_bug(error: Exception) -> Response:
    log.error("unexpected error for %s", request.endpoint, exc_info=error)
    return _answer(
        ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, "The board made a mistake. Its log says more.")
    )
