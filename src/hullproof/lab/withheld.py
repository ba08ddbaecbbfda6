"""Experiment: whether a build that fails does so for want of a file that the ignore file withholds."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hullproof.lab.outcomes import WithheldFacts
from hullproof.lab.rebuild import reaching, rebuild
from hullproof.lab.scratch import content_of, put
from hullproof.project import tree

if TYPE_CHECKING:
    from pathlib import Path

    from hullproof.engine.connection import Engine
    from hullproof.engine.model.build import BuildFacts
    from hullproof.lab.recipe import Recipe
    from hullproof.lab.scratch import Bench
    from hullproof.project.ignorefile import IgnoreFile
    from hullproof.project.project import Project

_MOST_TRIED = 6
_WORD = re.compile(r"[\w./-]+")


def run(engine: Engine, recipe: Recipe, bench: Bench, baseline: BuildFacts) -> WithheldFacts:
    """Let through what the failing build speaks of, and see whether the build gets further with it.

    A build that succeeds lacks nothing.
    """
    project = recipe.project
    found = project.ignore_file
    if baseline.ok or found is None:
        return WithheldFacts()
    spoken_of = _spoken_of(project, found, baseline)
    listing = bench.empty("withheld-listing")
    for path in spoken_of:
        put(listing, path, b"")
    reached = reaching(engine, recipe, listing, bench.folder("withheld-list")) if spoken_of else frozenset()
    missed = [path for path in spoken_of if path not in reached][:_MOST_TRIED]
    if not missed:
        return WithheldFacts()
    context = bench.copy("withheld")
    for path in missed:
        put(context, path, content_of(project.folder, path))
    exceptions = "".join(f"!{path}\n" for path in missed)
    if found.name == ".dockerignore":
        put(context, found.name, _and_more(project.folder, found, exceptions))
    else:  # the builder looks for it beside the Dockerfile, wherever that lies
        own = recipe.dockerfile.read_bytes() if recipe.dockerfile else project.dockerfile.text.encode()
        copied = bench.folder("withheld-built") / "Dockerfile"
        copied.write_bytes(own)
        copied.with_name("Dockerfile.dockerignore").write_bytes(_and_more(project.home, found, exceptions))
        recipe = replace(recipe, dockerfile=copied)
    again = rebuild(engine, recipe, context, "the build with what it speaks of let through")
    if not (again.ok or _got_further(baseline, again)):
        return WithheldFacts()
    line = baseline.failed_line
    return WithheldFacts(
        tuple((path, _pattern(found, path)) for path in missed), found.name, line, builds=again.ok
    )


def _spoken_of(project: Project, found: IgnoreFile, build: BuildFacts) -> list[str]:
    """List the files that the ignore file may withhold, and that a failing build speaks of: by their paths first."""
    step = build.failed_step
    lines = (
        (*step.log, step.instruction, build.error or "")
        if step and step.log
        else (*build.output, build.error or "")
    )
    words = set(_WORD.findall("\n".join(lines)))
    said = {each.rstrip(".:") for each in words} | {posixpath.basename(each.rstrip(".:")) for each in words}
    own = {project.config.dockerfile, found.name}  # the builder speaks of these, whatever fails
    names = [
        each for each in tree.files(project.folder) if posixpath.basename(each) in said and each not in own
    ]
    ignored = [path for path in names if any(_fits(path, pattern.text) for pattern in found.patterns)]
    return sorted(ignored, key=lambda path: (path not in said, path))


def _and_more(folder: Path, found: IgnoreFile, exceptions: str) -> bytes:
    return content_of(folder, found.name).rstrip() + f"\n{exceptions}".encode()


def _pattern(found: IgnoreFile, path: str) -> str:
    """Name the line of the ignore file that withholds a path: the last that matches wins."""
    lines = [each.raw for each in found.patterns if not each.exception and _fits(path, each.text)]
    return lines[-1] if lines else found.name


def _fits(path: str, pattern: str) -> bool:
    """Whether a pattern matches a path or a folder that it lies in, as far as names tell: the builder has the last word."""
    plain = posixpath.normpath(pattern.strip("/"))
    return any(
        fnmatch.fnmatchcase(f"/{each}", f"*/{plain.removeprefix('**/')}") for each in tree.with_folders(path)
    )


def _got_further(before: BuildFacts, after: BuildFacts) -> bool:
    """Whether a build failed at a later step, or at the same one for another reason."""
    first, second = before.failed_step, after.failed_step
    if first is None or second is None or first.line is None or second.line is None:
        return before.error != after.error
    return second.line > first.line
