"""Fixes of what the image holds and lacks: a secret in the code, tests that are installed, all of a stage, a package taken away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hullproof.facts import Answer
from tests.toolkit.score.fixes.reading import changes, handed_in

from .by_hand import CONTAINER, GOOD, entry, files, layer, prove
from .test_fixes_in_lines import edited, followed

USER = "USER app"
TOKEN = "ghp_" + "a1B2" * 9
READ = 'TOKEN = os.environ.get("TOKEN", "")'
PACKAGES = "/usr/local/lib/python3.11/site-packages"


@pytest.mark.parametrize(
    ("program", "meant"),
    [
        (f"import os\n\nTOKEN = '{TOKEN}'\n", f"import os\n\n{READ}\n"),
        (f'"""Words."""\n\nTOKEN = "{TOKEN}"\n', f'"""Words."""\n\nimport os\n{READ}\n'),
        (f"from __future__ import annotations\n\nimport re\n\nTOKEN = '{TOKEN}'\n", f"from __future__ import annotations\n\nimport os\nimport re\n\n{READ}\n"),
    ],
)  # fmt: skip
def test_a_secret_in_the_code_comes_from_the_environment(tmp_path: Path, program: str, meant: str) -> None:
    """The fix does not repeat it, and says that it has to be replaced; of two in one file none is chosen."""
    (tmp_path / "views.py").write_text(program)
    own = layer(15, entry("/app/views.py", uid=1000), texts={"/app/views.py": program})
    facts: dict[str, Any] = {"files": files(own), "project_texts": {"views.py": program}}
    assert followed(tmp_path, "necessary-files", GOOD, **facts) == GOOD
    assert (tmp_path / "views.py").read_text() == meant
    fix = str(prove("necessary-files", **facts).remedy)
    assert TOKEN not in fix
    assert "replace it" in fix
    twice = f"{program}OTHER = '{TOKEN}'\n"
    own = replace(own, texts={"/app/views.py": twice})
    facts = {"files": files(own), "project_texts": {"views.py": twice}}
    assert not changes(str(prove("necessary-files", **facts).remedy))


@pytest.mark.parametrize(
    ("path", "listed", "meant"),
    [
        ("pyproject.toml", 'packages = ["shop", "tests"]', 'packages = ["shop"]'),
        ("setup.py", "setup(packages=['tests', 'shop'])", "setup(packages=['shop'])"),
    ],
)
def test_the_package_of_the_tests_is_not_installed(
    tmp_path: Path, path: str, listed: str, meant: str
) -> None:
    """It goes from the one list of packages."""
    (tmp_path / path).write_text(f"{listed}\n")
    own = layer(15, entry(f"{PACKAGES}/tests/test_a.py", sha256="a"))
    facts = {"files": files(own), "tests": {"a": "tests/test_a.py"}, "project_texts": {path: f"{listed}\n"}}
    assert followed(tmp_path, "necessary-files", GOOD, **facts) == GOOD
    assert (tmp_path / path).read_text() == f"{meant}\n"


def test_a_package_that_is_needed_is_not_uninstalled(tmp_path: Path) -> None:
    """The step goes, or the part of it."""
    log = ("ModuleNotFoundError: No module named 'bottle.ext'",)
    dead = replace(CONTAINER, exit_code=1, ready=False, log=log, processes=(), listeners=(), answers=())
    for written, meant in (
        ("RUN pip uninstall -y bottle", ""),
        ("RUN mkdir /d && pip uninstall -y bottle", "RUN mkdir /d\n"),
    ):
        text = GOOD.replace(USER, f"{written}\n{USER}")
        made = followed(tmp_path, "necessary-files", text, container=dead)
        assert made == GOOD.replace(USER, f"{meant}{USER}")


def test_an_argument_with_a_secret_is_mounted(tmp_path: Path) -> None:
    """And who builds is asked for it."""
    text = GOOD.replace(USER, f"ARG INDEX_TOKEN={TOKEN}\nRUN ./get $INDEX_TOKEN\n{USER}")
    step = 'RUN --mount=type=secret,id=index_token export INDEX_TOKEN="$(cat /run/secrets/index_token)" && ./get $INDEX_TOKEN'
    assert followed(tmp_path, "necessary-files", text) == GOOD.replace(USER, f"{step}\n{USER}")
    assert handed_in(str(prove("necessary-files", text).remedy)) == ["index_token"]


def test_all_of_a_test_stage_becomes_all_below_it_and_the_code(tmp_path: Path) -> None:
    """As the test stage copies it, without the tests; where it copies everything it is left to words."""
    text = GOOD.replace("COPY . .\n", "COPY app/ app/\nCOPY tests/ tests/\n").replace(
        "COPY --chown=app:app app/ app/", "COPY --from=test / /"
    )
    own = layer(16, entry(f"{PACKAGES}/pytest/__init__.py"))
    made = followed(tmp_path, "multistage", text, files=files(own))
    assert made == text.replace("COPY --from=test / /", "COPY --from=base / /\nCOPY --chown=app app/ app/")
    whole = text.replace("COPY app/ app/\nCOPY tests/ tests/\n", "COPY . .\n")
    own = layer(15, entry(f"{PACKAGES}/pytest/__init__.py"))
    assert not changes(str(prove("multistage", whole, files=files(own)).remedy))


def test_a_group_that_is_installed_behind_the_code_comes_before_it(tmp_path: Path) -> None:
    """The code moves from the stage below, behind what each stage on it installs."""
    text = (
        "FROM python:3.11-slim AS deps\nWORKDIR /app\nCOPY pyproject.toml uv.lock ./\nRUN uv sync --no-dev\nCOPY app/ app/\n"
        'FROM deps AS test\nRUN uv sync\nCOPY tests/ tests/\nRUN pytest\nFROM deps\nCMD ["python", "run.py"]\n'
    )
    made = followed(tmp_path, "requirements-first", text, edits=edited(7, "pyproject.toml", "uv.lock"))
    assert "RUN uv sync --no-dev\nFROM deps AS test\nRUN uv sync --no-install-project\n" in made
    assert "RUN uv sync --no-install-project\nCOPY app/ app/\nRUN uv sync\n" in made
    assert 'FROM deps\nCOPY app/ app/\nCMD ["python", "run.py"]\n' in made


def test_a_script_that_only_installs_comes_before_the_code(tmp_path: Path) -> None:
    """With the list that it installs from; one that does more may need the code."""
    text = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN ./install.sh\nCMD ["python", "run.py"]\n'
    script = "#!/bin/sh\nset -e\npip install --no-cache-dir -r requirements.txt\n"
    facts: dict[str, Any] = {
        "edits": edited(4, "requirements.txt"),
        "project_texts": {"install.sh": script},
    }
    made = followed(tmp_path, "requirements-first", text, **facts)
    assert "COPY requirements.txt install.sh ./\nRUN ./install.sh\nCOPY . .\nCMD" in made
    for more in ("make\n", "pip install .\n"):
        facts["project_texts"] = {"install.sh": f"{script}{more}"}
        assert not changes(str(prove("requirements-first", text, **facts).remedy))


PYPROJECT = '[build-system]\nbuild-backend = "hatchling.build"\n[project]\nname = "my-shop"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("written", "more", "meant"),
    [
        ("COPY . .\nRUN pip install .", "", "COPY pyproject.toml ./\nRUN mkdir -p my_shop && touch my_shop/__init__.py && pip install .\nCOPY . .\n"),
        (
            "COPY pyproject.toml ./\nCOPY my_shop/ my_shop/\nRUN pip install .",
            "",
            "COPY pyproject.toml ./\nRUN mkdir -p my_shop && touch my_shop/__init__.py && pip install .\nCOPY my_shop/ my_shop/\n",
        ),
        (
            "COPY . .\nRUN pip install .",
            'readme = "README.md"\n',
            "COPY pyproject.toml README.md ./\nRUN mkdir -p my_shop && touch my_shop/__init__.py && pip install .\nCOPY . .\n",
        ),
    ],
)  # fmt: skip
def test_a_project_that_is_a_package_is_installed_empty_first(
    tmp_path: Path, written: str, more: str, meant: str
) -> None:
    """With all that it depends on, and then by itself; not where its backend takes more of it than that."""
    head, tail = "FROM python:3.11-slim\nWORKDIR /app\n", '\nCMD ["python", "run.py"]\n'
    line, texts = (
        3 + written.count("\n"),
        {"pyproject.toml": PYPROJECT + more, "my_shop/__init__.py": "x = 1\n"},
    )
    facts: dict[str, Any] = {"edits": edited(line, "pyproject.toml"), "project_texts": texts}
    made = followed(tmp_path, "requirements-first", head + written + tail, **facts)
    assert made == head + meant + "RUN pip install --no-deps ." + tail
    for text in (f'{PYPROJECT}dynamic = ["version"]\n', PYPROJECT.replace("hatchling.build", "mesonpy")):
        facts["project_texts"] = {**texts, "pyproject.toml": text}
        assert not changes(str(prove("requirements-first", head + written + tail, **facts).remedy))
    facts["project_texts"] = texts
    above = f"{head.replace('slim', 'slim AS deps')}{written}\nFROM deps AS test\nRUN pip install pytest\nFROM deps{tail}"
    assert not changes(str(prove("requirements-first", above, **facts).remedy))


def test_who_listens_and_does_not_read_is_named_by_its_line() -> None:
    """Where one line of the application has the port's number."""
    program = "import socket\n\nserver = socket.create_server(('', 5000))\n"
    own = layer(15, entry("/app/run.py", uid=1000), texts={"/app/run.py": program})
    deaf = replace(CONTAINER, answers=(Answer("tcp", 5000, answered=False, detail="it resets"),))
    fix = prove("expose", container=deaf, files=files(own), project_texts={"run.py": program}).remedy
    assert str(fix).startswith("Let the application at run.py:3 take and read connections on 0.0.0.0:5000")
