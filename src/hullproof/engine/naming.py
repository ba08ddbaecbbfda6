"""The names that a run's images have for as long as it needs them.

An image may have been there before without a name, since the user has built just this: the engine removes an image
with its last name, so such a one is given up by moving its name to an empty image first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullproof.owner import IMAGES

if TYPE_CHECKING:
    from docker.api.client import APIClient

_OTHERS = "-not-ours"
"""How the name ends of an image that was there without one."""
_EMPTY = bytes(1024)
"""A tar archive of nothing: two blocks of zeros end it."""


def nameless(api: APIClient) -> frozenset[str]:
    """Return the ids of the images that have no name, or none but those by which runs know such images."""
    theirs = (each for each in api.images(name=IMAGES) if any(map(_is_others, each.get("RepoTags") or ())))
    return frozenset(str(each["Id"]) for each in (*api.images(filters={"dangling": True}), *theirs))


def keep_nameless(api: APIClient, name: str, image_id: str) -> None:
    """Say by its name that an image was there without one, before this run."""
    repository, _, tag = name.rpartition(":")
    api.tag(image_id, repository, f"{tag}{_OTHERS}")
    api.remove_image(name)


def give_up(api: APIClient, name: str) -> None:
    """Take a name away from an image, and with it the image, unless it has other names or was there without any."""
    if _is_others(name):
        repository, _, tag = name.rpartition(":")
        # By its own tag first: an import that takes a name over takes the image away where containerd keeps images.
        empty = f"{tag}-empty"
        api.import_image_from_data(_EMPTY, repository=repository, tag=empty)
        api.tag(f"{repository}:{empty}", repository, tag, force=True)
        api.remove_image(f"{repository}:{empty}")
    api.remove_image(name, force=True)


def _is_others(name: str) -> bool:
    return name.endswith(_OTHERS)
