"""cache-stable: what a rebuild with another commit's values ran again."""

from __future__ import annotations

from hullproof.facts import Renewal, RenewalFacts

from .by_hand import BROKEN, NOT_APPLICABLE, PROVEN, lines, prove, without

CHANGED = ("the argument REVISION", "the version in pyproject.toml")


def test_cached_steps_are_proven_by_name() -> None:
    """It is said what was changed."""
    proof = prove("cache-stable", renewal=RenewalFacts((4,), CHANGED))
    assert proof.verdict is PROVEN
    assert "REVISION" in proof.summary


def test_an_argument_that_drops_the_cache_is_named_with_its_line() -> None:
    """And is to go behind the installing step."""
    facts = RenewalFacts((4,), CHANGED, (Renewal(CHANGED[0], "Dockerfile:2", (4,)),))
    proof = prove("cache-stable", renewal=facts)
    assert proof.verdict is BROKEN
    assert {"Dockerfile:2", "Dockerfile:4"} <= lines(proof)
    assert proof.remedy is not None
    assert "Move Dockerfile:2 behind Dockerfile:4" in proof.remedy


def test_a_version_in_what_declares_the_dependencies_is_named() -> None:
    """Its file and line are where it stands."""
    facts = RenewalFacts((4,), CHANGED, (Renewal(CHANGED[1], "pyproject.toml:7", (4,)),))
    proof = prove("cache-stable", renewal=facts)
    assert proof.verdict is BROKEN
    assert "pyproject.toml:7" in lines(proof)


def test_the_epoch_s_way_through_workdir_is_told() -> None:
    """It is no argument that could be moved."""
    facts = RenewalFacts((4,), CHANGED, (Renewal("the argument SOURCE_DATE_EPOCH", "build_args", (4,)),))
    proof = prove("cache-stable", renewal=facts)
    assert proof.remedy is not None
    assert "WORKDIR" in proof.remedy


def test_nothing_to_install_is_no_concern_and_nothing_that_changes_no_fault() -> None:
    """Each for its own reason."""
    assert prove("cache-stable", renewal=RenewalFacts(())).verdict is NOT_APPLICABLE
    assert prove("cache-stable", renewal=RenewalFacts((4,))).verdict is PROVEN


def test_where_nothing_is_built_it_is_unproven() -> None:
    """The build's failure is the reason."""
    assert prove("cache-stable", **without("renewal")).summary == "The build fails."
