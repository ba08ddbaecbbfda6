"""Finds the port that a project's own code serves on, wherever the code says it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof import toml
from hullproof.init import code
from hullproof.init.model import STREAMLIT_SETTINGS

if TYPE_CHECKING:
    from hullproof.init.files import Files

HIGHEST = 65535
_SERVING = frozenset(
    {
        "run", "serve", "run_app", "run_simple", "make_server", "HTTPServer", "ThreadingHTTPServer", "TCPServer",
        "ThreadingTCPServer", "start_server", "create_server", "TCPSite", "Config", "listen", "bind", "run_server",
        "add_insecure_port", "add_secure_port", "launch", "WSGIServer", "start", "app_run",
    }
)  # fmt: skip
_PORT_KEYWORDS = frozenset({"port", "server_port"})
_ASKING = frozenset({"int", "str", "get", "getenv", "env", "config", "Field", "Option", "Argument", "field"})
_INTERESTING = re.compile(rb"port|bind|listen|server", re.IGNORECASE)
_OF_OTHERS = re.compile(
    r"DB|DATABASE|SQL|PG|POSTGRES|MARIA|REDIS|VALKEY|CACHE|SMTP|MAIL|IMAP|MONGO|RABBIT|AMQP|MQTT|BROKER|KAFKA|ELASTIC"
    r"|SEARCH|MEMCACHE|CELERY|PROXY|STATSD|METRIC|PROM|DEBUG|SSH|FTP|LDAP|SENTRY|JAEGER|OTEL|UPSTREAM|REMOTE|CLIENT|PEER"
)
_CALLED_PORT = re.compile(r"(?:\w*_)?PORT\Z")
_IN_ADDRESS = re.compile(r"(?:[\w.\[\]:*-]*:)?(\d{1,5})\Z")
_BOUND = re.compile(
    r"(?:--bind|-b|--port|-p|--http-socket|--server\.port)(?:[ =]+)(?:\S{0,300}:)?(\d{1,5})\b"
)
_STARTING = frozenset({"Makefile", "makefile", "GNUmakefile", "justfile", "Taskfile.yml"})
_STARTED = re.compile(
    r"\b(?:gunicorn|uvicorn|hypercorn|daphne|granian|waitress-serve|uwsgi|flask|fastapi|runserver)\b(?:[^\n]|\\\n){0,300}?\s"
    + _BOUND.pattern
)
"""The same, where a line may be of anything: behind the name of what serves."""
_GUNICORN_BIND = re.compile(r"""^bind\s*=\s*["'][^"']*:(\d+)["']""", re.MULTILINE)
_EXPOSED = re.compile(r"^EXPOSE\s+(\d+)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Port:
    """A port, where it is said, and how strongly: 0 by a call that serves, 1 as the default of what is called so."""

    number: int
    place: str
    weakness: int = 0


def find(files: Files, first: tuple[str, ...], beside: tuple[str, ...]) -> Port | None:
    """Return the port that the project says it serves on; None where nothing says it.

    `first` are the files that start it, as far as that is known, and `beside` its other files. What a call to serve
    says comes before the default of a variable, an option or a field that is called like a port; then comes what
    the project says of how it is run elsewhere.
    """
    for path in ("gunicorn.conf.py", "gunicorn_conf.py"):
        if (found := _searched(files, path, _GUNICORN_BIND)) is not None:
            return found
    known = [port for path in dict.fromkeys((*first, *beside)) for port in _named(files, path)]
    starting = [port for port in known if port.place.rpartition(":")[0] in first and port.weakness == 0]
    for port in (*starting, *sorted(known, key=lambda each: each.weakness)):
        return port
    started = [(path, _STARTED) for path in files.tops if path in _STARTING or path.endswith(".sh")]
    for path, pattern in (
        ("Procfile", _BOUND),
        (files.dockerfile, _EXPOSED),
        (files.dockerfile, _BOUND),
        *started,
    ):
        if (found := _searched(files, path, pattern)) is not None:
            return found
    return None


def of_command(command: str) -> int | None:
    """Return the port that a command line names."""
    found = _BOUND.search(command)
    return int(found[1]) if found else None


def of_streamlit(files: Files) -> Port | None:
    """Return the port that Streamlit's own settings name.

    https://docs.streamlit.io/develop/api-reference/configuration/config.toml#server
    """
    try:
        number = toml.table(toml.loads(files.text(STREAMLIT_SETTINGS)), "server").get("port")
    except toml.TomlError:
        return None
    if not isinstance(number, int) or not 0 < number <= HIGHEST:
        return None
    return Port(number, f"{STREAMLIT_SETTINGS}:{files.line_of_key(STREAMLIT_SETTINGS, 'port')}")


def _searched(files: Files, path: str, pattern: re.Pattern[str]) -> Port | None:
    text = files.text(path) if path in files else ""
    found = pattern.search(text)
    if found is None or not 0 < int(found[1]) <= HIGHEST:
        return None
    return Port(int(found[1]), f"{path}:{text.count(chr(10), 0, found.start(1)) + 1}")


def _named(files: Files, path: str) -> Iterator[Port]:
    """Yield the ports that a file names."""
    tree = code.parse(files.content(path)) if _INTERESTING.search(files.content(path)) else None
    nodes = list(ast.walk(tree)) if tree is not None else []
    constants: dict[str, ast.expr] = {}
    for each in nodes:
        if isinstance(each, (ast.Assign, ast.AnnAssign)) and each.value is not None:
            for target in each.targets if isinstance(each, ast.Assign) else [each.target]:
                constants.setdefault(
                    target.id if isinstance(target, ast.Name) else ast.unparse(target), each.value
                )
    for node in nodes:
        for value, weakness in _candidates(node):
            number = _number(value, constants)
            if number is not None and 0 < number <= HIGHEST:
                yield Port(number, f"{path}:{value.lineno}", weakness)


def _candidates(node: ast.AST) -> Iterator[tuple[ast.expr, int]]:
    """Yield where a port may stand: in a call that serves, and as the default of what is called a port."""
    if isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(each, ast.Name) and is_a_port(each.id) for each in targets):
            yield node.value, 1
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        arguments = [*node.args.posonlyargs, *node.args.args]
        defaults = node.args.defaults
        pairs = list(zip(arguments[len(arguments) - len(defaults) :], defaults))  # noqa: B905 - of equal length
        keyword_only = zip(node.args.kwonlyargs, node.args.kw_defaults)  # noqa: B905 - the same
        for argument, default in (*pairs, *keyword_only):
            if default is not None and is_a_port(argument.arg):
                yield default, 1
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            name = str(key.value) if isinstance(key, ast.Constant) else ""
            if name.lower() != "port" and is_a_port(name.rpartition(".")[2]):  # which may be a database's
                yield value, 1


def _of_call(call: ast.Call) -> Iterator[tuple[ast.expr, int]]:
    name = code.called(call)
    texts = [
        each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]
    keywords = {each.arg: each.value for each in call.keywords if each.arg}
    if name in {"add_argument", "option"} and "--port" in texts and "default" in keywords:
        yield keywords["default"], 1
    elif name in _ASKING and texts and is_a_port(texts[0]):
        yield call, 1
    elif name in _SERVING:
        yield from ((value, 0) for key, value in keywords.items() if key in _PORT_KEYWORDS)
        for argument in (
            *call.args,
            *(keywords[key] for key in ("server_address", "bind", "address") if key in keywords),
        ):
            if isinstance(argument, ast.Tuple):
                yield from ((each, 0) for each in argument.elts[1:2])
            elif isinstance(argument, (ast.Constant, ast.Name, ast.JoinedStr)):
                yield argument, 0


def is_a_port(name: str) -> bool:
    """Whether a variable, an option or a field is called like a port of the application's own."""
    upper = name.upper().replace("-", "_")
    return bool(_CALLED_PORT.match(upper)) and not _OF_OTHERS.search(upper)


def _number(value: ast.expr, constants: Mapping[str, ast.expr], depth: int = 4) -> int | None:
    """Work out a number: written, at the end of an address, the default of what is asked for, a constant."""
    further: ast.expr | None = None
    if isinstance(value, ast.Constant):
        is_number = isinstance(value.value, (int, str)) and not isinstance(value.value, bool)
        found = _IN_ADDRESS.match(str(value.value)) if is_number else None
        return int(found[1]) if found else None
    if isinstance(value, (ast.Name, ast.Attribute)):
        further = constants.get(ast.unparse(value))
    elif isinstance(value, ast.JoinedStr):
        last = value.values[-1] if value.values else None
        further = last.value if isinstance(last, ast.FormattedValue) else last
    elif isinstance(value, ast.Call):
        default = next((each.value for each in value.keywords if each.arg == "default"), None)
        further = default or (value.args[-1] if value.args and code.called(value) in _ASKING else None)
    elif isinstance(value, ast.BoolOp):
        further = value.values[-1]
    return _number(further, constants, depth - 1) if further is not None and depth else None
