"""By what an image is known, and how large it is: the same words on both kinds of image store."""

from __future__ import annotations

import json
import secrets
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from hullproof.engine.build import build
from hullproof.engine.connection import Engine
from hullproof.engine.image import inspect_image
from hullproof.engine.layers import read_files
from hullproof.engine.manifest import manifest_digest
from hullproof.engine.model.image import FileFacts, ImageFacts
from hullproof.engine.request import BuildRequest
from hullproof.errors import Unobservable

from ..registry import Registry, serving

pytestmark = pytest.mark.engine


def seen(engine: Engine, name: str) -> tuple[ImageFacts, FileFacts]:
    """Look at an image as a proof does."""
    image = inspect_image(engine, name, base_diff_ids=[])
    return image, read_files(engine, image.id, base_diff_ids=[])


def refuse(request: BaseHTTPRequestHandler) -> bool:
    """Answer as a registry does that is broken."""
    request.send_error(500)
    return True


def test_size_and_configuration_are_the_same_on_every_store(store: Engine, tmp_path: Path) -> None:
    """The size is what the files of all layers hold; the configuration names those layers, and its digest is theirs."""
    (tmp_path / "large").write_bytes(secrets.token_bytes(100_001))
    (tmp_path / "Dockerfile").write_text(
        "FROM scratch\nCOPY large /one\nCOPY large /two/\nCOPY Dockerfile /one\n"
    )
    built = build(store, BuildRequest(tmp_path, tmp_path / "Dockerfile"))
    assert built.image_id is not None, built.error
    try:
        image, files = seen(store, built.image_id)
    finally:
        store.client.images.remove(built.image_id, force=True)
    assert files.size_bytes == 200_002 + (tmp_path / "Dockerfile").stat().st_size
    assert image.id in (files.config_digest, files.manifest_digest)
    assert tuple(layer.diff_id for layer in files.layers) == image.diff_ids


def test_the_containerd_store_keeps_the_manifest(
    containerd_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the image's own, not that of an index of several platforms, by whose digest this store knows the image."""
    kept = Registry()
    own, other = kept.image(), kept.image(architecture="arm64")
    index = kept.index(amd64=own, arm64=other)
    config = json.loads(kept.blobs[own][0])["config"]["digest"]
    monkeypatch.setenv("DOCKER_HOST", containerd_store)
    engine = Engine.connect()
    try:
        for top in (own, index):
            engine.client.images.load(kept.archive(top))
            image, files = seen(engine, top)
            assert (image.id, files.config_digest) == (top, config)
            assert manifest_digest(engine, image, files) == own
            engine.client.images.remove(top, force=True)
    finally:
        engine.close()


def test_the_classic_store_has_it_from_a_registry(engine: Engine) -> None:
    """Pulled by an index, it is still the manifest for this platform; of what no registry has, there is none."""
    kept = Registry()
    own, other = kept.image("a/single:1"), kept.image(architecture="arm64")
    kept.index("a/multi:1", amd64=own, arm64=other)
    with serving(kept) as address:
        for name in (f"{address}/a/single:1", f"{address}/a/multi:1"):
            engine.client.images.pull(name)
            try:
                image, files = seen(engine, name)
                assert image.id == files.config_digest == json.loads(kept.blobs[own][0])["config"]["digest"]
                assert manifest_digest(engine, image, files) == own
                kept.misbehave = refuse
                with pytest.raises(Unobservable, match=f"no registry could be asked for {address}"):
                    manifest_digest(engine, image, files)
                kept.misbehave = None
            finally:
                engine.client.images.remove(name, force=True)


def test_an_image_that_was_never_pushed_has_no_manifest(engine: Engine, python_base: str) -> None:
    """The classic store writes one for each archive, with layers as no registry will have them: that one is nobody's."""
    image, files = seen(engine, python_base)
    if image.repo_digests:
        pytest.skip("the base was pulled here")
    with pytest.raises(Unobservable, match="with the first push"):
        manifest_digest(engine, image, files)
    assert (files.manifest_digest, files.config_digest) == (None, image.id)
