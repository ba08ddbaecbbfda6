"""What it costs to start and end each way in: `python -m benchmarks.starting`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import in_a_folder, rounds, run, timed
from benchmarks.rows import Row, times

NOTES = (
    "Each is a whole process, from the start of Python to its end. The floors do the same without Hullproof: "
    "importing click, the library of its command line; a noxfile with five sessions of its own; pytest with the "
    "plugin kept out."
)
_EMPTY_NOXFILE = "import nox\nfor name in 'abcde':\n    nox.session(name=name)(lambda session: None)\n"
_NOXFILE = "from hullproof.sessions import image_sessions\nimage_sessions()\n"
_TESTS = "def test_it():\n    assert True\n" + "".join(
    f"def test_{number}():\n    assert {number} >= 0\n" for number in range(200)
)


def main() -> None:
    """Measure and print."""
    groups = {"command": command, "nox": nox, "pytest": pytest}
    in_a_folder("Starting", __doc__ or "", groups, NOTES, default_rounds=15)


def command(_folder: Path, count: int) -> list[Row]:
    """Say the version, and explain a practice."""
    floor, version, explained = _rounds(
        count,
        [sys.executable, "-c", "import click"],
        [sys.executable, "-m", "hullproof", "--version"],
        [sys.executable, "-m", "hullproof", "explain", "test-gate"],
    )
    beside = 'python -c "import click"'
    return [
        times("hullproof --version", version, beside, floor, at_most=2.0),
        times("hullproof explain test-gate", explained, beside, floor),
    ]


def nox(folder: Path, count: int) -> list[Row]:
    """List the sessions."""
    (folder / "plain.py").write_text(_EMPTY_NOXFILE)
    (folder / "ours.py").write_text(_NOXFILE)
    words = [sys.executable, "-m", "nox", "--list", "--noxfile"]
    floor, ours = _rounds(count, [*words, str(folder / "plain.py")], [*words, str(folder / "ours.py")])
    return [times("nox -l, image_sessions()", ours, "nox -l, five others", floor, at_most=1.1)]


def pytest(folder: Path, count: int) -> list[Row]:
    """Run tests that have nothing to do with images."""
    (folder / "test_plain.py").write_text(_TESTS)
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder / "test_plain.py")]
    floor, ours = _rounds(count, [*words, "-p", "no:hullproof"], words)
    return [times("pytest, plugin unused", ours, "pytest -p no:hullproof", floor, at_most=1.05)]


def _rounds(count: int, *commands: Sequence[str]) -> list[list[float]]:
    for each in commands:
        run(each)  # compiled and in the page cache
    return rounds(count, *(lambda each=each: timed(lambda: run(each)) for each in commands))


if __name__ == "__main__":
    main()
