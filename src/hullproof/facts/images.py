"""The image: its configuration, and its files layer by layer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from hullproof.dockerfile import Release
from hullproof.engine.connection import Engine
from hullproof.engine.history import layers_with_lines, with_lines
from hullproof.engine.image import inspect_image
from hullproof.engine.layers import read_files
from hullproof.engine.manifest import manifest_digest as find_manifest_digest
from hullproof.engine.model.image import BaseFacts, FileFacts, ImageFacts
from hullproof.facts.provider import fact
from hullproof.host.bases import BaseSet
from hullproof.lab.leaks import looked_for
from hullproof.project import projectfiles
from hullproof.project.project import Project
from hullproof.secrets import is_made_up


@fact
def image(engine: Engine, release: Release, image_id: str, base: BaseFacts, bases: BaseSet) -> ImageFacts:
    """The image's configuration and history, each entry of its own with the line that made it."""
    found = bases.get(release.base.reference)
    seen = inspect_image(
        engine,
        image_id,
        base_diff_ids=base.diff_ids,
        base_history=found.known.history_length if found else 0,
    )
    return replace(seen, history=with_lines(seen.history, release.chain))


@fact
def files(engine: Engine, image: ImageFacts, base: BaseFacts | None) -> FileFacts:
    """All files of the image, each of its own layers with the line that made it."""
    of_base = base.diff_ids if base is not None else ()
    return layers_with_lines(read_files(engine, image.id, base_diff_ids=of_base), image)


@fact
def kept_secrets(project: Project, files: FileFacts) -> Mapping[str, str]:
    """The files of the release's layers that hold a secret which the build was handed: by their path its name."""
    secrets = []
    for name, path in project.config.secrets.items():
        content = projectfiles.read_regular(project.home / path, projectfiles.LARGEST)
        # What is nowhere else by chance: no plain words, which settings are made of.
        values = [each for each in looked_for(content) if not is_made_up(each)]
        secrets.append((name, hashlib.sha256(content).hexdigest() if content else None, values))
    return {
        entry.path: name
        for layer in files.added_layers
        for entry in layer.entries
        for name, whole, values in secrets
        if (whole is not None and entry.sha256 == whole)
        or any(value in layer.texts.get(entry.path, "") for value in values)
    }


@fact
def manifest_digest(engine: Engine, image: ImageFacts, files: FileFacts) -> str:
    """The digest of the image's manifest for its platform, by which registries keep it, where one is known."""
    return find_manifest_digest(engine, image, files)
