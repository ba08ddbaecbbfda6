"""What dead runs left on an engine, told by the owner's being gone, and its removal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, NotFound

from hullproof.engine.container.words import engine_errors, explain
from hullproof.engine.naming import give_up
from hullproof.owner import IMAGES, OWNER_LABEL, RUN_LABEL, is_dead, is_image_of

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
    return remove(engine.client.api, None)


def remove(api: APIClient, run_id: str | None) -> Removal:
    """Remove all containers, networks, volumes and images of a run; None for those of all that are dead.

    What another process removes at the same moment is gone, too. Raises EngineError where the engine does not answer.
    """
    query = {"label": [RUN_LABEL if run_id is None else f"{RUN_LABEL}={run_id}"]}
    removing = _Removing(run_id)
    with engine_errors("removing what a run has made"):
        removing.labelled(
            "container",
            lambda: api.containers(all=True, filters=query),
            lambda item: api.remove_container(item["Id"], v=True, force=True),
        )
        removing.labelled(
            "network", lambda: api.networks(filters=query), lambda item: api.remove_network(item["Id"])
        )
        removing.labelled(
            "volume",
            lambda: api.volumes(filters=query)["Volumes"] or [],
            lambda item: api.remove_volume(item["Name"], force=True),
        )
        removing.images(api)
    return removing.result


class _Removing:
    """What is removed of one run, or of all that are dead. What the engine refuses is kept: somebody uses it."""

    def __init__(self, run_id: str | None) -> None:
        self._run_id = run_id
        self.result = Removal()

    def labelled(
        self,
        kind: str,
        found: Callable[[], list[dict[str, Any]]],
        removal: Callable[[dict[str, Any]], object],
    ) -> None:
        for item in self._listed(kind, found):
            if self._run_id is not None or is_dead((item.get("Labels") or {}).get(OWNER_LABEL, "")):
                self._try(f"{kind} {(item.get('Id') or item.get('Name', ''))[:12]}", partial(removal, item))

    def images(self, api: APIClient) -> None:
        for item in self._listed("image", lambda: api.images(name=IMAGES)):
            for name in item.get("RepoTags") or ():
                if is_image_of(name, self._run_id):
                    self._try(f"image {item['Id'].removeprefix('sha256:')[:12]}", partial(give_up, api, name))

    def _listed(self, kind: str, found: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        self._attempt(f"{kind}s", lambda: items.extend(found()))
        return items

    def _try(self, name: str, step: Callable[[], object]) -> None:
        if self._attempt(name, step):
            self.result.removed.append(name)

    def _attempt(self, name: str, step: Callable[[], object]) -> bool:
        try:
            step()
        except NotFound:
            return False
        except APIError as error:
            self.result.kept.append(f"{name} ({explain(error)})")
            return False
        return True
