"""An engine that hangs at a random moment: what is interrupted ends in time, and what is not is never misjudged."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.harness import ENGINE, Attempt, Ground, Unavailable, scenario
from tests.faults.scenarios.runs import LONGEST_S
from tests.toolkit.rig import Cable, Started, started
from tests.toolkit.shop import make_shop

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
IN_TIME_S = 15.0
EXIT_NO_ENGINE = 3
GOOD = Path(__file__).parents[2] / "toolkit" / "cases" / "good"


@scenario(
    "hanging-engine",
    about=ENGINE,
    claim="A proof that is interrupted while its engine hangs ends within 15 s; `clean` removes the rest later.",
    unit="interruptions",
    ci=3,
    nightly=30,
)
def hanging_engine(ground: Ground, size: int) -> Iterator[Attempt]:
    """Hold the wire to the engine at random moments, and send each signal in turn."""
    slowest = 0.0
    for number in range(size):
        signum, moment_s = SIGNALS[number % len(SIGNALS)], ground.random.uniform(0.5, LONGEST_S)
        with _on_a_wire(ground, number, make_shop(ground.folder / f"project-{number}")) as (cable, run):
            time.sleep(moment_s)
            cable.pause()
            sent = time.monotonic()
            run.process.send_signal(signum)
            code, _ = run.end()
            took_s = time.monotonic() - sent
            slowest = max(slowest, took_s)
            cable.resume()
            time.sleep(2)  # what the engine was still asked for is done by now
            run.clean()
            left, last = run.left(), run.lines[-1:]
        truth = code == 128 + signum and took_s < IN_TIME_S and not left
        seen = f"{signum.name} after {moment_s:.1f} s: exit code {code} after {took_s:.1f} s, {last}, left {left}"
        yield None if truth else seen
    ground.figures["slowest end"] = f"{slowest:.1f} s"


@contextmanager
def _on_a_wire(ground: Ground, number: int, project: Path, *options: str) -> Iterator[tuple[Cable, Started]]:
    """Start to prove a project by a wire that can be held."""
    if not Cable.can_reach(ground.engine):
        raise Unavailable("no wire can be put between us and an engine that is reached through ssh or TLS")
    assert ground.python_base  # it is there by now: making it would take a time that no signal waits for
    cable = Cable(ground.engine, ground.folder / f"engine-{number}")
    temporary = ground.folder / f"temporary-{number}"
    try:
        with started(ground.engine, temporary, "prove", project, *options, DOCKER_HOST=cable.host) as run:
            yield cable, run
    finally:
        cable.cut()


@scenario(
    "slow-engine",
    about=ENGINE,
    claim="A good project is never called broken where its engine hangs for up to a minute: proven, unproven or exit code 3.",
    unit="proofs",
    ci=2,
    nightly=20,
)
def slow_engine(ground: Ground, size: int) -> Iterator[Attempt]:
    """Hold the wire to the engine at random moments, for a random time, and go on."""
    seen: Counter[str] = Counter()
    for number in range(size):
        moment_s, hangs_s = ground.random.uniform(0.5, 1.5 * LONGEST_S), ground.random.uniform(5, 60)
        project = shutil.copytree(GOOD, ground.folder / f"good-{number}")
        with _on_a_wire(ground, number, project, "--format=json") as (cable, run):
            time.sleep(moment_s)
            cable.pause()
            time.sleep(hangs_s)
            cable.resume()
            code, out = run.end()
            left = run.left()
        proofs = json.loads(out)["proofs"] if out else []
        broken = [f"{each['id']}: {each['summary']}" for each in proofs if each["verdict"] == "broken"]
        seen["exit code 3" if code == EXIT_NO_ENGINE else "proven" if code == 0 else "unproven"] += 1
        wrong = broken or left or (not out and code != EXIT_NO_ENGINE)
        yield (
            f"{hangs_s:.0f} s after {moment_s:.1f} s: exit code {code}, {broken or run.lines[-1:]}, left {left}"
            if wrong
            else None
        )
    ground.figures |= {name: str(count) for name, count in sorted(seen.items())}
