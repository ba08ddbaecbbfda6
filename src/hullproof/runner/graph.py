"""The graph of facts and practices: each is gathered or judged in a thread of its own, as soon as what it needs is there.

A fact is gathered once, whoever asks for it, and is the same for all. One that cannot be had (`Unobservable`) is a finding,
which passes on to what needs it; any other failure ends the run: nothing more is begun, and all that is asked for later
fails with it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from typing import Protocol, TypeVar, cast

from hullproof.errors import MachineError, Unobservable, lacking
from hullproof.events import FactFinished, FactStarted, Judged, Listener
from hullproof.facts import PROVIDERS
from hullproof.facts.provider import Provider, handed
from hullproof.model import Proof
from hullproof.practices import Practice, judge
from hullproof.runner.kept import Keeper

_Fact = TypeVar("_Fact")


class Start(Protocol):
    """Starts work in a thread, as `Run.start` does: one that the run's end waits for."""

    def __call__(self, work: Callable[[], object], name: str) -> None:
        """Start it. Raises EndingError where nothing more may be begun."""


@dataclass(frozen=True)
class _Node:
    """What needs what, and the work to do then."""

    needs: Collection[str]
    work: Callable[[], object]


class Graph:
    """Facts and proofs of one project. `graph[name]` and `graph.fact(provider)` wait for a fact."""

    def __init__(
        self,
        given: Mapping[str, object],
        *,
        start: Start,
        tell: Listener,
        providers: Mapping[str, Provider] = PROVIDERS,
        keeper: Keeper | None = None,
    ) -> None:
        """Take what is known from the start, by name, in the place of providers, who starts threads, and who is told.

        `keeper` has facts of earlier runs.
        """
        self._providers = providers
        self._start = start
        self._tell = tell
        self._keeper = keeper
        self._lock = threading.Lock()
        self._results: dict[str, Future[object]] = {}
        self._failure: BaseException | None = None
        for name, value in given.items():
            self.give(name, value)

    def give(self, name: str, value: object) -> None:
        """Make something known, in the place of its provider, unless it is known or being gathered.

        Given an Unobservable, it cannot be had, for that reason.
        """
        with self._lock:
            if name in self._results:
                return
            self._results[name] = Future()
            if isinstance(value, Unobservable):
                self._results[name].set_exception(value)
            else:
                self._results[name].set_result(value)

    def leave_out(self, names: Iterable[str], reason: str) -> None:
        """Let facts not be gathered: they cannot be had, for this reason."""
        with self._lock:
            for name in names:
                self._results[name] = Future()
                self._results[name].set_exception(Unobservable(reason))

    # --- asking --------------------------------------------------------------------------------------

    def gather(self, names: Iterable[str]) -> None:
        """Begin to gather facts, and all that they need, side by side."""
        self._run({name: self._node(name) for name in names})

    def judge(self, practices: Iterable[Practice]) -> None:
        """Begin to gather what the practices need, and judge each as soon as that is there."""
        self._run({_key(each): _Node(each.needs, partial(self._judged, each)) for each in practices})

    def __getitem__(self, name: str) -> object:
        """Return a fact, gathering it if need be.

        Raises Unobservable, with the reason, where it cannot be had; what ends the run (EngineError where the engine
        or a base image is not there); KeyError for a name that is no fact's.
        """
        if name not in self._results:
            self.gather([name])
        return self._results[name].result()

    def fact(self, provider: Callable[..., _Fact]) -> _Fact:
        """Return the fact that a function provides, as `graph[name]` does."""
        return cast("_Fact", self[provider.__name__])

    def had(self, provider: Callable[..., _Fact]) -> _Fact | None:
        """Return the fact that a function provides, as `fact` does; None where it cannot be had."""
        try:
            return self.fact(provider)
        except Unobservable:
            return None

    def known(self, provider: Callable[..., _Fact]) -> _Fact | None:
        """Return the fact that a function provides; None where it was not asked for, is not there yet or cannot be had."""
        future = self._results.get(provider.__name__)
        if future is None or not future.done() or future.exception() is not None:
            return None
        return cast("_Fact", future.result())

    def proof(self, practice: Practice) -> Proof:
        """Return the proof of a practice, judging it if need be. Raises what ends the run."""
        if _key(practice) not in self._results:
            self.judge([practice])
        return cast("Proof", self._results[_key(practice)].result())

    # --- in order ------------------------------------------------------------------------------------

    def _node(self, name: str) -> _Node:
        provider = self._providers[name]
        return _Node([need.name for need in provider.needs], partial(self._provided, provider))

    def _run(self, wanted: Mapping[str, _Node]) -> None:
        """Take on what is wanted and all that it needs, except what is there or under way, and begin."""
        mine: dict[str, _Node] = {}
        with self._lock:
            waiting = [(name, node) for name, node in wanted.items() if name not in self._results]
            while waiting:
                name, node = waiting.pop()
                if name not in self._results:
                    self._results[name] = Future()
                    mine[name] = node
                    waiting += [(need, self._node(need)) for need in node.needs if need not in self._results]
        sorter = TopologicalSorter({name: node.needs for name, node in mine.items()})
        sorter.prepare()
        self._advance(sorter, mine)

    def _advance(self, sorter: TopologicalSorter[str], mine: Mapping[str, _Node]) -> None:
        """Begin with what has all that it needs, and go on when that is done."""

        def go_on(name: str, _future: Future[object]) -> None:
            with self._lock:
                sorter.done(name)
            self._advance(sorter, mine)

        with self._lock:
            ready = sorter.get_ready() if sorter.is_active() else ()
        for name in ready:
            future = self._results[name]
            future.add_done_callback(partial(go_on, name))
            if name in mine:
                self._begin(name, mine[name].work, future)

    def _begin(self, name: str, work: Callable[[], object], future: Future[object]) -> None:
        if self._failure is not None:
            future.set_exception(self._failure)
            return
        try:
            self._start(lambda: self._settle(name, work, future), name=f"hullproof-{name}")
        except BaseException as error:  # noqa: BLE001 - whoever asks gets it
            future.set_exception(error)

    def _settle(self, name: str, work: Callable[[], object], future: Future[object]) -> None:
        try:
            result = work()
        except Unobservable as error:
            future.set_exception(error)
        except Exception as error:  # noqa: BLE001 - it ends the run, once: not each practice that needs the fact
            what = f"{name} could not be observed: {type(error).__name__}: {error}; please report it"
            self._failure = self._failure or lacking(error) or MachineError(what)
            future.set_exception(self._failure)
        except BaseException as error:  # noqa: BLE001 - whoever asks for the fact gets it
            future.set_exception(error)
        else:
            future.set_result(result)

    # --- the work ------------------------------------------------------------------------------------

    def _provided(self, provider: Provider) -> object:
        """Provide a fact; where what it needs cannot be had, it cannot be had for the same reason."""
        started, reason = time.monotonic(), None
        try:
            return self._recalled_or_gathered(provider, handed(provider.needs, self))
        except Exception as error:
            reason = str(error)
            raise
        finally:
            self._tell(FactFinished(provider.name, time.monotonic() - started, reason))

    def _recalled_or_gathered(self, provider: Provider, needed: Mapping[str, object]) -> object:
        if self._keeper is not None and (kept := self._keeper.recall(provider, self)) is not None:
            return kept.value
        self._tell(FactStarted(provider.name))
        began = time.monotonic()
        value = provider.function(**needed)
        if self._keeper is not None:
            self._keeper.note(provider, self, value, time.monotonic() - began)
        return value

    def _judged(self, practice: Practice) -> Proof:
        proof = judge(practice, self)
        self._tell(Judged(proof))
        return proof


def _key(practice: Practice) -> str:
    return f"practice {practice.id}"  # no function's name
