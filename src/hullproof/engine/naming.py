"""The names that a run's images have for as long as it needs them.

An image may have been there before without a name, since the user has built just this: the engine removes an image
with its last name, so such a one is given up by moving the name to another image first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker.api.client import APIClient

_OTHERS = "-not-ours"
"""How the name ends of an image that was there without one."""


def nameless(api: APIClient) -> frozenset[str]:
    """Return the ids of the images without a name."""
    return frozenset(str(each["Id"]) for each in api.images(filters={"dangling": True}))


def keep_nameless(api: APIClient, name: str, image_id: str) -> None:
    """Say by its name that an image was there without one, before this run."""
    repository, _, tag = name.rpartition(":")
    api.tag(image_id, repository, f"{tag}{_OTHERS}")
    api.remove_image(name)


def give_up(api: APIClient, name: str) -> None:
    """Take a name away from an image, and with it the image, unless it has other names or was there without any."""
    if name.endswith(_OTHERS):
        repository, _, tag = name.rpartition(":")
        others = (each for each in api.images() if name not in (each.get("RepoTags") or [name]))
        if other := next(others, None):
            api.tag(other["Id"], repository, tag, force=True)
    api.remove_image(name, force=True)
