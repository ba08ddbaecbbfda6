"""The JSON interface: put reports in, get them out."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request, url_for

from app import bearer, intake
from app.board import board
from app.fault import Fault
from app.paging import Page, page_from
from app.problems import ProblemError

if TYPE_CHECKING:
    from app.tables import Entry

blueprint = Blueprint("api", __name__, url_prefix="/api")

LARGEST_UPLOAD = 2 * 1024 * 1024


@blueprint.post("/reports")
def upload() -> tuple[dict[str, str], int, dict[str, str]]:
    """Keep the report in the body. 201 with its id and address; 200 with the same when it was there."""
    _require_token()
    _require_json()
    try:
        report = intake.read(_upload_body())
    except Fault as fault:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST,
            f"{fault.pointer or 'The document'} {fault.detail}.",
            pointer=fault.pointer,
        ) from None
    is_new = board().store.add(report)
    url = url_for("pages.report", report_id=report.id)
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return {"id": report.id, "url": url}, status, {"Location": url, "Cache-Control": "no-store"}


@blueprint.get("/reports")
def reports() -> dict[str, object]:
    """List reports, newest first.

    `?project=` keeps to one project, `?limit=` (1 to 100, 50 when left out) sets the size of a page. `next`
    is the address of the next page, or null on the last.
    """
    wanted = page_from(request.args)
    project = request.args.get("project")
    entries = board().store.page(limit=wanted.limit + 1, before=wanted.before, project=project)
    page = Page.of(entries, wanted)
    return {
        "reports": [_entry(entry) for entry in page.entries],
        "next": page.next_url("api.reports", project=project),
    }


@blueprint.get("/reports/<report_id>")
def report(report_id: str) -> Response:
    """Return one report as JSON, valid against the schema of `hullproof.report/1`."""
    body = board().store.body(report_id)
    if body is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "There is no report with this id.")
    response = Response(body, mimetype="application/json")
    response.set_etag(report_id)
    # An id names its content, so what it stands for never changes.
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _entry(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "project": entry.project,
        "verdict": entry.verdict,
        "counts": entry.counts,
        "started_at": entry.started_at,
        "received_at": entry.received_at,
        "url": url_for("pages.report", report_id=entry.id),
    }


def _require_token() -> None:
    expected = board().settings.token
    if expected is None:
        raise ProblemError(
            HTTPStatus.FORBIDDEN, "This board takes no uploads: BOARD_TOKEN is not set where it runs."
        )
    if not bearer.is_right(request.headers.get("Authorization", ""), expected):
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED,
            "Uploads need the board's token: send the header 'Authorization: Bearer TOKEN'.",
            headers={"WWW-Authenticate": 'Bearer realm="release board"'},
        )


def _require_json() -> None:
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if request.mimetype != "application/json" or charset != "utf-8" or encoding != "identity":
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "A report is sent as application/json, in UTF-8, not compressed.",
            headers={"Accept": "application/json"},
        )


def _upload_body() -> bytes:
    too_large = ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A report has at most {LARGEST_UPLOAD} bytes (2 MiB)."
    )
    if (request.content_length or 0) > LARGEST_UPLOAD:
        raise too_large
    data = request.stream.read(LARGEST_UPLOAD + 1)
    if len(data) > LARGEST_UPLOAD:
        raise too_large
    return data
