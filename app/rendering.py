"""The templates, and how they are filled in."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from app import wording

_HERE = Path(__file__).parent


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=select_autoescape(["html", "svg"])
    )
    for words in (
        wording.badge_width,
        wording.code_marked,
        wording.seconds,
        wording.short_revision,
        wording.size,
        wording.state_words,
        wording.when,
    ):
        environment.filters[words.__name__] = words
    css = (_HERE / "static" / "board.css").read_bytes()
    environment.globals["css_version"] = sha256(css).hexdigest()[:12]  # a new style sheet is a new address
    return environment


_TEMPLATES = Jinja2Templates(env=_environment())


def rendered(request: Request, template: str, **values: object) -> Response:
    """Fill in a template. A browser that has the same already is told so, and sent nothing."""
    answer: Response = _TEMPLATES.TemplateResponse(request, template, values)
    etag = f'"{sha256(answer.body).hexdigest()[:24]}"'
    if request.headers.get("If-None-Match") == etag:
        answer = Response(status_code=304)
    answer.headers["ETag"] = etag
    return answer


def rendered_problem(request: Request, status: int, phrase: str, detail: str) -> Response:
    """Return the page of an error."""
    values = {"status": status, "phrase": phrase, "detail": detail}
    return _TEMPLATES.TemplateResponse(request, "problem.html", values, status_code=status)
