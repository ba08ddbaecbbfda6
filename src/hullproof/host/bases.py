"""Make sure that every image a build starts from is there: present, pulled, or stood in for."""

from __future__ import annotations

import queue
import threading
import time
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from requests.exceptions import RequestException

from hullproof.engine.calls import within
from hullproof.engine.connection import connect_client
from hullproof.engine.container.words import engine_errors
from hullproof.engine.image import unpacked_size
from hullproof.errors import DeadlineError, EngineError
from hullproof.host.standin import LABEL, provide_stand_in
from hullproof.host.standinplan import Reference, parse_reference, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hullproof.engine.connection import Engine

Origin = Literal["present", "pulled", "stand-in"]

# A registry that can be reached answers for a manifest in well under a second; a firewall that swallows packets
# would cost half a minute for each reference.
_REGISTRY_TIMEOUT_S = 8
_PULL_STALL_S = 90
_WHY_LENGTH = 90
_PULL_TIMEOUT_S = 1200

# Registries that did not answer, with what was seen: they are not asked again within the run.
_unreachable: dict[tuple[str, str], str] = {}


class NoBaseError(EngineError):
    """An image, named by `reference`, can neither be found, pulled nor stood in for."""

    def __init__(self, text: str, reference: str) -> None:
        """Take the line and the reference as it was asked for."""
        super().__init__(text)
        self.reference = reference


class NoImageError(NoBaseError):
    """The registry answers, and has no such image."""


@dataclass(frozen=True)
class Base:
    """An image that a build starts from. `note` says what was asked for and got, where the two differ.

    `diff_ids` is its chain of layers: an image built on it starts with the same ones.
    """

    reference: str
    image: str
    image_id: str
    origin: Origin
    note: str | None
    size_bytes: int
    diff_ids: tuple[str, ...]

    @property
    def stand_in(self) -> bool:
        """Whether it is a look-alike."""
        return self.origin == "stand-in"


@dataclass(frozen=True)
class BaseSet:
    """All bases of one build."""

    bases: tuple[Base, ...]

    @property
    def build_contexts(self) -> dict[str, str]:
        """What to hand to `docker buildx build --build-context`, by name: the stand-ins only."""
        return {
            parse_reference(base.reference).familiar: f"docker-image://{base.image}"
            for base in self.bases
            if base.stand_in
        }

    def get(self, reference: str) -> Base | None:
        """Return the base for a reference, however it is spelled."""
        wanted = parse_reference(reference).familiar
        return next((base for base in self.bases if parse_reference(base.reference).familiar == wanted), None)


def provide_bases(
    engine: Engine,
    references: Iterable[str],
    *,
    say: Callable[[str], None],
    may_install: bool = False,
    owner: str = "",
) -> BaseSet:
    """Provide every external image reference of a Dockerfile; `scratch` is nobody's image and passed over.

    `may_install` lets a missing mmdebstrap be installed for a stand-in; `owner` is the run that this ends with. Raises
    NoBaseError for the first one that can neither be found, pulled nor stood in for, EngineError where the engine is gone.
    """
    bases: dict[str, Base] = {}
    for text in references:
        reference = parse_reference(text)
        if text != "scratch" and reference.familiar not in bases:
            bases[reference.familiar] = _provide(engine, reference, say, may_install=may_install, owner=owner)
    return BaseSet(tuple(bases.values()))


def _provide(
    engine: Engine,
    reference: Reference,
    say: Callable[[str], None],
    *,
    may_install: bool,
    owner: str,
) -> Base:
    if found := _inspect(engine, reference, reference.text, "present"):
        return found
    why = _why_not_pullable(engine, reference)
    if why is None:
        say(f"pulling {reference.text}")
        _pull(engine, reference)
        if found := _inspect(engine, reference, reference.text, "pulled"):
            return found
        raise EngineError(f"{reference.text} was pulled, and the engine does not have it for its platform")
    try:
        chosen = plan(reference)
    except EngineError as error:
        raise NoBaseError(str(error), reference.text) from error
    say(f"stand-in base: {reference.text} is not present and not pullable ({why})")
    name = provide_stand_in(engine, chosen, say=say, may_install=may_install, owner=owner)
    found = _inspect(engine, reference, name, "stand-in")
    if found is None:
        raise EngineError(f"the stand-in base {name} was made, and has gone again: run the command once more")
    got = engine.client.images.get(name).labels.get(f"{LABEL}.got", chosen.got)
    note = f"asked for {reference.text}, got {got} (stand-in made from Debian's packages)"
    say(f"stand-in base: {note}")
    return replace(found, note=note)


def _inspect(engine: Engine, reference: Reference, name: str, origin: Origin) -> Base | None:
    """Look an image up; None where the engine does not have it."""
    try:
        seen: dict[str, Any] = engine.client.api.inspect_image(name)  # type: ignore[no-untyped-call]
    except ImageNotFound:
        return None
    layers = tuple(seen.get("RootFS", {}).get("Layers") or ())
    size = unpacked_size(engine, name)
    return Base(reference.text, name, str(seen["Id"]), origin, None, size, layers)


def _why_not_pullable(engine: Engine, reference: Reference) -> str | None:
    """Ask the engine to ask the registry. None: it has the image. Else what stands in the way, in few words.

    Raises NoImageError when the registry answers that there is no such image: that is a typing error, which a
    stand-in would hide. Raises EngineError when the engine does not answer.
    """
    key = (engine.endpoint.host, reference.registry)
    if key in _unreachable:
        return _unreachable[key]

    client = connect_client(engine.endpoint, _REGISTRY_TIMEOUT_S)
    client.api.timeout = _REGISTRY_TIMEOUT_S
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a helper that is missing, which is told below
            client.api.inspect_distribution(reference.text)  # type: ignore[no-untyped-call]
    except NotFound as error:
        raise _no_such_image(reference, error) from error
    except APIError as error:
        why = " ".join(str(error.explanation or error).split())
        if any(
            sign in why
            for sign in ("manifest unknown", "denied", "unauthorized", "not found: ", "name unknown")
        ):
            raise _no_such_image(reference, error) from error
        why = _short(why)
    except (
        DockerException
    ) as error:  # docker's configuration names a helper that is not there, as of Docker Desktop
        why = (
            f"docker's credential helper cannot be used ({_short(' '.join(str(error).split()))}): install it, or take "
            "credsStore and credHelpers out of docker's config.json"
        )
    except RequestException:  # of the two, it may be the engine that does not answer
        with within(_REGISTRY_TIMEOUT_S), engine_errors(f"asking {reference.registry} for {reference.text}"):
            engine.client.ping()
        why = f"{reference.registry} did not answer within {_REGISTRY_TIMEOUT_S} s"
    else:
        return None
    finally:
        client.close()
    _unreachable[key] = why
    return why


def why_unreachable(engine: Engine, registry: str) -> str | None:
    """Return why the engine cannot reach a registry, None when it can. Raises EngineError where it does not answer itself."""
    name = "hello-world" if registry == "docker.io" else f"{registry}/hullproof/none"
    try:
        return _why_not_pullable(engine, parse_reference(name))
    except NoImageError:
        return None


def _no_such_image(reference: Reference, error: Exception) -> NoImageError:
    return NoImageError(
        f"{reference.registry} has no image {reference.text}, or shows it to nobody unknown: "
        f"check the name, or `docker login {reference.registry}` ({_short(' '.join(str(error).split()))})",
        reference.text,
    )


def _short(why: str) -> str:
    """Keep the end of Go's chain of causes, which is where the reason stands."""
    return why if len(why) <= _WHY_LENGTH else "..." + ": ".join(why.split(": ")[-3:])[-_WHY_LENGTH:]


def _pull(engine: Engine, reference: Reference) -> None:
    """Pull by the API. The SDK gives a pull no deadline, so it is watched from beside."""
    events: queue.Queue[dict[str, Any] | Exception | None] = queue.Queue()
    client = connect_client(engine.endpoint, _REGISTRY_TIMEOUT_S)

    def follow() -> None:
        try:
            for event in client.api.pull(reference.text, stream=True, decode=True):
                events.put(event)
            events.put(None)
        except Exception as error:  # noqa: BLE001  handed to the thread that waits
            events.put(error)

    threading.Thread(target=follow, daemon=True).start()
    deadline, last = time.monotonic() + _PULL_TIMEOUT_S, "nothing"
    try:
        while True:
            wait = min(_PULL_STALL_S, deadline - time.monotonic())
            try:
                event = events.get(timeout=max(0.0, wait))
            except queue.Empty:
                raise DeadlineError(
                    f"the pull of {reference.text} came to a halt; last seen: {last}"
                ) from None
            if event is None:
                return
            if isinstance(event, Exception) or "error" in event:
                why = event if isinstance(event, Exception) else event["error"]
                raise EngineError(
                    f"{reference.text} could not be pulled: {_short(' '.join(str(why).split()))}"
                )
            last = " ".join(str(event.get(part, "")) for part in ("id", "status", "progress")).strip()
    finally:
        client.close()
