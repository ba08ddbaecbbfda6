"""The files of a project, read once, and only as far as code goes."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.project import projectfiles, tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LARGEST = 1_000_000
"""Bytes of a file that are read: code is smaller, and data of any size may lie beside it."""
_ELSEWHERE = frozenset(
    {
        "vendor", "vendored", "_vendor", "third_party", "thirdparty", "external", "node_modules",
        "examples", "example", "docs", "doc", "benchmarks", "notebooks", "cookiecutter", "templates",
    }
)  # fmt: skip
_STRING = re.compile(r"""(["'])(?P<it>.*?)\1""")
_KEY = re.compile(r"""^\s*["']?(?P<it>[^"'\s=]+)["']?\s*=""")
_TEST_FOLDERS = frozenset({"test", "tests", "testing"})
_MADE = frozenset({"build", "dist"})
"""Code in them is what tools made of it; but a build may be described there, too."""


class Files:
    """A project's files by their paths relative to it, without what is no part of it (see `project.tree`)."""

    def __init__(self, folder: Path, dockerfile: str = "Dockerfile") -> None:
        """List the files below `folder`, of which one is the Dockerfile; what cannot be read is passed over."""
        self.folder = folder
        self.dockerfile = dockerfile
        self.paths = tuple(tree.files(folder))
        self._known = frozenset(self.paths)
        self._read: dict[str, bytes] = {}
        self._found: dict[tuple[str, re.Pattern[str]], dict[str, int]] = {}

    def __contains__(self, path: object) -> bool:
        """Whether there is such a file."""
        return path in self._known

    def content(self, path: str) -> bytes:
        """Return the first million bytes of a file; nothing where it cannot be read."""
        if path not in self._read:
            self._read[path] = projectfiles.head(self.folder, path, _LARGEST)
        return self._read[path]

    def text(self, path: str) -> str:
        """Return the same as text; what is no UTF-8 is replaced."""
        return self.content(path).decode("utf-8-sig", "replace")

    def first(self, *paths: str) -> str | None:
        """Return the first of these that exists."""
        return next((path for path in paths if path in self), None)

    def module(self, name: str, *roots: str) -> str | None:
        """Return the file of a module, or of a package, that is imported from the first of these folders to have it."""
        tail = name.replace(".", "/")
        return self.first(*(under(root, tail + end) for root in roots for end in (".py", "/__init__.py")))

    @cached_property
    def tops(self) -> dict[str, bool]:
        """What lies at the top: each entry by its name, and whether it is a folder."""
        found: dict[str, bool] = {}
        for path in self.paths:
            top, slash, _ = path.partition("/")
            found[top] = bool(slash)
        return found

    @cached_property
    def code(self) -> tuple[str, ...]:
        """The Python files that may be the application: no tests, nothing vendored, no examples or documents."""
        return tuple(path for path in self.paths if path.endswith(".py") and not self.is_aside(path))

    def is_aside(self, path: str) -> bool:
        """Whether a path lies where no application does."""
        *folders, name = path.split("/")
        return (
            self.is_elsewhere(path)
            or any(part in _MADE or part.startswith(".") for part in folders)
            or name.startswith("test_")
            or name.endswith(("_test.py", "_tests.py"))
            or name in {"conftest.py", "setup.py", "noxfile.py", "tests.py"}
            or (name == "env.py" and "/".join([*folders, "script.py.mako"]) in self)  # Alembic's
        )

    def is_elsewhere(self, path: str) -> bool:
        """Whether a path lies in a folder of what is foreign, an example, a document or a test."""
        return any(part in _ELSEWHERE or part in _TEST_FOLDERS for part in path.split("/")[:-1])

    def below(self, top: str) -> Iterator[str]:
        """Yield the files below a folder, or the file itself."""
        if "/" not in top:
            return iter(self._tops.get(top, ()))
        return (path for path in self.paths if path == top or path.startswith(f"{top}/"))

    @cached_property
    def _tops(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for path in self.paths:
            found[path.split("/", maxsplit=1)[0]].append(path)
        return found

    def line_of_string(self, path: str, text: str) -> int:
        """Return the number of the first line in which `text` stands between quotes, 0 where it does not."""
        return self._lines(path, _STRING).get(text, 0)

    def line_of_key(self, path: str, key: str) -> int:
        """Return the number of the first line of TOML that gives `key` a value, 0 where none does."""
        return self._lines(path, _KEY).get(key, 0)

    def _lines(self, path: str, pattern: re.Pattern[str]) -> dict[str, int]:
        """Map what a pattern finds in a file to the first line where it does: many are looked for in one file."""
        if (path, pattern) not in self._found:
            lines = enumerate(self.text(path).split("\n"), start=1)
            found = [(each["it"], number) for number, line in lines for each in pattern.finditer(line)]
            self._found[path, pattern] = dict(reversed(found))
        return self._found[path, pattern]

    def line_of(self, path: str, text: str) -> int:
        """Return the number of the first line that has `text`, 0 where none has."""
        return self.line_matching(path, re.escape(text))

    def line_matching(self, path: str, pattern: str) -> int:
        """Return the number of the line in which a pattern matches first, 0 where it does not."""
        text = self.text(path)
        found = re.search(pattern, text, re.MULTILINE)
        return text.count("\n", 0, found.start()) + 1 if found else 0


def under(root: str, path: str) -> str:
    """Return a path below a root, "" being the project itself."""
    return posixpath.join(root, path) if root else path
