"""A booted container that tests talk to: from outside at its published ports, from inside by commands and files."""

from __future__ import annotations

import base64
import io
import itertools
import json
import tarfile
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from docker.errors import APIError, create_api_error_from_http_exception
from requests import HTTPError

from hullproof.engine.boot import BootedContainer
from hullproof.engine.container.sidecar import exit_code_of, open_stream
from hullproof.engine.container.words import engine_errors, explain, frames
from hullproof.engine.model.container import Executed
from hullproof.errors import DeadlineError, Unobservable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docker.models.containers import Container as SdkContainer
    from requests import Response

    from hullproof.engine.model.container import ContainerFacts, Stopped

_GO_DIRECTORY = 1 << 31  # Go's os.ModeDir, in which the engine tells modes
_GONE = 2  # of the kinds of a change: 0 changed, 1 added, 2 deleted
_EXIT_CODE_S = 5.0  # the news of a command's end may come after the last of its output


class VisitedContainer(BootedContainer):
    """A booted container that can also be talked to, broken, and started again."""

    @property
    def sdk(self) -> SdkContainer:
        """The same container as the Docker SDK for Python has it."""
        with engine_errors("looking at the container"):
            return self._client.containers.get(self._id)

    @property
    def state(self) -> dict[str, Any]:
        """What the engine says of it now, in its words: `Status`, `ExitCode`, `Health`."""
        with engine_errors("looking at the container"):
            state: dict[str, Any] = self._api.inspect_container(self._id)["State"]
            return state

    def look(self) -> ContainerFacts:
        """Return the facts as they are now; until it is ready or late for the first time, wait for that."""
        return self.facts(watch_s=0.0, stop=False)

    def published(self, port: int) -> int | None:
        """Return the port of the engine's machine that leads to a TCP port of the container, None where none does."""
        with engine_errors("looking at the container"):
            settings = self._api.inspect_container(self._id)["NetworkSettings"]
        bindings = (settings.get("Ports") or {}).get(f"{port}/tcp") or ()
        return next((int(each["HostPort"]) for each in bindings), None)

    def log(self) -> str:
        """Return all that it has printed, as far as the engine keeps it."""
        path = f"/containers/{self._id}/logs?stdout=1&stderr=1"
        with (
            engine_errors("reading the container's log"),
            _opened(open_stream(self._api, path)) as response,
        ):
            return b"".join(chunk for _, chunk in frames(response.raw.read)).decode("utf-8", "replace")

    def changed(self) -> tuple[str, ...]:
        """List the paths that it has added or changed, the folders above them left out; what is mounted is not seen."""
        with engine_errors("looking for what the container has written"):
            found = sorted(
                str(each["Path"]) for each in self._api.diff(self._id) or () if each["Kind"] != _GONE
            )
        return tuple(
            path
            for path, following in itertools.zip_longest(found, found[1:], fillvalue="")
            if not following.startswith(f"{path}/")
        )

    # --- from inside -------------------------------------------------------------------------------------

    def execute(self, command: Sequence[str], *, user: str = "") -> Executed:
        """Run a command to its end, without a shell. Raises Unobservable where the container does not run.

        `user` is by default the image's own; whoever it is has the rights that the container was started with.
        A program that is not there is no error here: the engine's words are the output, its exit code is 126 or 127.
        """
        said = {1: b"", 2: b""}
        try:
            with engine_errors("running a command in the container", APIError):
                made = str(self._api.exec_create(self._id, list(command), user=user)["Id"])
                body = {"Detach": False, "Tty": False}
                with _opened(open_stream(self._api, f"/exec/{made}/start", body)) as response:
                    for kind, chunk in frames(response.raw.read):
                        said[kind] += chunk
                exit_code = exit_code_of(self._api, made, _EXIT_CODE_S)
        except APIError as error:
            raise Unobservable(f"{command[0]} cannot be run in the container: {explain(error)}") from error
        if exit_code is None:
            raise DeadlineError(f"the engine did not say within {_EXIT_CODE_S:.0f} s how {command[0]} ended")
        out, err = (said[kind].decode("utf-8", "replace") for kind in (1, 2))
        return Executed(tuple(command), exit_code, out, err)

    def read(self, path: str) -> bytes:
        """Return what a file holds, links followed; the container may have ended, and needs no shell.

        Raises FileNotFoundError, IsADirectoryError. What is mounted (/proc, a tmpfs) is not among the files.
        """
        status, packed = self._archived(path)
        if status["linkTarget"]:  # resolved to its end by the engine
            status, packed = self._archived(status["linkTarget"])
        if packed is None:
            raise IsADirectoryError(f"{path} is a directory in the container")
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            file = archive.extractfile(archive.getmembers()[0])
            if file is None:
                raise FileNotFoundError(f"{path} is no regular file in the container")
            return file.read()

    def _archived(self, path: str) -> tuple[dict[str, Any], bytes | None]:
        """Return what the engine says of a path and the archive of it, None in the place of a directory's."""
        url = f"/containers/{self._id}/archive?path={quote(path)}"
        try:
            with (
                engine_errors(f"reading {path} in the container", APIError),
                _opened(open_stream(self._api, url)) as response,
            ):
                header = base64.b64decode(response.headers["X-Docker-Container-Path-Stat"])
                status: dict[str, Any] = json.loads(header)
                return status, None if status["mode"] & _GO_DIRECTORY else response.raw.read()
        except APIError as error:
            raise FileNotFoundError(f"{path}: {explain(error)}") from error

    # --- its life ----------------------------------------------------------------------------------------

    def kill(self, signal: str) -> None:
        """Send a signal to PID 1. Raises Unobservable where it does not run."""
        try:
            with engine_errors(f"sending {signal}", APIError):
                self._api.kill(self._id, signal)
        except APIError as error:
            raise Unobservable(f"{signal} cannot be sent: {explain(error)}") from error

    def stop(self) -> Stopped:
        """Send the image's stop signal, SIGKILL at the engine's own deadline, and tell how it ended.

        Raises Unobservable where it had ended by itself before.
        """
        stopped = self._stop(self._observer) if self._observer else None
        if stopped is None:
            raise Unobservable("it had ended by itself before it was told to stop")
        return stopped

    def await_end(self, timeout_s: float) -> int | None:
        """Wait for its end; return the exit code, None where it still runs after `timeout_s` seconds."""
        observer = self._observer
        if observer is None or not observer.await_end(time.monotonic() + timeout_s):
            return None
        return observer.death.exit_code if observer.death else None

    def start_again(self) -> None:
        """Start it after it has ended, with the files that it had. Raises Unobservable where it will not."""
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.close()
        self._begin()
        if self._start_error:
            raise Unobservable(f"it cannot be started again: {self._start_error}")


def _opened(response: Response) -> Response:
    """Raise what the SDK raises, an APIError, where the engine refuses to send."""
    try:
        response.raise_for_status()
    except HTTPError as error:
        create_api_error_from_http_exception(error)
    return response
