"""Which entries at the top of a project the application needs, and which its tests need beside them.

An entry is needed where code that is needed imports it or names it: as a module, in a path, as a file.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.init.files import under
from hullproof.init.model import STREAMLIT_SETTINGS, Application, Contents, Dependencies, Tests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hullproof.init.files import Files
    from hullproof.init.workspace import Workspace

_NEVER = (
    ".*", "test", "tests", "testing", "docs", "doc", "venv", "env", "build", "dist", "htmlcov", "node_modules",
    "*.egg-info", "[Dd]ockerfile*", "*.[Dd]ockerfile", "*compose*.y*ml", "noxfile.py", "tox.ini", "pytest.ini",
    "conftest.py", "setup.py", "setup.cfg", "hullproof.toml", "test_*.py", "*_test.py", "*.pem", "*.key",
    "*.sqlite*", "*.log",
)  # fmt: skip
"""Development files, secrets and databases of people's own: whatever names them, no release holds them."""
_STRANGE = re.compile(r"[^\w.+@ -]")
"""Names with such characters mean something else to COPY or to the ignore file."""
_BESIDE_A_MODULE = ("templates", "static")
_MIGRATIONS = {"alembic": ("alembic.ini", "alembic", "migrations"), "flask-migrate": ("migrations",)}
_CODE = (".py", ".ini", ".toml", ".cfg")
_CLUTTER = re.compile(r"/tests/|/(?:test_[^/]*|[^/]*_test|conftest)\.py$")


def look(
    files: Files,
    application: Application,
    dependencies: Dependencies,
    tests: Tests,
    space: Workspace | None = None,
) -> Contents:
    """Follow the code from where the application is entered, then from its tests; of packages in folders, take these."""
    packages = space.code(files) if space else ()
    if space and space.folder:
        return Contents(
            packages, tests.paths, _with_tests(files, packages, application), frozenset(_files(files, tests))
        )
    left_out = (*_NEVER, *_ignored_by_git(files))
    usable = {
        name
        for name in files.tops
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in left_out) and not _STRANGE.search(name)
    }
    start = {_top(application.entry.path), *([_top(application.manage)] if application.manage else [])}
    known = ["gunicorn.conf.py", *(_BESIDE_A_MODULE if application.entry.path in files.tops else ())]
    for package, names in _MIGRATIONS.items():
        known += names if dependencies.has(package) else ()
    if application.entry.framework == "Streamlit":
        # No code names them: it finds both by their places.
        known.append(_top(under(posixpath.dirname(application.entry.path), "pages")))
        packages += (STREAMLIT_SETTINGS,) if STREAMLIT_SETTINGS in files else ()
    uses = {name: _use_of(files, name, application.root) for name in usable}
    release = _closure(files, uses, (start | set(known)) & set(files.tops))
    beside = _closure(files, uses, {path for path in tests.paths if path in files.tops})
    release |= {each for each in packages if _top(each) not in release}
    return Contents(
        tuple(sorted(release)),
        tuple(dict.fromkeys(each for each in (*tests.paths, *sorted(beside)) if each not in release)),
        clutter=_with_tests(files, release, application),
        files=frozenset(_files(files, tests)),
    )


def _with_tests(files: Files, release: Iterable[str], application: Application) -> tuple[str, ...]:
    """Return the entries of the release that have tests among their files."""
    return tuple(
        entry
        for entry in sorted(release)
        if any(
            _CLUTTER.search(path) or (application.manage and path.endswith("/tests.py"))
            for path in files.below(entry)
        )
    )


def _files(files: Files, tests: Tests) -> Iterator[str]:
    """Name what at the top is no folder."""
    return (
        name
        for name in (*files.tops, *tests.paths)
        if not files.tops.get(name, "/" in name or "." not in name)
    )


def _ignored_by_git(files: Files) -> list[str]:
    """List patterns for what at the top git ignores: no checkout has it. Without a list, databases are left out."""
    if ".gitignore" not in files:
        return ["*.db"]
    lines = (line.strip() for line in files.text(".gitignore").splitlines())
    plain = (line.removeprefix("**/").strip("/") for line in lines if not line.startswith(("#", "!")))
    return [line for line in plain if line and "/" not in line]


def _top(path: str) -> str:
    return path.split("/", maxsplit=1)[0]


def _closure(files: Files, uses: Mapping[str, re.Pattern[str]], start: set[str]) -> set[str]:
    """Follow the code from where it starts; `uses` finds, for each entry that may be needed, a use of it."""
    found = set(start)
    waiting = list(start)
    while waiting and uses.keys() - found:
        top = waiting.pop()
        texts = [files.text(path) for path in files.below(top) if path.endswith(_CODE)]
        for name in uses.keys() - found:
            if any(name.removesuffix(".py") in text and uses[name].search(text) for text in texts):
                found.add(name)
                waiting.append(name)
    return found


def _use_of(files: Files, name: str, root: str) -> re.Pattern[str]:
    """Return what finds a use of an entry: an import, a dotted name in quotes, a path or a part of one in quotes."""
    word, up = re.escape(name.removesuffix(".py")), r"(?:\.{1,2}/)*"
    whole = re.escape(name)
    if not files.tops[name] and not name.endswith(".py"):
        return re.compile(rf"""["']{up}{whole}["']""")
    in_path = [
        rf"""["']{up}{whole}/""",
        rf"""/\s*["']{whole}["']""",
        rf"""(?:join|joinpath|Path|path|open|directory|folder|dir|DIRS|root|loader|Loader)\w*\s*[=(:].{{0,80}}["']{up}{whole}["']""",
    ]
    is_code = name.endswith(".py") or any(path.endswith(".py") for path in files.below(name))
    importable = [rf"^[ \t]*(?:from|import)\s+{word}\b", rf"""["']{word}[.:"']"""] if is_code else []
    if root and name == _top(root):
        return re.compile(r"(?!)")  # where modules come from is there from the start
    return re.compile("|".join([*importable, *in_path]), re.MULTILINE)
