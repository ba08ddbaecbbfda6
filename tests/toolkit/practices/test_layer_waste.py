"""layer-waste: what later layers hide, replace and repeat."""

from __future__ import annotations

from hullproof.facts import FileEntry

from .by_hand import BROKEN, PROVEN, entry, files, layer, lines, prove

MB = 1_000_000


def venv(folder: str = "/opt/venv", megabytes: int = 6, mtime: int = 0, **changes: int) -> list[FileEntry]:
    """Make a virtual environment of so many files of a megabyte each."""
    return [
        entry(f"{folder}/lib/m{i}.py", size=MB, sha256=f"hash {i}", mtime=mtime, **changes)
        for i in range(megabytes)
    ]


def test_different_files_in_each_layer_are_proven() -> None:
    """And it is said how little is wasted."""
    proof = prove(
        "layer-waste", files=files(own=(layer(4, *venv()), layer(15, entry("/app/x.py", size=9, sha256="x"))))
    )
    assert proof.verdict is PROVEN
    assert "0.0 MB of 6.0 MB" in proof.summary


def test_a_small_environment_twice_is_over_the_bound() -> None:
    """Six megabytes at another path: both lines are named."""
    own = (layer(4, *venv()), layer(15, *venv("/srv/venv")))
    proof = prove("layer-waste", files=files(own=own))
    assert proof.verdict is BROKEN
    assert "Dockerfile:15 has again 6.0 MB of Dockerfile:4" in proof.summary
    assert "Dockerfile:15" in lines(proof)


def test_a_change_of_owner_ships_all_again() -> None:
    """RUN chown -R: the same content at the same path."""
    own = (layer(4, *venv()), layer(13, *venv(uid=1000)))
    proof = prove("layer-waste", files=files(own=own))
    assert proof.verdict is BROKEN
    assert proof.remedy is not None
    assert "COPY --chown=USER:GROUP" in proof.remedy


def test_what_a_later_step_deletes_is_shipped_all_the_same() -> None:
    """By the file, and by the folder that it lies in."""
    for gone in (("/opt/venv",), tuple(f"/opt/venv/lib/m{i}.py" for i in range(6)), ("/opt/venv/lib/",)):
        proof = prove("layer-waste", files=files(own=(layer(4, *venv()), layer(13, removed=gone))))
        assert proof.verdict is BROKEN
        assert "Dockerfile:13 deletes 6.0 MB of Dockerfile:4" in proof.summary


def test_large_files_are_known_by_name_size_and_time() -> None:
    """Their hash is not taken."""
    lower, upper = (entry(f"/{where}/big.so", size=9 * MB, sha256=None, mtime=7) for where in ("a", "b"))
    assert prove("layer-waste", files=files(own=(layer(4, lower), layer(15, upper)))).verdict is BROKEN
    other = entry("/b/big.so", size=9 * MB, sha256=None, mtime=8)
    assert prove("layer-waste", files=files(own=(layer(4, lower), layer(15, other)))).verdict is PROVEN


def test_what_is_below_the_bound_or_the_base_s_own_is_no_waste() -> None:
    """Package databases that each apt-get writes anew; a pip that replaces the base's."""
    status = [entry("/var/lib/dpkg/status", size=MB, sha256=name) for name in ("one", "two")]
    own = (layer(4, status[0]), layer(13, status[1]), layer(15, entry("/usr/bin/dash", size=20 * MB)))
    assert prove("layer-waste", files=files(own=own)).verdict is PROVEN
