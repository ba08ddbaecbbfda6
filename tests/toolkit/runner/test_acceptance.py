"""Acceptances: only what is broken is excused, only until the last day, and nobody forgets why."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from hullproof.errors import UsageError
from hullproof.model import Acceptance, Proof, Verdict
from hullproof.project.config import Accepted
from hullproof.report import render, render_all
from hullproof.report.as_json import to_dict
from hullproof.report.as_matrix import render_html, render_markdown
from hullproof.report.matrix import Matrix
from hullproof.report.reading import headline
from hullproof.report.several import Outcome, Summary
from hullproof.runner.acceptance import NOTICE_DAYS, accepted, remarks
from hullproof.runner.opening import Given, open_project

from ..report.reports import bare

LAST_DAY = date(2027, 1, 31)
ENTRY = Accepted("ownership", "the volume's owner", LAST_DAY)


def proof(verdict: Verdict, practice: str = "ownership") -> Proof:
    """Make a proof of one verdict."""
    return Proof(practice, "guide", "A title", verdict, "A summary.")


def test_what_is_broken_is_excused_through_its_last_day() -> None:
    """On the last day it still is; on the next it counts again, and says so."""
    broken = [proof(Verdict.BROKEN)]
    (excused,) = accepted(broken, [ENTRY], LAST_DAY)
    assert excused.accepted == Acceptance("the volume's owner", LAST_DAY)
    assert excused.is_good
    (expired,) = accepted(broken, [ENTRY], LAST_DAY + timedelta(days=1))
    assert expired.accepted == Acceptance("the volume's owner", LAST_DAY, expired=True)
    assert not expired.is_good


@pytest.mark.parametrize("verdict", [each for each in Verdict if each is not Verdict.BROKEN])
def test_only_what_is_broken_is_excused(verdict: Verdict) -> None:
    """What could not be shown is not accepted, and what is good needs no excuse."""
    assert accepted([proof(verdict)], [ENTRY], LAST_DAY) == (proof(verdict),)


def test_an_acceptance_excuses_its_own_practice_only() -> None:
    """And leaves the order as it is."""
    proofs = (proof(Verdict.BROKEN, "expose"), proof(Verdict.BROKEN))
    assert [each.is_good for each in accepted(proofs, [ENTRY], LAST_DAY)] == [False, True]


@pytest.mark.parametrize(
    ("verdicts", "verdict", "said"),
    [
        ((Verdict.BROKEN,), Verdict.NOT_APPLICABLE, "ACCEPTED 1 of 1"),
        (
            (Verdict.BROKEN, Verdict.NOT_APPLICABLE),
            Verdict.NOT_APPLICABLE,
            "ACCEPTED 1 of 2: ownership (1 not applicable: p1)",
        ),
        ((Verdict.BROKEN, Verdict.PROVEN), Verdict.PROVEN, "PROVEN 1 of 2 (1 accepted: ownership)"),
        ((Verdict.BROKEN, Verdict.UNPROVEN), Verdict.UNPROVEN, "UNPROVEN 1 of 2: p1 (1 accepted: ownership)"),
        ((), Verdict.UNPROVEN, "UNPROVEN 0 of 0"),
    ],
)
def test_what_is_accepted_is_in_the_way_of_no_release(
    verdicts: tuple[Verdict, ...], verdict: Verdict, said: str
) -> None:
    """And is told from what is proven, and from a report of nothing."""
    names = ("ownership", *(f"p{number}" for number in range(1, len(verdicts))))
    proofs = accepted(map(proof, verdicts, names), [ENTRY], LAST_DAY)
    report = replace(bare(), proofs=proofs, left_out=(), profile="guide")
    assert (report.verdict, " ".join(headline(report))) == (verdict, said)


def test_every_face_tells_what_is_accepted_from_what_does_not_apply() -> None:
    """The page of one project, and the documents of several and of a matrix."""
    report = replace(bare(), proofs=accepted([proof(Verdict.BROKEN)], [ENTRY], LAST_DAY), left_out=())
    several = Summary((Outcome("shop", report),), 1.0)
    matrix = Matrix.of([to_dict(report)])
    pages = [render(report, "html"), render_all(several, "html"), render_html(matrix)]
    for page in pages:
        assert re.search(r'<b class="headline">ACCEPTED (?:1 of 1|in 1 of 1)', page)
    texts = [render_all(several, "text"), render_all(several, "markdown"), render_markdown(matrix)]
    assert all("ACCEPTED" in text and "NOT" not in text for text in texts)


@pytest.mark.parametrize(
    ("days", "verdict", "said"),
    [
        (15, Verdict.BROKEN, None),
        (14, Verdict.BROKEN, "ownership is accepted as broken for 14 more days, until 2027-01-31"),
        (1, Verdict.BROKEN, "ownership is accepted as broken for 1 more day, until 2027-01-31"),
        (0, Verdict.BROKEN, "ownership is accepted as broken for today only, until 2027-01-31"),
        (-1, Verdict.BROKEN, "ownership was accepted as broken until 2027-01-31, and counts again"),
        (90, Verdict.PROVEN, "ownership is proven: its entry in `accept` is no longer needed"),
        (
            90,
            Verdict.NOT_APPLICABLE,
            "ownership is not applicable: its entry in `accept` is no longer needed",
        ),
        (90, Verdict.UNPROVEN, None),
    ],
)
def test_it_is_said_in_time_that_an_acceptance_ends_or_is_not_needed(
    days: int, verdict: Verdict, said: str | None
) -> None:
    """One line, from two weeks before its end."""
    assert NOTICE_DAYS == 14
    today = LAST_DAY - timedelta(days=days)
    assert list(remarks([proof(verdict)], [ENTRY], today)) == ([said] if said else [])


def test_nothing_is_said_of_practices_that_were_not_asked_for() -> None:
    """What was not judged is not known to be good."""
    assert list(remarks([proof(Verdict.PROVEN, "expose")], [ENTRY], LAST_DAY)) == []


def test_an_acceptance_of_no_practice_names_the_nearest(tmp_path: Path) -> None:
    """A misspelled one would accept nothing, in silence."""
    (tmp_path / "Dockerfile").write_text("FROM python:3.12-slim\n")
    (tmp_path / "hullproof.toml").write_text(
        "accept = [{ practice = 'ownershp', reason = 'x', until = '2027-01-31' }]\n"
    )
    with pytest.raises(UsageError) as caught:
        open_project(tmp_path, Given())
    assert str(caught.value) == (
        "hullproof.toml: accept: there is no practice called 'ownershp'; did you mean 'ownership'?"
    )
