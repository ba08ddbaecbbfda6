"""What init writes is proven on a real engine at once: all eleven practices, for projects of several kinds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hullproof.sessions import git_args

from ..conftest import Command
from ..init.conftest import PROJECTS

pytestmark = [pytest.mark.engine, pytest.mark.slow]


BY_DAY = ("django-requirements", "fastapi-uv")  # one of each way to install; the others at night
KINDS = [
    each.name if each.name in BY_DAY else pytest.param(each.name, marks=pytest.mark.nightly)
    for each in sorted(PROJECTS.iterdir())
]


@pytest.mark.parametrize("kind", KINDS)
def test_all_eleven_are_proven_with_no_edit(
    command: Command, python_base: str, tmp_path: Path, kind: str
) -> None:
    """Requirements in a file and in a folder, uv, Poetry, a list in pyproject.toml; Flask, FastAPI, Django."""
    assert python_base
    folder = Path(shutil.copytree(PROJECTS / kind, tmp_path / kind))
    code, _, err = command("init", str(folder), "--python", "3.11")
    assert code == 0, err
    written = tmp_path / "report.json"
    code, _, err = command("prove", str(folder), "--output", str(written))
    report = json.loads(written.read_text())
    verdicts = {proof["id"]: proof["verdict"] for proof in report["proofs"]}
    told = {proof["id"]: proof["summary"] for proof in report["proofs"] if proof["verdict"] != "proven"}
    assert not told, (report.get("build_error"), err)
    assert (code, len(verdicts)) == (0, 11)


@pytest.mark.nightly
@pytest.mark.parametrize("profile", ["production", "kubernetes", "release"])
@pytest.mark.parametrize("kind", ["fastapi-uv", "poetry", "pdm"])
def test_the_other_profiles_are_proven_with_no_edit(
    command: Command, python_base: str, tmp_path: Path, kind: str, profile: str
) -> None:
    """Of projects with a lock file, in a commit, whose builds are handed what the written noxfile hands in."""
    assert python_base
    folder = Path(shutil.copytree(PROJECTS / kind, tmp_path / kind))
    assert command("init", str(folder), "--python", "3.11")[0] == 0
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (
        ["init", "--quiet"],
        ["remote", "add", "origin", "https://git.example.org/team/project"],
        ["add", "--all"],
        ["commit", "--quiet", "--message=First"],
    ):
        subprocess.run([*git, *words], check=True)
    given = [f"--build-arg={name}={value}" for name, value in git_args(folder).items()]
    written = tmp_path / "report.json"
    code, _, err = command("prove", str(folder), "--profile", profile, "--output", str(written), *given)
    report = json.loads(written.read_text())
    missing = {
        proof["id"]: proof["summary"]
        for proof in report["proofs"]
        if proof["verdict"] not in ("proven", "not-applicable")
    }
    assert not missing, (report.get("build_error"), err)
    assert code == 0


def test_the_written_tests_pass_and_the_written_noxfile_has_its_sessions(
    command: Command, python_base: str, tmp_path: Path
) -> None:
    """As the person would run them next."""
    assert python_base
    folder = Path(shutil.copytree(PROJECTS / "flask-requirements", tmp_path / "shop"))
    assert command("init", str(folder))[0] == 0
    own = {
        name: value for name, value in os.environ.items() if name not in ("HULLPROOF_IMAGE", "PYTEST_ADDOPTS")
    }
    for words, expected in (
        (["pytest", "tests/container", "--hullproof-require-engine"], ["3 passed"]),
        (["nox", "--script-mode=none", "-l"], ["* lint", "* build", "* unit", "* container", "* prove"]),
    ):
        run = [sys.executable, "-m", *words]
        done = subprocess.run(run, cwd=folder, env=own, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert all(each in done.stdout for each in expected), done.stdout


ITS_OWN_TESTS = {
    "of Flask's, with plugins and a conftest that imports it": {
        "requirements.txt": "flask\ngunicorn\n",
        "requirements-dev.txt": "-r requirements.txt\npytest\npytest-cov\npytest-asyncio\n",
        "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--cov=shop --strict-config'\nasyncio_mode = 'auto'\n"
        "required_plugins = ['pytest-cov']\n",
        "shop/__init__.py": "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get('/healthz')\ndef healthz():\n    return 'ok'\n",
        "tests/conftest.py": "import pytest\n\nfrom shop import app\n\n\n@pytest.fixture\ndef client():\n    return app.test_client()\n",
        "tests/test_shop.py": "def test_health(client):\n    assert client.get('/healthz').text == 'ok'\n\n\nasync def test_async():\n    assert True\n",
    },
    "of Django's, by pytest-django": {
        "requirements.txt": "django\ngunicorn\n",
        "requirements-dev.txt": "-r requirements.txt\npytest-django\n",
        "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = site1.settings\naddopts = --ds=site1.settings --reuse-db\n",
        "manage.py": "import os, sys\n\nif __name__ == '__main__':\n    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n"
        "    from django.core.management import execute_from_command_line\n    execute_from_command_line(sys.argv)\n",
        "site1/__init__.py": "",
        "site1/settings.py": "SECRET_KEY = 'x'\nALLOWED_HOSTS = ['*']\nROOT_URLCONF = 'site1.urls'\nINSTALLED_APPS = []\n"
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': '/tmp/x.sqlite3'}}\n",
        "site1/urls.py": "from django.http import HttpResponse\nfrom django.urls import path\n\n"
        "urlpatterns = [path('health/', lambda request: HttpResponse('ok'))]\n",
        "site1/wsgi.py": "import os\n\nfrom django.core.wsgi import get_wsgi_application\n\n"
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\napplication = get_wsgi_application()\n",
        "tests/test_health.py": "def test_health(client):\n    assert client.get('/health/').status_code == 200\n",
    },
}
SESSIONS = ["lint", "build", "unit", "container", "prove"]


@pytest.mark.parametrize(
    ("kind", "sessions"),
    [
        (next(iter(ITS_OWN_TESTS)), ["build", "unit", "container"]),
        *(pytest.param(kind, SESSIONS, marks=pytest.mark.nightly) for kind in ITS_OWN_TESTS),
    ],
)
def test_the_nox_that_is_written_passes_whatever_the_projects_own_tests_ask_for(
    command: Command, python_base: str, tmp_path: Path, kind: str, sessions: list[str]
) -> None:
    """Options, plugins, settings and a conftest of the project's are for its unit tests, inside the image, alone."""
    assert python_base
    folder = tmp_path / "shop"
    for path, text in ITS_OWN_TESTS[kind].items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    assert command("init", str(folder), "--python", "3.11")[0] == 0
    ran = nox(folder, "-s", *sessions)
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said
    assert all(f"* {each}: success" in said for each in sessions)
    assert "3 passed" in said


def nox(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Nox there, with this Hullproof: what the noxfile's header installs is another test's."""
    own = {
        name: value for name, value in os.environ.items() if name not in ("HULLPROOF_IMAGE", "PYTEST_ADDOPTS")
    }
    run = [sys.executable, "-m", "nox", "--script-mode=none", *arguments]
    return subprocess.run(
        run, cwd=folder, env={**own, "NO_COLOR": "1"}, capture_output=True, text=True, check=False
    )
