"""The revision of a checkout, told from the repository's files: as git tells it, and nothing is run or written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import tracemalloc
from pathlib import Path

import pytest

from hullproof.project.git import Checkout, look

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git makes the repositories")

ENVIRON = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "x",
    "GIT_AUTHOR_EMAIL": "x@example.org",
    "GIT_COMMITTER_NAME": "x",
    "GIT_COMMITTER_EMAIL": "x@example.org",
    "GIT_ALLOW_PROTOCOL": "file",
}
DESCRIBE = ("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def git(folder: Path, *arguments: str) -> str:
    """Run git, without this machine's settings."""
    done = subprocess.run(
        ["git", "-C", folder, *arguments], env=ENVIRON, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def described(folder: Path) -> str | None:
    """Return what git says, of a copy: it refreshes the index, which would help what is tested."""
    copy = folder.with_name(f"{folder.name}-copy")
    subprocess.run(["cp", "-a", folder, copy], check=True)
    try:
        return git(copy, *DESCRIBE)
    except subprocess.CalledProcessError:
        return None
    finally:
        shutil.rmtree(copy)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with two commits: files in folders, a program, a link."""
    folder = tmp_path / "tree"
    (folder / "app" / "deep").mkdir(parents=True)
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "tree")
    for path in ("Dockerfile", "a-b", "a.b", "app/a.py", "app/deep/b.py", "app.txt", "z", "umlaut-ä"):
        (folder / path).write_text(f"{path}\n" * 20)
    (folder / "run.sh").write_text("exit\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("app/a.py")
    sh(folder, COMMIT)
    (folder / "z").write_text("more\n")
    sh(folder, COMMIT)
    return folder


def sh(folder: Path, script: str) -> None:
    """Run a script in a folder; the first command that fails is an error."""
    subprocess.run(["sh", "-e", "-c", script], cwd=folder, env=ENVIRON, check=True, capture_output=True)


EDITED = "echo changed > app/a.py"
COMMIT = "git add --all; git commit --quiet --message=x"
CONFLICT = f"git checkout --quiet -b other HEAD^; echo other > z; {COMMIT}; git merge main || true"
SKIPPED = "git sparse-checkout set --cone --sparse-index app/deep"
DELTAS = """
    for number in 1 2 3 4 5 6 7 8 9 10 11 12; do
        { seq 200; echo "$number"; } | git commit --quiet --allow-empty --file=-
    done
    git repack -adfq --depth=50 --window=50
    git checkout --quiet HEAD~5
"""
"""Commits that stand in a pack as changes to each other; one of them is checked out."""

STATES = {
    "clean": "",
    "edited": EDITED,
    "edited with its time kept": "touch -r z /tmp/$$; echo MORE > z; touch -r /tmp/$$ z; rm /tmp/$$",
    "touched": "touch -d 2001-01-01 z link",
    "staged": f"{EDITED}; git add app/a.py",
    "staged and put back": f"cp app/a.py x; {EDITED}; git add app/a.py; mv x app/a.py",
    "added": "echo new > app/new.py; git add app/new.py",
    "named only": "echo new > app/new.py; git add --intent-to-add app/new.py",
    "untracked": "echo new > new",
    "removed": "rm z",
    "removed from the index": "git rm --cached --quiet z",
    "removed altogether": "git rm --quiet z",
    "renamed": "git mv app/a.py app/c.py",
    "a folder moved": "mv app appliance",
    "made executable": "chmod a+x z",
    "made private": "chmod 600 z",
    "executable no more": "chmod 644 run.sh",
    "link to elsewhere": "ln -sf app/deep/b.p link",
    "link become a file": "rm link; printf app/a.py > link",
    "folder for a file": "rm z; mkdir z",
    "link for a folder": "mv app/deep elsewhere; ln -s ../elsewhere app/deep",
    "emptied": ": > z",
    "in conflict": CONFLICT,
    "conflict over": f"{CONFLICT}; git checkout --quiet --force main",
    "no index": "rm .git/index",
    "packed": "git gc --quiet",
    "packed, and edited": f"git gc --quiet; {EDITED}",
    "commits as deltas": DELTAS,
    "detached": "git checkout --quiet --detach HEAD^",
    "tagged": "git tag --annotate --message=x v1",
    "replaced": "git replace HEAD HEAD^",
    "index of version 4": "git update-index --index-version=4",
    "index of version 4, edited": f"git update-index --index-version=4; {EDITED}",
    "skipped": "git sparse-checkout set app/deep",
    "skipped as folders": SKIPPED,
    "skipped, edited": f"{SKIPPED}; echo else > app/deep/b.py",
    "assumed": "git update-index --assume-unchanged z; echo else > z",
    "modes that say nothing": "git config core.fileMode false; chmod a+x z",
}


@pytest.mark.parametrize("state", STATES)
def test_a_revision_is_what_git_says(tree: Path, state: str) -> None:
    """Clean or dirty, for whatever reason."""
    sh(tree, STATES[state])
    expected = described(tree)
    assert look(tree) == Checkout(expected, "")
    assert expected is not None
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?", expected)


# --- where the repository is -------------------------------------------------------------------------


def test_the_commits_stand_as_changes_to_each_other(tree: Path) -> None:
    """The state above that is meant to have such a commit checked out has one."""
    sh(tree, DELTAS)
    (pack,) = (tree / ".git" / "objects" / "pack").glob("*.idx")
    (line,) = [
        each
        for each in git(tree, "verify-pack", "-v", str(pack)).splitlines()
        if each[:40] == described(tree)
    ]
    assert len(line.split()) > 5  # a depth and a base


def test_a_folder_within_a_tree_is_told_with_its_path(tree: Path) -> None:
    """As `git rev-parse --show-prefix` does."""
    assert look(tree / "app" / "deep") == Checkout(described(tree), "app/deep")


def test_without_a_repository_or_a_commit_there_is_no_revision(tmp_path: Path) -> None:
    """A tree without a commit has paths all the same."""
    assert look(tmp_path) == Checkout(None, None)
    git(tmp_path, "init", "--quiet")
    (tmp_path / "app").mkdir()
    assert look(tmp_path / "app") == Checkout(None, "app")


@pytest.mark.parametrize("change", ["", EDITED])
def test_worktrees_and_borrowed_objects(tree: Path, tmp_path: Path, change: str) -> None:
    """A second tree of a repository, a clone that borrows its objects, a shallow one."""
    git(tree, "worktree", "add", "--quiet", str(tmp_path / "second"))
    git(tmp_path, "clone", "--quiet", "--shared", "tree", "shared")
    git(tmp_path, "clone", "--quiet", "--depth=1", tree.as_uri(), "shallow")
    for name in ("second", "shared", "shallow"):
        sh(tmp_path / name, change)
        git(tmp_path / name, *DESCRIBE)
        assert look(tmp_path / name) == Checkout(described(tmp_path / name), "")


@pytest.fixture
def submodule(tree: Path) -> Path:
    """A submodule of the tree, committed."""
    sh(tree, f'cp -a . ../other; git submodule --quiet add "$PWD/../other" sub; {COMMIT}')
    return tree / "sub"


@pytest.mark.parametrize(
    "change",
    [
        "",
        f"cd sub; {EDITED}",
        f"cd sub; {EDITED}; git add app/a.py",
        "touch sub/untracked",
        "cd sub; git checkout --quiet HEAD^",
        "git submodule deinit --force --quiet sub",
        "rm -r sub",
        "rm -r sub; touch sub",
    ],
)
def test_submodules(tree: Path, submodule: Path, change: str) -> None:
    """A submodule that is at another commit, or whose files have changed, makes its superproject dirty."""
    assert submodule.exists()
    sh(tree, change)
    assert look(tree) == Checkout(described(tree), "")


def test_a_submodule_is_a_tree_of_its_own(submodule: Path) -> None:
    """Though its repository lies in its superproject's."""
    sh(submodule, EDITED)
    assert look(submodule) == Checkout(git(submodule, *DESCRIBE), "")


# --- what cannot be told -----------------------------------------------------------------------------


def test_what_only_a_filter_explains_is_unknown(tree: Path) -> None:
    """Large files by git-lfs: what is recorded is what the filter made of them, and filters are not run."""
    (tree / ".gitattributes").write_text("*.bin filter=other\n")
    git(tree, "config", "filter.other.clean", "tr a-z A-Z")
    (tree / "large.bin").write_text("large\n")
    sh(tree, COMMIT)
    time.sleep(0.02)
    git(tree, *DESCRIBE)
    assert look(tree).revision == described(tree)  # it looks as it did when it was recorded
    os.utime(tree / "large.bin", (1, 1))
    assert look(tree).revision is None
    sh(tree, EDITED)
    assert look(tree).revision == described(tree)


def test_what_only_line_ends_explain_is_unknown(tree: Path) -> None:
    """Whether they count is the configuration's to say."""
    (tree / "z").write_bytes(b"more\r\n")
    assert look(tree) == Checkout(None, "")


@pytest.mark.parametrize("arguments", [("update-index", "--split-index"), ("config", "x.y", "z")])
def test_an_index_in_two_parts_is_unknown(tree: Path, arguments: tuple[str, ...]) -> None:
    """Not taken for an empty one."""
    git(tree, *arguments)
    assert look(tree).revision == (None if "--split-index" in arguments else described(tree))


def test_a_repository_of_another_hash_is_unknown(tmp_path: Path) -> None:
    """As is one that keeps its references in tables."""
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "tree")
    (tmp_path / "tree" / "a").write_text("a")
    sh(tmp_path / "tree", COMMIT)
    assert look(tmp_path / "tree") == Checkout(None, "")
    (tmp_path / "tree" / ".git" / "HEAD").write_text("ref: refs/heads/.invalid\n")
    assert look(tmp_path / "tree") == Checkout(None, "")


def test_what_takes_too_long_is_unknown(tree: Path) -> None:
    """A report does not wait for it."""
    assert look(tree, deadline_s=-1.0) == Checkout(None, "")


@pytest.mark.parametrize(
    "name", ["HEAD", "index", "packed-refs", "config", "refs/heads/main", "objects/info/alternates"]
)
@pytest.mark.parametrize("kind", ["fifo", "endless", "garbage", "link to a device", "removed"])
def test_files_that_are_none_are_not_read(tree: Path, name: str, kind: str) -> None:
    """A repository is the project's to write as well: none of its files can hang a run, or fill its memory."""
    path = tree / ".git" / name
    path.unlink(missing_ok=True)
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "endless":
        path.touch()
        os.truncate(path, 1 << 40)
    elif kind == "garbage":
        path.write_bytes(os.urandom(1000))
    elif kind == "link to a device":
        path.symlink_to("/dev/zero")
    started = time.monotonic()
    found = look(tree)
    assert time.monotonic() - started < 5
    if kind == "removed":
        assert found.revision == described(tree)
    elif name not in {"config", "objects/info/alternates", "packed-refs"}:
        assert found.revision is None


def test_an_index_that_unfolds_is_not_unfolded(tree: Path) -> None:
    """Each path of version 4 is written as an addition to the one before it: a small file can name long ones."""
    entry = bytes(60) + b"\0\0"
    body = b"DIRC\0\0\0\4" + (100_000).to_bytes(4, "big") + (entry + b"\0" + b"a" * 100 + b"\0") * 100_000
    (tree / ".git" / "index").write_bytes(body + bytes(20))
    assert look(tree).revision is None


def test_an_index_whose_paths_stay_long_is_not_unfolded(tree: Path) -> None:
    """Each may be as long as a path can be, and is written in six bytes: what they come to has a limit."""
    first = bytes(62) + b"\0" + b"a" * 4000 + b"\0"
    body = b"DIRC\0\0\0\4" + (100_000).to_bytes(4, "big") + first + (bytes(62) + b"\1a\0") * 99_999
    (tree / ".git" / "index").write_bytes(body + bytes(20))
    tracemalloc.start()
    try:
        assert look(tree).revision is None
        assert tracemalloc.get_traced_memory()[1] < 200_000_000
    finally:
        tracemalloc.stop()


def test_an_index_of_very_deep_folders_keeps_nobody_waiting(tree: Path) -> None:
    """Each path may lie two thousand folders deep, and each of these is to be hashed."""
    names = (b"%05d/" % number + b"a/" * 2000 + b"f" for number in range(4000))
    entries = b"".join(bytes(62) + name + bytes(8 - (62 + len(name)) % 8) for name in names)
    (tree / ".git" / "index").write_bytes(b"DIRC\0\0\0\2" + (4000).to_bytes(4, "big") + entries + bytes(20))
    started = time.monotonic()
    assert look(tree, deadline_s=0.5).revision is None
    assert time.monotonic() - started < 5


def test_a_repository_that_belongs_to_another_tree_is_not_looked_at(tree: Path, tmp_path: Path) -> None:
    """A file called `.git` may name any folder of the machine."""
    project = tmp_path / "project"
    project.mkdir()
    (project / ".git").write_text(f"gitdir: {tree / '.git'}\n")
    assert look(project) == Checkout(None, None)


# --- nothing is run, nothing written -----------------------------------------------------------------


@pytest.mark.parametrize(
    "door", ["commondir", ".git", "refs/heads/main", "refs/heads", "packed-refs", "HEAD"]
)
def test_no_file_or_link_leads_to_another_repository(tree: Path, tmp_path: Path, door: str) -> None:
    """Whoever names a folder of this machine is told nothing of its revision."""
    other = tmp_path / "precious"
    git(tmp_path, "clone", "--quiet", str(tree), "precious")
    git(other, "commit", "--quiet", "--allow-empty", "--message=of another")
    git(other, "pack-refs", "--all")
    git(other, "update-ref", "refs/heads/main", "HEAD^{commit}")
    (other / ".git/refs/heads/main").write_text(git(other, "rev-parse", "HEAD") + "\n")
    at = tree / ".git" / door
    if door == "commondir":
        at.write_text(str(other / ".git"))
    elif door == ".git":
        shutil.rmtree(tree / ".git")
        (tree / ".git").symlink_to(other / ".git")
    else:
        if door == "packed-refs":
            (tree / ".git/refs/heads/main").unlink()
        if at.is_dir():
            shutil.rmtree(at)
        at.unlink(missing_ok=True)
        at.symlink_to(other / ".git" / door)
    assert git(other, "rev-parse", "HEAD") != git(other, "rev-parse", "HEAD^")
    revision = look(tree).revision
    assert revision is None or git(other, "rev-parse", "HEAD") not in revision


def test_commands_of_the_configuration_are_not_run(tree: Path, tmp_path: Path) -> None:
    """Those that git itself runs, which the test sees first: a monitor of the files, a filter, a hook."""
    seen, script = tmp_path / "seen", tmp_path / "script"
    script.write_text(f"#!/bin/sh\necho >> {seen}\ncat\n")
    script.chmod(0o755)
    git(tree, "config", "core.fsmonitor", str(script))
    git(tree, "config", "filter.x.clean", str(script))
    shutil.copy(script, tree / ".git" / "hooks" / "post-index-change")
    (tree / ".gitattributes").write_text("* filter=x\n")
    os.utime(tree / "z", (1, 1))
    described(tree)
    assert seen.exists()
    seen.unlink()
    assert look(tree).revision is not None
    assert not seen.exists()


def test_a_bare_repository_within_a_tree_is_files_of_it(tree: Path) -> None:
    """Git takes a folder that looks like a repository for one, with the configuration in it."""
    git(tree, "init", "--quiet", "--bare", "bare")
    git(tree / "bare", "config", "core.bare", "false")
    git(tree / "bare", "config", "core.worktree", "..")
    (tree / "bare" / "Dockerfile").write_text("FROM scratch\n")
    sh(tree, COMMIT)
    assert look(tree / "bare") == Checkout(described(tree), "bare")


def test_nothing_is_written(tree: Path) -> None:
    """No lock, no fresh index, not even for a moment: that would change the time of its folder."""
    for path in tree.rglob("*.py"):
        os.utime(path, (1, 1))

    def state() -> dict[Path, tuple[int, ...]]:
        return {
            path: (path.lstat().st_mtime_ns, path.lstat().st_ctime_ns, path.lstat().st_size)
            for path in tree.rglob("*")
        }

    before = state()
    assert look(tree).revision is not None
    assert state() == before
