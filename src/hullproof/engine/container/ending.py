"""How a container ends when it is told to.

How long it takes is told by the engine's own records, its `kill` event and `State.FinishedAt`: our clock would count
how long the engine took to pass a signal on and to bring the news. How much of that the machine had no processor for it
is told by the probe.
"""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hullproof.engine.container.sidecar import open_stream
from hullproof.engine.container.words import engine_errors, moment, reached
from hullproof.engine.model.container import Stopped
from hullproof.errors import DeadlineError

if TYPE_CHECKING:
    from docker.api.client import APIClient
    from requests import Response

    from hullproof.engine.container.observer import Observer

STOP_DEADLINE_S = 10.0
"""What the engine itself grants between the stop signal and SIGKILL."""

_KILLED = 128 + 9


def state_of(api: APIClient, container_id: str) -> dict[str, Any]:
    """Return a container's `State` in the engine's words; empty where it is gone."""
    seen: dict[str, Any] = {}
    reached("looking at the container", lambda: seen.update(api.inspect_container(container_id)["State"]))
    return seen


def stop(api: APIClient, container_id: str, signal: str, observer: Observer) -> Stopped | None:
    """Send the stop signal, SIGKILL at the deadline, and tell how it ended; None when it had ended by itself.

    Raises EngineError when it does not end, and when the engine goes away.
    """
    observer.count_losses()
    lost = observer.lost_s
    with contextlib.closing(_events(api, container_id)) as events:
        asked = time.monotonic()
        if not reached("stopping the container", lambda: api.kill(container_id, signal)):
            observer.await_end(asked + STOP_DEADLINE_S)
            return None
        trip = time.monotonic() - asked
        sent = _first_moment(events)
    killed = not observer.await_end(time.monotonic() + STOP_DEADLINE_S) and reached(
        "killing the container", lambda: api.kill(container_id, "SIGKILL")
    )
    if not observer.await_end(time.monotonic() + STOP_DEADLINE_S) or observer.death is None:
        raise DeadlineError(f"the container did not end within {STOP_DEADLINE_S:g} s of SIGKILL")
    code, longest = observer.death.exit_code, observer.death.at - asked
    seconds, slowed = took(longest, trip, sent, state_of(api, container_id).get("FinishedAt"))
    slowed += seconds if lost is None or observer.lost_s is None else observer.lost_s - lost
    slowed = min(slowed, seconds)
    return Stopped(signal, round(seconds, 3), code, killed and code == _KILLED, round(slowed, 3))


def took(longest: float, trip: float, sent: float | None, finished: object) -> tuple[float, float]:
    """Return how many seconds the end took at most, and how many of them the engine may have taken.

    `longest` is all that passed here, `trip` what sending the signal took. `sent` is when it had been sent, `finished`
    when the container ended, both by the engine's own clock; one that was set back tells nothing.
    """
    try:
        between = moment(str(finished)) - sent if sent is not None else None
    except ValueError:
        between = None
    if between is None or between < -trip:
        return longest, longest
    most = min(longest, between + trip)
    return most, most - min(most, max(0.0, between))


def _events(api: APIClient, container_id: str) -> Response:
    """Open the stream of a container's `kill` events from now on."""
    filters = quote(json.dumps({"container": [container_id], "event": ["kill"]}))
    with engine_errors("stopping the container"):
        return open_stream(api, f"/events?filters={filters}", read_timeout_s=api.timeout)


def _first_moment(events: Response) -> float | None:
    """Return the engine's time of the first event to come; None where the engine tells of none."""
    if not events.ok:
        return None
    with engine_errors("stopping the container"):
        line = next(events.iter_lines(), b"{}")
    with contextlib.suppress(ValueError, KeyError):
        return float(json.loads(line)["timeNano"]) / 1e9
    return None
