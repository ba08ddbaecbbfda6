"""A build of the project's tests in which is noted what files of the project they have the application open or import.

In a scratch copy of the Dockerfile, the steps that run tests get a `sitecustomize` (see `hook`), and a stage at the end
takes what it noted. All else is as the project has it, so that BuildKit takes it from its cache.
"""

from __future__ import annotations

import json
import posixpath
import re
import shutil
import tarfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.dockerfile import Release, parse
from hullproof.engine.build import build
from hullproof.errors import DeadlineError, Unobservable
from hullproof.lab import hook
from hullproof.lab.rebuild import REBUILD_DEADLINE_S
from hullproof.project import projectfiles
from hullproof.project.frontend import write_copy

if TYPE_CHECKING:
    from hullproof.engine.connection import Engine
    from hullproof.engine.model.build import BuildFacts
    from hullproof.lab.recipe import Recipe

_CONTEXT = "hullproof-watch"
_PLACE = f"/opt/{_CONTEXT}"
_OWN_PATH = re.compile(r"\bPYTHONPATH=[\"']?(?!\s|[\"']|$)")
"""Where a step sets the variable by which the hook is found: it then stands in front of what is set."""
_STAGE = f"{_CONTEXT}-notes"
_LARGEST, _MOST, _MOST_NOTES = 1 << 20, 1_000, 20_000
"""Bytes in one file of notes, files, and notes in all: they are written by the project's own tests, which are not trusted."""


@dataclass(frozen=True)
class Note:
    """What was asked for, by whom, all by their paths in the stage of the test step at `line` of the Dockerfile.

    `module` is the name that an import statement gives it, "" for a file that was opened. `by` is "" where a framework
    opened it to answer a request. `test` is the function of the project's furthest up, as FILE::NAME, if there is one.
    """

    line: int
    path: str
    by: str
    test: str = ""
    module: str = ""


class Watch:
    """Builds the project's tests with the hook, from a scratch copy of its context."""

    def __init__(
        self, engine: Engine, recipe: Recipe, context: Path, folder: Path, lines: Sequence[int]
    ) -> None:
        """Take the copy, a folder for what is written here, and the lines of the steps that run tests."""
        self.engine, self.context, self.folder = engine, context, folder
        self.lines = _first_of_stages(recipe, lines)
        self._testing = _rows_of(recipe, lines)
        self._hook = folder / "hook"
        self._hook.mkdir()
        shutil.copyfile(hook.__file__, self._hook / "sitecustomize.py")
        (self._hook / hook.NOTES).mkdir()
        (self._hook / hook.NOTES).chmod(0o1777)  # for whoever runs the tests
        project, name = recipe.project.home, recipe.project.config.dockerfile
        own = recipe.dockerfile.read_bytes() if recipe.dockerfile else projectfiles.read(project, name)
        text, self._original = self._watching(recipe, own.decode("utf-8-sig"))
        dockerfile = write_copy(project, name, folder, text)
        parsed = parse(text, name)
        stage = parsed.stages[recipe.project.release.stage.index]
        release = Release(parsed, stage, recipe.project.build_args)
        self._recipe = replace(
            recipe,
            project=replace(recipe.project, release=release),
            dockerfile=dockerfile,
            build_contexts={**recipe.build_contexts, _CONTEXT: str(self._hook)},
        )

    def run(
        self, files: Iterable[str], modules: Iterable[str], withheld: Collection[tuple[str, str]] = ()
    ) -> tuple[BuildFacts, tuple[Note, ...]]:
        """Build up to the tests, looking for files of these names; return how it went, and what was noted.

        `modules` are last parts of names. `withheld` are names of modules, each with the path of the code that is not to have it.
        """
        for name, lines in (
            (hook.FILES, files),
            (hook.MODULES, modules),
            (hook.WITHHELD, ("\t".join(each) for each in withheld)),
        ):
            (self._hook / name).write_text("\n".join(sorted(lines)), encoding="utf-8")
        output = self.folder / "notes.tar"
        request = replace(self._recipe.request(self.context, output=output), target=_STAGE)
        try:
            built = build(self.engine, request, deadline_s=REBUILD_DEADLINE_S)
        except DeadlineError as error:
            raise Unobservable(f"the project's tests, watched: {error}") from error
        if built.failed_step is not None:
            line = built.failed_step.line
            built = replace(
                built, failed_step=replace(built.failed_step, line=self._original.get(line or 0, line))
            )
        notes = dict.fromkeys(islice(self._notes(output), _MOST_NOTES)) if built.ok else ()
        return built, tuple(notes)

    def _watching(self, recipe: Recipe, text: str) -> tuple[str, dict[int, int]]:
        """Put the hook before the first test step of each stage; return the text, and where its lines stood before."""
        rows, original = [], {}
        for number, row in enumerate(text.split("\n"), start=1):
            if number in self.lines:
                rows.append(f"COPY --from={_CONTEXT} / {_PLACE}/")
                rows.append(f"ENV PYTHONPATH={_PLACE}${{PYTHONPATH:+:$PYTHONPATH}}")
            rows.append(_OWN_PATH.sub(rf"\g<0>{_PLACE}:", row) if number in self._testing else row)
            original[len(rows)] = number
        rows += ["", f"FROM scratch AS {_STAGE}"]
        for line in self.lines:
            stage = recipe.project.dockerfile.by_line[line].stage_index
            rows.append(f"COPY --from={stage} {_PLACE}/{hook.NOTES} /{line}")
        return "\n".join([*rows, ""]), original

    def _notes(self, output: Path) -> Iterator[Note]:
        with tarfile.open(output) as archive:
            for member, _ in zip((each for each in archive if each.isfile()), range(_MOST), strict=False):
                file = archive.extractfile(member)
                content = file.read(_LARGEST) if file is not None else b""
                line = posixpath.dirname(member.name).strip("/")
                yield from _read(content, int(line) if line.isdecimal() else 0)
        output.unlink()


def _rows_of(recipe: Recipe, lines: Sequence[int]) -> frozenset[int]:
    """Return all lines of the file that the instructions which begin at these lines have."""
    dockerfile = recipe.project.dockerfile
    begins = sorted({*dockerfile.by_line, *(stage.line for stage in dockerfile.stages)})
    ends = dict(zip(begins, [*begins[1:], dockerfile.text.count("\n") + 2], strict=True))
    return frozenset(number for line in lines for number in range(line, ends[line]))


def _first_of_stages(recipe: Recipe, lines: Sequence[int]) -> tuple[int, ...]:
    """Return the first of the lines in each stage."""
    by_line = recipe.project.dockerfile.by_line
    firsts = {by_line[line].stage_index: line for line in sorted(lines, reverse=True)}
    return tuple(sorted(firsts.values()))


def _read(content: bytes, line: int) -> Iterator[Note]:
    """Read what one process wrote; what is no note is passed over."""
    try:
        rows = json.loads(content)
    except (ValueError, RecursionError):
        return
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, list) and len(row) == 5 and all(isinstance(each, str) for each in row):  # noqa: PLR2004
            _, path, by, test, module = row
            yield Note(line, path, by, test, module)
