"""Where things stand: lines of the Dockerfile and layers of the image, as evidence names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hullproof.dockerfile import Dockerfile, Instruction, Stage
    from hullproof.facts import FileEntry, FileFacts, Layer


def last(
    dockerfile: Dockerfile, release: Stage, build_args: Mapping[str, str], keyword: str
) -> Instruction | None:
    """Return the last instruction of this kind that makes the release's image: the one in force."""
    chain = dockerfile.chain(release, build_args)
    return next((each for each in reversed(chain) if each.keyword == keyword), None)


def governing(dockerfile: Dockerfile, release: Stage, build_args: Mapping[str, str], *keywords: str) -> str:
    """Name the line that governs something: the last such instruction, or the FROM where there is none."""
    lines = [found.line for word in keywords if (found := last(dockerfile, release, build_args, word))]
    return dockerfile.where(max(lines, default=release.line))


def instruction_at(dockerfile: Dockerfile, line: int | None) -> Instruction | None:
    """Return the instruction that begins at this line."""
    return next((each for each in dockerfile.instructions if each.line == line), None)


def stage_at(dockerfile: Dockerfile, line: int) -> Stage | None:
    """Return the stage that has an instruction beginning at this line."""
    owners = (stage for stage in dockerfile.stages for each in stage.instructions if each.line == line)
    return next(owners, None)


def copies_context(instruction: Instruction | None) -> bool:
    """Whether it copies from the build context, not from another stage or image."""
    return (
        instruction is not None
        and instruction.keyword in {"COPY", "ADD"}
        and instruction.flag("from") is None
    )


def layer_place(dockerfile: Dockerfile, files: FileFacts, layer: Layer) -> str:
    """Name a layer by the line that made it, or by its number where that is not known."""
    if layer.line is not None:
        return dockerfile.where(layer.line)
    return f"layer {files.layers.index(layer) + 1}"


def own_entries(files: FileFacts) -> Iterator[tuple[Layer, FileEntry]]:
    """Go through all that the Dockerfile's own layers hold, also what a later layer hides."""
    for layer in files.added_layers:
        for entry in layer.entries:
            yield layer, entry


def deciding_layers(files: FileFacts) -> dict[str, Layer]:
    """Tell for each path which layer decides how it looks in the final view."""
    return {entry.path: layer for layer in files.layers for entry in layer.entries}
