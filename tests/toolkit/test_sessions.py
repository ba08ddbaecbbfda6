"""The Nox door: which sessions a noxfile of three lines gets, and what they ask the command for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hullproof import __version__
from hullproof.distribution import own_requirement
from hullproof.sessions import git_args, settings_of_their_own

NOXFILE = """\
from hullproof.sessions import image_sessions

image_sessions()
"""

# Stands for the command: keeps what it is asked for, and answers as far as the sessions read the answer.
COMMAND = """\
#!{python}
import json, pathlib, sys
arguments = sys.argv[3:]
with open("asked", "a") as file:
    file.write(json.dumps(arguments) + chr(10))
if arguments[0] == "config":
    print(json.dumps({{"name": {{"value": "My Shop_2"}}, "dockerfile": {{"value": "Dockerfile"}}}}))
for argument in arguments:
    if argument.startswith("--metadata="):
        pathlib.Path(argument.partition("=")[2]).write_text('{{"image": "sha256:1a"}}')
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project whose noxfile has the three lines."""
    (tmp_path / "noxfile.py").write_text(NOXFILE)
    (tmp_path / "command").write_text(COMMAND.format(python=sys.executable))
    (tmp_path / "command").chmod(0o755)
    return tmp_path


def nox(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Nox there."""
    environ = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "nox", *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def listed(folder: Path) -> dict[str, str]:
    """Return what `nox -l` says of each session."""
    ran = nox(folder, "-l")
    assert ran.returncode == 0, ran.stderr
    return dict(line[2:].split(" -> ", 1) for line in ran.stdout.splitlines() if " -> " in line)


def asked(folder: Path, *arguments: str, settings: str = "") -> list[list[str]]:
    """Run sessions with another command in the place of ours; return what it was asked for."""
    (folder / "noxfile.py").write_text(
        f"from hullproof.sessions import image_sessions\nimage_sessions(python=lambda _: './command', {settings})\n"
    )
    ran = nox(folder, *arguments)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return [json.loads(line) for line in (folder / "asked").read_text().splitlines()]


def test_three_lines_register_sessions_that_say_what_they_do(folder: Path) -> None:
    """In the order of the main job."""
    sessions = listed(folder)
    assert list(sessions) == ["lint", "build", "unit", "container", "prove", "release"]
    assert all(each.endswith((".", "NAME=VALUE.")) for each in sessions.values())
    assert "- release" in nox(folder, "-l").stdout  # for the asking alone: it pushes


def test_a_session_defined_above_takes_the_place_of_ours(folder: Path) -> None:
    """Without a warning of Nox's: it will refuse two of one name."""
    own = 'import nox\n\n\n@nox.session\ndef lint(session):\n    """Our own."""\n\n\n'
    (folder / "noxfile.py").write_text(own + NOXFILE)
    assert listed(folder)["lint"] == "Our own."
    assert "already been registered" not in nox(folder, "-l").stderr


def test_several_images_have_a_prefix_each(folder: Path) -> None:
    """In one noxfile."""
    text = NOXFILE.replace(
        "image_sessions()", 'image_sessions("web", prefix="web-")\nimage_sessions("api", prefix="api-")'
    )
    (folder / "noxfile.py").write_text(text)
    assert list(listed(folder))[4:7] == ["web-prove", "web-release", "api-lint"]


def test_sessions_for_the_asking_are_not_run_by_plain_nox(folder: Path) -> None:
    """`default=False`."""
    (folder / "noxfile.py").write_text(NOXFILE.replace("()", "(default=False)"))
    assert "- prove" in nox(folder, "-l").stdout


def test_a_release_says_what_it_needs(folder: Path) -> None:
    """Before anything is built."""
    for given in ((), ("shop:1",), ("shop:1", "--key", "k"), ("--key", "k", "--public-key", "p")):
        ran = nox(folder, "-s", "release", "--", *given)
        assert "say what to release: -- registry.example/shop:1.2 --key FILE --public-key FILE" in ran.stderr


def test_build_names_the_image_as_the_project_is_called(folder: Path) -> None:
    """In the letters that an image's name may have; build arguments and what stands behind `--` are handed on."""
    config, build = asked(
        folder, "-s", "build", "--", "--build-arg", "A=1", settings="build_args={'PYTHON_VERSION': '3.13'}"
    )
    assert config == ["config", ".", "--json"]
    assert build[:3] == ["build", ".", "--tag=my-shop-2"]
    assert build[4:] == ["--build-arg=PYTHON_VERSION=3.13", "--build-arg", "A=1"]


@pytest.mark.parametrize(
    ("remote", "source"),
    [
        ("https://me:secret@git.example/team/shop.git", "https://git.example/team/shop"),
        ("https://git.example:8443/team/shop.git", "https://git.example:8443/team/shop"),
        ("git@git.example:team/shop.git", "https://git.example/team/shop"),
        ("ssh://git@git.example:2222/team/shop", "https://git.example/team/shop"),
        ("/srv/git/shop.git", None),
        (None, None),
    ],
)
def test_what_git_knows_is_handed_in_as_arguments(
    tmp_path: Path, remote: str | None, source: str | None
) -> None:
    """The commit, and the repository's address where it is one on the web: what labels name."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    assert git_args(tmp_path) == {}
    for words in (
        ["init", "--quiet"],
        ["commit", "--quiet", "--allow-empty", "--message=x"],
        *([["remote", "add", "origin", remote]] if remote else []),
    ):
        subprocess.run([*git, *words], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    expected = {"REVISION": head.stdout.strip()} | ({"SOURCE": source} if source else {})
    assert git_args(tmp_path) == expected


def test_a_tag_that_is_given_is_taken(folder: Path) -> None:
    """And the project is not asked."""
    (build,) = asked(folder, "-s", "build", settings="tag='shop:1'")
    assert build[2] == "--tag=shop:1"


def test_unit_asks_for_the_stage_that_runs_the_tests(folder: Path) -> None:
    """Whatever it is called."""
    assert asked(folder, "-s", "unit", settings="project='web'") == [["build", "web", "--tests"]]


def test_prove_hands_on_what_stands_behind_the_dashes(folder: Path) -> None:
    """And asks for nothing else."""
    assert asked(folder, "-s", "prove", "--", "--only", "expose") == [["prove", ".", "--only", "expose"]]


def test_an_image_that_is_given_is_proven_in_the_place_of_one_that_is_built(folder: Path) -> None:
    """As `--image` does; the project is still what it is compared with."""
    asked_for = asked(folder, "-s", "prove", settings="image='shop:1'")
    assert asked_for == [["prove", ".", "--image=shop:1"]]


def test_prove_boots_without_a_network_where_the_noxfile_says_so(folder: Path) -> None:
    """As `--offline` does."""
    assert asked(folder, "-s", "prove", settings="offline=True") == [["prove", ".", "--offline"]]


def test_prove_takes_the_profile_of_the_noxfile(folder: Path) -> None:
    """As `--profile` does."""
    asked_for = asked(folder, "-s", "prove", settings="profile='production'")
    assert asked_for == [["prove", ".", "--profile=production"]]


def test_reports_go_to_their_folder_and_to_the_screen(folder: Path) -> None:
    """The folder is made."""
    (words,) = asked(folder, "-s", "prove", settings="reports='out/reports'")
    assert words == ["prove", ".", "--output=out/reports/checklist.md", "--format=text"]
    assert (folder / "out/reports").is_dir()


def test_without_tests_of_the_container_the_session_says_so(folder: Path) -> None:
    """It is skipped, and builds nothing."""
    ran = nox(folder, "-s", "container", "--no-venv")
    assert "there are no tests in tests/container; `hullproof init` writes some" in ran.stderr
    assert "Session container skipped" in ran.stderr


def test_container_tests_the_image_that_build_made(folder: Path) -> None:
    """Its id is in the environment; in one run of Nox it is built once."""
    (folder / "tests/container").mkdir(parents=True)
    (folder / "tests/container/test_it.py").write_text(
        "import os\ndef test_it(): assert os.environ['HULLPROOF_IMAGE'] == 'sha256:1a'\n"
    )
    told = asked(
        folder, "--no-venv", "-s", "build", "container", "--", "-q", settings="tag='x', requirements=()"
    )
    assert [words[0] for words in told] == ["build"]


def test_what_is_installed_in_other_environments_is_this_very_hullproof(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From the folder or repository that it came from, else by its version."""
    origins = {
        None: f"hullproof[pytest]=={__version__}",
        '{"url": "file:///src/hullproof", "dir_info": {"editable": true}}': "hullproof[pytest] @ file:///src/hullproof",
        '{"url": "https://host.example/h.git", "vcs_info": {"vcs": "git", "commit_id": "1a2b"}}': (
            "hullproof[pytest] @ git+https://host.example/h.git@1a2b"
        ),
    }

    class Found:
        text: str | None = None

        def read_text(self, name: str) -> str | None:
            return {"direct_url.json": self.text}[name]

    monkeypatch.setattr("hullproof.distribution.distribution", lambda _name: Found())
    for text, requirement in origins.items():
        Found.text = text
        assert own_requirement() == requirement


HOSTILE = {
    "pyproject.toml": """[tool.pytest.ini_options]
addopts = "--cov=shop --strict-config --ds=shop.settings"
required_plugins = ["pytest-django", "pytest-asyncio>=1"]
asyncio_mode = "auto"
DJANGO_SETTINGS_MODULE = "shop.settings"
filterwarnings = ["error::shop.ShopWarning"]
testpaths = ["tests/unit"]
""",
    "conftest.py": "import shop\n",
    "tests/conftest.py": "from shop.web import app\n",
    "tests/__init__.py": "import shop\n",
    "tests/container/test_image.py": """import pathlib

def test_it(pytestconfig):
    assert pytestconfig.rootpath == pathlib.Path.cwd()
""",
}


def collected(folder: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run the tests of the container as the session does, where neither the application nor a plugin is installed."""
    options = settings_of_their_own(Path(), Path("tests/container"), tmp_path)
    run = [sys.executable, "-m", "pytest", "tests/container", *options]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(run, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_the_projects_settings_for_its_unit_tests_are_not_those_of_the_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its options, plugins, warnings and conftest ask for what is installed in the image only."""
    folder = tmp_path / "shop"
    for path, text in HOSTILE.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    monkeypatch.chdir(folder)
    ran = collected(folder, tmp_path)
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr


def test_settings_among_the_tests_of_the_container_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And so does a conftest.py there."""
    folder = tmp_path / "shop"
    for path, text in HOSTILE.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    own = folder / "tests/container"
    (own / "pytest.ini").write_text("[pytest]\nmarkers = mine: of this project\n")
    (own / "conftest.py").write_text("import pytest\n\n@pytest.fixture\ndef mine(): return 1\n")
    (own / "test_mine.py").write_text("import pytest\n\n@pytest.mark.mine\ndef test_it(mine): assert mine\n")
    monkeypatch.chdir(folder)
    ran = collected(folder, tmp_path)
    assert "2 passed" in ran.stdout, ran.stdout + ran.stderr
    assert "warning" not in ran.stdout
