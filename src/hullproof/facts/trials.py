"""Boots of the image with other options than usual: what a place where it may run asks of it, tried.

    @fact
    def read_only_boot(trials: Trials) -> Trial:
        '''The image with a root that it cannot write to.'''
        return trials("--read-only --tmpfs /tmp", read_only=True, tmpfs={"/tmp": ""})

Options are given twice: as `docker run` spells them, for people, and as the SDK's `containers.create` takes them. They are
booted side by side, once the ordinary boot was ready; what fails is tried again before it is said.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hullproof.engine.acts import ActedOn
from hullproof.engine.boot import NoStartError
from hullproof.engine.model.container import Answer, ContainerFacts
from hullproof.errors import Unobservable
from hullproof.facts.containers import Boots
from hullproof.facts.provider import fact, means
from hullproof.project.config import Config

TRIES = 2
WATCH_S = 3.0
"""How long each is watched at the least, as the ordinary boot is."""
AT_ONCE = 10
STRANGER = 1_234_567
"""A uid, and a gid, that no account has."""

_REFUSAL = re.compile(r"Read-only file system|Permission denied|Operation not permitted")
"""What a program says that the kernel refused something to: no clock is needed to see that."""
_LIMITS = {"mem_limit", "pids_limit"}
_FAILURE, _KNOWS_NO_GET = 500, 501
_Seen = TypeVar("_Seen")


@dataclass(frozen=True)
class Trial:
    """A boot with other options, as `docker run` spells them.

    `fault` says what it does worse than the ordinary one, each time that it was tried; None where it does as well.
    `asked` are the names of hosts that it asked for where no name is known.
    """

    options: str
    container: ContainerFacts
    fault: str | None = None
    asked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trials:
    """Boots the image with other options. `ordinary` is the boot that they are compared with."""

    boots: Boots
    env: Mapping[str, str]
    ordinary: ContainerFacts
    _turns: threading.Semaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))

    def __call__(
        self,
        options: str,
        *,
        tries: int = TRIES,
        watch_s: float = WATCH_S,
        **given: Any,  # noqa: ANN401 - the SDK's
    ) -> Trial:
        """Boot it with options until it does as well as usual, `tries` times at the most.

        Raises Unobservable where the machine cannot do that, or was too busy to tell.
        """

        def look(booted: ActedOn) -> Trial:
            seen = booted.facts(watch_s=watch_s, stop=False)
            limit = reached(seen) if _LIMITS & set(given) else None
            return Trial(options, seen, limit or self.fault(seen, options))

        for _ in range(tries):
            trial = self.booted(options, look, **given)
            if trial.fault is None:
                break
        return trial

    def booted(
        self,
        options: str,
        look: Callable[[ActedOn], _Seen],
        **given: Any,  # noqa: ANN401 - the SDK's
    ) -> _Seen:
        """Boot it once, in its turn, and return what is seen of it. `env` among `given` is added to the project's.

        Raises Unobservable where the engine's machine cannot boot it so.
        """
        env = {**self.env, **given.pop("env", {})}
        usual = {"stdin_open": True} if self.ordinary.on_stdin else {}
        try:
            with self._turns, self.boots(ActedOn, env, {**usual, **given}) as booted:
                return look(booted)
        except NoStartError as error:
            raise Unobservable(f"what it does with {options} was not seen: {error}") from error

    def require_seen(self, seen: ContainerFacts, options: str) -> None:
        """Raise Unobservable where a boot does not do as well as the ordinary one, so that nothing is to be learned from it."""
        fault = self.fault(seen, options)
        if fault is not None:
            raise Unobservable(f"what it does with {options} was not seen: {fault}")

    def fault(self, seen: ContainerFacts, options: str) -> str | None:
        """Say what a boot does worse than the ordinary one; None for nothing.

        Raises Unobservable where that is no fault of its own.
        """
        why = seen.unobservable if not seen.died else None
        slowed = seen.slowed if not _REFUSAL.search("\n".join(seen.log)) else None
        if reason := why or slowed or seen.limit:
            raise Unobservable(f"what it does with {options} was not seen: {reason}")
        if seen.start_error is not None:
            return f"the engine cannot start it: {seen.start_error}"
        if seen.exit_code is not None:
            return f"it ends with exit code {seen.exit_code}"
        if not seen.ready:
            return f"it does not get ready: {seen.ready_by}"
        return next(filter(None, (_worse(before, seen) for before in self.ordinary.answers)), None)


def reached(seen: ContainerFacts) -> str | None:
    """Say which limit of its own options a boot ran into; None for none."""
    return seen.limit.partition(";")[0] if seen.limit else None


def _worse(before: Answer, seen: ContainerFacts) -> str | None:
    """Say how a port that gave a good answer in the ordinary boot fails in another."""
    if not before.answered or _is_failure(before):
        return None
    place = f"{before.port}/{before.protocol}"
    after = next(
        (each for each in seen.answers if (each.port, each.protocol) == (before.port, before.protocol)), None
    )
    if after is None or not after.answered:
        return f"{place} gives no answer" + (f": {after.detail}" if after and after.detail else "")
    return (
        f"{place} answers {after.detail or after.status}, and {before.detail} otherwise"
        if _is_failure(after)
        else None
    )


def _is_failure(answer: Answer) -> bool:
    """Whether a server says of itself that it failed; 501 is one that knows no GET."""
    return answer.status is not None and answer.status >= _FAILURE and answer.status != _KNOWS_NO_GET


@means
def trials(boots: Boots, config: Config, container: ContainerFacts) -> Trials:
    """What boots the image with other options, once it is known to get ready with the usual ones."""
    if container.died or not container.ready:
        raise Unobservable("the image does not get ready as it is, which `default-command` is about")
    return Trials(boots, config.env, container)


# --- the boots -----------------------------------------------------------------------------------------


@fact
def read_only_boot(trials: Trials) -> Trial:
    """The image with a root that it cannot write to, /tmp in memory, and the volumes that it declares."""
    return trials("--read-only --tmpfs /tmp", read_only=True, tmpfs={"/tmp": ""})  # noqa: S108 - a mount


@fact
def root_group_boot(trials: Trials) -> Trial:
    """The image as a uid that no account has, in group 0: as OpenShift runs it."""
    options = f"--user {STRANGER}:0 --cap-drop ALL"
    return trials(options, user=f"{STRANGER}:0", cap_drop=["ALL"])


@fact
def stranger_boot(trials: Trials) -> Trial:
    """The image as a uid that no account has, in a group of its own."""
    options = f"--user {STRANGER}:{STRANGER} --cap-drop ALL"
    return trials(options, user=f"{STRANGER}:{STRANGER}", cap_drop=["ALL"])


@fact
def changed_paths(trials: Trials) -> tuple[str, ...]:
    """The paths that an ordinary boot adds to the image or changes in it, those of folders left out."""

    def look(booted: ActedOn) -> tuple[str, ...]:
        booted.facts(watch_s=WATCH_S, stop=False)
        return booted.changed()

    return trials.booted("its usual options", look)
