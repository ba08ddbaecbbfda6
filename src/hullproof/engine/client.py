"""The SDK's client: how one is had for an engine's address, or why none is, and how it is held to answers that can be read."""

from __future__ import annotations

import os
import re
import shlex
import socket
import threading
import time
import warnings
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from docker import DockerClient
from docker.api.client import APIClient
from docker.errors import DockerException
from docker.tls import TLSConfig
from requests.exceptions import RequestException
from requests.utils import get_environ_proxies
from urllib3.exceptions import InsecureRequestWarning

from hullproof.engine.calls import CALL_S, Calls, within
from hullproof.engine.endpoint import Endpoint, NoEngineError
from hullproof.engine.plugins import numbers
from hullproof.engine.ssh import command, relay
from hullproof.engine.transport import mount
from hullproof.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

# 1.42 is Docker 23: the first whose embedded BuildKit knows named build contexts (--build-context).
MINIMUM_API = (1, 42)
_ANY_API = "1.42"  # the first question is asked without a version
_LONGEST_REASON = 200
_PERMITTED = "`sudo usermod -aG docker $USER` and log in again, or run as root"

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


# --- how one is had -----------------------------------------------------------------------------------


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
        with within(timeout_s), closing(open_client(endpoint, _ANY_API, first)) as client:
            version: dict[str, Any] = client.api.version(api_version=False)
    except (DockerException, RequestException, OSError, EOFError, ValueError) as error:
        is_late = time.monotonic() - began >= timeout_s
        raise _unanswered(endpoint, error, timeout_s, is_late=is_late) from error
    finally:
        in_time.cancel()
    try:
        if builds:
            _require_docker(version, endpoint)
        return open_client(endpoint, str(version["ApiVersion"]), calls or Calls(endpoint.host))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _unanswered(endpoint, error, timeout_s, is_late=False) from error


def open_client(endpoint: Endpoint, api_version: str, calls: Calls) -> DockerClient:
    """Return the SDK's client for an address that is known to answer in this version of the API. Nothing is asked yet."""
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
    mount(client.api, calls)
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
