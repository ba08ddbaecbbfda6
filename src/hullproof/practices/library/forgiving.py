"""What beside the Dockerfile lets a failing test pass, or leaves it out: scripts, Makefiles, settings and conftests, by their lines."""

from __future__ import annotations

import ast
import fnmatch
import posixpath
import re
from itertools import takewhile
from typing import TYPE_CHECKING

from hullproof.practices.library.lines import append, insert, instead, joined, remove_from, rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hullproof.dockerfile import Instruction, Release

_HOOKS = frozenset(
    {"pytest_collection_modifyitems", "pytest_sessionfinish", "pytest_ignore_collect", "pytest_runtest_setup"}
)
"""Functions of a conftest that decide which tests count: https://docs.pytest.org/en/stable/reference/reference.html#hooks"""
_LISTS = frozenset({"collect_ignore", "collect_ignore_glob"})
_SETTINGS = ("pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml")
CHOOSES = re.compile(
    r"""^\s*addopts\s*=.*(?:--co\b|--collect|\s["']?-[km]\b|=\s*["']?-[km]\b|--ignore|--deselect|--suppress)|^\s*ignore_outcome\s*=\s*true"""
)
_CLOSERS = ("]", '"', "'")
PATHS = re.compile(r"^\s*testpaths\s*=")
_FILES = re.compile(r"^\s*python_files\s*=\s*(?P<value>\S.*)$")
_USUAL_NAMES = ("test_*.py", "*_test.py", "tests.py")
_EMPTY = "# A package, so that unittest looks into it."
_KEEPS_ON, _NO_EXIT = (
    re.compile(r"\bmain\([^()]*\bexit=False"),
    re.compile(r"\bexit=False,\s*|,?\s*\bexit=False"),
)
_DROPPED = re.compile(r"(?P<before>^|[;\"']\s*)(?P<call>doctest\.test(?:mod|file)\([^()]*\))")
"""A statement that runs tests and drops how many failed."""
_IGNORED = re.compile(r"^\t[-@]*-@*\s*(?P<rest>.+)$")


def in_script(path: str, text: str) -> str | None:
    """Say how a script that runs the tests ends where they fail."""
    rows = text.splitlines()
    if not rows:
        return None
    if path.endswith(".py"):
        found = [number for number, row in enumerate(rows, 1) if "check=False" in row]
        if len(found) == 1:
            return rewrite(path, found[0], rows[found[0] - 1].replace("check=False", "check=True"))
        return None
    if re.search(r"(?m)^set -\w*e|\|\||^trap\b", text):
        return None
    return insert(path, "after" if rows[0].startswith("#!") else "before", 1, "set -e")


def in_makefile(step: Instruction, project_texts: Mapping[str, str]) -> str | None:
    """Say how a rule of a Makefile no longer goes on after a failure."""
    if not re.search(r"\bg?make\b", step.shell_text):
        return None
    found = [
        (path, number, match["rest"])
        for path, text in project_texts.items()
        if posixpath.basename(path).lower() in {"makefile", "gnumakefile"}
        for number, row in enumerate(text.splitlines(), 1)
        if (match := _IGNORED.match(row)) is not None and "test" in match["rest"]
    ]
    return joined(*(rewrite(path, number, f"\t{rest}") for path, number, rest in found)) if found else None


def settings(project_texts: Mapping[str, str]) -> Iterator[tuple[str, int, str]]:
    """Go through the lines of the settings of test runners."""
    for name in _SETTINGS:
        for number, row in enumerate(project_texts.get(name, "").splitlines(), 1):
            yield name, number, row


def in_settings(project_texts: Mapping[str, str], meant: re.Pattern[str]) -> str | None:
    """Say which lines of the settings go, with those that continue them; None where none is meant."""
    found = [
        remove_from(name, number, _end(project_texts[name].splitlines(), number))
        for name, number, row in settings(project_texts)
        if meant.match(row)
    ]
    return joined(*found) if found else None


def in_names(project_texts: Mapping[str, str], escaped: Sequence[str]) -> str | None:
    """Say how `python_files` has the names of test files that it leaves out, too; None where it does, or is of several lines."""
    for path, number, row in settings(project_texts):
        found = _FILES.match(row)
        patterns = re.findall(r"[^\s\"',\[\]]+", found["value"]) if found is not None else []
        left_out = [each for each in map(posixpath.basename, escaped) if not _fits(each, patterns)]
        more = [each for each in _USUAL_NAMES if any(_fits(name, [each]) for name in left_out)]
        if found is None or not patterns or not more or not all(_fits(name, more) for name in left_out):
            continue
        end = row.rstrip()
        if end.endswith("]"):
            quote = "'" if "'" in end else '"'
            return rewrite(path, number, f"{end[:-1]}{''.join(f', {quote}{each}{quote}' for each in more)}]")
        closer = end[-1] if end[-1] in "\"'" else ""
        return rewrite(path, number, f"{end[: len(end) - len(closer)]} {' '.join(more)}{closer}")
    return None


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, each) for each in patterns)


def in_packages(project_texts: Mapping[str, str], escaped: Sequence[str], run: Sequence[str]) -> str | None:
    """Say which folders of tests become packages, which are all that unittest looks into; None where each is one.

    A folder in which another file was `run` is one that it looks into.
    """
    seen = {posixpath.dirname(each) for each in run}
    folders: dict[str, None] = {}
    for path in escaped:
        parts = path.split("/")[:-1]
        folders |= dict.fromkeys("/".join(parts[: at + 1]) for at in range(len(parts)))
    bare = [each for each in folders if each not in seen and f"{each}/__init__.py" not in project_texts]
    found = joined(*(append(f"{each}/__init__.py", _EMPTY) for each in bare))
    return f"unittest looks into packages alone. {found}" if found else None


def in_program(release: Release, step: Instruction, project_texts: Mapping[str, str]) -> str | None:
    """Say how a program that the step runs ends with the result of its tests, in the step itself or in a line of its file."""
    text = step.original.strip()
    if not step.heredocs and len(_DROPPED.findall(text)) == 1:
        return instead(release, step.line, _DROPPED.sub(_as_result, text))
    for path, content in project_texts.items():
        module = path.removesuffix(".py").replace("/", ".")
        if not path.endswith(".py") or not re.search(
            rf"(?<![\w.]){re.escape(module)}(?![\w.])|(?<!\w){re.escape(path)}\b", step.shell_text
        ):
            continue
        for number, row in enumerate(content.splitlines(), 1):
            if _KEEPS_ON.search(row):
                return rewrite(path, number, _NO_EXIT.sub("", row))
            if _DROPPED.fullmatch(row.strip()):
                indent = row[: _indent(row)]
                return rewrite(path, number, indent + _DROPPED.sub(_as_result, row.strip()))
    return None


def _as_result(call: re.Match[str]) -> str:
    return f"{call['before']}raise SystemExit({call['call']}.failed > 0)"


def _end(rows: Sequence[str], number: int) -> int:
    """Return the last line of a setting that begins at this one: what is indented below it, or closes it, is a part of it."""
    indent = _indent(rows[number - 1])
    more = takewhile(lambda row: _indent(row) > indent or row.lstrip().startswith(_CLOSERS), rows[number:])
    return number + len(list(more))


def _indent(row: str) -> int:
    return len(row) - len(row.lstrip()) if row.strip() else 0


def in_conftest(project_texts: Mapping[str, str]) -> str | None:
    """Say which functions and lists of conftests go, since they decide which tests count."""
    ways: list[str | None] = []
    for path, text in project_texts.items():
        if posixpath.basename(path) != "conftest.py":
            continue
        try:
            body = ast.parse(text).body
        except (SyntaxError, ValueError):
            continue
        for each in body:
            named = {each.name} if isinstance(each, ast.FunctionDef) else set()
            if isinstance(each, ast.Assign):
                named = {one.id for one in each.targets if isinstance(one, ast.Name)}
            if named & (_HOOKS | _LISTS):
                first = min([each.lineno, *(one.lineno for one in getattr(each, "decorator_list", []))])
                ways.append(remove_from(path, first, each.end_lineno))
    return joined(*ways, "What stands there decides which tests count.") if ways else None
