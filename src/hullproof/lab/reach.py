"""Whether a file of the context can get into a step at all: by a copy, by a mount, or through another stage.

BuildKit takes a step from its cache as long as what goes into it is the same. Where an edited file cannot get in, a
step that runs again does so because the cache let its result go, as it does when it is full or busy.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hullproof.lab.application import takes
from hullproof.lab.sources import places, sources_at

if TYPE_CHECKING:
    from hullproof.dockerfile import Stage
    from hullproof.project import Project

_WHOLE = sys.maxsize


def can_reach(project: Project, line: int, path: str) -> bool:
    """Whether a file of the context can be among what goes into the step at `line` of the Dockerfile."""
    stages = project.dockerfile.stages
    stage = next((each for each in stages if any(step.line == line for step in each.instructions)), None)
    return stage is None or _reaches(project, stage, line, path, frozenset())


def _reaches(project: Project, stage: Stage, until: int, path: str, seen: frozenset[int]) -> bool:
    """Look at all that makes a stage, down to a line of its own."""
    for place in places(project, stage):
        if place.stage.index == stage.index and place.instruction.line > until:
            break
        for source in sources_at(project, place):
            if source.origin is None:
                if takes(source, path):
                    return True
            elif source.origin not in seen:
                origin = project.dockerfile.stages[source.origin]
                if _reaches(project, origin, _WHOLE, path, seen | {stage.index, origin.index}):
                    return True
    return False
