"""A signal: the first one ends all in good order, and in time; what comes after the block begins anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from hullproof import interruption
from hullproof.errors import EndingError
from hullproof.interruption import Interrupted, signals_held, unwinding_on_signals
from hullproof.owner import temporary

pytestmark = pytest.mark.usefixtures("own_signals")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_unwinds_and_later_ones_do_not(signum: signal.Signals) -> None:
    """A second Ctrl-C while cleaning up does not cut it short."""
    with unwinding_on_signals():
        with pytest.raises(Interrupted) as caught:
            signal.raise_signal(signum)
        assert caught.value.signum == signum
        for later in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.raise_signal(later)


def test_a_signal_that_was_ignored_stays_ignored() -> None:
    """`nohup hullproof prove &` goes on when the terminal closes."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with unwinding_on_signals():
        signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_a_held_signal_comes_after_the_block_whose_time_it_shortens() -> None:
    """It is put off, not lost."""
    done: list[float] = []

    def tidy_up() -> None:
        with signals_held():
            signal.raise_signal(signal.SIGTERM)
            done.append(interruption.current().left_s(60.0))

    with unwinding_on_signals(), pytest.raises(Interrupted):
        tidy_up()
    assert 0 < done[0] <= interruption.END_DEADLINE_S


def test_in_a_thread_signals_are_nobodys_to_hold() -> None:
    """Python hands signals to the main thread only; elsewhere the block just runs."""
    said: list[str] = []

    def work() -> None:
        with signals_held(), unwinding_on_signals():
            said.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert said == ["done"]


def test_after_one_interruption_the_next_piece_of_work_begins_anew() -> None:
    """What was under way stays ended; what this process does later is none of the signal's business."""
    with unwinding_on_signals():
        before = interruption.current()
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(EndingError):
            interruption.current().require_none()
    for current in (interruption.current(), interruption.Interruption()):
        current.require_none()
        assert current.left_s(60.0) == 60.0
    with unwinding_on_signals():
        interruption.current().require_none()
    with pytest.raises(EndingError):
        before.require_none()


STUCK = """
import time
from hullproof import interruption
from hullproof.interruption import unwinding_on_signals
interruption._NOTICE_S, interruption.LAST_S = 0.1, 0.5
with unwinding_on_signals(lambda line: print(line, flush=True)):
    try:
        print("working", flush=True)
        time.sleep(60)
    finally:
        try:
            time.sleep(60)
        finally:
            time.sleep(60)
"""


def test_whatever_the_end_gets_stuck_in_the_process_ends_in_time() -> None:
    """With the signal's exit code, and without a word that all was done."""
    with subprocess.Popen([sys.executable, "-c", STUCK], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        sent = time.monotonic()
        os.kill(process.pid, signal.SIGTERM)
        notice, last = process.stdout.read().splitlines()
        assert process.wait(30) == 128 + signal.SIGTERM
    assert time.monotonic() - sent < 10
    assert notice.startswith("interrupted; removing what this run created")
    assert last.startswith(
        "hullproof: interrupted by SIGTERM; could not remove all that this run created within"
    )
    assert last.endswith("`hullproof clean` removes it")


def test_a_signal_while_the_temporary_folder_is_looked_for_leaves_nothing_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python tries a folder by a file of its own, which it takes away again, unless something comes in between."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    opened = os.open

    def interrupted(*arguments: object) -> int:
        descriptor = opened(*arguments)  # type: ignore[arg-type] # whatever they are
        signal.raise_signal(signal.SIGINT)
        return descriptor

    monkeypatch.setattr(os, "open", interrupted)
    with pytest.raises(Interrupted), unwinding_on_signals():
        temporary()
    assert list(tmp_path.iterdir()) == []
