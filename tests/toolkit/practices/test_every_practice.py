"""What holds of every practice: its texts, its test file, its verdict on the good project, its honesty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hullproof.errors import UsageError
from hullproof.facts import (
    FACTS,
    BuildFacts,
    FileFacts,
    ImageFacts,
    Rebuilds,
    Trial,
    Trials,
    Unobservable,
    experiment,
    fact,
)
from hullproof.practices import GUIDE, Practice, every, from_module, get, judge
from hullproof.practices.checks import (
    Check,
    Observations,
    broken,
    check,
    in_image,
    not_applicable,
    proven,
    unproven,
)
from hullproof.practices.profiles import known, members

from .by_hand import BROKEN, CONTAINER, NOT_APPLICABLE, PROVEN, UNPROVEN, prove

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
    assert (PACKAGE / practice.family / f"{name}.py").is_file()
    assert (HERE / f"test_{name}.py").is_file()
    for text in (
        practice.title,
        practice.why,
        practice.proven_by,
        practice.broken_by,
        practice.fix,
        practice.usual_fix,
    ):
        assert len(text) > 20
    assert not practice.title.endswith(".")
    assert "\n" not in practice.usual_fix


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
    gathered = set(FACTS) - {"config", "release", "tests", "test_scripts", "build", "withheld"}
    gone: dict[str, Any] = {name: Unobservable("the engine went away") for name in gathered}
    proof = prove(practice.id, **gone)
    assert proof.verdict is UNPROVEN
    assert proof.summary == "The engine went away."
    assert proof.remedy is None


def test_the_default_profile_is_the_guide() -> None:
    """What production asks for is proven where it is asked for."""
    assert known()[0] == "guide"
    assert tuple(each.id for each in members("guide")) == GUIDE


@pytest.mark.parametrize("profile", known())
def test_a_profile_holds_the_guide_and_contradicts_itself_nowhere(profile: str) -> None:
    """Each can be proven whole: no practice in it asks for what another forbids."""
    assert set(GUIDE) <= {each.id for each in members(profile)}


def test_practices_that_contradict_each_other_never_stand_in_one_profile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whether the profile names both or the settings add one."""
    own = replace(_practice(_says_so), profiles=("acme",), contradicts=("ownership",))
    monkeypatch.setattr("hullproof.practices.profiles.every", lambda: (*every(), own))
    monkeypatch.setattr("hullproof.practices.profiles.get", lambda _: own)
    assert members("guide")
    for profile, more in (("acme", ()), ("guide", ("new-practice",))):
        with pytest.raises(UsageError, match="new-practice and ownership contradict each other"):
            members(profile, more)


def test_settings_add_practices_to_a_profile() -> None:
    """In the order in which all are proven; what is there already is there once."""
    assert [each.id for each in members("guide", ("numeric-user", "expose"))] == [*GUIDE, "numeric-user"]
    with pytest.raises(UsageError, match="did you mean 'kubernetes'"):
        members("kubernete")


def test_only_three_practices_of_the_guide_need_an_experiment() -> None:
    """What is left out without experiments follows from the parameters alone."""
    assert [each.id for each in members("guide") if each.needs_experiment] == [
        "requirements-first",
        "test-gate",
        "dockerignore",
    ]
    assert get("requirements-first").needs == ("release", "edits", "project_texts")


def test_an_unknown_id_names_the_nearest() -> None:
    """A typing error is answered with what was probably meant."""
    with pytest.raises(UsageError, match="did you mean 'slim-base'"):
        get("slim-bas")


def _says_so() -> Observations:
    yield proven("it holds")


def _module(**names: object) -> ModuleType:
    module = ModuleType(
        "elsewhere.new_practice", "A title.\n\nWhy: one\ntwo.\n\nFix: Do it.\n\n    RUN it\n      more\n"
    )
    vars(module).update(names)
    return module


def test_a_crash_is_unproven_with_the_error_as_its_reason() -> None:
    """One check's fault hides no other, and never counts as good."""

    def crash() -> Observations:
        yield proven("it holds")
        raise ZeroDivisionError("by zero")

    proof = judge(_practice(crash), {})
    assert proof.verdict is UNPROVEN
    assert "ZeroDivisionError: by zero" in proof.summary


@pytest.mark.parametrize(
    ("fixes", "told"),
    [
        ([None], "Do it."),
        (["Do that."], "Do that."),
        (["Do that.", "Do more.", "Do that."], "Do that. Do more."),
        ([None, "Do that."], "Do it. Do that."),
    ],
)
def test_a_fault_without_a_fix_of_its_own_gets_the_usual_one(fixes: list[str | None], told: str) -> None:
    """Beside those of other faults, too: no fault is left without."""

    def look() -> Observations:
        for number, fix in enumerate(fixes):
            yield broken(f"fault {number}", fix=fix)

    shown = "See `hullproof explain new-practice`."
    assert judge(_practice(look), {}).remedy == f"{told} {shown}", (
        "the text has a skeleton, and the fix says where"
    )
    plain = replace(_practice(look), fix="Do it.")
    assert judge(plain, {}).remedy == told


def test_evidence_is_whole_and_begins_with_each_fault_s_first() -> None:
    """A face shows some of it; the JSON has all."""

    def look() -> Observations:
        for fault in ("a", "b"):
            yield broken(fault, *(in_image(f"{fault}{number}", "seen") for number in range(40)))
        yield in_image("c", "seen")

    evidence = judge(_practice(look), {}).evidence
    assert [each.where for each in evidence[:2]] == ["a0", "b0"]
    assert len(evidence) == 81


def test_a_practice_is_read_off_its_module() -> None:
    """Name, family, texts and facts come from one file; code in a text keeps its lines."""

    def look(image: ImageFacts, files: FileFacts | None) -> Observations:
        del image, files
        yield not_applicable("it does not apply")

    practice = _practice(look)
    assert (practice.id, practice.family, practice.title) == ("new-practice", "elsewhere", "A title")
    assert (practice.why, practice.needs) == ("one two.", ("image", "files"))
    assert practice.usual_fix == "Do it."
    assert practice.fix == "Do it.\n\n    RUN it\n      more"
    assert judge(practice, {"image": 1, "files": 2}).remedy is None


def test_what_is_seen_of_all_checks_makes_one_verdict() -> None:
    """Broken decides, then not applicable, then unproven; of proven ones each says its part."""

    def holds() -> Observations:
        yield in_image("config.User", "app")
        yield proven("one thing holds")

    def does_not_apply() -> Observations:
        yield not_applicable("it does not apply")

    def is_unknown(image: ImageFacts) -> Observations:
        yield proven(f"never said of {image}")

    def is_broken() -> Observations:
        yield broken("something is wrong")

    def says_nothing() -> Observations:
        yield from ()

    gone = _Gone()
    every_check: list[Any] = [holds, is_unknown, does_not_apply, is_broken]
    verdicts = [judge(_practice(*every_check[:count]), gone) for count in (1, 2, 3, 4)]
    assert [each.verdict for each in verdicts] == [PROVEN, UNPROVEN, NOT_APPLICABLE, BROKEN]
    assert [each.summary for each in verdicts] == [
        "One thing holds.",
        "The engine went away.",
        "It does not apply.",
        "Something is wrong.",
    ]
    assert judge(_practice(says_nothing), {}).verdict is UNPROVEN


def test_a_fact_that_there_is_not_is_refused_when_a_practice_is_collected() -> None:
    """So is one of another type, and a practice without a check: each names what would be right."""

    def misspelled(imgae: ImageFacts) -> Observations:
        del imgae
        yield unproven("never asked")

    def mistaken(image: FileFacts) -> Observations:
        del image
        yield unproven("never asked")

    with pytest.raises(TypeError, match="imgae, which is no fact; did you mean 'image'"):
        _practice(misspelled)
    with pytest.raises(TypeError, match=r"takes image for .*FileFacts.*, which is .*ImageFacts"):
        _practice(mistaken)
    with pytest.raises(TypeError, match="has no check"):
        _practice()


def test_a_practice_may_provide_a_boot_of_its_own() -> None:
    """In its own file; a name that is taken is refused."""

    @fact
    def small_boot(trials: Trials) -> Trial:
        return trials("--memory 64m", mem_limit="64m")

    def it_boots(small_boot: Trial) -> Observations:
        yield proven(f"it boots with {small_boot.options}")

    @fact
    def image(trials: Trials) -> Trial:
        return trials("none")

    proof = judge(
        _practice(it_boots, provides=(small_boot,)), {"small_boot": Trial("--memory 64m", CONTAINER)}
    )
    assert proof.summary == "It boots with --memory 64m."
    with pytest.raises(TypeError, match="provides image, which is a fact already"):
        _practice(it_boots, provides=(image,))


def test_a_practice_may_provide_a_rebuild_of_its_own() -> None:
    """It is an experiment as those that there are: left out where they are."""

    @experiment
    def edited_readme(rebuilds: Rebuilds) -> BuildFacts:
        return rebuilds("the build with another README")

    def it_is_cached(edited_readme: BuildFacts) -> Observations:
        yield proven(f"{len(edited_readme.steps)} steps ran again")

    practice = _practice(it_is_cached, provides=(edited_readme,))
    proof = judge(practice, {"edited_readme": BuildFacts(ok=True, steps=(), duration_s=1.0)})
    assert proof.summary == "0 steps ran again."
    assert practice.needs_experiment


class _Gone(dict[str, Any]):
    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - facts of all kinds
        raise Unobservable("the engine went away")


def _practice(*checks: Check, provides: tuple[Callable[..., object], ...] = ()) -> Practice:
    """Read a practice off a module that holds these checks."""
    text = "A title.\n\nWhy: one\ntwo.\n\nFix: Do it.\n\n    RUN it\n      more\n"
    module = ModuleType("elsewhere.new_practice", text)
    for provider in provides:
        provider.__module__ = module.__name__
        setattr(module, provider.__name__, provider)
    for each in checks:
        each.__module__ = module.__name__
        setattr(module, each.__name__, check(each))
    return from_module(module)
