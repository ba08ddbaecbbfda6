r"""Two builds make the same image.

Why: Only who can build an image again, from its commit, can show that it is made of that commit and of nothing else. Where two
builds differ, nobody can say which difference matters; each deployment replaces every layer.

Proven by: Two builds without cache, from copies at other paths, of other times and modes, one stage by stage and one side by
side, compared digest, configuration, layers, entries, contents. They may differ in times, which two options of the builder
take away: --build-arg SOURCE_DATE_EPOCH and --output type=image,rewrite-timestamp=true.

Broken by: Bytecode with time stamps, which pip writes; logs of apt; keys and random names; other versions of packages than a
moment before; /etc/shadow, which has the day on which useradd ran.

Fix: Compile bytecode by hash, clean up in the step that makes the mess, and pin what is installed.

    ARG SOURCE_DATE_EPOCH=0
    RUN pip install --no-cache-dir --require-hashes -r requirements.txt
    RUN useradd --uid 10001 app && rm -f /etc/*- /var/log/*log

The argument, given in each stage after its FROM, reaches all of its steps and stays out of the image: Python, and so pip and venv,
then compiles by hash, and useradd takes the day from it.

rewrite-timestamp=true alone makes all bytecode with time stamps stale: Python then compiles it at each start.
"""

from __future__ import annotations

import shlex

from hullproof.dockerfile import Release
from hullproof.facts import Difference, ReproductionFacts
from hullproof.model import Evidence
from hullproof.practices.checks import Observations, broken, check, in_experiment, in_image, listed, proven
from hullproof.practices.library.differences import by_cause, removable
from hullproof.practices.library.lines import add, followed_by, instead
from hullproof.practices.library.stages import made_at

PROFILES = ("release",)

_SHOWN = 5


@check
def two_builds_agree(release: Release, reproduction: ReproductionFacts) -> Observations:
    """Rung by rung: the digests are one, or what differs is times alone."""
    facts = reproduction
    if facts.packages:
        yield broken(
            f"two builds have other packages: {listed(list(facts.packages))}",
            in_experiment(
                release.where(release.line), f"in one of the two builds: {listed(list(facts.packages), 20)}"
            ),
            fix="Pin them: lock Python's packages with hashes, and take the system's from a snapshot or a base with a digest.",
        )
    elif facts.contents or facts.settings:
        for cause, differences in by_cause(facts.contents):
            line = made_at(release, differences[0].line, differences[0].path)
            count = "one file differs" if len(differences) == 1 else f"{len(differences)} files differ"
            yield broken(
                f"{count} between two builds: {cause.why} ({differences[0].path})",
                *(_shown(release, each) for each in differences[:_SHOWN]),
                fix=_without(release, line, differences)
                or cause.fix.format(line=release.where(line), epoch=_one_time(release, line)),
            )
        if facts.settings:
            yield broken(
                f"the configuration differs between two builds: {listed(list(facts.settings))}",
                in_image(release.where(release.line), f"config: {listed(list(facts.settings))}"),
                fix="Take no time and no random value into a label, a variable or the command.",
            )
    elif facts.is_identical:
        yield proven("two builds are identical, to their digest", in_experiment("two builds", "one digest"))
    else:
        yield from _but_for_times(release, facts)


@check
def the_day_is_not_in_it(release: Release, reproduction: ReproductionFacts) -> Observations:
    """What is equal today will be tomorrow: no account bears the day of the build."""
    for each in reproduction.dated:
        name, _, line = each.partition(":")
        where = release.where(int(line)) if line != "0" else release.where(release.line)
        yield broken(
            f"/etc/shadow has the day of the build for {name}: equal today, and different tomorrow",
            in_image(where, f"{name} has today's day in /etc/shadow"),
            fix=f"{_one_time(release, int(line) or release.line)} useradd takes the day from it.",
        )


def _but_for_times(release: Release, facts: ReproductionFacts) -> Observations:
    """Say what differs beside contents, and what takes it away."""
    parts = [
        f"the times of {facts.times} files, which SOURCE_DATE_EPOCH and rewrite-timestamp=true take away"
    ]
    if facts.modes:
        parts.append(
            f"the modes of {len(facts.modes)} files, which are the checkout's (COPY --chmod takes them away)"
        )
    if facts.stamped:
        parts.append(f"rewrite-timestamp would make the bytecode of {facts.stamped} modules stale")
    yield proven(
        f"two builds are identical but for {'; '.join(parts)}",
        *(_shown(release, each) for each in facts.modes[:_SHOWN]),
        in_experiment("two builds", f"same contents; {facts.times} files differ in their times alone"),
    )


def _without(release: Release, line: int, differences: list[Difference]) -> str | None:
    """Say how the step that writes nothing but logs and caches deletes them, too; None for anything else."""
    step, paths = release.instruction_at(line), removable(differences)
    lines = {made_at(release, each.line, each.path) for each in differences}
    if step is None or lines != {line} or set(paths) != {each.path for each in differences}:
        return None
    return instead(release, line, followed_by(step, f"rm -f {' '.join(map(shlex.quote, paths))}"))


def _one_time(release: Release, line: int) -> str:
    """Say how all steps up to a line get one time. An ARG ends with its stage, and is in no image."""
    stage = release.stage_at(line) or release.stage
    stages = release.ancestors_of(stage)
    building = [each for each in reversed(stages) if any(step.keyword == "RUN" for step in each.instructions)]
    said = [add(release, "after", each.line, "ARG SOURCE_DATE_EPOCH=0") for each in building]
    return " ".join(each for each in said if each)


def _where(release: Release, difference: Difference) -> str:
    return release.where(made_at(release, difference.line, difference.path))


def _shown(release: Release, difference: Difference) -> Evidence:
    first, second = difference.first, difference.second
    if first is None or second is None:
        said = "is in one of the two builds"
    elif first.size != second.size:
        said = f"has {first.size} bytes in one build, {second.size} in the other"
    elif (first.mode, first.uid, first.gid) != (second.mode, second.uid, second.gid):
        said = f"has mode {first.mode:o} in one build, {second.mode:o} in the other"
    else:
        said = "has other content"
    return in_image(_where(release, difference), f"{difference.path} {said}")
