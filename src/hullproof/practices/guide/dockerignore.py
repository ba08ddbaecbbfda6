"""The build context leaves out what must not be built in.

Why: Whatever the ignore file lets through can end up in a layer with the next COPY . .: the history of the
repository, a password in .env, a key, a virtual environment of another system. It also makes every build slower
and the cache worthless.

Proven by: An experiment: canaries, files that must not get through, are planted in a scratch copy of the context,
at the top and nested: version control data, environment files, keys, virtual environments, bytecode and caches.
None of them reaches the builder, while all that the Dockerfile copies does, tests included.

Broken by: No ignore file, an empty one, or one where the builder does not look; a pattern such as .env that does
not match in subfolders; a ! that lets a secret back in; a Dockerfile.dockerignore that BuildKit prefers; so much
ignored that the build fails or no test is left.

Fix: Put a .dockerignore at the top of the context, with **/ in front of each pattern, so that it matches at any
depth: **/.git, **/.env*, **/*.pem, **/*.key, **/.venv, **/__pycache__, **/*.py[cod], **/.pytest_cache.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hullproof.model import Evidence
from hullproof.practices._finding import Case, Finding, listed, missing, not_applicable
from hullproof.practices.library.places import copies_context

if TYPE_CHECKING:
    from hullproof.dockerfile import Instruction, Release
    from hullproof.facts import BuildFacts, Canary, CanaryFacts

_PATTERNS = (
    (r"(?:^|/)(\.git|\.hg|\.svn|\.bzr)(?:/|$)", r"**/\1"),
    (r"(?:^|/)(\.venv|venv|env|\.virtualenv)/", r"**/\1"),
    (r"(?:^|/)__pycache__/", "**/__pycache__"),
    (r"\.py[cod]$", "**/*.py[cod]"),
    (r"(?:^|/)(\.(?:pytest|mypy|ruff)_cache|\.tox|\.nox|\.cache|\.hypothesis|htmlcov)/", r"**/\1"),
    (r"(?:^|/)\.env[^/]*$", "**/.env*"),
    (r"(?:^|/)(id_[a-z0-9]+)[^/]*$", r"**/\1*"),
    (r"\.(pem|key|p12|pfx|jks)$", r"**/*.\1"),
)
_KINDS = {"own": "the project's own"}
_REMOTE = re.compile(r"(?:https?|ftp|ssh)://|git@")
_WITHHELD = re.compile(r"\.dockerignore|excluded by", re.IGNORECASE)


def judge(
    *,
    release: Release,
    build: BuildFacts,
    canaries: CanaryFacts | None,
) -> Finding:
    """Count the canaries that got through, then look whether too much was left out."""
    case = Case()
    taker = _taker(release)
    if taker is None:
        seen = Evidence("dockerfile", release.where(release.line), "no COPY, ADD or bind mount takes from it")
        return not_applicable("the build takes nothing from its context", seen)
    where = release.where(taker.line)
    takes = Evidence("dockerfile", where, f"takes from the context: {_short(taker)}")
    if canaries is None:
        told = next((text for text in (build.error, *build.output) if text and _WITHHELD.search(text)), None)
        if told is None:
            missing("canaries")
        case.broken(
            "the build fails on what the ignore file withholds",
            takes,
            Evidence("experiment", where, told),
            remedy="Let through what the Dockerfile copies: narrow the pattern that matches it, or add !PATH after it.",
        )
        return case.finding("")
    _judge_withheld(case, release, takes, canaries)
    through = [canary for canary in canaries.canaries if canary.judged and canary.reached]
    if through:
        _judge_through(case, takes, canaries, through)
    judged = [canary for canary in canaries.canaries if canary.judged]
    if not judged:
        case.doubt("no canary was planted, so nothing shows what the ignore file leaves out")
    said = [canary for canary in canaries.canaries if canary.reached and not canary.judged]
    case.show(
        *(
            Evidence("experiment", canary.path, f"{canary.kind}: reaches the builder, not judged")
            for canary in said
        )
    )
    if canaries.ignore_file:
        case.show(
            Evidence("experiment", canaries.ignore_file, f"{canaries.files_reaching} files reach the builder")
        )
    return case.finding(
        f"none of {len(judged)} planted files reaches the builder, and all that the Dockerfile copies does"
    )


def _judge_withheld(case: Case, release: Release, takes: Evidence, canaries: CanaryFacts) -> None:
    """Look whether too much is left out: what the Dockerfile copies, or every test."""
    for at, path in canaries.sources_missing:
        case.broken(
            f"{canaries.ignore_file or 'the ignore file'} withholds {path}, which {release.where(at)} copies",
            Evidence("experiment", release.where(at), f"expected {path} in the build context, it is ignored"),
            remedy=f"Let {path} through: narrow the pattern that matches it, or add !{path} after it.",
        )
    if canaries.tests_left is False:
        case.broken(
            f"{canaries.ignore_file or 'the ignore file'} withholds every test, so the build cannot run them",
            Evidence(
                "experiment",
                canaries.ignore_file or takes.where,
                "expected tests in the build context, found none",
            ),
            takes,
            remedy="Let the tests into the context; keep them out of the release by copying only the application there.",
        )


def _judge_through(case: Case, takes: Evidence, canaries: CanaryFacts, through: list[Canary]) -> None:
    through = sorted(through, key=lambda canary: (canary.kind != "own", canary.nested))
    patterns = listed(list(dict.fromkeys(pattern_for(canary.path) for canary in through)), 10)
    file = canaries.ignore_file
    case.broken(
        f"{listed([canary.path for canary in through])} would reach the builder{_why(canaries, through)}",
        takes,
        *(
            Evidence(
                "experiment",
                file or canary.path,
                f"{_KINDS.get(canary.kind, canary.kind)} {canary.path} reaches the builder; "
                f"{pattern_for(canary.path)} would leave it out",
            )
            for canary in through
        ),
        remedy=f"Add to {file or '.dockerignore'}: {patterns}.",
    )


def _why(canaries: CanaryFacts, through: list[Canary]) -> str:
    if canaries.ignore_file is None:
        misplaced = (
            f"; {listed(canaries.misplaced)} is not where the builder looks" if canaries.misplaced else ""
        )
        return f": there is no ignore file at the top of the context{misplaced}"
    instead = f", and the builder does not read {listed(canaries.misplaced)}" if canaries.misplaced else ""
    held_at_top = {each.kind for each in canaries.canaries if not (each.nested or each.reached)}
    if all(canary.nested and canary.kind in held_at_top for canary in through):
        return f": {canaries.ignore_file} matches at the top only, not in subfolders{instead}"
    if all(canary.reached for canary in canaries.canaries):
        return f": {canaries.ignore_file} leaves nothing of this out{instead}"
    return f" in spite of {canaries.ignore_file}{instead}"


def pattern_for(path: str) -> str:
    """Give the line for the ignore file that leaves out a path, and what is like it, at any depth."""
    for expression, pattern in _PATTERNS:
        found = re.search(expression, path)
        if found is not None:
            return found.expand(pattern)
    return f"**/{path.rpartition('/')[2]}"


def _taker(release: Release) -> Instruction | None:
    """Find the step that takes most from the context: all of it first, then folders, then files by name.

    None where the build takes nothing: BuildKit then sends nothing, whatever lies there.
    """
    stages = release.needed
    takers = [
        (_share(taken), each)
        for stage in stages
        for each in release.chain_of(stage)
        if (taken := _taken(each))
    ]
    return max(takers, key=lambda taker: taker[0])[1] if takers else None


def _taken(instruction: Instruction) -> list[str]:
    """List what an instruction takes from the context, as written."""
    taken = [
        mount.source or "." for mount in instruction.mounts if mount.type == "bind" and mount.from_ is None
    ]
    if copies_context(instruction):
        taken += [source for source in instruction.sources if not _REMOTE.match(source)]
    return taken


def _share(taken: list[str]) -> int:
    """Rank by how much is taken, as far as names tell."""
    if any(source in {".", "./", "/", "*"} for source in taken):
        return 2
    return int(any("." not in source.rstrip("/").rpartition("/")[2] for source in taken))


def _short(instruction: Instruction) -> str:
    return " ".join(instruction.original.split())[:80]
