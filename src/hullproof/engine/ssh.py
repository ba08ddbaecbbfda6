"""A way to an engine behind ssh: a private socket, each connection to which is `ssh HOST docker system dial-stdio`.

So does the docker command line. The SDK's own ssh ends the connection as soon as it has an answer's head, so that what is
executed in a container seems to print nothing, and it passes over what ssh's configuration says of the port.
"""

from __future__ import annotations

import atexit
import socket
import threading
from contextlib import suppress
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from hullproof.owner import make_folder, remove_tree
from hullproof.process import run, serve

_LOGIN_S = 30
_CONFIGURATION_S = 10
_LONGEST_LINE = 200


class Relay:
    """Listens at `socket`, for this user alone, as long as this process lives."""

    def __init__(self, host: str) -> None:
        """Listen for an address such as `ssh://user@host:22`. Raises OSError where there is no place for a socket."""
        self._command = command(host)
        self._folder = make_folder("ssh")
        atexit.register(self.close)
        self.socket = self._folder / "s"
        self._errors = self._folder / "errors"
        self._errors.touch()
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.bind(str(self.socket))
        self._listening.listen()
        threading.Thread(target=self._accept, name="hullproof-ssh", daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:  # closed
                return
            with connection, self._errors.open("ab") as errors, suppress(OSError):
                serve(self._command, connection, errors)

    @property
    def said(self) -> str:
        """What ssh said last, in a line; empty where it said nothing."""
        with suppress(OSError):
            lines = self._errors.read_text("utf-8", "replace").split("\n")
            return next((each.strip()[:_LONGEST_LINE] for each in reversed(lines) if each.strip()), "")
        return ""

    def close(self) -> None:
        """Listen no more. Connections end with those that use them."""
        self._listening.close()
        remove_tree(self._folder)


_relays: dict[str, Relay] = {}
_lock = threading.Lock()


def relay(host: str) -> Relay:
    """Return the way to an address, the same one for all of this process."""
    with _lock:
        if host not in _relays:
            _relays[host] = Relay(host)
        return _relays[host]


def command(host: str) -> list[str]:
    """Return what connects to an engine's address, its path being that of the engine's socket there."""
    where = urlsplit(host)
    dial = ["docker", *(["--host", f"unix://{where.path}"] if where.path.strip("/") else [])]
    return ["ssh", "-T", "-o", f"ConnectTimeout={_LOGIN_S}", *_target(host), *dial, "system", "dial-stdio"]


def _target(host: str) -> list[str]:
    where = urlsplit(host)
    user = ["-l", unquote(where.username)] if where.username else []
    port = ["-p", str(where.port)] if where.port else []
    return [*user, *port, "--", where.hostname or ""]


@lru_cache
def machine(host: str) -> str:
    """Return the name or address of the machine that ssh's configuration has for an address, whose name may be an alias."""
    name = urlsplit(host).hostname or ""
    with suppress(Exception):  # without ssh, there is no engine to be had that way, either
        done = run(
            ["ssh", "-G", *_target(host)],
            timeout_s=_CONFIGURATION_S,
            waiting_for="ssh to tell its configuration",
            output="stdout",
            keep=500,
        )
        return next((each.split()[1] for each in done.lines if each.startswith("hostname ")), name)
    return name
