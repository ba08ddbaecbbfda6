"""The badge: a picture of a project's verdict, for its README."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from werkzeug.routing import BaseConverter

from app.board import board

blueprint = Blueprint("badge", __name__)

LABEL = "hullproof"
UNKNOWN = "unknown"

# Each dark enough for white text on it: contrast of at least 4.5 to 1.
_COLOURS = {
    "proven": "#1a7f37",
    "not-applicable": "#57606a",
    "unproven": "#9a6700",
    "broken": "#cf222e",
    UNKNOWN: "#57606a",
}

# Verdana at 11 px, near enough: the picture then stretches or squeezes the text to what is said here.
_NARROW, _NARROW_WIDTH = "fijlrt -", 4.6
_USUAL_WIDTH = 6.9
_PADDING = 10


class ProjectConverter(BaseConverter):
    """Any project name within a path, slashes and line breaks included."""

    regex = r"[\s\S]+"
    part_isolating = False


@blueprint.get("/badge/<project:project>.svg")
def badge(project: str) -> Response:
    """Draw the verdict of the newest report of `project`."""
    return _draw(project)


@blueprint.get("/badge.svg")
def badge_by_query() -> Response:
    """Draw the same for `?project=`: for names such as `..`, which no browser sends within a path."""
    return _draw(request.args.get("project", ""))


def _draw(project: str) -> Response:
    entry = board().store.newest(project)
    # A project without a report has a grey badge, not a 404: a README would show a torn picture for that.
    verdict = entry.verdict if entry else UNKNOWN
    left, right = _width(LABEL), _width(verdict)
    # The project's name is no part of it: that may hold characters that no XML can.
    svg = render_template(
        "badge.svg", label=LABEL, verdict=verdict, colour=_COLOURS[verdict], left=left, right=right
    )
    response = Response(svg, mimetype="image/svg+xml")
    response.add_etag()
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # a README is another origin
    response.make_conditional(request)
    return response


def _width(text: str) -> int:
    return round(sum(_NARROW_WIDTH if c in _NARROW else _USUAL_WIDTH for c in text)) + 2 * _PADDING
