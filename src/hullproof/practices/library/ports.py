"""Ports as an image declares them and a container listens on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hullproof.dockerfile import Release
    from hullproof.facts import Answer, ContainerFacts, ImageFacts, Listener

_SERVER_ERROR, _NO_SUCH_METHOD = 500, 501
FIRST_EPHEMERAL_PORT = 32768
"""Where Linux begins to choose ports for sockets that asked for none: those of UDP clients look like listeners."""


@dataclass(frozen=True, order=True)
class Port:
    """A port's number and protocol; as text `5000/tcp`."""

    number: int
    protocol: str

    @classmethod
    def read(cls, text: str) -> Port:
        """Read a port in the engine's words: `5000/tcp`, `5000`."""
        number, _, protocol = text.partition("/")
        return cls(int(number), protocol or "tcp")

    @classmethod
    def of(cls, listener: Listener) -> Port:
        """Return the port that somebody listens on."""
        return cls(listener.port, listener.protocol)

    def __str__(self) -> str:
        """Spell it as the engine does."""
        return f"{self.number}/{self.protocol}"

    @property
    def written(self) -> str:
        """The port as EXPOSE takes it: `5000`, `53/udp`."""
        return str(self).removesuffix("/tcp")

    @property
    def other_protocol(self) -> Port:
        """The port of the same number, of the other protocol."""
        return Port(self.number, "udp" if self.protocol == "tcp" else "tcp")


def exposed_in(image: ImageFacts) -> set[Port]:
    """Return the ports that an image exposes."""
    return {Port.read(text) for text in image.exposed}


def where_exposed(release: Release, port: Port | None = None) -> str:
    """Name the line that exposes a port, else the last one that exposes any, else the stage's FROM."""
    last_first = tuple(reversed(release.contract.ports))
    named = (
        each for each in last_first if port and port.protocol == each.protocol and port.number in each.numbers
    )
    governing = next(named, next(iter(last_first), None))
    return release.where(governing.line if governing is not None else release.line)


def only_failures(container: ContainerFacts) -> Answer | None:
    """Return an answer in which a server says that it failed, where no port gave another one to HTTP; else None."""
    spoke = [each for each in container.answers if each.status is not None]
    failed = [
        each for each in spoke if (each.status or 0) >= _SERVER_ERROR and each.status != _NO_SUCH_METHOD
    ]
    return failed[0] if failed and len(failed) == len(spoke) else None
