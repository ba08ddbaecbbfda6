"""reproducible: four grades, and a cause and a fix for each difference."""

from __future__ import annotations

import pytest

from hullproof.facts import Bytecode, Difference, ReproductionFacts

from .by_hand import BROKEN, PROVEN, entry, lines, prove

PYC = "/opt/venv/lib/python3.11/site-packages/flask/__pycache__/app.cpython-311.pyc"


def differing(path: str, line: int = 4, **first: object) -> Difference:
    """Make a file that the second build made with other content."""
    return Difference(
        path, line, entry(path, **{"sha256": "one", **first}), entry(path, **{"sha256": "other", **first})
    )


def test_one_digest_is_proven() -> None:
    """The first rung is the last one to look at."""
    proof = prove("reproducible", reproduction=ReproductionFacts(is_identical=True))
    assert proof.verdict is PROVEN
    assert "digest" in proof.summary


def test_times_alone_are_proven_with_the_options_that_take_them_away() -> None:
    """And with what these would do to the bytecode that is there."""
    facts = ReproductionFacts(is_identical=False, times=900, stamped=103)
    proof = prove("reproducible", reproduction=facts)
    assert proof.verdict is PROVEN
    assert "rewrite-timestamp=true" in proof.summary
    assert "103 modules stale" in proof.summary


@pytest.mark.parametrize(
    ("path", "why", "fix"),
    [
        (
            "/opt/venv/lib/python3.11/site-packages/x-1.dist-info/direct_url.json",
            "the path that",
            "--editable",
        ),
        (
            "/opt/venv/lib/python3.11/site-packages/x-1.dist-info/uv_cache.json",
            "a time that uv notes",
            "RECORD",
        ),
        ("/var/log/apt/history.log", "package manager", "rm -f /var/log/apt/history.log"),
        ("/var/cache/ldconfig/aux-cache", "package manager", "rm -f /var"),
        ("/etc/machine-id", "a key or an id", "starts"),
        ("/opt/venv/lib/python3.11/site-packages/x/_speed.so", "a compiled library", "wheel"),
        ("/app/build-info.json", "made anew in each build", "SOURCE_DATE_EPOCH"),
    ],
)
def test_each_difference_has_a_cause_and_a_fix_at_its_line(path: str, why: str, fix: str) -> None:
    """Known by where it lies."""
    proof = prove(
        "reproducible", reproduction=ReproductionFacts(is_identical=False, contents=(differing(path),))
    )
    assert proof.verdict is BROKEN
    assert why in proof.summary
    assert path in proof.summary
    assert proof.remedy is not None
    assert fix in proof.remedy
    assert "Dockerfile:4" in lines(proof)


def test_bytecode_with_time_stamps_is_known_by_its_head() -> None:
    """By hash it would not differ for a time's sake."""
    stamp = Bytecode(by_hash=False, mtime=1, size=2)
    facts = ReproductionFacts(is_identical=False, contents=(differing(PYC, bytecode=stamp),))
    proof = prove("reproducible", reproduction=facts)
    assert "bytecode with the time of its source" in proof.summary
    assert proof.remedy is not None
    assert "Add `ARG SOURCE_DATE_EPOCH=0` after Dockerfile:1." in proof.remedy


def test_what_made_the_environment_gets_the_same_time_as_what_installs() -> None:
    """Pip's own modules come from `python -m venv`: an argument of its stages reaches both, one before a command does not."""
    text = (
        "FROM python:3.11-slim AS venv\nRUN python -m venv /opt/venv\nFROM venv AS deps\nRUN pip install flask\n"
        "FROM python:3.11-slim\nCOPY --from=deps /opt/venv /opt/venv\n"
    )
    stamp = Bytecode(by_hash=False, mtime=1, size=2)
    facts = ReproductionFacts(is_identical=False, contents=(differing(PYC, line=6, bytecode=stamp),))
    proof = prove("reproducible", text, reproduction=facts)
    assert proof.remedy is not None
    for line in (1, 3):
        assert f"Add `ARG SOURCE_DATE_EPOCH=0` after Dockerfile:{line}." in proof.remedy


def test_what_follows_from_others_is_said_last() -> None:
    """A RECORD has the hashes of what differs."""
    record = differing("/opt/venv/lib/python3.11/site-packages/x-1.dist-info/RECORD")
    facts = ReproductionFacts(is_identical=False, contents=(record, differing("/var/log/dpkg.log", line=13)))
    assert prove("reproducible", reproduction=facts).summary.index("package manager") < 80


def test_other_packages_are_another_grade() -> None:
    """Then nothing else is told: all follows from it."""
    facts = ReproductionFacts(
        is_identical=False, packages=("flask-3.0.0", "flask-3.1.0"), contents=(differing("/a"),)
    )
    proof = prove("reproducible", reproduction=facts)
    assert proof.verdict is BROKEN
    assert "other packages" in proof.summary
    assert "/a" not in proof.summary


def test_a_configuration_that_differs_is_broken() -> None:
    """A label with the time of the build."""
    facts = ReproductionFacts(is_identical=False, settings=("labels",))
    assert "labels" in prove("reproducible", reproduction=facts).summary


def test_the_day_in_shadow_is_equal_today_alone() -> None:
    """Though both builds of today agree."""
    proof = prove("reproducible", reproduction=ReproductionFacts(is_identical=True, dated=("app:13",)))
    assert proof.verdict is BROKEN
    assert "different tomorrow" in proof.summary
    assert "Add `ARG SOURCE_DATE_EPOCH=0` after Dockerfile:12." in (proof.remedy or "")
    assert "Dockerfile:13" in lines(proof)


def test_modes_of_the_checkout_are_said() -> None:
    """COPY --chmod takes them away."""
    mode = Difference("/app/run.py", 15, entry("/app/run.py", mode=0o644), entry("/app/run.py", mode=0o664))
    proof = prove("reproducible", reproduction=ReproductionFacts(is_identical=False, modes=(mode,), times=3))
    assert proof.verdict is PROVEN
    assert "--chmod" in proof.summary
