"""The hook of watched tests: what it notes of runners that run here as they would in a build's step."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING, TypeAlias

import pytest

from hullproof.lab import hook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Watch: TypeAlias = "Callable[..., set[tuple[str, ...]]]"
"""Takes the project's files, a command, and what is withheld; returns what was noted, without the folder's path."""

PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
APP = """\
    from pathlib import Path


    def read(name):
        return (Path(__file__).parent / name).read_text()


    def report():
        from app.reports import rows

        return rows()
    """
FILES = {
    "app/__init__.py": "",
    "app/main.py": APP,
    "app/page.html": "hello\n",
    "app/reports.py": "def rows():\n    return 1\n",
}


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    """Run a command with the hook."""

    def run(
        files: Mapping[str, str], *command: str, withheld: str = "", fails: bool = False
    ) -> set[tuple[str, ...]]:
        project, place = tmp_path / "project", tmp_path / "hook"
        for name, text in {**FILES, **files}.items():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text(dedent(text))
        (place / hook.NOTES).mkdir(parents=True)
        shutil.copyfile(hook.__file__, place / "sitecustomize.py")
        (place / hook.FILES).write_text("page.html\nreports.py\n")
        (place / hook.MODULES).write_text("reports\n")
        (place / hook.WITHHELD).write_text(withheld.replace("PROJECT", str(project)))
        environment = {
            "PATH": os.defpath,
            "PYTHONPATH": f"{place}:{project}/site",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        done = subprocess.run(
            [sys.executable, *command],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        rows = [row for note in (place / hook.NOTES).iterdir() for row in json.loads(note.read_text())]
        return {tuple(each.replace(f"{project}/", "") for each in row) for row in rows}

    return run


def test_an_open_is_the_code_s_that_is_nearest(watch: Watch) -> None:
    """What the application opens for a test is its own; what a test opens is the test's."""
    tests = """\
        from pathlib import Path
        from app.main import read

        def test_it():
            assert read("page.html")

        def test_own():
            assert Path("app/page.html").read_text()
        """
    assert watch({"tests/test_a.py": tests}, *PYTEST) == {
        ("file", "app/page.html", "app/main.py", "tests/test_a.py::test_it", ""),
        ("file", "app/page.html", "tests/test_a.py", "tests/test_a.py::test_own", ""),
    }


def test_a_framework_that_answers_a_request_asks_for_the_application(watch: Watch) -> None:
    """A library's WSGI application that opens a file is no test that opens it."""
    files = {
        "site-packages/served.py": """\
            def application(environ, start_response):
                start_response("200 OK", [])
                with open("app/page.html", "rb") as file:
                    return [file.read()]
            """,
        "tests/test_a.py": """\
            import sys
            sys.path.insert(0, "site-packages")
            from served import application

            def test_it():
                assert application({}, lambda *_: None)
            """,
    }
    assert watch(files, *PYTEST) == {("file", "app/page.html", hook.REQUEST, "tests/test_a.py::test_it", "")}


@pytest.mark.parametrize("command", [PYTEST, ("-m", "unittest", "discover", "-s", "tests", "-t", ".")])
def test_an_import_is_noted_of_each_who_asks(watch: Watch, command: tuple[str, ...]) -> None:
    """Also where another has imported the module before."""
    tests = """\
        import unittest
        from app.main import report
        from app.reports import rows

        class T(unittest.TestCase):
            def test_it(self):
                assert report() == rows()
        """
    noted = watch({"tests/test_a.py": tests, "tests/__init__.py": ""}, *command)
    assert {(row[1], row[2], row[4]) for row in noted} == {
        ("app/reports.py", "app/main.py", "app.reports"),
        ("app/reports.py", "tests/test_a.py", "app.reports"),
    }


@pytest.mark.parametrize(("test", "fails"), [("report()", True), ("rows()", False)])
def test_what_is_withheld_is_gone_for_who_asked_alone(watch: Watch, test: str, *, fails: bool) -> None:
    """A test may import it, and does."""
    tests = (
        f"from app.main import report\nfrom app.reports import rows\n\ndef test_it():\n    assert {test}\n"
    )
    withheld = "app.reports\tPROJECT/app/main.py"
    watch({"tests/test_a.py": tests}, *PYTEST, withheld=withheld, fails=fails)


def test_what_a_runner_opens_is_nobody_s(watch: Watch) -> None:
    """Fixtures that a plugin reads, and modules that it loads by name."""
    conftest = """\
        import pytest
        from app.main import read

        @pytest.fixture
        def page(request):
            return read("page.html")
        """
    tests = "def test_it(page):\n    assert page\n"
    noted = watch({"tests/test_a.py": tests, "tests/conftest.py": conftest}, *PYTEST, "-p", "app.reports")
    assert noted == {("file", "app/page.html", "app/main.py", "tests/conftest.py::page", "")}


def test_tests_do_not_notice_it(watch: Watch) -> None:
    """Nothing is printed, the path is as it was, and another `sitecustomize` comes all the same."""
    tests = """\
        import os, subprocess, sys

        def test_it():
            ended = subprocess.run([sys.executable, "-c", "import app.reports"], capture_output=True)
            assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
            assert not [each for each in sys.path if each.endswith("hook")]
            assert sys.own == "came"
        """
    own = "import sys\nsys.own = 'came'\n"
    watch({"tests/test_a.py": tests, "site/sitecustomize.py": own}, *PYTEST)
