"""Finds where an application is entered, or says in one line what would decide it."""

from __future__ import annotations

import ast
import posixpath
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hullproof import toml
from hullproof.errors import UsageError
from hullproof.init import code, programs
from hullproof.init.files import under
from hullproof.init.model import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hullproof.init.files import Files
    from hullproof.init.metadata import Metadata

_INTERESTING = re.compile(
    rb"\b(?:"
    + "|".join(code.FRAMEWORKS).encode()
    + rb"|create_app|make_app|get_app|app_factory|start_response|receive\s*,\s*send)\b|__main__"
)
_IMPORTED = re.compile(r"^[ \t]*(?:from|import)\s+(\w+)", re.MULTILINE)
_PROCFILE = re.compile(r"^web:.*?\s((?:\w+\.)*\w+:\w+(?:\(\))?)(?:\s|$)", re.MULTILINE)
_NAMES = ("app", "application")
_MODULES = ("wsgi", "asgi", "main", "app", "application", "run", "server", "web", "api", "__init__")
_SHOWN = 3


def look(
    files: Files, metadata: Metadata, asked: str | None, *, root: str | None = None
) -> tuple[Entry, list[Entry]]:
    """Find the application's object, else a factory, a page, a worker, a script; and what else might be it.

    `root` is the folder that modules are imported from, where that is known. Raises UsageError, one line with
    what would decide it, where there is none, where two are equally likely, or where what was `asked` for is not
    there.
    """
    found = candidates(files, root)
    if asked is not None:
        return _asked(files, found, asked, "--entry "), []
    named = _PROCFILE.search(files.text("Procfile"))
    if named is not None:
        return _asked(files, found, named[1], "Procfile: "), []
    ranked = sorted((each for each in found if each.kind != "script" and not each.worker), key=_rank)
    if not ranked:
        return _program(files, metadata, found)
    best = ranked[0]
    rivals = [each for each in ranked[1:] if _rank(each)[:-1] == _rank(best)[:-1]]
    if rivals:
        listed = " and ".join(f"{each.shown} in {each.place}" for each in (best, *rivals)[:_SHOWN])
        raise UsageError(f"two or more applications: {listed}; say which, such as --entry {best.spelled}")
    workers = [each for each in found if each.worker]
    return best, [*(each for each in ranked if each.kind == "object" and each.path != best.path), *workers]


def candidates(files: Files, root: str | None = None) -> list[Entry]:
    """List everything in the project that may be the application, in no order."""
    trees = {
        path: tree
        for path in files.code
        if (
            _INTERESTING.search(files.content(path))
            or programs.INTERESTING.search(files.content(path))
            or path.endswith("/__main__.py")
        )
        and (tree := code.parse(files.content(path)))
    }
    factories: dict[str, code.Framework | None] = {}
    for tree in trees.values():
        factories |= code.factories_of(tree)
    trees |= _callers(files, trees, factories)
    found = []
    for path, tree in trees.items():
        module = code.read(tree, factories)
        own = root if root is not None and path.startswith(under(root, "")) else import_root(files, path)
        name = module_name(own, path)
        found += [*programs.read(path, tree, module.main, name, own)]
        if name is None:
            continue
        by_name = {each.name: each for each in code.FRAMEWORKS.values()}
        for each in module.made:
            worker = each.framework in by_name and by_name[each.framework].worker
            if each.kind == "object" or not worker:
                made = Entry(
                    each.kind,
                    path,
                    each.line,
                    each.shown,
                    name,
                    each.name,
                    each.framework,
                    each.interface,
                    own,
                )
                found.append(replace(made, worker=worker))
    return found


def _callers(
    files: Files, known: dict[str, ast.Module], factories: dict[str, code.Framework | None]
) -> dict[str, ast.Module]:
    """Parse the files that call a factory, which the first look passed over."""
    if not factories:
        return {}
    call = re.compile(rb"\b(?:" + "|".join(factories).encode() + rb")\(")
    return {
        path: tree
        for path in files.code
        if path not in known
        and call.search(files.content(path))
        and (tree := code.parse(files.content(path)))
    }


def import_root(files: Files, path: str) -> str:
    """Tell from which folder a file is imported: above its outermost package, `src`, or where its imports point to."""
    folder = posixpath.dirname(path)
    while folder and under(folder, "__init__.py") in files:
        folder = posixpath.dirname(folder)
    parts = folder.split("/")
    if not folder or parts[-1] == "src":
        return folder
    # A folder without __init__.py may be a package all the same: the imports tell.
    above = "/".join(parts[: parts.index("src") + 1]) if "src" in parts else ""
    top = folder.removeprefix(under(above, "")).split("/")[0]
    imported = set(_IMPORTED.findall(files.text(path)))
    below = (each.removeprefix(f"{folder}/") for each in files.paths if each.startswith(f"{folder}/"))
    neighbours = {each.split("/")[0].removesuffix(".py") for each in below if each.endswith(".py")}
    return folder if top not in imported and imported & neighbours else above


def module_name(root: str, path: str) -> str | None:
    """Name the module in a file; None where its path makes no name that could be imported."""
    inside = path.removeprefix(under(root, "")).removesuffix(".py").removesuffix("/__init__")
    parts = inside.split("/")
    return ".".join(parts) if all(part.isidentifier() for part in parts) else None


def _rank(entry: Entry) -> tuple[object, ...]:
    """Order candidates, the likeliest first. The last part only makes the order certain."""
    module = entry.module.rpartition(".")[2] if not entry.path.endswith("__init__.py") else "__init__"
    return (
        entry.framework is None,
        entry.kind != "object",
        _NAMES.index(entry.name) if entry.name in _NAMES else len(_NAMES),
        _MODULES.index(module) if module in _MODULES else len(_MODULES),
        entry.path.count("/"),
        entry.path,
    )


def _asked(files: Files, found: list[Entry], asked: str, by: str) -> Entry:
    """Find what the person named: `module:name`, `module:name()`, or a script's file."""
    if asked.endswith(".py"):
        script = posixpath.normpath(asked)
        if script not in files:
            raise UsageError(f"{by}{asked}: there is no such file; give its path within the project")
        return _as_script(files, script)
    module, _, name = asked.partition(":")
    name, called = name.removesuffix("()"), name.endswith("()")
    if not name.isidentifier() or not all(part.isidentifier() for part in module.split(".")):
        raise UsageError(f"{by}{asked}: must be MODULE:NAME, such as shop.web:app, or a file such as run.py")
    known = next((each for each in found if (each.module, each.name) == (module, name)), None)
    if known is not None:
        return replace(known, kind="factory") if called else known
    path = _file_of(files, module)
    if path is None:
        missing = module.replace(".", "/") + ".py"
        raise UsageError(
            f"{by}{asked}: there is no {missing} in the project or below src; name the module that makes it"
        )
    line = files.line_of(path, name) or files.line_of(path, "import *")
    if not line:
        raise UsageError(f"{by}{asked}: {path} has no {name}; name the application as that file does")
    shown = f"{name}()" if called else name
    return Entry("factory" if called else "object", path, line, shown, module, name, root=_root_of(path))


def _program(files: Files, metadata: Metadata, found: list[Entry]) -> tuple[Entry, list[Entry]]:
    """Fall back on what is started as it is: a page, a worker, a file with a main part, the project's one command."""
    programs_found = sorted(
        (each for each in found if each.kind == "script" or each.worker), key=programs.likelihood
    )
    commands = toml.table(metadata.table, "project", "scripts")
    if not programs_found and not commands:
        programs_found = sorted(_running(files), key=programs.likelihood)
    if not programs_found:
        return _command(files, commands), []
    best, others = programs_found[0], programs_found[1:]
    if best.framework is not None:
        return best, [each for each in others if each.framework not in (None, best.framework)]
    rivals = [each for each in others if programs.likelihood(each)[:-1] == programs.likelihood(best)[:-1]]
    if rivals:
        listed = " and ".join(each.place for each in (best, *rivals)[:_SHOWN])
        raise UsageError(f"two or more programs: {listed}; say which, such as --entry {best.path}")
    return best, []


def of_command(files: Files, command: str, asked: str | None) -> Entry:
    """Return a command that the person gave, as one would type it, with the file of the project that it starts.

    Raises UsageError where it is none, or where it names no file and no module of the project.
    """
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        raise UsageError(f"--command {command}: {error}") from error
    if not words or any(word in {"&&", "||", "|", ";", ">", "&"} or "$" in word for word in words):
        raise UsageError(f"--command {command}: is run without a shell; give one program and its arguments")
    for word in (asked or "", *words):
        module = re.split(r"[:=(]", word.removeprefix("--app="))[0]
        path = (
            word if word in files else _file_of(files, module) or _file_of(files, module.rpartition(".")[0])
        )
        path = path or _file_of(files, f"{module}.__main__")
        if path is not None and path.endswith(".py"):
            return Entry("command", path, 0, " ".join(words), root=import_root(files, path), words=words)
    raise UsageError(
        f"--command {command}: names no file and no module of the project; say what it starts with --entry"
    )


def _running(files: Files) -> Iterator[Entry]:
    """Yield the files at the top that do something by themselves, and that no other file imports."""
    trees = {path: tree for path in files.code if (tree := code.parse(files.content(path))) is not None}
    imported = {name for tree in trees.values() for name in code.imported(tree)}
    for path, tree in trees.items():
        if "/" not in path and path.removesuffix(".py") not in imported and programs.runs(tree):
            yield replace(_as_script(files, path), line=tree.body[-1].lineno)


def _command(files: Files, commands: Mapping[str, Any]) -> Entry:
    """Take the one command of [project.scripts], as the function that it calls: nothing has to be installed."""
    if len(commands) != 1:
        raise UsageError(_nothing(files))
    target = str(next(iter(commands.values())))
    module, _, name = (part.strip() for part in target.partition(":"))
    path = _file_of(files, module)
    if path is None or not name.isidentifier():
        raise UsageError(
            f"pyproject.toml [project.scripts]: {target} is not in the project; correct it, or name the application with --entry"
        )
    words = ("python", "-c", f"import sys; from {module} import {name}; sys.exit({name}())")
    line = files.line_of(path, f"def {name}")
    return Entry("script", path, line, target, root=_root_of(path), words=words)


def _file_of(files: Files, module: str) -> str | None:
    """Find the file of a module, at the top or below src."""
    return files.module(module, "", "src")


def _root_of(path: str) -> str:
    return "src" if path.startswith("src/") else ""


def _as_script(files: Files, path: str) -> Entry:
    tree = code.parse(files.content(path))
    root = import_root(files, path)
    module = module_name(root, path)
    known = programs.read(path, tree, 0, module, root) if tree is not None else ()
    return next((each for each in known if not each.worker), programs.script(path, module, root))


def _nothing(files: Files) -> str:
    """Say that there is no application, and where one may be."""
    tried = f"no application was found ({', '.join(dict.fromkeys(each.name for each in code.FRAMEWORKS.values()))}, WSGI, ASGI)"
    parts = [
        path.rpartition("/")[0]
        for path in files.paths
        if path.count("/") == 1 and path.endswith(("/requirements.txt", "/pyproject.toml", "/manage.py"))
    ]
    if parts:
        return f"{tried}; is it in {parts[0]}? hullproof init {parts[0]}"
    if not any(path.endswith(".py") for path in files.paths):
        return f"{tried}: there is no Python file here; give the project's folder: hullproof init PROJECT"
    return f"{tried}; say where it is, such as --entry shop.web:app, --entry run.py, or --command 'python -m shop'"
