"""What a project's proof depends on, as one digest: it changes with whatever a build could see."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hullproof.project.inputs import UncertainError, digest

from .test_git import git


def nothing(_: str) -> bool:
    """Tell that no path reaches the builder."""
    return False


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of a few files."""
    top = tmp_path / "shop"
    (top / "src/deep").mkdir(parents=True)
    for name in ("Dockerfile", "src/a.py", "src/deep/b.py", "data.bin"):
        (top / name).write_text(name)
    (top / "link").symlink_to("src/a.py")
    return top


def seen(folder: Path) -> Mapping[str, tuple[int, bytes]]:
    """Look at a tree as plainly as can be: paths, modes, and contents or targets."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        content = os.fsencode(path.readlink()) if path.is_symlink() else b""
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
        found[str(path.relative_to(folder))] = (mode, content)
    return found


def edited(folder: Path, chance: random.Random) -> None:
    """Do something to a tree, perhaps nothing that counts."""
    kept = folder / "Dockerfile"
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())]
    some, place, name = chance.choice(files), chance.choice(folders), f"n{chance.randrange(9)}"
    edits: list[Callable[[], object]] = [
        lambda: some.write_bytes(chance.randbytes(chance.randrange(3))),
        lambda: some.write_bytes(some.read_bytes()),
        lambda: some.chmod(chance.choice([0o600, 0o644, 0o755])),
        lambda: os.utime(some, (chance.randrange(10**9), chance.randrange(10**9))),
        (place / name).touch,
        (place / name).mkdir,
        lambda: (place / name).symlink_to(chance.choice(["x", "y"])),
        lambda: some.rename(place / name),
        some.unlink,
        lambda: shutil.rmtree(place),
    ]
    if some == kept or kept in place.iterdir():
        edits = edits[:-3]
    try:
        chance.choice(edits)()
    except OSError:
        return


@pytest.mark.parametrize("seed", range(10))
def test_it_changes_with_the_tree_and_with_nothing_else(folder: Path, seed: int) -> None:
    """Forty edits in a row: equal digests are equal trees, and the other way round."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    known = {digest(folder, nothing): seen(folder)}
    for _ in range(40):
        edited(folder, chance)
        found, tree = digest(folder, nothing), seen(folder)
        assert known.setdefault(found, tree) == tree
        assert [each for each, other in known.items() if other == tree] == [found]


def test_where_one_file_ends_and_the_next_begins_counts(folder: Path) -> None:
    """Contents do not run into names."""
    (folder / "data.bin").write_text("ab")
    before = digest(folder, nothing)
    (folder / "data.bin").write_text("a")
    (folder / "link").unlink()
    (folder / "link").symlink_to("bsrc/a.py")
    assert digest(folder, nothing) != before


@pytest.mark.parametrize("name", [".git", "node_modules", ".nox", "src/__pycache__"])
def test_what_is_no_part_of_the_project_counts_only_where_it_may_reach_the_builder(
    folder: Path, name: str
) -> None:
    """Then there is no digest: it is not looked at."""
    before = digest(folder, nothing)
    (folder / name).mkdir(parents=True)
    (folder / name / "file").touch()
    assert digest(folder, nothing) == before
    with pytest.raises(UncertainError, match=name):
        digest(folder, name.__eq__)


def test_a_folder_that_is_set_apart_counts_as_little(folder: Path) -> None:
    """Facts may be kept within the project, as CI services have it."""
    before = digest(folder, nothing)
    (folder / "facts").mkdir()
    (folder / "facts/one").touch()
    assert digest(folder, nothing, folder / "facts") == before
    with pytest.raises(UncertainError, match="facts"):
        digest(folder, "facts".__eq__, folder / "facts")


def test_what_cannot_be_read_leaves_no_digest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does what is too much; a FIFO is nothing to wait for."""
    os.mkfifo(folder / "fifo")
    assert digest(folder, nothing)
    (folder / "data.bin").unlink()
    (folder / "data.bin").symlink_to("/dev/zero")
    assert digest(folder, nothing)
    monkeypatch.setattr("hullproof.project.inputs.MOST_BYTES", 10)
    with pytest.raises(UncertainError):
        digest(folder, nothing)


def test_what_is_committed_and_what_is_recorded_count(folder: Path) -> None:
    """Labels name the revision, and a clean checkout has what is recorded; looking refreshes nothing that counts."""
    git(folder, "init", "-q")
    found = [digest(folder, nothing)]
    for command in (("add", "src"), ("commit", "-qm", "first"), ("add", "Dockerfile")):
        git(folder, *command)
        found.append(digest(folder, nothing))
    assert len(set(found)) == len(found)
    git(folder, "status")
    assert digest(folder, nothing) == found[-1]
