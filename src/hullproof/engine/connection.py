"""The one connection to the engine: the SDK for the API, the docker command line for what it cannot do.

`Engine.connect` tells apart why there is none: the cases have different ways out, and "cannot connect to
the Docker daemon" hides which one it is.
"""

from __future__ import annotations

import os
import shutil
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hullproof.engine.calls import Calls
from hullproof.engine.client import connect_client, open_client
from hullproof.engine.endpoint import Endpoint, NoEngineError, find_endpoint
from hullproof.engine.flaws import build_flaw
from hullproof.engine.plugins import find_buildx
from hullproof.engine.shared import Shared
from hullproof.errors import EngineError
from hullproof.model import EngineInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient
    from docker.api.client import APIClient

PLATFORM = "DOCKER_DEFAULT_PLATFORM"
_PROJECT_BYTES = 2_000_000_000
"""What a project's builds and containers may need of memory at once."""
_MOST_PROJECTS = 8
"""What one process can look after: a sixth or so of a project's time is its own."""
_ARCHITECTURES = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Engine:
    """A connection to an engine that can do all that Hullproof asks of it.

    `client` is the SDK's client, with the API version negotiated, and `calls` what its calls go through. Commands are
    built with `cli`. `shared` is what all who are on this connection need once.
    """

    client: DockerClient
    calls: Calls
    endpoint: Endpoint
    docker: str
    plugins: dict[str, tuple[str, ...]]
    buildx_version: str
    shared: Shared = field(default_factory=Shared, compare=False, repr=False)

    @classmethod
    def connect(cls, timeout_s: float = 10.0, *, builds: bool = True) -> Engine:
        """Connect to the engine that DOCKER_HOST, DOCKER_CONTEXT or docker's configuration names.

        Where nothing is to be built, an engine without BuildKit will do, such as Podman, and so will a machine without buildx.
        Raises NoEngineError (an EngineError) saying which part is missing and what fixes it.
        """
        endpoint = find_endpoint()
        calls = Calls(endpoint.host)
        client = connect_client(endpoint, timeout_s, calls, builds=builds)
        docker, plugins, buildx_version = shutil.which("docker"), dict[str, tuple[str, ...]](), ""
        try:
            if builds:
                plugins["buildx"], buildx_version = _buildx_of(
                    docker, directly=endpoint.host.startswith("unix://")
                )
            engine = cls(client, calls, endpoint, docker or "docker", plugins, buildx_version)
            _ = engine.version_info
        except BaseException:
            client.close()
            raise
        return engine

    @cached_property
    def system_info(self) -> dict[str, Any]:
        """What the engine reports of its machine and its settings: asked once, they stay while a connection does."""
        info: dict[str, Any] = self.client.info()
        return info

    @cached_property
    def version_info(self) -> dict[str, Any]:
        """What the engine reports of its release and its platform: asked once as well."""
        version: dict[str, Any] = self.client.version()
        return version

    @property
    def version(self) -> str:
        """The engine's release, such as `26.1.5`."""
        return str(self.version_info.get("Version", "unknown"))

    def cli(self, *args: str) -> list[str]:
        """Return the argument list of a docker command for this engine: `cli("buildx", "build", ...)`.

        Commands inherit the environment, so they find the engine as `connect` did. `buildx` is held to the
        engine's own builder, as another one (`docker buildx use`) would neither see the engine's images nor
        put its result among them.
        """
        if args[:1] == ("buildx",):
            return [*self.plugins["buildx"], "--builder", self.endpoint.context, *args[1:]]
        return [self.docker, *args]

    @property
    def builds(self) -> bool:
        """Whether anything can be built with it."""
        return "buildx" in self.plugins

    @property
    def flaw(self) -> str | None:
        """What is known to be wrong with how it builds, and what follows, in a line."""
        return build_flaw(self.version)

    def architecture(self) -> str:
        """Return what its machine is, in the engine's words, such as `amd64`; empty where it does not tell."""
        return str(self.version_info.get("Arch", ""))

    def require_own_platform(self) -> None:
        """Raise EngineError where docker is told to build for another platform than the engine's, whose images it cannot run.

        The bases that are there, and stand-ins, are the engine's own, and what is built is booted here.
        """
        wanted = os.environ.get(PLATFORM, "")
        own = self.architecture() if wanted else ""
        named = wanted.split("/")[1:2] or [wanted]
        if own and _ARCHITECTURES.get(named[0], named[0]) != own:
            raise EngineError(
                f"{PLATFORM}={wanted} is not this engine's platform (linux/{own}), on which what is built has to run: unset "
                "it, or name an engine of that platform by DOCKER_HOST"
            )

    def fitting_projects(self) -> int:
        """Say how many projects its machine has processors and memory for, side by side; one at the least."""
        info = self.system_info
        return max(
            1,
            min(int(info.get("NCPU") or 1), int(info.get("MemTotal") or 0) // _PROJECT_BYTES, _MOST_PROJECTS),
        )

    def data_folder(self) -> tuple[str, str]:
        """Return the folder that it keeps all in, and the name of the machine that this is on; empty where it does not tell."""
        info = self.system_info
        return str(info.get("DockerRootDir") or ""), str(info.get("Name") or "")

    def info(self) -> EngineInfo:
        """Say what engine this is, for the report."""
        version = self.version_info
        name = (version.get("Platform") or {}).get("Name") or "Docker Engine"
        return EngineInfo(
            name=str(name),
            version=self.version,
            buildx_version=self.buildx_version or None,
            platform=f"{version.get('Os', 'linux')}/{version.get('Arch', 'unknown')}",
            storage_driver=self.system_info.get("Driver"),
            note=self.flaw,
        )

    def grounds(self) -> str:
        """Say on what and within which bounds its containers run: kernel, cgroups, runtime, processors, what confines them."""
        info = self.system_info
        names = ("KernelVersion", "CgroupVersion", "DefaultRuntime", "NCPU", "SecurityOptions")
        return " ".join(str(info.get(name)) for name in names)

    @contextmanager
    def cleaning(self) -> Iterator[APIClient]:
        """Yield another way to the engine, which stays when all other work has ended."""
        calls = Calls(self.endpoint.host, cleaning=True)
        with closing(open_client(self.endpoint, self.client.api.api_version, calls)) as client:
            yield client.api

    def close(self) -> None:
        """Give the connection back, and end what is still asked; the engine itself is left as it is."""
        self.calls.abort()
        self.client.close()


def _buildx_of(docker: str | None, *, directly: bool) -> tuple[tuple[str, ...], str]:
    """Find the buildx that belongs to a docker command, and its version. Raises NoEngineError where either is missing."""
    if docker is None:
        raise NoEngineError(
            "cli-missing",
            "an engine answers, but the `docker` command is missing: "
            "`hullproof doctor` names the package (docker-cli on Debian)",
        )
    return find_buildx(docker, directly=directly)
