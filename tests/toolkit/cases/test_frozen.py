"""The frozen part of the corpus: each situation fits its base, has a twin and a source, and stays as it was labelled."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from hullproof.practices import GUIDE

from .catalogue import materialise
from .frozen import FROZEN, LEFT_OUT, SITUATIONS
from .frozen.situation import Situation
from .test_catalogue import contents

if TYPE_CHECKING:
    from pathlib import Path

AS_LABELLED = "2dba761aca49e4e47faec1496109078fc981adf5ed19bd702c2e098e6b1d4325"
"""A checksum of all projects and labels before they were first run."""

each_situation = pytest.mark.parametrize("each", SITUATIONS, ids=[each.name for each in SITUATIONS])


def test_there_are_enough_of_every_practice() -> None:
    """Sixty situations or more, five or more for each practice, each with another name."""
    assert len(SITUATIONS) >= 60
    assert {practice: times for practice, times in _by_practice().items() if times < 5} == {}
    assert set(_by_practice()) == set(GUIDE)
    assert max(Counter(each.id for each in FROZEN).values()) == 1
    assert set(LEFT_OUT) <= {each.name for each in SITUATIONS}


@each_situation
def test_a_situation_is_a_project_with_a_fault_and_its_twin(each: Situation, tmp_path: Path) -> None:
    """All edits fit; neither is the bare base; what is said of other practices is said of the guide's."""
    broken, mended = (contents(materialise(case, tmp_path / case.id)) for case in each.cases)
    assert broken != mended
    assert "Dockerfile" in broken
    assert (each.also | each.unknown) <= set(GUIDE)
    assert each.seen.startswith("https://")
    assert [case.practice for case in each.cases] == [each.name.partition("/")[0], None]


def test_they_stay_as_they_were_labelled(tmp_path: Path) -> None:
    """No project and no label was changed since the first run: what turned out wrong there is a result, too."""
    said = hashlib.sha256()
    for case in (case for each in SITUATIONS for case in each.cases):
        said.update(repr((case.id, sorted(case.also_expected), sorted(case.may_be_unproven))).encode())
        said.update(repr(sorted(contents(materialise(case, tmp_path / case.id)).items())).encode())
    assert said.hexdigest() == AS_LABELLED


def _by_practice() -> Counter[str]:
    return Counter(each.name.partition("/")[0] for each in SITUATIONS)
