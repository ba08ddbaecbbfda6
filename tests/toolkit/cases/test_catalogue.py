"""The corpus holds together: what each case promises about itself, without an engine."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from hullproof.practices import every

from .catalogue import CASES, GOOD, Case, materialise
from .catalogue.model import EditError, dockerfile

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = frozenset(each.id for each in every() if each.family in ("guide", "production"))

each_case = pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])


def contents(project: Path) -> dict[str, tuple[bytes, int]]:
    """Return what a project holds: path to content, or a link's target, and mode."""
    return {
        str(file.relative_to(project)): (
            str(file.readlink()).encode() if file.is_symlink() else file.read_bytes(),
            file.lstat().st_mode & 0o777,
        )
        for file in project.rglob("*")
        if file.is_symlink() or file.is_file()
    }


def test_ids_are_unique() -> None:
    """A case can be asked for by its id."""
    assert [name for name, times in Counter(case.id for case in CASES).items() if times > 1] == []


def test_every_practice_is_sabotaged_often_enough() -> None:
    """Eight faults or more for each practice, and none for a practice that there is not."""
    planted = Counter(case.practice for case in CASES if case.practice)
    assert set(planted) == KNOWN
    assert {practice: times for practice, times in planted.items() if times < 8} == {}


def test_there_are_enough_benign_variants() -> None:
    """Two dozen or more ways in which nothing is broken, and four for each practice beyond the guide."""
    assert sum(case.practice is None for case in CASES) >= 24
    of = Counter(name for case in CASES if case.practice is None for name in case.only)
    assert {each.id: of[each.id] for each in every() if each.family == "production" and of[each.id] < 4} == {}


@each_case
def test_its_edits_make_another_project(case: Case, tmp_path: Path) -> None:
    """Every edit fits, and what comes out is not the good project."""
    good = materialise(Case("benign/unchanged", "", ()), tmp_path / "good")
    project = materialise(case, tmp_path / "case")
    assert contents(project) != contents(good)


@each_case
def test_what_it_expects_of_others_is_known(case: Case) -> None:
    """Other practices are named rightly, the case's own is not among them, and a benign case names none."""
    others = (case.also_expected | case.may_be_unproven) - ({case.practice} if case.practice else set())
    assert others | set(case.only) <= KNOWN
    if case.practice is None:
        assert not others


@each_case
def test_it_says_what_it_is(case: Case) -> None:
    """A title without the last full stop, so that it fits into a table."""
    assert case.title
    assert not case.title.endswith(".")


def test_the_good_project_is_written_whole(tmp_path: Path) -> None:
    """Ignore file included, and nothing that a test run has left there."""
    project = materialise(Case("benign/unchanged", "", ()), tmp_path / "project")
    assert {".dockerignore", "Dockerfile", "greeter/__main__.py", "tests/test_words.py"} <= set(
        contents(project)
    )
    assert not [path for path in contents(project) if "__pycache__" in path]
    assert (GOOD / "Dockerfile").read_text() == (project / "Dockerfile").read_text()


def test_an_edit_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    """Text that is not there, or there twice, is never edited in silence."""
    with pytest.raises(EditError, match="0 times"):
        materialise(Case("benign/none", "", (dockerfile("no such text", ""),)), tmp_path / "none")
    with pytest.raises(EditError, match="2 times"):
        materialise(Case("benign/two", "", (dockerfile("WORKDIR", ""),)), tmp_path / "two")
