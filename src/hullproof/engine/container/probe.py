"""The probe from the engine's side: what is sent into the sidecar, and how its answer is read.

What the answer quotes comes from the container under proof, which may also end the probe in the middle of a word, so
nothing is taken for granted.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, cast

from hullproof.engine.container.words import frames, unwrapped
from hullproof.engine.model.container import Answer, Listener, Process
from hullproof.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from queue import SimpleQueue

    from requests import Response

_PARTS = ("kernel.py", "clock.py", "asking.py", "settling.py", "watch.py")
_OWN_IMPORTS = re.compile(r"^from hullproof\.[^\n(]*(?:\([^)]*\))?\n", re.MULTILINE)
_MAX_RECORD = 32 << 20
_MAX_COMPLAINT = 4096


def script() -> str:
    """Return the probe's text."""
    return program(*_PARTS)


@cache
def program(*parts: str) -> str:
    """Return the text of a program that runs in a sidecar: its parts, one after the other, without their imports of each other."""
    folder = resources.files("hullproof.engine.container")
    return "\n".join(_OWN_IMPORTS.sub("", folder.joinpath(part).read_text("utf-8")) for part in parts)


@dataclass(frozen=True)
class Goal:
    """What is waited for and how long. Seconds count from the container's start.

    It is watched for `watch_s`, and up to `unsettled_s` where it has not settled by then.
    """

    ready: str | int | None
    deadline_s: float
    watch_s: float
    exposed: tuple[str, ...]
    unsettled_s: float = 0.0
    asks: bool = True

    @property
    def longest_watch_s(self) -> float:
        """For how long it is watched where nothing can be told of it."""
        return max(self.watch_s, self.unsettled_s)

    def unasked(self) -> Goal:
        """The same, reached without asking for anything: what an HTTP path tells otherwise, a listener does."""
        ready = None if isinstance(self.ready, str) else self.ready
        return replace(self, ready=ready, asks=False)

    def command(self, python: str) -> list[str]:
        """Return the argument list that runs the probe, with nothing but the standard library."""
        ready = "" if self.ready is None else str(self.ready)
        seconds = map(str, (self.deadline_s, self.watch_s, self.unsettled_s))
        values = [ready, *seconds, ",".join(self.exposed)]
        values += [] if self.asks else ["asks nothing"]
        return [python, "-I", "-S", "-c", script(), *values]


# --- what the probe says -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """All that the probe saw at one moment. `final`: nothing more will come.

    Of its age the container spent `lost_s` waiting for a processor that was not given to it, and had the rest, `had_s`.
    """

    final: bool
    ready: bool
    ready_after_s: float | None
    goal: str
    seen: str
    had_s: float
    lost_s: float
    processes: tuple[Process, ...]
    listeners: tuple[Listener, ...]
    answers: tuple[Answer, ...]
    sockets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Loss:
    """How many seconds of the container's age were lost so far, as the probe tells until the end."""

    lost_s: float


def parse(line: bytes) -> Record | Loss:
    """Read one line of the probe. Raises ValueError when it is none."""
    try:
        raw = cast("dict[str, Any]", json.loads(line))
        return Loss(float(raw["lost_s"])) if len(raw) == 1 else _record(raw)
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _record(raw: Mapping[str, Any]) -> Record:
    after = raw["ready_after_s"]
    return Record(
        final=bool(raw["final"]),
        ready=bool(raw["ready"]),
        ready_after_s=None if after is None else round(float(after), 3),
        goal=str(raw["goal"]),
        seen=str(raw["seen"]),
        had_s=float(raw["had_s"]),
        lost_s=float(raw["lost_s"]),
        processes=tuple(map(_process, raw["processes"])),
        listeners=tuple(map(_listener, raw["listeners"])),
        answers=tuple(map(_answer, raw["answers"])),
        sockets=tuple(map(str, raw["sockets"])),
    )


def _process(raw: Mapping[str, Any]) -> Process:
    real, effective, saved, filesystem = map(int, raw["uids"])
    gids = tuple(map(int, raw["gids"]))
    return Process(
        pid=int(raw["pid"]),
        ppid=int(raw["ppid"]),
        uids=(real, effective, saved, filesystem),
        gids=(gids[0], gids[1], gids[2], gids[3]),
        command=tuple(map(str, raw["command"])),
        name=str(raw["name"]),
        groups=tuple(map(int, raw["groups"])),
        executable=_text_or_none(raw["executable"]),
        cwd=_text_or_none(raw["cwd"]),
        capabilities={str(name): int(mask) for name, mask in raw["capabilities"].items()},
        caught=int(raw["caught"]),
        ignored=int(raw["ignored"]),
        blocked=int(raw["blocked"]),
        no_new_privileges=None if raw["no_new_privileges"] is None else bool(raw["no_new_privileges"]),
    )


def _listener(raw: Mapping[str, Any]) -> Listener:
    return Listener(
        protocol=_protocol(raw["protocol"]),
        address=str(raw["address"]),
        port=int(raw["port"]),
        pids=tuple(map(int, raw["pids"])),
    )


def _answer(raw: Mapping[str, Any]) -> Answer:
    return Answer(
        protocol=_protocol(raw["protocol"]),
        port=int(raw["port"]),
        answered=bool(raw["answered"]),
        status=None if raw["status"] is None else int(raw["status"]),
        detail=str(raw["detail"]),
    )


def _protocol(raw: object) -> Literal["tcp", "udp"]:
    return "udp" if raw == "udp" else "tcp"


def _text_or_none(raw: object) -> str | None:
    return None if raw is None else str(raw)


# --- how it is read ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ended:
    """The probe has ended, or never ran. `complaint` is the last that it or the engine said, one line."""

    complaint: str


@dataclass(frozen=True)
class Died:
    """The container has ended, at a reading of time.monotonic()."""

    exit_code: int
    at: float


@dataclass(frozen=True)
class Lost:
    """The engine stopped answering while the container was waited for."""

    error: BaseException


Event = Record | Loss | Ended | Died | Lost


class Reader(threading.Thread):
    """Reads the probe's output as it comes, and puts what it says into a queue."""

    def __init__(self, connect: Callable[[], Response], events: SimpleQueue[Event]) -> None:
        """Prepare to read what `connect` opens; it may raise as requests does."""
        super().__init__(name="hullproof-probe", daemon=True)
        self._connect = connect
        self._events = events
        self._complaint = b""

    def run(self) -> None:
        """Read until the stream ends, whatever the reason."""
        trouble = ""
        try:
            with self._connect() as response:
                response.raise_for_status()
                for line in lines(frames(response.raw.read), self._complain):
                    self._events.put(parse(line))
        except ValueError as error:
            trouble = f"its answer makes no sense: {one_line(str(error))}"
        except Exception as error:  # noqa: BLE001 - whatever ends the stream, somebody waits for its end
            trouble = one_line(str(error)) or type(error).__name__
        self._events.put(Ended(unwrapped(self._complaint.decode("utf-8", "replace")) or trouble))

    def _complain(self, chunk: bytes) -> None:
        self._complaint = (self._complaint + chunk)[-_MAX_COMPLAINT:]


def lines(chunks: Iterator[tuple[int, bytes]], complain: Callable[[bytes], None]) -> Iterator[bytes]:
    """Join chunks to the probe's lines; what is none of them goes to `complain`."""
    left = b""
    for kind, chunk in chunks:
        if kind != 1:
            complain(chunk)
            continue
        left += chunk
        if len(left) > _MAX_RECORD:
            raise ValueError(f"a line of more than {_MAX_RECORD} bytes")
        *whole, left = left.split(b"\n")
        for line in whole:
            if line.startswith(b"{"):
                yield line
            else:
                complain(line + b"\n")
    complain(left)
