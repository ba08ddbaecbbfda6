"""Programs: read line by line, ended with their children, by their owner's end, at a deadline, and after our death."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hullproof import process
from hullproof.errors import DeadlineError, EndingError, EngineError
from hullproof.interruption import Interrupted, unwinding_on_signals
from hullproof.process import Program, run

STUBBORN = "trap '' TERM INT; echo ready; sleep 60 & while :; do sleep 1; done"


def said(program: Program) -> str:
    """Wait for a program's first line."""
    return next(program.lines(10))


def is_gone(pid: int, within_s: float = 10.0) -> bool:
    """Whether a process ends in time; one that its parent has not asked for yet counts as ended."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout.strip()
        if not state or state.startswith("Z"):
            return True
        time.sleep(0.02)
    return False


# --- reading -----------------------------------------------------------------------------------------


def test_lines_come_as_they_are_printed() -> None:
    """The last one without its line end, and characters whose bytes come apart."""
    script = r"printf 'one\r\n\nt\303'; sleep 0.2; printf '\244o\n\377three'"
    with Program(["sh", "-c", script]) as program:
        assert list(program.lines(10)) == ["one", "", "täo", "\N{REPLACEMENT CHARACTER}three"]
    assert program.returncode == 0


@pytest.mark.parametrize(
    ("output", "seen"), [("both", ("out", "err")), ("stdout", ("out",)), ("stderr", ("err",))]
)
def test_what_is_not_asked_for_is_not_read(output: process.Output, seen: tuple[str, ...]) -> None:
    """One stream, or both in one."""
    done = run(["sh", "-c", "echo out; echo err >&2; exit 3"], timeout_s=10, waiting_for="it", output=output)
    assert (done.returncode, done.lines) == (3, seen)


def test_a_program_that_is_not_there_is_one_line() -> None:
    """With its name."""
    with pytest.raises(EngineError, match="no-such-program cannot be started: No such file"):
        run(["no-such-program"], timeout_s=1, waiting_for="it")


def test_a_daemon_that_keeps_the_pipe_is_not_waited_for() -> None:
    """A package's script may start one."""
    started = time.monotonic()
    done = run(["sh", "-c", "sleep 30 & echo $!"], timeout_s=20, waiting_for="it")
    assert time.monotonic() - started < 10
    os.kill(int(done.text), signal.SIGKILL)


# --- the end -----------------------------------------------------------------------------------------


def test_a_program_that_hangs_is_ended_at_the_deadline() -> None:
    """What was waited for and what was printed last are said; children end as well."""
    with pytest.raises(
        DeadlineError, match=r"timed out after 0\.5 s waiting for the test; last output: [0-9]+"
    ) as caught:
        run(["sh", "-c", "sleep 60 & echo $!; sleep 60"], timeout_s=0.5, waiting_for="the test")
    assert is_gone(int(str(caught.value).rpartition(" ")[2]))


def test_a_stubborn_program_is_made_to_end_with_its_children() -> None:
    """After it was asked."""
    with Program(["sh", "-c", STUBBORN.replace("ready", "$$")], grace_s=0.2) as program:
        pid = int(said(program))
        started = time.monotonic()
    assert 0.1 < time.monotonic() - started < 5
    assert program.returncode == -signal.SIGKILL
    assert is_gone(pid)


def test_one_owners_programs_end_and_no_others() -> None:
    """Side by side: three stubborn ones take as long as one."""
    mine = [Program(["sh", "-c", STUBBORN], owner="a", grace_s=0.5) for _ in range(3)]
    with contextlib.ExitStack() as stack:
        for each in mine:
            stack.enter_context(each)
            said(each)
        other = stack.enter_context(Program(["sleep", "60"], owner="b"))
        started = time.monotonic()
        process.end_all("a")
        assert time.monotonic() - started < 1.4
        assert [each.returncode for each in mine] == [-signal.SIGKILL] * 3
        assert other.returncode is None


@pytest.mark.usefixtures("own_signals")
def test_after_an_interruption_only_what_tidies_up_is_started() -> None:
    """And once the interrupted work is over, anything again."""

    def echo(*, tidies_up: bool) -> str:
        return run(["echo", "there"], timeout_s=10, waiting_for="it", tidies_up=tidies_up).text

    with unwinding_on_signals():
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(EndingError):
            echo(tidies_up=False)
        assert echo(tidies_up=True) == "there"
    assert echo(tidies_up=False) == "there"


# --- after our death ---------------------------------------------------------------------------------

OURS = """
import subprocess, sys, time
from hullproof.process import Program, run
run(["true"], timeout_s=10, waiting_for="it")
program = Program(["sh", "-c", "trap '' TERM; sleep 60 & echo $! $$; while :; do sleep 1; done"], grace_s=0.3)
detached = subprocess.Popen(["sleep", "60"])
print(next(program.lines(10)), detached.pid, flush=True)
{then}
"""


@pytest.fixture
def ended() -> Iterator[list[int]]:
    """Take processes that are ended when the test is over."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "then",
    ["import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "import os; os._exit(1)", "sys.exit(0)"],
)
def test_what_we_had_going_ends_however_we_end(then: str, ended: list[int], tmp_path: Path) -> None:
    """By kill -9, too: it would go on making things. What was not started here is left alone."""
    with (tmp_path / "out").open("w") as out:  # no pipe, which what goes on would keep open
        done = subprocess.run([sys.executable, "-c", OURS.format(then=then)], stdout=out, check=False)
    assert done.returncode in (-signal.SIGKILL, 1, 0)
    child, program, detached = map(int, (tmp_path / "out").read_text().split())
    ended += [child, program, detached]
    assert is_gone(program)
    assert is_gone(child)
    assert not is_gone(detached, within_s=0.1)
