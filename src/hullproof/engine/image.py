"""Images as the engine tells of them: configuration, history; and those that it is given as an archive."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from docker.errors import DockerException, ImageNotFound
from requests.exceptions import ReadTimeout, RequestException

from hullproof.engine.history import read_history
from hullproof.engine.layers import NoImageError, base_layers
from hullproof.engine.model.image import ImageFacts
from hullproof.errors import DeadlineError, EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hullproof.engine.connection import Engine


@dataclass(frozen=True)
class KnownImage:
    """What the engine knows of an image that others start from.

    `diff_ids` is its chain of layers: an image built on it starts with the same ones, as its history does with as many
    entries. `repo_digests` are the names and digests by which registries know it, as far as the engine knows.
    """

    id: str
    diff_ids: tuple[str, ...] = ()
    history_length: int = 0
    env: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    repo_digests: tuple[str, ...] = ()

    def registry_digest(self, reference: str) -> str | None:
        """Return the digest by which a registry gave it, had by this reference; None where none did."""
        digests = (each.partition("@")[2] for each in (reference, *self.repo_digests))
        return next(filter(None, digests), None)


def find_image(engine: Engine, reference: str) -> KnownImage | None:
    """Look an image up; None where the engine does not have it. Raises EngineError where it does not answer."""
    try:
        image, history = _ask(engine, reference)
    except NoImageError:
        return None
    config: dict[str, Any] = image.get("Config") or {}
    return KnownImage(
        id=str(image["Id"]),
        diff_ids=_diff_ids(image),
        history_length=len(history),
        env=_environment(config),
        labels=dict(config.get("Labels") or {}),
        repo_digests=_repo_digests(image),
    )


def inspect_image(
    engine: Engine, image_id: str, *, base_diff_ids: Sequence[str], base_history: int | None = None
) -> ImageFacts:
    """Return the image's configuration and history.

    `base_diff_ids`: the layers of its base; `base_history`: how many history entries the base has. Without that
    number the base's part of the history ends with its last layer, so that the CMD or ENV that a base ends with
    counts as the project's own.

    Raises EngineError when the image is not there or the engine does not answer.
    """
    image, history = _ask(engine, image_id)
    config: dict[str, Any] = image.get("Config") or {}
    diff_ids = _diff_ids(image)
    platform = (image.get("Os"), image.get("Architecture"), image.get("Variant"))
    return ImageFacts(
        id=str(image["Id"]),
        user=config.get("User") or "",
        workdir=config.get("WorkingDir") or "",
        exposed=tuple(sorted(config.get("ExposedPorts") or ())),
        command=_arguments(config.get("Cmd")),
        entrypoint=_arguments(config.get("Entrypoint")),
        env=_environment(config),
        labels=dict(config.get("Labels") or {}),
        volumes=tuple(sorted(config.get("Volumes") or ())),
        stop_signal=config.get("StopSignal") or "SIGTERM",
        healthcheck=tuple((config.get("Healthcheck") or {}).get("Test") or ()),
        history=read_history(history, len(diff_ids), base_layers(diff_ids, base_diff_ids), base_history),
        diff_ids=diff_ids,
        platform="/".join(part for part in platform if part) or None,
        repo_digests=_repo_digests(image),
    )


def import_image(engine: Engine, archive: Path, name: str, changes: Sequence[str]) -> None:
    """Give the engine, which may be on another machine, an image's files as a tar; `changes` are instructions.

    Raises EngineError where it does not take them.
    """
    api: Any = engine.client.api  # its methods have no types
    try:
        with archive.open("rb") as stream:
            api.import_image_from_data(stream, repository=name, changes=list(changes))
    except (DockerException, RequestException, OSError) as error:
        raise EngineError(
            f"the engine did not take image {name}: {' '.join(str(error).split())[:200]}; "
            "`docker system df` shows what fills its disk"
        ) from error


def _ask(engine: Engine, image_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what the engine tells of an image, and its history, oldest first."""
    api: Any = engine.client.api  # its methods have no types
    try:
        return api.inspect_image(image_id), api.history(image_id)[::-1]
    except ImageNotFound as error:
        raise NoImageError(image_id) from error
    except ReadTimeout as error:
        raise DeadlineError(
            f"the engine did not say what image {image_id} is within {api.timeout} s: see whether it still answers"
        ) from error
    except (DockerException, RequestException, OSError) as error:
        seen = " ".join(str(error).split())[:200]
        raise EngineError(f"the engine could not be asked about image {image_id} ({seen})") from error


def _diff_ids(image: dict[str, Any]) -> tuple[str, ...]:
    return tuple(image.get("RootFS", {}).get("Layers") or ())


def _repo_digests(image: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(known) for known in image.get("RepoDigests") or ())


def _environment(config: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, _, value in (item.partition("=") for item in config.get("Env") or ())}


def _arguments(value: str | list[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())
