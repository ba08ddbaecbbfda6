"""The lab's experiments on a real engine, each on tiny projects that are right and that are wrong."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, TypeAlias

import pytest

from hullproof.engine.build import build
from hullproof.engine.connection import Engine
from hullproof.engine.request import BuildRequest
from hullproof.facts import BuildFacts, CanaryFacts, EditsFacts, GateFacts, Unobservable, WithheldFacts
from hullproof.facts.experiments import canaries, edits, gate
from hullproof.lab.recipe import Recipe
from hullproof.lab.scratch import Bench
from hullproof.lab.withheld import run as withheld
from hullproof.owner import image_name
from hullproof.project.frontend import copy_without_syntax_directive
from hullproof.project.project import Project
from hullproof.run.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Lab:
    """The experiments on one project whose plain build is known."""

    engine: Engine
    recipe: Recipe
    bench: Bench
    baseline: BuildFacts

    def edits(self) -> EditsFacts:
        """Edit files."""
        return edits(self.engine, self.recipe, self.bench, self.baseline, None)

    def gate(self) -> GateFacts:
        """Plant failing tests."""
        return gate(self.engine, self.recipe, self.bench, self.baseline)

    def withheld(self) -> WithheldFacts:
        """Let through what the ignore file withholds."""
        return withheld(self.engine, self.recipe, self.bench, self.baseline)

    def canaries(self) -> CanaryFacts:
        """Plant files that must not reach the builder."""
        return canaries(self.engine, self.recipe, self.bench)


Make: TypeAlias = "Callable[..., Lab]"
"""Takes what differs from the right project, by path (None: removed), and whether it builds."""

pytestmark = [pytest.mark.engine, pytest.mark.slow]

FAKE_PIP = """#!/bin/sh
# Installs nothing, and says what a real one would: tests of the lab need no package index.
case "$*" in
    *--no-deps*) echo "Successfully installed demo-1.0" ;;
    *"install ."*) if [ -e /deps ]; then echo "Successfully installed demo-1.0"; else
        echo "Successfully installed demo-1.0 flask-3.0.0"; fi ;;
    *) cat requirements.txt 2>/dev/null; echo "Successfully installed flask-3.0.0" ;;
esac
touch /deps
"""

RIGHT = {
    "Dockerfile": """\
        FROM python:3.11-slim AS deps
        WORKDIR /srv
        COPY requirements.txt .
        RUN pip install -r requirements.txt
        FROM deps AS test
        COPY app app
        COPY tests/unit tests/unit
        RUN python -m unittest discover -s tests/unit && touch /passed
        FROM deps AS release
        COPY --from=test /passed /tmp/
        COPY app app
        CMD ["python", "app/main.py"]
        """,
    ".dockerignore": "**/.git\n**/.env*\n**/*.pem\n**/*.key\n**/id_rsa\n**/.venv\n**/venv\n**/__pycache__\n**/*.pyc\n"
    "**/.*_cache\n",
    "requirements.txt": "flask==3.0.0\n",
    "app/main.py": "print('up')\n",
    "tests/unit/test_app.py": """\
        import unittest

        class TestApp(unittest.TestCase):
            def test_app(self):
                self.assertTrue(True)
        """,
}


@pytest.fixture(scope="module")
def base(engine: Engine, python_base: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Put a pip that needs no index on top of the Python image."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "pip").write_text(FAKE_PIP)
    (folder / "pip").chmod(0o755)
    (folder / "Dockerfile").write_text(f"FROM {python_base}\nCOPY pip /usr/local/bin/pip\n")
    with Run() as run:
        run.uses(engine)
        tag = image_name(run.id)
        request = BuildRequest(folder, folder / "Dockerfile", tags=(tag,))
        facts = build(engine, request)
        assert facts.ok, facts.error
        yield tag


@pytest.fixture
def lab(engine: Engine, base: str, tmp_path: Path) -> Iterator[Make]:
    """Give a maker of labs, for the right project with some files changed (None: removed)."""
    with Run() as run:

        def make(changes: Mapping[str, str | None], *, builds: bool = True) -> Lab:
            for name, text in {**RIGHT, **changes}.items():
                if text is not None:
                    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                    (tmp_path / name).write_text(dedent(text))
            recipe = Recipe(Project.open(tmp_path), run.id, {"python:3.11-slim": f"docker-image://{base}"})
            if recipe.project.dockerfile.syntax_directive:
                copy = copy_without_syntax_directive(tmp_path, "Dockerfile", run.scratch("dockerfile"))
                recipe = replace(recipe, dockerfile=copy)
            baseline = build(engine, recipe.request())
            assert baseline.ok is builds, baseline.error
            return Lab(engine, recipe, Bench(recipe.project, run), baseline)

        yield make


SINGLE = """\
    FROM python:3.11-slim
    WORKDIR /srv
    {before}
    RUN {step}
    """


def timed_edits(lab: Lab) -> EditsFacts:
    """Run the experiment, and tell its time."""
    started = time.monotonic()
    facts = lab.edits()
    print(f"edits: {time.monotonic() - started:.2f} s")  # noqa: T201 - figures for whoever runs this with -s
    return facts


def timed_gate(lab: Lab) -> GateFacts:
    """Run the experiment, and tell its time."""
    started = time.monotonic()
    facts = lab.gate()
    print(f"gate: {time.monotonic() - started:.2f} s")  # noqa: T201 - figures for whoever runs this with -s
    return facts


def timed_canaries(lab: Lab) -> CanaryFacts:
    """Run the experiment, and tell its time."""
    started = time.monotonic()
    facts = lab.canaries()
    print(f"canaries: {time.monotonic() - started:.2f} s")  # noqa: T201 - figures for whoever runs this with -s
    return facts


# --- edits -----------------------------------------------------------------------------------------


def test_right_order_leaves_installing_cached(lab: Make) -> None:
    """An edit to the code leaves the installing step cached; one to the requirements runs it again."""
    facts = timed_edits(lab({}))
    assert [(step.line, step.files) for step in facts.install_steps] == [(4, ("requirements.txt",))]
    assert facts.application is not None
    assert facts.application.edited == "app/main.py"
    assert facts.application.installs == {4: "cached"}
    assert facts.application.other_steps_ran
    assert [(each.edited, each.installs) for each in facts.requirements] == [("requirements.txt", {4: "ran"})]


@pytest.mark.parametrize(
    "before",
    [
        "COPY . .",
        "COPY requirements.txt app/main.py ./",
        "COPY . /src/\nCOPY requirements.txt .\nRUN cp -r /src/app .",
    ],
)
def test_code_before_requirements_is_accused_twice(lab: Make, before: str) -> None:
    """Code that gets in before the installing step makes it run again, and that is seen twice."""
    dockerfile = SINGLE.format(
        before="\n    ".join(before.split("\n")), step="pip install -r requirements.txt"
    )
    facts = timed_edits(lab({"Dockerfile": dockerfile}))
    assert facts.application is not None
    (line,) = facts.application.installs
    assert facts.application.installs == {line: "ran"}
    assert facts.application.confirmed


def test_bind_mounted_context_is_accused(lab: Make) -> None:
    """The whole context mounted into the installing step makes it depend on the code."""
    step = "--mount=type=bind,target=/ctx pip install -r /ctx/requirements.txt\n    COPY app app"
    facts = timed_edits(lab({"Dockerfile": SINGLE.format(before="", step=step)}))
    assert facts.application is not None
    assert set(facts.application.installs.values()) == {"ran"}
    assert facts.install_steps[0].files == ("requirements.txt",)


def test_bind_mounted_requirements_are_right(lab: Make) -> None:
    """Only the requirements file mounted is as good as copied."""
    step = "--mount=type=bind,source=requirements.txt,target=/r.txt pip install -r /r.txt\n    COPY app app"
    facts = timed_edits(lab({"Dockerfile": SINGLE.format(before="", step=step)}))
    assert facts.application is not None
    assert set(facts.application.installs.values()) == {"cached"}
    assert set(facts.requirements[0].installs.values()) == {"ran"}


def test_source_stage_is_cached_by_content(lab: Make) -> None:
    """COPY . . in a source stage does no harm where only the requirements come over from there."""
    facts = timed_edits(
        lab(
            {
                "Dockerfile": """\
                FROM python:3.11-slim AS source
                WORKDIR /src
                COPY . .
                FROM python:3.11-slim
                WORKDIR /srv
                COPY --from=source /src/requirements.txt .
                RUN pip install -r requirements.txt
                COPY --from=source /src/app app
                """
            }
        )
    )
    assert facts.application is not None
    assert facts.application.installs == {7: "cached"}
    assert facts.install_steps[0].files == ("requirements.txt",)
    assert facts.requirements[0].installs == {7: "ran"}


def test_named_packages_declare_no_file(lab: Make) -> None:
    """Dependencies named in RUN: there is no file to edit, and it says so."""
    step = "pip install flask==3.0.0\n    COPY app app"
    facts = timed_edits(lab({"Dockerfile": SINGLE.format(before="", step=step)}))
    assert [step.files for step in facts.install_steps] == [()]
    assert facts.requirements == ()
    assert facts.no_requirements


def test_installers_that_no_text_gives_away_are_known_by_their_output(lab: Make) -> None:
    """A program of the project's starts pip: that it ran again is seen, and what it installed."""
    libs = 'import subprocess\n\nsubprocess.run(["pip", "install", "-r", "requirements.txt"], check=True)\n'
    dockerfile = SINGLE.format(before="COPY . .", step="python tools/libs.py")
    facts = timed_edits(lab({"Dockerfile": dockerfile, "tools/libs.py": libs}))
    assert [(step.line, step.is_seen) for step in facts.install_steps] == [(4, True)]
    assert facts.application is not None
    assert facts.application.installs == {4: "ran"}
    assert facts.application.confirmed


PYPROJECT = '[project]\nname = "demo"\nversion = "1"\ndependencies = ["flask"]\n'


def test_project_reinstalled_alone_is_its_own_step(lab: Make) -> None:
    """The second `pip install .` installs nothing but the project: no installing step, judged by its effect."""
    dockerfile = """\
        FROM python:3.11-slim
        WORKDIR /srv
        COPY pyproject.toml .
        RUN pip install .
        COPY app app
        RUN pip install .
        """
    facts = timed_edits(lab({"Dockerfile": dockerfile, "pyproject.toml": PYPROJECT}))
    assert [step.line for step in facts.install_steps] == [4]
    assert facts.application is not None
    assert facts.application.installs == {4: "cached"}
    assert 6 in facts.application.other_steps_ran
    assert facts.requirements[0].edited == "pyproject.toml"
    assert facts.requirements[0].installs[4] == "ran"


def test_whole_project_installed_at_once_is_accused(lab: Make) -> None:
    """`pip install .` after COPY . . installs all dependencies with every edit."""
    dockerfile = SINGLE.format(before="COPY . .", step="pip install .")
    facts = timed_edits(lab({"Dockerfile": dockerfile, "pyproject.toml": PYPROJECT}))
    assert facts.application is not None
    assert facts.application.installs == {4: "ran"}


# --- gate ------------------------------------------------------------------------------------------


def stops(facts: GateFacts) -> dict[str, bool | None]:
    """Tell of each file whether a build failed on it; of a new file by its folder."""
    return {
        f"{each.path.rpartition('/')[0]}/NEW" if each.is_new else each.path: each.stops
        for each in facts.planted
    }


def test_gate_that_holds_stops_at_every_file(lab: Make) -> None:
    """A failing test in the file that is there, and in a new one beside it, fails the build in the test step."""
    facts = timed_gate(lab({}))
    assert stops(facts) == {"tests/unit/test_app.py": True, "tests/unit/NEW": True}
    assert {each.line for each in facts.planted} == {8}
    assert facts.passes_without is None
    assert facts.test_lines == (8,)


def test_swallowed_exit_code_is_caught(lab: Make) -> None:
    """The tests run and fail, their step says so, and succeeds all the same."""
    text = RIGHT["Dockerfile"].replace("tests/unit && touch", "tests/unit || true\n        RUN touch")
    facts = timed_gate(lab({"Dockerfile": text}))
    assert set(stops(facts).values()) == {False}
    assert {each.line for each in facts.planted} == {8}
    assert all("FAIL: test_" in (each.said or "") for each in facts.planted)


def test_linter_that_fails_on_what_is_planted_is_no_gate(lab: Make) -> None:
    """A step before the tests stops at new files, failing or not: nothing is known of the tests by that."""
    text = RIGHT["Dockerfile"].replace("tests/unit && touch", "tests/unit || true\n        RUN touch")
    text = text.replace(
        "RUN python -m", "RUN cat tests/unit/* && [ $(ls tests/unit | wc -l) = 1 ]\n        RUN python -m"
    )
    facts = timed_gate(lab({"Dockerfile": text}))
    assert set(stops(facts).values()) == {None}
    assert facts.passes_without is False
    assert facts.failed_line == 8


@pytest.mark.parametrize(("ending", "holds"), [("", True), ("|| true", False)])
def test_examples_are_tests_where_there_are_no_others(lab: Make, ending: str, holds: bool) -> None:  # noqa: FBT001 - a table
    """A failing example in a module that has some is a failing test."""
    text = SINGLE.format(before="COPY app app", step=f"python -m doctest app/main.py {ending}")
    main = '"""Sums.\n\n>>> 1 + 1\n2\n"""\n'
    facts = timed_gate(lab({"Dockerfile": text, "app/main.py": main, "tests/unit/test_app.py": None}))
    assert stops(facts) == {"app/main.py": holds}


def test_skipped_stage_is_caught(lab: Make) -> None:
    """A test stage that the release does not need is never run."""
    text = RIGHT["Dockerfile"].replace("COPY --from=test /passed /tmp/\n", "\n")
    facts = timed_gate(lab({"Dockerfile": text}))
    assert set(stops(facts).values()) == {False}
    assert facts.test_lines == ()
    assert facts.unneeded_test_lines == (8,)


def test_single_named_file_is_told_from_no_gate(lab: Make) -> None:
    """Only one file is run: on that the build fails, on a new one it does not."""
    text = RIGHT["Dockerfile"].replace("discover -s tests/unit", "tests/unit/test_app.py")
    assert stops(timed_gate(lab({"Dockerfile": text}))) == {
        "tests/unit/test_app.py": True,
        "tests/unit/NEW": False,
    }


def test_tests_held_back_are_caught(lab: Make) -> None:
    """Nothing is collected, and that is accepted: no test reached the builder."""
    text = RIGHT["Dockerfile"].replace("COPY tests/unit tests/unit", "COPY . .")
    ignore = f"{RIGHT['.dockerignore']}tests\n"
    text = text.replace(
        "RUN python -m unittest discover -s tests/unit",
        "RUN mkdir -p tests && python -m unittest discover -s tests",
    )
    facts = timed_gate(lab({"Dockerfile": text, ".dockerignore": ignore}))
    assert set(stops(facts).values()) == {False}
    assert facts.reached is False


def test_tests_that_the_ignore_file_holds_back_are_excused_where_others_run(lab: Make) -> None:
    """What the builder never sees is not meant to be run there."""
    test = RIGHT["tests/unit/test_app.py"]
    ignore = f"{RIGHT['.dockerignore']}tests/image\n"
    facts = timed_gate(lab({".dockerignore": ignore, "tests/image/test_image.py": test}))
    assert stops(facts)["tests/unit/test_app.py"] is True
    (held,) = [each for each in facts.planted if each.path == "tests/image/test_image.py"]
    assert (held.stops, held.excuse) == (None, "the ignore file withholds it")


def test_project_without_tests_has_no_gate(lab: Make) -> None:
    """No tests: said as such, with what was looked for."""
    text = SINGLE.format(before="COPY app app", step="echo built")
    facts = timed_gate(lab({"Dockerfile": text, "tests/unit/test_app.py": None}))
    assert facts.planted == ()
    assert facts.no_tests


def test_failing_build_makes_the_gate_unobservable(lab: Make) -> None:
    """A project whose own build fails tells nothing about its gate."""
    made = lab({"Dockerfile": SINGLE.format(before="COPY app app", step="exit 3")}, builds=False)
    with pytest.raises(Unobservable, match="ended with exit code 3"):
        made.gate()


@pytest.mark.parametrize("order", ["{unit} && ({api} || true)", "{api}; {unit}"])
def test_every_folder_must_be_gated(lab: Make, order: str) -> None:
    """Of two folders that a step runs, one whose failure is swallowed breaks the gate, whichever comes first."""
    test = RIGHT["tests/unit/test_app.py"]
    unit, api = (f"python -m unittest discover -s tests/{name}" for name in ("unit", "api"))
    text = RIGHT["Dockerfile"].replace("COPY tests/unit tests/unit", "COPY tests tests")
    text = text.replace(unit, order.format(unit=unit, api=api))
    facts = timed_gate(lab({"Dockerfile": text, "tests/api/test_api.py": test}))
    assert stops(facts)["tests/api/test_api.py"] is False


# --- canaries --------------------------------------------------------------------------------------


def broken_kinds(facts: CanaryFacts) -> set[tuple[str, bool]]:
    """List what got through and counts: its kind, and whether nested."""
    return {(each.kind, each.nested) for each in facts.canaries if each.reached and each.judged}


def test_good_ignore_file_holds_all_canaries_back(lab: Make) -> None:
    """Nothing gets through, and what the Dockerfile copies does."""
    facts = timed_canaries(lab({}))
    assert broken_kinds(facts) == set()
    assert facts.ignore_file == ".dockerignore"
    assert facts.sources_missing == ()
    assert facts.tests_left is True
    assert {each.kind for each in facts.canaries if each.nested} >= {
        "environment file",
        "private key",
        "bytecode",
    }


def test_no_ignore_file_lets_all_through(lab: Make) -> None:
    """Without an ignore file every kind of canary reaches the builder."""
    facts = timed_canaries(lab({".dockerignore": None}))
    assert facts.ignore_file is None
    kinds = {"version control", "environment file", "private key", "virtual environment", "bytecode", "cache"}
    assert {kind for kind, nested in broken_kinds(facts) if not nested} == kinds


def test_weak_patterns_are_seen_nested(lab: Make) -> None:
    """Patterns for the top only let bytecode and environment files of packages through."""
    ignore = ".git\n.env*\n*.pem\n*.key\nid_rsa\n.venv\nvenv\n__pycache__\n*.pyc\n.pytest_cache\n"
    facts = timed_canaries(lab({".dockerignore": ignore}))
    assert broken_kinds(facts) == {("environment file", True), ("private key", True), ("bytecode", True)}


def test_exception_lets_a_secret_in(lab: Make) -> None:
    """A `!` line that names a secret is tried with a file of that name."""
    ignore = RIGHT[".dockerignore"] + "!.env.production\n!config/*.key\n"
    facts = timed_canaries(lab({".dockerignore": ignore}))
    first, second = sorted(each.path for each in facts.canaries if each.reached and each.judged)
    assert first == ".env.production"
    assert re.fullmatch(r"config/[a-z]+\.key", second)


def test_allow_list_is_fine(lab: Make) -> None:
    """Shutting out everything and letting in by name holds the top; inside it needs the rest again."""
    ignore = "*\n!app\n!tests\n!requirements.txt\n**/.env*\n**/*.py[co]\n**/__pycache__\n**/*.key\n**/*.pem\n**/id_rsa\n"
    facts = timed_canaries(lab({".dockerignore": ignore}))
    assert broken_kinds(facts) == set()
    assert facts.sources_missing == ()


def test_too_much_ignored_is_told(lab: Make) -> None:
    """Sources of COPY that the ignore file withholds are named with their line."""
    made = lab({".dockerignore": "*\n!app\n"}, builds=False)
    facts = timed_canaries(made)
    assert (3, "requirements.txt") in facts.sources_missing
    assert facts.tests_left is False


def test_own_ignore_file_of_the_dockerfile_wins(lab: Make) -> None:
    """`Dockerfile.dockerignore` is the one that counts; the common one is said to be unread."""
    facts = timed_canaries(lab({"Dockerfile.dockerignore": "docs\n"}))
    assert facts.ignore_file == "Dockerfile.dockerignore"
    assert facts.misplaced == (".dockerignore",)
    assert ("environment file", False) in broken_kinds(facts)


def test_project_secrets_are_named(lab: Make) -> None:
    """The project's own `.env` that reaches the builder is shown as its own."""
    facts = timed_canaries(lab({".dockerignore": "docs\n", ".env": "TOKEN=x\n", "docs/.env": "A=1\n"}))
    assert [each.path for each in facts.canaries if each.kind == "own"] == [".env"]


def test_what_the_build_takes_by_name_is_on_purpose(lab: Make) -> None:
    """A mount of .git is, and no line is asked for that would break it; what no COPY takes is told apart."""
    text = RIGHT["Dockerfile"].replace(
        "RUN python -m unittest", "RUN --mount=type=bind,source=.git,target=/g python -m unittest"
    )
    made = lab({"Dockerfile": text, ".dockerignore": "**/.venv\n**/venv\n", ".git/HEAD": "ref: x\n"})
    found = {each.path: each for each in timed_canaries(made).canaries}
    assert (found[".git/HEAD"].judged, found[".git/HEAD"].named_at) == (False, 8)
    assert (found[".env"].judged, found[".env"].reached, found[".env"].taken) == (True, True, False)
    assert found["tests/unit/.env"].taken


@pytest.mark.parametrize(
    ("first", "ignore"),
    [("", ".dockerignore"), ("# syntax=docker/dockerfile:1\n", "Dockerfile.dockerignore")],
)
def test_a_build_that_fails_for_want_of_an_ignored_file_is_told(lab: Make, first: str, ignore: str) -> None:
    """Let through, the file that its output speaks of makes the build succeed: the line that withholds it is named."""
    text = first + dedent(SINGLE.format(before="COPY . .", step="python -c \"open('words.md')\""))
    made = lab(
        {"Dockerfile": text, ignore: "*.md\nDockerfile*\n", "words.md": "", "other.md": ""},
        builds=False,
    )
    facts = made.withheld()
    assert (facts.files, facts.builds) == ((("words.md", "*.md"),), True)
    assert facts.line == 4 + len(first.splitlines())


@pytest.mark.parametrize("ignore", ["service/.dockerignore", "Dockerfile.dockerignore"])
def test_a_build_of_a_dockerfile_outside_its_context_is_told_the_same(lab: Make, ignore: str) -> None:
    """Also where another text is built in its place: the ignore file lies in the context, or beside the Dockerfile."""
    text = dedent(SINGLE.format(before="COPY . .", step="python -c \"open('words.md')\""))
    made = lab(
        {
            "Dockerfile": f"# syntax=docker/dockerfile:1\n{text}",
            "hullproof.toml": 'context = "service"\n',
            ignore: "*.md\n",
            "service/words.md": "",
        },
        builds=False,
    )
    facts = made.withheld()
    assert (facts.files, facts.ignore_file, facts.builds) == (
        (("words.md", "*.md"),),
        ignore.rpartition("/")[2],
        True,
    )


def test_a_build_that_fails_otherwise_lacks_nothing(lab: Make) -> None:
    """A file that the output speaks of is not the reason where the build fails with it as well."""
    text = SINGLE.format(before="COPY . .", step="echo words.md && false")
    made = lab({"Dockerfile": text, ".dockerignore": "*.md\n", "words.md": ""}, builds=False)
    assert made.withheld().files == ()
