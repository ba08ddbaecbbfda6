"""Which engine the docker command line would talk to, so that the SDK talks to the same one.

The SDK knows DOCKER_HOST only; contexts are the command line's. Its order is followed here: DOCKER_HOST,
then DOCKER_CONTEXT, then `currentContext` of the configuration file, then the default socket.
https://docs.docker.com/engine/manage-resources/contexts/
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import urlsplit

from hullproof.engine.ssh import machine
from hullproof.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

Case = Literal[
    "no-socket",
    "permission-denied",
    "not-running",
    "unreachable",
    "engine-too-old",
    "no-buildkit",
    "cli-missing",
    "buildx-missing",
    "buildx-too-old",
]

_SCHEMES = frozenset({"unix", "tcp", "http", "https", "ssh"})
_SCHEMES_TOLD = "unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST"
_PLACES = {"unix": "/var/run/docker.sock", "ssh": "USER@HOST"}
_WITH_TLS = frozenset({"tcp", "https"})

DEFAULT_SOCKET = "unix:///var/run/docker.sock"


class NoEngineError(EngineError):
    """No usable engine. `case` says which kind of no, for those who can do something about it."""

    exit_code: ClassVar[int] = EngineError.exit_code

    def __init__(self, case: Case, text: str) -> None:
        """Keep the case beside the line for the user."""
        super().__init__(text)
        self.case: Case = case


@dataclass(frozen=True)
class Endpoint:
    """An engine's address. `context` is the docker context's name, `tls` its files by role, if any."""

    host: str
    context: str = "default"
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    use_tls: bool = False
    verify: bool = True

    @property
    def scheme(self) -> str:
        """`unix`, `tcp`, `ssh`, ..."""
        return self.host.partition("://")[0]

    @property
    def socket(self) -> Path | None:
        """The socket's path, when the engine is reached through one on this machine."""
        return Path(self.host.removeprefix("unix://")) if self.scheme == "unix" else None

    @property
    def published_host(self) -> str:
        """The host at which the ports that the engine publishes are reached from this machine."""
        if self.socket:
            return "127.0.0.1"
        return (machine(self.host) if self.scheme == "ssh" else urlsplit(self.host).hostname) or "127.0.0.1"

    @property
    def is_default_socket(self) -> bool:
        """Whether it is the place where an engine installed on this machine listens."""
        return self.socket is not None and self.socket.resolve() == Path("/var/run/docker.sock").resolve()


def config_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Where the docker command line keeps its configuration."""
    environ = os.environ if environ is None else environ
    return Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def find_endpoint(environ: Mapping[str, str] | None = None) -> Endpoint:
    """Return the engine that the environment and docker's own configuration choose.

    Raises EngineError for a context that does not exist or cannot be read.
    """
    environ = os.environ if environ is None else environ
    if host := environ.get("DOCKER_HOST"):
        return _from_environment(host, environ)
    folder = config_folder(environ)
    name = environ.get("DOCKER_CONTEXT") or str(
        read_json(folder / "config.json").get("currentContext") or "default"
    )
    if name == "default":
        return Endpoint(DEFAULT_SOCKET)
    return _from_context(name, folder)


def _from_environment(host: str, environ: Mapping[str, str]) -> Endpoint:
    if host.startswith("/"):
        raise EngineError(f"DOCKER_HOST={host} is a path: write unix://{host}")
    if "://" not in host:
        host = f"tcp://{host}"
    scheme, _, rest = host.partition("://")
    if scheme not in _SCHEMES:
        raise EngineError(f"DOCKER_HOST={host}: {scheme}:// leads to no engine here; write {_SCHEMES_TOLD}")
    if not rest.strip("/"):
        raise EngineError(
            f"DOCKER_HOST={host} names no place: write {scheme}://{_PLACES.get(scheme, 'HOST:PORT')}"
        )
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    if not (verify or environ.get("DOCKER_TLS")) or scheme not in _WITH_TLS:
        return Endpoint(host)
    certs = Path(environ.get("DOCKER_CERT_PATH") or config_folder(environ))
    return _with_tls(Endpoint(host), certs, verify=verify)


def _from_context(name: str, folder: Path) -> Endpoint:
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts" / "meta" / digest / "meta.json"
    if not meta.is_file():
        raise EngineError(
            f"docker context {name!r} does not exist: `docker context ls` shows those that do, "
            "`docker context use default` goes back to this machine's engine"
        )
    docker = read_json(meta).get("Endpoints", {}).get("docker", {})
    host = docker.get("Host") or DEFAULT_SOCKET
    endpoint = Endpoint(host, context=name)
    certs = folder / "contexts" / "tls" / digest / "docker"
    if certs.is_dir() and host.startswith(("tcp://", "https://")):
        return _with_tls(endpoint, certs, verify=not docker.get("SkipTLSVerify"))
    return endpoint


def _with_tls(endpoint: Endpoint, folder: Path, *, verify: bool) -> Endpoint:
    ca, cert, key = (folder / name for name in ("ca.pem", "cert.pem", "key.pem"))
    return Endpoint(
        endpoint.host,
        context=endpoint.context,
        ca=ca if ca.is_file() else None,
        cert=cert if cert.is_file() else None,
        key=key if key.is_file() else None,
        use_tls=True,
        verify=verify,
    )


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; an absent file is an empty one."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EngineError(f"docker's configuration {path} cannot be read: {error}; fix or move it") from error
    return value if isinstance(value, dict) else {}
