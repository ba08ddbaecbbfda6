"""Reads Python files, without running them, for what makes an application: its object, a factory, a main part."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from hullproof.init.model import Interface, Kind

_DEEPEST = 200
"""So many levels can be walked down, at some calls each, before Python has enough of it."""


@dataclass(frozen=True)
class Framework:
    """What serves, by the name of a class or function that makes it: how people call it, its package, what it speaks.

    `module` is what has to be imported for the name to mean it; "" where the name says enough. A `worker` takes its
    work from a queue, and listens nowhere.
    """

    name: str
    package: str
    interface: Interface | None = None
    module: str = ""
    worker: bool = False


FRAMEWORKS: Mapping[str, Framework] = {
    "Flask": Framework("Flask", "flask", "wsgi"),
    "FastAPI": Framework("FastAPI", "fastapi", "asgi"),
    "Starlette": Framework("Starlette", "starlette", "asgi"),
    "Quart": Framework("Quart", "quart", "asgi"),
    "Litestar": Framework("Litestar", "litestar", "asgi"),
    "Sanic": Framework("Sanic", "sanic", "asgi"),
    "Bottle": Framework("Bottle", "bottle", "wsgi"),
    "Application": Framework("aiohttp", "aiohttp", None, "aiohttp"),
    "App": Framework("Falcon", "falcon", "wsgi", "falcon"),
    "get_wsgi_application": Framework("Django", "django", "wsgi"),
    "get_asgi_application": Framework("Django", "django", "asgi"),
    "Celery": Framework("Celery", "celery", worker=True),
    "FastStream": Framework("FastStream", "faststream", worker=True),
    "RedisHuey": Framework("Huey", "huey", worker=True),
    "SqliteHuey": Framework("Huey", "huey", worker=True),
    "ListQueueBroker": Framework("Taskiq", "taskiq", worker=True),
    "RedisStreamBroker": Framework("Taskiq", "taskiq", worker=True),
    "AioPikaBroker": Framework("Taskiq", "taskiq", worker=True),
}

_CALLABLES: Mapping[tuple[str, ...], Interface] = {
    ("environ", "start_response"): "wsgi",
    ("scope", "receive", "send"): "asgi",
}
"""The parameters of an application (PEP 3333; https://asgi.readthedocs.io/en/stable/specs/main.html)."""


@dataclass(frozen=True)
class Made:
    """An application that a module makes: under which name, at which line, and how that reads."""

    kind: Kind
    name: str
    line: int
    shown: str
    framework: str | None
    interface: Interface | None


@dataclass(frozen=True)
class Module:
    """What was read of one file. `main` is the line of its `if __name__ == "__main__"`, 0 without."""

    made: tuple[Made, ...] = ()
    main: int = 0


@dataclass
class _Makers:
    """What makes an application when it is called: known frameworks, and the project's own classes and functions."""

    frameworks: dict[str, Framework | None]
    interfaces: dict[str, Interface] = field(default_factory=dict)


def parse(content: bytes) -> ast.Module | None:
    """Parse a file; None for what is no Python, as it may be written for another version, and what is nested too deeply."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of others' code
        try:
            tree = ast.parse(content)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    level: list[ast.AST] = [tree]
    for _ in range(_DEEPEST):
        level = [below for node in level for below in ast.iter_child_nodes(node)]
        if not level:
            return tree
    return None


def read(tree: ast.Module, factories: Mapping[str, Framework | None]) -> Module:
    """Find what a module makes. `factories` are functions of the project, from any module, that make applications."""
    makers = _makers(tree)
    makers.frameworks |= factories
    made: dict[str, Made] = {}
    main = 0
    for statement in _at_top(tree.body):
        if isinstance(statement, ast.ClassDef):
            _learn_class(statement, makers)
        elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            function = _function(statement, makers)
            if function is not None:
                made.setdefault(function.name, function)
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            for found in _assigned(statement, makers):
                made.setdefault(found.name, found)
        elif isinstance(statement, ast.If) and _is_main(statement):
            main = statement.lineno
    return Module(tuple(made.values()), main)


def factories_of(tree: ast.Module) -> dict[str, Framework | None]:
    """Name the functions of a module that make an application and can be called without arguments."""
    makers = _makers(tree)
    found = (
        _function(each, makers)
        for each in _at_top(tree.body)
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    by_name = {each.name: each for each in FRAMEWORKS.values()}
    return {each.name: by_name.get(each.framework or "") for each in found if each and each.kind == "factory"}


def imported(tree: ast.Module) -> set[str]:
    """Name the packages that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def _makers(tree: ast.Module) -> _Makers:
    """Return what makes an application in a module: a name that many use has to come from where it means one."""
    names = imported(tree)
    return _Makers({key: each for key, each in FRAMEWORKS.items() if not each.module or each.module in names})


def _at_top(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module, those within its `try` and plain `if` included."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.Try):
            yield from _at_top([*statement.body, *statement.orelse, *statement.finalbody])
        elif isinstance(statement, ast.If) and not _is_main(statement):
            yield from _at_top([*statement.body, *statement.orelse])


def _is_main(statement: ast.If) -> bool:
    test = statement.test
    return (
        isinstance(test, ast.Compare) and "__main__" in ast.unparse(test) and "__name__" in ast.unparse(test)
    )


def _assigned(statement: ast.Assign | ast.AnnAssign, makers: _Makers) -> Iterator[Made]:
    """Yield the applications that an assignment makes: `app = Flask(__name__)`, `app = create_app()`."""
    value = statement.value
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    name = called(value)
    if name is None or (name not in makers.frameworks and name not in makers.interfaces):
        return
    framework = makers.frameworks.get(name)
    interface = framework.interface if framework else makers.interfaces.get(name)
    for target in targets:
        if isinstance(target, ast.Name):
            dots = "..." if isinstance(value, ast.Call) and (value.args or value.keywords) else ""
            shown = f"{target.id} = {name}({dots})"
            named = framework.name if framework else None
            yield Made("object", target.id, statement.lineno, shown, named, interface)


def called(value: ast.expr | None) -> str | None:
    """Name what an expression calls, `Flask` for `flask.Flask(__name__)`."""
    if not isinstance(value, ast.Call):
        return None
    function = value.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else None


def _function(statement: ast.FunctionDef | ast.AsyncFunctionDef, makers: _Makers) -> Made | None:
    """Tell whether a function is an application, or makes one and can be called without arguments."""
    parameters = tuple(each.arg for each in (*statement.args.posonlyargs, *statement.args.args))
    interface = _CALLABLES.get(parameters)
    if interface is not None:
        shown = f"{statement.name}({', '.join(parameters)})"
        return Made("object", statement.name, statement.lineno, shown, None, interface)
    required = len(parameters) - len(statement.args.defaults)
    keywords = [default for default in statement.args.kw_defaults if default is None]
    if required or keywords or isinstance(statement, ast.AsyncFunctionDef):
        return None
    inside = list(ast.walk(statement))
    returns = any(isinstance(each, ast.Return) and each.value is not None for each in inside)
    calls = [
        name for each in inside if isinstance(each, ast.Call) and (name := called(each)) in makers.frameworks
    ]
    if not (returns and calls):
        return None
    framework = makers.frameworks[calls[0] or ""]
    named, interface = (framework.name, framework.interface) if framework else (None, None)
    return Made("factory", statement.name, statement.lineno, f"{statement.name}()", named, interface)


def _learn_class(statement: ast.ClassDef, makers: _Makers) -> None:
    """Take note of a class that is a framework's, or whose objects are applications by their parameters."""
    for base in statement.bases:
        name = base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
        if name in makers.frameworks:
            makers.frameworks[statement.name] = makers.frameworks[name]
    for each in statement.body:
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)) and each.name == "__call__":
            interface = _CALLABLES.get(tuple(argument.arg for argument in each.args.args[1:]))
            if interface is not None:
                makers.interfaces[statement.name] = interface
