"""The harness for faults on purpose: what did not hold is never counted as held, and its page follows the results."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.harness import TOOLKIT, Attempt, Ground, Result, Scenario, Unavailable, attempt, scenarios
from tests.faults.page import PAGE, page, read, write
from tests.faults.tested import TESTED

ROOT = Path(__file__).parents[2]


def of(*seen: Attempt | Exception) -> Scenario:
    """Make a scenario that sees this; an exception is raised at its place."""

    def run(_ground: Ground, _size: int) -> Iterator[Attempt]:
        for each in seen:
            if isinstance(each, Exception):
                raise each
            yield each

    return Scenario("sample", TOOLKIT, "It holds.", "attempts", 1, 2, run)


@pytest.mark.parametrize(
    ("seen", "tried", "held", "is_good"),
    [
        ((None, None), 2, 2, True),
        ((None, "it broke"), 2, 1, False),
        ((None, ValueError("a mistake of ours")), 2, 1, False),
        ((Unavailable("no server"),), 0, 0, False),
        ((), 0, 0, False),
    ],
)
def test_only_what_was_tried_and_held_is_good(
    tmp_path: Path, seen: tuple[Attempt | Exception, ...], tried: int, held: int, *, is_good: bool
) -> None:
    """A failure, an error of the scenario's own, a missing server and no attempt at all are none."""
    result = attempt(of(*seen), 2, 1, tmp_path)
    assert (result.tried, result.held, result.is_good) == (tried, held, is_good)


def test_the_same_seed_makes_the_same_choices(tmp_path: Path) -> None:
    """A failure can be had again."""

    def run(ground: Ground, _size: int) -> Iterator[Attempt]:
        yield str(ground.random.random())

    chosen = replace(of(), run=run)
    assert attempt(chosen, 1, 7, tmp_path).failures == attempt(chosen, 1, 7, tmp_path).failures


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Through JSON and back."""
    result = attempt(of(None, "<b> | it broke"), 2, 1, tmp_path)
    write([result], tmp_path / "results.json")
    assert read(tmp_path / "results.json") == {"sample": result}


def test_the_page_says_what_went_wrong() -> None:
    """With hostile text escaped; a scenario that was never run is not told of as if it held."""
    name = scenarios()[0].name
    result = Result(name, 2, 1, "2026-11-28", "0.1.0", 1.0, 2, 1, ("<b> | it broke",))
    text = page({name: result})
    assert "- `kills`: &lt;b> &#124; it broke" in text
    assert text.count("not recorded yet") == len(scenarios()) - 1


def test_the_page_is_made_from_the_recorded_results() -> None:
    """After a change: `./nox -s faults -- NAME --record`."""
    assert PAGE.read_text(encoding="utf-8") == page(read())


@pytest.mark.parametrize(("claim", "test"), TESTED)
def test_a_test_that_the_page_names_is_there(claim: str, test: str) -> None:
    """By file and function."""
    assert claim.endswith(".")
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}


def test_every_scenario_has_a_size_for_the_night() -> None:
    """CI may leave one out."""
    assert all(each.nightly >= max(each.ci, 1) for each in scenarios())
