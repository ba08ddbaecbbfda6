"""A network that leads nowhere, with a name server that knows what it is asked for.

A container of ours is in it first and answers on its loopback, so that the first name that a program asks for is heard. The
container under proof joins it there: https://docs.docker.com/engine/network/#container-networks
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.engine.container.kernel import OUR_DNS
from hullproof.engine.container.nameserver import MOST
from hullproof.engine.container.probe import program
from hullproof.engine.container.sidecar import Helper, confined, open_stream, remove
from hullproof.engine.container.words import engine_errors, frames, log_lines
from hullproof.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from docker.api.client import APIClient

    from hullproof.engine.connection import Engine

_BEGINS_S = 30.0
_MAX_BYTES = 1 << 16
_HOST = "container"


@dataclass(frozen=True)
class Nowhere:
    """The network. `mode` is the SDK's `network_mode` of a container that joins it."""

    api: APIClient
    container: str

    @property
    def mode(self) -> str:
        """The way in."""
        return f"container:{self.container}"

    def asked(self) -> tuple[str, ...]:
        """Return the names that were asked for so far, each once."""
        path = f"/containers/{self.container}/logs?stdout=1"
        with engine_errors("reading what names were asked for"), open_stream(self.api, path) as response:
            lines = log_lines(response.raw.read, MOST + 1, _MAX_BYTES) if response.ok else ()
        return lines[1:]


@contextmanager
def nowhere(engine: Engine, helper: Helper, labels: Mapping[str, str], network: str) -> Iterator[Nowhere]:
    """Make it for the block: with loopback alone for "none", or beside what is in `network`, which has no way out itself.

    A container's own name is known in it, as it is wherever one runs. Raises EngineError.
    """
    api = engine.client.api
    own = {"extra_hosts": {_HOST: "127.0.0.1"}} if network == "none" else {}
    with engine_errors("making a network that leads nowhere"):
        made = api.create_container(
            helper.image,
            entrypoint=[helper.python, "-I", "-S", "-c", program("kernel.py", "nameserver.py")],
            user="0:0",
            working_dir="/",
            labels=dict(labels),
            hostname=_HOST if own else None,
            healthcheck={"test": ["NONE"]},
            host_config=confined(
                api,
                network_mode=network,
                dns=[OUR_DNS],
                dns_search=["."],
                cap_add=["NET_BIND_SERVICE"],
                **own,
            ),
        )["Id"]
    try:
        with engine_errors("starting a name server"):
            api.start(made)
        _await(api, made)
        yield Nowhere(api, made)
    finally:
        remove(api, made)


def _await(api: APIClient, container: str) -> None:
    """Wait for its first line. Raises EngineError where that is not that it serves."""
    path = f"/containers/{container}/logs?stdout=1&stderr=1&follow=1"
    said = b""
    with (
        engine_errors("waiting for a name server to serve"),
        open_stream(api, path, read_timeout_s=_BEGINS_S) as response,
    ):
        for _, chunk in frames(response.raw.read):
            said += chunk
            if b"\n" in said:
                break
    if said.split(b"\n")[0].strip() != b"serves":
        raise EngineError(
            f"a name server of our own does not begin: {said.decode('utf-8', 'replace')[-200:]}"
        )
