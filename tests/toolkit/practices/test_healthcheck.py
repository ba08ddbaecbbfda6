"""The health check says healthy when the application works, and only then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hullproof.facts import Answer, HealthCheck, HealthTrial, ImageFacts
from hullproof.project.config import Config

from .by_hand import (
    ASKS,
    BASE_LAYER,
    BROKEN,
    GOOD,
    PROVEN,
    UNPROVEN,
    container,
    entry,
    files,
    image,
    prove,
    without,
)

TEXT = GOOD.replace("CMD [", 'HEALTHCHECK CMD ["python", "-c", "ask()"]\nCMD [')
CHECKED = image(healthcheck=("CMD", *ASKS))
HEALTHY = container(health=HealthCheck(ASKS, 0))
FAILS = HealthCheck(ASKS, 1, "timed out")


def test_one_that_tells_good_from_bad_is_proven() -> None:
    """Healthy when ready, unhealthy when frozen or alone."""
    proof = prove("healthcheck", TEXT, image=CHECKED, container=HEALTHY)
    assert proof.verdict is PROVEN, proof.summary


@pytest.mark.parametrize("configured", [image(), image(healthcheck=("NONE",))])
def test_none_is_broken_and_the_fix_asks_the_port_that_answers(configured: ImageFacts) -> None:
    """Whether it was never written or switched off; what cannot be asked then is no further fault."""
    proof = prove("healthcheck", image=configured, **without("health_trial", "the image has no HEALTHCHECK"))
    assert proof.verdict is BROKEN
    assert "http://localhost:5000/" in str(proof.remedy)


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"container": container(answers=(Answer("tcp", 5000, answered=True, status=404),))}, None),
        (
            {
                "container": container(answers=(Answer("tcp", 5000, answered=True, status=404),)),
                "config": Config(ready="/healthz"),
            },
            "'http://localhost:5000/healthz'",
        ),
        ({"container": container(answers=(Answer("tcp", 5000, True, 400, "HTTP behind TLS"),))}, None),  # noqa: FBT003
        ({"files": files(base=replace(BASE_LAYER, entries=()))}, None),
        (
            {"files": files(base=replace(BASE_LAYER, entries=(entry("/usr/bin/python3", mode=0o755),)))},
            'CMD ["python3", "-c",',
        ),
    ],
)
def test_the_fix_is_one_that_would_say_healthy(change: dict[str, Any], shown: str | None) -> None:
    """Of a path that answers well, without TLS, and by a Python that is there."""
    proof = prove("healthcheck", image=image(), **change, **without("health_trial", "there is none"))
    assert ("urlopen" in str(proof.remedy)) is (shown is not None)
    assert shown is None or shown in str(proof.remedy)


@pytest.mark.parametrize(
    ("trial", "said"),
    [
        (HealthTrial(HealthCheck(ASKS, 0), 0.0, 0), "healthy whatever happens"),
        (HealthTrial(FAILS, 3.0, 0), "healthy whatever happens"),
        (HealthTrial(HealthCheck(ASKS, 0), 90.0, 1), "still says healthy 90 s after"),
    ],
)
def test_one_that_says_healthy_of_what_does_not_work_is_broken(trial: HealthTrial, said: str) -> None:
    """Of nothing, or of what is frozen."""
    proof = prove("healthcheck", TEXT, image=CHECKED, container=HEALTHY, health_trial=trial)
    assert proof.verdict is BROKEN
    assert said in proof.summary


def test_one_that_misses_a_service_of_its_own_is_unproven() -> None:
    """As default-command has it: what the container lacks here, it may have where it runs."""
    log = ("redis.exceptions.ConnectionError: Error 111 connecting to redis:6379. Connection refused.",)
    health = HealthCheck(ASKS, 1, "unhealthy", 3)
    proof = prove("healthcheck", TEXT, image=CHECKED, container=container(health=health, log=log))
    assert proof.verdict is UNPROVEN, proof.summary


@pytest.mark.parametrize(
    ("health", "verdict"),
    [
        (HealthCheck(ASKS, 127, "sh: 1: curl: not found", 3), BROKEN),
        (HealthCheck(ASKS, 1, "Connection refused", 3), BROKEN),
        (HealthCheck(ASKS, None), UNPROVEN),
        (HealthCheck(ASKS, 1, "no", 3, early=True), UNPROVEN),
        (HealthCheck(ASKS, 22, "curl: (22) The requested URL returned error: 503", 3), UNPROVEN),
    ],
)
def test_one_that_never_says_healthy_is_broken_unless_a_clock_or_a_service_speaks_for_it(
    health: HealthCheck, verdict: object
) -> None:
    """What a frozen application does to it says nothing then."""
    proof = prove("healthcheck", TEXT, image=CHECKED, container=container(health=health))
    assert proof.verdict is verdict, proof.summary
