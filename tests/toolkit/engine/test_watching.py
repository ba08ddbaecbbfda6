"""For how long the probe watches on, on a machine that has time for the container and on one that has little."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from hullproof.engine.container import watch


@dataclass
class Clock:
    """A container's age, of which a busy machine takes a share from now on."""

    now_s: float
    lost_s: float
    share: float

    def sleep(self, seconds: float) -> None:
        """Let time go by."""
        self.now_s += seconds
        self.lost_s += seconds * self.share

    def age(self) -> float:
        """Return all of it."""
        return self.now_s

    def is_past(self, deadline: float) -> bool:
        """Whether it had so much of it."""
        return self.now_s - self.lost_s >= deadline


class Working:
    """A container that never settles."""

    def __init__(self, clock: Clock) -> None:
        """Look."""

    def is_as_before(self, before: Working) -> bool:
        """Whether it does as before: it does not."""
        return self is before


@pytest.mark.parametrize(
    ("clock", "ends_at_s"),
    [(Clock(1, 0, 0), 20), (Clock(1, 0, 0.5), 40), (Clock(1, 0, 0.9), 60), (Clock(91, 84, 0.9), 92)],
    ids=["quiet", "busy", "patience-ends", "was-late"],
)
def test_time_that_a_busy_machine_took_does_not_count_up_to_a_limit(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, ends_at_s: float
) -> None:
    """Three times as long at the most; one that got ready that late is looked at twice, a second apart."""
    watching = watch.Watch("", deadline=30.0, until=3.0, longest=20.0, exposed=set())
    monkeypatch.setattr(watching, "clock", clock)
    monkeypatch.setattr(watch, "Doing", Working)
    monkeypatch.setattr(watch, "listening", lambda _: [])
    monkeypatch.setattr("time.sleep", clock.sleep)
    watching.watch_on()
    assert clock.age() == pytest.approx(ends_at_s, abs=1.0)
