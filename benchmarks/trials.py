"""What production asks for beside the guide, each beside what it is made of.

`./nox -s bench -- trials`, or some of it: `-- trials boots facts rebuilds`. The boots with other options, all side by side, beside three plain
boots one after the other; the practices that need facts alone, beside the guide without experiments; `reproducible`,
beside two plain builds without cache.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hullproof.engine.boot import BootedContainer
from hullproof.engine.build import build as plain_build
from hullproof.engine.connection import Engine
from hullproof.facts import builds, containers
from hullproof.practices import Practice, get
from hullproof.practices.profiles import members
from hullproof.project.project import Project
from hullproof.run.run import Run
from hullproof.runner.kept import rests_on
from hullproof.runner.prove import WATCH_S, Prover
from tests.toolkit.cases.catalogue import GOOD
from tests.toolkit.live.test_trials import ASKS, DOCKERFILE, HOLDS

PLAIN_BOOTS, PLAIN_BUILDS = 3, 2


def main(arguments: list[str]) -> int:
    """Measure what is named, all by default, and print two lines for each. Returns the exit code."""
    for name in [
        each for each in arguments if each in MEASURES
    ] or MEASURES:  # others have options of their own
        with tempfile.TemporaryDirectory(prefix="hullproof-bench-") as folder, Run() as run:
            sys.stdout.write(MEASURES[name](Path(folder), run))
            sys.stdout.flush()
    return 0


def boots(folder: Path, run: Run) -> str:
    """Measure the boots."""
    prover = _prover(_service(folder), run)
    plainly = prover.graph.fact(containers.boots)
    prover.graph.fact(containers.container)
    began = time.monotonic()
    for _ in range(PLAIN_BOOTS):
        with plainly(BootedContainer, {}) as booted:
            booted.facts(watch_s=WATCH_S)
    plain = time.monotonic() - began
    hardened = [
        each for each in _production() if "trials" in rests_on(each.needs) and not each.needs_experiment
    ]
    seconds, verdicts = _judged(prover, hardened)
    return _said(seconds, f"{len(hardened)} practices", plain, f"{PLAIN_BOOTS} plain boots", 1.5, verdicts)


def facts(folder: Path, run: Run) -> str:
    """Measure the practices that need facts alone, once the guide has those that it needs."""
    prover = _prover(_good(folder), run)
    guide, _ = _judged(prover, [each for each in members("guide") if not each.needs_experiment])
    alone = [
        each for each in _production() if "trials" not in rests_on(each.needs) and not each.needs_experiment
    ]
    seconds, verdicts = _judged(prover, alone)
    return _said(seconds, f"{len(alone)} practices", guide, "the guide without experiments", 0.05, verdicts)


def rebuilds(folder: Path, run: Run) -> str:
    """Measure `reproducible`."""
    prover = _prover(_good(folder), run)
    recipe = prover.graph.fact(builds.recipe)
    prover.graph.fact(builds.build)
    prover.graph.fact(builds.base)
    began = time.monotonic()
    for _ in range(PLAIN_BUILDS):
        plain_build(prover.engine, replace(recipe, cached=False).request(output="image"))
    plain = time.monotonic() - began
    seconds, verdicts = _judged(prover, [get("reproducible")])
    return _said(seconds, "reproducible", plain, f"{PLAIN_BUILDS} plain builds without cache", 1.2, verdicts)


MEASURES: Mapping[str, Callable[[Path, Run], str]] = {"boots": boots, "facts": facts, "rebuilds": rebuilds}


def _good(folder: Path) -> Path:
    """Copy the good case, which installs packages in a stage of its own."""
    return shutil.copytree(GOOD, folder / "good", ignore=shutil.ignore_patterns("__pycache__"))


def _service(folder: Path) -> Path:
    """Write a service that holds in every boot, of one file."""
    lines = f"USER 10001\nHEALTHCHECK --interval=2s CMD {ASKS}"
    (folder / "Dockerfile").write_text(DOCKERFILE.format(lines=lines))
    (folder / "run.py").write_text(HOLDS)
    return folder


def _prover(folder: Path, run: Run) -> Prover:
    prover = Prover(Project.open(folder), run.uses(Engine.connect()), run)
    prover.graph.give("watch_s", WATCH_S)
    return prover


def _production() -> list[Practice]:
    every = members("production", ["arbitrary-uid", "numeric-user", "labels"])
    return [each for each in every if each.family == "production"]


def _judged(prover: Prover, practices: Sequence[Practice]) -> tuple[float, dict[str, str]]:
    """Judge them; return the seconds that it took, and the verdicts by id."""
    began = time.monotonic()
    prover.graph.judge(practices)
    verdicts = {each.id: prover.graph.proof(each).verdict.value for each in practices}
    return time.monotonic() - began, verdicts


def _said(  # noqa: PLR0917 - a line's own parts
    seconds: float, what: str, plain: float, beside: str, aim: float, verdicts: Mapping[str, str]
) -> str:
    ratio = seconds / plain
    reached = "reached" if ratio <= aim else "missed"
    return f"{what} {seconds:.1f} s, {beside} {plain:.1f} s: {ratio:.2f} ({reached}: {aim})\n{verdicts}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
