"""The report and its faces. Each renderer is a pure function of the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hullproof.report import as_json, as_markdown, as_terminal
from hullproof.report.model import Report

FORMATS: Mapping[str, Callable[[Report], str]] = {
    "text": as_terminal.render,
    "json": as_json.render,
    "markdown": as_markdown.render,
}

SUFFIXES: Mapping[str, str] = {"text": ".txt", "json": ".json", "markdown": ".md"}
