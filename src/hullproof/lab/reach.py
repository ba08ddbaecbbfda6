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
    """Whether a file of the context can be among what goes into the step at `line` of the Dockerfile."""
    step = project.dockerfile.by_line.get(line)
    if step is None:
        return True
    waiting, seen = [step.stage_index], {step.stage_index}
    while waiting:
        stage = project.dockerfile.stages[waiting.pop()]
        for source in sources(project, stage):
            if source.stage == step.stage_index and source.line > line:
                continue  # it comes after the step, and nothing that the step needs can come from there
            if source.origin is None:
                if source.takes(path):
                    return True
            elif source.origin not in seen:
                seen.add(source.origin)
                waiting.append(source.origin)
    return False
