"""Builds, by `docker buildx build`: the Docker SDK cannot speak BuildKit."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from docker.errors import ImageNotFound
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_exponential_jitter

from hullproof.engine.model.build import BuildFacts, Step
from hullproof.engine.naming import keep_nameless, nameless
from hullproof.engine.plugins import RUN_NOTHING
from hullproof.engine.progress import Progress
from hullproof.engine.request import CGROUP, BuildRequest, build_cgroup
from hullproof.engine.turns import turn
from hullproof.errors import DeadlineError, EngineError
from hullproof.owner import image_name, owned_folder
from hullproof.process import Program

if TYPE_CHECKING:
    from hullproof.engine.connection import Engine

BUILD_DEADLINE_S = 3600.0
_CANCEL_GRACE_S = 0.1
"""BuildKit cancels a build as soon as it hears of it, or as its client is gone. The client then lingers for three seconds
over its last messages, which nobody waits for."""

_CANCELLED_S = 4.0
"""By then a builder that was asked to end has seen the end of the build in BuildKit, and has ended by itself."""

_SETTLE_S = 0.3
"""A step that is cancelled while its container is being started runs on to its end in the engine."""

# BuildKit's own fault, seen with several builds at once that share steps: it stays as long as they run.
# https://github.com/moby/buildkit/issues/3635 is of the second.
_BUILDER_FAULTS = re.compile(r"inconsistent graph state|failed to get state for index")
_ATTEMPTS = 10

# At the end, where the cause stands: a step's own command may have the words in it, too.
_DISK_FULL = re.compile(r"no space left on device(: unknown)?$")

_FELT_S = 2.0
"""So long another build is waited for before that is said."""

_BOOTING = "[internal] booting"
"""What a builder reports of itself before it looks at anything of the project's."""

_KILLED = re.compile(r"ended with exit code 137$")


StopWhen = Callable[[tuple[Step, ...]], bool]
"""Looks at the steps as they stand; true ends the build, because what was to be known is known."""


def build(
    engine: Engine,
    request: BuildRequest,
    *,
    stop_when: StopWhen | None = None,
    on_change: Callable[[tuple[Step, ...]], None] | None = None,
    keep: Callable[[str], bool] = lambda _line: False,
    deadline_s: float = BUILD_DEADLINE_S,
) -> BuildFacts:
    """Build, and tell how it went: a build that fails is a result, not an exception.

    `keep` picks lines of the steps' output that are kept however long that is, `on_change` is told of the steps that
    stand differently.
    Raises EngineError when the engine went away or its disk is full, DeadlineError after `deadline_s`
    seconds. However this ends, no builder process is left behind.
    """
    attempts = Retrying(
        retry=retry_if_result(lambda facts: _BUILDER_FAULTS.search(facts.error or "") is not None),
        wait=wait_exponential_jitter(multiplier=0.5, max=8),
        stop=stop_after_attempt(_ATTEMPTS),
        sleep=engine.calls.pause,
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    once = functools.partial(_build_once, on_change=on_change, keep=keep, deadline_s=deadline_s)
    facts: BuildFacts = attempts(once, engine, request, stop_when)
    return facts


def _build_once(
    engine: Engine,
    request: BuildRequest,
    stop_when: StopWhen | None,
    *,
    on_change: Callable[[tuple[Step, ...]], None] | None,
    keep: Callable[[str], bool],
    deadline_s: float,
) -> BuildFacts:
    engine.calls.require_open()
    progress = Progress(request.instructions, keep)
    if request.output == "image" and request.owner:
        before, name = nameless(engine.client.api), image_name(request.owner)
        request = replace(request, tags=(*request.tags, name))
    with _turn(engine, stop_when, deadline_s, request.say) as alone, owned_folder("build") as folder:
        started = time.monotonic()
        metadata_file = folder / "metadata.json"
        builder = Program(
            engine.cli(*request.argv(metadata_file)),
            owner=request.owner,
            environ={**os.environ, **RUN_NOTHING, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"},
            output="stderr",
            ask_by=signal.SIGINT,
            grace_s=_CANCEL_GRACE_S if engine.flaw is None else _CANCELLED_S,
        )
        with builder, engine.calls.attended(builder.end):
            try:
                enough = _follow(builder, progress, stop_when, on_change, deadline_s, give_up=alone)
            except TimeoutError:
                last = _last_running(progress)
                raise DeadlineError(
                    f"the build was not done after {deadline_s:.0f} s; last seen running: {last}"
                ) from None
        facts = BuildFacts(
            ok=builder.returncode == 0,
            steps=progress.steps() if enough is None else enough,
            duration_s=time.monotonic() - started,
            stopped_early=enough is not None,
            output=tuple(progress.text),
        )
        if facts.ok and request.output == "image":
            image_id = _image_id(engine, metadata_file)
            if request.owner and image_id in before:
                keep_nameless(engine.client.api, name, image_id)
            return replace(facts, image_id=image_id)
    return facts if facts.ok or facts.stopped_early else _explain(engine, facts, progress)


def _turn(
    engine: Engine, stop_when: StopWhen | None, deadline_s: float, say: Callable[[str], None]
) -> contextlib.AbstractContextManager[bool]:
    """Wait until the build may begin, and tell whether it may be given up. A wait that is felt is said, once."""
    if engine.flaw is None:
        return contextlib.nullcontext(enter_result=True)
    felt_at = time.monotonic() + _FELT_S
    unsaid = [f"waits for its turn to build, until others are done: {engine.flaw}"]

    def check() -> None:
        engine.calls.require_open()
        if unsaid and time.monotonic() > felt_at:
            say(unsaid.pop())

    return turn(engine.endpoint.host, alone=stop_when is not None, deadline_s=deadline_s, check=check)


def _last_running(progress: Progress) -> str:
    running = [step.name for step in progress.steps() if step.started and not step.completed]
    return running[-1] if running else "no step"


def _follow(
    builder: Program,
    progress: Progress,
    stop_when: StopWhen | None,
    on_change: Callable[[tuple[Step, ...]], None] | None,
    deadline_s: float,
    *,
    give_up: bool,
) -> tuple[Step, ...] | None:
    """Read the stream to its end, or until `stop_when` has seen enough; return the steps as it then saw them.

    The build is let run to its end all the same, unless it is to `give_up`.
    """
    enough: tuple[Step, ...] | None = None
    # Looked at together is what came since the last look: however many steps there are, it keeps up.
    for batch in builder.batches(deadline_s):
        changes = [progress.feed(line) for line in batch]
        if not any(changes):
            continue
        if on_change:
            on_change(progress.changed())
        if stop_when is None or enough is not None:
            continue
        steps = progress.steps()
        if stop_when(steps):
            enough = steps
            if give_up:
                if any(
                    step.ran and not step.completed and step.instruction.startswith("RUN") for step in steps
                ):
                    time.sleep(_SETTLE_S)
                return enough
    return enough


def _image_id(engine: Engine, metadata_file: Path) -> str:
    """Return the id under which the engine knows the image: which digest that is depends on its image store."""
    metadata = json.loads(metadata_file.read_text(encoding="utf-8"))
    for key in ("containerimage.digest", "containerimage.config.digest"):
        if digest := metadata.get(key):
            try:
                return str(engine.client.api.inspect_image(digest)["Id"])  # type: ignore[no-untyped-call]
            except ImageNotFound:
                continue
    raise EngineError(
        "the engine built an image but does not list it; is the current builder of the docker driver?"
    )


def _has_begun(facts: BuildFacts) -> bool:
    """Whether BuildKit took the build on: it tells of a step, or of what it could not solve."""
    has_steps = any(not step.name.startswith(_BOOTING) for step in facts.steps)
    return has_steps or any("failed to solve" in line for line in facts.output)


def _explain(engine: Engine, facts: BuildFacts, progress: Progress) -> BuildFacts:
    """Say what a failed build failed on; raise EngineError where that is not the project's doing."""
    error = progress.error() or (facts.output[-1] if facts.output else "the builder ended without a word")
    if _DISK_FULL.search(error):
        raise EngineError(
            "no space left on the engine's disk; free some, for instance with: docker builder prune"
        )
    engine.calls.require_open()
    try:
        engine.client.api.ping()
    except Exception as gone:
        raise EngineError(
            f"the engine went away during the build ({error}); start it, then run again"
            + (f". {engine.flaw}" if engine.flaw else "")
        ) from gone
    if not _has_begun(facts):
        raise EngineError(f"docker buildx could not begin to build: {error}")
    failed = next((step for step in facts.steps if step.error and "context canceled" not in step.error), None)
    line = progress.failed_line()
    if failed is not None and failed.line is None and line is not None:
        failed = replace(failed, line=line)
    cgroup = build_cgroup()
    if cgroup and _KILLED.search(error):
        error += f", killed, likely at a limit of the cgroup {cgroup} that {CGROUP} names"
    return replace(facts, error=error, failed_step=failed, error_line=line)
