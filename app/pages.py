"""The pages that people read."""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request, url_for

from app import wording
from app.board import board
from app.paging import Page, page_from
from app.problems import ProblemError
from app.tables import VERDICTS

blueprint = Blueprint("pages", __name__)

_STATIC = Path(__file__).parent / "static"
_STATIC_TYPES = {"board.css": "text/css", "icon.svg": "image/svg+xml"}


@blueprint.get("/")
def index() -> str:
    """Show the newest report of each project or, with `?project=`, all reports of that one."""
    wanted = page_from(request.args)
    project = request.args.get("project")
    store = board().store
    if project is None:
        found = store.projects(limit=wanted.limit + 1, before=wanted.before)
    else:
        found = store.page(limit=wanted.limit + 1, before=wanted.before, project=project)
        if not found:
            raise ProblemError(HTTPStatus.NOT_FOUND, "There is no report of this project.")
    page = Page.of(found, wanted)
    return render_template(
        "index.html",
        entries=page.entries,
        project=project,
        next_url=page.next_url("pages.index", project=project),
        is_first=wanted.before is None,
        takes_uploads=board().settings.token is not None,
    )


@blueprint.get("/reports/<report_id>")
def report(report_id: str) -> Response:
    """Show one report: what it is about, then every proof, the bad ones first."""
    body = board().store.body(report_id)
    if body is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "There is no report with this id.")
    document: dict[str, Any] = json.loads(body)
    proofs = sorted(document["proofs"], key=lambda proof: VERDICTS.index(proof["verdict"]))
    page = render_template("report.html", report=document, report_id=report_id, proofs=proofs)
    response = make_response(page)
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/static/<name>")
def static(name: str) -> Response:
    """Serve the style sheet and the icon. Their addresses carry a hash, so they may be kept for good."""
    if name not in _STATIC_TYPES:
        abort(HTTPStatus.NOT_FOUND)
    content, digest = _static_file(name)
    response = Response(content, mimetype=_STATIC_TYPES[name])
    response.set_etag(digest)
    is_this_one = request.args.get("v") == digest
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_this_one else "no-cache"
    response.make_conditional(request)
    return response


@cache
def _static_file(name: str) -> tuple[bytes, str]:
    content = (_STATIC / name).read_bytes()
    return content, sha256(content).hexdigest()[:12]


@blueprint.app_template_global()
def static_url(name: str) -> str:
    """Return the address of a static file as it is now."""
    return url_for("pages.static", name=name, v=_static_file(name)[1])


for words in (wording.code_marked, wording.when, wording.seconds, wording.size, wording.verdict_words):
    blueprint.app_template_filter()(words)
