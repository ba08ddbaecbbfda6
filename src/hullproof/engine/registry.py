"""What registries have, asked through the engine, whose credentials and mirrors count; and how images are pulled."""

from __future__ import annotations

import queue
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import RequestException

from hullproof.engine.calls import within
from hullproof.engine.client import connect_client
from hullproof.engine.container.words import engine_errors
from hullproof.errors import DeadlineError, EngineError

if TYPE_CHECKING:
    from hullproof.engine.connection import Engine

# A registry that can be reached answers for a manifest in well under a second; a firewall that swallows packets
# would cost half a minute for each reference.
_ANSWER_S = 8
_PULL_STALL_S = 90
_PULL_S = 1200
_WHY_LENGTH = 90

_NOT_THERE = (
    *("manifest unknown", "denied", "unauthorized", "no basic auth credentials"),
    *("not found: ", "name unknown"),
)

# Registries that did not answer, with what was seen: they are not asked again within the run.
_unreachable: dict[tuple[str, str], str] = {}


class NotInRegistryError(EngineError):
    """The registry answers, and has no such image, or none for this user."""

    def __init__(self, registry: str, reference: str, said: str) -> None:
        """Take what it said."""
        super().__init__(
            f"{registry} has no image {reference}, or shows it to nobody unknown: "
            f"check the name, or `docker login {registry}` ({_short(said)})"
        )


def why_not_pullable(engine: Engine, registry: str, reference: str) -> str | None:
    """Ask the engine to ask the registry. None: it has the image. Else what stands in the way, in few words.

    Raises NotInRegistryError where there is no such image: that is a typing error, which a stand-in would hide. Raises
    EngineError when the engine does not answer.
    """
    key = (engine.endpoint.host, registry)
    if key in _unreachable:
        return _unreachable[key]

    client = connect_client(engine.endpoint, _ANSWER_S, builds=engine.builds)
    client.api.timeout = _ANSWER_S
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a helper that is missing, which is told below
            client.api.inspect_distribution(reference)  # type: ignore[no-untyped-call]
    except APIError as error:
        why = " ".join(str(error.explanation or error).split())
        if "/distribution/" in why and "not supported" in why:  # Podman, which can only be told to pull
            return _why_not_pulled(engine, reference)
        if isinstance(error, NotFound) or any(sign in why for sign in _NOT_THERE):
            raise NotInRegistryError(registry, reference, why) from error
        why = _short(why)
    except DockerException as error:
        # docker's configuration names a helper that is not there, as of Docker Desktop
        why = (
            f"docker's credential helper cannot be used ({_short(' '.join(str(error).split()))}): install it, or take "
            "credsStore and credHelpers out of docker's config.json"
        )
    except RequestException:  # of the two, it may be the engine that does not answer
        with within(_ANSWER_S), engine_errors(f"asking {registry} for {reference}"):
            engine.client.ping()
        why = f"{registry} did not answer within {_ANSWER_S} s"
    else:
        return None
    finally:
        client.close()
    _unreachable[key] = why
    return why


def _why_not_pulled(engine: Engine, reference: str) -> str | None:
    try:
        pull(engine, reference)
    except DeadlineError:
        raise
    except EngineError as error:
        return str(error)
    return None


def why_unreachable(engine: Engine, registry: str) -> str | None:
    """Return why the engine cannot reach a registry, None when it can. Raises EngineError where it does not answer itself."""
    name = "hello-world" if registry == "docker.io" else f"{registry}/hullproof/none"
    try:
        return why_not_pullable(engine, registry, name)
    except NotInRegistryError:
        return None


def _short(why: str) -> str:
    """Keep the end of Go's chain of causes, which is where the reason stands."""
    return why if len(why) <= _WHY_LENGTH else "..." + ": ".join(why.split(": ")[-3:])[-_WHY_LENGTH:]


def pull(engine: Engine, reference: str) -> None:
    """Pull by the API. Raises EngineError where it cannot be had.

    The SDK gives a pull no deadline, so it is watched from beside.
    """
    events: queue.Queue[dict[str, Any] | Exception | None] = queue.Queue()
    client = connect_client(engine.endpoint, _ANSWER_S, builds=engine.builds)

    def follow() -> None:
        try:
            for event in client.api.pull(reference, stream=True, decode=True):
                events.put(event)
            events.put(None)
        except Exception as error:  # noqa: BLE001  handed to the thread that waits
            events.put(error)

    threading.Thread(target=follow, daemon=True).start()
    deadline, last = time.monotonic() + _PULL_S, "nothing"
    try:
        while True:
            wait = min(_PULL_STALL_S, deadline - time.monotonic())
            try:
                event = events.get(timeout=max(0.0, wait))
            except queue.Empty:
                raise DeadlineError(f"the pull of {reference} came to a halt; last seen: {last}") from None
            if event is None:
                return
            if isinstance(event, Exception) or "error" in event:
                why = event if isinstance(event, Exception) else event["error"]
                raise EngineError(f"{reference} could not be pulled: {_short(' '.join(str(why).split()))}")
            last = " ".join(str(event.get(part, "")) for part in ("id", "status", "progress")).strip()
    finally:
        client.close()
