"""Dependencies are installed before the code is copied.

Why: BuildKit runs a step again when what goes into it has changed. Where the code is copied before the installing
step, each edit to a line of code downloads and installs all dependencies again: minutes instead of seconds.

Proven by: Two experiments in a scratch copy. After an edit to a file of the application, the installing step comes
from the cache while the application's own step runs again; after an edit to the file that declares the
dependencies, the installing step runs again.

Broken by: COPY . . before pip install; code copied in the same COPY as requirements.txt; the whole context
bind-mounted into the installing step; dependencies named in RUN, so that an edit to the file changes nothing.

Fix: Copy only the file that declares the dependencies, install from it, and copy the code after that.

    COPY requirements.txt ./
    RUN pip install --no-cache-dir -r requirements.txt
    COPY app/ app/
"""

from __future__ import annotations

from collections.abc import Mapping

from hullproof.dockerfile import Release
from hullproof.facts import EditsFacts
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_experiment,
    listed,
    not_applicable,
    proven,
    unproven,
)
from hullproof.practices.library.installing import (
    copy_the_code_after,
    declare_in_a_file,
    instead_of_written,
)
from hullproof.practices.library.stages import stages_for_tests


@check
def a_file_declares_the_dependencies(
    release: Release, edits: EditsFacts, project_texts: Mapping[str, str]
) -> Observations:
    """Steps install dependencies, and those of the application are declared in a file, not in the step itself."""
    if not edits.install_steps and edits.requirements:
        declaring = listed([outcome.edited for outcome in edits.requirements])
        yield unproven(f"{declaring} declares dependencies, but no step was recognised that installs them")
    elif not edits.install_steps:
        yield not_applicable(edits.no_requirements or "no step installs dependencies")
    for_tests = stages_for_tests(release)
    shipped = [step for step in edits.install_steps if release.stage_at(step.line) not in for_tests]
    steps = shipped or edits.install_steps
    if steps and not any(step.files or step.is_seen for step in steps):
        yield broken(
            f"{release.where(steps[0].line)} names the dependencies itself, so no edit to a file changes what is installed",
            *(
                in_experiment(release.where(each.line), f"expected a file, got {each.instruction}")
                for each in steps
            ),
            fix=declare_in_a_file(release, steps[0], project_texts),
        )


@check
def an_edit_to_the_code_installs_nothing(
    release: Release, edits: EditsFacts, project_texts: Mapping[str, str]
) -> Observations:
    """The steps that install come from the cache."""
    outcome = edits.application
    if outcome is None:
        why = edits.no_application or "none of its files is known"
        yield unproven(f"no edit to the application could be tried: {why}")
        return
    edit = f"an edit to {outcome.edited}"
    for step in edits.install_steps:
        where, state = release.where(step.line), outcome.installs.get(step.line)
        if state == "ran" and outcome.confirmed:
            yield broken(
                f"{edit} makes the installing step {where} run again",
                in_experiment(
                    where, f"{step.instruction}: expected it cached after {edit}, it ran, seen twice"
                ),
                fix=copy_the_code_after(release, step, project_texts),
            )
        elif state == "ran":
            yield unproven(f"{where} ran again after {edit}, but in only one of two tries")
        elif state == "cached":
            yield in_experiment(where, f"{step.instruction}: cached after {edit}")
        elif state == "forgotten":
            seen = f"ran again, but {outcome.edited} cannot get into it: the builder's cache had let it go"
            yield in_experiment(where, f"{step.instruction}: {seen}")


@check
def the_edit_to_the_code_took_effect(release: Release, edits: EditsFacts) -> Observations:
    """Nothing was installed because of where the steps stand, not because nothing happened: others ran again."""
    outcome = edits.application
    if outcome is None:
        return
    edit, states = f"an edit to {outcome.edited}", outcome.installs
    kept = [release.where(line) for line, state in states.items() if state in {"cached", "forgotten"}]
    for line in outcome.other_steps_ran[:2]:
        yield in_experiment(release.where(line), f"ran again after {edit}")
    if outcome.error is not None:
        where = f"rebuild after {edit}"
        yield unproven(f"the {where} failed: {outcome.error}", in_experiment(where, outcome.error))
    elif not kept:
        yield unproven(f"the rebuild after {edit} did not reach any installing step")
    elif not outcome.other_steps_ran:
        yield unproven(f"{edit} made no step run again, so nothing can be concluded from it")
    else:
        both = ", and an edit to the requirements does not" if edits.requirements else ""
        yield proven(f"{edit} leaves {listed(kept)} cached{both}")


@check
def an_edit_to_the_dependencies_installs_them(release: Release, edits: EditsFacts) -> Observations:
    """A step that installs from the edited file runs again."""
    from_files = [step for step in edits.install_steps if step.files]
    if from_files and not edits.requirements:
        why = edits.no_requirements or "no file is known"
        yield unproven(f"no edit to the requirements could be tried: {why}")
    for outcome in edits.requirements if from_files else ():
        named = [step for step in from_files if outcome.edited in step.files]
        states = {step.line: outcome.installs.get(step.line) for step in named}
        again = [release.where(line) for line, state in states.items() if state == "ran"]
        edit = f"an edit to {outcome.edited}"
        place = f"rebuild after {edit}"
        if again or not named:
            seen = "ran again" if again else "no step installs from this file alone"
            yield in_experiment(again[0] if again else place, f"{seen} after {edit}")
        elif outcome.error is not None:
            yield unproven(f"the {place} failed: {outcome.error}", in_experiment(place, outcome.error))
        elif "cached" not in states.values():
            yield unproven(f"the {place} did not reach the installing step")
        elif not outcome.confirmed:
            yield unproven(f"the {place} left the installing step cached, but in only one of two tries")
        else:
            yield broken(
                f"{edit} changes nothing: the installing step stays cached",
                *(
                    in_experiment(
                        release.where(step.line), f"{step.instruction}: expected it to run after {edit}"
                    )
                    for step in named
                ),
                fix=instead_of_written(release, outcome.edited)
                or f"Install from {outcome.edited}: COPY it into the stage and name it in the installing step.",
            )
