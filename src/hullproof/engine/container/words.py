"""The engine's words, made readable: its refusals, its times, its log stream."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, DockerException
from requests.exceptions import RequestException, Timeout
from urllib3.exceptions import HTTPError

from hullproof.errors import DeadlineError, EngineError
from hullproof.text import one_line, uncoloured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_OVER = {304, 404, 409}  # it has been done already, the container is gone, it does not run
LOG_LINE_LENGTH = 500
_MAX_CHUNK = 16 << 20
_HEADER = 8
_CONTAINER = re.compile(r"/containers/([0-9a-f]{12})[0-9a-f]{52}(?=[/?]|$)")

_WRAPPING = re.compile(
    r"^(?:failed to create (?:shim )?task(?: for container)?|OCI runtime (?:create|start|exec) failed|"
    r"(?:runc|crun) (?:create|run) failed|exec failed|unable to start container process|"
    r"Error response from daemon|starting container process caused): "
)

# What keeps any container from starting, whatever its image.
_ENGINES_FAULT = re.compile(
    r"no space left on device|failed to create endpoint|container networking|driver failed programming|"
    r"network \S+ not found|input/output error|cannot allocate memory|resource temporarily unavailable|"
    r"read-only file system: .*/containers/|error gathering device information|cgroup|rlimit"
)


@contextmanager
def engine_errors(doing: str, *passing: type[BaseException]) -> Iterator[None]:
    """Turn whatever the SDK raises into one line that says what was being done; `passing` is let through.

    Of an engine that is silent or gone, the line names the container that it was asked about.
    """
    try:
        yield
    except (DockerException, RequestException, HTTPError, OSError) as error:
        if isinstance(error, passing):
            raise
        if isinstance(error, Timeout):
            raise DeadlineError(
                f"the engine did not answer in time while {doing}{_asked_about(error)}"
            ) from error
        seen = one_line(str(error), 160) or type(error).__name__
        if isinstance(error, APIError):
            raise EngineError(f"the engine refused while {doing}: {explain(error)}") from error
        raise EngineError(f"the engine went away while {doing}{_asked_about(error)}: {seen}") from error


def _asked_about(error: Exception) -> str:
    """Name the container whose address was asked for when an error came."""
    path = getattr(getattr(error, "request", None), "path_url", None)
    asked = _CONTAINER.search(path or "")
    return f" ({asked[1]})" if asked else ""


def reached(doing: str, step: Callable[[], object]) -> bool:
    """Take a step on a container; False where its end came first, which it may between any two things that are asked.

    Raises EngineError for any other refusal, and when the engine goes away.
    """
    try:
        with engine_errors(doing, APIError):
            step()
    except APIError as error:
        if error.status_code not in _OVER:
            raise EngineError(f"the engine refused while {doing}: {explain(error)}") from error
        return False
    return True


def explain(error: Any) -> str:  # noqa: ANN401 - an APIError; the SDK is imported late, so its types are not at hand
    """Return what the engine said, without the names of the layers that passed it on."""
    return unwrapped(str(error.explanation or error))


def unwrapped(said: str) -> str:
    """Strip the layers of an engine's message: what is left is what a person can act on."""
    said = one_line(said, 1000)
    while (bare := _WRAPPING.sub("", said)) != said:
        said = bare
    return one_line(said.removesuffix(": unknown"), 400)


def is_engines_fault(said: str) -> bool:
    """Whether a refusal to start tells of the engine rather than of the image."""
    return _ENGINES_FAULT.search(said) is not None


def lived(state: Mapping[str, Any]) -> float | None:
    """Return the seconds between start and end of a container's `State`, by the engine's own clock."""
    try:
        began, ended = (moment(str(state[name])) for name in ("StartedAt", "FinishedAt"))
    except (KeyError, ValueError):
        return None
    return round(max(0.0, ended - began), 3)


def lived_so_far(state: Mapping[str, Any]) -> float:
    """Return the seconds since a container's start, by this machine's clock; endless where the engine tells no start."""
    try:
        return max(0.0, datetime.now(tz=timezone.utc).timestamp() - moment(str(state["StartedAt"])))
    except (KeyError, ValueError):
        return float("inf")


def moment(stamp: str) -> float:
    """Read the engine's timestamps, which have nanoseconds and end in Z, in seconds. Raises ValueError."""
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    second = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return second.timestamp() + float(f"0.{fraction or 0}")


def frames(read: Callable[[int], bytes]) -> Iterator[tuple[int, bytes]]:
    """Split the engine's stream into (1 for stdout or 2 for stderr, chunk). Raises EngineError where it is no such stream."""
    while len(header := _exactly(read, _HEADER)) == _HEADER:
        size = int.from_bytes(header[4:], "big")
        if size > _MAX_CHUNK:
            raise EngineError(f"the engine sent what is no stream of output: a chunk of {size} bytes")
        yield header[0], _exactly(read, size)


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = read(size - len(data))
        if not part:
            break
        data += part
    return data


def log_lines(read: Callable[[int], bytes], count: int, limit: int) -> tuple[str, ...]:
    """Take the last lines out of the engine's log stream, without their colours, reading no more than `limit` bytes of it."""
    data = b""
    for _, chunk in frames(read):
        data += chunk
        if len(data) >= limit:
            break
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n")
    return tuple(uncoloured(line[:LOG_LINE_LENGTH]) for line in text.split("\n")[-count:]) if text else ()
