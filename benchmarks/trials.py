"""The boots that production asks for, all of them side by side, beside three plain boots one after the other.

`./nox -s bench -- trials`. The aim is at most one and a half times as long.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from hullproof.engine.boot import BootedContainer
from hullproof.engine.connection import Engine
from hullproof.facts import containers
from hullproof.practices.profiles import members
from hullproof.project.project import Project
from hullproof.run.run import Run
from hullproof.runner.kept import rests_on
from hullproof.runner.prove import WATCH_S, Prover
from tests.toolkit.live.test_trials import ASKS, DOCKERFILE, HOLDS

PLAIN, AIM = 3, 1.5


def main(_arguments: list[str]) -> int:
    """Measure, and print a line. Returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="hullproof-bench-") as folder, Run() as run:
        lines = f"USER 10001\nHEALTHCHECK --interval=2s CMD {ASKS}"
        Path(folder, "Dockerfile").write_text(DOCKERFILE.format(lines=lines))
        Path(folder, "run.py").write_text(HOLDS)
        prover = Prover(Project.open(Path(folder)), Engine.connect(), run)
        prover.graph.give("watch_s", WATCH_S)
        boots = prover.graph.fact(containers.boots)
        prover.graph.fact(containers.container)
        began = time.monotonic()
        for _ in range(PLAIN):
            with boots(BootedContainer, {}) as booted:
                booted.facts(watch_s=WATCH_S)
        plain = time.monotonic() - began
        practices = [each for each in members("production", ["arbitrary-uid"]) if each.family == "production"]
        hardened = [each for each in practices if "trials" in rests_on(each.needs)]
        began = time.monotonic()
        prover.graph.judge(hardened)
        verdicts = {each.id: prover.graph.proof(each).verdict.value for each in hardened}
        seconds = time.monotonic() - began
        ratio = seconds / plain
        sys.stdout.write(
            f"{len(hardened)} practices {seconds:.1f} s, {PLAIN} plain boots {plain:.1f} s: {ratio:.2f} "
            f"({'reached' if ratio <= AIM else 'missed'}: {AIM})\n{verdicts}\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
