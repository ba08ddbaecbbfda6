"""What git keeps of a folder, and whose line ends .gitattributes settles: held against git itself."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from hullproof.project.git import tracked


def git(folder: Path, *arguments: str) -> str:
    """Run git as nobody in particular."""
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    run = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, text=True
    )
    return run.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with files in folders, one that is ignored and one that was never added."""
    for path in ("run.sh", "app/main.py", "app/data.bin", "app/entry.sh", "docs/a b.txt", "ignored.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("line\n")
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    (tmp_path / ".gitattributes").write_text("*.sh text eol=lf\n*.bin binary\n/docs/*.txt -text\n")
    (tmp_path / "app/.gitattributes").write_text("entry.sh eol=crlf\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    (tmp_path / "new.py").write_text("never added\n")
    return tmp_path


def test_tracked_files_are_those_of_git(tree: Path) -> None:
    """At the top and from a folder of it."""
    for folder in (tree, tree / "app"):
        found = tracked(folder)
        assert found is not None
        assert found.files == set(git(folder, "ls-files", "-z").rstrip("\0").split("\0"))
        assert not found.keeps("new.py")


def test_line_ends_are_settled_as_git_says(tree: Path) -> None:
    """By the last pattern that fits, of the nearest folder."""
    found = tracked(tree)
    assert found is not None
    assert found.settled == {"run.sh", "app/data.bin", "docs/a b.txt"}


def test_what_is_settled_is_the_same_where_lines_end_otherwise(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What a later pattern says of a file counts, and whatever it leaves alone stays."""
    (tree / ".gitattributes").write_text(
        "* -text\n*.py text=auto\n*.bin eol=crlf\n*.sh !text eol=lf\nrun.sh !eol\n"
    )
    git(tree, "add", ".")
    git(tree, "commit", "-qm", "all")
    found = tracked(tree)
    assert found is not None
    other = tmp_path_factory.mktemp("elsewhere") / "clone"
    git(tree, "-c", "core.autocrlf=true", "clone", "-q", str(tree), str(other))
    same = {path for path in found.files if (other / path).read_bytes() == (tree / path).read_bytes()}
    assert found.settled == same
    assert "app/main.py" not in same


def test_attributes_have_their_time(tree: Path) -> None:
    """However many patterns there are: what takes too long is not known."""
    (tree / ".gitattributes").write_text(
        "".join(f"*{number}*{number}*.x -text\n" for number in range(50_000))
    )
    began = time.monotonic()
    assert tracked(tree, deadline_s=0.3) is None
    assert time.monotonic() - began < 5


def test_without_a_repository_nothing_is_known(tmp_path: Path) -> None:
    """Nobody says what is kept."""
    assert tracked(tmp_path) is None
