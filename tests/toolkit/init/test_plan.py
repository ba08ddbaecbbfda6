"""What is written: Dockerfiles that the toolkit itself understands, ignore files that fit, files that are valid."""

from __future__ import annotations

import ast
import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from hullproof.dockerfile import install_commands, test_commands
from hullproof.init.look import look
from hullproof.init.model import Choices
from hullproof.init.plan import plan
from hullproof.lab.installing import candidates
from hullproof.practices import GUIDE
from hullproof.project.config import load
from hullproof.project.ignorefile import patterns
from hullproof.project.project import Project

from .conftest import FLASK, PROJECTS, Make, See, said

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KINDS = sorted(each.name for each in PROJECTS.iterdir())
WEB = {"requirements.txt": "flask\ngunicorn\n", "app.py": FLASK, "tests/test_x.py": "def test_x(): ...\n"}


@pytest.fixture(params=KINDS)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """One of the whole projects, with everything that is planned for it."""
    folder: Path = tmp_path / request.param
    shutil.copytree(PROJECTS / request.param, folder)
    for each in plan(look(folder, Choices())):
        target = folder / each.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(each.text)
    return folder


def test_the_dockerfile_is_one_that_the_toolkit_reads(written: Path) -> None:
    """Tests in a stage that the release needs; a user, a port, a command in exec form; packages from files."""
    project = Project.open(written)
    promised = project.release.contract
    assert [stage.name for stage in project.needed_stages][-1] == "release"
    assert project.test_stage in project.needed_stages
    assert (
        any(test_commands(each) for each in project.test_stage.instructions) if project.test_stage else False
    )
    assert promised.command is not None
    assert not promised.command.shell_form
    assert all(
        install.declares_file or install.tools_only or install.artifacts or stage.name == "test"
        for stage in project.dockerfile.stages
        for instruction in stage.instructions
        for install in install_commands(instruction)
    )


def test_what_declares_the_packages_is_known(written: Path) -> None:
    """Also where it is turned into a list for pip within the build: an edit to it can be tried."""
    named = {path for each in candidates(Project.open(written)) for path in each.step.files}
    declaring = {"requirements.txt", "requirements/production.txt", "pyproject.toml"}
    assert named & declaring


def test_the_ignore_file_lets_in_just_what_the_dockerfile_takes(written: Path) -> None:
    """Everything is shut out first; then each source of a COPY from the context is let in, and no more."""
    project = Project.open(written)
    copied = {
        source.rstrip("/")
        for each in project.dockerfile.instructions
        if each.keyword == "COPY" and each.flag("from") is None
        for source in each.sources
    }
    lines = patterns((written / ".dockerignore").read_text())
    assert lines[0].text == "*"
    assert {each.text for each in lines if each.exception} == copied


def test_what_is_written_is_valid(written: Path) -> None:
    """Python, TOML and JSON: every file is read as what it is."""
    for path in (written / "noxfile.py", written / "tests/container/test_image.py"):
        ast.parse(path.read_text())
    command = next(
        line for line in (written / "Dockerfile").read_text().splitlines() if line.startswith("CMD ")
    )
    assert json.loads(command.removeprefix("CMD "))
    header = re.search(
        r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$", (written / "noxfile.py").read_text()
    )
    assert header is not None  # as PEP 723 finds it
    content = "".join(
        line.removeprefix("# ").removeprefix("#") for line in header["content"].splitlines(keepends=True)
    )
    assert tomllib.loads(content) == {"dependencies": ["nox", "hullproof[nox]>=1.2"]}


def test_no_line_is_left_with_space_at_its_end_and_no_gap_is_wider_than_a_line(written: Path) -> None:
    """Whatever a template left out, nobody can tell."""
    for path in (
        "Dockerfile",
        ".dockerignore",
        "tests/container/test_image.py",
        ".github/workflows/image.yml",
    ):
        text = (written / path).read_text()
        assert not re.search(r"[ \t]$", text, re.MULTILINE), path
        assert ("\n\n\n" in text) == path.endswith(".py"), path
        assert text.endswith("\n"), path
        assert not text.endswith("\n\n"), path


def test_the_second_look_sees_what_the_first_one_saw(written: Path) -> None:
    """What is written changes nothing of what is written next time."""
    for each in plan(look(written, Choices())):
        assert each.text == (written / each.path).read_text(), each.path


def text_of(see: See, path: str, files: dict[str, str], **choices: object) -> str:
    """Return one of the planned files."""
    return next(each.text for each in plan(see(files, **choices)) if each.path == path)


def test_names_with_spaces_are_copied_as_lists(see: See) -> None:
    """COPY would take them for several."""
    files = {**WEB, "app.py": FLASK + "p = open('my data/x')\n", "my data/x": ""}
    dockerfile = text_of(see, "Dockerfile", files)
    assert 'COPY --chown=appuser:appuser ["my data", "my data"]' in dockerfile
    assert "\n!my data\n" in text_of(see, ".dockerignore", files)


def test_a_folders_name_cannot_end_the_comment_that_it_stands_in(make: Make) -> None:
    """Or bring an instruction along."""
    folder = make(WEB)
    odd = folder.with_name("shop\nRUN rm -rf x")
    folder.rename(odd)
    text = plan(look(odd, Choices()))[0].text
    assert "\nRUN rm" not in text
    assert text.startswith("# The image of shop_RUN rm -rf x,")


def test_a_first_test_tests_what_there_is(see: See) -> None:
    """The application's object, or what its factory makes, or Django's checks."""
    no_tests = {key: value for key, value in WEB.items() if not key.startswith("tests/")}
    assert "from app import app\n" in text_of(see, "tests/test_first.py", no_tests)
    factory = {**no_tests, "app.py": "def create_app():\n    return Flask('x')\n"}
    assert "callable(create_app())" in text_of(see, "tests/test_first.py", factory)


def test_a_projects_settings_are_written_once(see: See) -> None:
    """Where pyproject.toml has them, a second file would be an error."""
    files = {**WEB, "app.py": FLASK + "K = os.environ['K']\n"}
    findings = see(files)
    text = next(each.text for each in plan(findings) if each.path == "hullproof.toml")
    (findings.folder / "hullproof.toml").write_text(text)
    assert load(findings.folder).config.env == {"K": "made-up"}
    (findings.folder / "hullproof.toml").unlink()
    for own in ({"pyproject.toml": "[tool.hullproof]\nready = 5000\n"}, {"hullproof.toml": "ready = 5000\n"}):
        configured = see({**files, **own})
        assert "hullproof.toml" not in [each.path for each in plan(configured)]
        assert (
            "it needs this to start; give it by `env` in your settings for Hullproof: K (app.py:4)"
            in said(configured, "note")
        )


def test_what_other_profiles_ask_for_and_is_not_known_is_said(see: See) -> None:
    """Hashes that nothing has, and what tells that a worker works; nothing of it where it is settled."""
    hashes = "requirements.txt has no hashes, later builds may install other versions: lock it (pinned-dependencies, profile release)"
    health = "no HEALTHCHECK, since what tells that it works is not known (healthcheck, profile production)"
    worker = {"run.py": "if __name__ == '__main__':\n    ...\n"}
    assert said(see({**worker, "requirements.txt": "requests==2\n"}), "note")[-2:] == [hashes, health]
    assert said(see({**worker, "requirements.txt": "# none\n"}), "note") == [health]
    locked = see(
        {"requirements.txt": "flask==3 --hash=sha256:1\ngunicorn==2 --hash=sha256:2\n", "app.py": FLASK}
    )
    assert said(locked, "note") == []


def test_the_image_says_of_which_commit_it_is(see: See) -> None:
    """By arguments that the noxfile and, without one, the workflow hand in."""
    found = see({**WEB, "noxfile.py": "import nox\n"})
    texts = {each.path: each.text for each in plan(found)}
    assert 'org.opencontainers.image.revision="${REVISION}"' in texts["Dockerfile"]
    assert "image_sessions(build_args=git_args())" in texts["noxfile.py"]
    assert '--build-arg "REVISION=$GITHUB_SHA"' in texts[".github/workflows/image.yml"]


def test_a_workflow_is_written_at_the_top_of_a_repository_only(see: See, tmp_path: Path) -> None:
    """GitHub reads no other."""
    assert ".github/workflows/image.yml" in [each.path for each in plan(see(WEB))]
    (tmp_path / ".git").mkdir()
    assert ".github/workflows/image.yml" not in [each.path for each in plan(see(WEB))]


def test_the_workflow_tries_the_versions_of_the_project(see: See) -> None:
    """As a matrix, oldest first."""
    project = "[project]\nname = 'x'\ndependencies = []\nrequires-python = '>=3.12,<3.15'\n"
    text = text_of(see, ".github/workflows/image.yml", {**WEB, "pyproject.toml": project})
    assert 'python: ["3.12", "3.13", "3.14"]' in text


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("git+https://host.example/h.git@1a2b", "the noxfile and the workflow get Hullproof from git+https://host.example/h.git@1a2b"),
        (
            "file:///src/h",
            "the noxfile and the workflow get Hullproof from file:///src/h, which is on this machine alone: for others, put a git address there",
        ),
    ],
)  # fmt: skip
def test_before_a_release_hullproof_is_found_where_it_came_from(
    see: See, monkeypatch: pytest.MonkeyPatch, source: str, told: str
) -> None:
    """Nobody is sent to an index for a name that is not there yet; one line says so."""
    monkeypatch.setattr("hullproof.init.look.own_requirement", lambda extra: f"hullproof[{extra}] @ {source}")
    findings = see(WEB)
    texts = {each.path: each.text for each in plan(findings)}
    assert f'"hullproof[nox] @ {source}"' in texts["noxfile.py"]
    assert said(findings, "note")[0] == told
    assert "hullproof" not in texts[".github/workflows/image.yml"].replace("hullproof.sarif", "")
    own = plan(see({**WEB, "noxfile.py": "import nox\n"}))
    assert f'pipx run --spec "hullproof[nox] @ {source}" hullproof prove' in next(
        each.text for each in own if each.path.endswith(".yml")
    )


def test_the_comments_name_the_practices_in_the_order_of_the_file(written: Path) -> None:
    """Counted from one, each by the id that `hullproof explain` takes, and all that one file can show."""
    text = (written / "Dockerfile").read_text()
    numbered = re.findall(r"^# (\d+)\. ([a-z-]+)", text, re.MULTILINE)
    assert [int(number) for number, _ in numbered] == list(range(1, len(numbered) + 1))
    assert {each for _, each in numbered} == set(GUIDE) - {"dockerignore"}
