"""The build context leaves out what must not be built in.

Why: Whatever the ignore file lets through can end up in a layer with the next COPY . .: the history of the
repository, a password in .env, a key, a virtual environment of another system. It also makes every build slower
and the cache worthless.

Proven by: An experiment: canaries, files that must not get through, are planted in a scratch copy of the context,
at the top and nested: version control data, environment files, keys, virtual environments, bytecode, caches, installed
JavaScript packages, and the developer's database by the name that the project's settings give it.
None of them reaches the builder, while all that the Dockerfile copies does, tests included.

Broken by: No ignore file, an empty one, or one where the builder does not look; a pattern such as .env that does
not match in subfolders; a ! that lets a secret back in; a Dockerfile.dockerignore that BuildKit prefers; so much
ignored that the build fails or no test is left.

Fix: Put a .dockerignore at the top of the context, with **/ in front of each pattern, so that it matches at any
depth: **/.git, **/.env*, **/*.pem, **/*.key, **/.venv, **/__pycache__, **/*.py[cod], **/.pytest_cache.
"""

from __future__ import annotations

from collections.abc import Mapping

from hullproof.dockerfile import Release
from hullproof.facts import BuildFacts, Canary, CanaryFacts, WithheldFacts
from hullproof.model import Evidence
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_dockerfile,
    in_experiment,
    listed,
    not_applicable,
    proven,
    unproven,
)
from hullproof.practices.library.ignoring import letting_back_in, to_let_through, withholds_all
from hullproof.practices.library.lines import append, known
from hullproof.practices.library.places import takes_most

_LET_THROUGH = "Let {} through: narrow the pattern that matches it, or add !{} after it."
_SAVE = "Save {} in UTF-8, which is what the builder reads."
_TESTS_THROUGH = (
    "Let the tests into the context; keep them out of the release by copying only the application there."
)


@check
def something_is_taken_from_the_context(release: Release) -> Observations:
    """Otherwise BuildKit sends nothing, whatever lies there."""
    if takes_most(release) is None:
        seen = in_dockerfile(release.where(release.line), "no COPY, ADD or bind mount takes from it")
        yield not_applicable("the build takes nothing from its context", seen)


@check
def what_the_build_needs_gets_through(
    release: Release, canaries: CanaryFacts, tests: Mapping[str, str], project_texts: Mapping[str, str]
) -> Observations:
    """The ignore file withholds nothing that the Dockerfile copies, and leaves tests to be run."""
    file = canaries.ignore_file or "the ignore file"
    text = project_texts.get(file, "")
    for line, path in canaries.sources_missing:
        where = release.where(line)
        yield broken(
            f"{file} withholds {path}, which {where} copies",
            in_experiment(where, f"expected {path} in the build context, it is ignored"),
            fix=known(to_let_through(file, text, path), _instead_of_all(canaries, file, text))
            or _LET_THROUGH.format(path, path),
        )
    if canaries.tests_left is False:
        yield broken(
            f"{file} withholds every test, so the build cannot run them",
            in_experiment(file, "expected tests in the build context, found none"),
            *_takes(release),
            fix=known(
                _TESTS_THROUGH,
                *(to_let_through(file, text, each) for each in sorted(tests.values())),
                _instead_of_all(canaries, file, text),
            ),
        )


@check
def no_build_fails_on_the_ignore_file(
    release: Release, build: BuildFacts, canaries: CanaryFacts | None
) -> Observations:
    """The builder does not say that what a step copies is ignored."""
    said = [text for text in (build.error, *build.output) if text and _says_withheld(text)]
    if not build.ok and said and canaries is None:
        yield broken(
            "the build fails on what the ignore file withholds",
            *_takes(release),
            in_experiment("build", said[0]),
            fix=_LET_THROUGH.format("what the Dockerfile copies", "PATH"),
        )


@check
def no_build_fails_for_want_of_a_file(
    release: Release, withheld: WithheldFacts, project_texts: Mapping[str, str]
) -> Observations:
    """A build that fails gets no further with the withheld files that its output speaks of."""
    for path, pattern in withheld.files:
        where = release.where(withheld.line or release.line)
        further = "succeeds" if withheld.builds else "gets further"
        yield broken(
            f"{withheld.ignore_file} withholds {path} by `{pattern}`, and without it the build fails at {where}",
            in_experiment(where, f"fails; with {path} let through, the build {further}"),
            fix=to_let_through(
                withheld.ignore_file or "", project_texts.get(withheld.ignore_file or "", ""), path
            )
            or f"Let {path} through: add !{path} after {pattern} in {withheld.ignore_file}.",
        )


@check
def no_canary_gets_through(
    release: Release, canaries: CanaryFacts, project_texts: Mapping[str, str]
) -> Observations:
    """Of the files that were planted, and of the project's own secrets, none can reach the builder."""
    judged = [canary for canary in canaries.canaries if canary.judged]
    through = sorted(
        (each for each in judged if each.reached), key=lambda each: (each.kind != "own", each.nested)
    )
    file = canaries.ignore_file
    text = project_texts.get(file or "", "")
    if not takes_most(release):
        return
    if through:
        yield broken(
            _clause(canaries, through, len(judged), text),
            *_takes(release, next((each.taken_at for each in through if each.taken_at), None)),
            *(in_experiment(file or each.path, _reaches(each)) for each in through),
            fix=_SAVE.format(file)
            if _is_of_two_bytes(text)
            else append(file or ".dockerignore", *_patterns(canaries, through)),
        )
    elif not judged:
        yield unproven("no canary was planted, so nothing shows what the ignore file leaves out")
    for each in canaries.canaries:
        if each.reached and each.named_at:
            yield in_experiment(
                release.where(each.named_at), f"takes {each.path} by name, on purpose: not judged"
            )
        elif each.reached and not each.judged:
            yield in_experiment(each.path, f"{each.kind}: reaches the builder, not judged")
    if file:
        yield in_experiment(file, f"{canaries.files_reaching} files get through")
    yield proven(
        f"none of {len(judged)} planted files reaches the builder, and all that the Dockerfile copies does"
    )


def _takes(release: Release, line: int | None = None) -> list[Evidence]:
    """Name a line that takes from the context, by default that which takes most."""
    step = release.instruction_at(line) or takes_most(release)
    if step is None:
        return []
    text = " ".join(step.original.split())[:80]
    return [in_dockerfile(release.where(step.line), f"takes from the context: {text}")]


def _says_withheld(text: str) -> bool:
    return ".dockerignore" in text or "excluded by" in text


def _reaches(canary: Canary) -> str:
    kind = "the project's own" if canary.kind == "own" else canary.kind
    how = "reaches the builder" if canary.taken else "would reach the builder with COPY . ."
    return f"{kind} {canary.path} {how}; {canary.pattern} would leave it out"


def _clause(canaries: CanaryFacts, through: list[Canary], planted: int, text: str) -> str:
    """Tell what the build takes today from what only its next `COPY . .` would."""
    why, taken = _why(canaries, through, text), [each.path for each in through if each.taken]
    today = "today's instructions name what they take"
    if taken:
        return f"{listed(taken)} would reach the builder: {why}"
    if canaries.ignore_file is None:
        return f"{why}; {today}, the next COPY . . would take {len(through)} of {planted} planted files"
    return f"the next COPY . . would take {listed([each.path for each in through])}: {why}; {today}"


def _patterns(canaries: CanaryFacts, through: list[Canary]) -> list[str]:
    """List the lines to add, and let back in what the Dockerfile takes by name."""
    patterns = [each.pattern for each in through if each.pattern]
    return list(dict.fromkeys([*patterns, *(f"!{each}" for each in canaries.named)]))


def _instead_of_all(canaries: CanaryFacts, file: str, text: str) -> str | None:
    """Say what an ignore file that left out everything leaves out once it lets through what the build needs."""
    judged = [each for each in canaries.canaries if each.judged]
    return append(file, *_patterns(canaries, judged)) if withholds_all(text) and judged else None


def _is_of_two_bytes(text: str) -> bool:
    """Whether an ignore file is as PowerShell's `>` writes it."""
    return "\0" in text


def _why(canaries: CanaryFacts, through: list[Canary], text: str) -> str:
    file, elsewhere = canaries.ignore_file, listed(canaries.misplaced)
    if file is None:
        misplaced = f", and {elsewhere} is not where the builder looks" if elsewhere else ""
        return f"there is no ignore file at the top of the context{misplaced}"
    instead = f", and the builder does not read {elsewhere}" if elsewhere else ""
    if _is_of_two_bytes(text):
        return f"{file} is in UTF-16, of which the builder reads no pattern"
    exceptions = {letting_back_in(text, each.path) for each in through}
    lines = [f"{file}:{found[0]} `{found[1]}`" for found in sorted(filter(None, exceptions))]
    if None not in exceptions:
        return f"{listed(lines)} {'let' if lines[1:] else 'lets'} {'them' if through[1:] else 'it'} back in{instead}"
    held_at_top = {each.kind for each in canaries.canaries if not (each.nested or each.reached)}
    held_below = {each.kind for each in canaries.canaries if each.nested and not each.reached}
    if all(each.nested and each.kind in held_at_top - held_below for each in through):
        return f"{file} matches at the top only, not in subfolders{instead}"
    if all(canary.reached for canary in canaries.canaries):
        return f"{file} leaves nothing of this out{instead}"
    return f"{file} does not leave it out{instead}"
