"""Boots of the image to which something is done that happens where it runs: frozen, stopped half way, killed, bare of rights."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from hullproof.engine.acts import ActedOn, Half, HalfSent
from hullproof.engine.model.container import Answer, HealthCheck
from hullproof.engine.model.image import ImageFacts
from hullproof.errors import Unobservable
from hullproof.facts.provider import fact
from hullproof.facts.trials import TRIES, Trial, Trials
from hullproof.project.config import Config

__all__ = ["HalfSent", "HealthTrial", "Privileges", "Restarts"]

COMMON = ("CHOWN", "SETUID", "SETGID", "DAC_OVERRIDE", "FOWNER", "NET_BIND_SERVICE")
RARE = ("KILL", "SETPCAP", "SYS_CHROOT", "NET_RAW", "MKNOD", "FSETID", "SETFCAP", "AUDIT_WRITE")
"""What engines give by default, by what programs need: https://docs.docker.com/engine/security/#linux-kernel-capabilities."""

_CHECK_S = 12.0
"""How long a health check may take, whatever its own timeout: the engine ends it there, and that would be its failure."""
_PATIENCE_S = 120.0
_PAUSE_S = 1.0


# --- health ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class HealthTrial:
    """What HEALTHCHECK says of the application frozen, and of a container in which there is none.

    `frozen_s`: for how long it was asked. `alone` is its exit code there, None where it came to no end.
    """

    frozen: HealthCheck
    frozen_s: float
    alone: int | None


@fact
def health_trial(trials: Trials, image: ImageFacts) -> HealthTrial:
    """The image's health check, asked of the frozen application, and of nothing at all."""
    if image.healthcheck[:1] not in (("CMD",), ("CMD-SHELL",)):
        raise Unobservable("the image has no HEALTHCHECK")
    kind, *words = image.healthcheck
    command = ["/bin/sh", "-c", *words] if kind == "CMD-SHELL" else words
    alone = trials.booted(
        "its HEALTHCHECK for a command",
        lambda booted: booted.await_end(_CHECK_S),
        entrypoint=command[:1],
        command=command[1:],
        network_mode="none",
        healthcheck={"test": ["NONE"]},
    )
    frozen, seconds = trials.booted("its processes frozen", partial(_frozen, trials, hurried=alone == 0))
    return HealthTrial(frozen, seconds, alone)


def _frozen(trials: Trials, booted: ActedOn, *, hurried: bool) -> tuple[HealthCheck, float]:
    """Freeze it, and ask until its check fails, as long as the engine would; once, where it is `hurried`."""
    trials.require_seen(booted.look(), "its usual options")
    patience = 0.0 if hurried else min(_PATIENCE_S, booted.health_patience_s)
    booted.freeze()
    began = time.monotonic()
    while True:
        health = booted.health(tries=1, timeout_s=_CHECK_S)
        if health is None:
            raise Unobservable("what its HEALTHCHECK says of it frozen was not seen: it ended")
        seconds = time.monotonic() - began
        if health.exit_code != 0 or seconds >= patience:
            return health, seconds
        time.sleep(_PAUSE_S)


# --- stopping and starting -------------------------------------------------------------------------------


@fact
def half_sent(trials: Trials, config: Config) -> HalfSent:
    """The container stopped while a request is half sent; tried again where that is not answered."""
    asked = next((each for each in trials.ordinary.answers if _speaks_http(each)), None)
    if asked is None:
        raise Unobservable("nothing in the container answers plain HTTP")
    path = config.ready if isinstance(config.ready, str) else "/"
    address = next(each.address for each in trials.ordinary.listeners if each.port == asked.port)
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 - read from the kernel

    def look(booted: ActedOn, half: Half) -> HalfSent:
        trials.require_seen(booted.look(), "its usual options")
        return booted.stop_half_way(address, asked.port, path, half)

    for _ in range(TRIES):
        seen = trials.booted("a request half sent", partial(look, half="head"))
        if seen.answer == "closed":
            seen = replace(seen, body=trials.booted("a request half sent", partial(look, half="body")).answer)
        if seen.is_graceful:
            break
    return seen


def _speaks_http(answer: Answer) -> bool:
    return answer.protocol == "tcp" and answer.status is not None and "TLS" not in answer.detail


@dataclass(frozen=True)
class Restarts:
    """What becomes of the container when it is started again, with the files that it had.

    Each is None where it gets ready as before, else what happens, with the end of its log.
    """

    after_kill: str | None
    after_stop: str | None
    log: tuple[str, ...] = ()


@fact
def restarts(trials: Trials) -> Restarts:
    """The container killed and started again, then stopped and started again; tried once more where it does not get ready."""

    def look(booted: ActedOn) -> Restarts:
        booted.look()
        booted.kill("SIGKILL")
        killed = _again(trials, booted)
        if killed is not None:
            return Restarts(killed, None, booted.logs())
        booted.stop()
        stopped = _again(trials, booted)
        return Restarts(None, stopped, booted.logs())

    for _ in range(TRIES):
        seen = trials.booted("a restart", look)
        if seen.after_kill is None and seen.after_stop is None:
            break
    return seen


def _again(trials: Trials, booted: ActedOn) -> str | None:
    if booted.await_end(_CHECK_S) is None:
        raise Unobservable("whether it can be started again was not seen: it did not end")
    booted.start_again()
    return trials.fault(booted.look(), "a restart")


# --- rights ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Privileges:
    """The image without capabilities and new privileges; where it fails, what it fails without.

    `needed` are the capabilities without which it fails, each by itself; `gains`: it fails as soon as no program may gain
    privileges, whatever capabilities it has.
    """

    trial: Trial
    needed: tuple[str, ...] = ()
    gains: bool = False


@fact
def privileges(trials: Trials) -> Privileges:
    """The image without any capability, and without new privileges; where it fails, what it needs of them."""
    limited: dict[str, Any] = {"security_opt": ["no-new-privileges"]}
    options = "--cap-drop ALL --security-opt no-new-privileges"
    trial = trials(options, cap_drop=["ALL"], **limited)
    if trial.fault is None:
        return Privileges(trial)
    gains = _fails(trials, "--security-opt no-new-privileges", TRIES, **limited)
    # What it can do without together, it needs none of: that is one boot for many.
    asked = (*COMMON, *RARE) if _fails_without(trials, *RARE) else COMMON
    return Privileges(trial, tuple(name for name in asked if _fails_without(trials, name)), gains)


def _fails_without(trials: Trials, *names: str) -> bool:
    return _fails(trials, " ".join(f"--cap-drop {name}" for name in names), cap_drop=list(names))


def _fails(trials: Trials, options: str, tries: int = 1, **given: Any) -> bool:  # noqa: ANN401 - the SDK's
    """Whether it fails with these options alone, which tells of the cause; what cannot be seen does not count as one."""
    try:
        return trials(options, tries=tries, watch_s=0.0, **given).fault is not None
    except Unobservable:
        return False
