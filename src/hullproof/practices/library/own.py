"""Lines of the project's own files, found by what the image has of them."""

from __future__ import annotations

import ast
import posixpath
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.practices.library.command import program_path
from hullproof.practices.library.lines import insert, joined, remove_from, rewrite, source_of
from hullproof.practices.library.places import normal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hullproof.dockerfile import Release
    from hullproof.facts import FileFacts, ImageFacts

_CODE = (".py", ".cfg", ".ini", ".toml", ".sh")
_HANDLER = re.compile(
    r"(?P<call>signal\.signal\(\s*signal\.(?P<signal>SIG\w+),\s*)(?P<handler>lambda\b.*|signal\.SIG_IGN)\)\s*$"
)
_CHDIR = re.compile(r"\bchdir\(")
_HERE_AND_THERE = 2
_FRAME = re.compile(r'File "(?P<path>/[^"]+)", line (?P<line>\d+)')
"""What a traceback names a line by: https://docs.python.org/3/library/traceback.html"""
_SET_CHDIR, _SET_BIND = re.compile(r"chdir\s*="), re.compile(r"(?m)^(?:bind|worker_class|workers)\s*=")
"""Settings of gunicorn's, which a file of any name may hold."""


@dataclass(frozen=True)
class Row:
    """A line of a file of the project: its path there, its number, what it says, and the whole text."""

    path: str
    number: int
    text: str
    whole: str


def started_script(
    release: Release, word: str, image: ImageFacts, files: FileFacts | None
) -> tuple[str | None, str]:
    """Return which file of the project a word of a command starts, None where no COPY names it, and what it says, as far as is known."""
    text = None
    if files is not None:
        here = normal(posixpath.join(image.workdir or "/", word))
        path = here if here in files.final or "/" in word else program_path(word, image, files)
        text = files.text(path) if path is not None else None
    return source_of(release, posixpath.basename(word)), text or ""


def rows(image: ImageFacts, files: FileFacts | None, project: Mapping[str, str]) -> Iterator[Row]:
    """Go through the lines of the code and settings in the working directory that the project has word for word, in one file."""
    top = f"{(image.workdir or '/').rstrip('/')}/"
    times = Counter(project.values())
    paths = {text: path for path, text in project.items() if times[text] == 1}
    for at in files.final if files is not None else ():
        text = files.text(at) if files is not None and at.startswith(top) and at.endswith(_CODE) else None
        path = paths.get(text) if text is not None else None
        if text is None or path is None:
            continue
        for number, row in enumerate(text.splitlines(), 1):
            yield Row(path, number, row, text)


def to_end_on(
    name: str, image: ImageFacts, files: FileFacts | None, project: Mapping[str, str]
) -> str | None:
    """Say how the one line that sets a handler of a signal sets one that ends the program; None where no line does."""
    found = [
        (row, match)
        for row in rows(image, files, project)
        if (match := _HANDLER.search(row.text)) is not None and match["signal"] == name
    ]
    if len(found) != 1:
        return None
    row, match = found[0]
    line = f"{row.text[: match.start()]}{match['call']}lambda *_: sys.exit(0))"
    if re.search(r"(?m)^import sys$", row.whole) is None:
        first = next(
            (at for at, each in enumerate(row.whole.splitlines(), 1) if each == "import signal"), None
        )
        if first is None:
            return None
        return joined(rewrite(row.path, first, "import signal, sys"), rewrite(row.path, row.number, line))
    return rewrite(row.path, row.number, line)


def to_stay(image: ImageFacts, files: FileFacts | None, project: Mapping[str, str]) -> str | None:
    """Say which one line of the program goes, which changes directories; None where none does, several do, or more hangs on it."""
    found = [
        row
        for row in rows(image, files, project)
        if _CHDIR.search(row.text) or (_SET_CHDIR.match(row.text) and _SET_BIND.search(row.whole))
    ]
    if len(found) != 1 or not found[0].path.endswith(".py"):
        return None
    row = found[0]
    lines = row.whole.splitlines()
    try:
        ast.parse("\n".join([*lines[: row.number - 1], *lines[row.number :]]))
    except (SyntaxError, ValueError):
        return None
    return remove_from(row.path, row.number)


def with_os(row: Row, meant: str) -> str | None:
    """Say how a line of a program reads the environment, and that the program imports `os` for it; None where that is not plain."""
    try:
        body = ast.parse(row.whole).body
    except (SyntaxError, ValueError, RecursionError):
        return None
    written = rewrite(row.path, row.number, meant)
    if any(isinstance(each, ast.Import) and _imports(each, "os") for each in body):
        return written
    first = next((each for each in body if not _comes_first(each)), None)
    if first is None or getattr(first, "decorator_list", None) or first.lineno > row.number:
        return None
    is_needless = (
        row.whole.count("multiprocessing") == _HERE_AND_THERE and row.text.count("multiprocessing") == 1
    )
    if is_needless and ast.unparse(first) == "import multiprocessing":
        return joined(rewrite(row.path, first.lineno, "import os"), written)
    return joined(insert(row.path, "before", first.lineno, "import os"), written)


def _imports(statement: ast.Import, module: str) -> bool:
    return any(each.name == module and each.asname is None for each in statement.names)


def _comes_first(statement: ast.stmt) -> bool:
    """Whether a statement has to stand in front of all others: a docstring, what comes from `__future__`."""
    is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return is_text or (isinstance(statement, ast.ImportFrom) and statement.module == "__future__")


def raised_at(log: tuple[str, ...], project: Mapping[str, str]) -> Row | None:
    """Return the project's own line that the last traceback of a log leads to, by the text that it quotes; None where none does."""
    for at in range(len(log) - 2, -1, -1):
        frame = _FRAME.search(log[at])
        if frame is None:
            continue
        number, quoted = int(frame["line"]), log[at + 1].strip()
        for path, whole in project.items():
            lines = whole.splitlines()
            is_it = frame["path"].endswith(f"/{path}") and number <= len(lines)
            if is_it and lines[number - 1].strip() and quoted.endswith(lines[number - 1].strip()):
                return Row(path, number, lines[number - 1], whole)
    return None
