"""Experiment: what of a context with canaries in it reaches the builder."""

from __future__ import annotations

import fnmatch
import os
import posixpath
import re
from collections import Counter, deque
from dataclasses import replace
from typing import TYPE_CHECKING

from hullproof import interruption
from hullproof.errors import Unobservable
from hullproof.lab import planting
from hullproof.lab.outcomes import Canary, CanaryFacts
from hullproof.lab.rebuild import reaching
from hullproof.lab.scratch import put
from hullproof.lab.vocabulary import Vocabulary
from hullproof.project import ignorefile, projectfiles, suites, tree
from hullproof.project.sources import Takers, context_sources
from hullproof.secrets import held, is_key, kind_of, named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from hullproof.engine.connection import Engine
    from hullproof.lab.recipe import Recipe
    from hullproof.lab.scratch import Bench
    from hullproof.project.ignorefile import IgnoreFile, Pattern
    from hullproof.project.project import Project
    from hullproof.project.sources import Source

_MOST_FOLDERS = 24
_SHOWN_FOLDERS = 3
_STAND_IN_FOR = frozenset({".git", ".hg", ".svn", ".venv", "venv", "node_modules"})
_FULL_DETAIL = 5_000
_FEW = 3
_LARGEST_KEY = 65_536
_DATABASE = re.compile(r"\b([\w-]+\.(?:sqlite3?|db))\b[\"'?]")
_TEST_FOLDERS = frozenset({"test", "tests", "testing", "fixtures"})


def run(engine: Engine, recipe: Recipe, bench: Bench) -> CanaryFacts:
    """Plant canaries in a context of empty files by the project's names, and list what reaches the builder."""
    project = recipe.project
    found = project.ignore_file
    sources = context_sources(project)
    context = bench.empty("canaries")
    names = _plant_names(project.folder, context, frozenset(source.path for source in sources))
    folders = _folders(names)
    vocabulary = Vocabulary()  # a word of the project's may be one that its ignore file has
    # A pattern such as `*/.env` knows one level only: canaries lie two levels below a package, too.
    below = "/".join(vocabulary.pick())
    deep = [posixpath.join(folder, below) for folder in folders]
    exceptions = (
        [each for each in found.exceptions if not _is_harmless(project.folder, each)] if found else []
    )
    traits = traits_of(project.folder, found)
    planted = planting.canaries([*folders, *deep], exceptions, vocabulary.pick()[0], traits)
    for each in planted:
        _touch(context, each.path, vocabulary.line())
    reached = reaching(engine, recipe, context, bench.folder("listing"))
    shown = _shown(folders, names, reached)
    shown |= {posixpath.join(folder, below) for folder in shown}
    kept = [each for each in planted if each.let_in or not each.folder or each.folder in shown]
    own = own_secrets(project.folder, names, reached)
    variants = any(posixpath.basename(each.path).startswith(".env.") for each in own)
    traits = replace(traits, env_variants=traits.env_variants or variants)
    judged = planting.judge(kept, reached, traits)
    tests = suites.find(project.folder)
    every = (*(each for each in judged if each.path not in {mine.path for mine in own}), *own)
    return CanaryFacts(
        canaries=_as_taken(every, sources),
        ignore_file=found.name if found else None,
        files_reaching=len(reached & names),
        sources_missing=tuple(_missing(sources, names, reached)),
        tests_left=any(path in reached for path in tests) if tests else None,
        misplaced=tuple(_misplaced(project, found)),
        named=tuple(dict.fromkeys(_named(every, sources))),
    )


def _as_taken(canaries: Iterable[Canary], sources: tuple[Source, ...]) -> tuple[Canary, ...]:
    """Note which canaries the build takes, and where it takes just one by name: then it does so on purpose."""
    takers = Takers(sources)

    def noted(canary: Canary) -> Canary:
        taken = [sources[place] for place in sorted(takers.of(canary.path))]
        by_name = next((source.line for source in taken if _is_left_out(source, canary.pattern)), None)
        is_judged = canary.judged and by_name is None
        first = taken[0].line if taken else None
        return replace(canary, taken=bool(taken), taken_at=first, named_at=by_name, judged=is_judged)

    return tuple(map(noted, canaries))


def _named(canaries: Iterable[Canary], sources: tuple[Source, ...]) -> Iterator[str]:
    """List what the Dockerfile takes by name, and lines for the ignore file that canaries ask for would leave out."""
    for canary in canaries:
        if canary.judged and canary.reached:
            yield from (each.path for each in sources if _is_left_out(each, canary.pattern))


def _is_left_out(source: Source, pattern: str) -> bool:
    """Whether a pattern, in a form that holds at any depth, leaves out the very path that a source names."""
    name = posixpath.basename(source.path)
    return bool(name) and not source.is_glob and fnmatch.fnmatchcase(name, pattern.removeprefix("**/"))


def traits_of(folder: Path, found: IgnoreFile | None) -> planting.Traits:
    """Find out which canaries count in this project."""
    ignored = ignorefile.patterns(projectfiles.text(folder, ".gitignore"))
    is_ignored = [each.text.strip("/").removeprefix("**/") for each in ignored if not each.exception]
    paths = list(tree.files(folder))
    databases = {
        name
        for path in paths
        if path.endswith((".py", ".toml", ".cfg", ".ini", ".yml", ".yaml"))
        for name in _DATABASE.findall(projectfiles.text(folder, path))
        if any(fnmatch.fnmatchcase(name, each) for each in is_ignored)
    }
    here = {posixpath.basename(path) for path in paths}
    return planting.Traits(
        env_variants=found is not None and any(".env." in p.text and named(p.text) for p in found.exceptions),
        allow_list=found is not None and found.is_allow_list,
        one_venv=bool(here & {"uv.lock", "poetry.lock", "pdm.lock"}),
        has_packages="package.json" in here,
        databases=tuple(sorted(databases - here)),
        dumps=any(fnmatch.fnmatchcase(planting.DUMP, each) for each in is_ignored),
    )


def _is_harmless(folder: Path, exception: Pattern) -> bool:
    """Whether a `!` line lets in just one file that is there and no secret: a public certificate called ca.pem."""
    path = exception.text.strip("/")
    plain = not any(character in path for character in "*?[\\")
    return plain and projectfiles.is_file(folder, path) and not is_secret(folder, path)


def _plant_names(folder: Path, context: Path, sources: Collection[str]) -> frozenset[str]:
    """Make an empty file for each of the project's: only names matter, and contents may be large.

    Of folders that canaries stand in for, nothing is taken; past some thousands of files only those that can
    make a difference are.
    """
    names: set[str] = set()
    ending = interruption.current()
    waiting = deque([""])
    while waiting:
        prefix = waiting.popleft()
        try:
            entries = sorted(os.scandir(folder / prefix), key=lambda entry: entry.name)
        except OSError:
            continue
        plain = 0
        for entry in entries:
            ending.require_none()
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _STAND_IN_FOR and not tree.is_environment(entry.path):
                    waiting.append(path + "/")
                continue
            plain += 1
            if len(names) > _FULL_DETAIL and plain > _FEW and not (path in sources or named(path)):
                continue
            names.add(path)
            if not (context / path).exists():
                _touch(context, path)
    return frozenset(names)


def _touch(context: Path, path: str, text: str = "") -> None:
    """Make a file; one that cannot be, since a file stands where a folder must, does not matter."""
    try:
        put(context, path, text.encode())
    except (OSError, Unobservable):
        return


def _folders(names: Collection[str]) -> list[str]:
    """Choose directories for nested canaries: those with the most Python files, tests and packages among them."""
    folders = Counter(posixpath.dirname(name) for name in names if "/" in name and name.endswith(".py"))
    others = Counter(name.split("/", 1)[0] for name in names if "/" in name)
    ranked = [folder for folder, _ in folders.most_common()] + [folder for folder, _ in others.most_common()]
    usable = [folder for folder in dict.fromkeys(ranked) if "__pycache__" not in folder]
    return usable[:_MOST_FOLDERS]


def _shown(folders: list[str], names: Collection[str], reached: Collection[str]) -> frozenset[str]:
    """Choose what to speak of: directories of which something reaches the builder, or else the first one."""
    alive = {posixpath.dirname(name) for name in names if name in reached}
    parents = {parent for folder in alive for parent in tree.with_folders(folder)}
    live = [folder for folder in folders if folder in parents] or folders[:1]
    return frozenset(live[:_SHOWN_FOLDERS])


def is_secret(folder: Path, path: str) -> bool:
    """Whether a file of the project is a secret: by what is in it, and where that does not tell, by its name."""
    content = projectfiles.head(folder, path, _LARGEST_KEY)
    text = None if b"\0" in content else content.decode("utf-8", "replace")
    return kind_of(path, held(content), text) is not None


def own_secrets(folder: Path, names: Collection[str], reached: Collection[str]) -> tuple[Canary, ...]:
    """Find the project's own secrets that reach the builder; keys among the tests are only told of."""
    found = []
    for path in sorted(name for name in names if name in reached):
        pattern = _pattern(folder, path)
        if pattern is not None:
            is_judged = not set(path.lower().split("/")[:-1]) & _TEST_FOLDERS
            found.append(Canary(path, "own", "/" in path, reached=True, judged=is_judged, pattern=pattern))
    return tuple(found)


def _pattern(folder: Path, path: str) -> str | None:
    """Return the line for an ignore file that leaves out a secret: all of its kind's name, or where that says nothing its own."""
    if (known := named(path)) is not None:
        return known.pattern if is_secret(folder, path) else None
    is_own = is_key(path, projectfiles.head(folder, path, _LARGEST_KEY))
    return f"**/{posixpath.basename(path)}" if is_own else None


def _missing(
    sources: tuple[Source, ...], names: AbstractSet[str], reached: AbstractSet[str]
) -> Iterator[tuple[int, str]]:
    """Find what the Dockerfile copies, and the tree has, but the ignore file withholds."""
    takers = Takers(sources)
    there, arrived = ({*map(takers.of, each)} for each in (names, names & reached))
    missing = frozenset[int]().union(*there) - frozenset[int]().union(*arrived)
    for place in sorted(missing):
        yield sources[place].line, sources[place].path or "."


def _misplaced(project: Project, found: IgnoreFile | None) -> Iterator[str]:
    """Find ignore files that the builder does not read, and nobody else is likely to."""
    used = found.name if found else None
    own_folder = posixpath.dirname(project.config.dockerfile)
    for path in tree.files(project.folder):
        folder, name = posixpath.split(path)
        lower = name.lower()
        if path == used or (
            lower.strip("._-") not in {"dockerignore", "dockerignore.txt"}
            and not lower.endswith(".dockerignore")
        ):
            continue
        other = name.removesuffix(".dockerignore")
        if (
            other
            and other != name
            and (project.folder / folder / other).is_file()
            and path != f"{project.config.dockerfile}.dockerignore"
        ):
            continue  # it belongs to another Dockerfile
        if folder and folder != own_folder and (project.folder / folder / "Dockerfile").is_file():
            continue  # it belongs to another context
        yield path
