"""The report and its faces. Each renderer, `as_….render`, is a pure function of the model.

Faces are imported when they are asked for: a command that shows one need not wait for the others' libraries.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from hullproof.model import Report
    from hullproof.report.several import Summary

SUFFIXES: Mapping[str, str] = {
    "text": ".txt",
    "json": ".json",
    "markdown": ".md",
    "html": ".html",
    "junit": ".xml",
    "sarif": ".sarif",
    "github": ".github",
}
"""The formats, by name, with the ending of the files that hold them."""

JOINT = tuple(each for each in SUFFIXES if each != "github")
"""Those that have several projects in one document: workflow commands are an annotation each."""

STATEMENTS: Mapping[str, str] = {
    "test-result": ".intoto.json",
    "svr": ".svr.intoto.json",
    "scout": ".scout.intoto.json",
    "report": ".report.intoto.json",
    "statements": ".intoto.jsonl",
}
"""In-toto statements about the image, by their predicate, with the ending of the files that hold them; the last has all."""

BESIDE: Mapping[str, str] = {**STATEMENTS, "sbom": ".cdx.json"}
"""What files can hold beside reports: statements, and a bill of materials."""

Detail = Literal["verdict", "faults", "summary", "evidence"]
"""How much text shows: the verdict's line; with it what is not good; a line for each practice that is; all evidence."""

_FACES = {"text": "as_terminal"}


def require(format_: str) -> None:
    """Raise UsageError where what a format takes is not installed: nothing is built for a report that cannot be written."""
    if format_ == "sbom":
        importlib.import_module(f"{__name__}.as_sbom").require_library()


def render(report: Report, format_: str, **how: Any) -> str:  # noqa: ANN401 - each face has settings of its own
    """Return the report in one of the formats of `SUFFIXES` or `STATEMENTS`, as is usual unless `how` says otherwise.

    Raises UsageError for a statement about an image that has no manifest digest yet.
    """
    if format_ in STATEMENTS:
        how["predicate"] = "all" if format_ == "statements" else format_
        format_ = "statement"
    face = importlib.import_module(f"{__name__}.{_FACES.get(format_, f'as_{format_}')}")
    return str(face.render(report, **how))


def render_all(summary: Summary, format_: str, **how: Any) -> str:  # noqa: ANN401 - each face has settings of its own
    """Return several projects' reports as one document in one of the formats of `JOINT`, as `render` does of one."""
    return str(importlib.import_module(f"{__name__}.as_several").FACES[format_](summary, **how))
