"""Why a container that runs is not ready, or is without showing that its service works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullproof.practices.library.reasons import Reason

if TYPE_CHECKING:
    from hullproof.facts import Answer, Config, ContainerFacts, ImageFacts

_SERVER_ERROR, _NO_SUCH_METHOD = 500, 501
_NOT_LISTENING = (
    "Let the command start a server that listens on the exposed port; where it only takes longer to start, raise "
    "`ready_timeout_s` in [tool.hullproof]."
)
_NOT_READY = (
    "In [tool.hullproof], let `ready` name a path that answers 2xx or 3xx, or a port; where it only takes longer to "
    "start, raise `ready_timeout_s`. The log says what fails."
)


def seen_last(container: ContainerFacts) -> str:
    """Say what was seen of its readiness last."""
    return container.ready_by or "no port was listened on"


def why_not_ready(image: ImageFacts, container: ContainerFacts) -> Reason | None:
    """Tell why a container is not ready; None where it is, or where it serves nobody and stays."""
    if container.ready:
        return None
    last, listens = seen_last(container), any(each.protocol == "tcp" for each in container.listeners)
    if container.unobservable is not None:
        return Reason(f"whether it became ready could not be seen: {container.unobservable}", is_fault=False)
    if container.slowed is not None:
        return Reason(f"the container is not ready, but {container.slowed}: {last}", is_fault=False)
    if listens:
        clause = f"the container listens, but did not become ready: {last}"
        return Reason(clause, _NOT_READY, is_fault=False)
    # What serves at a Unix socket is up: a port that nobody listens on is a fault of EXPOSE then.
    elsewhere = bool(container.sockets) or any(
        f"{each.port}/udp" in image.exposed for each in container.listeners
    )
    if image.exposed and not elsewhere:
        return Reason(f"the container never becomes ready: {last}", _NOT_LISTENING)
    return None


def failing(config: Config, container: ContainerFacts) -> tuple[Answer, Reason] | None:
    """Tell of a ready service that answers with failures alone, with one of them; None where one answer is another.

    Where `ready` names a path, what that answers counts.
    """
    spoke = [each for each in container.answers if each.status is not None]
    failed = [
        each for each in spoke if (each.status or 0) >= _SERVER_ERROR and each.status != _NO_SUCH_METHOD
    ]
    if not container.ready or isinstance(config.ready, str) or not failed or len(failed) < len(spoke):
        return None
    answer = failed[0]
    clause = f"{answer.port}/{answer.protocol} answers HTTP {answer.status}, so whether the service works is not shown"
    return answer, Reason(clause, _NOT_READY, is_fault=False)
