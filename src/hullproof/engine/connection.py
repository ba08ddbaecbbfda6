"""The one connection to the engine: the SDK for the API, the docker command line for what it cannot do.

`Engine.connect` tells apart why there is none: the cases have different ways out, and "cannot connect to
the Docker daemon" hides which one it is.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import threading
import time
import warnings
from contextlib import closing, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from docker.errors import DockerException
from docker.tls import TLSConfig
from requests.exceptions import RequestException
from requests.utils import get_environ_proxies
from urllib3.exceptions import InsecureRequestWarning

from hullproof.engine.calls import CALL_S, Calls, within
from hullproof.engine.client import Client
from hullproof.engine.endpoint import Endpoint, NoEngineError, find_endpoint
from hullproof.engine.flaws import build_flaw
from hullproof.engine.plugins import find_buildx, numbers
from hullproof.engine.ssh import command, relay
from hullproof.errors import EngineError
from hullproof.model import EngineInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from docker import DockerClient
    from docker.api.client import APIClient

# 1.42 is Docker 23: the first whose embedded BuildKit knows named build contexts (--build-context).
MINIMUM_API = (1, 42)
PLATFORM = "DOCKER_DEFAULT_PLATFORM"
_ARCHITECTURES = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64"}
_ANY_API = "1.42"  # the first question is asked without a version
_LONGEST_REASON = 200
_PERMITTED = "`sudo usermod -aG docker $USER` and log in again, or run as root"


@dataclass(frozen=True)
class Engine:
    """A connection to an engine that can do all that Hullproof asks of it.

    `client` is the SDK's client, with the API version negotiated, and `calls` what its calls go through. Commands are
    built with `cli`.
    """

    client: DockerClient
    calls: Calls
    endpoint: Endpoint
    docker: str
    plugins: dict[str, tuple[str, ...]]
    buildx_version: str
    version: str = "unknown"

    @classmethod
    def connect(cls, timeout_s: float = 10.0, *, builds: bool = True) -> Engine:
        """Connect to the engine that DOCKER_HOST, DOCKER_CONTEXT or docker's configuration names.

        Where nothing is to be built, an engine without BuildKit will do, such as Podman, and so will a machine without buildx.
        Raises NoEngineError (an EngineError) saying which part is missing and what fixes it.
        """
        endpoint = find_endpoint()
        calls = Calls(endpoint.host)
        client = connect_client(endpoint, timeout_s, calls, builds=builds)
        docker = shutil.which("docker")
        if not builds:
            release = str(client.version().get("Version", "unknown"))
            return cls(client, calls, endpoint, docker or "docker", {}, "", release)
        if docker is None:
            client.close()
            raise NoEngineError(
                "cli-missing",
                "an engine answers, but the `docker` command is missing: "
                "`hullproof doctor` names the package (docker-cli on Debian)",
            )
        try:
            command, version = find_buildx(docker)
        except NoEngineError:
            client.close()
            raise
        release = str(client.version().get("Version", "unknown"))
        return cls(client, calls, endpoint, docker, {"buildx": command}, version, release)

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
        return str(self.client.version().get("Arch", ""))

    def require_own_platform(self) -> None:
        """Raise EngineError where docker is told to build for another platform than the engine's, whose images it cannot run.

        The bases that are there, and stand-ins, are the engine's own, and what is built is booted here.
        """
        wanted, own = os.environ.get(PLATFORM, ""), self.architecture()
        named = wanted.split("/")[1:2] or [wanted]
        if own and wanted and _ARCHITECTURES.get(named[0], named[0]) != own:
            raise EngineError(
                f"{PLATFORM}={wanted} is not this engine's platform (linux/{own}), on which what is built has to run: unset "
                "it, or name an engine of that platform by DOCKER_HOST"
            )

    def data_folder(self) -> tuple[str, str]:
        """Return the folder that it keeps all in, and the name of the machine that this is on; empty where it does not tell."""
        info: dict[str, Any] = self.client.info()
        return str(info.get("DockerRootDir") or ""), str(info.get("Name") or "")

    def info(self) -> EngineInfo:
        """Say what engine this is, for the report."""
        version: dict[str, Any] = self.client.version()
        name = (version.get("Platform") or {}).get("Name") or "Docker Engine"
        return EngineInfo(
            name=str(name),
            version=self.version,
            buildx_version=self.buildx_version or None,
            platform=f"{version.get('Os', 'linux')}/{version.get('Arch', 'unknown')}",
            storage_driver=self.client.info().get("Driver"),
            note=self.flaw,
        )

    def grounds(self) -> str:
        """Say on what and within which bounds its containers run: kernel, cgroups, runtime, processors, what confines them."""
        info: dict[str, Any] = self.client.info()
        names = ("KernelVersion", "CgroupVersion", "DefaultRuntime", "NCPU", "SecurityOptions")
        return " ".join(str(info.get(name)) for name in names)

    @contextmanager
    def cleaning(self) -> Iterator[APIClient]:
        """Yield another way to the engine, which stays when all other work has ended."""
        calls = Calls(self.endpoint.host, cleaning=True)
        with closing(_client(self.endpoint, self.client.api.api_version, calls)) as client:
            yield client.api

    def close(self) -> None:
        """Give the connection back, and end what is still asked; the engine itself is left as it is."""
        self.calls.abort()
        self.client.close()


def connect_client(
    endpoint: Endpoint, timeout_s: float, calls: Calls | None = None, *, builds: bool = True
) -> DockerClient:
    """Return the SDK's client for an address, or say why the engine there cannot be used, for `builds` where that is asked."""
    _probe(endpoint, timeout_s)

    first, began = Calls(endpoint.host), time.monotonic()
    in_time = threading.Timer(timeout_s + 1, first.abort)  # bit by bit, an answer could take for ever
    in_time.daemon = True
    try:
        in_time.start()
        with within(timeout_s), closing(_client(endpoint, _ANY_API, first)) as client:
            version: dict[str, Any] = client.api.version(api_version=False)
    except (DockerException, RequestException, OSError, EOFError, ValueError) as error:
        is_late = time.monotonic() - began >= timeout_s
        raise _unanswered(endpoint, error, timeout_s, is_late=is_late) from error
    finally:
        in_time.cancel()
    try:
        if builds:
            _require_docker(version, endpoint)
        return _client(endpoint, str(version["ApiVersion"]), calls or Calls(endpoint.host))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _unanswered(endpoint, error, timeout_s, is_late=False) from error


def _client(endpoint: Endpoint, api_version: str, calls: Calls) -> DockerClient:

    tls: TLSConfig | bool = False
    if endpoint.use_tls:
        pair = (str(endpoint.cert), str(endpoint.key)) if endpoint.cert and endpoint.key else None
        tls = TLSConfig(
            client_cert=pair, ca_cert=str(endpoint.ca) if endpoint.ca else None, verify=endpoint.verify
        )
    if endpoint.use_tls and not endpoint.verify:  # the user said so
        warnings.simplefilter("ignore", InsecureRequestWarning)
    address = f"unix://{relay(endpoint.host).socket}" if endpoint.scheme == "ssh" else endpoint.host
    client = Client(endpoint.host, base_url=address, tls=tls, timeout=round(CALL_S), version=api_version)
    # The environment would put its own certificates before the engine's (REQUESTS_CA_BUNDLE), and a proxy between us and
    # this machine; docker does neither. https://github.com/psf/requests/issues/3829
    client.api.trust_env = False
    if endpoint.scheme in ("tcp", "http", "https") and not _is_loopback(endpoint):
        client.api.proxies.update(get_environ_proxies(client.api.base_url))
    calls.attach(client.api)
    return client


def _is_loopback(endpoint: Endpoint) -> bool:
    host = urlsplit(endpoint.host).hostname or "localhost"
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _probe(endpoint: Endpoint, timeout_s: float) -> None:
    """Tell apart, before any HTTP, the ways in which nothing can be reached."""
    path = endpoint.socket
    try:
        if path is not None:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(timeout_s)
                connection.connect(str(path))
        elif endpoint.scheme in ("tcp", "http", "https"):
            address = urlsplit(endpoint.host)
            port = address.port or (2376 if endpoint.use_tls else 2375)
            socket.create_connection((address.hostname or "localhost", port), timeout=timeout_s).close()
    except FileNotFoundError:
        raise NoEngineError(
            "no-socket",
            f"no Docker engine: {path} does not exist; `hullproof doctor` says what to install or start",
        ) from None
    except PermissionError:
        raise NoEngineError(
            "permission-denied",
            f"no permission to use the Docker engine at {path}: {_rootless() or _PERMITTED}",
        ) from None
    except ConnectionRefusedError:
        where = (
            "start it with `sudo systemctl start docker`" if endpoint.is_default_socket else "start it there"
        )
        raise NoEngineError(
            "not-running", f"the Docker engine at {endpoint.host} is not running (refused): {where}"
        ) from None
    except (OSError, ValueError) as error:
        is_late = isinstance(error, TimeoutError)
        raise _unanswered(endpoint, error, timeout_s, is_late=is_late) from error


def _unanswered(
    endpoint: Endpoint, error: BaseException, timeout_s: float, *, is_late: bool
) -> NoEngineError:
    seen = " ".join(str(error).split()) or type(error).__name__
    said = relay(endpoint.host).said if endpoint.scheme == "ssh" else ""
    how = f"did not answer within {timeout_s:g} s" if is_late else "cannot be talked to"
    fix = "check DOCKER_HOST, `docker context ls` and that it runs"
    if "HTTP request to an HTTPS server" in seen:
        how, fix = (
            "wants TLS",
            "set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder with ca.pem, cert.pem and key.pem",
        )
    elif "CERTIFICATE_VERIFY_FAILED" in seen:
        fix = f"{endpoint.ca or 'ca.pem in DOCKER_CERT_PATH'} has to be the authority that signed the engine's certificate"
    elif said:
        fix = f"see that `{shlex.join(command(endpoint.host))}` connects"
    return NoEngineError(
        "unreachable", f"the Docker engine at {endpoint.host} {how} ({_end_of(said or seen)}): {fix}"
    )


def _end_of(reason: str) -> str:
    """Keep the end of a long chain of causes, which is where the reason stands."""
    return reason if len(reason) <= _LONGEST_REASON else f"...{reason[-_LONGEST_REASON:]}"


def _rootless() -> str | None:
    """Say how the engine is used that a user without rights has, where there is one."""
    folder = os.environ.get("XDG_RUNTIME_DIR")
    own = Path(folder, "docker.sock") if folder else None
    if own is None or not own.is_socket():
        return None
    return f"yours without root is at {own}: `docker context use rootless`, or DOCKER_HOST=unix://{own}"


def _require_docker(version: Mapping[str, Any], endpoint: Endpoint) -> None:
    """Refuse an engine that has no BuildKit of its own, or too old a one."""
    components = [str(part.get("Name", "")) for part in version.get("Components") or []]
    if any("podman" in name.lower() for name in components):
        raise NoEngineError(
            "no-buildkit",
            f"{endpoint.host} is Podman, which has no BuildKit to build with and to learn from: "
            "name a Docker engine by DOCKER_HOST or `docker context use`, or prove an image that is there (--image) without its project",
        )
    seen = str(version.get("ApiVersion", "0.0"))
    if numbers(seen) < MINIMUM_API:
        raise NoEngineError(
            "engine-too-old",
            f"engine {version.get('Version', 'unknown')} (API {seen}) is too old, builds need Docker 23 or newer "
            f"(API {'.'.join(map(str, MINIMUM_API))}): `hullproof doctor` says what to install",
        )
