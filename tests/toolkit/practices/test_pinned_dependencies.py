"""pinned-dependencies: a false hash, and what is installed against what is locked."""

from __future__ import annotations

from typing import Any

from hullproof.facts import LockFacts
from hullproof.model import Proof

from .by_hand import BROKEN, NOT_APPLICABLE, PROVEN, UNPROVEN, entry, files, layer, lines, prove

PACKAGES = "/usr/local/lib/python3.11/site-packages"
LOCKED = {"flask": frozenset({"3.0.0"}), "typing-extensions": frozenset({"4.12.2"})}


def judged(*installed: str, **changes: Any) -> Proof:  # noqa: ANN401 - of any type
    """Judge an image with these distributions, by a lock that holds."""
    values = {"failed": True, "said": "hashes do not match", "locked": LOCKED, **changes}
    facts = LockFacts(("requirements.txt",), 4, "requirements.txt", "flask", **values)
    own = (layer(4, *(entry(f"{PACKAGES}/{name}.dist-info/METADATA") for name in installed)),)
    return prove("pinned-dependencies", falsified=facts, files=files(own=own))


def test_a_false_hash_that_stops_the_build_is_proven() -> None:
    """With what is installed as it is locked, however a name is spelled."""
    assert judged("flask-3.0.0", "typing_extensions-4.12.2", "pip-24.0").verdict is PROVEN


def test_where_nothing_is_installed_nothing_is_said_of_it() -> None:
    """None of none is no proof."""
    assert "all 0" not in judged().summary


def test_a_false_hash_that_is_installed_is_broken() -> None:
    """The installing step is named."""
    proof = judged("flask-3.0.0", failed=False)
    assert proof.verdict is BROKEN
    assert "Dockerfile:4" in lines(proof)


def test_a_build_that_fails_of_something_else_is_unproven() -> None:
    """An index that did not answer shows nothing."""
    assert judged("flask-3.0.0", failed=None, said="connection refused").verdict is UNPROVEN


def test_no_hashes_at_all_are_broken() -> None:
    """Pins alone say what is asked for, not what is got."""
    facts = LockFacts(("requirements.txt",), 4)
    proof = prove("pinned-dependencies", falsified=facts)
    assert proof.verdict is BROKEN
    assert "requirements.txt" in proof.summary


def test_what_is_not_locked_or_of_another_version_is_broken() -> None:
    """Beside the lock, or upgraded behind it."""
    assert "8.1.7 is installed, and not locked" in judged("flask-3.0.0", "click-8.1.7").summary
    assert "3.0.0 is locked" in judged("flask-3.1.0").summary


def test_the_project_itself_is_not_locked() -> None:
    """Its own distribution comes from the context."""
    assert judged("flask-3.0.0", "shop-1.0", own=frozenset({"shop"})).verdict is PROVEN


def test_nothing_that_a_file_declares_is_no_concern() -> None:
    """There is nothing to lock."""
    assert prove("pinned-dependencies", falsified=LockFacts()).verdict is NOT_APPLICABLE
