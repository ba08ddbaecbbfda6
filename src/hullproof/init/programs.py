"""Finds what is started as it is, and makes no object for a server: scripts, pages in Python, and workers of a queue."""

from __future__ import annotations

import ast
import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.init import code
from hullproof.init.model import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERESTING = re.compile(
    rb"\b(?:streamlit|gradio|dramatiq|WorkerSettings|rq|nicegui|dash|__main__|run_app)\b"
)
_STARTING = frozenset(
    {"run_app", "launch", "run", "serve", "serve_forever", "run_server", "run_until_complete"}
)
_OWN = {"aiohttp": "aiohttp", "gradio": "Gradio", "nicegui": "NiceGUI", "dash": "Dash"}


def read(path: str, tree: ast.Module, main: int, module: str | None, root: str) -> Iterator[Entry]:
    """Yield the programs in a file, whose `module` may be imported from `root`; `main` is the line of its main part."""
    imported = code.imported(tree)
    if "streamlit" in imported and (line := _shows_a_page(tree)):
        yield Entry("script", path, line, "a Streamlit page", framework="Streamlit", root=root)
        return
    if module is not None:
        yield from _workers(path, tree, module, root, imported)
    starts = next((each.lineno for each in tree.body if _called_at_top(each) in _STARTING), 0)
    line = main or starts
    if line or path.endswith("/__main__.py"):
        framework = next((name for package, name in _OWN.items() if package in imported), None)
        yield script(
            path,
            module,
            root,
            line,
            framework if framework != "aiohttp" or "run_app" in ast.dump(tree) else None,
        )


def script(path: str, module: str | None, root: str, line: int = 0, framework: str | None = None) -> Entry:
    """Return the file as what Python is started with; a package by its name."""
    words: tuple[str, ...] = ("python", path)
    if path.endswith("/__main__.py") and module is not None:
        words = ("python", "-m", module.removesuffix(".__main__"))
    return Entry("script", path, line, " ".join(words), framework=framework, root=root, words=words)


def _workers(path: str, tree: ast.Module, module: str, root: str, imported: set[str]) -> Iterator[Entry]:
    def worker(line: int, shown: str, framework: str, *words: str) -> Entry:
        return Entry("script", path, line, shown, framework=framework, root=root, words=words, worker=True)

    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == "WorkerSettings":
            yield worker(node.lineno, "WorkerSettings", "arq", "arq", f"{module}.WorkerSettings")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            marks = {ast.unparse(each).partition("(")[0] for each in node.decorator_list}
            if "dramatiq" in imported and marks & {"dramatiq.actor", "actor"}:
                yield worker(node.lineno, f"actor {node.name}()", "Dramatiq", "dramatiq", module)
                return
    if "rq" in imported:
        queues = [
            each for each in ast.walk(tree) if isinstance(each, ast.Call) and code.called(each) == "Queue"
        ]
        names = [
            str(each.args[0].value) for each in queues if each.args and isinstance(each.args[0], ast.Constant)
        ]
        if queues:
            yield worker(queues[0].lineno, "an RQ queue", "RQ", "rq", "worker", *dict.fromkeys(names))


def _shows_a_page(tree: ast.Module) -> int:
    """Return the line of the first thing that a module shows with Streamlit while it is run, 0 where it shows none."""
    names = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "streamlit"
    }
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                base = node.func.value
                if isinstance(base, ast.Name) and base.id in names and "cache" not in node.func.attr:
                    return node.lineno
    return 0


def _called_at_top(statement: ast.stmt) -> str | None:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return code.called(value)


def runs(tree: ast.Module) -> bool:
    """Whether a module ends in a call or a loop: it does something by itself, and not for who imports it."""
    last = tree.body[-1] if tree.body else None
    return isinstance(last, (ast.While, ast.For)) or (
        isinstance(last, ast.Expr) and isinstance(last.value, ast.Call)
    )


def likelihood(entry: Entry) -> tuple[object, ...]:
    """Order programs, the likeliest first: pages before scripts, the nearest to the top, by how people call them."""
    name = posixpath.basename(entry.path)
    return (
        entry.framework is None,
        "/pages/" in f"/{entry.path}",
        entry.path.count("/"),
        _NAMES.index(name) if name in _NAMES else len(_NAMES),
        entry.path,
    )


_NAMES = (
    "streamlit_app.py", "run.py", "main.py", "app.py", "server.py", "serve.py", "start.py", "service.py", "Home.py",
    "tasks.py", "worker.py", "__main__.py",
)  # fmt: skip
