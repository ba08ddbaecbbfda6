"""The report and its faces. Each renderer is a pure function of the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hullproof.report import as_github, as_html, as_json, as_junit, as_markdown, as_sarif, as_terminal
from hullproof.report.model import Report

FORMATS: Mapping[str, Callable[[Report], str]] = {
    "text": as_terminal.render,
    "json": as_json.render,
    "markdown": as_markdown.render,
    "html": as_html.render,
    "junit": as_junit.render,
    "sarif": as_sarif.render,
    "github": as_github.render,
}

SUFFIXES: Mapping[str, str] = {
    "text": ".txt",
    "json": ".json",
    "markdown": ".md",
    "html": ".html",
    "junit": ".xml",
    "sarif": ".sarif",
    "github": ".github",
}
