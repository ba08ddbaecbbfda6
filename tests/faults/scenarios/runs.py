"""Proofs that are killed and interrupted at random moments, and proofs side by side."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from hullproof.model import Verdict
from tests.faults.harness import TOOLKIT, Attempt, Ground, scenario
from tests.toolkit.cases.catalogue import CASES, Case, materialise
from tests.toolkit.rig import started
from tests.toolkit.score import Outcome, line_of

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
LONGEST_S = 15.0
"""A proof of the project below takes about that long: a moment within it, or just after."""
AT_ONCE = 8
PROOF_DEADLINE_S = 900

DOCKERFILE = """\
FROM python:3.11-slim AS base
WORKDIR /app
COPY requirements.txt .
RUN sleep 1 && cat requirements.txt

FROM base AS test
COPY . .
RUN sleep 1 && python -m unittest discover tests

FROM base AS release
RUN useradd app
COPY --from=test --chown=app /app/run.py .
USER app
EXPOSE 8000
CMD ["python", "run.py"]
"""
APPLICATION = """\
import http.server, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.HTTPServer(("", 8000), http.server.BaseHTTPRequestHandler).serve_forever()
"""
TEST = "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): self.assertTrue(1)\n"


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
        project = fresh_project(ground.place(f"project-{number}"))
        with started(ground.engine, ground.folder / f"temporary-{number}", "prove", project) as run:
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.process.wait(moment_s)
            sent = time.monotonic()
            run.process.send_signal(signum)
            run.end()
            slowest = max(slowest, time.monotonic() - sent)
            time.sleep(2)  # what the engine still finishes would show by now
            clean(run.temporary)
            left = run.left()
            yield f"{signum.name} after {moment_s:.1f} s left {left}" if left else None
    ground.figures["slowest end"] = f"{slowest:.1f} s"


def fresh_project(folder: Path) -> Path:
    """Make a small project that no cache knows."""
    (folder / "tests").mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "requirements.txt").write_text(f"# {uuid.uuid4()}\n")
    (folder / "run.py").write_text(APPLICATION)
    (folder / "tests/test_it.py").write_text(TEST)
    return folder


def clean(temporary: Path) -> None:
    """Run the command that removes what dead runs left."""
    subprocess.run(
        [sys.executable, "-m", "hullproof", "clean"],
        check=True,
        capture_output=True,
        timeout=PROOF_DEADLINE_S,
        env={**os.environ, "TMPDIR": str(temporary)},
    )


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
    return None if outcome.is_right else line_of(outcome)
