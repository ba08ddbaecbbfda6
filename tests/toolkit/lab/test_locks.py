"""Locks: what is locked, which packages have hashes, and a false hash for one of them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hullproof.facts import BuildFacts, Step
from hullproof.lab.locks import read_lock, run
from hullproof.project.project import Project

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


class Replayed:
    """Rebuilds of a project that go through these moments, until they are ended or fail of a hash."""

    def __init__(self, folder: Path, moments: list[list[Step]]) -> None:
        """Take the project's folder, and the steps as they stand at each moment."""
        self.recipe = SimpleNamespace(project=Project.open(folder))
        self.moments = moments

    def __call__(self, _what: str, *, change: Any, stop_when: Any) -> BuildFacts:  # noqa: ANN401 - no engine is asked
        """Go through the moments."""
        assert callable(change)
        for moment in self.moments:
            if stop_when(tuple(moment)):
                return BuildFacts(ok=False, steps=tuple(moment), duration_s=0.1, stopped_early=True)
        return BuildFacts(ok=False, steps=(), duration_s=0.1, error="Hash mismatch for flask")


def test_where_a_list_is_written_of_the_lock_what_installs_from_that_decides(tmp_path: Path) -> None:
    """The step that writes the list goes through whatever the hashes are: that is no reason to end the rebuild."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    (tmp_path / "uv.lock").write_text(UV)
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.12-slim AS list\nCOPY pyproject.toml uv.lock ./\nRUN uv export --frozen -o pylock.toml\n\n"
        "FROM python:3.12-slim\nCOPY --from=list /pylock.toml ./\nRUN uv pip sync pylock.toml\n"
    )
    written = [Step("list", line=3, started=True, completed=True)]
    facts = run(cast("Any", Replayed(tmp_path, [written])), ["flask"])
    assert (facts.lock, facts.package, facts.failed, facts.line) == ("uv.lock", "flask", True, 7)
    installed = [*written, Step("install", line=7, started=True, completed=True)]
    assert run(cast("Any", Replayed(tmp_path, [written, installed])), ["flask"]).failed is False
