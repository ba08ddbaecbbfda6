"""Boots of the image with less than usual: without a way out, on a part of the machine, and without buffers in its log."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial

from hullproof.engine.acts import ActedOn
from hullproof.engine.connection import Engine
from hullproof.engine.container.nowhere import nowhere
from hullproof.engine.container.sidecar import Helper
from hullproof.engine.cores import machine_of
from hullproof.engine.model.container import ContainerFacts
from hullproof.engine.model.image import ImageFacts
from hullproof.engine.services.isolated import isolated
from hullproof.engine.services.model import Services
from hullproof.errors import Unobservable
from hullproof.facts.containers import UNSETTLED_S
from hullproof.facts.provider import fact
from hullproof.facts.trials import TRIES, WATCH_S, Trial, Trials, reached
from hullproof.model import DEFAULT_MEMORY_MB
from hullproof.project.config import Config
from hullproof.run.run import Run

MEMORY_MB = 512
CORES, FEW = 16, 4
"""How many processors the two machines claim to have that it is given the time of one on: whatever the engine's own has."""
_SETTLED_S = 20.0
"""Until when one is watched on that still starts processes: on the time of one processor, dozens take their time."""
_MEGA = 1_000_000
_LOG_S = 1.5
"""At which age its log is read at the soonest; it is ready and has settled by then, as its workers may print, too."""
_CHANGING = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8,}|\d+")
"""What two starts print differently: times, process ids, ports, addresses."""


@fact
def offline_boot(
    trials: Trials, engine: Engine, run: Run, helper: Helper | str, services: Services | None
) -> Trial:
    """The image without a network, or with one that leads to its services and nowhere else."""
    options, network = "--network none", "none"
    if services is not None:
        options = "--network of its services alone"
        network = isolated(engine, services, f"hullproof-{run.id}", run.labels)
    if isinstance(helper, str):
        return trials(options, network_mode=network)
    for _ in range(TRIES):
        with nowhere(
            engine, helper, run.labels, network
        ) as alone:  # anew: sockets of the last try may linger
            trial = trials(options, tries=1, network_mode=alone.mode)
            trial = replace(trial, asked=alone.asked())
        if trial.fault is None:
            break
    return trial


# --- a part of the machine -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Shares:
    """The processes that run with one processor's time of a machine of `CORES`, and on one processor of a machine of `FEW`.

    `fault` is what happens with the first and not with the second. `cores` is how many the engine's machine has.
    """

    by_quota: ContainerFacts
    by_set: ContainerFacts
    memory_bytes: int
    cores: int
    fault: str | None = None

    @property
    def options(self) -> str:
        """The first boot's options, as `docker run` spells them."""
        return f"--cpus 1 --memory {self.memory_bytes // _MEGA}m, of {CORES} processors"

    @property
    def fewer(self) -> str:
        """The second boot's."""
        return f"--cpuset-cpus 0 --memory {self.memory_bytes // _MEGA}m, of {FEW} processors"

    @property
    def follows_the_machine(self) -> bool:
        """Whether it starts more processes where the machine is larger, and its own part is not."""
        return len(self.by_quota.processes) > len(self.by_set.processes)


def little_memory(config: Config) -> int:
    """Return how many bytes a container makes do with: what the project grants it, and little where it says nothing."""
    granted = MEMORY_MB if config.memory_mb == DEFAULT_MEMORY_MB else config.memory_mb
    return int(granted * _MEGA)


@fact
def shares(trials: Trials, engine: Engine, run: Run, config: Config, helper: Helper | str) -> Shares:
    """The image with one processor's time of a large machine, and on one processor of a small one; both with little memory."""
    info = engine.system_info
    lacking = [name for name in ("MemoryLimit", "CpuCfsQuota", "CPUSet") if not info.get(name)]
    if lacking or isinstance(helper, str):
        why = (
            helper if isinstance(helper, str) else f"the engine's machine cannot limit ({', '.join(lacking)})"
        )
        raise Unobservable(f"what it does with a part of the machine was not seen: {why}")
    memory = little_memory(config)
    limits = {"mem_limit": memory, "memswap_limit": memory}
    small, large = (machine_of(count, engine, helper, run.labels) for count in (FEW, CORES))
    look = partial(ActedOn.facts, watch_s=WATCH_S, unsettled_s=_SETTLED_S, stop=False)
    for _ in range(TRIES):
        by_set = trials.booted("one processor", look, cpuset_cpus="0", **limits, **small)
        trials.require_seen(by_set, "one processor and little memory")
        by_quota = trials.booted("one processor's time", look, nano_cpus=10**9, **limits, **large)
        fault = reached(by_quota) or trials.fault(by_quota, "one processor's time")
        seen = Shares(by_quota, by_set, memory, int(info.get("NCPU") or 1), fault)
        if fault is None and not seen.follows_the_machine:
            break
    return seen


# --- the log -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class HeldLines:
    """Lines that it prints at once where Python does not buffer, and otherwise later or never.

    `late` are those of them that came when it was told to stop. `printed` is how many lines came at once.
    """

    held: tuple[str, ...]
    late: tuple[str, ...]
    printed: int


@fact
def held_lines(trials: Trials, image: ImageFacts, config: Config) -> HeldLines:
    """What the image has printed before anybody has asked it for anything, beside what it prints without buffers."""
    before, after = trials.booted("its usual options", _logs)
    held: set[str] = set()
    if not {**image.env, **config.env}.get("PYTHONUNBUFFERED"):
        for attempt in range(TRIES):
            at_once, _ = trials.booted("PYTHONUNBUFFERED=1", _logs, env={"PYTHONUNBUFFERED": "1"})
            missing = {line for line in at_once if _same(line) not in set(map(_same, before))}
            held = (
                missing if not attempt else {line for line in missing if _same(line) in set(map(_same, held))}
            )
            if not held:
                break
            before, after = trials.booted("its usual options", _logs)
    ended = set(map(_same, after))
    return HeldLines(
        tuple(sorted(held)), tuple(sorted(line for line in held if _same(line) in ended)), len(before)
    )


def _logs(booted: ActedOn) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is in the log once it is ready, with no request made, and once it was stopped."""
    booted.facts(watch_s=_LOG_S, unsettled_s=UNSETTLED_S, stop=False, ask=False)
    before = _lines(booted)
    booted.stop()
    return before, _lines(booted)


def _lines(booted: ActedOn) -> tuple[str, ...]:
    return tuple(line.strip() for line in booted.log().splitlines() if line.strip())


def _same(line: str) -> str:
    return _CHANGING.sub("N", line)


# --- orphans -------------------------------------------------------------------------------------------


@fact
def orphan(trials: Trials) -> str:
    """What becomes of an orphan that is left to PID 1: `gone`, or `zombie`.

    Where it stays, another one is left to it, unless there is nobody to blame: one process leaves none.
    """
    tries = 1 if len(trials.ordinary.processes) == 1 else TRIES

    def look(booted: ActedOn) -> str:
        trials.require_seen(booted.look(), "its usual options")
        for _ in range(tries):
            if (seen := booted.leave_orphan()) == "gone":
                break
        return seen

    seen = trials.booted("its usual options", look)
    if seen not in ("gone", "zombie"):
        raise Unobservable(f"an orphan was not left to PID 1: {seen or 'nothing was seen'}")
    return seen
