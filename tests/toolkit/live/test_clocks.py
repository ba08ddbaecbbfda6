"""What a clock says of a container: what is its own doing, and what the engine's and the machine's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import docker
import pytest

from hullproof.engine.boot import BootedContainer
from hullproof.engine.connection import Engine
from hullproof.engine.container import ending
from hullproof.engine.container.ending import took
from hullproof.engine.container.words import moment

from ..boots import Boots, Images
from ..rig import Cable

T = "2026-11-28T12:00:{:09.6f}Z"
SENT = moment(T.format(10))


@pytest.mark.parametrize(
    ("longest", "trip", "finished", "seconds", "slowed"),
    [
        (0.6, 0.02, 10.5, 0.52, 0.02),  # all went well
        (30.0, 0.02, 10.5, 0.52, 0.02),  # the news came late
        (20.5, 20.0, 10.5, 20.5, 20.0),  # the signal may have been sent late
        (0.6, 0.02, 9.99, 0.01, 0.01),  # it ended before the engine had noted the signal
        (0.6, 0.02, 5.0, 0.6, 0.6),  # the clock was set back
        (0.6, 0.02, 59.0, 0.6, 0.0),  # the clock was set forward
    ],
)
def test_the_engines_own_times_count(
    longest: float, trip: float, finished: float, seconds: float, slowed: float
) -> None:
    """Not how long the engine took to be asked and to tell; what they leave open is the engine's."""
    found = took(longest, trip, SENT, T.format(finished))
    assert found == pytest.approx((seconds, slowed), abs=1e-3)


@pytest.mark.parametrize(
    ("sent", "finished"), [(None, T.format(11)), (SENT, None), (SENT, "soon"), (SENT, "0001-01-01T00:00:00Z")]
)
def test_without_the_engines_times_nothing_is_surely_the_containers(
    sent: float | None, finished: object
) -> None:
    """So that it is accused of nothing."""
    assert took(9.0, 0.1, sent, finished) == (9.0, 9.0)


@pytest.fixture
def begin(boots: Boots) -> Callable[..., BootedContainer]:
    """Start containers over a wire."""

    def start(
        image: str,
        wired: docker.DockerClient,
        *,
        ready_timeout_s: float = 20.0,
        **options: Any,  # noqa: ANN401 - of the SDK
    ) -> BootedContainer:
        engine = cast("Engine", SimpleNamespace(client=wired))
        return boots.start(
            BootedContainer, image, engine=engine, ready_timeout_s=ready_timeout_s, options=options
        )

    return start


@pytest.fixture
def wire(engine: Engine, open_folder: Path) -> Iterator[Callable[..., tuple[Cable, docker.DockerClient]]]:
    """Put a wire between us and the engine."""
    if not Cable.can_reach(engine):
        pytest.skip("no wire can be put between us and an engine that is reached through ssh or TLS")
    opened: list[tuple[Cable, docker.DockerClient]] = []

    def connect(late: tuple[str, float] | None = None) -> tuple[Cable, docker.DockerClient]:
        cable = Cable(engine, open_folder / f"engine{len(opened)}", late)
        opened.append((cable, docker.DockerClient(cable.host)))
        return opened[-1]

    yield connect
    for cable, client in opened:
        client.close()
        cable.cut()


Wire = Callable[..., tuple[Cable, docker.DockerClient]]


@pytest.mark.engine
def test_an_end_that_comes_before_the_kill_is_an_answer(
    images: Images, begin: Callable[..., BootedContainer], wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its news is late, so that it is to be killed, and does not run: it ended by itself, in its own time."""
    monkeypatch.setattr(ending, "STOP_DEADLINE_S", 2.0)
    cable, client = wire()
    slow = "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1), sys.exit(0)))\nserve()"
    with begin(images.python(slow), client) as container:
        container.facts(watch_s=0.0, stop=False)
        pause, resume = threading.Timer(0.5, cable.pause), threading.Timer(3.5, cable.resume)
        pause.start()
        resume.start()
        stopped = container.facts(watch_s=0.0).stopped
        resume.join()
    assert stopped is not None
    assert (stopped.exit_code, stopped.killed, stopped.is_slow) == (0, False, False)


@pytest.mark.engine
def test_an_engine_that_hangs_is_not_the_containers_slowness(
    images: Images, begin: Callable[..., BootedContainer], wire: Wire
) -> None:
    """The signal was sent late: that it took long is possible, and not known."""
    _, client = wire(("/kill?signal=SIGTERM", 9.0))
    with begin(images.python("serve()"), client) as container:
        stopped = container.facts(watch_s=0.0).stopped
    assert stopped is not None
    assert (stopped.exit_code, stopped.killed) == (0, False)
    assert (stopped.is_slow, stopped.is_surely_slow) == (True, False)


@pytest.mark.engine
def test_a_container_that_is_slow_is_surely_slow(
    images: Images, begin: Callable[..., BootedContainer], engine: Engine
) -> None:
    """Where the engine is not: it hears the signal, and has to be killed."""
    deaf = "signal.signal(signal.SIGTERM, lambda *_: time.sleep(20))\nserve()"
    with begin(images.python(deaf), engine.client) as container:
        facts = container.facts(watch_s=0.0)
    assert facts.stopped is not None
    assert (facts.stopped.killed, facts.stopped.is_surely_slow, facts.is_late) == (True, True, True)


@pytest.mark.engine
def test_a_container_that_is_removed_meanwhile_has_ended(
    images: Images, begin: Callable[..., BootedContainer], engine: Engine
) -> None:
    """By somebody else, while it is told to stop: it is no error."""
    slow = "signal.signal(signal.SIGTERM, lambda *_: time.sleep(20))\nserve()"
    with begin(images.python(slow), engine.client) as container:
        container.facts(watch_s=0.0, stop=False)
        other = threading.Timer(2.0, engine.client.api.remove_container, [container.id], {"force": True})
        other.start()
        facts = container.facts(watch_s=0.0)
        other.join()
    assert facts.stopped is not None
    assert not facts.stopped.is_surely_slow


WORK = """
def work(seconds):
    began = time.process_time()
    while time.process_time() - began < seconds: pass
"""
TENTH: dict[str, Any] = {"cpu_period": 1_000_000, "cpu_quota": 100_000}  # of one processor
LITTLE: dict[str, Any] = {"cpu_period": 1_000_000, "cpu_quota": 20_000}


@pytest.mark.engine
def test_time_without_a_processor_does_not_count_for_the_deadline(
    images: Images, begin: Callable[..., BootedContainer], engine: Engine
) -> None:
    """It is ready late by the clock on the wall, and in time by what it had."""
    image = images.python(WORK + "work(1)\nserve()")
    with begin(image, engine.client, ready_timeout_s=8.0, **TENTH) as container:
        facts = container.facts(watch_s=0.0)
    assert facts.ready_after_s is not None
    assert facts.ready_after_s > 8.0
    assert (facts.ready, facts.slowed) == (True, None)


@pytest.mark.engine
def test_a_container_that_gets_no_processor_is_not_late_by_itself(
    images: Images, begin: Callable[..., BootedContainer], engine: Engine
) -> None:
    """It is not waited for without end, and not accused; one that only sleeps is."""
    image = images.python(WORK + "work(9)\nserve()")
    with begin(image, engine.client, ready_timeout_s=2.0, **LITTLE) as container:
        facts = container.facts(watch_s=0.0)
    assert (facts.ready, facts.is_late) == (False, True)
    assert facts.slowed is not None
    with begin(images.python("time.sleep(99)"), engine.client, ready_timeout_s=4.0) as container:
        facts = container.facts(watch_s=0.0)
    assert (facts.ready, facts.slowed) == (False, None)


@pytest.mark.engine
def test_an_end_without_a_processor_is_not_slow_by_itself(
    images: Images, begin: Callable[..., BootedContainer], engine: Engine
) -> None:
    """It hears the signal, and has to be killed in the middle of what takes half a second elsewhere."""
    image = images.python(
        WORK + "signal.signal(signal.SIGTERM, lambda *_: (work(0.5), sys.exit(0)))\nserve()"
    )
    with begin(image, engine.client) as container:
        container.facts(watch_s=0.0, stop=False)
        engine.client.containers.get(container.id).update(**LITTLE)
        stopped = container.facts(watch_s=0.0).stopped
    assert stopped is not None
    assert (stopped.killed, stopped.is_slow, stopped.is_surely_slow) == (True, True, False)
