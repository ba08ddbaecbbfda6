"""The container runs with a root that it cannot write to."""

from __future__ import annotations

import pytest

from .by_hand import BROKEN, PROVEN, entry, fails, files, image, layer, lines, prove

WRITES = ("/app/data/shop.db", "/app/run.pid", "/tmp/x", "/app/__pycache__/a.pyc", "/app/uploads/1")


def test_it_is_proven_where_it_does_as_well() -> None:
    """With the options as they can be given to `docker run`."""
    assert prove("read-only-root", changed_paths=WRITES).verdict is PROVEN


@pytest.mark.parametrize(
    ("log", "named"),
    [
        ("OSError: [Errno 30] Read-only file system: '/app/run.pid'", "It writes to /app"),
        ("/entry.sh: 3: cannot create /etc/app/site.conf: Read-only file system", "It writes to /etc/app"),
        ("sqlite3.OperationalError: attempt to write a readonly database", "It writes to /app/data, /app"),
    ],
)
def test_the_paths_are_those_of_the_error_or_of_the_ordinary_boot(log: str, named: str) -> None:
    """Neither what lies in memory, nor a volume, nor bytecode that nobody misses."""
    proof = prove(
        "read-only-root",
        image=image(volumes=("/app/uploads",)),
        changed_paths=WRITES,
        read_only_boot=fails("it ends with exit code 1", log),
    )
    assert proof.verdict is BROKEN
    assert log in proof.summary
    assert named in str(proof.remedy)
    assert {"/app/data/shop.db", "/app/run.pid"} <= lines(proof)
    assert not {"/tmp/x", "/app/__pycache__/a.pyc", "/app/uploads/1"} & lines(proof)


@pytest.mark.parametrize(("path", "mounts"), [("/app/run.pid", False), ("/app/state/run.pid", True)])
def test_no_fix_hides_what_the_image_has(path: str, mounts: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Memory over a folder takes the code away that lies in it; over an empty one it takes nothing."""
    proof = prove(
        "read-only-root",
        files=files(layer(15, entry("/app/state/", uid=1000))),
        read_only_boot=fails(
            "it ends with exit code 1", f"OSError: [Errno 30] Read-only file system: '{path}'"
        ),
    )
    assert ("--tmpfs" in str(proof.remedy)) is mounts
    assert ("mount nothing over what the image has in /app" in str(proof.remedy)) is not mounts
