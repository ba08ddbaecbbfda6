"""What BuildKit says while it builds: `--progress=rawjson`, read as it comes.

The stream is a row of JSON objects, pretty-printed over many lines by buildx 0.13 and one a line by later
ones, with plain text after them when the build fails. An object lists vertexes (steps: first only named,
then started, then completed, cached or failed) and log chunks in base64.
"""

from __future__ import annotations

import base64
import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hullproof.engine.model.build import Step
from hullproof.engine.tracing import LayerInstructions, Tracer, stage_of
from hullproof.text import uncoloured

LOG_LINES = 400
KEPT_LINES = 10_000
LOG_LINE_LENGTH = 2_000

_COMMAND_LENGTH = 60
_COMMAND_FAILED = re.compile(
    r'process "(?:/bin/(?:ba)?sh (?:-\S+ (?:pipefail )?)*)?(?P<command>.*)" did not complete successfully: exit code: (?P<code>\d+)',
    re.DOTALL,
)
_FAILED_AT = re.compile(r"^(?P<file>[^\s:]+):(?P<line>\d+)$")


@dataclass
class _Vertex:
    name: str = ""
    cached: bool = False
    started: bool = False
    completed: bool = False
    error: str | None = None
    log: deque[str] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    kept: list[str] = field(default_factory=list)
    rest: str = ""

    def hear(self, text: str, keep: Callable[[str], bool]) -> None:
        *lines, self.rest = (self.rest + text).replace("\r\n", "\n").split("\n")
        lines = [uncoloured(line[:LOG_LINE_LENGTH]) for line in lines]
        self.log.extend(lines)
        self.kept += [line for line in lines if keep(line)][: KEPT_LINES - len(self.kept)]
        self.rest = self.rest[-LOG_LINE_LENGTH:]

    def lines(self) -> tuple[str, ...]:
        return tuple(self.log) + ((uncoloured(self.rest),) if self.rest else ())


class Progress:
    """Reads the stream line by line and knows at each moment how every step stands."""

    def __init__(
        self,
        instructions: LayerInstructions | None = None,
        keep: Callable[[str], bool] = lambda _line: False,
    ) -> None:
        """Take what is needed to trace steps to lines of the Dockerfile, and which lines of output to keep."""
        self._keep = keep
        self._vertexes: dict[str, _Vertex] = {}
        self._steps: dict[str, Step] = {}
        self._stale: dict[str, None] = {}  # in the order in which they changed
        self._tracer = Tracer(instructions or {})
        self._object: list[str] = []
        self.text: deque[str] = deque(maxlen=LOG_LINES)
        """The plain lines outside of the objects: BuildKit's own account of a failure."""

    def feed(self, line: str) -> bool:
        """Take one line of the stream; tell whether any step may stand differently now."""
        if not self._object and not line.startswith("{"):
            if line.strip():
                self.text.append(line.rstrip()[:LOG_LINE_LENGTH])
            return False
        self._object.append(line)
        if not line.startswith("}") and (len(self._object) > 1 or not line.rstrip().endswith("}")):
            return False  # an inner brace is indented
        said, status = "".join(self._object), {}
        self._object.clear()
        try:
            status = json.loads(said)
        except ValueError:  # a line of buildx's own that only begins like an object
            self.text.append(said.rstrip()[:LOG_LINE_LENGTH])
        self._take(status)
        return bool(status.get("vertexes"))

    def _take(self, status: dict[str, Any]) -> None:
        for seen in status.get("vertexes") or ():
            vertex = self._vertexes.setdefault(seen["digest"], _Vertex())
            self._stale[seen["digest"]] = None
            if (name := seen.get("name")) and name != vertex.name:
                vertex.name = name
                self._stale |= dict.fromkeys(self._tracer.hear(seen["digest"], name))
            vertex.cached = vertex.cached or bool(seen.get("cached"))
            vertex.started = vertex.started or bool(seen.get("started"))
            vertex.completed = vertex.completed or bool(seen.get("completed"))
            vertex.error = seen.get("error") or vertex.error
        for chunk in status.get("logs") or ():
            vertex = self._vertexes.setdefault(chunk["vertex"], _Vertex())
            self._stale[chunk["vertex"]] = None
            vertex.hear(base64.b64decode(chunk.get("data") or "").decode("utf-8", "replace"), self._keep)

    def steps(self) -> tuple[Step, ...]:
        """All steps in the order in which BuildKit first named them, as they stand now."""
        self.changed()
        return tuple(self._steps.values())

    def changed(self) -> tuple[Step, ...]:
        """Those that may stand differently since this or `steps` was last asked for."""
        stale, self._stale = self._stale, {}
        changed = {digest: self._step(vertex) for digest in stale if (vertex := self._vertexes[digest]).name}
        self._steps |= changed
        return tuple(changed.values())

    def _step(self, vertex: _Vertex) -> Step:
        line, instruction = self._tracer.trace(vertex.name)
        return Step(
            name=vertex.name,
            stage=stage_of(vertex.name),
            line=line,
            instruction=instruction,
            cached=vertex.cached,
            started=vertex.started,
            completed=vertex.completed,
            error=vertex.error,
            log=vertex.lines(),
            kept=(*vertex.kept, *filter(self._keep, [uncoloured(vertex.rest)])),
        )

    def failed_line(self) -> int | None:
        """The line of the Dockerfile that BuildKit's own account of a failure names, if any."""
        return next((int(match["line"]) for text in self.text if (match := _FAILED_AT.match(text))), None)

    def error(self) -> str | None:
        """BuildKit's one-line account of the failure, if any."""
        errors = [line.removeprefix("ERROR:").strip() for line in self.text if line.startswith("ERROR:")]
        return _brief(errors[-1].removeprefix("failed to solve:").strip()) if errors else None


def _brief(error: str) -> str:
    """Shorten what BuildKit says of a command that failed: it repeats the whole of it, on one line."""
    found = _COMMAND_FAILED.fullmatch(error)
    if found is None:
        return error
    command = " ".join(found["command"].split())
    if len(command) > _COMMAND_LENGTH:
        command = f"{command[: _COMMAND_LENGTH - 1]}…"
    return f"`{command}` ended with exit code {found['code']}"
