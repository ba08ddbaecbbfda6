"""What is proven is what ships: a proof adds nothing to the image, and takes nobody's away."""

from __future__ import annotations

import json
import secrets
import shutil
from pathlib import Path

import pytest

from hullproof.engine.build import build
from hullproof.engine.connection import Engine
from hullproof.engine.leftovers import remove
from hullproof.engine.request import BuildRequest
from hullproof.owner import image_name, is_image_of

from ..conftest import Command

pytestmark = pytest.mark.engine

GOOD = Path(__file__).parents[1] / "cases" / "good"


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A context whose image nobody has built before."""
    (tmp_path / "file").write_text(secrets.token_hex(8))
    (tmp_path / "Dockerfile").write_text('FROM scratch\nCOPY file /\nCMD ["/file"]\n')
    return tmp_path


def made(engine: Engine, context: Path, owner: str = "", *tags: str) -> str:
    """Build, and return the image's id."""
    facts = build(engine, BuildRequest(context, context / "Dockerfile", owner=owner, tags=tags))
    assert facts.image_id is not None, facts.error
    return facts.image_id


def there(engine: Engine, image: str) -> bool:
    """Whether the engine has an image."""
    return any(each["Id"] == image for each in engine.client.api.images(all=True))


def test_a_runs_image_is_the_users(store: Engine, context: Path) -> None:
    """Whoever builds the same inputs gets the same id; with its last name a run's image goes."""
    image = made(store, context, "run-1")
    assert made(store, context, "run-2") == image
    remove(store.client.api, "run-1")
    assert there(store, image)
    remove(store.client.api, "run-2")
    assert not there(store, image)
    tag = f"hullproof-test-{secrets.token_hex(4)}:1"
    assert made(store, context, "", tag) == image
    made(store, context, "run-3")
    remove(store.client.api, "run-3")
    assert there(store, image)
    store.client.api.remove_image(tag)
    assert not there(store, image)


def test_an_image_that_was_there_without_a_name_stays(store: Engine, context: Path) -> None:
    """`docker build .` leaves such a one, and its owner may know it by its id alone."""
    image, before = made(store, context), len(store.client.api.images())
    try:
        for each in ("run-1", "run-2"):
            assert made(store, context, each) == image
            remove(store.client.api, each)
            assert there(store, image)
        assert len(store.client.api.images()) == before
    finally:
        store.client.api.remove_image(image, force=True)


def test_runs_side_by_side_leave_it_as_well(store: Engine, context: Path) -> None:
    """The second of two finds the image with the first one's name; a run may build it twice, too."""
    image = made(store, context)
    try:
        for each in ("run-1", "run-2", "run-2"):
            assert made(store, context, each) == image
        for each in ("run-1", "run-2"):
            remove(store.client.api, each)
            assert there(store, image)
        names = [name for each in store.client.api.images() for name in each["RepoTags"] or ()]
        assert not any(is_image_of(name, each) for name in names for each in ("run-1", "run-2"))
    finally:
        store.client.api.remove_image(image, force=True)


def test_a_name_tells_whose_it_is() -> None:
    """Of that run alone, and of none that has ended, since this process lives."""
    name = image_name("abc123")
    assert is_image_of(name, "abc123")
    assert not is_image_of(name, "abc12")
    assert not is_image_of(name, None)
    assert not is_image_of(f"registry.example/{name}", "abc123")


def test_the_image_that_is_proven_is_the_one_that_is_built(
    engine: Engine, command: Command, tmp_path: Path
) -> None:
    """The id that a report names is the id that `build --tag` gives for the same project."""
    shutil.copytree(GOOD, tmp_path / "good")
    tag = f"hullproof-test-{secrets.token_hex(4)}:1"
    code, out, _ = command(
        "prove", str(tmp_path / "good"), "--only", "workdir", "--no-experiments", "--format", "json"
    )
    report = json.loads(out)
    assert code == 0
    try:
        code, out, err = command("build", str(tmp_path / "good"), "--tag", tag)
        assert code == 0, err
        assert engine.client.images.get(tag).id == report["image"]["id"]
    finally:
        engine.client.api.remove_image(tag)
