"""An interrupted proof leaves nothing on the engine and nothing on the machine, whenever it is interrupted."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hullproof.engine.connection import Engine

from ..rig import started
from ..shop import make_shop

pytestmark = [pytest.mark.engine, pytest.mark.slow]

MOMENTS = [
    ("building", 0.0),
    ("building", 0.7),
    ("requirements.txt", 0.0),
    ("unittest", 0.0),
    ("useradd", 0.0),
    ("COPY --from=test", 0.05),
    ("looking at", 0.0),
    ("looking at", 0.3),
    ("looking at", 0.8),
    ("looking at", 2.0),
    ("looking at", 4.0),
]


def moments() -> Iterator[object]:
    """Yield each moment with each signal; by day with one of them."""
    for number, moment in enumerate(MOMENTS):
        for other, signum in enumerate((signal.SIGINT, signal.SIGTERM)):
            by_night = number % 2 != other
            marks = pytest.mark.nightly if by_night else ()
            yield pytest.param(moment, signum, marks=marks, id=f"{moment[0]}+{moment[1]}-{signum.name}")


@pytest.mark.parametrize(("moment", "signum"), list(moments()))
def test_a_signal_leaves_nothing(
    engine: Engine, tmp_path: Path, shop: Path, moment: tuple[str, float], signum: signal.Signals
) -> None:
    """While building, booting and experimenting: one line, the signal's exit code, and nothing left."""
    said, later_s = moment
    with started(engine, tmp_path / "temporary", "prove", shop) as run:
        run.wait_for(said)
        time.sleep(later_s)
        run.process.send_signal(signum)
        sent = time.monotonic()
        ended, out = run.end()
        name = "hullproof: interrupted" + (" by SIGTERM" if signum == signal.SIGTERM else "")
        assert (ended, out) == (128 + signum, "")
        # At the first moment, there is no run yet that could have created anything.
        assert run.lines[-1] in (name, f"{name}; everything this run created has been removed")
        assert said == "building" or run.lines[-1] != name
        assert time.monotonic() - sent < 15
        time.sleep(2)  # what the engine still finishes would show by now
        assert run.left() == []


def test_several_signals_are_as_one(engine: Engine, tmp_path: Path, shop: Path) -> None:
    """An impatient user's second and third Ctrl-C do not cut the tidying short."""
    with started(engine, tmp_path / "temporary", "prove", shop) as run:
        run.wait_for("looking at")
        time.sleep(1)
        for _ in range(5):
            run.process.send_signal(signal.SIGINT)
            time.sleep(0.1)
        assert run.end() == (130, "")
        time.sleep(1)
        assert run.left() == []


def test_several_projects_at_once_are_ended_together(engine: Engine, tmp_path: Path, shop: Path) -> None:
    """With --jobs, the work is in threads, which end in good order, too."""
    other = make_shop(tmp_path / "other")
    with started(engine, tmp_path / "temporary", "prove", shop, other, "--jobs=2") as run:
        run.wait_for("looking at")
        run.process.send_signal(signal.SIGTERM)
        assert run.end() == (143, "")
        time.sleep(2)
        assert run.left() == []


@pytest.mark.parametrize("said", ["requirements.txt", "looking at"])
def test_after_kill_9_the_next_run_removes_what_was_left(
    engine: Engine, tmp_path: Path, shop: Path, said: str
) -> None:
    """Whatever a killed run left is gone when the next has ended; a living run's things are not touched."""
    other = make_shop(tmp_path / "other")
    with (
        started(engine, tmp_path / "temporary", "prove", shop) as killed,
        started(engine, tmp_path / "temporary", "prove", other) as living,
    ):
        killed.wait_for(said)
        time.sleep(0.5)
        killed.process.kill()
        killed.process.wait()
        killed.clean()
        code, out = living.end()
        assert code in (0, 1)
        assert "hullproof: " not in "\n".join(living.lines)
        assert "ended" not in out
        time.sleep(1)
        assert killed.left() == []


def test_two_runs_at_once_in_one_project_do_not_disturb_each_other(
    engine: Engine, tmp_path: Path, shop: Path
) -> None:
    """Both come to the same verdicts, and neither leaves anything."""
    with (
        started(engine, tmp_path / "one", "prove", shop, "--format=json") as one,
        started(engine, tmp_path / "two", "prove", shop, "--format=json") as two,
    ):
        (code, out), (other_code, other_out) = one.end(), two.end()
        assert code == other_code
        assert verdicts(out) == verdicts(other_out)
        assert one.left() == []
        assert two.left() == []


def verdicts(text: str) -> dict[str, str]:
    """Read the verdicts off a report."""
    import json  # noqa: PLC0415

    return {proof["id"]: proof["verdict"] for proof in json.loads(text)["proofs"]}
