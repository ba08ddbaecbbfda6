"""The SDK's client, held to answers that can be read: what is none of Docker's is the engine's trouble, told in a line."""

from __future__ import annotations

import re
from typing import Any

from docker import DockerClient
from docker.api.client import APIClient

from hullproof.errors import EngineError

_LISTS = re.compile(r"/(?:(?:containers|images)/json|images/\S+/history|networks)\Z")
_OBJECTS = re.compile(
    r"/(?:version|info|(?:containers|images|exec)/\S+/(?:json|wait|stats|exec)|(?:containers|networks)/create|volumes)\Z"
)
"""The addresses that are asked here at which Docker's API answers with a list of objects, and with an object."""


class Client(DockerClient):
    """Docker's client, whose calls raise EngineError where the answer is of another kind than the API's description has it."""

    def __init__(self, host: str, **options: Any) -> None:  # noqa: ANN401 - the SDK's own
        """Take the engine's address as its user has it, and what `docker.APIClient` does."""
        self.api = _Api(host, **options)


class _Api(APIClient):
    def __init__(self, host: str, **options: Any) -> None:  # noqa: ANN401 - the same
        super().__init__(**options)
        self._host = host

    def _result(self, response: Any, json: bool = False, binary: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - the same
        result = super()._result(response, json, binary)  # type: ignore[misc] # the stubs know nothing of it
        path = str(response.request.path_url).partition("?")[0]
        if json and result is None and _LISTS.search(path):
            return []  # as Go writes an empty list: an image without a history, on the containerd store
        if json and not _makes_sense(path, result):
            raise EngineError(
                f"what answers at {self._host} is no Docker engine, or a broken one: its answer to {path} makes no sense"
            )
        return result


def _makes_sense(path: str, answer: object) -> bool:
    if _LISTS.search(path):
        return isinstance(answer, list) and all(isinstance(each, dict) for each in answer)
    return isinstance(answer, dict) or not _OBJECTS.search(path)
