"""The image's own HEALTHCHECK, run in the booted container as the engine would run it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from requests.exceptions import ReadTimeout
from urllib3.exceptions import ReadTimeoutError

from hullproof.engine.container.sidecar import exit_code_of, open_stream
from hullproof.engine.container.words import engine_errors, frames, lived_so_far, reached, unwrapped
from hullproof.engine.model.container import HealthCheck

if TYPE_CHECKING:
    from docker.api.client import APIClient

TRIES = 3
PAUSE_S = 1.0
_USUAL_TIMEOUT_S = _USUAL_INTERVAL_S = 30.0
_USUAL_RETRIES = 3
_LONGEST_S = 10.0
_SHELL = ("/bin/sh", "-c")
_MOST_OUTPUT = 4096
_CANNOT_RUN = (126, 127)


def check_health(
    api: APIClient, container_id: str, *, tries: int = TRIES, timeout_s: float | None = None
) -> HealthCheck | None:
    """Run it until it succeeds, a few times at the most: one that is late is asked again, too.

    None where there is none, or the container ended first.

    `timeout_s` is by default its own, where that is no longer than is waited here. Raises EngineError when the engine goes
    away.
    """
    seen: dict[str, Any] = {}
    if not reached("looking at the container", lambda: seen.update(api.inspect_container(container_id))):
        return None
    config = seen["Config"].get("Healthcheck") or {}
    test = list(config.get("Test") or ())
    if len(test) < 2 or test[0] == "NONE":  # noqa: PLR2004 - a kind, and a command
        return None
    shell = tuple(seen["Config"].get("Shell") or _SHELL)
    command = (*shell, test[1]) if test[0] == "CMD-SHELL" else tuple(test[1:])
    timeout = timeout_s or min(_LONGEST_S, (config.get("Timeout") or 0) / 1e9 or _USUAL_TIMEOUT_S)
    result = None
    for attempt in range(tries):
        if attempt:
            time.sleep(PAUSE_S)
        tried = _run(api, container_id, command, timeout)
        if tried is None:
            return None
        code, output = tried
        early = lived_so_far(seen["State"]) < (config.get("StartPeriod") or 0) / 1e9
        result = HealthCheck(tuple(test[1:]), code, unwrapped(output), attempt + 1, early)
        if code == 0 or code in _CANNOT_RUN:
            break
    return result


def patience(api: APIClient, container_id: str) -> float:
    """Return how many seconds the engine takes to call a container unhealthy whose check fails from now on, at the most.

    https://docs.docker.com/reference/dockerfile/#healthcheck
    """
    with engine_errors("looking at the container"):
        config = api.inspect_container(container_id)["Config"].get("Healthcheck") or {}
    interval = (config.get("Interval") or 0) / 1e9 or _USUAL_INTERVAL_S
    return float(interval * (config.get("Retries") or _USUAL_RETRIES))


def _run(
    api: APIClient, container_id: str, command: tuple[str, ...], timeout_s: float
) -> tuple[int | None, str] | None:
    """Return exit code and output, None for the code where it takes too long; None where the container has ended.

    Raises EngineError when the engine goes away.
    """
    made: dict[str, Any] = {}
    doing = "running the image's health check"
    if not reached(doing, lambda: made.update(api.exec_create(container_id, list(command)))):
        return None
    said, body = b"", {"Detach": False, "Tty": False}
    until = time.monotonic() + timeout_s
    start = f"/exec/{made['Id']}/start"
    try:
        with (
            engine_errors(doing, ReadTimeout, ReadTimeoutError),
            open_stream(api, start, body, read_timeout_s=timeout_s) as response,
        ):
            if not response.ok:
                return _CANNOT_RUN[0], response.text
            for _, chunk in frames(response.raw.read):
                said = (said + chunk)[:_MOST_OUTPUT]
                if time.monotonic() > until:
                    return None, said.decode("utf-8", "replace")
    except (ReadTimeout, ReadTimeoutError):
        return None, said.decode("utf-8", "replace")
    with engine_errors(doing):
        code = exit_code_of(api, made["Id"], max(0.0, until - time.monotonic()))
    return code, said.decode("utf-8", "replace")
