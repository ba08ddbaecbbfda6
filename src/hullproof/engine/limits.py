"""How much memory and how many processes a container may have: without limits, one project can take a machine down."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hullproof.model import Limits
from hullproof.text import size

if TYPE_CHECKING:
    from docker.api.client import APIClient

    from hullproof.engine.connection import Engine
    from hullproof.project.config import Config

_MEGA = 1_000_000
_SHARE = 0.75
"""How much of the memory of the engine's machine one container may have at the most, whatever is configured."""
_ENDED = ("exited", "dead")
_KILLED = 137
_LOOKS, _PAUSE_S = (
    30,
    0.1,
)  # what is always told is told in a millisecond, on a busy machine in more than a second
# What programs print to whom the kernel gives no more processes or threads: EAGAIN of fork(2) and clone(2).
_NO_PROCESS = re.compile(
    r"Resource temporarily unavailable|can't start new thread|Cannot fork|unable to create new native thread"
)


def limits_of(engine: Engine, config: Config) -> Limits:
    """Return what each container of a project may have at the most on this engine.

    None stands for what its kernel does not limit: https://docs.docker.com/engine/containers/resource_constraints/.
    """
    info = engine.system_info
    most = int(info["MemTotal"] * _SHARE) if info.get("MemTotal") else config.memory_mb * _MEGA
    return Limits(
        memory_bytes=int(min(config.memory_mb * _MEGA, most)) if info.get("MemoryLimit") else None,
        processes=config.pids if info.get("PidsLimit") else None,
    )


def as_options(limits: Limits) -> dict[str, int]:
    """Return limits as options of the SDK's `containers.create`: no memory by swapping either."""
    asked = {
        "mem_limit": limits.memory_bytes,
        "memswap_limit": limits.memory_bytes,
        "pids_limit": limits.processes,
    }
    return {name: value for name, value in asked.items() if value is not None}


def limit_reached(api: APIClient, container_id: str, log: Sequence[str]) -> str | None:
    """Say which limit a container has run into, and how to raise it; None where it has not.

    `log` are its last lines: of one that has ended, they alone tell that it got no more processes.
    """
    container = _inspected(api, container_id)
    host: Mapping[str, Any] = container["HostConfig"]
    memory, processes = host.get("Memory") or 0, host.get("PidsLimit") or 0
    if memory and container["State"].get("OOMKilled"):
        return (
            f"it was stopped at the limit of {size(memory)} of memory that it was given here; "
            "`memory_mb` in [tool.hullproof] raises it"
        )
    if processes > 0 and _has_all(api, container, processes, log):
        return (
            f"it ran into the limit of {processes} processes and threads that it was given here; "
            "`pids` in [tool.hullproof] raises it"
        )
    return None


def _inspected(api: APIClient, container_id: str) -> Mapping[str, Any]:
    """Inspect a container. What was killed and for which reason are two messages to the engine, in any order."""
    for _ in range(_LOOKS):
        container: Mapping[str, Any] = api.inspect_container(container_id)
        state = container["State"]
        if state["Status"] not in _ENDED or state["ExitCode"] != _KILLED or state.get("OOMKilled"):
            break
        time.sleep(_PAUSE_S)
    return container


def _has_all(api: APIClient, container: Mapping[str, Any], most: int, log: Sequence[str]) -> bool:
    """Whether a container has all the processes that it may have, or had when it ended."""
    state = container["State"]
    if state["Status"] in _ENDED:
        return bool(state["ExitCode"]) and any(_NO_PROCESS.search(line) for line in log)
    stats: Mapping[str, Any] = api.stats(container["Id"], stream=False, one_shot=True)
    return int((stats.get("pids_stats") or {}).get("current") or 0) >= most
