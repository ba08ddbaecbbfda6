"""The pages that people read, and the badge."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app import history, wording
from app.paging import page_from
from app.problems import not_found
from app.rendering import rendered
from app.store import Store
from app.tables import VERDICTS

HISTORY = 20
"""How many reports the table of a project's practices goes back."""

_UNKNOWN = "unknown"


def index(request: Request) -> Response:
    """Show each project's newest reports, the worst first; `?q=` searches, `?project=` shows all reports of one."""
    project = request.query_params.get("project")
    if project is not None:
        return _project(request, project)
    wanted = page_from(request.query_params)
    search = request.query_params.get("q", "").strip()
    found = _store(request).projects(limit=wanted.one_more, before=wanted.before, search=search)
    return rendered(
        request,
        "index.html",
        entries=wanted.shown(found),
        search=search,
        next_url=wanted.next_url(found, "/", q=search or None),
        is_first=wanted.before is None,
        takes_uploads=request.app.state.access.takes_uploads,
        host=request.headers.get("host", "localhost"),
    )


def _project(request: Request, project: str) -> Response:
    wanted = page_from(request.query_params)
    found = _store(request).page(limit=wanted.one_more, before=wanted.before, project=project)
    if not found:
        raise not_found("There is no report of this project.")
    entries = wanted.shown(found)
    return rendered(
        request,
        "project.html",
        project=project,
        entries=entries,
        histories=history.histories(entries[:HISTORY]),
        next_url=wanted.next_url(found, "/", project=project),
        is_first=wanted.before is None,
    )


def report(request: Request) -> Response:
    """Show one report: what is new in it, then every proof, the bad ones first, then what it is about."""
    store = _store(request)
    found = store.get(request.path_params["id"])
    if found is None:
        raise not_found("There is no report with this id.")
    entry, body = found
    before = store.page(limit=1, before=entry.place, project=entry.project, profile=entry.profile)
    document = json.loads(body)
    groups: dict[str, list[Any]] = {verdict: [] for verdict in VERDICTS}
    for proof in document["proofs"]:
        groups[proof["verdict"]].append(proof)
    return rendered(
        request,
        "report.html",
        report=document,
        entry=entry,
        newest=store.newest(entry.project, entry.profile),
        before=before[0] if before else None,
        changes=history.changes(before[0], entry) if before else None,
        groups={verdict: group for verdict, group in groups.items() if group},
    )


def badge(request: Request) -> Response:
    """Draw what is known of `project`, from the path or, for names such as `..`, from the query.

    That is the worst of what its newest report on each profile says, or what that on `?profile=` says.
    """
    project = request.path_params.get("project") or request.query_params.get("project", "")
    profile = request.query_params.get("profile")
    store = _store(request)
    entry = store.worst(project) if profile is None else store.newest(project, profile)
    # A project without a report has a grey badge, not a 404: a README would show a torn picture for that.
    state = entry.state if entry else _UNKNOWN
    # The project's name is no part of it: that may hold characters that no XML can.
    words = wording.printable(entry.words) if entry else _UNKNOWN
    answer = rendered(request, "badge.svg", state=state, words=words)
    answer.headers["Content-Type"] = "image/svg+xml"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # a README is another origin
    return answer


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store
