"""When services are ready: healthy, by their own health check; else taking connections; or done, with exit code 0."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from hullproof.engine.container.sidecar import Helper, confined, open_stream
from hullproof.engine.container.words import engine_errors, lived, log_lines
from hullproof.engine.limits import limit_reached
from hullproof.errors import EngineError, Unobservable
from hullproof.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hullproof.engine.connection import Engine

_PAUSE_S = 0.2
_MARGIN_S = 30  # the engine's own time
_ENDED = ("exited", "dead")
_LOG_LINES, _LOG_BYTES = 3, 1 << 16
_NOBODY = "65534:65534"
_TCP = re.compile(r"([0-9]+)(?:-[0-9]+)?(?:/tcp)?")
_PROJECT, _SERVICE = "com.docker.compose.project", "com.docker.compose.service"

# Runs in a container on the services' network, since they publish no ports. A service may expose ports that
# it does not serve (RabbitMQ's for TLS): one that takes connections is enough.
_KNOCK = """
import socket, sys, time
until = time.monotonic() + float(sys.argv[1])
closed = dict(each.split("=") for each in sys.argv[2:])
while closed and time.monotonic() < until:
    for name, ports in list(closed.items()):
        for port in ports.split(","):
            try:
                socket.create_connection((name, int(port)), 1).close()
                closed.pop(name, None)
            except OSError:
                pass
    time.sleep(0.1)
print(*closed)
"""


def tcp_ports(exposed: Iterable[str]) -> list[str]:
    """Pick the TCP ports: an image writes `5432/tcp`, compose hands on what a file says, `5432` or `5432-5440`."""
    found = (_TCP.fullmatch(each) for each in exposed)
    return [each[1] for each in found if each]


class Readiness:
    """Looks at the containers of one compose project."""

    def __init__(self, engine: Engine, project: str, labels: Mapping[str, str]) -> None:
        """Take where they are; `labels` are for the container that asks at their ports."""
        self._api = engine.client.api
        self._project = project
        self._labels = dict(labels)

    def containers(self, service: str) -> list[str]:
        """Return the ids of a service's containers."""
        return [each["Id"] for each in self._all() if each["Labels"].get(_SERVICE) == service]

    def _all(self) -> list[dict[str, Any]]:
        with engine_errors("looking at the services"):
            found: list[dict[str, Any]] = self._api.containers(
                all=True, filters={"label": [f"{_PROJECT}={self._project}"]}
            )
            return found

    def _seen(self) -> list[tuple[str, dict[str, Any]]]:
        """Return each service's name and what the engine tells of its container."""
        listed = self._all()
        with engine_errors("looking at the services"):
            return [(each["Labels"][_SERVICE], self._api.inspect_container(each["Id"])) for each in listed]

    def require_none_failed(self) -> None:
        """Raise Unobservable, with its last log lines, for a service that ended badly or is not healthy."""
        for name, container in self._seen():
            state = container["State"]
            if state["Status"] in _ENDED:
                if state["ExitCode"] == 0:
                    continue  # it had one thing to do
                seconds = lived(state)
                after = "" if seconds is None else f" after {seconds:.1f} s"
                self._fail(name, container, f"ended with exit code {state['ExitCode']}{after}")
            if (state.get("Health") or {}).get("Status") == "unhealthy":
                checks = state["Health"].get("Log") or [{"Output": "nothing"}]
                said = one_line(checks[-1]["Output"], 120) or "nothing"
                self._fail(name, container, f"is not healthy, its check says: {said}")

    def wait(self, timeout_s: float, helper: Helper | str) -> None:
        """Wait until all are ready. Raises Unobservable for one that fails, or is not ready in time.

        Without a helper nobody knocks: the application then has to wait for them itself.
        """
        until = time.monotonic() + timeout_s
        while True:
            self.require_none_failed()
            waiting = {
                name: container
                for name, container in self._seen()
                if container["State"]["Status"] == "running"
                and (container["State"].get("Health") or {}).get("Status") == "starting"
            }
            if not waiting:
                break
            if time.monotonic() > until:
                name, container = next(iter(waiting.items()))
                self._fail(name, container, f"was not healthy within {timeout_s:g} s")
            time.sleep(_PAUSE_S)
        if isinstance(helper, Helper):
            self._knock(helper, max(1.0, until - time.monotonic()))

    def _knock(self, helper: Helper, timeout_s: float) -> None:
        """Wait until each service without a health check takes connections at one of the ports that it exposes."""
        seen = [(name, each) for name, each in self._seen() if each["State"]["Status"] == "running"]
        ports = {
            name: ",".join(tcp_ports(each["Config"].get("ExposedPorts") or ()))
            for name, each in seen
            if "Health" not in each["State"]
        }
        addresses = [f"{name}={numbers}" for name, numbers in ports.items() if numbers]
        closed = self._run_beside(helper, [f"{timeout_s:.1f}", *addresses], timeout_s) if addresses else []
        self.require_none_failed()  # one that ended just before it was looked for here, too
        for name, container in seen:
            if name in closed:
                self._fail(
                    name, container, f"took no connection at port {ports[name]} within {timeout_s:.0f} s"
                )

    def _run_beside(self, helper: Helper, arguments: list[str], timeout_s: float) -> list[str]:
        """Run the script that knocks; return the services that did not answer."""
        with engine_errors("waiting for the services"):
            made = self._api.create_container(
                helper.image,
                entrypoint=[helper.python, "-I", "-S", "-c", _KNOCK, *arguments],
                user=_NOBODY,
                labels=self._labels,
                healthcheck={"test": ["NONE"]},
                host_config=confined(self._api, network_mode=f"{self._project}_default"),
            )["Id"]
            self._api.start(made)
            ended = self._end_of(made, timeout_s + _MARGIN_S)
            return " ".join(self._log(made)).split() if ended == 0 else []

    def _end_of(self, container_id: str, timeout_s: float) -> int:
        """Wait until a container ends, or a service fails; return its exit code."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            state = self._api.inspect_container(container_id)["State"]
            if state["Status"] in _ENDED:
                return int(state["ExitCode"])
            self.require_none_failed()
            time.sleep(_PAUSE_S)
        raise EngineError(f"the container that waits for the services did not end within {timeout_s:.0f} s")

    def _fail(self, name: str, container: Mapping[str, Any], how: str) -> None:
        log = [line for line in self._log(str(container["Id"])) if line.strip()]
        words = f"its last log lines: {' | '.join(log)}" if log else "it logged nothing"
        with engine_errors("looking at the services"):
            words = limit_reached(self._api, str(container["Id"]), log) or words
        raise Unobservable(one_line(f"service {name}, beside the container, {how}; {words}", 600))

    def _log(self, container_id: str) -> tuple[str, ...]:
        path = f"/containers/{container_id}/logs?stdout=1&stderr=1&tail={_LOG_LINES}"
        with engine_errors("reading a service's log"), open_stream(self._api, path) as response:
            return log_lines(response.raw.read, _LOG_LINES, _LOG_BYTES) if response.ok else ()
