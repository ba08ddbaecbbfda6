"""build-secrets: where the canaries of secrets and arguments were found."""

from __future__ import annotations

from hullproof.facts import Leak, LeakFacts

from .by_hand import BROKEN, NOT_APPLICABLE, PROVEN, UNPROVEN, lines, prove

CARRIED = ("the secret token", "the argument API_KEY")


def test_secrets_that_are_nowhere_are_proven_by_name() -> None:
    """And it is said whether there was a provenance to search."""
    proof = prove("build-secrets", leaks=LeakFacts(CARRIED))
    assert proof.verdict is PROVEN
    assert "API_KEY" in proof.summary
    assert "provenance" in lines(proof)
    assert "provenance" in prove("build-secrets", leaks=LeakFacts(CARRIED, has_provenance=True)).summary


def test_an_argument_in_the_history_is_broken() -> None:
    """It is to become a mount, in words that each BuildKit takes: `env=` of a mount came late."""
    leak = Leak(CARRIED[1], 3, "the configuration and history")
    proof = prove("build-secrets", leaks=LeakFacts(CARRIED, (leak,)))
    assert proof.verdict is BROKEN
    assert "Dockerfile:3" in lines(proof)
    assert proof.remedy is not None
    assert (
        'RUN --mount=type=secret,id=api_key export API_KEY="$(cat /run/secrets/api_key)" &&' in proof.remedy
    )
    assert "--secret id=api_key,env=API_KEY" in proof.remedy


def test_a_secret_in_a_layer_is_broken_with_the_path() -> None:
    """Also that of a file which a later layer hides."""
    proof = prove("build-secrets", leaks=LeakFacts(CARRIED, (Leak(CARRIED[0], 4, "/root/.netrc"),)))
    assert proof.verdict is BROKEN
    assert "the secret token is in /root/.netrc" in proof.summary.lower()


def test_a_build_that_made_up_secrets_fail_is_unproven() -> None:
    """With the way out: hand in what works."""
    proof = prove("build-secrets", leaks=LeakFacts(CARRIED, failed="401 Unauthorized", failed_line=4))
    assert proof.verdict is UNPROVEN
    assert proof.remedy is not None
    assert "--secret" in proof.remedy


def test_a_build_without_secrets_is_no_concern() -> None:
    """There is nothing to give away."""
    assert prove("build-secrets", leaks=LeakFacts()).verdict is NOT_APPLICABLE
