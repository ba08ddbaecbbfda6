"""Which variables of its environment an application cannot do without: what its sources read, and ask for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

_NAME = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
_BY_CONVENTION = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_GETTERS = frozenset({"getenv", "config", "env"})
_ENDS = frozenset({"exit", "_exit", "quit", "abort", "error"})
"""Functions that end a program; argparse's `error` is one."""
_MAIN = frozenset({"main", "run", "cli", "start"})
"""Functions that a program comes to its end with."""
_OPTIONS = frozenset({"option", "Option", "argument", "Argument"})
"""How Click and Typer declare what a command takes."""
_ALIASES = ("validation_alias", "alias", "env")
_NEEDED_BY_SHELL = re.compile(r"\$\{(\w+):?\?")
_ENDED_BY_SHELL = re.compile(
    r"\[\[?[ \t]+(?:-z[ \t]+|![ \t]+-n[ \t]+)\"?\$\{?(\w+)(?::?-)?\}?\"?[ \t]+\]\]?(?:(?!\bfi\b)[\s\S]){0,300}?\bexit[ \t]+[1-9]"
)


@dataclass
class _Module:
    """One file as it is read: what strings its names stand for, which expressions have an answer, what ends the program."""

    constants: dict[str, list[str]] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)
    answered_names: set[str] = field(default_factory=set)
    ends: set[int] = field(default_factory=set)


def variables(sources: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each variable that sources, by their paths, cannot do without, with its place: `/app/bot.py:6`.

    Read without a default and without an answer to its absence: `os.environ["X"]`, `getenv("X")`, `env.str("X")`, fields
    of pydantic's settings, options of a command line that take it; or asked for, where its absence ends the program:
    `if not os.getenv("X"): sys.exit(...)`, `${X:?}`.
    """
    trees = {path: tree for path, text in sources.items() if path.endswith(".py") and (tree := _parsed(text))}
    settings = _settings_classes(trees.values())
    for path, tree in trees.items():
        for name, line in _read_by(tree, settings):
            yield name, f"{path}:{line}"
    for path, text in sources.items():
        if path.endswith((".sh", ".bash")) or re.match(r"#!.*\b(?:ba|da|a)?sh\b", text):
            for found in (*_NEEDED_BY_SHELL.finditer(text), *_ENDED_BY_SHELL.finditer(text)):
                yield found[1], f"{path}:{text.count(chr(10), 0, found.start()) + 1}"


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _settings_classes(trees: Iterable[ast.Module]) -> frozenset[str]:
    """Name the classes that are pydantic's settings, be it by a base of their own."""
    heirs: dict[str, list[str]] = {}
    for node in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        for base in node.bases:
            heirs.setdefault(_called(base), []).append(node.name)
    found, waiting = set[str](), ["BaseSettings"]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += heirs.get(name, [])
    return frozenset(found)


def _read_by(tree: ast.Module, settings: frozenset[str]) -> Iterator[tuple[str, int]]:
    nodes = list(ast.walk(tree))
    module = _noted(nodes)
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            if any(_called(base) in settings for base in node.bases):
                # An alias is any text, and what follows takes it for a variable's name.
                yield from (each for each in _fields(node) if _NAME.match(each[0]))
        elif id(node) not in module.answered:
            for name in _names(node, module):
                yield name, getattr(node, "lineno", 1)


def _noted(nodes: list[ast.AST]) -> _Module:
    module = _Module()
    for node in nodes:
        _note_constants(node, module)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in _MAIN:
            module.ends |= {id(each) for each in ast.walk(node) if isinstance(each, ast.Return)}
    for node in nodes:
        _note_answers(node, module)
    for node in nodes:
        # `port = os.environ.get("PORT")`, and later `int(port) if port else 8000`.
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in module.answered_names:
            module.answered.add(id(node.value))
    return module


def _note_constants(node: ast.AST, module: _Module) -> None:
    """Note what strings a name stands for: one, or in turn each of a list that is gone through."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        target, value = node.targets[0], node.value
    elif isinstance(node, (ast.For, ast.comprehension)) and isinstance(node.target, ast.Name):
        target, value = node.target, node.iter
    else:
        return
    if found := _strings(value, module):
        module.constants.setdefault(target.id, found)


def _strings(node: ast.AST, module: _Module) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value] if _NAME.match(node.value) else []
    if isinstance(node, ast.Name):
        return module.constants.get(node.id, [])
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return [
            name for each in node.elts if isinstance(each, ast.Constant) for name in _strings(each, module)
        ]
    return []


def _note_answers(node: ast.AST, module: _Module) -> None:
    """Note the expressions that a node has an answer for when they are None, or that only ask whether they are."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        _note(node.values[:-1], module)
    elif isinstance(node, (ast.If, ast.IfExp, ast.While)):
        if not (
            isinstance(node, ast.If)
            and (_ends(node.body, module) if _is_negative(node.test) else _ends(node.orelse, module))
        ):
            _note([node.test], module)
    elif isinstance(node, ast.Compare):
        is_absence = isinstance(node.ops[0], (ast.Is, ast.NotIn)) or _is_nothing(node.comparators[0])
        if not is_absence:
            module.answered |= {id(each) for each in (node, node.left, *node.comparators)}
    elif isinstance(node, ast.Try) and not all(_ends(handler.body, module) for handler in node.handlers):
        for statement in node.body:
            module.answered |= {id(inner) for inner in ast.walk(statement)}


def _note(tests: Iterable[ast.AST], module: _Module) -> None:
    for each in tests:
        for inner in ast.walk(each):
            module.answered.add(id(inner))
            if isinstance(inner, ast.Name):
                module.answered_names.add(inner.id)


def _is_negative(test: ast.AST) -> bool:
    """Whether a test holds where something is not there: `not x`, `x is None`, `"X" not in os.environ`, or one of these."""
    if isinstance(test, ast.BoolOp):
        return all(map(_is_negative, test.values))
    if isinstance(test, ast.Compare):
        is_equal = isinstance(test.ops[0], (ast.Is, ast.Eq)) and _is_nothing(test.comparators[0])
        return is_equal or isinstance(test.ops[0], ast.NotIn)
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)


def _is_nothing(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value in (None, "")


def _ends(body: list[ast.stmt], module: _Module) -> bool:
    """Whether a block ends the program."""
    last = body[-1] if body else None
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return _called(last.value.func) in _ENDS
    return isinstance(last, ast.Raise) or id(last) in module.ends


def _names(node: ast.AST, module: _Module) -> list[str]:
    """Name the variables that an expression reads without a default, or whose absence it asks for."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        return _strings(node.slice, module) if _called(node.value) == "environ" else []
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.NotIn):
        return _strings(node.left, module) if _called(node.comparators[0]) == "environ" else []
    return _names_of_call(node, module) if isinstance(node, ast.Call) else []


def _names_of_call(node: ast.Call, module: _Module) -> list[str]:
    given = {each.arg: each.value for each in node.keywords}
    if _called(node.func) in _OPTIONS and "envvar" in given:
        return _strings(given["envvar"], module) if _is_required(node, given) else []
    if len(node.args) != 1 or given.keys() & {"default", "cast_default"}:
        return []
    names, function = _strings(node.args[0], module), node.func
    of = _called(function.value) if isinstance(function, ast.Attribute) else ""
    if _called(function) == "get" and of == "environ":
        return names
    return [name for name in names if {_called(function), of} & _GETTERS and _BY_CONVENTION.match(name)]


def _is_required(option: ast.Call, given: Mapping[str | None, ast.expr]) -> bool:
    """Whether Click or Typer asks for an option's value: by `required`, by `...`, or where no default is written."""
    if (said := given.get("required")) is not None:
        return isinstance(said, ast.Constant) and bool(said.value)
    if "default" in given or _called(option.func) in {"option", "argument"}:
        return False
    return not option.args or _is_ellipsis(option.args[0])


def _is_ellipsis(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, int]]:
    """Go through the fields without a default of pydantic's settings; an alias is the whole name."""
    prefix = ""
    for inner in ast.walk(node):
        if isinstance(inner, ast.keyword) and inner.arg == "env_prefix":
            prefix = _text(inner.value) or ""
        if isinstance(inner, ast.Assign) and getattr(inner.targets[0], "id", "") == "env_prefix":
            prefix = _text(inner.value) or ""
    for inner in node.body:
        if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
            name = prefix + inner.target.id
            if isinstance(inner.value, ast.Call) and _called(inner.value.func) == "Field":
                given = {each.arg: each.value for each in inner.value.keywords}
                if given.keys() & {"default", "default_factory"}:
                    continue
                if inner.value.args and not _is_ellipsis(inner.value.args[0]):
                    continue
                name = next((text for key in _ALIASES if (text := _text(given.get(key)))), name)
            elif inner.value is not None or inner.target.id == "model_config":
                continue
            yield name.upper(), inner.lineno


def _called(node: ast.AST) -> str:
    """Return the last name of an expression: `environ` of `os.environ`."""
    return str(getattr(node, "attr", None) or getattr(node, "id", ""))


def _text(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
