"""Which variables an application needs to start, so that it can be started without anyone's secrets."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hullproof.init import code
from hullproof.init.model import Remark

if TYPE_CHECKING:
    from hullproof.init.files import Files

_MADE_UP = (
    (re.compile(r"(?:DATABASE|DB|SQLALCHEMY).*UR[LI]$"), "sqlite:////tmp/made-up.sqlite3"),
    (re.compile(r"REDIS.*UR[LI]$|BROKER.*URL$"), "redis://localhost:6379/0"),
    (re.compile(r"UR[LI]$"), "http://localhost/"),
    (re.compile(r"PORT$|SECONDS$|SIZE$|COUNT$"), "1"),
    (re.compile(r""), "made-up"),
)
_INTERESTING = re.compile(rb"environ\[|\benv(?:\.\w+)?\(|\bconfig\(|BaseSettings")
_BY_TYPE = {
    "EmailStr": "nobody@example.org",
    "PostgresDsn": "postgresql://nobody@localhost/made-up",
    "RedisDsn": "redis://localhost:6379/0",
    "AnyUrl": "http://localhost/",
    "HttpUrl": "http://localhost/",
    "AnyHttpUrl": "http://localhost/",
}
_READERS = frozenset({"env", "config"})
_NUMBERS = frozenset({"int", "float", "bool"})
_SHOWN = 3
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def look(files: Files, *, configured: bool) -> tuple[dict[str, str], tuple[Remark, ...]]:
    """Name the variables that are read without a default while modules are imported, each with a made-up value.

    Read as `os.environ["NAME"]`, or by django-environ's `env("NAME")`, decouple's `config("NAME")` and fields of
    pydantic's BaseSettings without a value. `configured`: the project has settings for Hullproof already, which
    are its owner's to add to.
    """
    found: dict[str, tuple[str, str]] = {}
    for path in files.code:
        if _INTERESTING.search(files.content(path)) and (tree := code.parse(files.content(path))):
            for name, value, line in _needed(tree):
                if not _NAME.fullmatch(name):
                    continue
                found.setdefault(name, (value, f"{path}:{line}"))
    if not found:
        return {}, ()
    listed = ", ".join(f"{name} ({where})" for name, (_, where) in list(found.items())[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    remark = Remark("assumed", f"made-up values in hullproof.toml for what it needs to start: {listed}{more}")
    if configured:
        remark = Remark(
            "note", f"it needs this to start; give it by `env` in your settings for Hullproof: {listed}{more}"
        )
    return {name: value for name, (value, _) in found.items()}, (remark,)


def _needed(tree: ast.Module) -> Iterator[tuple[str, str, int]]:
    numbers = {
        id(argument)
        for each in ast.walk(tree)
        if isinstance(each, ast.Call) and code.called(each) in _NUMBERS
        for argument in each.args
    }
    for node in _at_import(tree):
        if isinstance(node, ast.Subscript) and _is_environ(node.value) and isinstance(node.ctx, ast.Load):
            name = node.slice
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield name.value, _value(name.value, number=id(node) in numbers), node.lineno
        elif isinstance(node, ast.Call) and _reads(node):
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                number = id(node) in numbers or _casts(node)
                yield name.value, _value(name.value, number=number), node.lineno
        elif isinstance(node, ast.ClassDef):
            yield from _fields(node)


def _value(name: str, *, number: bool) -> str:
    """Make up a value of the right shape, as far as the name tells it."""
    return "1" if number else next(value for pattern, value in _MADE_UP if pattern.search(name.upper()))


def _casts(call: ast.Call) -> bool:
    """Whether the value becomes a number: `env.int("NAME")`, `config("NAME", cast=int)`."""
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    casts = [ast.unparse(each.value) for each in call.keywords if each.arg == "cast"]
    return bool({method, *casts} & _NUMBERS)


def _at_import(tree: ast.Module) -> Iterator[ast.AST]:
    """Walk what surely runs while a module is imported: no functions, nothing that is tried or depends on more."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Try, ast.If, ast.IfExp)):
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def _is_environ(node: ast.expr) -> bool:
    return ast.unparse(node) in {"os.environ", "environ"}


def _reads(call: ast.Call) -> bool:
    """Whether it is `env("NAME")`, `env.str("NAME")` or `config("NAME")`, without a default."""
    function = call.func
    name = function.value if isinstance(function, ast.Attribute) else function
    return (
        isinstance(name, ast.Name)
        and name.id in _READERS
        and len(call.args) == 1
        and not any(each.arg == "default" for each in call.keywords)
    )


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str, int]]:
    """Yield the fields of a class of settings that have no value."""
    if not any(ast.unparse(base).rpartition(".")[2] == "BaseSettings" for base in node.bases):
        return
    text = ast.unparse(node)
    prefix = re.search(r"env_prefix\s*=\s*'([^']*)'", text)
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and each.value is None and isinstance(each.target, ast.Name):
            kind = ast.unparse(each.annotation)
            name = f"{prefix[1] if prefix else ''}{each.target.id}".upper()
            yield name, _BY_TYPE.get(kind) or _value(name, number=kind in _NUMBERS), each.lineno
