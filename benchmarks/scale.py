"""What size costs: a context of many files, an image of many layers, a log without end: `python -m benchmarks.scale`.

Each is measured at a quarter of a size and at the whole; the issue is not the second but how it grows.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import arguments, attempted, machine, report
from benchmarks.rows import Row, bound, times
from benchmarks.stand import tell
from hullproof.engine.connection import Engine

NOTES = (
    "Seconds and peak memory (the largest of the command's processes, buildx among them) of a whole `hullproof prove`, "
    "all practices and experiments, at a size and at a quarter of it: what grows with the size grows by 4 x at most. "
    "Again: the second run, with one small file changed.\n"
    "Sizes: HULLPROOF_BENCH_SCALE=5 is a context of 100,000 files and 5 GB, an image of 60 layers and 5 GB, and a log of 1 GB; "
    "by default it is 1, the same with a fifth of the bytes."
)
_SCALE = float(os.environ.get("HULLPROOF_BENCH_SCALE", "1"))
_FILES, _CONTEXT_BYTES = 100_000, int(1e9 * _SCALE)
_LAYERS, _IMAGE_BYTES = 60, int(1e9 * _SCALE)
_LOG_BYTES = int(2e8 * _SCALE)
_LARGEST_MB = 512
_CHUNK = 1 << 20

_DOCKERFILE = """FROM python:3.11-slim AS test
WORKDIR /app
COPY . .
RUN python -m unittest discover tests
FROM python:3.11-slim
RUN useradd app
{more}WORKDIR /app
COPY --from=test --chown=app /app/run.py .
USER app
EXPOSE 8000
CMD ["python", "run.py"]
"""
_APPLICATION = """import http.server, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
for _ in range({lines}):
    print("x" * 999)
sys.stdout.flush()
http.server.HTTPServer(("", 8000), http.server.BaseHTTPRequestHandler).serve_forever()
"""
_TEST = "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): self.assertTrue(1)\n"


@dataclass(frozen=True)
class Spent:
    """What one run of the command took."""

    seconds: float
    peak_mb: float


def main() -> None:
    """Measure and print."""
    groups: dict[str, Callable[[], list[Row]]] = {"context": context, "image": image, "log": log}
    chosen = arguments(__doc__ or "", default_rounds=1, groups=list(groups))
    rows = [row for name in chosen.only for row in attempted(name, groups[name])]
    engine = Engine.connect()
    try:
        report("Scale", machine(engine), chosen, rows, NOTES)
    finally:
        engine.close()


def context() -> list[Row]:
    """A context of many files, all of which reach the builder, but not the release."""

    def fill(folder: Path, part: float) -> None:
        count = int(_FILES * part)
        content = os.urandom(max(1, int(_CONTEXT_BYTES * part) // count))
        for number in range(count):
            if number % 1000 == 0:
                (folder / f"data/d{number // 1000}").mkdir(parents=True)
            path = folder / f"data/d{number // 1000}/f{number}"
            path.write_bytes(number.to_bytes(8, "big") + content[8:])

    return _grown(f"context of {_FILES:,} files, {_CONTEXT_BYTES / 1e9:g} GB", fill)


def image() -> list[Row]:
    """An image of many layers, none of which holds what another does."""

    def fill(folder: Path, part: float) -> None:
        size = int(_IMAGE_BYTES / _LAYERS)
        more = "".join(
            f"RUN head -c {size} /dev/urandom > /opt/blob-{number}\n" for number in range(int(_LAYERS * part))
        )
        (folder / "Dockerfile").write_text(_DOCKERFILE.format(more=more), "utf-8")

    return _grown(f"image of {_LAYERS} layers, {_IMAGE_BYTES / 1e9:g} GB", fill)


def log() -> list[Row]:
    """An application that writes without end as it starts."""

    def fill(folder: Path, part: float) -> None:
        code = _APPLICATION.format(lines=int(_LOG_BYTES * part) // 1000)
        (folder / "run.py").write_text(code, "utf-8")

    return _grown(f"log of {_LOG_BYTES / 1e9:g} GB", fill)


def _grown(what: str, fill: Callable[[Path, float], None]) -> list[Row]:
    """Prove a project of a quarter of the size and one of the whole, each twice."""
    first, again = list[Spent](), list[Spent]()
    for part in (0.25, 1.0):
        with tempfile.TemporaryDirectory(prefix="hullproof-bench-") as name:
            folder = _project(Path(name) / "shop")
            fill(folder, part)
            tell(f"{what}: {part:g} of it")
            first.append(spent(folder, Path(name)))
            with (folder / "tests" / "test_it.py").open("a", encoding="utf-8") as file:
                file.write(f"# {uuid.uuid4()}\n")
            again.append(spent(folder, Path(name)))
    small, whole = first
    peaks = [each.peak_mb for each in (*first, *again)]
    return [
        times(what, [whole.seconds], "a quarter of it", [small.seconds], at_most=4.4),
        times("  again", [again[1].seconds], "a quarter of it", [again[0].seconds], at_most=4.4),
        bound("  peak memory", [max(peaks)], at_most=_LARGEST_MB, unit="MB"),
        times("  peak memory", [peaks[1]], "a quarter of it", [peaks[0]], at_most=1.5, unit="MB"),
    ]


def _project(folder: Path) -> Path:
    (folder / "tests").mkdir(parents=True)
    (folder / "Dockerfile").write_text(_DOCKERFILE.format(more=""), "utf-8")
    (folder / "run.py").write_text(_APPLICATION.format(lines=0), "utf-8")
    (folder / "tests" / "test_it.py").write_text(f"{_TEST}# {uuid.uuid4()}\n", "utf-8")
    return folder


def spent(folder: Path, beside: Path) -> Spent:
    """Prove a project, and return what that took. Facts are kept beside it."""
    argv = [sys.executable, "-m", "hullproof", "prove", str(folder), f"--output={beside / 'report.json'}"]
    environ = {**os.environ, "HULLPROOF_FACTS": str(beside / "facts")}
    started = time.perf_counter()
    with (beside / "said").open("w") as said, subprocess.Popen(argv, env=environ, stderr=said) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode not in (0, 1):
        raise SystemExit((beside / "said").read_text("utf-8")[-2000:])
    return Spent(seconds, usage.ru_maxrss / 1000)


if __name__ == "__main__":
    main()
