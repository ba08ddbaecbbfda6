"""The report as one HTML page, for people: no script, nothing from elsewhere, for screen, phone and paper."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from datetime import timezone
from importlib import resources
from typing import TYPE_CHECKING, Any

from hullproof.model import Report
from hullproof.report.reading import about, acceptance, by_status, governing_line, headline, quote_of
from hullproof.text import clean, duration, inert, paragraphs

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_EVIDENCE_SHOWN = 50
_OUTPUT_SHOWN = 40
# What is set as code: what stands between backticks, places in the Dockerfile, instructions with their flags and paths.
_CODE = re.compile(
    r"`[^`]+`|[\w./-]*Dockerfile:[0-9]+"
    r"|\b(?:FROM|RUN|COPY|ADD|CMD|ENTRYPOINT|ENV|ARG|USER|WORKDIR|EXPOSE|VOLUME|HEALTHCHECK)\b"
    r"(?: (?:--[\w-]+(?:=[^\s,;]+)?|[./$][\w./$*-]*(?<!\w\.)|[\w.-]+:[\w.-]*\w))*"
)


def render(report: Report) -> str:
    """Return the page. Every text in it is escaped, and made safe to show as on a terminal."""
    groups = by_status(report)
    started = report.started_at.astimezone(timezone.utc)
    page = (
        environment()
        .get_template("report.html")
        .render(
            report=report,
            groups=groups,
            headline=headline(report)[1],
            about=about(report),
            index=sorted(report.proofs, key=lambda proof: list(groups).index(proof.status)),
            started=f"{started:%Y-%m-%d %H:%M} UTC",
            started_iso=f"{started:%Y-%m-%dT%H:%M:%SZ}",
            line_of=functools.partial(governing_line, report),
            quote_of=functools.partial(quote_of, report),
            evidence_shown=_EVIDENCE_SHOWN,
            output_shown=_OUTPUT_SHOWN,
        )
    )
    return inert(page)


@functools.cache
def environment() -> Environment:
    """Return what pages are made with: templates in which every text is escaped, and made safe to show."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - other faces need none of it
    from markupsafe import Markup  # noqa: PLC0415 - comes with jinja2

    style = resources.files(__package__).joinpath("page", "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    made = Environment(
        loader=PackageLoader(__package__, "page"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(acceptance=acceptance, duration=duration, marked=_marked, paragraphs=paragraphs)
    made.globals.update(style=Markup(style), style_digest=Markup(digest))  # noqa: S704 - our own files
    return made


def _finalized(value: Any) -> Any:  # noqa: ANN401 - whatever a template shows
    """Make text safe before it is escaped; markup is ours."""
    return clean(value) if type(value) is str else value


def _marked(text: str, longest: int = 600) -> Markup:
    """Return the text, escaped, with commands and places set as code."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - comes with jinja2

    shown, done, parts = clean(text, longest), 0, []
    for found in _CODE.finditer(shown):
        parts += [escape(shown[done : found.start()]), Markup("<code>{}</code>").format(found[0].strip("`"))]
        done = found.end()
    return Markup().join([*parts, escape(shown[done:])])
