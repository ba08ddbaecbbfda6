"""A second proof takes what it observed before, while nothing has changed, and says so; and never after."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hullproof.host.helper import OWN
from hullproof.runner.keys import FOLDER

from ..boots import Images
from ..conftest import Command
from ..shop import APPLICATION, SMALL_DOCKERFILE

pytestmark = pytest.mark.engine

ONLY = "--only=non-root-user,expose,default-command,dockerignore"
Proofs = dict[str, dict[str, Any]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small project that serves."""
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "Dockerfile").write_text(SMALL_DOCKERFILE)
    (shop / ".dockerignore").write_text("*\n!run.py\n")
    (shop / "run.py").write_text(APPLICATION)
    return shop


@pytest.fixture
def proofs(command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Proofs]:
    """Prove it, as somebody does whose facts are kept."""
    monkeypatch.setenv(FOLDER, str(folder.parent / "facts"))

    def prove(*options: str) -> Proofs:
        _, out, err = command("prove", str(folder), ONLY, "--format=json", *options)
        return {each["id"]: each for each in json.loads(out or err)["proofs"]}

    return prove


@pytest.mark.usefixtures("python_base")
def test_what_has_not_changed_is_not_observed_again(proofs: Callable[..., Proofs], folder: Path) -> None:
    """What has is, to the very verdict; and back again it is known."""
    first, second = proofs(), proofs()
    assert {each["observed_at"] for each in first.values()} == {None}
    assert None not in {each["observed_at"] for each in second.values()}
    assert {name: (each["verdict"], each["summary"], each["evidence"]) for name, each in first.items()} == {
        name: (each["verdict"], each["summary"], each["evidence"]) for name, each in second.items()
    }
    (folder / "run.py").write_text("raise SystemExit('no')\n")
    for _ in range(2):  # what speaks against it is observed each time
        broken = proofs("--only=default-command")["default-command"]
        assert (broken["verdict"], broken["observed_at"]) == ("broken", None)
    (folder / "run.py").write_text(APPLICATION)
    again = proofs()
    assert {name: each["observed_at"] for name, each in again.items()} == {
        name: each["observed_at"] for name, each in second.items()
    }
    assert {each["observed_at"] for each in proofs("--fresh").values()} == {None}


@pytest.mark.nightly
def test_a_base_that_moves_under_its_name_is_another_image(
    proofs: Callable[..., Proofs],
    folder: Path,
    images: Images,
    python_base: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All is observed anew, though no file of the project has changed; and back again it is known."""
    monkeypatch.setenv(OWN, python_base)  # what it is looked at from stays the same
    name, tag = f"hullproof-test-{uuid.uuid4().hex[:8]}", "3.11-slim"
    first, second = images.commit({}), images.commit({"opt/moved": b""})
    dockerfile = SMALL_DOCKERFILE.replace("python:3.11-slim", f"{name}:{tag}")
    (folder / "Dockerfile").write_text(dockerfile)
    api = images.client.api
    try:
        api.tag(first, name, tag)
        proofs()
        known = proofs()
        assert None not in {each["observed_at"] for each in known.values()}
        api.tag(second, name, tag, force=True)
        assert {each["observed_at"] for each in proofs().values()} == {None}
        api.tag(first, name, tag, force=True)
        again = proofs()
        assert {at: each["observed_at"] for at, each in again.items()} == {
            at: each["observed_at"] for at, each in known.items()
        }
    finally:
        api.remove_image(f"{name}:{tag}")
