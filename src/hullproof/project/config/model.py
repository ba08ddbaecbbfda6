"""What a project can pin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from hullproof.model import DEFAULT_MEMORY_MB, DEFAULT_PROCESSES, DEFAULT_PROFILE


@dataclass(frozen=True)
class Accepted:
    """A practice, by id, that the project accepts as broken for a reason, through the day `until`."""

    practice: str
    reason: str
    until: date


@dataclass(frozen=True)
class Config:
    """What a project pins.

    `name` is what reports call it, where that is not what pyproject.toml does. `dockerfile` is a path within the project, and so
    is `context`, the folder that the build takes its files from, by default the project's own. `target` and `test_target` name stages. `ready` is an HTTP path or
    a TCP port that tells when the container is ready, within `ready_timeout_s` seconds. `env` is set in the
    booted container, `build_args`, `secrets` (id to file) and `contexts` (name to folder) in builds.
    `user`, `workdir`, `ports` and `command` are the contract that the image must keep. `max_size_mb` is the most
    that the release may weigh, in units of 1,000,000 bytes, unpacked. `compose` is a compose file, whose
    `services` run beside the booted container; None for all that need nothing of this project. `service` is the one that is
    this project: its `build` section says what is not said here. `memory_mb`, in
    units of 1,000,000 bytes, and `pids` are what each container may have at the most of memory and of processes
    and threads; `offline` boots it without a network. `profile` names the practices to prove, and `practices` some more.
    `accept` lists practices that may be broken for a while.
    """

    name: str | None = None
    dockerfile: str = "Dockerfile"
    context: str | None = None
    target: str | None = None
    test_target: str | None = None
    ready: str | int | None = None
    ready_timeout_s: float = 30.0
    env: Mapping[str, str] = field(default_factory=dict)
    build_args: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    contexts: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    workdir: str | None = None
    ports: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    max_size_mb: float | None = None
    compose: str | None = None
    service: str | None = None
    services: tuple[str, ...] | None = None
    memory_mb: float = DEFAULT_MEMORY_MB
    pids: int = DEFAULT_PROCESSES
    offline: bool = False
    profile: str = DEFAULT_PROFILE
    practices: tuple[str, ...] = ()
    accept: tuple[Accepted, ...] = ()

    @property
    def stands_alone(self) -> bool:
        """Whether the container may miss another service because of how it is booted."""
        return self.compose is None or self.offline
