"""What this repository's image costs to build, to keep, to boot and to stop: `python -m benchmarks.image`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from benchmarks.measure import arguments, attempted, machine, report, rounds, run, timed
from benchmarks.rows import Row, bound, excess, times
from benchmarks.stand import Built, Stand, stand, tell, two_lines
from hullproof.engine.image import inspect_image
from hullproof.engine.layers import read_files

if TYPE_CHECKING:
    from hullproof.engine.request import BuildRequest

_APPLICATION = "app/main.py"
_REQUIREMENTS = "requirements.txt"
_FLOOR = "two-line Dockerfile"
_PIP = re.compile(r"^RUN\b.*\bpip\b", re.DOTALL)
_TESTS_TOOK = re.compile(r"\b(?:passed|failed)\b.* in (\d+(?:\.\d+)?)s\b")
_GROUPS = ("builds", "size", "boot")

NOTES = (
    "Builds: `docker buildx build --load` of both, with the same context and ignore file, into the engine. The two "
    "lines are FROM the same base and COPY . /context. Cold is --no-cache for every step; what pip keeps in its cache "
    "mount stays.\n"
    "Tests' own time: what pytest says at its end in that build's step. Boot: `docker run` until GET /readyz gives 200.\n"
    "Packages: all below site-packages that the base has not; application: all below the working directory."
)


def main() -> None:
    """Measure and print."""
    chosen = arguments(__doc__ or "", default_rounds=5, groups=_GROUPS)
    with stand() as at:
        where = machine(at.engine)
        tell("a first build of both, so that what follows is warm")
        image = at.must_build(at.release()).image or ""
        groups: dict[str, Callable[[], list[Row]]] = {
            "builds": lambda: build_rows(at, chosen.rounds),
            "size": lambda: [size_row(at, image)],
            "boot": lambda: boot_rows(at, image, chosen.rounds),
        }
        rows = [row for name in chosen.only for row in attempted(name, groups[name])]
        report("The image", where, chosen, rows, NOTES)


# --- builds ------------------------------------------------------------------------------------------


def build_rows(at: Stand, count: int) -> list[Row]:
    """Build cold, unchanged, and after edits, each time the floor first."""
    ours, floor = at.release(), two_lines(at, at.tree)
    at.must_build(floor)
    tag = f"hullproof-bench:{at.run.id}"
    door = [sys.executable, "-m", "hullproof", "build", str(at.tree), f"--tag={tag}"]
    run(door)
    tell("builds with nothing changed")
    warm_floor, warm, by_door = rounds(
        count, lambda: seconds(at, floor), lambda: seconds(at, ours), lambda: timed(lambda: run(door))
    )
    at.docker("rmi", tag)
    tell("builds after an edit to the application")
    edited = [after_edit(at, _APPLICATION, floor, ours) for _ in range(count)]
    tell("builds after an edit to the requirements")
    required = [after_edit(at, _REQUIREMENTS, floor, ours) for _ in range(count)]
    tell("cold builds")
    few = min(count, 2)
    cold_floor, cold = rounds(
        few, lambda: seconds(at, floor, "--no-cache"), lambda: seconds(at, ours, "--no-cache")
    )
    builds = [build for _, build in edited]
    return [
        times(f"cold build, {few} rounds", cold, _FLOOR, cold_floor),
        times("nothing changed", warm, _FLOOR, warm_floor, at_most=2.0),
        times("  the same by `hullproof build`", by_door, _FLOOR, warm_floor),
        times(
            "application edited", [build.seconds for build in builds], _FLOOR, [floor for floor, _ in edited]
        ),
        excess(
            "  beside its tests",
            [build.seconds for build in builds],
            "pytest's own time",
            own_times(builds),
            at_most=1.5,
        ),
        bound("  pip steps that ran", [sum(map(is_pip, ran(build))) for build in builds], at_most=0, unit=""),
        times(
            "requirements edited",
            [build.seconds for _, build in required],
            _FLOOR,
            [floor for floor, _ in required],
        ),
        Row("  pip steps that ran", [sum(map(is_pip, ran(build))) for _, build in required], unit=""),
    ]


def seconds(at: Stand, request: BuildRequest, *extra: str) -> float:
    """Return the time of one build."""
    return at.must_build(request, *extra).seconds


def after_edit(
    at: Stand, path: str, floor: BuildRequest, ours: BuildRequest, attempts: int = 3
) -> tuple[float, Built]:
    """Edit a file, then build the floor and ours; all of it again where a package index did not answer."""
    at.edit(at.tree / path)
    try:
        return seconds(at, floor), at.must_build(ours)
    except SystemExit as error:
        if attempts == 1:
            raise
        tell(f"not counted, and tried again: {error}")
    return after_edit(at, path, floor, ours, attempts - 1)


def ran(build: Built) -> list[str]:
    """List the instructions of the steps that were not cached."""
    return [step.instruction for step in build.steps if step.ran]


def is_pip(instruction: str) -> bool:
    """Whether an instruction runs pip."""
    return bool(_PIP.search(instruction))


def own_times(builds: Sequence[Built]) -> list[float]:
    """Return what the tests say that they took, in each build."""
    lines = [[line for step in build.steps for line in step.log] for build in builds]
    found = [[float(match[1]) for line in each if (match := _TESTS_TOOK.search(line))] for each in lines]
    if not all(found):
        raise SystemExit("a build after an edit to the application did not show how long its tests took")
    return [sum(each) for each in found]


# --- size --------------------------------------------------------------------------------------------


def size_row(at: Stand, image: str) -> Row:
    """Compare what the release adds to its base with what it needs to add."""
    facts = inspect_image(at.engine, image, base_diff_ids=at.base.known.diff_ids)
    files = read_files(at.engine, image, base_diff_ids=at.base.known.diff_ids)
    own = [entry for path, entry in files.final.items() if files.base.get(path) != entry]
    packages = sum(entry.size for entry in own if "/site-packages/" in entry.path)
    root = facts.workdir.rstrip("/") + "/"
    application = sum(entry.size for entry in own if entry.path.startswith(root))
    added = sum(layer.size_bytes for layer in files.added_layers) / 1e6
    needed = (packages + application) / 1e6
    beside = f"packages {packages / 1e6:.1f} + application {application / 1e6:.2f}"
    return times("release over its base", [added], beside, [needed], at_most=1.1, unit="MB")


# --- boot --------------------------------------------------------------------------------------------


def boot_rows(at: Stand, image: str, count: int) -> list[Row]:
    """Boot the release to its first answer and stop it, beside a container that does nothing."""
    tell("boots")
    stops: list[float] = []

    def boot() -> float:
        answered, stopped = at.bare_boot(image)
        stops.append(stopped)
        return answered

    bare, booted = rounds(
        count * 2, lambda: timed(lambda: at.docker("run", "--rm", at.base.image, "true")), boot
    )
    return [
        times("boot to first answer", booted, "docker run --rm BASE true", bare, at_most=3.0),
        bound("docker stop", stops, at_most=0.5),
    ]


if __name__ == "__main__":
    main()
