"""Experiment: what changes with every commit or release is changed, and which installing steps run again."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.errors import Unobservable
from hullproof.lab import installing
from hullproof.lab.rebuilds import Rebuilds, Renewal, RenewalFacts
from hullproof.lab.scratch import content_of, put
from hullproof.project import projectfiles, tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hullproof.engine.model.build import Step
    from hullproof.project.project import Project

_REVISION = re.compile(
    r"(?:\w*_)?(?:REVISION|COMMIT|SHA|HASH|VCS_REF|GIT_REF|BRANCH|BUILD_(?:DATE|TIME|NUMBER|ID)|CREATED|TIMESTAMP|DATE)(?:_\w+)?"
    r"|(?:APP_|IMAGE_|RELEASE_|BUILD_|PROJECT_|PACKAGE_|SERVICE_)?(?:VERSION|TAG)|RELEASE"
)
"""Names of arguments that a pipeline gives another value with each commit or release; PYTHON_VERSION is none."""
_EPOCH = "SOURCE_DATE_EPOCH"
_VERSION = re.compile(
    r"""(?P<before>^[ \t]*(?:__version__|version|VERSION)[ \t]*=[ \t]*["']?)(?P<version>\d+(?:\.\w+)+)""",
    re.MULTILINE,
)
_VERSION_FILES = re.compile(
    r"(?:.*/)?(?:pyproject\.toml|setup\.py|setup\.cfg|__init__\.py|_?version\.py|__about__\.py)"
)
_PLAIN_FILES = ("VERSION", "version.txt", "VERSION.txt")
_MOST_FILES = 8


@dataclass(frozen=True)
class _Change:
    """One thing that changes: an argument with its new value, or a file of the context with its new content."""

    what: str
    where: str
    argument: tuple[str, str] | None = None
    content: tuple[str, bytes] | None = None


def run(rebuilds: Rebuilds) -> RenewalFacts:
    """Change all at once; where an installing step runs again, each by itself, to know which it is."""
    project = rebuilds.recipe.project
    steps = [each for each in installing.candidates(project) if not each.tentative and not each.exports]
    lines = tuple(each.line for each in steps)
    changes = list(_changes(project))
    if not steps or not changes:
        return RenewalFacts(lines)
    changed = tuple(each.what for each in changes)
    if not _ran(rebuilds, changes, lines):
        return RenewalFacts(lines, changed)
    again = ((each, _ran(rebuilds, [each], lines)) for each in changes)
    return RenewalFacts(
        lines, changed, tuple(Renewal(each.what, each.where, ran) for each, ran in again if ran)
    )


def _changes(project: Project) -> Iterator[_Change]:
    """List what is to change: arguments of the stages that the release needs, and where its version's number stands."""
    seen: set[str] = set()
    instructions = [
        *project.dockerfile.global_args,
        *(i for stage in project.needed_stages for i in stage.instructions),
    ]
    for each in instructions:
        for name, _ in each.pairs if each.keyword == "ARG" else ():
            is_epoch = name == _EPOCH
            if name not in seen and (is_epoch or _REVISION.fullmatch(name)):
                seen.add(name)
                value = str(1_500_000_000 + secrets.randbelow(10**8)) if is_epoch else secrets.token_hex(20)
                yield _Change(
                    f"the argument {name}", project.dockerfile.where(each.line), argument=(name, value)
                )
    if _EPOCH in project.build_args and _EPOCH not in seen:
        value = str(1_500_000_000 + secrets.randbelow(10**8))
        yield _Change(
            f"the argument {_EPOCH}",
            project.places.get(f"build_args.{_EPOCH}", "build_args"),
            (_EPOCH, value),
        )
    yield from _versions(project)


def _versions(project: Project) -> Iterator[_Change]:
    """Find the files that have the project's version, and raise it."""
    found = 0
    for path in tree.files(project.folder):
        name = path.rpartition("/")[2]
        if found == _MOST_FILES or path.count("/") > 2:  # noqa: PLR2004 - a package's own, below src at the deepest
            continue
        text = (
            projectfiles.text(project.folder, path)
            if _VERSION_FILES.fullmatch(path) or name in _PLAIN_FILES
            else ""
        )
        if name in _PLAIN_FILES and re.fullmatch(r"\s*v?\d[\w.]*\s*", text):
            new = text.rstrip() + ".1\n"
        elif match := _VERSION.search(text):
            new = f"{text[: match.end()]}.1{text[match.end() :]}"
        else:
            continue
        found += 1
        line = text.count("\n", 0, match.start() if name not in _PLAIN_FILES and match else 0) + 1
        yield _Change(f"the version in {path}", f"{path}:{line}", content=(path, new.encode()))


def _ran(rebuilds: Rebuilds, changes: list[_Change], lines: tuple[int, ...]) -> tuple[int, ...]:
    """Rebuild with these changes; return which of the steps at these lines ran again."""

    def change(context: Path) -> None:
        for each in changes:
            if each.content is not None and projectfiles.is_file(context, each.content[0]):
                content_of(context, each.content[0])
                put(context, *each.content)

    def known(steps: tuple[Step, ...]) -> bool:
        states = [any(s.ran for s in steps if s.line == line) for line in lines]
        cached = [any(s.cached for s in steps if s.line == line) for line in lines]
        return all(ran or kept for ran, kept in zip(states, cached, strict=True))

    what = f"the rebuild with {changes[0].what} changed"
    arguments = dict(each.argument for each in changes if each.argument is not None)
    built = rebuilds(what, change=change, arguments=arguments, stop_when=known)
    ran = tuple(line for line in lines if any(step.ran for step in built.steps if step.line == line))
    if not built.ok and not built.stopped_early and not ran:
        raise Unobservable(f"{what} failed: {built.error}")
    return ran
