"""Proofs that are killed and interrupted at random moments, and proofs side by side."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from hullproof.model import Verdict
from tests.faults.harness import TOOLKIT, Attempt, Ground, scenario
from tests.toolkit.cases.catalogue import CASES, Case, materialise
from tests.toolkit.rig import started
from tests.toolkit.score.outcomes import Outcome
from tests.toolkit.shop import make_shop

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
LONGEST_S = 15.0
"""A proof of the project below takes about that long: a moment within it, or just after."""
AT_ONCE = 8


@scenario(
    "kills",
    about=TOOLKIT,
    claim="A proof that is interrupted or killed at any moment has left nothing after the next run.",
    unit="proofs",
    ci=4,
    nightly=69,
)
def kills(ground: Ground, size: int) -> Iterator[Attempt]:
    """Send each signal in turn, at random moments, and let `clean` be the next run."""
    assert ground.python_base  # it is there by now: making it would take a time that no signal waits for
    slowest = 0.0
    for number in range(size):
        signum = SIGNALS[number % len(SIGNALS)]
        moment_s = ground.random.uniform(0, LONGEST_S)
        project = make_shop(ground.folder / f"project-{number}")
        with started(ground.engine, ground.folder / f"temporary-{number}", "prove", project) as run:
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.process.wait(moment_s)
            sent = time.monotonic()
            run.process.send_signal(signum)
            run.end()
            slowest = max(slowest, time.monotonic() - sent)
            time.sleep(2)  # what the engine still finishes would show by now
            run.clean()
            left = run.left()
            yield f"{signum.name} after {moment_s:.1f} s left {left}" if left else None
    ground.figures["slowest end"] = f"{slowest:.1f} s"


@scenario(
    "side-by-side",
    about=TOOLKIT,
    claim="Eight proofs at once, of projects with and without a fault, come to the right verdicts and leave nothing.",
    unit="proofs",
    ci=4,
    nightly=24,
)
def side_by_side(ground: Ground, size: int) -> Iterator[Attempt]:
    """Prove cases of the corpus, chosen at random, as processes of their own."""
    cases = ground.random.sample(CASES, size)
    with ThreadPoolExecutor(AT_ONCE) as provers:
        yield from provers.map(lambda case: _prove(ground, case), cases)


def _prove(ground: Ground, case: Case) -> Attempt:
    name = case.id.replace("/", "--")
    project = materialise(case, ground.folder / name)
    with started(
        ground.engine, ground.folder / f"temporary-{name}", "prove", project, "--format=json"
    ) as run:
        _, out = run.end()
        error = None if out else "; ".join(run.lines[-1:])
        proofs = json.loads(out)["proofs"] if out else []
        left = run.left()
    verdicts = {proof["id"]: Verdict(proof["verdict"]) for proof in proofs}
    outcome = Outcome(case, verdicts, {proof["id"]: proof["summary"] for proof in proofs}, 0.0, error)
    if left:
        outcome = replace(outcome, error=f"left {left}")
    return None if outcome.is_right else outcome.line
