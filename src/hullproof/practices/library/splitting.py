"""Saying how one stage that tests and ships becomes three: what both need, the tests, and the release."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.dockerfile import (
    Install,
    Instruction,
    Release,
    Stage,
    commands,
    install_commands,
    test_commands,
)
from hullproof.practices.library.lines import add, followed_by, instead, joined, remove, strict, text_of
from hullproof.practices.library.stages import FOR_TESTS, PASSED, taking_passed
from hullproof.tools import is_of_development

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MOST_REPEATED = 4
_TEST_GROUP = r"(?:unit[-_]?)?(?:tests?|testing|dev|develop|development|lint|ci)"
_GROUPS = re.compile(
    rf"\s(?:--(?:group|extra|with)[ =]{_TEST_GROUP}(?:,{_TEST_GROUP})*|--all-groups|--all-extras|--dev)(?=\s|$)"
)
"""Options by which an installer takes groups that are for tests."""
_EXTRAS = re.compile(r"\[([\w.,-]+)\](?=[\"'\s]|$)")
_WITHOUT_GROUPS = {"uv": "--no-dev", "poetry": "--only main", "pdm": "--prod", "pipenv": ""}
"""How an installer is told to leave out the groups that it takes by itself."""
_LEAVES_OUT = re.compile(
    r"\s--(?:no-dev|no-group|no-default-groups|only-group|only|without|prod|production)(?=[\s=]|$)"
)
_OF_TESTS = re.compile(r"(?:unit[-_]?)?tests?|conftest\.py|pytest\.ini|tox\.ini|\.coveragerc")


@dataclass(frozen=True)
class _Parted:
    """A step of which a part is for tests: the line for what runs, and those for the test stage."""

    shipped: str
    tested: str


def to_split(release: Release, test_scripts: Mapping[int, str]) -> str | None:
    """Say line by line how the tests of the release's own stages get a stage of their own; None where that is not plain."""
    chain = list(release.chain)
    runs = [at for at, each in enumerate(chain) if test_commands(each) or each.line in test_scripts]
    if not runs:
        return None
    stage = release.dockerfile.stages[chain[runs[-1]].stage_index]
    parted = {at: parts for at, each in enumerate(chain) if at < runs[-1] and (parts := _parted(each))}
    first = next(at for at, each in enumerate(chain) if at in runs or _is_for_tests(each))
    if installs := [at for at in parted if chain[at].keyword == "RUN"]:
        # Code that is copied between is copied in both stages: what tests need is installed before it, as all else is.
        first = min(first, installs[-1] + 1)
    if any(chain[at].stage_index != stage.index for at in (first, *parted)):
        return None
    names = {each.name for each in release.dockerfile.stages if each != stage}
    if {"base", "test"} & names:
        return None
    run, touch = chain[runs[-1]], f"touch {PASSED}"
    before = ["FROM base AS test", *(each.tested for each in parted.values())]
    # Lines are named once each: what is added before one that is rewritten stands in front of it all the same.
    ways = [
        instead(release, stage.line, _from(stage, stage.base, "base")),
        *(instead(release, chain[at].line, each.shipped) for at, each in parted.items()),
        add(release, "before", chain[first].line, *before),
        instead(release, run.line, strict(run, touch) or followed_by(run, touch)),
        *_to_release(release, stage, chain, (first, runs[-1])),
    ]
    return joined(*ways)


def to_move(release: Release, line: int, for_tests: Mapping[Stage, str]) -> str | None:
    """Say how a step that installs what tests need beside what runs leaves that to the one test stage built on it."""
    step, stage = release.instruction_at(line), release.stage_at(line)
    parts = _parted(step) if step is not None else None
    above = [each for each in for_tests if stage in release.ancestors_of(each)[1:]]
    if parts is None or len(above) != 1:
        return None
    return joined(instead(release, line, parts.shipped), add(release, "after", above[0].line, parts.tested))


def _to_release(
    release: Release, stage: Stage, chain: Sequence[Instruction], span: tuple[int, int]
) -> Iterator[str | None]:
    """Say where the release begins, and what it has again of what stands among the tests."""
    first, last = span
    child = next((each for each in release.ancestors if _parent(release, each) == stage), None)
    end = (
        last if child is None else max(at for at, each in enumerate(chain) if each.stage_index == stage.index)
    )
    among = [
        each for at, each in enumerate(chain) if first <= at <= end and at != last and not _is_for_tests(each)
    ]
    again = [text_of(each) for each in among if not test_commands(each)]
    if len(again) > _MOST_REPEATED:
        yield None
    lines = [taking_passed("test"), *again]
    if child is None:
        named = f"FROM base AS {stage.name}" if stage.name else "FROM base"
        yield add(release, "after", chain[last].line, named, *lines)
        return
    yield instead(release, child.line, _from(child, "base", child.name))
    yield add(release, "after", child.line, *lines)
    for each in chain[end + 1 :]:
        if each.keyword == "RUN" and all(_clears(command.text) for command in commands(each).commands):
            yield remove(release, each.line)


def _parent(release: Release, stage: Stage) -> Stage | None:
    above = release.ancestors_of(stage)
    return above[1] if len(above) > 1 else None


def _from(stage: Stage, base: str, name: str | None) -> str:
    platform = f"--platform={stage.platform} " if stage.platform and base == stage.base else ""
    return f"FROM {platform}{base}{f' AS {name}' if name else ''}"


def _clears(command: str) -> bool:
    """Whether a command only takes away what tests brought."""
    return re.match(r"(?:python -m )?pip uninstall\b", command) is not None or (
        command.startswith("rm ")
        and all(_is_path_of_tests(word) for word in command.split()[1:] if word[0] != "-")
    )


def _is_path_of_tests(path: str) -> bool:
    return (
        _OF_TESTS.fullmatch(posixpath.basename(path.rstrip("/"))) is not None
        or FOR_TESTS.search(path) is not None
    )


def _is_for_tests(step: Instruction) -> bool:
    """Whether it is there for tests alone: it runs them, copies them, or installs what they need."""
    if step.keyword in {"COPY", "ADD"}:
        return bool(step.sources) and all(map(_is_path_of_tests, step.sources))
    installs = install_commands(step)
    others = (
        [each for each in commands(step).commands if each not in [install.command for install in installs]]
        if step.keyword == "RUN"
        else []
    )
    if not installs or not all(each.program == "rm" for each in others):
        return False
    return all(
        not each.local_paths
        and not each.implied_files
        and all(map(FOR_TESTS.search, each.requirement_files))
        and all(map(is_of_development, each.distributions))
        for each in installs
    )


def _parted(step: Instruction) -> _Parted | None:
    """Divide a step that copies or installs for both; None where it does for one, or is not plain to divide."""
    text = text_of(step)
    if text is None or step.json:
        return None
    if step.keyword == "COPY" and step.flag("from") is None:
        tests = [each for each in step.sources if _is_path_of_tests(each)]
        rest = [each for each in step.sources if each not in tests]
        if not tests or not rest:
            return None
        return _Parted(*(" ".join(["COPY", *step.flags, *each, step.args[-1]]) for each in (rest, tests)))
    installs = install_commands(step)
    is_plain = len(installs) == 1 and len(commands(step).commands) == 1
    return _parted_install(text, installs[0]) if is_plain else None


def _parted_install(text: str, install: Install) -> _Parted | None:
    if (shipped := _without_groups(text, install)) is not None:
        return _Parted(shipped, text)
    files = install.requirement_files
    tests = [each for each in files if FOR_TESTS.search(each)]
    rest = [each for each in files if each not in tests]
    if not tests or not rest:
        return None
    return _Parted(_without_lists(text, tests), _without_lists(text, [*rest, *install.packages]))


def _without_groups(text: str, install: Install) -> str | None:
    """Write a step without the groups and extras that are for tests; None where it takes none, or nothing else."""
    less = _GROUPS.sub("", text)
    if install.local_paths:
        less = _EXTRAS.sub(_without_extras, less)
    option = _WITHOUT_GROUPS.get(install.tool) if install.implied_files else None
    if option and not _LEAVES_OUT.search(less):
        less = f"{less} {option}"
    return less if less != text and install.declares_file else None


def _without_extras(found: re.Match[str]) -> str:
    kept = [each for each in found[1].split(",") if not re.fullmatch(_TEST_GROUP, each)]
    return f"[{','.join(kept)}]" if kept else ""


def _without_lists(text: str, lists: Sequence[str]) -> str:
    for each in lists:
        text = re.sub(rf"\s(?:(?:-r|--requirement)[ =])?(?<=[\s=]){re.escape(each)}(?=\s|$)", "", text)
    return text
