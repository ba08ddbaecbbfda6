"""Locks: what is locked, which packages have hashes, and a false hash for one of them."""

from __future__ import annotations

import pytest

from hullproof.lab.locks import read_lock

HASH, OTHER = "0" + "a" * 63, "b" * 63 + "0"
REQUIREMENTS = f"# made by pip-compile\nflask==3.0.0 \\\n    --hash=sha256:{HASH} \\\n    --hash=sha256:{OTHER}\nclick==8.1.7 --hash=sha256:{OTHER}\n"
UV = f"""\
version = 1

[[package]]
name = "click"
version = "8.1.7"
wheels = [{{ url = "https://example.org/click.whl", hash = "sha256:{OTHER}" }}]

[[package]]
name = "Flask"
version = "3.0.0"
sdist = {{ url = "https://example.org/flask.tar.gz", hash = "sha256:{HASH}" }}
"""
PIPENV = f'{{"default": {{"flask": {{"hashes": ["sha256:{HASH}"], "version": "==3.0.0"}}}}, "develop": {{}}}}'


@pytest.mark.parametrize(
    ("path", "text"),
    [("requirements.txt", REQUIREMENTS), ("uv.lock", UV), ("poetry.lock", UV), ("Pipfile.lock", PIPENV)],
)
def test_a_lock_is_read_and_falsified_for_one_package(path: str, text: str) -> None:
    """All hashes of that package are others then, as long as before, and nothing else has changed."""
    lock = read_lock(path, text)
    assert lock is not None
    assert lock.versions["flask"] == {"3.0.0"}
    assert "flask" in lock.with_hashes()
    false = lock.falsified("flask").decode()
    assert HASH not in false
    assert len(false) == len(text)
    if "click" in lock.versions:
        assert false.count(f"sha256:{OTHER}") == 1


@pytest.mark.parametrize("text", ["", "flask\nclick>=8\n", "-r other.txt\n"])
def test_a_list_without_versions_is_no_lock(text: str) -> None:
    """Nothing in it says what is installed."""
    assert read_lock("requirements.txt", text) is None


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Pipfile.lock", '{"default": []}'),
        ("Pipfile.lock", '{"default": {"flask": "3.0.0"}}'),
        ("Pipfile.lock", "[]"),
        ("Pipfile.lock", "[" * 100_000),
        ("uv.lock", 'package = "flask"\n'),
        ("uv.lock", 'package = ["flask"]\nmore = """\n[[package]]\n"""\n'),
    ],
)
def test_a_lock_of_another_form_is_no_lock(path: str, text: str) -> None:
    """A project may write there what it likes, and the run goes on."""
    assert read_lock(path, text) is None


def test_versions_without_hashes_are_read_all_the_same() -> None:
    """They say what is asked for."""
    lock = read_lock("requirements.txt", "flask==3.0.0\n")
    assert lock is not None
    assert lock.with_hashes() == []
