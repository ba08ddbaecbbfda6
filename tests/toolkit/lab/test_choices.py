"""What the lab chooses, from text and trees alone: installing steps, files to edit, canaries."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from types import MappingProxyType

import pytest

from hullproof.facts import FileEntry, FileFacts, Layer, Step
from hullproof.lab import (
    application,
    canaries,
    editing,
    installed,
    installing,
    planting,
)
from hullproof.lab.gate import lines_of_tests
from hullproof.lab.reach import can_reach
from hullproof.project import ignorefile, scripts
from hullproof.project.arrivals import trace
from hullproof.project.project import Project
from hullproof.project.sources import context_sources


def project(folder: Path, dockerfile: str, files: Mapping[str, str] = MappingProxyType({})) -> Project:
    """Write a project and open it."""
    for name, text in {**files, "Dockerfile": dedent(dockerfile)}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(dedent(text))
    return Project.open(folder)


def installs(made: Project) -> list[tuple[int, tuple[str, ...], bool]]:
    """List the installing steps: line, files, whether tentative."""
    return [(each.line, each.step.files, each.tentative) for each in installing.candidates(made)]


# --- installing steps ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dockerfile", "expected"),
    [
        (
            "FROM x\nWORKDIR /a\nCOPY requirements.txt .\nRUN pip install -U pip\nRUN pip install -r requirements.txt",
            [(5, ("requirements.txt",), False)],
        ),
        (
            "FROM x\nCOPY requirements.txt /tmp/\nRUN pip install -r /tmp/requirements.txt\nRUN pip install pytest",
            [(3, ("requirements.txt",), False)],
        ),
        (
            "FROM x\nRUN --mount=type=bind,source=requirements.txt,target=/r.txt pip install -r /r.txt",
            [(2, ("requirements.txt",), False)],
        ),
        ("FROM x\nRUN pip install flask==3 gunicorn", [(2, (), False)]),
        ("FROM x\nRUN pip install -U pip pytest-cov", []),
        (
            "FROM x AS s\nCOPY . /src\nFROM x\nCOPY --from=s /src/requirements.txt /\nRUN pip install -r /requirements.txt",
            [(5, ("requirements.txt",), False)],
        ),
        (
            "FROM x\nARG WHICH=dev\nCOPY requirements/ /r/\nRUN pip install -r /r/${WHICH}.txt",
            [(4, ("requirements/dev.txt", "requirements/base.txt"), False)],
        ),
        (
            "FROM x\nWORKDIR /a\nCOPY pyproject.toml uv.lock ./\nRUN uv sync --no-install-project\nCOPY . .\nRUN uv sync",
            [(4, ("pyproject.toml", "uv.lock"), False), (6, ("pyproject.toml", "uv.lock"), True)],
        ),
        (
            (
                "FROM x\nWORKDIR /a\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"
                "RUN pip install --no-deps ."
            ),
            [(4, ("requirements.txt",), False)],
        ),
        (
            (
                "FROM x AS e\nCOPY pyproject.toml poetry.lock ./\nRUN poetry export -o requirements.txt\nFROM x\n"
                "COPY --from=e /requirements.txt .\nRUN pip install -r requirements.txt"
            ),
            [(3, ("pyproject.toml", "poetry.lock"), True), (6, (), False)],
        ),
        (
            "FROM x\nCOPY requirements.txt .\nRUN cat requirements.txt | xargs pip install",
            [(3, ("requirements.txt",), False)],
        ),
        (
            "FROM x\nCOPY requirements.txt /r/\nRUN pip install $(grep -v '^#' /r/requirements.txt)",
            [(3, ("requirements.txt",), False)],
        ),
        (
            "FROM x\nCOPY pyproject.toml poetry.lock ./\nRUN poetry export | pip install -r /dev/stdin",
            [(3, ("pyproject.toml", "poetry.lock"), False)],
        ),
        (
            'FROM x\nCOPY pyproject.toml uv.lock ./\nRUN ["bash", "-c", "pip install -r <(uv export)"]',
            [(3, ("pyproject.toml", "uv.lock"), False)],
        ),
        (
            'FROM x\nCOPY requirements.txt .\nRUN while read -r each; do pip install "$each"; done < requirements.txt',
            [(3, ("requirements.txt",), False)],
        ),
        (
            'FROM x\nCOPY requirements /r/\nRUN for each in /r/*.txt; do pip install -r "$each"; done',
            [(3, ("requirements/base.txt", "requirements/dev.txt"), False)],
        ),
        ("FROM x\nARG FLASK=3.1\nCOPY requirements.txt .\nRUN pip install flask==$FLASK", [(4, (), False)]),
        (
            (
                "FROM x AS b\nCOPY requirements.txt .\nRUN pip wheel -w /w -r requirements.txt\nFROM x\n"
                "RUN --mount=from=b,source=/w,target=/w pip install --no-index --find-links=/w app"
            ),
            [(3, ("requirements.txt",), False), (5, (), True)],
        ),
        (
            "FROM x\nWORKDIR /a\nCOPY install.sh requirements.txt ./\nRUN ./install.sh",
            [(4, ("requirements.txt",), False)],
        ),
        ("FROM x\nCOPY . /src\nRUN sh /src/named.sh", [(3, ("named.sh",), False)]),
        (
            "FROM x\nWORKDIR /a\nCOPY . .\nRUN make deps",
            [(4, ("requirements/dev.txt", "requirements/base.txt"), False)],
        ),
        ("FROM x\nCOPY . .\nRUN sh ./run_tests.sh && sh /usr/local/setup.sh", []),
        ("FROM x\nCOPY . .\nRUN ./verify.sh", []),
        ("FROM x AS unused\nRUN pip install -r requirements.txt\nFROM x\nRUN echo", []),
        ("FROM x\nCOPY . .\nRUN tox -e py", []),
    ],
)
def test_installing_steps(tmp_path: Path, dockerfile: str, expected: object) -> None:
    """Steps that install the dependencies are found, with the files of the project that declare those."""
    files = {
        "requirements.txt": "flask\n",
        "requirements/base.txt": "flask\n",
        "requirements/dev.txt": "-r base.txt\n",
        "pyproject.toml": "[project]\nname = 'x'\n",
        "uv.lock": "",
        "poetry.lock": "",
        "install.sh": "#!/bin/sh\nset -e\npip install --no-cache-dir -r requirements.txt\n",
        "named.sh": "pip install flask\n",
        "verify.sh": "pip install -r requirements.txt && python -m pytest\n",
        "run_tests.sh": "pip install -r requirements.txt\npytest\n",
        "Makefile": "deps:\n\tpip install -r requirements/dev.txt\n",
    }
    assert installs(project(tmp_path, dockerfile, files)) == expected


@pytest.mark.parametrize(
    ("run", "script"),
    [
        ("./ci/verify.sh", "ci/verify.sh"),
        ("cd / && sh -e /w/ci/verify.sh --quick", "ci/verify.sh"),
        ("python ci/all.py", "ci/all.py"),
        ("python -X dev ci/runner.py", "ci/runner.py"),
        ("./ci/deps.sh", None),
        ("python ci/lists.py", None),
        ("./ci/gone.sh", None),
        ("cat ci/verify.sh", None),
    ],
)
def test_scripts_that_run_tests(tmp_path: Path, run: str, script: str | None) -> None:
    """A script that runs the tests is known by what it says, not by its name."""
    files = {
        "ci/verify.sh": "#!/bin/sh\nset -e\nruff check .\npython -m pytest tests\n",
        "ci/all.py": 'import subprocess\n\nsubprocess.run(["pytest"], check=True)\n',
        "ci/runner.py": "import unittest\n\nunittest.main(module=None)\n",
        "ci/deps.sh": "# pytest comes later\npip install pytest\n",
        "ci/lists.py": "import sys\n\n# pytest.ini is not ours\nprint(sys.path)\n",
    }
    opened = project(tmp_path, f"FROM x\nWORKDIR /w\nCOPY ci ci\nRUN {run}\n", files)
    assert scripts.testing(opened) == ({} if script is None else {4: script})
    assert lines_of_tests(opened).test_lines == (() if script is None else (4,))


@pytest.mark.parametrize(
    ("line", "packages"),
    [
        ("Successfully installed Flask-3.0.0 my_app-1.0", {"flask"}),
        ("Successfully installed my-app-1.0", set()),
        ("Installing collected packages: werkzeug, my-app", {"werkzeug"}),
        (" + flask==3.0.0", {"flask"}),
        (" + my-app==0.1.0 (from file:///src)", set()),
        ("  - Installing flask (3.0.0)", {"flask"}),
        ("\x1b[32mInstalling collected packages: a-b\x1b[0m", {"a-b"}),
        ("Requirement already satisfied: flask", set()),
    ],
)
def test_foreign_packages(line: str, packages: set[str]) -> None:
    """A step's output tells whether it installed packages of others."""
    assert installed.foreign_packages(Step("x", log=(line,)), frozenset({"my-app"})) == packages


REACHING = """\
FROM x AS code
COPY . /src
FROM x AS base
COPY requirements.txt /
RUN pip install -r /requirements.txt
FROM base AS tested
RUN pip install pytest
COPY --from=code /src /src
RUN pip install /src
FROM base AS linted
RUN --mount=type=bind,target=/m pip install ruff
RUN pip install mypy
FROM base
COPY pk* /
RUN pip install gunicorn
"""


@pytest.mark.parametrize(
    ("line", "reached"),
    [(5, False), (7, False), (9, True), (11, True), (12, True), (15, True), (99, True)],
)
def test_what_an_edit_can_get_into(tmp_path: Path, line: int, reached: bool) -> None:  # noqa: FBT001 (a table's column)
    """By a copy above it or a mount, through other stages too; what is not known counts as reached."""
    opened = project(tmp_path, REACHING, {"requirements.txt": "", "pkg/app.py": ""})
    assert can_reach(opened, line, "pkg/app.py") is reached
    assert can_reach(opened, 5, "requirements.txt")


def test_what_an_edit_can_get_into_by_onbuild(tmp_path: Path) -> None:
    """It is a step of the stages that are built on its own, after what they were brought before it, and before their own."""
    text = "FROM x AS a\nONBUILD RUN 2\nONBUILD COPY pkg /pkg\nONBUILD RUN 4\nFROM a\nCOPY requirements.txt /\nRUN 7\n"
    opened = project(tmp_path, text, {"requirements.txt": "", "pkg/app.py": ""})
    assert [line for line in (2, 4, 7) if can_reach(opened, line, "pkg/app.py")] == [4, 7]
    assert not can_reach(opened, 4, "requirements.txt")


# --- files to edit ---------------------------------------------------------------------------------


def files_with(*entries: tuple[str, str]) -> FileFacts:
    """Make an image of files by path and text."""
    import hashlib  # noqa: PLC0415 - the only use here

    made = [
        FileEntry(path, "file", 0, 0, 0o644, len(text), sha256=hashlib.sha256(text.encode()).hexdigest())
        for path, text in entries
    ]
    return FileFacts((Layer("sha256:1", from_base=False, entries=tuple(made)),))


def test_edited_file_is_one_that_is_in_the_image(tmp_path: Path) -> None:
    """By content: a file of the context whose very bytes the image holds, below its working directory."""
    made = project(
        tmp_path,
        "FROM x\nWORKDIR /app\nCOPY . .\n",
        {"setup.py": "s\n", "a.py": "only here\n", "pkg/m.py": "both\n", "tests/test_m.py": "t\n"},
    )
    files = files_with(("/app/pkg/m.py", "both\n"), ("/app/setup.py", "s\n"), ("/app/tests/test_m.py", "t\n"))
    assert application.choose(made, files, ()).main == "pkg/m.py"


def test_each_way_in_gets_a_file_of_its_own(tmp_path: Path) -> None:
    """A single module copied along with the requirements matters as much as the package."""
    made = project(
        tmp_path,
        "FROM x\nWORKDIR /app\nCOPY r.txt pkg/b.py ./\nCOPY pkg pkg\n",
        {"pkg/a.py": "a\n", "pkg/b.py": "b\n", "pkg/c.py": "c\n"},
    )
    files = files_with(*((f"/app/pkg/{name}.py", f"{name}\n") for name in "abc"))
    choice = application.choose(made, files, ())
    assert (choice.main, choice.others) == ("pkg/a.py", ("pkg/b.py",))


@pytest.mark.parametrize(
    ("text", "others"),
    [("__version__ = '1.0'\n", ()), ("def create_app():\n    return 1\n", ("pkg/__init__.py",))],
)
def test_package_marker_with_code_in_it_is_code(tmp_path: Path, text: str, others: tuple[str, ...]) -> None:
    """A version may come along with the requirements; an application's factory is code as any other."""
    made = project(
        tmp_path,
        "FROM x\nWORKDIR /app\nCOPY r.txt ./\nCOPY pkg/__init__.py pkg/\nCOPY pkg pkg\n",
        {"pkg/a.py": "a\n", "pkg/__init__.py": text},
    )
    files = files_with(("/app/pkg/a.py", "a\n"), ("/app/pkg/__init__.py", text))
    assert application.choose(made, files, ()).others == others


def test_a_worker_in_a_file_called_tasks_is_code(tmp_path: Path) -> None:
    """That is how Celery's own pages call it."""
    code = "from celery import Celery\n\n\ndef add():\n    return 1\n"
    made = project(tmp_path, "FROM x\nCOPY tasks.py ./\n", {"tasks.py": code})
    assert application.choose(made, None, ()).main == "tasks.py"


def test_no_application_is_told(tmp_path: Path) -> None:
    """A project that copies no code has nothing to edit, and it says so."""
    made = project(tmp_path, "FROM x\nCOPY requirements.txt .\n", {"requirements.txt": "flask\n"})
    choice = application.choose(made, None, ())
    assert choice.main is None
    assert "application's code" in choice.reason


@pytest.mark.parametrize(
    "content", [b"", b"x = 1", b"x = 1\r\n", "# -*- coding: latin-1 -*-\nx = '\xe4'\n".encode("latin-1")]
)
def test_edits_are_harmless(content: bytes) -> None:
    """An edit adds a comment: the program stays the same, in any encoding, with any line ends."""
    changed = editing.edited("app.py", content)
    assert changed.startswith(content)
    assert changed != editing.edited("app.py", content)
    assert b"hullproof" not in changed
    assert ast.dump(ast.parse(changed)) == ast.dump(ast.parse(content))
    if content.endswith(b"\r\n"):
        assert changed.endswith(b"\r\n")


def test_json_lock_files_stay_json() -> None:
    """Where there are no comments, blanks make the difference, another one each time."""
    import json  # noqa: PLC0415 - the only use here

    changed = {editing.edited("Pipfile.lock", b"{}") for _ in range(2)}
    assert len(changed) == 2
    assert all(json.loads(each) == {} for each in changed)


# --- sources ---------------------------------------------------------------------------------------


def test_sources_of_unneeded_stages_do_not_count(tmp_path: Path) -> None:
    """Only what the release needs is taken from the context."""
    made = project(tmp_path, "FROM x AS dev\nCOPY dev .\nFROM x\nCOPY ./app /app\nADD https://e.org/x /x\n")
    assert [(each.line, each.path) for each in context_sources(made)] == [(4, "app")]


def test_paths_are_traced_through_stages(tmp_path: Path) -> None:
    """A path in a stage leads back to the context through COPY --from."""
    made = project(
        tmp_path,
        "FROM x AS a\nWORKDIR /s\nCOPY src/ lib/\nFROM a AS b\nFROM x\nCOPY --from=b /s/lib/m.py /m.py\nRUN true\n",
        {"src/m.py": ""},
    )
    assert trace(made, made.release.stage, 7, "/m.py") == "src/m.py"
    assert trace(made, made.release.stage, 7, "/other") is None


# --- canaries --------------------------------------------------------------------------------------


def judged(*reached: str, exceptions: str = "", allow_list: bool = False) -> set[str]:
    """List the canaries that count, of those that got through."""
    planted = planting.canaries(["app"], ignorefile.patterns(exceptions), "shop", planting.Traits())
    found = planting.judge(planted, set(reached), planting.Traits(allow_list=allow_list))
    return {each.path for each in found if each.reached and each.judged}


@pytest.mark.parametrize(
    ("reached", "broken"),
    [
        ((".git/config", ".git/HEAD"), {".git/config", ".git/HEAD"}),
        (("app/.git/config",), set()),
        ((".env", "app/.env", ".env.local"), {".env", "app/.env"}),
        (("id_rsa",), set()),
        (("id_rsa", "server.pem", "server.key"), {"id_rsa", "server.pem", "server.key"}),
        (("app/server.pem",), {"app/server.pem"}),
        ((".venv/pyvenv.cfg",), {".venv/pyvenv.cfg"}),
        ((".venv/pyvenv.cfg", "venv/pyvenv.cfg"), {".venv/pyvenv.cfg", "venv/pyvenv.cfg"}),
        (
            ("app/__pycache__/shop.cpython-311.pyc", "app/shop.pyc"),
            {"app/__pycache__/shop.cpython-311.pyc"},
        ),
        ((".mypy_cache/CACHEDIR.TAG",), set()),
        (("node_modules/shop/package.json", "dump.sql"), set()),
    ],
)
def test_which_canaries_count(reached: tuple[str, ...], broken: set[str]) -> None:
    """A list that knows a kind is not blamed for a name that it lacks, but for either of a virtual environment's."""
    assert judged(*reached) == broken


def test_what_a_project_is_like_decides_which_canaries_count(tmp_path: Path) -> None:
    """Its tool's one virtual environment, its JavaScript, and the database that its code names and Git ignores."""
    made = {"uv.lock": "", "web/package.json": "{}", ".gitignore": "*.sqlite3\nnotes.db\n*.sql\n"}
    made |= {"shop/settings.py": "A = 'shop.sqlite3'\nB = 'sqlite:///notes.db'\nC = 'words.db'\n"}
    for name, text in made.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    traits = canaries.traits_of(tmp_path, None)
    assert traits.databases == ("notes.db", "shop.sqlite3")
    planted = planting.canaries(["app"], (), "shop", traits)
    through = {"venv/pyvenv.cfg", "node_modules/shop/package.json", "dump.sql", "notes.db", "app/notes.db"}
    found = planting.judge(planted, through, traits)
    assert {each.path for each in found if each.reached and each.judged} == through - {
        "venv/pyvenv.cfg",
        "app/notes.db",
    }


def test_a_key_of_the_project_s_own_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    """Whatever its name; code, documents and what a test has only show one."""
    key = "-----BEGIN PRIVATE KEY-----\nMIGTAgEAMBMGByqGSM49AgEGCCqGSM49\n-----END PRIVATE KEY-----\n"
    account = (
        '{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\\nMIGTAgEAMBMGByqGSM49AgEG"}'
    )
    made = {
        "deploy": key,
        "cloud.json": account,
        "words.txt": "PRIVATE KEY",
        "read.py": f'"""{key}"""',
        "tests/k": key,
    }
    for name, text in made.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = canaries.own_secrets(tmp_path, set(made), set(made))
    assert {(each.path, each.pattern, each.judged) for each in found} == {
        ("deploy", "**/deploy", True),
        ("cloud.json", "**/cloud.json", True),
        ("tests/k", "**/k", False),
    }


def test_allow_list_is_asked_no_more_than_a_deny_list() -> None:
    """At the top it holds everything back, so that a nested name that it lacks shows no pattern for the top only."""
    nested = ("app/id_rsa", "app/server.pem", "app/server.key")
    assert judged("app/id_rsa", allow_list=True) == set()
    assert judged("app/id_rsa") == {"app/id_rsa"}
    assert judged(*nested, allow_list=True) == set(nested)


def test_exceptions_plant_and_count() -> None:
    """What a `!` line lets back in by name is planted, and counts; harmless ones are not."""
    text = "!.env.production\n!**/*.pem\n!README.md\n!.env.example\n"
    planted = {
        each.path
        for each in planting.canaries([], ignorefile.patterns(text), "shop", planting.Traits())
        if each.let_in
    }
    assert planted == {".env.production", "shop.pem", "shop/shop.pem"}
    assert judged(".env.production", exceptions=text) == {".env.production"}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (".env", "", True),
        (".env.example", "", False),
        ("prod.env", "", True),
        ("ca.pem", "-----BEGIN CERTIFICATE-----", False),
        ("tls.key", "-----BEGIN RSA PRIVATE KEY-----", True),
        ("id_rsa", "", True),
        ("id_rsa.pub", "", False),
        ("notes.txt", "-----BEGIN PRIVATE KEY-----", True),
        ("app.py", "MARK = '-----BEGIN PRIVATE KEY-----'", False),
    ],
)
def test_secrets(tmp_path: Path, name: str, content: str, expected: bool) -> None:  # noqa: FBT001 - a table
    """Keys are known by content, environment files by name; examples are none."""
    (tmp_path / name).write_text(content)
    assert canaries.is_secret(tmp_path, name) is expected


def test_canaries_bear_the_usual_names_and_nothing_of_us() -> None:
    """What is to be made up is another word each time."""
    made = {
        each.path
        for word in ("shop", "bakery")
        for each in planting.canaries(["app"], (), word, planting.Traits())
    }
    assert not any("hullproof" in path for path in made)
    assert {".env", "app/id_rsa", ".git/HEAD", "app/shop.pyc", "app/bakery.pyc"} <= made
