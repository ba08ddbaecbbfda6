"""The container starts without a network."""

from __future__ import annotations

from dataclasses import replace

import pytest

from .by_hand import AS_WELL, BROKEN, PROVEN, fails, prove


def test_one_that_does_as_well_is_proven() -> None:
    """Whatever it may ask for later."""
    assert prove("offline-start").verdict is PROVEN


@pytest.mark.parametrize(
    ("line", "host"),
    [
        (
            "requests: HTTPSConnectionPool(host='models.example.com', port=443): Max retries exceeded",
            "models.example.com",
        ),
        ("OSError: We couldn't connect to 'https://hub.example' to load the files", "hub.example"),
        (
            'psycopg.OperationalError: could not translate host name "db.example.net" to address',
            "db.example.net",
        ),
        ("curl: (6) Could not resolve host: words.example.org", "words.example.org"),
    ],
)
def test_the_hosts_that_it_asks_for_are_told(line: str, host: str) -> None:
    """As its log names them; its own addresses are none."""
    log = ("Listening on http://127.0.0.1:8000", line)
    proof = prove("offline-start", offline_boot=fails("it ends with exit code 1", *log))
    assert proof.verdict is BROKEN
    assert f"it asks for {host}" in proof.summary
    assert host in str(proof.remedy)
    assert "127.0.0.1" not in proof.summary


def test_the_names_that_it_asked_for_are_listed_whatever_its_log_says() -> None:
    """In the order in which it asked; those of a log that says the same are said once."""
    trial = fails("it ends with exit code 1", "cannot resolve host b.example.org")
    proof = prove("offline-start", offline_boot=replace(trial, asked=("a.example.com", "b.example.org")))
    assert "it asks for a.example.com, b.example.org" in proof.summary


def test_names_that_it_does_without_are_evidence() -> None:
    """A look-up that fails is no fault by itself."""
    proof = prove("offline-start", offline_boot=replace(AS_WELL, asked=("telemetry.example.com",)))
    assert proof.verdict is PROVEN
    assert "telemetry.example.com" in str(proof.evidence)


def test_a_boot_that_fails_without_naming_a_host_is_broken_all_the_same() -> None:
    """With its error."""
    proof = prove("offline-start", offline_boot=fails("it ends with exit code 1", "OSError: network is down"))
    assert proof.verdict is BROKEN
    assert "network is down" in proof.summary
