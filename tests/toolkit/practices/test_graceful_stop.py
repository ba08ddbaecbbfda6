"""Nobody loses an answer when the container is told to stop."""

from __future__ import annotations

import pytest

from hullproof.facts import HalfSent, Stopped

from .by_hand import BROKEN, PROVEN, UNPROVEN, container, process, prove, without

WORKER = container(answers=(), listeners=())


@pytest.mark.parametrize(
    "seen",
    [
        HalfSent(5000, "HTTP/1.1 200 OK", 0),
        HalfSent(5000, "HTTP/1.1 404 Not Found", 143),
        HalfSent(5000, "closed", 0, "early"),
        HalfSent(5000, "closed", 0, "HTTP/1.1 200 OK"),
    ],
)
def test_an_answer_or_a_refusal_in_good_order_is_proven(seen: HalfSent) -> None:
    """One that was no whole request yet may be sent again."""
    assert prove("graceful-stop", half_sent=seen).verdict is PROVEN


def test_an_error_when_it_stops_is_accused_once() -> None:
    """Its log has it, and default-command shows it; alone, or where no log explains it, it is accused here."""
    stopped, log = (
        Stopped("SIGTERM", 0.3, 1, killed=False),
        ("Traceback (most recent call last):", "OSError: x"),
    )
    ended, both = container(stopped=stopped, log=log), frozenset({"default-command", "graceful-stop"})
    assert prove("default-command", container=ended, judged=both).verdict is BROKEN
    proof = prove("graceful-stop", container=ended, judged=both)
    assert proof.verdict is UNPROVEN
    assert "`default-command` is about" in proof.summary
    assert prove("graceful-stop", container=ended).verdict is BROKEN
    assert prove("graceful-stop", container=container(stopped=stopped), judged=both).verdict is BROKEN


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (HalfSent(5000, "HTTP/1.1 500 Internal Server Error", 0), "it gets HTTP/1.1 500"),
        (HalfSent(5000, "reset", 0), "its connection is reset"),
        (HalfSent(5000, "lost", 0), "closed without an answer"),
        (HalfSent(5000, "closed", 0, "closed"), "closed without an answer"),
        (HalfSent(5000, "silent: timed out", None), "silent"),
        (HalfSent(5000, "HTTP/1.1 200 OK", None), "does not end within 10 s"),
    ],
)
def test_a_lost_answer_is_broken(seen: HalfSent, said: str) -> None:
    """Whatever became of it."""
    proof = prove("graceful-stop", half_sent=seen)
    assert proof.verdict is BROKEN
    assert said in proof.summary


def test_gunicorn_is_told_of_its_threads() -> None:
    """It answers 500 where it is told to end at once."""
    seen = container(processes=(process(1, "/venv/bin/python", "/venv/bin/gunicorn", "app:app"),))
    proof = prove("graceful-stop", container=seen, half_sent=HalfSent(5000, "HTTP/1.1 500 No", 0))
    assert "--worker-class=gthread" in str(proof.remedy)


def test_a_worker_is_judged_by_its_end() -> None:
    """There is no request to be lost."""
    assert prove("graceful-stop", container=WORKER, **without("half_sent")).verdict is PROVEN
    failing = container(answers=(), stopped=Stopped("SIGTERM", 0.2, 1, killed=False))
    assert prove("graceful-stop", container=failing, **without("half_sent")).verdict is BROKEN


def test_what_does_not_hear_the_signal_is_another_practice_s() -> None:
    """One cause is accused once."""
    deaf = container(stopped=Stopped("SIGTERM", 10.0, 137, killed=True))
    proof = prove("graceful-stop", container=deaf, half_sent=HalfSent(5000, "lost", None))
    assert proof.verdict is UNPROVEN
    assert "default-command" in proof.summary
