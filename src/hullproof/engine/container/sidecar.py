"""The sidecar: a container of an image that is known, which looks at the one under proof from its namespaces.

Nothing of the image under proof runs for it, and nothing in it gets more than reading takes. What shares a process
namespace with it can see and may end it, but not look into it or change it: that takes the capability that it has.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docker.types import LogConfig

from hullproof.engine.container.words import reached
from hullproof.errors import EndingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from docker.api.client import APIClient
    from requests import Response

CAPABILITY = "SYS_PTRACE"
"""What the kernel asks for before it shows /proc/PID/cwd, exe and fdinfo of another user's process."""

_ASKED_AGAIN_S = 0.02
_MEMORY = "256m"
_PROCESSES = 16


@dataclass(frozen=True)
class Helper:
    """An image with Python 3.10 or newer that may be trusted with our own scripts. `name` is for people."""

    image: str
    name: str
    python: str = "python3"


def log_config() -> Any:  # noqa: ANN401 - the SDK's type, imported late
    """Limit the log: a flood must not fill the engine's disk."""
    # Two files, since cutting off the only one would lose the last lines.
    return LogConfig(type="json-file", config={"max-size": "2m", "max-file": "2"})


def confined(api: APIClient, **more: Any) -> Any:  # noqa: ANN401 - the SDK's own types
    """Return a `HostConfig` for a container of ours: next to no rights, and `more` of the SDK's options."""
    return api.create_host_config(
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        read_only=True,
        mem_limit=_MEMORY,
        memswap_limit=_MEMORY,
        pids_limit=_PROCESSES,
        log_config=log_config(),
        **more,
    )


def open_stream(
    api: APIClient, path: str, body: dict[str, Any] | None = None, *, read_timeout_s: float | None = None
) -> Response:
    """Open a stream as plain HTTP: the SDK's reader of raw sockets can lose first bytes, and hang on TLS."""
    url, timeout = f"{api.base_url}/v{api.api_version}{path}", (api.timeout, read_timeout_s)
    if body is None:
        return api.get(url, stream=True, timeout=timeout)
    return api.post(url, json=body, stream=True, timeout=timeout)


def exit_code_of(api: APIClient, execution: str, within_s: float) -> int | None:
    """Return the exit code of what was executed, whose output has ended; None where the engine does not say in time.

    The engine closes the output a moment before it knows.
    """
    until = time.monotonic() + within_s
    while True:
        code: int | None = api.exec_inspect(execution)["ExitCode"]
        if code is not None or time.monotonic() > until:
            return code
        time.sleep(_ASKED_AGAIN_S)


def remove(api: APIClient, container_id: str) -> None:
    """Remove a container with its anonymous volumes. Raises EngineError when it stays."""
    with suppress(EndingError):  # the run's end removes it then
        reached(
            f"removing container {container_id[:12]} (`hullproof clean` removes it)",
            lambda: api.remove_container(container_id, v=True, force=True),
        )


class Sidecar:
    """A container that runs one program beside another container, in its process and network namespaces."""

    def __init__(self, api: APIClient, labels: Mapping[str, str]) -> None:
        """Take the engine; `labels` are those of the run."""
        self._api = api
        self._labels = dict(labels)
        self._id: str | None = None

    def start(
        self,
        helper: Helper,
        command: list[str],
        target: str,
        *,
        capability: str | None = CAPABILITY,
        pids: bool = True,
    ) -> Callable[[], Response]:
        """Run `command` beside the container `target`; return what opens the stream of its output.

        It shares the target's network and, with `pids`, its processes, with which it ends. Raises the SDK's APIError where the engine refuses, such as when the target has ended.
        """
        self.remove()
        made = self._api.create_container(
            helper.image,
            entrypoint=command,
            user="0:0",  # other users have no capability, whatever is added
            working_dir="/",
            labels=self._labels,
            healthcheck={"test": ["NONE"]},
            host_config=confined(
                self._api,
                pid_mode=f"container:{target}" if pids else None,
                network_mode=f"container:{target}",
                cap_add=[capability] if capability else None,
            ),
        )
        self._id = str(made["Id"])
        self._api.start(self._id)
        path = f"/containers/{self._id}/logs?stdout=1&stderr=1&follow=1"
        return lambda: open_stream(self._api, path)

    def signal(self, name: str) -> bool:
        """Send the program a signal; False where it does not run."""
        sidecar = self._id
        return sidecar is not None and reached(
            "looking into the container", lambda: self._api.kill(sidecar, name)
        )

    def remove(self) -> None:
        """Remove it, if there is one. Raises EngineError when it stays."""
        made, self._id = self._id, None
        if made:
            remove(self._api, made)
