"""What a stage's image promises at the end of its chain: user, directory, ports, command, variables."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hullproof.dockerfile.model import Instruction, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hullproof.dockerfile.graph import Dockerfile
    from hullproof.dockerfile.variables import Scope

_PORT = re.compile(r"(?P<first>\d+)(?:-(?P<last>\d+))?(?:/(?P<protocol>[A-Za-z]+))?\Z")


@dataclass(frozen=True)
class Value:
    """A resolved text, as written, and its line."""

    text: str
    raw: str
    line: int


@dataclass(frozen=True)
class Workdir:
    """One WORKDIR: the absolute path that it leads to, and whether it was written relative."""

    path: str
    raw: str
    line: int
    relative: bool


@dataclass(frozen=True)
class Port:
    """One exposed port, or a range of them; `first` and `last` are both in it."""

    first: int
    last: int
    protocol: str
    raw: str
    line: int

    @property
    def numbers(self) -> range:
        """Every port number in it."""
        return range(self.first, self.last + 1)


@dataclass(frozen=True)
class Command:
    """A CMD, ENTRYPOINT or HEALTHCHECK. `argv` is what the image config gets, the shell put in front."""

    argv: tuple[str, ...]
    shell_form: bool
    line: int
    text: str


@dataclass(frozen=True)
class Contract:
    """All of it. What the file does not say is None or empty: the base image may say it."""

    user: Value | None = None
    workdirs: tuple[Workdir, ...] = ()
    ports: tuple[Port, ...] = ()
    command: Command | None = None
    entrypoint: Command | None = None
    healthcheck: Command | None = None
    stop_signal: Value | None = None

    @property
    def workdir(self) -> Workdir | None:
        """The last WORKDIR."""
        return self.workdirs[-1] if self.workdirs else None

    @property
    def starts_something(self) -> bool:
        """Whether a CMD or an ENTRYPOINT of the file says what to start."""
        return any(each is not None and each.argv for each in (self.command, self.entrypoint))


@dataclass
class _Tally:
    """Gathers a contract, instruction by instruction."""

    directory: str
    user: Value | None = None
    workdirs: list[Workdir] = field(default_factory=list)
    ports: list[Port] = field(default_factory=list)
    command: Command | None = None
    command_stage: int | None = None
    entrypoint: Command | None = None
    healthcheck: Command | None = None
    stop_signal: Value | None = None

    def on_user(self, instruction: Instruction, scope: Scope) -> None:
        self.user = _value(instruction, scope)

    def on_workdir(self, instruction: Instruction, scope: Scope) -> None:
        value = _value(instruction, scope)
        self.directory = posixpath.normpath(posixpath.join(self.directory, value.text))
        relative = not value.text.startswith("/")
        self.workdirs.append(Workdir(self.directory, value.raw, value.line, relative))

    def on_expose(self, instruction: Instruction, scope: Scope) -> None:
        for raw in instruction.args:
            for word in scope.expand(raw).split():
                found = _PORT.match(word)
                if found is not None:
                    first, protocol = int(found["first"]), (found["protocol"] or "tcp").lower()
                    last = int(found["last"] or first)
                    self.ports.append(Port(first, last, protocol, raw, instruction.line))

    def on_cmd(self, instruction: Instruction, scope: Scope) -> None:
        del scope  # BuildKit replaces no variables in commands
        self.command, self.command_stage = _command(instruction), instruction.stage_index

    def on_entrypoint(self, instruction: Instruction, scope: Scope) -> None:
        del scope
        self.entrypoint = _command(instruction)
        if self.command_stage != instruction.stage_index:
            # A new ENTRYPOINT drops a CMD that came from the stage below.
            self.command = None

    def on_healthcheck(self, instruction: Instruction, scope: Scope) -> None:
        del scope
        self.healthcheck = None if instruction.args[0].upper() == "NONE" else _command(instruction, skip=1)

    def on_stopsignal(self, instruction: Instruction, scope: Scope) -> None:
        self.stop_signal = _value(instruction, scope)


def contract(
    dockerfile: Dockerfile,
    stage: Stage,
    build_args: Mapping[str, str] | None = None,
    base_env: Mapping[str, str] | None = None,
    base_workdir: str = "/",
) -> Contract:
    """Work out what the image of `stage` promises.

    `base_env` and `base_workdir` are what the base image brings, where that is known.
    """
    given = build_args or {}
    tally = _Tally(directory=base_workdir)
    for place in dockerfile.places(stage, given, base_env or {}):
        handler: Callable[[Instruction, Scope], None] | None
        handler = getattr(tally, f"on_{place.instruction.keyword.lower()}", None)
        if handler is not None:
            handler(place.instruction, place.scope)
    return Contract(
        user=tally.user,
        workdirs=tuple(tally.workdirs),
        ports=tuple(tally.ports),
        command=tally.command,
        entrypoint=tally.entrypoint,
        healthcheck=tally.healthcheck,
        stop_signal=tally.stop_signal,
    )


def _value(instruction: Instruction, scope: Scope) -> Value:
    raw = " ".join(instruction.args)
    return Value(scope.expand(raw), raw, instruction.line)


def _command(instruction: Instruction, skip: int = 0) -> Command:
    words = instruction.args[skip:]
    text = " ".join(words)
    argv = words if instruction.json else (*instruction.shell, text)
    return Command(argv, shell_form=not instruction.json, line=instruction.line, text=text)
