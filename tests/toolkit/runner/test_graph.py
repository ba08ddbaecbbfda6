"""The graph: a fact is gathered once, side by side with others, and is the same for all who need it."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hullproof.errors import EndingError, EngineError, HullproofError, Unobservable
from hullproof.events import Event, FactFinished, FactStarted, Judged
from hullproof.facts import ContainerFacts, Process
from hullproof.facts.provider import Kind, Provider, fact, means, needs_of, providers
from hullproof.model import Verdict
from hullproof.practices import from_module
from hullproof.practices.checks import Observations, check, proven
from hullproof.project.project import Project
from hullproof.run.run import Run
from hullproof.runner.graph import Graph


def in_threads(work: Callable[[], object], name: str) -> None:
    """Start work as a run does."""
    threading.Thread(target=work, name=name, daemon=True).start()


def table(*functions: Callable[..., object], **given: object) -> dict[str, Provider]:
    """Collect functions as the providers of a module."""
    module = ModuleType("made")
    for each in functions:
        each.__module__ = "made"
        setattr(module, each.__name__, each)
    return providers([module], given)


def graph_of(*functions: Callable[..., object], tell: Callable[[Event], None] = print) -> Graph:
    """Make a graph of providers that need nothing but each other."""
    return Graph({}, start=in_threads, tell=tell, providers=table(*functions))


# --- what is refused when it is collected ------------------------------------------------------------


def test_a_need_that_is_no_fact_is_refused_with_the_nearest_name() -> None:
    """When it is collected, by the same words for providers and for checks."""

    def asks(contaner: ContainerFacts) -> None:
        _ = contaner

    with pytest.raises(TypeError, match=r"asks for contaner, which is no fact; did you mean 'container'\?"):
        needs_of(asks, {"container": ContainerFacts})


def test_a_need_of_another_type_is_refused() -> None:
    """It would be met in the middle of a proof."""

    def asks(container: Process) -> None:
        _ = container

    with pytest.raises(TypeError, match=r"takes container for .*Process.*, which is .*ContainerFacts"):
        needs_of(asks, {"container": ContainerFacts})


def test_a_need_that_may_be_none_is_optional() -> None:
    """A fact that is None by its own type is not: it is there."""

    def asks(container: ContainerFacts | None, network: str | None) -> None:
        _ = container, network

    known = {"container": ContainerFacts, "network": str | None}
    assert [need.is_optional for need in needs_of(asks, known)] == [True, False]


def test_facts_that_need_each_other_are_refused() -> None:
    """They could never be had."""

    @fact
    def hen(egg: int) -> int:
        return egg

    @fact
    def egg(hen: int) -> int:
        return hen

    with pytest.raises(ValueError, match="cycle"):
        table(hen, egg)


def test_a_fact_is_of_the_type_that_its_provider_returns() -> None:
    """Nothing is declared twice."""

    @fact
    def weather(wind: int) -> str:
        return str(wind)

    @means
    def wind() -> int:
        return 3

    found = table(weather, wind)
    assert {name: (each.gives, each.kind) for name, each in found.items()} == {
        "weather": (str, Kind.FACT),
        "wind": (int, Kind.MEANS),
    }


# --- gathering ---------------------------------------------------------------------------------------


def test_what_a_fact_needs_is_there_before_it() -> None:
    """And is the same for all who need it, however many ask at once: it is gathered once."""
    times: list[str] = []

    @fact
    def image() -> int:
        times.append("image")
        time.sleep(0.05)
        return 42

    @fact
    def files(image: int) -> list[int]:
        return [image]

    graph = graph_of(image, files)
    seen: list[object] = []
    threads = [threading.Thread(target=lambda: seen.append(graph.fact(files))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (seen, times) == ([[42]] * 8, ["image"])


def test_what_does_not_need_each_other_comes_side_by_side() -> None:
    """Each waits for the other here."""
    meeting = threading.Barrier(2, timeout=20)

    @fact
    def container() -> int:
        return meeting.wait()

    @fact
    def gate() -> int:
        return meeting.wait()

    graph = graph_of(container, gate)
    graph.gather(["container", "gate"])
    assert {graph.fact(container), graph.fact(gate)} == {0, 1}


def test_only_what_is_needed_is_gathered() -> None:
    """A given image is not built."""

    @means
    def image_id() -> str:
        raise AssertionError

    @fact
    def image(image_id: str) -> str:
        return image_id

    graph = Graph({"image_id": "sha256:1"}, start=in_threads, tell=print, providers=table(image_id, image))
    assert graph.fact(image) == "sha256:1"


def test_what_cannot_be_had_passes_on_to_what_needs_it() -> None:
    """With its reason; what can do without it is handed None."""

    @fact
    def build() -> int:
        raise Unobservable("the build fails")

    @fact
    def image(build: int) -> int:
        raise AssertionError(build)

    @fact
    def edits(image: int | None) -> str:
        return f"without {image}"

    graph = graph_of(build, image, edits)
    with pytest.raises(Unobservable, match="the build fails"):
        graph.fact(image)
    assert graph.fact(edits) == "without None"
    assert graph.known(image) is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (EngineError("the engine went away"), "went away"),
        (OSError(errno.ENOSPC, "No space left on device"), "no space is left on the disk"),
        (OverflowError("big"), "image could not be observed: OverflowError: big; please report it"),
    ],
)
def test_any_other_failure_ends_the_run(error: Exception, expected: str) -> None:
    """It is one reason, told once: nothing more is begun, and what is asked for later fails with it."""
    begun: list[str] = []

    @fact
    def image() -> int:
        raise error

    @fact
    def container() -> int:
        begun.append("container")
        return 0

    graph = graph_of(image, container)
    failures = []
    for each in (image, image, container):
        with pytest.raises(HullproofError, match=expected) as caught:
            graph.fact(each)
        failures.append(caught.value)
    assert {each.exit_code for each in failures} == {3}
    assert len(set(failures)) == 1
    assert begun == []


def test_once_a_run_ends_nothing_more_is_begun(tmp_path: Path) -> None:
    """Whoever waits for a fact hears of it, and does not wait for ever."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    with Run() as run:
        graph = Graph({"project": Project.open(tmp_path)}, start=run.start, tell=print)
        assert graph["config"] == Project.open(tmp_path).config
    with pytest.raises(EndingError):
        graph["release"]


def test_no_such_fact() -> None:
    """A name that is no fact's is an error of whoever asks."""
    with pytest.raises(KeyError):
        graph_of()["weather"]


# --- events and proofs -------------------------------------------------------------------------------


def test_a_practice_is_judged_as_soon_as_its_facts_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else is still being gathered; each fact is told of, with the reason where it cannot be had."""
    events: list[Event] = []
    judged = threading.Event()

    @fact
    def image() -> int:
        return 1

    @fact
    def gate() -> int:
        assert judged.wait(20)
        raise Unobservable("no tests")

    def tell(event: Event) -> None:
        events.append(event)
        if isinstance(event, Judged):
            judged.set()

    monkeypatch.setattr("hullproof.practices.practice.FACTS", {"image": int, "gate": int})
    graph = graph_of(image, gate, tell=tell)
    quick, slow = practice("quick", image=int), practice("slow", image=int, gate=int)
    graph.judge([slow, quick])
    assert graph.proof(quick).verdict is Verdict.PROVEN
    proof = graph.proof(slow)
    assert (proof.verdict, proof.summary) == (Verdict.UNPROVEN, "No tests.")
    assert [each.proof.id for each in events if isinstance(each, Judged)] == ["quick", "slow"]
    assert {each.name for each in events if isinstance(each, FactStarted)} == {"image", "gate"}
    assert {each.name: each.reason for each in events if isinstance(each, FactFinished)} == {
        "image": None,
        "gate": "no tests",
    }


def practice(name: str, **asks: type) -> Any:  # noqa: ANN401 - a practice
    """Make a practice with a check that asks for some facts, and finds all well."""

    def well(**_facts: object) -> Observations:
        yield proven("it is so")

    arguments = ", ".join(f"{each}: {kind.__name__}" for each, kind in asks.items())
    space: dict[str, Any] = {"well": well, "Observations": Observations}
    names = ", ".join(f"{each}={each}" for each in asks)
    exec(f"def asked({arguments}) -> Observations:\n    return well({names})", space)  # noqa: S102 - parameters are made
    asked = check(space["asked"])
    module = ModuleType(f"mine.{name}", f"{name}.\n\nFix: nothing.")
    asked.__module__ = module.__name__
    module.asked = asked  # type: ignore[attr-defined]
    return from_module(module)
