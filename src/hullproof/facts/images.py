"""The image: its configuration, and its files layer by layer."""

from __future__ import annotations

from hullproof.engine.connection import Engine
from hullproof.engine.image import attach_lines, history_length, inspect_image
from hullproof.engine.layers import read_files
from hullproof.engine.model.image import BaseFacts, FileFacts, ImageFacts
from hullproof.facts.provider import fact
from hullproof.host.bases import BaseSet
from hullproof.project.project import STEP_KEYWORDS, Project


@fact
def image(engine: Engine, project: Project, image_id: str, base: BaseFacts, bases: BaseSet) -> ImageFacts:
    """The image's configuration and history."""
    found = bases.get(project.release.base.reference)
    return inspect_image(
        engine,
        image_id,
        base_diff_ids=base.diff_ids,
        base_history=history_length(engine, found.image) if found else 0,
    )


@fact
def files(engine: Engine, project: Project, image: ImageFacts, base: BaseFacts) -> FileFacts:
    """All files of the image, each of its own layers with the line that made it."""
    instructions = [
        (each.line, each.keyword, each.original)
        for each in project.release.chain
        if each.keyword in STEP_KEYWORDS
    ]
    read = read_files(engine, image.id, base_diff_ids=base.diff_ids)
    return attach_lines(read, image, instructions)[0]
