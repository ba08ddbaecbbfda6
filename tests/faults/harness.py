"""What a scenario is, what it is given, and what comes of it."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from hullproof import __version__
from hullproof.engine.connection import Engine
from hullproof.errors import EngineError
from hullproof.host.bases import provide_bases

TOOLKIT, ENGINE, BOARD = "The toolkit", "Engines that misbehave", "The release board"
AREAS = (TOOLKIT, ENGINE, BOARD)

SHOWN_FAILURES = 20

Attempt = str | None
"""None where it held, else what was seen instead, in a line."""


class Unavailable(Exception):  # noqa: N818 - nothing went wrong
    """What a scenario needs is not on this machine. Says what that is."""


@dataclass
class Ground:
    """What a scenario works with: a folder of its own, chance with a known seed, the engine, and room for figures."""

    folder: Path
    random: random.Random
    figures: dict[str, str] = field(default_factory=dict)

    @cached_property
    def engine(self) -> Engine:
        """The engine of this machine. In CI it has to be there; elsewhere a scenario is passed over without it."""
        try:
            return Engine.connect()
        except EngineError as error:
            if os.environ.get("CI") == "true":
                raise
            raise Unavailable(str(error)) from error

    @cached_property
    def python_base(self) -> str:
        """The local name of a slim image with Python 3.11, official or a stand-in."""
        made = provide_bases(self.engine, ["python:3.11-slim"], say=lambda _line: None, may_install=True)
        return made.bases[0].image

    def place(self, name: str) -> Path:
        """Make and return a fresh folder within the scenario's own."""
        place = self.folder / name
        place.mkdir(parents=True)
        return place


@dataclass(frozen=True)
class Scenario:
    """A claim, and how it is put to the test. Sizes are numbers of attempts, 0 for not at all."""

    name: str
    about: str
    claim: str
    unit: str
    ci: int
    nightly: int
    run: Callable[[Ground, int], Iterator[Attempt]]


@dataclass(frozen=True)
class Result:
    """What came of a scenario. `skipped` says why it was not run at all; `failures` are the first of them."""

    name: str
    size: int
    seed: int
    at: str
    version: str
    seconds: float = 0.0
    tried: int = 0
    held: int = 0
    failures: tuple[str, ...] = ()
    figures: dict[str, str] = field(default_factory=dict)
    skipped: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether it was run and held each time. What was not run, or tried nothing, did not hold."""
        return self.skipped is None and 0 < self.tried == self.held


_registered: dict[str, Scenario] = {}


def scenario(
    name: str, *, about: str, claim: str, unit: str, ci: int, nightly: int
) -> Callable[[Callable[[Ground, int], Iterator[Attempt]]], Callable[[Ground, int], Iterator[Attempt]]]:
    """Register a scenario."""
    if about not in AREAS:
        raise ValueError(f"{name}: no such area: {about}")

    def register(
        run: Callable[[Ground, int], Iterator[Attempt]],
    ) -> Callable[[Ground, int], Iterator[Attempt]]:
        if name in _registered:
            raise ValueError(f"there are two scenarios named {name}")
        _registered[name] = Scenario(name, about, claim, unit, ci, nightly, run)
        return run

    return register


def scenarios() -> tuple[Scenario, ...]:
    """Return all scenarios, by area and as they are written."""
    package = import_module("tests.faults.scenarios")
    for module in sorted(iter_modules(package.__path__), key=lambda each: each.name):
        import_module(f"{package.__name__}.{module.name}")
    return tuple(sorted(_registered.values(), key=lambda each: AREAS.index(each.about)))


def attempt(
    chosen: Scenario, size: int, seed: int, folder: Path, say: Callable[[str], None] = lambda _line: None
) -> Result:
    """Run one scenario. An error of its own is a failure, as it shows nothing to have held."""
    ground = Ground(folder, random.Random(seed))  # noqa: S311 - chance, not secrets
    at = datetime.now(timezone.utc).strftime("%Y-%m-%d")
    started = time.monotonic()
    tried, skipped = 0, None
    failures: list[str] = []
    try:
        for seen in chosen.run(ground, size):
            tried += 1
            if seen is not None:
                failures.append(seen)
                say(f"{chosen.name}: attempt {tried}: {seen}")
    except Unavailable as missing:
        skipped = str(missing)
    except Exception as error:  # noqa: BLE001 - the other scenarios are still to be run
        tried += 1
        failures.append(f"{type(error).__name__}: {error}")
        say(f"{chosen.name}: ended with {failures[-1]}")
    return Result(
        name=chosen.name,
        size=size,
        seed=seed,
        at=at,
        version=__version__,
        seconds=round(time.monotonic() - started, 1),
        tried=tried,
        held=tried - len(failures),
        failures=tuple(failures[:SHOWN_FAILURES]),
        figures=ground.figures,
        skipped=skipped,
    )
