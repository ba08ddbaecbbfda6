"""The report as a screen."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from hullproof.model import Report, Status, Verdict
from hullproof.report import as_terminal

from .samples import matches

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("width", [60, 100, 140])
def test_the_screen_is_as_expected(name: str, report: Report, width: int) -> None:
    """The plain screen is the expected one at each width."""
    matches(as_terminal.render(report, width=width), f"{name}.{width}.txt")


def test_the_usual_screen_is_as_expected(name: str, report: Report) -> None:
    """A line for what is good; line, reason and fix for what is not."""
    matches(as_terminal.render(report, width=80, detail="summary"), f"{name}.screen.txt")


def test_the_coloured_screen_is_as_expected(name: str, report: Report) -> None:
    """The coloured screen is the expected one."""
    matches(as_terminal.render(report, width=100, color=True), f"{name}.color.txt")


@pytest.mark.parametrize("width", [60, 100, 140])
def test_colour_changes_nothing_but_colour(report: Report, width: int) -> None:
    """Without its colour codes, the coloured screen is the plain one."""
    coloured = as_terminal.render(report, width=width, color=True)
    plain = "\n".join(line.rstrip() for line in ESCAPE.sub("", coloured).split("\n"))
    assert plain == as_terminal.render(report, width=width)


@pytest.mark.parametrize("width", [40, 60, 79, 80, 100, 140])
def test_no_line_is_wider_than_the_screen(report: Report, width: int) -> None:
    """Every line fits, wide characters counted as two columns."""
    from rich.cells import cell_len  # noqa: PLC0415

    text = as_terminal.render(report, width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width


def test_nothing_on_the_screen_moves_the_cursor_or_turns_the_reading_order(report: Report) -> None:
    """Control and direction-changing characters from outside are shown, not sent; only our colours are codes."""
    for color in (False, True):
        text = ESCAPE.sub("", as_terminal.render(report, width=100, color=color))
        assert not re.findall(
            r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", text
        )


def test_the_screen_does_not_depend_on_where_it_is_made(
    sample: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the terminal's settings nor the environment change what is rendered."""
    before = as_terminal.render(sample, width=100, color=True)
    for variable, value in (("NO_COLOR", "1"), ("TERM", "dumb"), ("COLUMNS", "20"), ("FORCE_COLOR", "1")):
        monkeypatch.setenv(variable, value)
    assert as_terminal.render(sample, width=100, color=True) == before
    assert "\x1b" not in as_terminal.render(sample, width=100)


def test_a_remedy_stands_under_what_is_broken_and_nowhere_else(sample: Report) -> None:
    """A broken practice shows its remedy; a proven one none, and none that is accepted for now."""
    text = as_terminal.render(sample, width=140)
    assert text.count("fix: ") == sum(proof.status is Status.BROKEN for proof in sample.proofs)


def test_the_last_line_names_what_is_broken_and_how_long_it_took(sample: Report) -> None:
    """The end of the screen says the verdict, what it is owed to, and the time."""
    end = as_terminal.render(replace(sample, left_out=()), width=240).splitlines()[-1]
    assert end == (
        "BROKEN 3 of 8: multistage, necessary-files, hostile-text (1 unproven: non-root-user; "
        "1 accepted: ownership; 1 not applicable: workdir; 2 proven), in 1 min 15 s"
    )


def test_a_part_is_not_taken_for_the_whole(bare: Report) -> None:
    """The verdict's line says of how many it is said, and how many were not asked for."""
    partial = replace(bare, proofs=bare.proofs[:1], left_out=("expose", "workdir"))
    assert as_terminal.render(partial, detail="verdict") == "PROVEN 1 of 3 (2 not asked for), in 10 s\n"


def test_all_well_fits_a_terminal_of_24_rows_and_80_columns(bare: Report) -> None:
    """Eleven long sentences on a stand-in base, and nobody has to scroll."""
    proof = replace(bare.proofs[0], summary="A sentence that goes on and on. " * 20)
    assert bare.image
    image = replace(bare.image, base="python:3.10-slim", base_is_stand_in=True, base_note="a note " * 40)
    full = replace(bare, image=image, proofs=tuple(replace(proof, id=f"practice-{n}") for n in range(11)))
    lines = as_terminal.render(full, width=80, detail="summary").splitlines()
    assert len(lines) < 24  # the prompt takes one
    assert max(map(len, lines)) <= 80


def test_a_profile_of_many_practices_fits_such_a_terminal_too(bare: Report) -> None:
    """The proven ones share rows; what is not proven has its own, below them; all evidence is for `--verbose`."""
    longest = "pinned-dependencies"
    proofs = [replace(bare.proofs[0], id=f"{longest[:17]}{number:02}") for number in range(31)]
    absent = [
        replace(each, verdict=Verdict.NOT_APPLICABLE, summary="No test needs it.") for each in proofs[:4]
    ]
    report = replace(bare, proofs=(*absent, *proofs[4:]), profile="production")
    lines = as_terminal.render(report, width=80, detail="summary").splitlines()
    assert len(lines) < 24
    assert {word for line in lines for word in line.split()} >= {each.id for each in proofs}
    assert f"- {absent[0].id}  not applicable: No test needs it." in lines
    assert "PROVEN 27 of 31 for production (4 not applicable: " in " ".join(lines)
    fault = replace(proofs[9], verdict=Verdict.BROKEN, summary="It is not so.", remedy="Write so.")
    broken = replace(report, proofs=(*absent, *proofs[4:9], fault, *proofs[10:]))
    assert "fix: Write so." in as_terminal.render(broken, width=80, detail="summary")
    shown = as_terminal.render(report, width=80, detail="evidence").count(bare.proofs[0].summary[:20])
    assert shown == len(report.proofs) - len(absent)


def test_what_is_not_good_is_shown_as_far_where_it_is_shown_alone(report: Report) -> None:
    """With the evidence that names the line to look at: of several projects no more than of one."""
    alone = as_terminal.render(report, width=80, detail="faults").splitlines()
    assert set(alone) <= set(as_terminal.render(report, width=80, detail="summary").splitlines())
