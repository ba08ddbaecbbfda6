"""Finds the path by which an application says how it is, for the image's health check."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from hullproof.init import code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hullproof.init.files import Files
    from hullproof.init.model import Application

_PATHS = (
    "/livez",
    "/healthz",
    "/health",
    "/health/live",
    "/healthcheck",
    "/ping",
    "/-/healthy",
    "/status",
    "/readyz",
)
"""What people call it, that of the process alone first: one that asks a database is no reason to restart."""
_DECORATORS = frozenset({"get", "route", "api_route", "Get"})
_FUNCTIONS = frozenset({"add_url_rule", "add_get", "add_route", "add_api_route", "path", "Route"})
_QUOTED = re.compile(
    rb"""["']/?(?:livez|healthz?|healthcheck|ping|-/healthy|status|readyz|health/live)/?["']"""
)
_PREFIXED = re.compile(rb"prefix\s*=|\bmount\(|\binclude\(\s*[\"']|APPEND_SLASH|root_path")
_BUILT_IN = {"Streamlit": "/_stcore/health"}


def path(files: Files, application: Application) -> str | None:
    """Return the path of a route that is there for it, None where none is seen.

    A route that is put below a prefix elsewhere is not known well enough: a check that can never succeed is worse
    than one that asks less.
    """
    framework = application.entry.framework
    if framework in _BUILT_IN:
        return _BUILT_IN[framework]
    found: dict[str, str] = {}
    prefixed = any(_PREFIXED.search(files.content(each)) for each in files.code)
    own = {"app", "application", application.entry.name}
    for each in files.code:
        tree = code.parse(files.content(each)) if _QUOTED.search(files.content(each)) else None
        for call in _routes(tree) if tree is not None else ():
            route = call.args[0] if call.args else None
            base = call.func.value if isinstance(call.func, ast.Attribute) else None
            direct = isinstance(base, ast.Name) and base.id in own
            if isinstance(route, ast.Constant) and isinstance(route.value, str) and (direct or not prefixed):
                found["/" + route.value.strip("/")] = "/" + route.value.lstrip("/")
    if application.manage is not None and not _answers_to_any_name(files, application.settings):
        return None
    return next((found[each] for each in _PATHS if each in found), None)


def _routes(tree: ast.Module) -> Iterator[ast.Call]:
    """Yield the calls that say which path leads where: decorators, and functions that are for nothing else."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            marks = (each for each in node.decorator_list if isinstance(each, ast.Call))
            yield from (each for each in marks if code.called(each) in _DECORATORS)
        elif isinstance(node, ast.Call) and code.called(node) in _FUNCTIONS:
            yield node


def _answers_to_any_name(files: Files, settings: str | None) -> bool:
    """Whether Django answers to who asks for 127.0.0.1 (ALLOWED_HOSTS)."""
    hosts = (
        re.search(r"^ALLOWED_HOSTS\s*=(.*)", files.text(settings or ""), re.MULTILINE) if settings else None
    )
    return hosts is not None and any(each in hosts[1] for each in ('"*"', "'*'", "127.0.0.1"))
