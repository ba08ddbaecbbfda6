"""Measuring in pairs, and the table of what came of it."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from benchmarks.page import record
from benchmarks.rows import Row

if TYPE_CHECKING:
    from hullproof.engine.connection import Engine

Measure = Callable[[], float]
"""Does a thing once and returns what it cost."""

_WIDTH = 150


def rounds(count: int, *measures: Measure) -> list[list[float]]:
    """Measure A B A B ..., so that what the machine does meanwhile falls on both; a list for each measure."""
    found: list[list[float]] = [[] for _ in measures]
    for _ in range(count):
        for costs, measure in zip(found, measures, strict=True):
            costs.append(measure())
    return found


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


class CommandError(SystemExit):
    """A command that was to be measured failed; where nobody minds, it ends the benchmark with its last lines."""

    def __init__(self, argv: Sequence[str], exit_code: int, said: str) -> None:
        """Keep the exit code and all that was printed, and tell the last lines."""
        lines = "\n".join(said.splitlines()[-20:])
        super().__init__(f"{' '.join(argv[:6])} ... ended with exit code {exit_code}:\n{lines}")
        self.exit_code = exit_code
        self.said = said


def run(
    argv: Sequence[str],
    *,
    good: Sequence[int] = (0,),
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
) -> str:
    """Run a command to its end and return what it printed. Ends the benchmark where it fails unexpectedly."""
    done = subprocess.run(
        argv,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=cwd,
        env={**os.environ, **(env or {})},
    )
    if done.returncode not in good:
        raise CommandError(argv, done.returncode, done.stdout + done.stderr)
    return done.stdout


def arguments(title: str, *, default_rounds: int, groups: Sequence[str]) -> argparse.Namespace:
    """Read the command line, which is the same for each program."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument(
        "--rounds", type=int, default=default_rounds, metavar="N", help=f"default {default_rounds}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was measured to this file")
    parser.add_argument(
        "--record",
        action="store_true",
        help="put it into benchmarks/results.json and on the page made from that",
    )
    parser.add_argument(
        "--only", choices=groups, action="append", help="measure this group only; can be repeated"
    )
    chosen = parser.parse_args()
    chosen.only = chosen.only or list(groups)
    return chosen


def attempted(name: str, group: Callable[[], list[Row]]) -> list[Row]:
    """Measure a group; where that does not go through, say why and let the others be measured."""
    try:
        return group()
    except SystemExit as error:
        sys.stderr.write(f"{name}: not measured: {error}\n")
        return [Row(f"{name}: not measured", [])]


def machine(engine: Engine | None) -> str:
    """Say on what was measured, and how busy it was besides. Without an engine, none is spoken of."""
    model = next(
        (line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")),
        platform.machine(),
    )
    return ", ".join(
        [
            f"{os.cpu_count()} cores ({model})",
            *(_engine_words(engine) if engine else ()),
            f"Python {platform.python_version()}",
            f"load {os.getloadavg()[0]:.1f} before",
            f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC",
        ]
    )


def _engine_words(engine: Engine) -> tuple[str, ...]:
    info = engine.info()
    return f"{info.name} {info.version}", f"buildx {info.buildx_version}", str(info.storage_driver)


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def report(title: str, where: str, settings: argparse.Namespace, rows: Sequence[Row], notes: str) -> None:
    """Print the table with its notes, and write the file that was asked for."""
    table = Table(
        title=f"{title}, medians of {settings.rounds} paired rounds", title_justify="left", expand=False
    )
    for name in ("what", "ours", "beside", "its", "figure", "aim", ""):
        table.add_column(name, justify="right" if name in ("ours", "its", "figure") else "left")
    for row in rows:
        table.add_row(*row.cells())
    console = Console(width=None if Console().is_terminal else _WIDTH, highlight=False)
    console.print(table)
    console.print(f"{where}\n{notes}", markup=False)
    if settings.record:
        record(title, where, notes, rows)
    if settings.json:
        told = {"title": title, "machine": where, "rounds": settings.rounds, "notes": notes.splitlines()}
        settings.json.write_text(
            json.dumps({**told, "rows": [asdict(row) for row in rows]}, indent=2) + "\n", "utf-8"
        )


def in_a_folder(
    title: str,
    doc: str,
    groups: Mapping[str, Callable[[Path, int], list[Row]]],
    notes: str,
    *,
    default_rounds: int,
) -> None:
    """Measure groups that need a folder and no engine, as many rounds as are asked for, and print."""
    chosen = arguments(doc, default_rounds=default_rounds, groups=list(groups))
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            row
            for name in chosen.only
            for row in attempted(name, partial(groups[name], Path(folder), chosen.rounds))
        ]
    report(title, machine(None), chosen, rows, notes)
