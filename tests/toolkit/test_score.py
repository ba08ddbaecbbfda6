"""The score: its shares, its records, and the page that is made from them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hullproof.model import Verdict
from tests.toolkit.cases.catalogue import CASES
from tests.toolkit.score.fixes.trial import is_good
from tests.toolkit.score.outcomes import RECORDS, Outcome, Row, add, keep, outcome_of, read
from tests.toolkit.score.page import PAGE, page
from tests.toolkit.score.running import sample
from tests.toolkit.score.wilson import interval, rate

FAULT = next(case for case in CASES if case.practice == "expose")
SOUND = next(case for case in CASES if case.practice is None)


def row(case: str, what: str = "verdicts", **verdicts: str) -> Row:
    """Make a record; a verdict is named with underscores."""
    named = {name.replace("_", "-"): verdict for name, verdict in verdicts.items()}
    head = {"what": what, "id": case, "version": "0.1.0", "at": "2026-11-28", "jobs": 2, "round": 1}
    return {**head, "verdicts": named, "summaries": dict.fromkeys(named, "…"), "seconds": 1.0, "error": None}


@pytest.mark.parametrize(
    ("good", "tried", "low", "high"),
    [
        (0, 0, 0.0, 1.0),
        (0, 10, 0.0, 0.278),
        (10, 10, 0.722, 1.0),
        (178, 191, 0.887, 0.960),
        (50, 100, 0.404, 0.596),
    ],
)
def test_the_interval_is_wilson_s(good: int, tried: int, low: float, high: float) -> None:
    """As published tables have it; never beyond 0 and 1, and the whole of it where nothing was tried."""
    assert list(interval(good, tried)) == pytest.approx([low, high], abs=5e-4)


def test_a_share_says_of_how_many() -> None:
    """Also where it is none."""
    assert rate(178, 191) == "178 of 191, 93.2 % (88.7 to 96.0)"
    assert rate(0, 0) == "none tried"


def test_only_what_is_as_labelled_is_right() -> None:
    """A fault that is missed, another practice accused, an unproven verdict, and an error are each wrong."""
    assert outcome_of(row(FAULT.id, expose="broken", workdir="proven")).is_right
    for wrong in (
        {"expose": "proven"},
        {"expose": "broken", "workdir": "broken"},
        {"expose": "broken", "workdir": "unproven"},
    ):
        assert not outcome_of(row(FAULT.id, **wrong)).is_right
    assert not outcome_of({**row(SOUND.id, workdir="proven"), "error": "EngineError: gone"}).is_right
    assert not outcome_of(row(SOUND.id, workdir="unproven")).is_right


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Through a file; a case that is no more is passed over."""
    file = tmp_path / "folder" / "record.jsonl"
    outcome = Outcome(FAULT, {"expose": Verdict.BROKEN}, {"expose": "A | B"}, 2.0)
    add(file, {"what": "verdicts", "id": FAULT.id, **outcome.as_row()})
    add(file, {"what": "verdicts", "id": "expose/of-old", **outcome.as_row()})
    assert [outcome_of(each) for each in read(file)] == [outcome]


def test_a_newer_measure_takes_the_place_of_an_older(tmp_path: Path) -> None:
    """Of the same case and kind, all its rounds; others stay."""
    file = tmp_path / "records.jsonl"
    keep(
        [
            row(FAULT.id, expose="proven"),
            row(SOUND.id, expose="proven"),
            row(FAULT.id, "repeats", expose="broken"),
        ],
        file,
    )
    keep([row(FAULT.id, expose="broken")], file)
    assert [(each["what"], each["verdicts"]["expose"]) for each in read(file) if each["id"] == FAULT.id] == [
        ("repeats", "broken"),
        ("verdicts", "broken"),
    ]
    assert len(read(file)) == 3


def test_the_shards_are_the_whole() -> None:
    """Each case is in one of them, and a sample is the same each time."""
    parts = [sample(CASES, None, f"{number}/4") for number in range(1, 5)]
    assert sorted(case.id for part in parts for case in part) == sorted(case.id for case in CASES)
    assert sample(CASES, 12, "1/1") == sample(tuple(reversed(CASES)), 12, "1/1")


def test_the_page_counts_what_is_recorded_and_no_more() -> None:
    """With its interval, the unproven, and what went wrong, escaped; what was not run is not told of as if it were."""
    wrong = {**row(SOUND.id, expose="unproven"), "summaries": {"expose": "<b> | it could not be seen"}}
    again = [
        row(FAULT.id, "repeats", expose=verdict) | {"round": turn}
        for turn, verdict in enumerate(("broken", "proven"), 1)
    ]
    text = page(
        [row(FAULT.id, expose="broken"), wrong, *again, row(FAULT.id, "load", expose="broken") | {"jobs": 4}]
    )
    assert "2 cases (Hullproof 0.1.0, 2026-11-28):" in text
    assert "found under the right practice: 1 of 1, 100.0 % (20.7 to 100.0)" in text
    assert "left unproven that could be shown: 1 of 2" in text
    assert "&lt;b> &#124; it could not be seen" in text
    assert "0 of 1, 0.0 % (0.0 to 79.3) of the verdicts were the same each time" in text
    assert "those of the run above: 1 of 1" in text
    assert text.count("Not recorded yet") == 1


def test_a_fix_that_is_prose_helps_nobody_who_follows_it() -> None:
    """It counts among those tried; what was followed counts as good where it helped and broke nothing else."""
    head = {
        "what": "fixes",
        "version": "0.1.0",
        "at": "2026-11-28",
        "jobs": 2,
        "fix": "Do X.",
        "summary": "…",
    }
    kinds: tuple[tuple[int, str | None, list[str]], ...] = (
        (0, None, []),
        (1, "proven", []),
        (1, "broken", []),
        (1, "proven", ["ownership"]),
    )
    rows = [
        {
            **head,
            "id": f"expose/{n}",
            "practice": "expose",
            "followed": followed,
            "after": after,
            "newly": newly,
            "beside": "all",
        }
        for n, (followed, after, newly) in enumerate(kinds)
    ]
    assert [is_good(each) for each in rows] == [False, True, False, False]
    text = page(rows)
    assert "that the script can follow: 3 of 4" in text
    assert "the practice is then shown to hold: 2 of 3" in text
    assert "both: 1 of 3" in text
    assert text.count("- fix of ") == 2


def test_the_page_is_made_from_the_records() -> None:
    """After a change: `python -m tests.toolkit.score keep FILE`."""
    assert PAGE.read_text(encoding="utf-8") == page(read(RECORDS))


def test_each_record_says_what_it_was_measured_by() -> None:
    """Version, day, and how many at once."""
    for line in RECORDS.read_text(encoding="utf-8").splitlines():
        assert {"what", "id", "version", "at", "jobs"} <= set(json.loads(line))
