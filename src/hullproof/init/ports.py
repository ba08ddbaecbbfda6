"""Finds the port that a project's own code serves on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from hullproof.init import code

if TYPE_CHECKING:
    from hullproof.init.files import Files

HIGHEST = 65535
_SERVING = frozenset(
    {
        "run", "serve", "run_app", "run_simple", "make_server", "HTTPServer", "ThreadingHTTPServer", "TCPServer",
        "ThreadingTCPServer", "start_server", "create_server", "TCPSite", "Config", "listen", "bind",
    }
)  # fmt: skip
_CALLED = re.compile(rf"\b(?:{'|'.join(sorted(_SERVING))})\(")
_ASKING = frozenset({"int", "str", "get", "getenv"})
_GUNICORN_BIND = re.compile(r"""^bind\s*=\s*["'][^"']*:(\d+)["']""", re.MULTILINE)


def named(files: Files, path: str) -> tuple[int, str] | None:
    """Return the port that a file says it serves on, and where; None where it says nothing."""
    if path.endswith("gunicorn.conf.py"):
        bound = _GUNICORN_BIND.search(files.text(path))
        return (int(bound[1]), f"{path}:{files.line_of(path, bound[0])}") if bound else None
    tree = code.parse(files.content(path)) if _CALLED.search(files.text(path)) else None
    nodes = list(ast.walk(tree)) if tree is not None else []
    constants = {
        target.id: each.value
        for each in nodes
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    }
    calls = (each for each in nodes if isinstance(each, ast.Call) and code.called(each) in _SERVING)
    for value in (value for call in calls for value in _candidates(call)):
        port = _number(value, constants)
        if port is not None and 0 < port <= HIGHEST:
            return port, f"{path}:{value.lineno}"
    return None


def _candidates(call: ast.Call) -> Iterator[ast.expr]:
    """Yield where a port may stand in a call: `port=`, a number, or the second of a pair (host, port)."""
    yield from (each.value for each in call.keywords if each.arg == "port")
    for argument in (*call.args, *(each.value for each in call.keywords if each.arg == "server_address")):
        if isinstance(argument, ast.Tuple):
            yield from argument.elts[1:2]
        elif isinstance(argument, (ast.Constant, ast.Name)):
            yield argument


def _number(value: ast.expr, constants: Mapping[str, ast.expr], depth: int = 3) -> int | None:
    """Work out a number: written, the default of a variable of the environment, or a constant of the module."""
    if isinstance(value, ast.Constant):
        written = value.value
        return int(str(written)) if str(written).isdecimal() else None
    further: ast.expr | None = None
    if isinstance(value, ast.Name):
        further = constants.get(value.id)
    elif isinstance(value, ast.Call) and code.called(value) in _ASKING and value.args:
        further = value.args[-1]
    elif isinstance(value, ast.BoolOp):
        further = value.values[-1]
    return _number(further, constants, depth - 1) if further is not None and depth else None
