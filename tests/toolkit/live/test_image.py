"""Real images: what BuildKit and the engine make of Dockerfiles, read back."""

from __future__ import annotations

import io
import subprocess
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from hullproof.dockerfile import Release, parse
from hullproof.engine.connection import Engine
from hullproof.engine.history import layers_with_lines, with_lines
from hullproof.engine.image import find_image, inspect_image
from hullproof.engine.layers import read_files
from hullproof.errors import EngineError
from hullproof.facts import FileFacts, ImageFacts, Layer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.engine

DOCKERFILE = """\
FROM {base} AS build
ARG WHO=app
ENV A=b
WORKDIR /app
WORKDIR /app
COPY run.py secret.key ./
RUN chown 1000:1000 /app/run.py && chmod 640 /app/run.py
RUN rm secret.key && mkdir -p /srv/d/sub && touch /srv/d/old /srv/d/sub/old
RUN rm -rf /srv/d && mkdir /srv/d && touch /srv/d/new
RUN cp -L "$(command -v python3)" /usr/bin/rootpython && chmod 4755 /usr/bin/rootpython
FROM build
ADD caps.tar /caps/
RUN <<EOF
set -e
echo hello > /one && ln /one /two
echo "app:x:1000:1000::/app:/bin/sh" >> /etc/passwd
EOF
RUN rm -rf /srv/d && touch /srv/d
COPY --link --chown=5:6 run.py /linked/
USER 1000
EXPOSE 5000
CMD ["python3", "run.py"]
"""


@pytest.fixture(scope="module")
def image_id(engine: Engine, python_base: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build the Dockerfile above."""
    context = tmp_path_factory.mktemp("context")
    (context / "Dockerfile").write_text(DOCKERFILE.format(base=python_base))
    (context / "run.py").write_text("print(1)\n")
    (context / "secret.key").write_text("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n")
    # A tar with an extended attribute, as setcap needs rights that neither builder nor test may have.
    with tarfile.open(context / "caps.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("ping")
        info.size, info.mode = 1, 0o755
        value = bytes.fromhex("0100000200200000000000000000000000000000").decode("latin-1")
        info.pax_headers = {"SCHILY.xattr.security.capability": value}
        archive.addfile(info, io.BytesIO(b"x"))
    built = build(engine, context)
    yield built
    engine.client.images.remove(built, force=True)


def build(engine: Engine, context: Path) -> str:
    """Build a context and return the id of the image."""
    command = engine.cli("buildx", "build", "--quiet", "--load", str(context))
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def facts(engine: Engine, python_base: str, image_id: str) -> tuple[FileFacts, ImageFacts]:
    """Read the image, with lines."""
    base = find_image(engine, python_base)
    assert base is not None
    files = read_files(engine, image_id, base_diff_ids=base.diff_ids)
    image = inspect_image(engine, image_id, base_diff_ids=base.diff_ids, base_history=base.history_length)
    dockerfile = parse(DOCKERFILE)
    chain = Release(dockerfile, dockerfile.stages[-1]).chain
    image = replace(image, history=with_lines(image.history, chain))
    return layers_with_lines(files, image), image


@pytest.fixture(scope="module")
def files(facts: tuple[FileFacts, ImageFacts]) -> FileFacts:
    """Return the files of the image."""
    return facts[0]


def at_line(files: FileFacts, line: int) -> Layer:
    """Return the layer that a line made."""
    return next(layer for layer in files.layers if layer.line == line)


def test_every_layer_and_entry_has_its_line(facts: tuple[FileFacts, ImageFacts]) -> None:
    """Own layers and history carry the line that made them; the base's carry none."""
    files, image = facts
    assert [layer.line for layer in files.added_layers] == [4, 5, 6, 7, 8, 9, 10, 12, 13, 18, 19]
    own = [entry.line for entry in image.history if not entry.from_base]
    assert own == [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 18, 19, 20, 21, 22]
    assert sum(not entry.empty_layer for entry in image.history) == len(image.diff_ids)
    assert files.size_bytes > 0
    assert (image.user, image.workdir, image.exposed) == ("1000", "/app", ("5000/tcp",))


def test_a_second_workdir_makes_a_layer_with_nothing_in_it(files: FileFacts) -> None:
    """BuildKit records a layer for each WORKDIR, empty where the directory exists."""
    assert [entry.path for entry in at_line(files, 4).entries] == ["/app"]
    assert at_line(files, 5).entries == ()


def test_a_deleted_file_is_seen_where_it_was_added(files: FileFacts) -> None:
    """What a later layer deletes is still shipped."""
    key = next(entry for entry in at_line(files, 6).entries if entry.path == "/app/secret.key")
    assert key.holds == "private key"
    assert "/app/secret.key" in at_line(files, 8).removed
    assert "/app/secret.key" not in files.final


def test_owner_and_mode_are_the_last_layer_s(files: FileFacts) -> None:
    """A change of owner or mode copies the file up; the content stays."""
    before = next(entry for entry in at_line(files, 6).entries if entry.path == "/app/run.py")
    after = files.final["/app/run.py"]
    assert (before.uid, before.mode, after.uid, after.mode) == (0, 0o644, 1000, 0o640)
    assert before.sha256 == after.sha256
    assert (files.final["/linked/run.py"].uid, files.final["/linked/run.py"].gid) == (5, 6)


def test_a_replaced_directory_hides_what_it_held(files: FileFacts) -> None:
    """By an opaque directory first, then by a file of the same name."""
    lower = FileFacts(files.layers[: files.layers.index(at_line(files, 9)) + 1])
    assert {path for path in lower.final if path.startswith("/srv/d")} == {"/srv/d", "/srv/d/new"}
    assert {path for path in files.final if path.startswith("/srv/d")} == {"/srv/d"}
    assert files.final["/srv/d"].kind == "file"


def test_a_setuid_interpreter_is_told(files: FileFacts) -> None:
    """It is a regular file of its own with the bit set."""
    assert files.final["/usr/bin/rootpython"].setuid


def test_capabilities_survive_the_build(files: FileFacts) -> None:
    """The engine saves extended attributes along with the file."""
    assert files.final["/caps/ping"].capabilities
    assert not files.final["/app/run.py"].capabilities


def test_hard_links_are_the_same_file(files: FileFacts) -> None:
    """Both names have the content's size and hash."""
    one, two = files.final["/one"], files.final["/two"]
    assert (one.size, one.sha256) == (two.size, two.sha256) == (6, one.sha256)
    assert one.sha256 is not None


def test_system_texts_are_those_of_the_final_view(files: FileFacts) -> None:
    """An account that the Dockerfile adds is in the text, and in that layer only."""
    assert "app:x:1000" in (files.text("/etc/passwd") or "")
    assert "app:x:1000" not in next(layer.texts["/etc/passwd"] for layer in files.layers if layer.texts)


def test_the_final_view_is_what_a_container_has(engine: Engine, image_id: str, files: FileFacts) -> None:
    """The merged layers have the paths, kinds, owners and modes of the engine's own view of the image."""
    container = engine.client.containers.create(image_id, labels={"hullproof.test": "image"})
    try:
        with tarfile.open(
            fileobj=io.BytesIO(b"".join(cast("Iterator[bytes]", container.export())))
        ) as archive:
            real = {
                f"/{info.name.strip('./')}" if info.name == "./" else f"/{info.name}": info
                for info in archive
            }
    finally:
        container.remove(force=True)
    # The engine puts mount points and names of its own into a container.
    mine = {
        "/.dockerenv",
        "/etc/hostname",
        "/etc/hosts",
        "/etc/resolv.conf",
        "/etc/mtab",
        "/",
        "/dev",
        "/proc",
        "/sys",
    }
    skipped = {
        path
        for path in {*real, *files.final}
        if path in mine or path.startswith(("/dev/", "/proc/", "/sys/"))
    }
    assert {*real} - skipped == {*files.final} - skipped
    for path in {*real} - skipped:
        entry, info = files.final[path], real[path]
        seen = "directory" if info.isdir() else "symlink" if info.issym() else "file"
        assert (path, entry.kind, entry.uid, entry.gid) == (path, seen, info.uid, info.gid)
        assert info.issym() or (path, entry.mode) == (path, info.mode)


def test_an_image_from_scratch_is_all_own(engine: Engine, tmp_path: Path) -> None:
    """There is no base, no shell, and nothing to run."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY x /\n")
    (tmp_path / "x").write_text("x")
    image_id = build(engine, tmp_path)
    try:
        files = read_files(engine, image_id, base_diff_ids=[])
    finally:
        engine.client.images.remove(image_id, force=True)
    assert [entry.path for entry in files.added_layers[0].entries] == ["/x"]
    assert files.base == {}


def test_an_image_without_own_layers(engine: Engine, python_base: str) -> None:
    """The base itself adds nothing to itself."""
    base = find_image(engine, python_base)
    assert base is not None
    assert read_files(engine, python_base, base_diff_ids=base.diff_ids).added_layers == ()
    again = inspect_image(engine, python_base, base_diff_ids=base.diff_ids, base_history=base.history_length)
    assert all(entry.from_base for entry in again.history)


def test_an_image_that_is_not_there(engine: Engine) -> None:
    """One line with the way out."""
    for ask in (read_files, inspect_image):
        with pytest.raises(EngineError, match="hullproof/nothing is not in the engine"):
            ask(engine, "hullproof/nothing", base_diff_ids=[])
    assert find_image(engine, "hullproof/nothing") is None
