"""Ports as an image declares them and a container listens on them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.practices.library.lines import add, instead, remove, rewrite, text_of
from hullproof.practices.library.own import rows
from hullproof.practices.library.processes import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hullproof.dockerfile import Release
    from hullproof.facts import ContainerFacts, FileFacts, ImageFacts, Listener

_FOR_ALL = "0.0.0.0"  # noqa: S104 - what a server in a container listens on
_FIRST_EPHEMERAL_PORT = 32768
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


def is_served(listener: Listener) -> bool:
    """Whether others can reach it, and it is no UDP client's own socket."""
    return not listener.is_loopback and (listener.protocol == "tcp" or listener.port < _FIRST_EPHEMERAL_PORT)


def undeclared(image: ImageFacts, listeners: Sequence[Listener]) -> list[Port]:
    """List the ports that others can reach and nobody declared; a wrong protocol is the exposed port's fault."""
    exposed, seen = exposed_in(image), {Port.of(each) for each in listeners}
    found = dict.fromkeys(Port.of(each) for each in listeners if is_served(each))
    return [
        port
        for port in found
        if port not in exposed and (port.other_protocol not in exposed or port.other_protocol in seen)
    ]


def serving_instead(port: Port, image: ImageFacts, container: ContainerFacts) -> list[Port]:
    """List what is listened on in the place of a port: the same number with the other protocol, else others."""
    other = port.other_protocol
    same = any(Port.of(each) == other and not each.is_loopback for each in container.listeners)
    return [other] if same and other not in exposed_in(image) else undeclared(image, container.listeners)


def holder(listener: Listener, container: ContainerFacts) -> str:
    """Name the process that listens, in a sentence."""
    process = next((each for each in container.processes if each.pid in listener.pids), None)
    return f"PID {process.pid} ({shown(process, 40)})" if process else "an unknown process"


def to_expose_served(release: Release, image: ImageFacts, container: ContainerFacts) -> str:
    """Say how to expose just what can be served."""
    served = {Port.of(each) for each in container.listeners if is_served(each)}
    declared = {Port.of(each) for each in container.listeners} & exposed_in(image)
    return to_expose(release, sorted(served | declared))


def to_expose(release: Release, ports: Sequence[Port]) -> str:
    """Say how to expose these ports and no others: in the place of the EXPOSE that is there, else in front of the command."""
    text = f"EXPOSE {' '.join(each.written for each in ports)}" if ports else None
    lines = sorted({each.line for each in release.contract.ports}, reverse=True)
    if not lines and text is not None:
        command = release.contract.entrypoint or release.contract.command
        own = [each.line for each in release.stage.instructions]
        if command is not None and command.line in own:
            return add(release, "before", command.line, text) or f"Add {text}."
        return add(release, "after", max([*own, release.line]), text) or f"Add {text}."
    same = [each for each in lines if (step := release.instruction_at(each)) and text_of(step) == text]
    if same and lines[1:]:
        return " ".join(remove(release, each) for each in lines if each != same[0])
    if text is not None:
        return " ".join(
            [
                f"Write `{text}` in the place of {release.where(lines[0])}.",
                *(remove(release, each) for each in lines[1:]),
            ]
        )
    return (
        " ".join(remove(release, each) for each in lines)
        or "The base exposes it: nothing here can take that back."
    )


def listening_at(
    port: Port, image: ImageFacts, files: FileFacts | None, project_texts: Mapping[str, str]
) -> str:
    """Say which one line of the application names a port: ` at app/server.py:9`; "" where none does, or several do."""
    found = [
        row
        for row in rows(image, files, project_texts)
        if re.search(rf"(?<![\w.]){port.number}(?![\w.])", row.text)
    ]
    return f" at {found[0].path}:{found[0].number}" if len(found) == 1 else ""


def to_bind(
    release: Release,
    listener: Listener,
    image: ImageFacts,
    files: FileFacts | None,
    project_texts: Mapping[str, str],
) -> str | None:
    """Say how the command, or the one line of the application's, that names a loopback address names one for all."""
    names = (listener.address, "localhost")
    for command in (release.contract.command, release.contract.entrypoint):
        step = release.instruction_at(command.line) if command is not None else None
        text = text_of(step) if step is not None else None
        for name in names:
            if step is not None and text is not None and text.count(name) == 1:
                return instead(release, step.line, text.replace(name, _FOR_ALL))
    found = [
        (row, name)
        for row in rows(image, files, project_texts)
        for name in names
        if re.search(rf"[\"']{re.escape(name)}(?:[\"']|:(?:{listener.port}\b|[\"'{{]))", row.text)
    ]
    if len(found) != 1:
        return None
    row, name = found[0]
    return rewrite(row.path, row.number, row.text.replace(name, _FOR_ALL))
