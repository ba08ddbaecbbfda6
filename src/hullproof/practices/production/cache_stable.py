"""A new commit leaves the dependencies cached.

Why: A pipeline hands each build another revision, date or version. An argument that is declared before the installing step, or
a version in the file that declares the dependencies, drops that step from the cache: then every build of the pipeline installs
everything, while on the developer's machine, which hands in nothing, all is cached.

Proven by: A rebuild with other values for the arguments that change with every commit (revision, date, SOURCE_DATE_EPOCH where
it is used) and a raised version number: the installing steps are answered from the cache.

Broken by: ARG REVISION above RUN pip install; ENV or LABEL made of it there and used by a RUN; a version in pyproject.toml that
is copied before the dependencies are installed; SOURCE_DATE_EPOCH, which every WORKDIR is looked up by.

Fix: Declare what changes behind the installing step, best at the end of the release stage.

    RUN pip install --no-cache-dir -r requirements.txt
    COPY app/ app/
    ARG REVISION
    LABEL org.opencontainers.image.revision="${REVISION}"
"""

from __future__ import annotations

from hullproof.dockerfile import Release
from hullproof.facts import RenewalFacts
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
)
from hullproof.practices.library.lines import add, joined, remove

PROFILES = ("production", "release")


@check
def a_new_commit_installs_nothing(release: Release, renewal: RenewalFacts) -> Observations:
    """What changes with every commit or release leaves the installing steps cached."""
    if not renewal.installs:
        yield not_applicable("no step installs dependencies")
        return
    lines = listed([release.where(line) for line in renewal.installs])
    if not renewal.changed:
        yield proven(f"nothing that changes with every commit goes into {lines}")
        return
    for each in renewal.renewals:
        ran = listed([release.where(line) for line in each.ran])
        yield broken(
            f"another value of {each.what} installs all dependencies again, at {ran}",
            Evidence("dockerfile", each.where, f"{each.what} changes with every commit or release"),
            *(in_dockerfile(release.where(line), "ran again in the rebuild") for line in each.ran),
            fix=_to_move(release, each.where, each.ran) or _fix(each.what, each.where, ran),
        )
    yield proven(
        f"other values of {listed(list(renewal.changed))} leave {lines} cached",
        in_experiment("a rebuild with other values", f"{lines}: cached"),
    )


def _to_move(release: Release, where: str, ran: tuple[int, ...]) -> str | None:
    """Say how an ARG comes behind what it need not be above; None where a step before that uses it."""
    name, _, line = where.rpartition(":")
    step = release.instruction_at(int(line)) if line.isdigit() and release.where(int(line)) == where else None
    if not name or step is None or step.keyword != "ARG" or len(step.args) != 1 or not ran:
        return None
    goal = max(ran)
    stage = release.dockerfile.stages[step.stage_index]
    variable = step.pairs[0][0]
    among = [
        each for each in stage.instructions if step.line < each.line <= goal and variable in each.original
    ]
    if among or goal not in {each.line for each in stage.instructions}:
        return None
    return joined(remove(release, step.line), add(release, "after", goal, step.original.strip()))


def _fix(what: str, where: str, ran: str) -> str:
    if what.endswith("SOURCE_DATE_EPOCH"):
        return (
            f"Every WORKDIR is looked up by SOURCE_DATE_EPOCH: hand in one that stays the same from commit to commit, or put no "
            f"WORKDIR above {ran} (RUN mkdir)."
        )
    if what.startswith("the version"):
        return f"Keep {where} out of what is copied before {ran}: install from a list of the dependencies alone there."
    return f"Move {where} behind {ran}."
