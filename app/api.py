"""The JSON interface: put reports in, get them out, delete them. `openapi.json` describes it."""

from __future__ import annotations

import json
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import reports as uploads
from app.access import Access
from app.paging import page_from
from app.problems import ProblemError, not_found
from app.store import Store
from app.tables import Entry

LARGEST_UPLOAD = 2 * 1024 * 1024

_HERE = Path(__file__).parent


class Reports(HTTPEndpoint):
    """`/api/reports`: all reports."""

    async def post(self, request: Request) -> Response:
        """Keep the report in the body. 201 with its id and address; 200 with the same when it was there."""
        uploader = _access(request).uploader(request)  # before anything of the body is read
        _require_json(request)
        body = await _body(request)
        return await run_in_threadpool(_keep, _store(request), uploader, body)

    def get(self, request: Request) -> Response:
        """List reports, newest first.

        `?project=` keeps to one project, `?limit=` (1 to 100, 50 when left out) sets the size of a page. `next`
        is the address of the next page, or null on the last.
        """
        wanted = page_from(request.query_params)
        project = request.query_params.get("project")
        found = _store(request).page(limit=wanted.one_more, before=wanted.before, project=project)
        following = wanted.next_url(found, "/api/reports", project=project)
        return JSONResponse({"reports": [_listed(entry) for entry in wanted.shown(found)], "next": following})

    def delete(self, request: Request) -> Response:
        """Delete all reports of the project that `?project=` names. 204, or 404 where there is none."""
        _access(request).require_administrator(request)
        project = request.query_params.get("project")
        if project is None:
            raise ProblemError(
                HTTPStatus.BAD_REQUEST,
                "Name the project whose reports are to go: ?project=NAME.",
                parameter="project",
            )
        if not _store(request).delete_project(project):
            raise not_found("There is no report of this project.")
        return Response(status_code=HTTPStatus.NO_CONTENT)


class OneReport(HTTPEndpoint):
    """`/api/reports/ID`: one report."""

    def get(self, request: Request) -> Response:
        """Return it as JSON, valid against the schema of `hullproof.report/1`."""
        found = _store(request).get(request.path_params["id"])
        if found is None:
            raise not_found("There is no report with this id.")
        return Response(found[1], media_type="application/json")

    def delete(self, request: Request) -> Response:
        """Delete it. 204, or 404 where there is none."""
        _access(request).require_administrator(request)
        if not _store(request).delete(request.path_params["id"]):
            raise not_found("There is no report with this id.")
        return Response(status_code=HTTPStatus.NO_CONTENT)


def _keep(store: Store, uploader: str | None, body: bytes) -> Response:
    try:
        report = uploads.read(body)
    except uploads.Fault as fault:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST,
            f"{fault.pointer or 'The document'} {fault.detail}.",
            pointer=fault.pointer,
        ) from None
    if uploader not in (None, report.project):
        raise ProblemError(HTTPStatus.FORBIDDEN, "This token is for reports of another project.")
    is_new = store.add(report)
    newest = store.newest(report.project, report.profile)
    is_newest = newest is None or newest.id == report.id
    url = f"/reports/{report.id}"
    said: dict[str, object] = {"id": report.id, "url": url, "is_newest": is_newest}
    if newest is not None and not is_newest:
        said["note"] = (
            f"This report is older than the project's newest on the same profile, of {newest.started_at}, "
            "which goes on deciding."
        )
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return JSONResponse(said, status, headers={"Location": url, "Cache-Control": "no-store"})


def openapi(_request: Request) -> Response:
    """Describe this interface (OpenAPI 3.1)."""
    return JSONResponse(_description())


@cache
def _description() -> dict[str, Any]:
    """Put the report's schema into the description, and each of its parts where the description's own are."""
    text = (_HERE / "report.schema.json").read_text("utf-8").replace("#/$defs/", "#/components/schemas/")
    report_schema = json.loads(text)
    parts = report_schema.pop("$defs")
    del report_schema["$schema"], report_schema["$id"]
    described: dict[str, Any] = json.loads((_HERE / "openapi.json").read_text("utf-8"))
    described["components"]["schemas"] |= {**parts, "report": report_schema}
    return described


def _listed(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "url": f"/reports/{entry.id}",
        "project": entry.project,
        "verdict": entry.verdict,
        "profile": entry.profile,
        "complete": entry.is_complete,
        "counts": entry.counts,
        "revision": entry.revision,
        "hullproof_version": entry.hullproof_version,
        "base_is_stand_in": entry.is_stand_in,
        "started_at": entry.started_at,
        "received_at": entry.received_at,
    }


def _require_json(request: Request) -> None:
    kind, _, parameters = request.headers.get("Content-Type", "").lower().partition(";")
    charset = parameters.strip().removeprefix("charset=").strip('"')
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if kind.strip() != "application/json" or charset not in ("", "utf-8") or encoding != "identity":
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "A report is sent as application/json, in UTF-8, not compressed.",
            headers={"Accept": "application/json"},
        )


async def _body(request: Request) -> bytes:
    """Return what is sent, up to the limit. Raises a 413 as soon as there is more."""
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > LARGEST_UPLOAD:
            raise ProblemError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A report has at most {LARGEST_UPLOAD} bytes (2 MiB)."
            )
    return bytes(data)


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _access(request: Request) -> Access:
    access: Access = request.app.state.access
    return access
