"""The command line: exit codes, one line for each mistake, help with examples, and nothing built too early."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from hullproof.errors import EngineError, HullproofError, UsageError
from hullproof.interruption import Interrupted
from hullproof.practices import every

from ..conftest import Command
from ..rig import unprivileged

COMMANDS = ("prove", "init", "build", "config", "accept", "explain", "doctor", "clean")
DOCKERFILE = "FROM python:3.11-slim AS base\nFROM base AS release\nCOPY run.py .\nCMD python run.py\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a Dockerfile, which is the current one; asking for an engine fails the test."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)

    def connect(*_: object) -> NoReturn:
        raise AssertionError("the engine was asked for before the mistake was known")

    monkeypatch.setattr("hullproof.engine.connection.Engine.connect", connect)
    return tmp_path


def usage_error(ran: tuple[int, str, str]) -> str:
    """Return the one line of a usage error, which is all that there is."""
    code, out, err = ran
    assert (code, out) == (2, "")
    assert err.startswith("hullproof: ")
    assert err.count("\n") == 1
    return err.removeprefix("hullproof: ").rstrip("\n")


# --- usage errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--colour"], "No such option '--colour' (hullproof --help says more)"),
        (
            ["prove", "--formatt", "json"],
            "No such option '--formatt'. Did you mean '--format'? (hullproof prove --help says more)",
        ),
        (["proof"], "No such command 'proof'. Did you mean 'prove'? (hullproof --help says more)"),
        (
            ["prove", "--only", "test-gat"],
            "there is no practice called 'test-gat'; did you mean 'test-gate'?",
        ),
        (["prove", "--only", ", ,"], "--only names no practice; `hullproof explain` lists them"),
        (
            ["prove", "--only", "test-gate,dockerignore", "--no-experiments"],
            "test-gate, dockerignore: cannot be proven without experiments; leave out --no-experiments",
        ),
        (
            ["prove", "--format", "xml"],
            "Invalid value for '--format': 'xml' is not one of 'text', 'json', 'markdown', 'html', 'junit', 'sarif', 'github' (hullproof prove --help says more)",
        ),
        (
            ["prove", "--jobs", "0"],
            "Invalid value for '--jobs': 0 is not in the range x>=1 (hullproof prove --help says more)",
        ),
        (
            ["prove", "--build-arg", "=x"],
            "Invalid value for '--build-arg': '=x' must be NAME=VALUE (hullproof prove --help says more)",
        ),
        (["prove", "--image", ""], "--image: '' is not an image reference: write it as name[:tag][@digest]"),
        (
            ["prove", "--image", "", "."],
            "--image: '' is not an image reference: write it as name[:tag][@digest]",
        ),
        (
            ["prove", "--image", "registry.example/Shop:1"],
            "--image: 'registry.example/Shop:1' is not an image reference: repositories are in lower case",
        ),
        (["explain", "workdi"], "there is no practice called 'workdi'; did you mean 'workdir'?"),
        (
            ["build", "--check", "--tag", "x"],
            "--check keeps no image, so there is nothing to name with --tag; leave out one of them",
        ),
        (["accept", "--until", "2099-01-31"], "say what to accept: --all-broken, or --only ID,..."),
        (["accept", "--all-broken", "--until", "soon"], "--until 'soon' is no day; write it as 2027-01-31"),
        (
            ["accept", "--all-broken", "--until", "2020-01-31"],
            "--until 2020-01-31 is over; give a day to come",
        ),
        (
            ["accept", "--all-broken", "--until", "2099-01-31", "--reason", " "],
            "--reason is empty; say why, for those who read reports",
        ),
        (
            ["prove", "--output", "board:here"],
            "--output board:here: is no address; write it as board:https://board.example",
        ),
        (
            ["prove", "--output", "board:https://board.example"],
            "--output board:https://board.example: put the board's token into the environment, as HULLPROOF_BOARD_TOKEN",
        ),
        (["prove", "--quiet", "--verbose"], "--verbose shows more and --quiet less; leave out one of them"),
        (["clean", "all"], "Got unexpected extra argument (all) (hullproof clean --help says more)"),
        (
            ["prove", "--output", "report.pdf"],
            "report.pdf: no format has this ending; use .txt, .json, .md, .html, .xml, .sarif, .github, .intoto.json, .cdx.json, or name one: markdown:report.pdf",
        ),
        (
            ["prove", "--output", "report"],
            "report: no format has this ending; use .txt, .json, .md, .html, .xml, .sarif, .github, .intoto.json, .cdx.json, or name one: markdown:report",
        ),
        (
            ["prove", "--output", "report", "--format", "json", "--format", "html"],
            "report: one file takes one --format, not json and html",
        ),
        (
            ["prove", "--output", "markdown:"],
            "--output 'markdown:' names no file; write it as markdown:report.md",
        ),
        (
            ["prove", "--output", ""],
            "--output '' names no file; write it as markdown:report.md",
        ),
        (
            ["prove", "--format", "text", "--format", "html"],
            "stdout takes one --format, not text and html; write files: --output report.html",
        ),
        (
            ["prove", "--output", "r.json", "--output", "r.html", "--output", "../{0}/r.json"],
            "../{0}/r.json: two reports would go there; name each file and folder once",
        ),
        (
            ["prove", "--output", "r.json", "--output", "gone/r.html"],
            "gone/r.html: there is no folder {1}/gone; make it first",
        ),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    command: Command, project: Path, arguments: list[str], said: str
) -> None:
    """The line says what is wrong and what would be right; the engine is not asked for."""
    given = [each.format(project.name) for each in arguments]
    assert usage_error(command(*given)) == said.format(project.name, project)
    assert sorted(each.name for each in project.iterdir()) == ["Dockerfile"]


def test_a_practice_that_is_near_to_none_gets_the_list(command: Command, project: Path) -> None:
    """Where no id is near, all are named."""
    assert project.is_dir()
    said = usage_error(command("prove", "--only", "zzzzzz"))
    assert all(practice.id in said for practice in every())


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {},
            "{0}/shop/Dockerfile: no such file; `hullproof init` writes one, or give the folder that holds one",
        ),
        (
            {"hullproof.toml": "dockerfil = 'x'"},
            "hullproof.toml: unknown key 'dockerfil'; did you mean 'dockerfile'?",
        ),
        (
            {"hullproof.toml": "", "pyproject.toml": "[tool.hullproof]"},
            "hullproof.toml and [tool.hullproof] in pyproject.toml both exist; keep one of them",
        ),
        (
            {"hullproof.toml": "dockerfile = 'docker'", "docker/Dockerfile": "FROM x"},
            "docker: is a folder, not a file; put a file there, or nothing",
        ),
    ],
)
def test_a_project_that_cannot_be_read_is_wrong_usage(
    command: Command, project: Path, files: dict[str, str], said: str
) -> None:
    """Missing, misnamed and mistaken files are told by path, in one line."""
    folder = project / "shop"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    assert usage_error(command("prove", "shop")) == said.format(project)


@pytest.mark.parametrize(
    ("dockerfile", "words"),
    [
        (b"", ["Dockerfile", "empty"]),
        (b"# only a comment\n\n", ["Dockerfile"]),
        (b"\xef\xbb\xbf", ["Dockerfile"]),
        (b"RUN true\n", ["Dockerfile", "FROM"]),
        (b"FROM python:3.11-slim\nFROBNICATE x\n", ["Dockerfile:2"]),
        (b"FROM python:3.11-slim\nRUN <<EOF\nnever ended\n", ["Dockerfile"]),
    ],
)
def test_a_dockerfile_that_no_build_would_take_is_a_build_that_fails(
    command: Command, project: Path, dockerfile: bytes, words: list[str]
) -> None:
    """Empty ones and syntax errors: a report with their place, and exit code 1; other commands say a line."""
    (project / "Dockerfile").write_bytes(dockerfile)
    code, out, err = command("prove", "--format", "json")
    report = json.loads(out)
    assert (code, report["verdict"]) == (1, "unproven")
    assert report["build_error"]["reason"]
    assert {proof["verdict"] for proof in report["proofs"]} == {"unproven"}
    for word in words:
        place, _, line = word.partition(":")
        assert word in report["proofs"][0]["summary"]
        assert not line or (place, report["build_error"]["line"]) == ("Dockerfile", int(line))
    assert "Traceback" not in err
    code, out, err = command("config")
    assert (code, out, len(err.splitlines())) == (1, "", 1)


@pytest.mark.parametrize("where", ["target = 'relase'", None])
def test_an_unknown_stage_names_the_nearest(command: Command, project: Path, where: str | None) -> None:
    """From the configuration and from --target alike."""
    if where:
        (project / "hullproof.toml").write_text(where)
    said = usage_error(command("prove") if where else command("build", "--target", "relase"))
    assert "relase" in said
    assert "release" in said


def test_a_missing_folder_is_wrong_usage(command: Command, project: Path) -> None:
    """The folder is named, and what it would have to hold."""
    assert usage_error(command("prove", "gone")) == (
        f"{project}/gone: no such folder; give the folder that holds the Dockerfile"
    )


def test_a_file_in_a_folders_place_is_wrong_usage(command: Command, project: Path) -> None:
    """A Dockerfile is not a project: its folder is."""
    assert "no such folder" in usage_error(command("prove", str(project / "Dockerfile")))


def test_output_into_a_missing_folder_is_wrong_usage(command: Command, project: Path) -> None:
    """Known before anything is built."""
    said = usage_error(command("prove", "--output", "reports/new/report.json"))
    assert said == f"reports/new/report.json: there is no folder {project}/reports/new; make it first"


def test_one_file_for_what_is_of_one_project_is_wrong_usage(command: Command, project: Path) -> None:
    """A statement is about one image: with several projects, they need a folder."""
    for name in ("a", "b"):
        (project / name).mkdir()
        (project / name / "Dockerfile").write_text(DOCKERFILE)
    said = usage_error(command("prove", "a", "b", "--output", "all.intoto.json"))
    assert said == "all.intoto.json: test-result is of one project; with several, name a folder"


def test_output_where_nothing_can_be_written_is_wrong_usage(
    command: Command, project: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known before anything is built, for a file and for a folder."""
    (open_folder / "Dockerfile").write_bytes((project / "Dockerfile").read_bytes())
    monkeypatch.chdir(open_folder)
    with unprivileged():
        (open_folder / "locked").mkdir(mode=0o500)
        assert "cannot be written" in usage_error(command("prove", "--output", "locked/report.json"))
        assert "cannot be written" in usage_error(command("prove", "--output", "locked"))


def test_metadata_into_a_missing_folder_is_wrong_usage(command: Command, project: Path) -> None:
    """Known before the build, not after it."""
    said = usage_error(command("build", "--metadata", "gone/image.json"))
    assert said == f"gone/image.json: there is no folder {project}/gone; make it first"


def test_an_error_with_line_breaks_and_escapes_is_shown_on_one_line(command: Command, project: Path) -> None:
    """A name from outside neither breaks the line nor colours the screen."""
    assert project.is_dir()
    said = usage_error(command("prove", "evil\n\x1b[31m"))
    assert "evil \\x1b[31m" in said


# --- help and version --------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], *([each] for each in COMMANDS)])
def test_help_has_examples_one_a_line(command: Command, arguments: list[str]) -> None:
    """Each command's help shows how it is typed, unwrapped, and exits with 0."""
    code, out, err = command(*arguments, "--help")
    assert (code, err) == (0, "")
    examples = out.partition("\n  Examples:\n")[2].partition("\n\n")[0].splitlines()
    assert examples
    assert all(line.startswith("    hullproof " + " ".join(arguments)) for line in examples)
    assert "\\b" not in out


def test_no_command_shows_the_help_and_is_no_success(command: Command) -> None:
    """Nothing was asked for, so nothing is proven."""
    code, out, err = command()
    assert (code, out) == (2, "")
    assert "Examples:" in err


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_help_and_version_cost_no_heavy_import(option: str) -> None:
    """They answer without loading the SDK, the parser or the screen, and in no command's file."""
    heavy = ("docker", "rich", "dockerfile", "tree_sitter", "hullproof.cli.prove", "hullproof.runner")
    code = (
        f"import sys, atexit; sys.argv = ['hullproof', '{option}']; "
        f"atexit.register(lambda: print([name for name in {heavy} if name in sys.modules])); "
        "from hullproof.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("\n[]\n")


def test_the_version_is_on_one_line(command: Command) -> None:
    """As other programs read it."""
    assert re.fullmatch(r"hullproof, version \d+\.\d+\.\d+\S*\n", command("--version")[1])


# --- explain -----------------------------------------------------------------------------------------


def test_explain_without_an_id_lists_every_practice(command: Command) -> None:
    """A line each, in the guide's order: id and title."""
    code, out, _ = command("explain")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == [practice.id for practice in every()]
    assert all(practice.title in out for practice in every())


@pytest.mark.parametrize("practice", every(), ids=lambda practice: practice.id)
def test_explain_shows_all_four_texts(command: Command, practice: object) -> None:
    """Why, what proves it, what breaks it, how to fix: every word of each."""
    identifier = str(getattr(practice, "id"))  # noqa: B009 - a practice, which pytest hands over as anything
    code, out, _ = command("explain", identifier)
    assert code == 0
    more = ["Profiles"] if getattr(practice, "profiles") else []  # noqa: B009 - the same
    assert re.findall(r"(?m)^\S.*$", out)[1:] == ["Why", "Proven by", "Broken by", "Fix", *more]
    for text in ("why", "proven_by", "broken_by", "fix"):
        assert " ".join(getattr(practice, text).split()) in " ".join(out.split())
    assert max(len(line) for line in out.splitlines()) <= 100


# --- how it ends -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UsageError("wrong"), 2, "hullproof: wrong\n"),
        (EngineError("no engine"), 3, "hullproof: no engine\n"),
        (HullproofError("bad"), 1, "hullproof: bad\n"),
        (KeyboardInterrupt(), 130, "hullproof: interrupted\n"),
        (Interrupted(signal.SIGINT), 130, "hullproof: interrupted\n"),
        (Interrupted(signal.SIGHUP), 129, "hullproof: interrupted\n"),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_each_end_has_its_exit_code_and_one_line(
    command: Command, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, said: str
) -> None:
    """Errors own their exit code; signals end as a shell expects; a reader who has gone is no failure."""

    def end(**_: object) -> NoReturn:
        raise error

    monkeypatch.setattr("hullproof.cli.prove.prove_all", lambda *_, **__: end())
    assert command("prove") == (code, "", said)


@pytest.mark.parametrize("code", [0, 1, 3])
def test_what_proving_came_to_is_the_exit_code(
    command: Command, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """The worst of all projects, as proving returns it."""
    monkeypatch.setattr("hullproof.cli.prove.prove_all", lambda *_, **__: code)
    assert command("prove")[0] == code


def piped(arguments: list[str], reader: list[str]) -> tuple[int, str]:
    """Run the command with stdout into `reader`; return its exit code and stderr."""
    with subprocess.Popen(
        [sys.executable, "-m", "hullproof", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        subprocess.run(reader, stdin=process.stdout, stdout=subprocess.DEVNULL, check=True)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
    return process.returncode, err


def test_a_reader_who_has_seen_enough_gets_no_traceback() -> None:
    """`hullproof explain | true` ends quietly."""
    assert piped(["explain"], ["true"]) == (0, "")


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "1>&- 2>&-"])
def test_closed_streams_are_no_crash(closed: str) -> None:
    """With stdout or stderr closed from the start, the exit code is still right."""
    script = f'exec "$0" -m hullproof explain workdir {closed}'
    done = subprocess.run(["sh", "-c", script, sys.executable], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode == 0


def test_usage_errors_with_stderr_closed_keep_their_exit_code() -> None:
    """Nobody can be told, and still it was wrong usage."""
    script = 'exec "$0" -m hullproof explain nothing 2>&-'
    assert subprocess.run(["sh", "-c", script, sys.executable], check=False).returncode == 2


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("hullproof exp", ["explain"]),
        ("hullproof explain test-", ["test-gate"]),
        ("hullproof prove --only expose,non", ["expose,non-root-user"]),
        ("hullproof prove --no-exp", ["--no-experiments"]),
    ],
)
def test_a_shell_completes_commands_options_and_practices(typed: str, completed: list[str]) -> None:
    """As Click's users know it."""
    environ = {
        "_HULLPROOF_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
    }
    done = subprocess.run(
        [sys.executable, "-m", "hullproof"],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert [line.partition(",")[2] for line in done.stdout.splitlines()] == completed


def test_on_windows_it_says_where_it_runs() -> None:
    """In a line, however little of POSIX there is."""
    script = (
        "import signal; del signal.SIGHUP\n"
        "from hullproof.cli import main\nimport sys; sys.platform = 'win32'\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    said = "hullproof: on Windows it runs within WSL 2, which is Linux: learn.microsoft.com/windows/wsl\n"
    assert (done.returncode, done.stdout, done.stderr) == (3, "", said)
