"""Fixes that part tests from what runs, and that let every failing test count: followed by their letter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hullproof.facts import GateFacts
from tests.toolkit.score.fixes.reading import changes, follow

from .by_hand import GATE, GOOD, entry, files, layer, prove

ONE_STAGE = """\
FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt requirements-dev.txt ./
RUN pip install --no-cache-dir -r requirements.txt -r requirements-dev.txt
COPY app/ app/
COPY tests/ tests/
USER app
RUN python -m pytest
EXPOSE 5000
CMD ["python", "run.py"]
"""
BASE = """\
FROM python:3.11-slim AS base
WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
FROM base AS test
COPY requirements-dev.txt ./
RUN pip install --no-cache-dir -r requirements-dev.txt
COPY app/ app/
COPY tests/ tests/
USER app
RUN python -m pytest && touch /tmp/passed
"""
RELEASED = "COPY --from=test /tmp/passed /tmp/passed\nCOPY app/ app/\nUSER app\n"
END = 'EXPOSE 5000\nCMD ["python", "run.py"]\n'
LOST = replace(GATE, planted=tuple(replace(each, stops=False) for each in GATE.planted))
SILENT = replace(
    GATE, planted=tuple(replace(each, stops=False, said=None, line=None) for each in GATE.planted)
)


def followed(folder: Path, fix: str | None, text: str, **others: str) -> str:
    """Write a project, follow a fix in it, and return its Dockerfile."""
    (folder / "Dockerfile").write_text(text)
    for name, content in others.items():
        (folder / name.replace("__", ".")).write_text(content)
    assert follow(fix or "", folder), f"is prose: {fix}"
    return (folder / "Dockerfile").read_text()


def test_one_stage_becomes_three(tmp_path: Path) -> None:
    """What is installed for tests is installed in their stage, before the code; the release has the code again."""
    proof = prove("multistage", ONE_STAGE)
    assert followed(tmp_path, proof.remedy, ONE_STAGE) == f"{BASE}FROM base\n{RELEASED}{END}"


def test_a_release_on_the_test_stage_comes_to_stand_beside_it(tmp_path: Path) -> None:
    """On what both are built on; what only takes tests away again goes."""
    text = ONE_STAGE.replace("slim\n", "slim AS test\n", 1).replace(
        "EXPOSE", "FROM test AS release\nRUN pip uninstall -y pytest && rm -r tests\nEXPOSE"
    )
    proof = prove("multistage", text)
    assert followed(tmp_path, proof.remedy, text) == f"{BASE}FROM base AS release\n{RELEASED}{END}"


def test_a_stage_that_cannot_be_parted_line_by_line_is_left_to_words() -> None:
    """A name that is taken, and tests that nobody can point to."""
    taken = ONE_STAGE.replace("EXPOSE", "FROM scratch AS base\nFROM 0\nEXPOSE")
    assert not changes(prove("multistage", taken).remedy or "")


def test_a_tool_moves_from_the_list_of_what_runs_to_that_of_the_tests(tmp_path: Path) -> None:
    """By the line that names it; nothing is lost."""
    own = layer(4, entry("/usr/local/lib/python3.11/site-packages/freezegun-1.5.dist-info/METADATA"))
    lists = {"requirements.txt": "flask\nfreezegun==1.5  # later\n", "requirements-dev.txt": "pytest\n"}
    proof = prove("multistage", files=files(own), project_texts=lists)
    for path, text in lists.items():
        (tmp_path / path).write_text(text)
    assert followed(tmp_path, proof.remedy, GOOD) == GOOD
    assert (tmp_path / "requirements.txt").read_text() == "flask\n"
    assert (tmp_path / "requirements-dev.txt").read_text() == "pytest\nfreezegun==1.5\n"


def test_a_list_of_the_tests_is_left_to_their_stage(tmp_path: Path) -> None:
    """Where a stage below installs both."""
    text = GOOD.replace(
        "RUN pip install --no-cache-dir -r requirements.txt",
        "RUN pip install --no-cache-dir -r requirements.txt -r requirements-dev.txt",
    ).replace("COPY requirements-dev.txt .\nRUN pip install --no-cache-dir -r requirements-dev.txt\n", "")
    own = layer(4, entry("/usr/local/lib/python3.11/site-packages/pytest-8.dist-info/METADATA"))
    made = followed(tmp_path, prove("multistage", text, files=files(own)).remedy, text)
    assert "FROM base AS test\nRUN pip install --no-cache-dir -r requirements-dev.txt\n" in made
    assert "RUN pip install --no-cache-dir -r requirements.txt\n" in made


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        ("uv sync --locked", "uv sync --locked --no-dev"),
        (
            "uv sync --frozen --all-groups --no-install-project",
            "uv sync --frozen --no-install-project --no-dev",
        ),
        ("poetry install --no-root --with dev", "poetry install --no-root --only main"),
        ("pipenv sync --system --dev", "pipenv sync --system"),
        ("pip install -r requirements.txt --group test", "pip install -r requirements.txt"),
        ("pip install '.[postgres,test]'", "pip install '.[postgres]'"),
        ("pip install -e .[dev]", "pip install -e ."),
    ],
)
def test_a_group_of_the_tests_is_left_to_their_stage(tmp_path: Path, taken: str, left: str) -> None:
    """Also where an installer takes it unless it is told otherwise, and the release has it by a copy."""
    text = f"""\
FROM python:3.11-slim AS build
WORKDIR /app
COPY . .
RUN {taken}
FROM build AS test
RUN python -m pytest && touch /passed
FROM python:3.11-slim
COPY --from=build /app/.venv /app/.venv
COPY --from=test /passed /tmp/
"""
    own = layer(8, entry("/app/.venv/lib/python3.11/site-packages/pytest-8.dist-info/METADATA"))
    made = followed(tmp_path, prove("multistage", text, files=files(own)).remedy, text)
    assert made == text.replace(f"RUN {taken}\n", f"RUN {left}\n").replace(
        "AS test\n", f"AS test\nRUN {taken}\n"
    )


def test_a_stage_that_tests_is_needed_all_the_same(tmp_path: Path) -> None:
    """Where the step took from it alone: the release takes its mark instead, and the code is its user's as before."""
    text = """\
FROM python:3.11-slim AS base
WORKDIR /app
FROM base AS test
RUN pip install pytest
COPY app app
RUN python -m pytest && chown -R app app
FROM scratch
COPY --from=test / /
WORKDIR /app
USER app
"""
    own = layer(8, entry("/usr/local/lib/python3.11/site-packages/pytest-8.dist-info/METADATA"))
    made = followed(tmp_path, prove("multistage", text, files=files(own)).remedy, text)
    assert made == text.replace("chown -R app app\n", "chown -R app app && touch /tmp/passed\n").replace(
        "COPY --from=test / /\n",
        "COPY --from=base / /\nCOPY --from=test /tmp/passed /tmp/passed\nCOPY --chown=app app app\n",
    )


def test_a_step_that_brings_tools_among_others_is_named() -> None:
    """In words where no line can be shown, and not by the page's example, which may hold already."""
    text = GOOD.replace(
        "RUN pip install --no-cache-dir -r requirements.txt", "RUN pip install -r all.txt && rm all.txt"
    )
    own = layer(4, entry("/usr/local/lib/python3.11/site-packages/pytest-8.dist-info/METADATA"))
    fix = prove("multistage", text, files=files(own)).remedy or ""
    assert "Dockerfile:4" in fix
    assert "`pip install -r all.txt` brings pytest" in fix
    assert not changes(fix)


@pytest.mark.parametrize(
    ("name", "text", "meant"),
    [
        ("check.sh", "#!/bin/sh\npytest\necho done\n", "#!/bin/sh\nset -e\npytest\necho done\n"),
        (
            "check.py",
            'import subprocess\nsubprocess.run(["pytest"], check=False)\n',
            'import subprocess\nsubprocess.run(["pytest"], check=True)\n',
        ),
    ],
)
def test_a_script_ends_where_its_tests_fail(tmp_path: Path, name: str, text: str, meant: str) -> None:
    """In its own words: the step stays as it is."""
    dockerfile = GOOD.replace("RUN python -m pytest && touch /passed", f"RUN ./{name}")
    proof = prove("test-gate", dockerfile, gate=LOST, test_scripts={10: name}, project_texts={name: text})
    assert followed(tmp_path, proof.remedy, dockerfile, **{name.replace(".", "__"): text}) == dockerfile
    assert (tmp_path / name).read_text() == meant


@pytest.mark.parametrize(
    ("name", "text", "meant"),
    [
        (
            "conftest.py",
            "import os\n\n\n@mark\ndef pytest_collection_modifyitems(items):\n    items.clear()\n",
            "import os\n\n\n",
        ),
        ("pytest.ini", "[pytest]\naddopts = --collect-only\nminversion = 8\n", "[pytest]\nminversion = 8\n"),
        ("tox.ini", "[pytest]\naddopts = -k quick\n  -q\nminversion = 8\n", "[pytest]\nminversion = 8\n"),
        (
            "pyproject.toml",
            '[tool.pytest.ini_options]\n  addopts = ["--ignore=a",\n    "-q",\n]\n  minversion = "8"\n',
            '[tool.pytest.ini_options]\n  minversion = "8"\n',
        ),
    ],
)
def test_what_chooses_among_tests_goes(tmp_path: Path, name: str, text: str, meant: str) -> None:
    """The very lines of a conftest or of the settings, and nothing is left of a value of several lines."""
    proof = prove("test-gate", gate=SILENT, project_texts={name: text})
    followed(tmp_path, proof.remedy, GOOD, **{name.replace(".", "__"): text})
    assert (tmp_path / name).read_text() == meant


@pytest.mark.parametrize(
    ("name", "row", "meant"),
    [
        ("pyproject.toml", 'python_files = ["check_*.py"]', 'python_files = ["check_*.py", "test_*.py"]'),
        ("pyproject.toml", "python_files = 'check_*.py'", "python_files = 'check_*.py test_*.py'"),
        ("pytest.ini", "python_files = check_*.py", "python_files = check_*.py test_*.py"),
        ("pytest.ini", "python_files = test_*.py", None),
    ],
)
def test_names_of_test_files_are_looked_for(tmp_path: Path, name: str, row: str, meant: str | None) -> None:
    """Beside those that are, where the settings say which: what ran stays, and what was passed over comes in."""
    first, *others = GATE.planted
    gate = replace(
        GATE,
        planted=(
            replace(first, path="tests/check_a.py"),
            *(replace(each, stops=False, path="tests/test_b.py", line=None, said=None) for each in others),
        ),
    )
    text = f"[pytest]\n{row}\n"
    proof = prove("test-gate", gate=gate, project_texts={name: text})
    if meant is None:
        assert "python_files" not in str(proof.remedy)
    else:
        followed(tmp_path, proof.remedy, GOOD, **{name.replace(".", "__"): text})
        assert (tmp_path / name).read_text() == f"[pytest]\n{meant}\n"


def test_a_folder_that_unittest_does_not_look_into_becomes_a_package(tmp_path: Path) -> None:
    """Named by the folder of the file that it passed over; one with the mark already is none of these."""
    text = GOOD.replace("RUN python -m pytest", "RUN python -m unittest discover -s tests -t .")
    first, *_ = GATE.planted
    over = replace(first, path="tests/api/old/test_b.py", stops=False, line=None, said=None)
    gate = replace(GATE, planted=(first, over))
    proof = prove("test-gate", text, gate=gate, project_texts={"tests/api/__init__.py": ""})
    (tmp_path / "tests/api/old").mkdir(parents=True)
    followed(tmp_path, proof.remedy, text)
    assert (tmp_path / "tests/api/old/__init__.py").is_file()
    assert not (tmp_path / "tests/api/__init__.py").exists()


@pytest.mark.parametrize(
    ("command", "meant"),
    [
        (
            "python -c 'import doctest, a; doctest.testmod(a)'",
            "python -c 'import doctest, a; raise SystemExit(doctest.testmod(a).failed > 0)'",
        ),
        ("python -m tests.run", None),
        ("python tests/run.py", None),
    ],
)
@pytest.mark.parametrize(
    ("row", "result"),
    [
        ("    unittest.main(verbosity=2, exit=False)", "    unittest.main(verbosity=2)"),
        ("    unittest.main(exit=False, verbosity=2)", "    unittest.main(verbosity=2)"),
        ("    doctest.testmod()", "    raise SystemExit(doctest.testmod().failed > 0)"),
    ],
)
def test_a_program_ends_with_the_result_of_its_tests(
    tmp_path: Path, command: str, meant: str | None, row: str, result: str
) -> None:
    """By the statement that drops it: in the step, or in the file that the step runs."""
    text = GOOD.replace("RUN python -m pytest && touch /passed", f"RUN {command}")
    source = f"import doctest, unittest\nif __name__:\n{row}\n"
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "run.py").write_text(source)
    proof = prove("test-gate", text, gate=LOST, project_texts={"other.py": source, "tests/run.py": source})
    made = followed(tmp_path, proof.remedy, text)
    assert made == text.replace(command, meant or command)
    changed = source if meant else source.replace(row, result)
    assert (tmp_path / "tests" / "run.py").read_text() == changed


def test_tests_are_let_in_by_the_ignore_file_in_force() -> None:
    """That of the Dockerfile's own name comes first, and those of other folders are for other contexts."""
    gate = replace(SILENT, reached=False)
    texts = {"web/.dockerignore": "tests\n", ".dockerignore": "\n**/tests\n"}
    fix = prove("test-gate", gate=gate, project_texts=texts).remedy or ""
    assert "Remove .dockerignore:2." in fix
    assert "web" not in fix
    fix = (
        prove("test-gate", gate=gate, project_texts={**texts, "Dockerfile.dockerignore": "tests\n"}).remedy
        or ""
    )
    assert "Remove Dockerfile.dockerignore:1." in fix
    assert "Remove .dockerignore" not in fix


@pytest.mark.parametrize("base", ["check-${CHECK}", "check-$CHECK"])
def test_an_argument_that_chooses_another_stage_is_named(tmp_path: Path, base: str) -> None:
    """Its default is what to change: nothing has to be taken from the stage besides."""
    text = f"""\
ARG CHECK=off
FROM x AS check-off
RUN touch /passed
FROM x AS check-on
RUN python -m pytest && touch /passed
FROM {base} AS checked
FROM x
COPY --from=checked /passed /tmp/
"""
    gate = replace(SILENT, test_lines=(), unneeded_test_lines=(5,))
    proof = prove("test-gate", text, gate=gate)
    assert "as long as CHECK is off" in proof.summary
    assert followed(tmp_path, proof.remedy, text) == text.replace("CHECK=off", "CHECK=on")


def test_tests_that_wait_for_another_day_are_run(tmp_path: Path) -> None:
    """What stands in a CMD of a stage beside the release, which needs it."""
    text = GOOD.replace(
        "RUN python -m pytest && touch /passed", 'RUN touch /passed\nCMD ["python", "-m", "pytest"]'
    )
    gate = replace(SILENT, test_lines=())
    made = followed(tmp_path, prove("test-gate", text, gate=gate).remedy, text)
    assert "RUN touch /passed\nRUN python -m pytest\n" in made


def test_tests_that_nobody_runs_get_a_stage(tmp_path: Path) -> None:
    """On the one that installs what runs; their tools are installed before the code is copied."""
    text = (
        "FROM python:3.11-slim AS deps\nRUN pip install flask\n"
        'FROM python:3.11-slim\nCOPY --from=deps /venv /venv\nCMD ["python", "run.py"]\n'
    )
    gate = replace(SILENT, test_lines=())
    made = followed(
        tmp_path,
        prove("test-gate", text, gate=gate, project_texts={"requirements-dev.txt": "pytest\n"}).remedy,
        text,
    )
    assert made.splitlines()[2:8] == [
        "FROM deps AS test",
        "COPY requirements-dev.txt ./",
        "RUN pip install --no-cache-dir -r requirements-dev.txt",
        "COPY . .",
        "RUN python -m pytest && touch /tmp/passed",
        "FROM python:3.11-slim",
    ]


def test_a_step_s_own_choice_comes_before_a_conftest(tmp_path: Path) -> None:
    """Options that choose nothing stay as they are."""
    conftest = {"conftest.py": "def pytest_collection_modifyitems(items):\n    pass\n"}
    chosen = GOOD.replace("python -m pytest", "python -m pytest tests/test_a.py")
    made = followed(tmp_path, prove("test-gate", chosen, gate=SILENT, project_texts=conftest).remedy, chosen)
    assert "RUN python -m pytest && touch /passed\n" in made
    harmless = GOOD.replace("python -m pytest", "python -m pytest -p no:cacheprovider -q")
    fix = prove("test-gate", harmless, gate=SILENT, project_texts=conftest).remedy or ""
    assert "Remove conftest.py:1-2." in fix
    assert "Write" not in fix


@pytest.mark.parametrize("tool", ["uv sync", "poetry install"])
def test_tests_are_run_by_the_tool_that_installed_what_they_need(tmp_path: Path, tool: str) -> None:
    """Whatever manages the environment knows where it is."""
    text = GOOD.replace("RUN pip install --no-cache-dir -r requirements-dev.txt", f"RUN {tool}").replace(
        "RUN python -m pytest && touch /passed\n", "RUN echo pytest\n"
    )
    gate = replace(SILENT, test_lines=())
    made = followed(tmp_path, prove("test-gate", text, gate=gate).remedy, text)
    assert f"RUN echo pytest\nRUN {tool.split(maxsplit=1)[0]} run pytest\n" in made


def test_a_list_of_the_tests_keeps_its_tools() -> None:
    """Where one stage installs both lists, it is the stage that is parted."""
    own = layer(4, entry("/usr/local/lib/python3.11/site-packages/pytest-8.dist-info/METADATA"))
    lists = {"requirements.txt": "flask\n", "requirements-dev.txt": "pytest\n"}
    fix = prove("multistage", ONE_STAGE, files=files(own), project_texts=lists).remedy or ""
    assert "requirements-dev.txt:1" not in fix
    assert "Add `FROM base AS test`" in fix


def test_a_project_without_tests_is_told_where_its_first_one_goes() -> None:
    """By its one package, and the stage that is there for tests, behind its last line; in words, for only its authors can write it."""
    gate = GateFacts((), no_tests="no test was found")
    text = GOOD.replace("RUN python -m pytest && touch /passed\n", "RUN python -m compileall app\n")
    texts = {"shop/__init__.py": "", "run.py": ""}
    fix = str(prove("test-gate", text, gate=gate, project_texts=texts).remedy)
    assert "(tests/test_shop.py)" in fix
    assert "in stage 'test', by COPY tests/ tests/ and RUN python -m pytest after Dockerfile:10." in fix
    assert not changes(fix)
    alone = "FROM python:3.11-slim\nCOPY . .\n"
    assert "that the release takes something from." in str(prove("test-gate", alone, gate=gate).remedy)
