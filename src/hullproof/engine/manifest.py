"""Which manifest an image has: its digest is what a registry keeps it by, and what evidence is about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hullproof.engine.plugins import find_buildx
from hullproof.errors import EndingError, EngineError, Unobservable
from hullproof.process import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hullproof.engine.connection import Engine
    from hullproof.engine.model.image import FileFacts, ImageFacts

_REGISTRY_TIMEOUT_S = 8


def manifest_digest(engine: Engine, image: ImageFacts, files: FileFacts) -> str:
    """Return the digest of the image's manifest for its platform: never that of an index of several.

    An engine whose store keeps manifests has it. For any other, registries that have the image are asked: its
    manifest is the one that names its configuration. Raises Unobservable where none is known, with the reason.
    """
    if files.manifest_digest is not None:
        return files.manifest_digest
    for name in image.repo_digests:
        for digest, manifest in _published(engine, name):
            if manifest["config"].get("digest") == files.config_digest:
                return digest
    seen = (
        f"no registry could be asked for {image.repo_digests[0]}"
        if image.repo_digests
        else "this engine's store makes it with the first push"
    )
    raise Unobservable(f"the image has no manifest yet that is known: {seen}")


def _published(engine: Engine, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Go through the image manifests that a registry has under a name with a digest."""
    repository, _, digest = name.partition("@")
    document = _fetch(engine, name)
    if "config" in document:
        yield digest, document
    for part in document.get("manifests") or ():
        manifest = _fetch(engine, f"{repository}@{part.get('digest')}")
        if "config" in manifest:
            yield str(part["digest"]), manifest


def _fetch(engine: Engine, name: str) -> dict[str, Any]:
    """Return what a registry keeps under a digest, as the docker command line sees it; nothing where that cannot be had."""
    try:
        done = run(
            [*_asks(engine), "imagetools", "inspect", "--raw", name],
            timeout_s=_REGISTRY_TIMEOUT_S,
            waiting_for=f"the manifest of {name}",
            output="stdout",
            keep=100_000,
        )
        document = json.loads(done.text) if done.returncode == 0 else {}
    except EndingError:
        raise
    except (EngineError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _asks(engine: Engine) -> list[str]:
    """Return the buildx that asks registries: the engine's, or this machine's where nothing is to be built with it.

    Raises NoEngineError (an EngineError) where there is none.
    """
    if engine.builds:
        return engine.cli("buildx")
    return [*find_buildx(engine.docker)[0]]
