"""Settings that an application takes from its environment: which of its sources cannot do without, and which are missing."""

from __future__ import annotations

import ast
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hullproof.facts import FileFacts

# What settings libraries and os.environ say of a variable that is not there: pydantic, decouple, environs, Django.
_MISSING = re.compile(
    r"\bKeyError: '[A-Z][A-Z0-9_]+'|The [A-Z_]+ setting must not be empty|UndefinedValueError: \w+ not found"
    r"|\b[A-Z][A-Z0-9_]+: (?:unbound variable|parameter (?:null or )?not set)"
    r"|validation errors? for \w*(?:Settings|Config|Configuration|Env|Environment)\b"
    r"|(?i:\b(?:environment|env) var(?:iable)?s?\b.{0,60}"
    r"\b(?:not (?:set|found|defined)|missing|required|undefined|must be set|unset)\b"
    r"|\b(?:set|missing|required|define) (?:the |an? )?\S* ?(?:environment|env) var)"
)
_READS_ENVIRONMENT = re.compile(r"^\s+.*\b(?:os\.environ|os\.getenv|getenv\()")
_END_OF_TRACEBACK = 4
_NAMED = re.compile(
    r"\bKeyError: '([A-Z][A-Z0-9_]+)'|The ([A-Z_]+) setting must|UndefinedValueError: (\w+) not found"
    r"|\b([A-Z][A-Z0-9_]+): (?:unbound variable|parameter )|(?i:variable[s:]? [\"'`]?)([A-Z][A-Z0-9_]{2,})"
    r"|\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b"
)
_REQUIRED_FIELD = re.compile(r"^\s+Field required\b|^\s+Input should be .*input_value=None")
# What ends a program whatever its settings are: it is to blame on the code or the image.
_STRUCTURAL = re.compile(
    r"\b(?:ModuleNotFound|Import|Syntax|Indentation|Tab|Name|FileNotFound|Permission|IsADirectory|Recursion|Memory"
    r"|ZeroDivision|UnboundLocal|NotImplemented|Assertion|Index)Error\b|No module named|can't open file"
)
_GETTERS = {"getenv", "config", "env"}


@dataclass(frozen=True)
class Setting:
    """A variable that the sources read without a default, and where: `/app/bot.py:6`."""

    name: str
    where: str


def says_one_is_missing(log: tuple[str, ...]) -> bool:
    """Whether a log tells of a variable that the environment does not have: by its words, or where a traceback ends."""
    said = any(_MISSING.search(line) for line in log)
    return said or any(_READS_ENVIRONMENT.match(line) for line in log[-_END_OF_TRACEBACK:])


def missing(
    log: tuple[str, ...], files: FileFacts | None, env: Mapping[str, str], error: str | None
) -> tuple[Setting, ...] | None:
    """Return the settings that an application ended for want of; None where nothing speaks for that.

    The log may say so in the words of some library, or name a variable; what it says in words of its own is told by
    the sources, which read a variable that the environment does not have, unless the error is of another make.
    """
    named = set(_named(log))
    read = [each for each in required(files) if each.name not in env] if files is not None else []
    spoken = [each for each in read if each.name in named]
    if says_one_is_missing(log) or spoken:
        known = {each.name for each in read}
        others = [
            Setting(name, "")
            for name in sorted(named - known)
            if name not in env and _is_said_missing(log, name)
        ]
        return (*spoken, *others) or tuple(read)
    if read and error is not None and not _STRUCTURAL.search(error):
        return tuple(read)
    return None


def required(files: FileFacts) -> list[Setting]:
    """List the variables that the Dockerfile's own Python files read without a default."""
    found: dict[str, Setting] = {}
    for layer in files.added_layers:
        for path, text in layer.texts.items():
            if path.endswith(".py") and path in files.final:
                for name, line in _read_by(text):
                    found.setdefault(name, Setting(name, f"{path}:{line}"))
    return list(found.values())


def _is_said_missing(log: tuple[str, ...], name: str) -> bool:
    return any(name in line and _MISSING.search(line) for line in log) or name.lower() in {
        line.strip().lower() for line in log
    }


def _named(log: tuple[str, ...]) -> Iterator[str]:
    """Name the variables that a log speaks of; pydantic names a field on the line above what is wrong with it."""
    for line in log:
        for match in _NAMED.finditer(line):
            yield next(group for group in match.groups() if group)
    for field, verdict in itertools.pairwise(log):
        if _REQUIRED_FIELD.match(verdict) and field.strip().isidentifier():
            yield field.strip().upper()


def _read_by(text: str) -> Iterator[tuple[str, int]]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    optional = {id(inner) for node in ast.walk(tree) for inner in _optional_in(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from _fields(node)
        elif (name := _variable(node)) is not None and id(node) not in optional:
            yield name, node.lineno  # type: ignore[attr-defined]


def _optional_in(node: ast.AST) -> Iterator[ast.AST]:
    """Go through the expressions that a node has an answer for when they are None, or that only ask whether they are."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        yield from node.values[:-1]
    elif isinstance(node, (ast.If, ast.IfExp, ast.While)):
        yield from ast.walk(node.test)
    elif isinstance(node, ast.Compare):
        yield from (node.left, *node.comparators)
    elif isinstance(node, ast.Try):
        yield from (inner for statement in node.body for inner in ast.walk(statement))


def _variable(node: ast.AST) -> str | None:
    """Name the variable that an expression reads without a default: `os.environ["X"]`, `getenv("X")`, `env.str("X")`."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _ends_in(node.value, "environ"):
        return _constant(node.slice)
    if not isinstance(node, ast.Call) or len(node.args) != 1:
        return None
    if any(keyword.arg in {"default", "cast_default"} for keyword in node.keywords):
        return None
    function = node.func
    if isinstance(function, ast.Attribute) and function.attr == "get" and _ends_in(function.value, "environ"):
        return _constant(node.args[0])
    getter = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    of_env = isinstance(function, ast.Attribute) and getattr(function.value, "id", "") in _GETTERS
    name = _constant(node.args[0]) if getter in _GETTERS or of_env else None
    return name if name is not None and re.fullmatch(r"[A-Z][A-Z0-9_]*", name) else None


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, int]]:
    """Go through the fields without a default of pydantic's settings."""
    if not any(_ends_in(base, "BaseSettings") for base in node.bases):
        return
    prefix = ""
    for inner in ast.walk(node):
        if isinstance(inner, ast.keyword) and inner.arg == "env_prefix":
            prefix = _constant(inner.value) or ""
        if isinstance(inner, ast.Assign) and getattr(inner.targets[0], "id", "") == "env_prefix":
            prefix = _constant(inner.value) or ""
    for inner in node.body:
        if isinstance(inner, ast.AnnAssign) and inner.value is None and isinstance(inner.target, ast.Name):
            yield (prefix + inner.target.id).upper(), inner.lineno


def _ends_in(node: ast.AST, name: str) -> bool:
    return name in (getattr(node, "attr", None), getattr(node, "id", None))


def _constant(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
