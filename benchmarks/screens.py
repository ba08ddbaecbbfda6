"""How long one waits for a sign of life, and how much there is to read: `python -m benchmarks.screens`."""

from __future__ import annotations

import os
import re
import subprocess
import time
from dataclasses import dataclass

from benchmarks.measure import arguments, attempted, machine, report
from benchmarks.rows import Row, bound
from benchmarks.stand import Stand, prove_command, proving, stand, tell

NOTES = (
    "The example project, proven in full through a pipe, as in CI: the display of a terminal is never silent. The first "
    "verdict is the first line that says what came of a practice; the longest silence is the longest time between two "
    "lines, the start of Python and the end included. The last screen is stdout, for a terminal of 80 columns."
)
_VERDICT = re.compile(r"[a-z-]+: (?:proven|broken|unproven|not-applicable)$")


@dataclass(frozen=True)
class Watched:
    """One run of the command as who waits for it sees it."""

    first_verdict_s: float
    longest_silence_s: float
    rows: int


def main() -> None:
    """Measure and print."""
    chosen = arguments(__doc__ or "", default_rounds=3, groups=["prove"])
    with stand() as at:
        tell("a first proof, so that what follows is warm")
        proving([str(at.tree)])()
        rows = [row for _ in chosen.only for row in attempted("prove", lambda: seen(at, chosen.rounds))]
        report("Screens", machine(at.engine), chosen, rows, NOTES)


def seen(at: Stand, count: int) -> list[Row]:
    """Watch the command, some times."""
    runs = [watch(prove_command(str(at.tree))) for _ in range(count)]
    return [
        Row("time to the first verdict", [each.first_verdict_s for each in runs]),
        bound("longest silence", [each.longest_silence_s for each in runs], at_most=15.0),
        bound("rows of the last screen", [each.rows for each in runs], at_most=23, unit=""),
    ]


def watch(argv: list[str]) -> Watched:
    """Run the command, and note when each line of progress comes."""
    began = last = time.perf_counter()
    first, silence = 0.0, 0.0
    env = {**os.environ, "COLUMNS": "80"}
    with subprocess.Popen(
        argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        if process.stderr is None or process.stdout is None:
            raise SystemExit("the command has no pipes")
        for line in process.stderr:
            now = time.perf_counter()
            silence, last = max(silence, now - last), now
            if not first and _VERDICT.search(line):
                first = now - began
        screen = process.stdout.read()
    silence = max(silence, time.perf_counter() - last)
    if process.returncode not in (0, 1):
        raise SystemExit(f"the command ended with exit code {process.returncode}")
    return Watched(first, silence, len(screen.splitlines()))


if __name__ == "__main__":
    main()
