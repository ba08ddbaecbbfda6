"""`hullproof init` as a person meets it: what it says, what it writes, what it leaves alone."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from .conftest import FLASK, PROJECTS, Command, Make

WEB = {
    "requirements.txt": "flask\ngunicorn\npytest\n",
    "shop/web.py": FLASK,
    "tests/test_x.py": "def test_x(): ...\n",
    ".python-version": "3.12\n",
}
WRITTEN = [
    "Dockerfile",
    ".dockerignore",
    "noxfile.py",
    "tests/container/test_image.py",
    ".github/workflows/image.yml",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The whole project of the documentation."""
    return Path(shutil.copytree(PROJECTS / "flask-requirements", tmp_path / "shop"))


def tree(folder: Path) -> dict[str, str]:
    """Return all files of a folder, with their texts."""
    return {str(each.relative_to(folder)): each.read_text() for each in folder.rglob("*") if each.is_file()}


def test_it_says_what_it_found_and_assumed_and_wrote(command: Command, folder: Path) -> None:
    """Each line says one thing, and where it was seen or how to have it otherwise."""
    code, out, err = command("init", str(folder))
    assert (code, out) == (0, "")
    assert (
        err
        == f"""\
found    Flask, in requirements.txt:2
found    app = Flask(...), in shop/web.py:5
found    packages, in requirements.txt
found    packages for tests, in requirements-dev.txt
found    gunicorn, in requirements.txt:3, which serves it
found    port 8080, in shop/web.py:15
found    pytest tests, in tests/unit/
found    Python 3.11, in .python-version
note     requirements.txt has no hashes, later builds may install other versions: lock it (pinned-dependencies, profile release)
wrote    Dockerfile
wrote    .dockerignore
wrote    noxfile.py
wrote    tests/container/test_image.py
wrote    .github/workflows/image.yml
next     hullproof prove {folder}
"""
    )


def test_what_is_assumed_comes_after_what_was_found(command: Command, make: Make) -> None:
    """And notes come last: they ask for most."""
    folder = make({"requirements.txt": "flask\npsycopg[binary]\n", "app.py": FLASK})
    _, _, err = command("init", str(folder))
    kinds = [line.split()[0] for line in err.splitlines()]
    assert list(dict.fromkeys(kinds)) == ["found", "assumed", "note", "wrote", "next"]
    assert kinds == sorted(kinds, key=["found", "assumed", "note", "wrote", "next"].index)


def test_the_project_here_needs_no_name(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And neither does the command that comes next."""
    monkeypatch.chdir(folder)
    _, _, err = command("init")
    assert err.endswith("next     hullproof prove\n")


def test_the_second_time_there_is_nothing_to_do(command: Command, folder: Path) -> None:
    """All is there as it would be written."""
    command("init", str(folder))
    before = tree(folder)
    code, out, err = command("init", str(folder))
    assert (code, out) == (0, "")
    assert [line for line in err.splitlines() if line.startswith(("wrote", "same"))] == [
        f"same     {path}" for path in WRITTEN
    ]
    assert tree(folder) == before


def test_a_dry_run_writes_nothing_and_shows_a_patch_that_git_takes(command: Command, folder: Path) -> None:
    """What is applied is what would have been written."""
    before = tree(folder)
    code, out, err = command("init", str(folder), "--dry-run")
    assert code == 0
    assert tree(folder) == before
    assert "would    write Dockerfile\n" in err
    assert "next" not in err
    patched = folder.with_name("patched")
    shutil.copytree(folder, patched)
    subprocess.run(["git", "apply", "-"], cwd=patched, input=out, text=True, check=True)
    command("init", str(folder))
    assert tree(patched) == tree(folder)


def test_what_is_there_is_kept_and_the_difference_shown(command: Command, make: Make) -> None:
    """With the option that replaces it. The rest is written."""
    folder = make({**WEB, "Dockerfile": "FROM python:3.12-slim\nCOPY . .\nRUN pytest"})
    code, out, err = command("init", str(folder))
    assert code == 0
    assert (folder / "Dockerfile").read_text() == "FROM python:3.12-slim\nCOPY . .\nRUN pytest"
    assert out.startswith("--- a/Dockerfile\n+++ b/Dockerfile\n")
    assert "-RUN pytest\n\\ No newline at end of file\n" in out
    assert "kept     Dockerfile: it differs, see the patch above (--force replaces it)\n" in err
    assert "wrote    noxfile.py\n" in err


def test_the_ignore_file_of_another_dockerfile_withholds_nothing_that_it_may_copy(
    command: Command, make: Make
) -> None:
    """An allow-list made for ours would break its build. What no image may hold is left out all the same."""
    folder = make({**WEB, "Dockerfile": "FROM python:3.12-slim\nCOPY . .\n"})
    command("init", str(folder))
    lines = (folder / ".dockerignore").read_text().splitlines()
    assert "*" not in lines
    assert not any(line.startswith("!") for line in lines)
    assert {"**/.git", "**/.env", "**/*.key", "tests/container"} <= set(lines)


def test_force_replaces_and_shows_what_went(command: Command, make: Make) -> None:
    """So that nothing is lost: the old text can be had from the patch. The mode of the file stays."""
    folder = make({**WEB, "Dockerfile": "FROM old\n", ".dockerignore": "x\n"})
    (folder / "Dockerfile").chmod(0o640)
    code, out, err = command("init", str(folder), "--force")
    assert code == 0
    assert "-FROM old\n" in out
    assert "replaced Dockerfile\n" in err
    assert (folder / "Dockerfile").read_text().startswith("# The image of project,")
    assert stat.S_IMODE((folder / "Dockerfile").stat().st_mode) == 0o640
    assert (folder / ".dockerignore").read_text().splitlines()[1] == "*"


def test_a_noxfile_is_its_owners(command: Command, make: Make) -> None:
    """Not even --force touches it: the lines to add are shown."""
    own = "import nox\n\n@nox.session\ndef docs(session): ...\n"
    folder = make({**WEB, "noxfile.py": own})
    _, out, err = command("init", str(folder), "--force")
    assert (folder / "noxfile.py").read_text() == own
    assert "+from hullproof.sessions import git_args, image_sessions\n" in out
    assert (
        "kept     noxfile.py: for sessions that build and prove, add the last lines of the patch above" in err
    )


def test_a_noxfile_that_has_the_sessions_is_left_in_peace(command: Command, make: Make) -> None:
    """However it came to have them."""
    folder = make({**WEB, "noxfile.py": "import hullproof.sessions as s\n\ns.image_sessions(tag='shop')\n"})
    _, out, err = command("init", str(folder))
    assert out == ""
    assert "same     noxfile.py\n" in err


def test_the_dockerfile_is_where_the_settings_say(command: Command, make: Make) -> None:
    """Whatever it is called."""
    folder = make({**WEB, "hullproof.toml": "dockerfile = 'deploy/Dockerfile'\n"})
    code, _, err = command("init", str(folder))
    assert code == 0
    assert "wrote    deploy/Dockerfile\n" in err
    assert not (folder / "Dockerfile").exists()


def test_a_lower_case_dockerfile_is_the_projects(command: Command, make: Make) -> None:
    """Builders take `dockerfile` where there is no `Dockerfile`; another one beside it would put it out of effect."""
    folder = make(
        {**WEB, ".python-version": "", "dockerfile": "FROM python:3.13-slim\nRUN apt-get install ffmpeg\n"}
    )
    _, out, err = command("init", str(folder))
    assert not (folder / "Dockerfile").exists()
    assert "--- a/dockerfile\n" in out
    assert "kept     dockerfile: it differs" in err
    assert "found    Python 3.13, in dockerfile\n" in err
    assert "dockerfile installs ffmpeg; ours does not" in err


def test_the_ignore_file_is_the_one_that_the_build_reads(command: Command, make: Make) -> None:
    """`Dockerfile.dockerignore` comes before `.dockerignore`, which would have no effect beside it."""
    folder = make({**WEB, "Dockerfile.dockerignore": "*\n"})
    _, out, err = command("init", str(folder))
    assert not (folder / ".dockerignore").exists()
    assert "--- a/Dockerfile.dockerignore\n" in out
    assert "kept     Dockerfile.dockerignore: it differs" in err
    command("init", str(folder), "--force")
    assert "!shop\n" in (folder / "Dockerfile.dockerignore").read_text()


def test_new_files_have_the_mode_of_any_other(command: Command, make: Make) -> None:
    """Not that of a temporary file."""
    folder = make(WEB)
    plain = folder / "plain"
    plain.touch()
    command("init", str(folder))
    assert (folder / "Dockerfile").stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (lambda folder: (folder / "Dockerfile").mkdir(), "Dockerfile: is a folder, not a file; move it"),
        (
            lambda folder: (folder / "Dockerfile").symlink_to("/etc/passwd"),
            "Dockerfile: is a link to /etc/passwd, outside the project; remove it",
        ),
        (
            lambda folder: (folder / ".github").symlink_to("/var/tmp"),
            ".github/workflows/image.yml: is a link to /var/tmp/workflows/image.yml, outside the project; remove it",
        ),
        (
            lambda folder: (folder / ".github").write_text(""),
            ".github/workflows/image.yml: .github is a file, not a folder; move it",
        ),
        (lambda folder: (folder / "Dockerfile").symlink_to("Dockerfile"), "Dockerfile: is a link that leads nowhere; remove it"),
    ],
)  # fmt: skip
def test_where_a_file_cannot_go_nothing_is_written(
    command: Command, make: Make, prepare: object, told: str
) -> None:
    """One line says why, and all the other places are as they were."""
    folder = make(WEB)
    prepare(folder)  # type: ignore[operator] # one of the functions above
    code, out, err = command("init", str(folder), "--force")
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == f"hullproof: {told}"
    assert not (folder / "noxfile.py").exists()


def test_a_link_within_the_project_is_followed(command: Command, make: Make) -> None:
    """It stays a link."""
    folder = make({**WEB, "deploy/Dockerfile": "FROM old\n"})
    (folder / "Dockerfile").symlink_to("deploy/Dockerfile")
    command("init", str(folder), "--force")
    assert (folder / "Dockerfile").is_symlink()
    assert (folder / "deploy/Dockerfile").read_text().startswith("# The image of")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write_is_one_line(command: Command, make: Make) -> None:
    """And nothing is left of the attempt."""
    folder = make(WEB)
    folder.chmod(0o500)
    code, _, err = command("init", str(folder))
    folder.chmod(0o700)
    assert code == 2
    assert err.splitlines()[-1] == "hullproof: Dockerfile: cannot be written (Permission denied)"
    assert sorted(each.name for each in folder.iterdir()) == sorted({path.split("/")[0] for path in WEB})


def test_a_write_that_fails_leaves_the_old_file_whole(
    command: Command, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is found out in a file beside it, which goes."""
    folder = make({**WEB, "Dockerfile": "FROM old\n"})

    def full(_self: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    code, _, err = command("init", str(folder), "--force")
    assert code == 2
    assert err.splitlines()[-1] == "hullproof: Dockerfile: cannot be written (No space left on device)"
    assert (folder / "Dockerfile").read_text() == "FROM old\n"
    assert not list(folder.glob(".Dockerfile*"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["gone"], "gone: no such folder; give the project's folder"),
        (
            ["--port", "x"],
            "Invalid value for '--port': 'x' is not a valid integer (hullproof init --help says more)",
        ),
        (["--port", "99999"], "--port 99999: must be from 1 to 65535"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    command: Command, make: Make, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    """It says what would be right."""
    monkeypatch.chdir(make(WEB))
    code, _, err = command("init", *arguments)
    assert (code, err) == (2, f"hullproof: {told}\n")


def test_a_patch_on_a_terminal_moves_no_cursor(
    command: Command, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the file holds that it is a patch of."""
    folder = make({**WEB, "Dockerfile": "FROM old\x1b[2J\n"})
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    _, out, _ = command("init", str(folder))
    assert "\x1b" not in out
    assert "-FROM old\\x1b[2J\n" in out
