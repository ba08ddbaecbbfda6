"""What dead runs left on an engine, told by the owner's being gone, and its removal."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hullproof.engine.container.words import engine_errors, explain
from hullproof.owner import OWNER_LABEL, RUN_LABEL, is_dead

if TYPE_CHECKING:
    from docker.api.client import APIClient

    from hullproof.engine.connection import Engine


@dataclass
class Removal:
    """What a removal came to: a line for each thing that was removed, and for each that the engine would not remove."""

    removed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def sweep(engine: Engine) -> Removal:
    """Remove from the engine what dead runs left. Raises EngineError where it does not answer."""
    return remove_labelled(engine.client.api, RUN_LABEL, only_dead=True)


def remove_labelled(api: APIClient, label: str, *, only_dead: bool = False) -> Removal:
    """Remove all containers, networks, volumes and images that carry `label`.

    What another process removes at the same moment is gone, too. Raises EngineError where the engine does not answer.
    """
    from docker.errors import APIError, NotFound  # noqa: PLC0415 - the SDK is slow to import

    query = {"label": [label]}
    result = Removal()

    def tried(name: str, step: Callable[[], object]) -> bool:
        """Take a step; what the engine refuses is kept: somebody has put it to use, or is removing it."""
        try:
            step()
        except NotFound:
            return False
        except APIError as error:
            result.kept.append(f"{name} ({explain(error)})")
            return False
        return True

    def each(
        kind: str, found: Callable[[], list[dict[str, Any]]], remove: Callable[[dict[str, Any]], object]
    ) -> None:
        items: list[dict[str, Any]] = []
        tried(f"{kind}s", lambda: items.extend(found()))
        for item in items:
            if not only_dead or is_dead((item.get("Labels") or {}).get(OWNER_LABEL, "")):
                name = f"{kind} {(item.get('Id') or item.get('Name', '')).removeprefix('sha256:')[:12]}"
                if tried(name, functools.partial(remove, item)):
                    result.removed.append(name)

    with engine_errors("removing what a run has made"):
        each(
            "container",
            lambda: api.containers(all=True, filters=query),
            lambda item: api.remove_container(item["Id"], v=True, force=True),
        )
        each("network", lambda: api.networks(filters=query), lambda item: api.remove_network(item["Id"]))
        each(
            "volume",
            lambda: api.volumes(filters=query)["Volumes"] or [],
            lambda item: api.remove_volume(item["Name"], force=True),
        )
        each(
            "image",
            lambda: api.images(filters=query),
            lambda item: api.remove_image(item["Id"], force=True),
        )
    return result
