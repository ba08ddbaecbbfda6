"""clean-checkout: what was built from other checkouts, and how it booted."""

from __future__ import annotations

from hullproof.facts import CheckoutBuild, CheckoutTrial, Trial

from .by_hand import BROKEN, CONTAINER, NOT_APPLICABLE, PROVEN, lines, prove, without

TRACKED = CheckoutTrial(CheckoutBuild("from tracked files alone"))


def test_builds_that_start_are_proven() -> None:
    """One that is the same image is not booted again."""
    other = CheckoutBuild("with modes as under umask 077", ("app/x.py",), "sha256:other")
    proof = prove(
        "clean-checkout", other_checkouts=(TRACKED, CheckoutTrial(other, Trial("umask", CONTAINER)))
    )
    assert proof.verdict is PROVEN
    assert "with modes as under umask 077 it builds and starts" in proof.summary


def test_a_build_that_fails_without_an_untracked_file_is_broken() -> None:
    """The line, its last word, and what was left out."""
    built = CheckoutBuild(
        "from tracked files alone",
        ("app/version.py",),
        error="exit code 1",
        line=15,
        output=("No module named version",),
    )
    proof = prove("clean-checkout", other_checkouts=(CheckoutTrial(built),))
    assert proof.verdict is BROKEN
    assert "Dockerfile:15" in lines(proof)
    assert "No module named version" in proof.summary
    assert proof.remedy is not None
    assert "app/version.py" in proof.remedy


def test_an_image_that_does_not_start_is_broken() -> None:
    """It built all the same: an entry script with CRLF."""
    built = CheckoutBuild("with line ends as git gives them on Windows", ("entry.sh",), "sha256:other")
    trial = Trial("CRLF", CONTAINER, fault="the engine cannot start it: no such file or directory")
    proof = prove("clean-checkout", other_checkouts=(CheckoutTrial(built, trial),))
    assert proof.verdict is BROKEN
    assert proof.remedy is not None
    assert "*.sh text eol=lf" in proof.remedy


def test_without_a_repository_it_is_no_concern() -> None:
    """And where the image does not start as it is, it is unproven."""
    assert prove("clean-checkout", other_checkouts=()).verdict is NOT_APPLICABLE
    assert prove("clean-checkout", **without("other_checkouts")).summary == "The build fails."
