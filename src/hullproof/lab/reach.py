"""Whether a file of the context can get into a step at all: by a copy, by a mount, or through another stage.

BuildKit takes a step from its cache as long as what goes into it is the same. Where an edited file cannot get in, a
step that runs again does so because the cache let its result go, as it does when it is full or busy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullproof.project.sources import sources

if TYPE_CHECKING:
    from hullproof.project.project import Project


def can_reach(project: Project, line: int, path: str) -> bool:
    """Whether a file of the context can be among what goes into the step at `line` of the Dockerfile.

    An ONBUILD is a step of each stage that is built on its own.
    """
    step = project.dockerfile.by_line.get(line)
    if step is None:
        return True
    acts_in = [step.stage_index]
    if step.keyword == "ONBUILD":
        parents = project.dockerfile.resolved(project.build_args).parents
        acts_in = [at for at, each in enumerate(parents) if each is not None and each.index == acts_in[0]]
    return any(_can_reach(project, stage, line, path) for stage in acts_in)


def _can_reach(project: Project, stage_index: int, line: int, path: str) -> bool:
    waiting, seen = [stage_index], {stage_index}
    while waiting:
        stage = project.dockerfile.stages[waiting.pop()]
        for source in sources(project, stage):
            if source.stage == stage_index and source.line > line:
                continue  # it comes after the step, and nothing that the step needs can come from there
            if source.origin is None:
                if source.takes(path):
                    return True
            elif source.origin not in seen:
                seen.add(source.origin)
                waiting.append(source.origin)
    return False
