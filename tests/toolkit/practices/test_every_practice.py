"""What holds of every practice: its texts, its test file, its verdict on the good project, its honesty."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hullproof.errors import UsageError
from hullproof.facts import Unobservable
from hullproof.practices import (
    GUIDE,
    Case,
    Finding,
    Practice,
    every,
    from_module,
    get,
    judge,
    needs,
    needs_experiment,
)

from .by_hand import NOT_APPLICABLE, PROVEN, UNPROVEN, prove

HERE = Path(__file__).parent
PACKAGE = HERE.parents[2] / "src" / "hullproof" / "practices"


def test_the_guide_is_the_eleven_of_the_design_in_its_order() -> None:
    """The eleven ids come first, in the order of the guide."""
    assert tuple(practice.id for practice in every() if practice.family == "guide") == GUIDE
    assert len(GUIDE) == 11


@pytest.mark.parametrize("practice", every(), ids=lambda practice: practice.id)
def test_a_practice_has_its_texts_and_its_files(practice: Practice) -> None:
    """Title, reason, proof, faults and remedy come from the module; file and test file bear its name."""
    name = practice.id.replace("-", "_")
    assert (PACKAGE / f"{name}.py").is_file()
    assert (HERE / f"test_{name}.py").is_file()
    for text in (
        practice.title,
        practice.why,
        practice.proven_by,
        practice.broken_by,
        practice.mend,
        practice.remedy,
    ):
        assert len(text) > 20
    assert not practice.title.endswith(".")
    assert "\n" not in practice.remedy


@pytest.mark.parametrize("practice", GUIDE)
def test_the_good_project_is_proven_with_evidence(practice: str) -> None:
    """Where all eleven hold, each says so, shows something, and gives no remedy."""
    proof = prove(practice)
    assert proof.verdict is PROVEN, proof.summary
    assert proof.evidence
    assert proof.remedy is None


@pytest.mark.parametrize("practice", every(), ids=lambda practice: practice.id)
def test_where_no_fact_can_be_had_nothing_is_proven(practice: Practice) -> None:
    """Unknown is not good: with every gathered fact missing, the verdict is unproven, for the reason given."""
    gathered = ("base", "image", "files", "container", "edits", "gate", "canaries")
    gone: dict[str, Any] = {name: Unobservable("the engine went away") for name in gathered}
    proof = prove(practice.id, **gone)
    assert proof.verdict is UNPROVEN
    assert proof.summary == "The engine went away."
    assert proof.remedy is None


def test_only_three_practices_need_an_experiment() -> None:
    """What is left out without experiments follows from the parameters alone."""
    assert [each.id for each in every() if needs_experiment(each)] == [
        "requirements-first",
        "test-gate",
        "dockerignore",
    ]
    assert needs(get("requirements-first")) == ("release", "edits")


def test_an_unknown_id_names_the_nearest() -> None:
    """A typing error is answered with what was probably meant."""
    with pytest.raises(UsageError, match="did you mean 'slim-base'"):
        get("slim-bas")


def _module(**members: object) -> ModuleType:
    module = ModuleType(
        "elsewhere.new_practice", "A title.\n\nWhy: one\ntwo.\n\nFix: Do it.\n\n    RUN it\n      more\n"
    )
    vars(module).update(members)
    return module


def test_a_crash_is_unproven_with_the_error_as_its_reason() -> None:
    """One practice's fault hides no other, and never counts as good."""

    def crash() -> Finding:
        raise ZeroDivisionError("by zero")

    proof = judge(from_module(_module(judge=crash)), {})
    assert proof.verdict is UNPROVEN
    assert "ZeroDivisionError: by zero" in proof.summary


@pytest.mark.parametrize(
    ("remedies", "told"),
    [
        ([None], "Do it."),
        (["Do that."], "Do that."),
        (["Do that.", "Do more.", "Do that."], "Do that. Do more."),
        ([None, "Do that."], "Do it. Do that."),
    ],
)
def test_a_fault_without_a_remedy_of_its_own_gets_the_usual_one(
    remedies: list[str | None], told: str
) -> None:
    """Beside those of other faults, too: no fault is left without."""

    def look() -> Finding:
        case = Case()
        for number, remedy in enumerate(remedies):
            case.broken(f"fault {number}", remedy=remedy)
        return case.finding("")

    assert judge(from_module(_module(judge=look)), {}).remedy == told


def test_a_practice_is_read_off_its_module() -> None:
    """Name, family, texts and facts come from one file; code in a text keeps its lines."""

    def look(image: object, files: object | None) -> Finding:
        del image, files
        return Finding(NOT_APPLICABLE, "It does not apply.")

    practice = from_module(_module(judge=look, FAMILY="ours"))
    assert (practice.id, practice.family, practice.title, practice.why) == (
        "new-practice",
        "ours",
        "A title",
        "one two.",
    )
    assert (practice.needs, practice.optional) == (("image", "files"), frozenset({"files"}))
    assert practice.remedy == "Do it."
    assert practice.mend == "Do it.\n\n    RUN it\n      more"
    assert judge(practice, {"image": 1, "files": 2}).remedy is None
